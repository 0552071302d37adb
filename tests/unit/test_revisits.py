"""Bodies that are kept once: within a capture, across a collection, and what then has to travel together."""

import contextlib
import hashlib
import io
import json
import subprocess
import sys
from datetime import timedelta

import pytest
from cdxj_indexer.main import CDXJIndexer
from fastwarc.warc import ArchiveIterator
from hypothesis import given
from hypothesis import strategies as st

from archiver import schema, warc
from archiver.capture import AGENT, Terms, capture_url
from archiver.collection import Root, index
from archiver.ledger import Event
from archiver.package import import_warc
from archiver.package.closure import closure
from archiver.sidecar import successor
from archiver.verify import verify_collection
from archiver.warc.revisits import LEAST_BYTES, PROFILE
from material import AT, BYTES, OTHER, PAGE, PICTURE, Site, answer


def records(path, kind):
    return [(one.url, one.headers, one.status) for one in warc.read_records(path) if one.type == kind]


def written(tmp_path, *items):
    path = tmp_path / "one.warc.gz"
    with path.open("wb") as stream:
        writer = warc.WarcWriter(stream, filename=path.name, info={}, revisits=warc.Revisits())
        refs = [writer.write(item) for item in items]
    return path, [ref.type for ref in refs]


def test_an_equal_body_is_kept_once_and_told_in_the_form_that_replay_follows(tmp_path):
    late = AT + timedelta(seconds=2)
    path, types = written(tmp_path, answer(), answer(OTHER, at=late, status=203))
    assert types == ["response", "revisit"]
    ((url, headers, status),) = records(path, "revisit")
    lines = dict(headers)
    assert (url, status) == (OTHER, 203), "status and header lines are its own"
    assert lines["WARC-Profile"] == PROFILE
    assert (lines["WARC-Refers-To-Target-URI"], lines["WARC-Refers-To-Date"]) == (
        PICTURE,
        "2026-11-22T14:01:12.345678Z",
    )
    (original,) = (dict(found[1]) for found in records(path, "response"))
    assert lines["WARC-Payload-Digest"] == original["WARC-Payload-Digest"]
    assert [one[0] for one in records(path, "request")] == [PICTURE, OTHER]
    assert [one for one in warc.check(path) if one.level != "info"] == []
    assert subprocess.run(["gzip", "-t", path], check=False).returncode == 0
    check = [sys.executable, "-m", "warcio.cli", "check", "-v", path]
    told = subprocess.run(check, capture_output=True, text=True, check=False)
    assert told.returncode == 0 and "failed" not in told.stdout, told
    with path.open("rb") as stream:
        assert all(one.verify_block_digest() for one in ArchiveIterator(stream, parse_http=False))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (answer(), answer(OTHER, role="main")),
        (answer(), answer(OTHER, method="POST")),
        (answer(method="POST"), answer(OTHER)),
        (answer(truncated="length"), answer(OTHER)),
        (answer(), answer(OTHER, truncated="time")),
        (answer(body=b"x" * (LEAST_BYTES - 1)), answer(OTHER, b"x" * (LEAST_BYTES - 1))),
        (answer(), answer(OTHER, headers=(("Content-Encoding", "gzip"),))),
        (answer(), answer(OTHER, headers=(("Transfer-Encoding", "chunked"),))),
        (answer(), answer(OTHER, status=302)),
        (answer(), answer(OTHER, BYTES[:-1])),
    ],
    ids=["main", "post", "of-post", "of-cut", "cut", "small", "coded", "framed", "redirect", "other-body"],
)
def test_what_must_stand_for_itself_is_kept_whole(tmp_path, first, second):
    _, types = written(tmp_path, first, second)
    assert types == ["response", "response"]


def test_a_main_document_can_be_an_original(tmp_path):
    _, types = written(tmp_path, answer(role="main"), answer())
    assert types == ["response", "revisit"]


