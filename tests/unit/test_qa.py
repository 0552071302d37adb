"""QA: results and how they are kept, and the measures, which are pure."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import qa, schema
from archiver.catalogue import open_catalogue
from archiver.collection import Root
from archiver.erasing import Request, erase, plan
from archiver.errors import ArchiverError, UnknownCapture, UnreadableInput
from archiver.ledger import fold
from archiver.package import export, import_package
from archiver.package.returning import Returning, read_check
from archiver.qa.choosing import chosen, is_due
from archiver.qa.reasons import reason
from archiver.qa.result import Detail, Reason, from_json, verdict_of
from archiver.qa.storing import picture, save
from archiver.validate import validate_files
from archiver.verify import verify_collection
from material import bring, collection_with, copied

PNG = b"\x89PNG\r\n\x1a\n not really"
GONE = Detail("engine-fault", {"kind": "image", "status": 404})
LOST = reason("warning", "resource-lost", "https://news.example/a.png", GONE)


def a_result(capture="20261122T140112Z-k3v7q2mzpa", **more) -> qa.Result:
    facts = {
        "capture": capture,
        "url": "https://news.example/story",
        "captured_at": "2026-11-22T14:01:12.345678Z",
        "checked_at": "2026-11-24T09:00:00Z",
        "seconds": 2.5,
        "verdict": "warn",
        "reasons": (LOST,),
        "measures": (qa.Measure("completeness", 0.9, 0.95, 0.8), qa.Measure("leaks", 0, None, 0, "low", "count")),
        "resources": (qa.Resource("https://news.example/a.png", "image", "lost", "replay answers 404", 0.1, 1.0),),
        "absent": ("A paragraph.",),
        "pictures": (
            qa.Picture("view", "urn:view:https://news.example/story", "urn:qa:view:https://news.example/story"),
        ),
        "agents": ("archiver/0.1.0", "pywb/2.10.0"),
        "settings": {"width": 1280, "behaviours": True},
    }
    return qa.Result(**facts | more)


# Results


def test_a_result_is_read_as_it_was_written():
    whole = a_result()
    document = whole.as_json()
    assert schema.problems(document, "qa") == []
    assert from_json(json.dumps(document).encode(), "here") == whole


def test_a_result_of_the_first_version_is_read():
    document = a_result().as_json() | {"$schema": "urn:archiver:schema:qa:1.0.0", "format": "archiver-qa/1.0.0"}
    for one in (*document["reasons"], *document["resources"]):
        one.pop("detail", None)
    kept = from_json(json.dumps(document).encode(), "here")
    assert kept.reasons == (replace(LOST, detail=None),)
    assert kept.resources == a_result().resources


@given(st.text(), st.text(), st.floats(0, 1))
def test_whatever_pages_say_a_result_is_valid(text, url, share):
    hostile = a_result(
        reasons=(
            reason("error", "page-blank", url, Detail("browser-failed", {"quote": text, "kind": text})),
            Reason("error", "of-tomorrow", url, text),
        ),
        resources=(qa.Resource(url, text, "ok", text, share, detail=Detail("not-recorded", {"quote": text})),),
        absent=(text,),
        script_errors=(text * 500,),
    )
    document = json.loads(json.dumps(hostile.as_json()))
    assert schema.problems(document, "qa") == []


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"$schema": "urn:archiver:schema:qa:9.0.0"}', b"\xff"])
def test_what_is_no_result_is_refused(content):
    with pytest.raises(UnreadableInput, match="the QA result"):
        from_json(content, "archive/x.warc.gz")


def test_thresholds_judge_a_measure():
    share = qa.Measure("completeness", 1.0, 0.95, 0.8)
    verdicts = [replace(share, value=value).verdict for value in (1.0, 0.95, 0.94, 0.8, 0.79, None)]
    assert verdicts == ["pass", "pass", "warn", "warn", "fail", "pass"]
    count = qa.Measure("leaks", 0, None, 0, "low", "count")
    assert [replace(count, value=value).verdict for value in (0, 1)] == ["pass", "fail"]
    assert replace(share, value=0.5).worse_by(share) == 0.5
    assert replace(count, value=3).worse_by(count) == 3
    assert share.worse_by(replace(share, value=0.5)) == share.worse_by(replace(share, value=None)) == 0


def test_the_verdict_is_the_worst_reason():
    levels = {"info": "pass", "warning": "warn", "error": "fail"}
    for level, verdict in levels.items():
        assert verdict_of([replace(LOST, level="info"), replace(LOST, level=level)]) == verdict
    assert verdict_of([]) == "pass"
    assert a_result(reasons=(replace(LOST, level="info"), LOST)).worst == LOST
    assert a_result(reasons=()).worst is None


# Keeping them


def test_a_result_is_kept_beside_the_capture(tmp_path):
    collection, (captured,) = collection_with(tmp_path)
    before = {path: path.read_bytes() for path in collection.path.glob("sidecars/*")}
    assert qa.latest(collection, captured.capture_id) is None
    told = a_result(captured.capture_id)
    path = save(collection, told, {"view": PNG})
    kept = qa.latest(collection, captured.capture_id)
    assert kept == replace(told, product=path)
    assert path.startswith(captured.warc.removesuffix(".warc.gz") + ".qa-")
    assert {path: path.read_bytes() for path in collection.path.glob("sidecars/*")} == before
    sidecar = collection.sidecar(captured.capture_id)
    assert picture(collection, kept, sidecar, "urn:qa:view:https://news.example/story") == PNG
    assert picture(collection, kept, sidecar, "urn:qa:fullPage:https://news.example/story") == b""
    events = [event for segment in collection.history() for event in segment.events if event.type == "validation"]
    assert [(one.capture, one.outcome, one.codes) for one in events] == [
        (captured.capture_id, "warning", ("qa", "qa-warn", "resource-lost"))
    ]
    assert events[0].objects[0].path == path
    assert [one for one in verify_collection(collection).findings if one.level != "info"] == []
    assert [
        one for judged in validate_files([collection.path]) for one in judged.findings if one.level == "error"
    ] == []


def test_the_newest_result_counts(tmp_path):
    collection, (captured,) = collection_with(tmp_path)
    save(collection, a_result(captured.capture_id), {})
    later = a_result(captured.capture_id, checked_at="2026-12-24T09:00:00Z", verdict="pass", reasons=())
    save(collection, later, {})
    assert qa.latest(collection, captured.capture_id).verdict == "pass"
    assert [one.verdict for one in qa.results(collection, captured.capture_id)] == ["pass", "warn"]


def test_the_newest_is_told_by_its_line_whoever_wrote_it(tmp_path, monkeypatch):
    collection, (captured,) = collection_with(tmp_path)
    for year, verdict in ((2031, "fail"), (2030, "warn")):
        monkeypatch.setattr("archiver.ledger.event.now", lambda year=year: datetime(year, 1, 1, tzinfo=UTC))
        save(collection, a_result(captured.capture_id, verdict=verdict), {})
    assert [one.verdict for one in qa.results(collection, captured.capture_id)] == ["fail", "warn"]


def test_no_replay_takes_a_result_for_the_page(tmp_path):
    """A `metadata` record under the page's own address would be found as its newest capture."""
    collection, (captured,) = collection_with(tmp_path)
    path = save(collection, a_result(captured.capture_id), {"view": PNG})
    keys = [line.split(b" ")[0] for line in collection.read_index() if path.partition("/")[2].encode() in line]
    assert len(keys) == 2
    assert all(key.startswith(b"urn:qa:") for key in keys)


