"""Verify sees every change: any byte of any file, anything missing, anything added."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver import disk
from archiver.capture import AGENT, Terms, capture_url
from archiver.collection import Root
from archiver.ledger import Event
from archiver.verify import record_result, verify_collection
from material import URL, PaperEngine, collection_with


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A collection with a sealed segment and an open one."""
    collection, _ = collection_with(tmp_path_factory.mktemp("root"))
    collection.seal()
    capture_url(f"{URL}/later", collection, PaperEngine(), Terms())
    return collection


def content_files(collection):
    """All files of a collection that are not derived."""
    return sorted(path for path in collection.path.rglob("*") if path.is_file() and "derived" not in path.parts)


def errors(collection):
    return {one.code for one in verify_collection(collection).findings if one.level == "error"}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_flipped_bit_of_any_file_is_an_error(sound, data):
    path = data.draw(st.sampled_from([path for path in content_files(sound) if path.stat().st_size]))
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    flipped = bytearray(whole)
    flipped[place] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(flipped)
    try:
        assert errors(sound), f"{path} at {place}"
    finally:
        path.write_bytes(whole)
    assert not errors(sound)


def test_every_missing_file_is_an_error_and_every_cut_too(sound):
    for path in content_files(sound):
        whole = path.read_bytes()
        if not whole:
            continue
        path.write_bytes(whole[:-1])
        assert errors(sound), f"{path} cut"
        path.unlink()
        if path.parent.name != "indexes":
            assert errors(sound), f"{path} gone"
        path.write_bytes(whole)
    assert not errors(sound)


def test_what_no_line_names_is_told(sound):
    stray = sound.path / "archive" / "stray.warc.gz"
    stray.write_bytes(b"")
    found = verify_collection(sound).findings
    stray.unlink()
    assert [(one.level, one.code, one.where) for one in found] == [("error", "file-unlisted", str(stray))]


def test_an_index_whose_making_was_cut_off_is_a_leftover(tmp_path):
    collection, _ = collection_with(tmp_path, 1)
    half = collection.local(f"indexes/{disk.TEMPORARY}half/0")
    half.parent.mkdir()
    half.write_bytes(b"half")
    told = [(one.level, one.code, one.where) for one in verify_collection(collection).findings]
    assert told == [("info", "leftover", str(half))]


def test_a_result_is_recorded_as_an_event(tmp_path):
    collection, _ = collection_with(tmp_path)
    record_result(collection, verify_collection(collection))
    *_, segment = collection.history()
    assert (segment.events[-1].type, segment.events[-1].outcome) == ("fixity check", "success")
    assert verify_collection(collection).findings == ()


def test_the_report_is_json_for_machines(tmp_path):
    collection, _ = collection_with(tmp_path)
    report = json.loads(json.dumps(verify_collection(collection).as_json()))
    assert report == {
        "collection": "news",
        "ok": True,
        "at": report["at"],
        "files": report["files"],
        "bytes": report["bytes"],
        "read": {"files": report["files"], "bytes": report["bytes"]},
        "every_byte_within_days": 1,
        "never_read": 0,
        "findings": [],
    }
    assert report["files"] == len(collection.files())
    assert Root(tmp_path).chosen(None)[0].name == "news"


def test_what_was_erased_must_not_lie_here(tmp_path):
    collection, [first, _] = collection_with(tmp_path, captures=2)
    files = collection.files()
    of_first = [file for path, file in files.items() if first.capture_id in path]
    collection.record(Event("deletion", AGENT, capture=first.capture_id, basis="court-order", removed=tuple(of_first)))
    found = [one for one in verify_collection(collection).findings if one.code != "index-line"]
    assert sorted(one.where for one in found) == sorted(str(collection.local(file.path)) for file in of_first)
    assert {(one.level, one.code) for one in found} == {("error", "erased-present")}
    assert "erase -c news --settle" in found[0].hint
    late = collection.path / "sidecars" / f"{first.capture_id}.r9-0123456789ab.json"
    for file in of_first:
        collection.local(file.path).unlink()
    collection.reindex()
    assert verify_collection(collection).findings == ()
    late.write_bytes(b"{}")
    assert errors(collection) == {"erased-present"}, "nobody has named it before"


def test_a_packed_index_is_checked_like_the_levels(tmp_path):
    collection, _ = collection_with(tmp_path, 2)
    lines = list(collection.read_index())
    assert collection.reindex(packed=True) == len(lines)
    assert list(collection.read_index()) == lines
    assert verify_collection(collection).findings == ()
    assert collection.reindex() == len(lines)  # it stays what it was
    (place,) = (collection.path / "indexes").glob("*.gz")
    (collection.path / "indexes/1.cdxj").write_bytes(b"example,none)/ 20260101000000 {}\n")
    assert {one.code for one in verify_collection(collection).findings} == {"index-line"}
    (collection.path / "indexes/1.cdxj").write_bytes(b"")
    place.write_bytes(place.read_bytes()[:-9])
    assert "index-level" in {one.code for one in verify_collection(collection).findings}
    assert collection.reindex(packed=False) == len(lines)
    assert sorted(path.name for path in (collection.path / "indexes").iterdir()) == [f"{n}.cdxj" for n in range(6)]
    assert verify_collection(collection).findings == ()