def test_index_lines_of_revisits_are_those_of_cdxj_indexer(tmp_path):
    collection = Root(tmp_path / "root").create("news", "News", agent=AGENT)
    done = capture_url(PAGE, collection, Site(answer(), answer(OTHER), answer()), Terms())
    lines = collection.lines_of(done.warc)
    assert sum(b'"mime": "warc/revisit"' in line for line in lines) == 2
    path = collection.local(done.warc)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        CDXJIndexer(
            out, [str(path)], post_append=True, sort=True, dir_root=str(collection.path / "archive")
        ).process_all()
    assert b"".join(lines).decode() == out.getvalue()


KEYS = st.text("ab,)/%", min_size=1, max_size=4)


@given(lines=st.sets(st.tuples(KEYS, st.integers(0, 99)), max_size=60), wanted=KEYS)
def test_the_index_finds_all_lines_of_a_key_and_no_other(tmp_path_factory, lines, wanted):
    folder = tmp_path_factory.mktemp("indexes")
    made = sorted(f"{key} {number:02d} {{}}\n".encode() for key, number in lines)
    for number in range(3):
        index.level(folder, number).write_bytes(b"".join(made[number::3]))
    expected = sorted(line for line in made if line.startswith(wanted.encode() + b" "))
    assert sorted(index.find(folder, wanted)) == expected


@pytest.fixture
def shared(tmp_path):
    """A collection that shares bodies, with two captures of a page and its picture, the second a day later."""
    collection = Root(tmp_path / "root").create("news", "News", dedup=True, agent=AGENT)
    made = [capture_url(PAGE, collection, Site(answer(), days=day), Terms()) for day in (0, 1)]
    assert [one.error for one in made] == [None, None]
    return collection, made


def revisits_of(collection, done):
    return [one[0] for one in records(collection.local(done.warc), "revisit")]


def test_a_collection_that_shares_refers_to_earlier_captures(shared):
    collection, (first, second) = shared
    assert (revisits_of(collection, first), revisits_of(collection, second)) == ([], [PICTURE])
    told = collection.sidecar(second.capture_id)
    assert told.document["relations"] == {"requires": [first.capture_id]}
    assert told.document["capture"]["options"]["dedup"] == "collection"
    assert successor(told).requires == [first.capture_id], "revisions keep it"
    assert verify_collection(collection).findings == ()
    third = capture_url(PAGE, collection, Site(answer(), days=2), Terms())
    assert collection.sidecar(third.capture_id).requires == [first.capture_id], "never a revisit of a revisit"


@pytest.mark.parametrize(("dedup", "expected"), [("off", []), ("capture", [PICTURE]), ("collection", [PICTURE] * 2)])
def test_a_capture_may_go_its_own_way(shared, dedup, expected):
    collection, _ = shared
    done = capture_url(PAGE, collection, Site(answer(), answer(), days=3), Terms(dedup=dedup))
    assert revisits_of(collection, done) == expected
    assert collection.sidecar(done.capture_id).document["capture"]["options"]["dedup"] == dedup


def test_captures_stand_alone_unless_told_otherwise(tmp_path):
    collection = Root(tmp_path).create("news", "News", agent=AGENT)
    made = [capture_url(PAGE, collection, Site(answer(), days=day), Terms()) for day in (0, 1)]
    assert [revisits_of(collection, one) for one in made] == [[], []]


def test_only_an_original_that_is_sound_is_referred_to(shared):
    collection, (first, _) = shared
    path = collection.local(first.warc)
    path.write_bytes(path.read_bytes().replace(BYTES[200:], BYTES[201:] + b"!"))  # images are stored, not packed
    done = capture_url(PAGE, collection, Site(answer(), days=2), Terms())
    assert revisits_of(collection, done) == []


def test_verify_misses_the_original_of_a_revisit(shared):
    collection, (_, second) = shared
    lone = Root(collection.path.parent).create("lone", "Lone", agent=AGENT)
    sidecar = collection.sidecar(second.capture_id)
    with lone.draft(second.capture_id) as (draft, stream):
        stream.write(collection.local(second.warc).read_bytes())
        stream.flush()
        lone.commit(draft, [sidecar], Event("capture", AGENT, capture=second.capture_id))
    (found,) = verify_collection(lone).findings
    assert (found.level, found.code) == ("error", "revisit-original")
    assert PICTURE in found.message and second.capture_id in found.where


