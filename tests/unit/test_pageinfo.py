"""The page of the visit's log explains what the log says."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archiver import warc
from archiver.model import Exchange, PageInfo, Request, RequestNote, Response, ScriptError, new_body, timestamp

PAGE = Path(__file__).parents[2] / "docs" / "pageinfo.md"
AT = datetime(2026, 11, 22, 14, 1, 12, 480113, tzinfo=UTC)
URL = "https://news.example/a"
NOTES = (
    RequestNote(URL, "GET", 200, "document", timestamp(AT, micro=True), 0.1, True),
    RequestNote(f"{URL}/no", "GET", None, "image", timestamp(AT, micro=True), 0.1, False, "blocked", False),
)


@pytest.fixture
def visited(tmp_path):
    """The document as written, of a visit with one request that was kept and one that was not."""
    path = tmp_path / "a.warc.gz"
    with path.open("wb") as out, new_body(b"hello") as body:
        writer = warc.WarcWriter(out, filename=path.name, info={})
        answer = Response(200, "OK", (("Content-Type", "text/plain"),), body)
        kept = writer.write(Exchange(URL, AT, Request("GET", ()), answer, "main", truncated="length"))
        errors = (ScriptError("TypeError: a is undefined", URL),)
        visit = PageInfo(URL, URL, AT, AT, "browser", "decoded", "Mozilla", ("a/1",), NOTES, script_errors=errors)
        writer.write(visit)
    log = next(record for record in warc.read_records(path) if record.url.startswith("urn:pageinfo:"))
    return json.loads(log.payload().read()), kept


def test_every_member_is_explained_and_nothing_else(visited):
    document, _ = visited
    errors = {f"script_errors[].{name}" for name in document["script_errors"][0]}
    told = {*document, *errors, *(f"requests[].{name}" for line in document["requests"] for name in line)}
    rows = re.findall(r"^\| `([^`]+)`( \*)? \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert {name for name, _ in rows} == told
    always = {*document, *errors, *(f"requests[].{name}" for name in document["requests"][1])}
    assert {name for name, star in rows if star} == always


def test_a_request_names_the_record_of_its_answer(visited):
    document, kept = visited
    first, second = document["requests"]
    told = (first["record"], first["bytes"], first["digest"], first["truncated"])
    assert told == (kept.record_id, 5, kept.payload_digest, "length")
    assert not {"record", "bytes", "digest", "truncated"} & set(second)
