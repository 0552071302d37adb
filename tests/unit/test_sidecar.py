"""Sidecars: made, read, followed by a revision; and the rule that makes an article of assertions."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import schema
from archiver.errors import UnreadableInput, UsageError
from archiver.model import Exchange, FileRef, PageInfo, Request, RequestNote, Response, new_body
from archiver.sidecar import (
    METHODS,
    Agent,
    Assertion,
    Kept,
    Sidecar,
    Visit,
    correction,
    new_sidecar,
    plain,
    problems,
    successor,
    typed,
    united,
)

EXAMPLE = (Path(__file__).parents[2] / "docs/sidecar.example.json").read_bytes()
ID = "20261122T140112Z-k3v7q2mzpa"
AT = datetime(2026, 11, 22, 14, 1, 12, 480113, tzinfo=UTC)


@dataclass(frozen=True)
class Ref:
    role: str
    record_id: str = "<urn:uuid:5f0c7a3e-0000-4000-8000-000000000001>"
    url: str = "https://news.example/a"
    date: datetime = AT
    type: str = "response"
    payload_digest: str = "sha1:QJ5L3GZMXCNNQWGM36QW2EJIC7HWLFGN"


def visit(**changes) -> Visit:
    made = Visit("https://news.example/a", "https://news.example/a", AT, "http", "entity", "ok", status=200)
    return replace(made, **changes)


def claim(name: str, value: object, method: str = "meta", confidence: float = 0.5, at: str = "2026-11-22T14:01:15Z"):
    by = Agent("person", "M. K.") if method == "human" else Agent("software", "archiver", "0.1.0")
    if method == "human":
        return Assertion(f"/article/{name}", value, method, by, at, reason="because")
    return Assertion(f"/article/{name}", value, method, by, at, str(value), "somewhere", confidence)


def sidecar(*claims: Assertion, **changes) -> Sidecar:
    return new_sidecar(
        capture_id=ID,
        visit=visit(**changes),
        kept=Kept(FileRef("archive/2026/11/22/x.warc.gz", 10, "0" * 64), [Ref("main"), Ref("part")], 4),
        assertions=claims or [claim("headline", "A")],
        rights={"access": "reading-room"},
    )


def codes(made: Sidecar) -> list[tuple[str, str, str]]:
    return [(one.level, one.code, one.pointer) for one in problems(made)]


def test_a_new_sidecar_is_valid_and_says_what_it_was_told():
    made = sidecar()
    assert problems(made) == []
    assert (made.id, made.verdict, made.status, made.headline) == (ID, "ok", 200, "A")
    assert (made.warc_file, made.captured_at) == ("archive/2026/11/22/x.warc.gz", "2026-11-22T14:01:12.480113Z")
    assert (made.revision, made.parents, made.access) == (1, [], "reading-room")
    assert [record["id"] for record in made.records] == ["urn:uuid:5f0c7a3e-0000-4000-8000-000000000001"]
    assert "part" not in made.document["warc"]["records"]


def test_the_visit_comes_from_the_page_and_its_main_exchange():
    note = RequestNote("https://news.example/lost.js", "GET", 200, "script", "2026-11-22T14:01:13Z", 0.1, False, "")
    unserved = replace(note, url="https://news.example/down.js", status=None, served=False)
    page = PageInfo(
        url="http://news.example/a",
        final_url="https://news.example/a",
        started=AT - timedelta(seconds=1),
        finished=AT + timedelta(seconds=2),
        engine="browser",
        fidelity="decoded",
        user_agent="Mozilla/5.0",
        agents=("archiver/0.1.0", "Chromium"),
        requests=(note, unserved),
    )
    body = new_body()
    main = Exchange(
        "https://news.example/a",
        AT,
        Request("GET", ()),
        Response(203, "", (), body),
        role="main",
        ip="192.0.2.1",
        protocols=("h2",),
    )
    body.close()
    block = Visit.of(page, "partial", ["One.\0"], main=main, redirects=["http://news.example/a"]).as_json()
    assert block["captured_at"] == "2026-11-22T14:01:12.480113Z"
    assert block["status"] == 203
    assert block["verdict"] == {"word": "partial", "reasons": ["One.\ufffd"]}
    assert block["missing"] == [{"url": "https://news.example/lost.js", "reason": "not recorded"}]
    assert block["agents"] == [{"name": "archiver", "version": "0.1.0"}, {"name": "Chromium"}]
    assert (block["ip"], block["protocols"], "tls" in block) == ("192.0.2.1", ["h2"], False)
    without = Visit.of(page, "offline").as_json()
    assert (without["status"], without["captured_at"], "ip" in without) == (None, "2026-11-22T14:01:11.480113Z", False)


def test_what_is_read_is_written_byte_for_byte():
    assert Sidecar.parse(EXAMPLE, "example").to_bytes() == EXAMPLE
    by_hand = EXAMPLE.replace(b"\n", b"\r\n").replace(b"0.95", b"0.950")
    assert Sidecar.parse(by_hand, "by hand").to_bytes() == by_hand


def test_what_is_made_is_in_the_order_of_the_schema():
    made = sidecar()
    document = json.loads(made.to_bytes())
    assert Sidecar.of(dict(reversed(document.items()))).to_bytes() == made.to_bytes()
    assert made.to_bytes().startswith(b'{\n  "$schema": ')
    assert made.to_bytes().endswith(b"}\n")
    assert list(document) == [key for key in json.loads(EXAMPLE) if key in document]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "json-syntax"),
        (b"{", "json-syntax"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "json-duplicate-key"),
        (b'{"a": 1, "a": 2} x', "json-syntax"),
        (b'{"a": NaN}', "json-number"),
        (b'{"a": -Infinity}', "json-number"),
        (b'{"a": 1e999}', "json-number"),
        (b'{"a": ' + b"9" * 5000 + b"}", "json-number"),
        (b"[" * 100_000, "json-depth"),
        (b'{"a":' * 2000 + b"1" + b"}" * 2000, "json-depth"),
        (b'"' + b'\\"' * 500_000, "json-syntax"),
        (b"\xef\xbb\xbf{}", "json-encoding"),
        ("{}".encode("utf-16"), "json-encoding"),
        (b'{"a": "\xe4"}', "json-encoding"),
        (rb'{"a": "\ud83d"}', "json-encoding"),
        (b" " * (17 << 20), "json-size"),
    ],
)
def test_what_is_no_strict_json_is_refused_with_a_reason(content, code):
    with pytest.raises(UnreadableInput) as caught:
        Sidecar.parse(content, "file.json")
    assert caught.value.code == code
    assert str(caught.value).startswith("file.json")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("content", [b"null", b"[]", b"{}", b'{"id": 3}', EXAMPLE.replace(b'"word"', b'"wort"')])
def test_other_json_is_no_sidecar(content):
    with pytest.raises(UnreadableInput, match="no sidecar"):
        Sidecar.parse(content, "file.json")


def test_malformed_assertions_are_an_error_of_ours():
    document = json.loads(EXAMPLE)
    for broken in ({}, {"about": "/article/headline"}, {**document["assertions"][0], "method": "magic"}, 5):
        made = Sidecar.parse(json.dumps(document | {"assertions": [broken]}).encode(), "x")
        with pytest.raises(UnreadableInput):
            successor(made)


# The rule


CLAIMS = st.builds(
    claim,
    st.sampled_from(["headline", "description"]),
    st.text(min_size=1, max_size=3),
    st.sampled_from(METHODS),
    st.sampled_from([0.1, 0.5, 0.9]),
    st.sampled_from(["2026-11-22T14:01:15Z", "2026-11-22T14:01:15.5Z", "2026-11-23T00:00:00Z"]),
)


@given(st.lists(CLAIMS, min_size=1), st.lists(CLAIMS.filter(lambda one: one.method != "human")))
def test_no_machine_outranks_a_person_nor_removes_what_was_said(claims, reread):
    before = sidecar(*claims)
    after = successor(before, reread)
    assert {json.dumps(one.as_json()) for one in before.assertions} <= {
        json.dumps(one.as_json()) for one in after.assertions
    }
    for said in before.assertions:
        if said.method == "human":
            name = said.about.removeprefix("/article/")
            assert after.article[name] == before.article[name]


# Revisions


def test_a_successor_names_its_parent_and_keeps_the_rest():
    first = Sidecar.of(sidecar().document | {"extensions": {"museum": 1}})
    second = successor(first, [correction("headline", "B", by="M. K.", reason="typo", at=AT)])
    assert problems(second) == []
    assert (second.headline, second.revision, second.parents) == ("B", 2, [first.file_name])
    assert second.document["extensions"] == {"museum": 1}
    assert first.file_name.startswith(f"{ID}.r1-")
    assert successor(second).revision == 3
    assert first.headline == "A"


def test_two_editors_are_united():
    first = sidecar()
    mine = successor(first, [correction("headline", "Mine", by="A", reason="r", at=AT)])
    yours = successor(first, [correction("headline", "Yours", by="B", reason="r", at=AT + timedelta(hours=1))])
    for one, other in ((mine, yours), (yours, mine)):
        both = successor(one, (), other)
        assert problems(both) == []
        assert (both.headline, both.revision) == ("Yours", 3)
        assert both.parents == sorted([mine.file_name, yours.file_name])
        assert len(both.assertions) == 3


def test_what_was_read_again_takes_the_place_of_what_was_read_before():
    feed = claim("section", "News", "feed") if "feed" in METHODS else claim("articleSection", "News", "human")
    first = sidecar(claim("headline", "A", "json-ld", 1.0), replace(feed, about="/article/articleSection"))
    said = successor(first, [correction("description", "Mine", by="A", reason="r", at=AT)])
    again = successor(said, reread=[claim("headline", "B", "meta", 0.1, at="2026-12-01T00:00:00Z")])
    assert again.article == {"@type": "NewsArticle", "headline": "B", "description": "Mine", "articleSection": "News"}
    assert [one.value for one in again.assertions] == ["News", "Mine", "B"]


def test_an_edit_beside_a_reading_brings_the_old_reading_not_back():
    first = sidecar(claim("headline", "A", "json-ld", 1.0))
    edited = successor(first, [correction("description", "Mine", by="A", reason="r", at=AT)])
    reread = successor(first, reread=[claim("headline", "B", "meta", 0.1, at="2026-12-01T00:00:00Z")])
    for heads in ((edited, reread), (reread, edited)):
        both = united(*heads)
        assert both.article == {"@type": "NewsArticle", "headline": "B", "description": "Mine"}
        assert both.to_bytes() == united(*reversed(heads)).to_bytes()
    assert united(first) is first


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("headline", "  A,\n B; C ", "A, B; C"),
        ("author", "Ann; Bo ;", [{"@type": "Person", "name": "Ann"}, {"@type": "Person", "name": "Bo"}]),
        ("publisher", "Paper", {"@type": "Organization", "name": "Paper"}),
        ("keywords", "a, b,a", ["a", "b"]),
        ("image", "https://a.example/1; https://a.example/2", ["https://a.example/1", "https://a.example/2"]),
        ("isAccessibleForFree", "False", False),
        ("wordCount", "412", 412),
        ("datePublished", "2026-11", "2026-11"),
        ("description", "", None),
    ],
)
def test_corrections_as_typed(name, text, value):
    made = correction(name, typed(name, text), by="M. K.", reason="because", at=AT)
    assert (made.about, made.value, made.method, made.by.type) == (f"/article/{name}", value, "human", "person")
    assert problems(successor(sidecar(), [made])) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("colour", "x"),
        ("wordCount", "many"),
        ("isAccessibleForFree", "maybe"),
        ("headline", "\x1b]0;x\x07"),
        ("headline", "\x9b31m"),
    ],
)
def test_corrections_that_cannot_be(name, text):
    with pytest.raises(UsageError):
        typed(name, text)


def test_a_correction_that_the_schema_forbids_is_found():
    wrong = successor(sidecar(), [correction("datePublished", "yesterday", by="M. K.", reason="because", at=AT)])
    assert ("error", "schema-pattern", "/assertions/1/value") in codes(wrong)


# Checks


def test_an_article_written_by_hand_is_found():
    document = json.loads(EXAMPLE)
    document["article"] = document["article"] | {"headline": "Mine", "keywords": ["x"]}
    del document["article"]["wordCount"]
    found = codes(Sidecar.of(document))
    assert found == [("error", "article-derived", f"/article/{name}") for name in ("headline", "keywords", "wordCount")]


@pytest.mark.parametrize(
    ("published", "modified", "expected"),
    [
        ("2026-11-22", "2026-11-22", []),
        ("2026-11-23", None, []),  # somewhere it is the 23rd already
        ("2026-11-24", None, ["date-after-capture"]),
        ("2027", None, ["date-after-capture"]),
        ("2026-12", None, ["date-after-capture"]),
        ("2026-11-22T16:01:11+02:00", None, []),
        ("2026-11-22T16:01:12+02:00", None, ["date-is-capture"]),
        ("2026-11-22T14:05:00Z", None, ["date-after-capture"]),
        ("2026-11-22", "2026-11-21", ["date-modified-before-published"]),
        ("2026-11-22", "2026-11", []),
        ("2026-11-22T10:00:00+02:00", "2026-11-22T09:00:00Z", []),
        ("2026-11-22T10:00:00+02:00", "2026-11-22T07:59:00Z", ["date-modified-before-published"]),
        ("2026-11-22T23:00:00Z", "2025", ["date-after-capture", "date-modified-before-published"]),
        ("1821-05-05", None, []),
    ],
)
def test_dates_that_cannot_well_be_true_are_warnings(published, modified, expected):
    claims = [claim("headline", "A"), claim("datePublished", published)]
    claims += [claim("dateModified", modified)] if modified else []
    found = problems(sidecar(*claims))
    assert [one.code for one in found] == expected
    assert {one.level for one in found} <= {"warning"}


@given(st.text())
def test_plain_text_is_always_accepted(text):
    made = sidecar(
        claim("headline", plain(text) or "x"), verdict="partial", reasons=(text,), missing=((f"x{text}", text),)
    )
    assert problems(made) == []


def test_contexts_agree():
    assert schema.problems(sidecar().document, "sidecar") == []
    assert sidecar().document["@context"] == json.loads(EXAMPLE)["@context"]