def test_originals_travel_along(shared):
    collection, (first, second) = shared
    third = capture_url(PAGE, collection, Site(answer(), answer(OTHER), days=2), Terms())
    fourth = capture_url(PAGE, collection, Site(answer(OTHER), days=3), Terms())
    assert collection.sidecar(fourth.capture_id).requires == [], "of that URL there is no response to refer to"
    whole, findings = closure(collection, [third.capture_id, second.capture_id])
    assert (whole, findings) == ([third.capture_id, second.capture_id, first.capture_id], [])


def test_a_missing_original_is_told(shared):
    collection, (first, second) = shared
    for path in collection.path.glob("ledger/*/open.jsonl"):
        lines = [line for line in path.read_bytes().splitlines(keepends=True) if first.capture_id.encode() not in line]
        path.write_bytes(b"".join(lines))
    whole, (finding,) = closure(collection, [second.capture_id])
    assert whole == [second.capture_id]
    assert (finding.code, finding.where) == ("capture-missing", first.capture_id)
    assert second.capture_id in finding.message


def test_an_original_may_lie_in_a_file_made_by_others(tmp_path):
    root = Root(tmp_path / "root")
    source = root.create("source", "Source", agent=AGENT)
    done = capture_url(PAGE, source, Site(answer()), Terms())
    collection = root.create("news", "News", dedup=True, agent=AGENT)
    imported = import_warc(source.local(done.warc), collection)
    later = capture_url(PAGE, collection, Site(answer(), days=1), Terms())
    assert collection.sidecar(later.capture_id).requires == list(imported.captures)
    assert [one for one in verify_collection(collection).findings if one.level == "error"] == []


def test_a_collection_begun_before_a_schema_gets_it_with_the_next_capture(tmp_path):
    collection = Root(tmp_path).create("news", "News", agent=AGENT)
    (old,) = collection.path.glob("ledger/*/open.jsonl")
    opened, created = old.read_text().splitlines()
    event = json.loads(created)
    event["objects"] = [one for one in event["objects"] if "1.1.0" not in one["path"]]
    text = f"{opened}\n{json.dumps(event, sort_keys=True, separators=(',', ':'))}\n"
    old.write_text(text)
    head = {"lines": 2, "sha256": hashlib.sha256(text.encode()).hexdigest()}
    (old.parent / "open.head").write_text(json.dumps(head, sort_keys=True, separators=(",", ":")) + "\n")
    for path in collection.path.glob("schemas/*-1.1.0.json"):
        path.unlink()
    assert verify_collection(collection).findings == ()
    capture_url(PAGE, collection, Site(), Terms())
    assert {path.name for path in collection.path.glob("schemas/*-1.1.0.json")} == {
        "sidecar-1.1.0.json",
        "collection-1.1.0.json",
        "ledger-1.1.0.json",
        "qa-1.1.0.json",
    }
    added = list(collection.history())[-1]
    last = old.read_text().splitlines()[-1]
    assert "schemas/sidecar-1.1.0.json" in last and json.loads(last)["type"] == "capture", "one line, one commit"
    assert "schemas/collection-1.1.0.json" in {file.path for file in added.objects()}
    assert verify_collection(collection).findings == ()
    again = capture_url(PAGE, collection, Site(days=1), Terms())
    assert again.error is None and "schemas/" not in old.read_text().splitlines()[-1]


def test_a_schema_whose_commit_was_cut_off_is_cleared_and_comes_with_the_next(tmp_path, monkeypatch):
    collection = Root(tmp_path).create("news", "News", agent=AGENT)
    missing = collection.path / "schemas" / "sidecar-9.9.9.json"
    monkeypatch.setattr(schema, "schema_files", lambda: {missing.name: b"{}\n"})

    def killed(*_args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("archiver.ledger.Chain.append", killed)
        capture_url(PAGE, collection, Site(), Terms())
    assert missing.exists()
    collection.clear_leftovers()
    assert not missing.exists()
    assert verify_collection(collection).findings == ()
    capture_url(PAGE, collection, Site(), Terms())
    assert missing.exists() and f"schemas/{missing.name}" in collection.files()
    assert verify_collection(collection).findings == ()
