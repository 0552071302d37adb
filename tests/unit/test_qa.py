"""QA: results and how they are kept, and the measures, which are pure."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import qa, schema
from archiver.erasing import Request, erase, plan
from archiver.errors import ArchiverError, UnreadableInput
from archiver.ledger import fold
from archiver.model import Finding
from archiver.qa.result import from_json, verdict_of
from archiver.qa.storing import picture, save
from archiver.validate import validate_files
from archiver.verify import verify_collection
from material import collection_with

PNG = b"\x89PNG\r\n\x1a\n not really"
LOST = Finding("warning", "resource-lost", "https://news.example/a.png", "the image is lost in replay")


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


@given(st.text(), st.text(), st.floats(0, 1))
def test_whatever_pages_say_a_result_is_valid(text, url, share):
    hostile = a_result(
        reasons=(Finding("error", "page-blank", url, text),),
        resources=(qa.Resource(url, text, "ok", text, share),),
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