def test_a_damaged_result_is_passed_over(tmp_path):
    collection, (captured,) = collection_with(tmp_path)
    save(collection, a_result(captured.capture_id, verdict="fail"), {})
    newest = save(collection, a_result(captured.capture_id), {})
    collection.local(newest).write_bytes(b"no WARC")
    assert qa.latest(collection, captured.capture_id).verdict == "fail"


def test_an_erased_capture_takes_its_results_along(tmp_path):
    collection, (captured,) = collection_with(tmp_path)
    path = save(collection, a_result(captured.capture_id), {"view": PNG})
    list(erase(plan([collection], [captured.capture_id])[0], Request("personal-data", "M. K.")))
    assert not collection.local(path).exists()
    assert qa.latest(collection, captured.capture_id) is None
    with pytest.raises(ArchiverError):
        save(collection, a_result(captured.capture_id), {})
    assert path not in fold(collection.history()).files


def test_a_result_that_could_not_be_entered_leaves_nothing(tmp_path, monkeypatch):
    collection, (captured,) = collection_with(tmp_path)
    before = sorted(path for path in collection.path.rglob("*") if path.is_file())

    def refuse(*_):
        raise OSError(28, "no space left")

    monkeypatch.setattr("archiver.collection.entering.Entry.schemas", refuse)
    with pytest.raises(OSError, match="no space"):
        save(collection, a_result(captured.capture_id), {"view": PNG})
    assert sorted(path for path in collection.path.rglob("*") if path.is_file()) == before


def test_what_a_kill_cut_off_behind_the_line_is_finished(tmp_path, monkeypatch):
    """The line is the commit: the index follows, whoever comes next."""
    collection, (captured,) = collection_with(tmp_path)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as cut:
        cut.setattr("archiver.collection.entry.index.add", killed)
        with pytest.raises(KeyboardInterrupt):
            save(collection, a_result(captured.capture_id), {"view": PNG})
    assert qa.latest(collection, captured.capture_id) is not None
    assert not [line for line in collection.read_index() if line.startswith(b"urn:qa:")]
    assert [one.code for one in collection.clear_leftovers()] == ["leftover-finished"]
    assert len([line for line in collection.read_index() if line.startswith(b"urn:qa:")]) == 2
    assert [one for one in verify_collection(collection).findings if one.level != "info"] == []


def test_results_travel_with_their_collection(tmp_path):
    source, (captured,) = collection_with(tmp_path / "one")
    source.seal()
    target = copied(source, tmp_path / "two")
    save(source, a_result(captured.capture_id), {"view": PNG})
    bring(source, target)
    assert qa.latest(target, captured.capture_id) == qa.latest(source, captured.capture_id)
    assert [one for one in verify_collection(target).findings if one.level == "error"] == []


def test_which_captures_are_due(tmp_path):
    collection, captured = collection_with(tmp_path, captures=3)
    first, second, third = sorted(one.capture_id for one in captured)
    save(collection, a_result(first, agents=("archiver/0.1.0", "pywb/2.10.0")), {})
    save(collection, a_result(second, agents=("archiver/0.1.0", "pywb/2.9.0")), {})
    root, agents = Root(tmp_path), ("archiver/0.1.0", "pywb/2.10.0")
    found = list(chosen(root, "news", (), None))

    def due(*, recheck, named=False):
        return [one.sidecar.id for one in found if is_due(one, agents, recheck=recheck, named=named)]

    assert [one.sidecar.id for one in found] == [first, second, third]
    assert due(recheck=False) == [third]
    assert due(recheck=True) == [second]
    assert due(recheck=True, named=True) == [first, second, third]
    assert list(chosen(root, None, (), datetime(2100, 1, 1, tzinfo=UTC))) == []
    assert [one.sidecar.id for one in chosen(root, None, (second,), None)] == [second]
    with pytest.raises(UnknownCapture):
        list(chosen(root, None, (second, "20200101T000000Z-aaaaaaaaaa"), None))
    collection.local(collection.sidecar(third).warc_file).unlink()
    assert [one.sidecar.id for one in chosen(root, None, (), None)] == [first, second]
    with pytest.raises(UnreadableInput, match="not here"):
        list(chosen(root, None, (third,), None))


# In packages


@pytest.fixture(params=["wacz", "bagit"])
def sent(request, tmp_path):
    """A capture that was checked twice in a collection, and came into another one in a package."""
    source, (captured,) = collection_with(tmp_path / "source")
    save(source, a_result(captured.capture_id, verdict="fail", checked_at="2026-11-23T09:00:00Z"), {})
    newer = a_result(captured.capture_id)
    save(source, newer, {"view": PNG})
    return source, newer, request.param


def taken_in(source, form, tmp_path):
    package = tmp_path / ("a.wacz" if form == "wacz" else "bag")
    export(source, package, form)
    target = Root(tmp_path / "target").create("other", "Other", agent="test/1")
    list(import_package(package, target))
    return target


def test_a_check_that_a_package_brings_is_shown_as_the_word_of_others(sent, tmp_path):
    source, newer, form = sent
    target = taken_in(source, form, tmp_path)
    kept = qa.latest(target, newer.capture)
    assert (kept.brought, kept.verdict, kept.reasons) == (True, "warn", newer.reasons)
    assert picture(target, kept, target.sidecar(newer.capture), newer.pictures[0].replayed) == PNG
    with open_catalogue(target) as catalogue:
        assert [row.qa for row in catalogue.captures()] == ["warn"]
    events = [event for segment in target.history() for event in segment.events]
    assert {event.type for event in events if "qa" in event.codes} == {"ingestion"}
    (one,) = chosen(Root(tmp_path / "target"), None, (), None)
    assert not one.has_result and is_due(one, (), recheck=False, named=False)
    save(target, replace(newer, verdict="pass", reasons=()), {})
    own = qa.latest(target, newer.capture)
    assert (own.brought, own.verdict) == (False, "pass")
    assert [one for one in verify_collection(target).findings if one.level == "error"] == []


def test_a_check_of_another_capture_says_nothing(tmp_path):
    source, (one, other) = collection_with(tmp_path / "source", 2)
    path = save(source, a_result(one.capture_id), {})
    for place, capture, codes in (
        (path, one.capture_id, ("qa", "qa-warn")),
        (path.replace(one.capture_id, other.capture_id), other.capture_id, ()),
        (one.warc, one.capture_id, ()),
    ):
        file = Returning("archive/a.warc.gz", place, "", [capture])
        read_check(file, source.local(path))
        assert file.codes == codes
    file = Returning("archive/a.warc.gz", path, "", [one.capture_id])
    read_check(file, source.local(one.warc))
    assert file.codes == ()
