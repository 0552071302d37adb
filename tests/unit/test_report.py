"""The preservation report: levels with their evidence, counts, copies, formats, growth, and pages that hold still."""

import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.access import Wish, restrict, targets
from archiver.collection import Root
from archiver.fixity import LOCAL, Fixity
from archiver.ledger import Event
from archiver.model import FileRef
from archiver.report import page, report
from archiver.report.formats import signature
from archiver.report.levels import Area, areas
from archiver.report.requirement import Requirement, of, share
from archiver.stores.local import LocalStore
from archiver.sync import pull, push
from archiver.sync.audit import audit
from material import collection_with
from stockroom import Invented, add

AT = datetime.now(UTC) + timedelta(hours=1)  # collections are made by the real clock; to the report it is the past
YESTERDAY, LONG_AGO = (f"{AT - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (1, 275))


@pytest.fixture
def here(tmp_path):
    return collection_with(tmp_path / "here", 3)[0]


def made(collection, **options):
    return report(collection, at=AT, **options)


def read_whole(collection, at=YESTERDAY, skip=0, errors=0):
    """As `verify` notes it."""
    fixity, paths = Fixity(collection.state, collection.name), sorted(collection.files())
    fixity.note_read(LOCAL, paths[skip:], at)
    fixity.note_check(LOCAL, "verify", at, len(paths), 1, errors)


def pushed(collection, place, *, deep=True):
    place.mkdir(exist_ok=True)
    store = LocalStore(place)
    assert push(collection, store).exit_code == 0
    assert audit(collection, store, "deep" if deep else "list").exit_code == 0
    return store


def answer(told, area, asks):
    """State and evidence of one requirement of the matrix."""
    rows = [row for one in told.areas if one.name == area for level in one.levels.values() for row in level]
    return next((row.state, row.evidence) for row in rows if asks in row.asks)


def named(rows, name):
    return next(row for key, row in rows if key == name)


def level(told, area):
    return next((one.reached, one.possible) for one in told.areas if one.name == area)


def test_a_collection_that_nobody_checked_or_copied(here):
    told = made(here)
    assert answer(told, "Storage", "Two complete copies")[0] == "unmet"
    assert answer(told, "Integrity", "fixed intervals")[0] == "unmet"
    assert answer(told, "Integrity", "replaced or repaired")[0] == "open"
    assert named(told.preserved, "Persistence").state == "open"
    assert named(told.preserved, "Availability").state == "partly"
    (copy,) = told.facts.copies
    assert (copy.place, copy.complete, copy.read, copy.oldest, copy.last) == ("local", True, 0, "", None)
    assert level(told, "Storage") == (0, 0)


def test_two_copies_read_lately(here, tmp_path):
    read_whole(here)
    pushed(here, tmp_path / "disk")
    told = made(here)
    assert [(copy.complete, copy.read) for copy in told.facts.copies] == [(True, len(here.files()))] * 2
    assert answer(told, "Storage", "Two complete copies")[0] == "met"
    assert answer(told, "Storage", "Three complete copies")[0] == "unmet"
    assert answer(told, "Integrity", "fixed intervals") == ("met", "every byte was, within 90 days")
    assert answer(told, "Metadata", "apart from the content")[0] == "met"
    assert level(told, "Storage") == (0, 1)  # media are for the institution to tell
    assert level(told, "Metadata")[0] >= 2
    assert named(told.preserved, "Persistence").state == "met"
    assert told.facts.local.oldest > YESTERDAY  # the push has read every file again


def test_a_verify_of_a_part_verifies_no_formats(here):
    read_whole(here)
    assert answer(made(here), "Content", "Formats are verified")[0] == "met"
    Fixity(here.state, here.name).note_check(LOCAL, "verify", YESTERDAY, 2, 1, 0)
    state, evidence = answer(made(here), "Content", "Formats are verified")
    assert (state, "looked at 2 files" in evidence) == ("unmet", True)


def test_reading_grows_old(here):
    read_whole(here, LONG_AGO)
    state, evidence = answer(made(here), "Integrity", "fixed intervals")
    count = len(here.files())
    assert (state, f"local: {count} of {count} files" in evidence) == ("unmet", True)
    assert answer(made(here, days=400), "Integrity", "fixed intervals")[0] == "met"


def test_one_file_that_was_never_read_is_told(here):
    read_whole(here, skip=1)
    told = made(here)
    assert told.facts.local.oldest == ""
    assert "local: 1 of " in answer(told, "Integrity", "fixed intervals")[1]
    assert named(told.preserved, "Persistence").state == "partly"


def test_a_file_that_is_not_here_makes_the_copy_incomplete(here):
    path = next(path for path in here.files() if path.startswith("archive/"))
    here.local(path).write_bytes(b"short")
    told = made(here)
    assert (told.facts.local.complete, told.facts.local.why[:2]) == (False, "1 ")
    assert answer(told, "Storage", "stable storage")[0] == "unmet"
    assert told.formats.unreadable == 1


def test_errors_of_the_last_check_count_and_mended_ones_do_not(here):
    read_whole(here, errors=2)
    told = made(here)
    assert answer(told, "Integrity", "replaced or repaired")[0] == "unmet"
    assert named(told.preserved, "Persistence").state == "unmet"
    read_whole(here)
    here.record(Event("quarantine", "test/1"))
    here.record(Event("recovery", "test/1"))
    told = made(here)
    assert answer(told, "Integrity", "replaced or repaired")[0] == "met"
    assert "1 set apart, 1 brought back" in answer(told, "Integrity", "replaced or repaired")[1]


def test_a_failed_check_in_the_ledger_counts_until_a_good_one(here):
    here.record(Event("fixity check", "test/1", outcome="failure", codes=("file-digest",), at=LONG_AGO))
    assert "failed" in answer(made(here), "Integrity", "replaced or repaired")[1]
    here.record(Event("fixity check", "test/1", at=YESTERDAY))
    assert answer(made(here), "Integrity", "replaced or repaired")[0] == "met"


def test_a_remote_that_is_behind_is_not_complete(here, tmp_path):
    pushed(here, tmp_path / "disk", deep=False)
    assert made(here).facts.remotes[0].complete is True
    event = Event("capture", "test/1", (FileRef("archive/x.warc.gz", 1, "0" * 64),), at="2030-01-01T00:00:00Z")
    here.record(event)
    (remote,) = made(here).facts.remotes
    assert (remote.complete, remote.why) == (False, "content was entered here since the last push")
    Fixity(here.state, here.name).note_check(remote.place, "list", "2031-01-01T00:00:00Z", 99, 1, 0)
    assert made(here).facts.remotes[0].complete is False  # a store is asked for what its own ledger names, no more


def test_a_store_that_was_pulled_from_in_part_is_not_known_to_have_all(here, tmp_path):
    store = pushed(here, tmp_path / "disk", deep=False)
    there = Root(tmp_path / "there").place("news")
    assert pull(there, store, warcs=False).exit_code == 0
    local, remote = made(there).facts.copies
    assert (local.complete, remote.complete) == (False, None)
    assert audit(there, store, "deep").exit_code == 0
    assert made(there).facts.remotes[0].complete is True


def test_a_store_that_loses_something_is_not_complete_any_more(here, tmp_path):
    store = pushed(here, tmp_path / "disk")
    (tmp_path / "disk" / next(path for path in here.files() if path.startswith("archive/"))).unlink()
    assert audit(here, store, "list").exit_code == 1
    assert made(here).facts.remotes[0].complete is False
    assert answer(made(here), "Storage", "Two complete copies")[0] == "unmet"


def test_what_was_found_of_a_server_is_told(here):
    Fixity(here.state, here.name).note_check("s3://vault/news", "list", YESTERDAY, 1, 1, 0)
    folder = here.state.path / "remotes"
    folder.mkdir()
    traits = [{"name": "versioning", "answer": "on"}, {"name": "object-lock", "answer": "enforced"}]
    (folder / "a.json").write_text(json.dumps({"store": "s3://vault/other", "at": LONG_AGO, "traits": traits}))
    (folder / "b.json").write_text('{"store": 5, "traits": [], "at": 1}')
    (folder / "c.json").write_text("[")
    (remote,) = made(here).facts.remotes
    assert remote.server == f"versioning on, object-lock enforced (on {LONG_AGO})"
    assert "object-lock enforced" in answer(made(here), "Control", "put into force")[1]


def test_captures_are_counted(tmp_path):
    news = Root(tmp_path).create("news", "News", agent="test/1")
    add(news, Invented("https://news.example/1", days=-40))
    add(news, Invented("https://news.example/2", missing=("https://news.example/lost.jpg",)))
    told = made(news)
    cover = told.coverage
    assert (cover.captures, cover.unreadable, cover.invalid) == (2, 0, 0)
    assert dict(cover.verdicts) == {"ok": 1, "partial": 1}
    assert (cover.has["html"], cover.has["full_page"], cover.has["complete"], cover.has["headline"]) == (2, 0, 1, 2)
    assert named(told.collected, "Embedded media").state == "partly"
    assert named(told.collected, "Minimum for court").state == "unmet"
    assert named(told.collected, "Hash value").state == "met"
    assert {month.month: month.captures for month in told.growth if month.captures} == {"2026-10": 1, "2026-11": 1}


def test_captures_are_counted_by_who_may_see_them(tmp_path):
    news = Root(tmp_path).create("news", "News", agent="test/1")
    for number in (1, 2, 3):
        add(news, Invented(f"https://news.example/{number}"))
    restrict(news, Wish.of("takedown", "M. K.", reason="Asked for."), targets(urls=["https://news.example/2"]))
    assert made(news).coverage.as_json()["access"] == {"open": 2, "takedown": 1}


def test_a_damaged_sidecar_is_counted_and_stops_nothing(here):
    path = next(path for path in here.files() if path.startswith("sidecars/"))
    here.local(path).write_bytes(b"{")
    told = made(here)
    assert (told.coverage.captures, told.coverage.unreadable) == (3, 1)
    assert answer(told, "Metadata", "Enough metadata")[0] == "unmet"
    assert answer(told, "Metadata", "standards are followed")[0] == "unmet"


@pytest.mark.parametrize(
    "spoilt", [{"agents": 5}, {"client": []}, {"missing": None, "engine": ["x"]}, {"captured_at": 7}]
)
def test_a_sidecar_that_makes_no_sense_is_in_every_count_or_in_none(here, spoilt):
    path = next(path for path in here.files() if path.startswith("sidecars/"))
    document = json.loads(here.local(path).read_bytes())
    document["capture"] |= spoilt
    here.local(path).write_text(json.dumps(document))
    cover = made(here).coverage
    counted = cover.captures - cover.unreadable
    assert {cover.verdicts.total(), cover.engines.total(), cover.access.total(), cover.months.total()} == {counted}
    assert cover.has["hash"] == counted
    assert cover.unreadable + cover.invalid >= 1
    page([made(here)])


@pytest.mark.parametrize("policies", [5, [], {"lock": 3}, {"lock": {"mode": 1}}, {"lock": {"mode": "x", "days": []}}])
def test_a_description_that_makes_no_sense_stops_nothing(here, policies):
    path = next(path for path in here.files() if path.startswith("collection/"))
    document = json.loads(here.local(path).read_bytes()) | {"policies": policies, "title": ["x"]}
    here.local(path).write_text(json.dumps(document))
    assert page([made(here)])
    json.dumps(made(here).as_json())


def test_growth_adds_up(here):
    told = made(here)
    total = sum(file.bytes for file in here.files().values())
    assert sum(month.bytes for month in told.growth) == total == told.growth[-1].held
    assert sum(month.files for month in told.growth) == len(here.files())
    gone = next(file for path, file in here.files().items() if path.startswith("archive/"))
    here.record(
        Event("deletion", "test/1", capture="20260101T000000Z-aaaaaaaaaa", removed=(gone,), basis="court-order")
    )
    told = made(here)
    assert told.growth[-1].held == total - gone.bytes
    assert told.facts.erasures == {"court-order": 1}


def test_payloads_are_told_by_what_they_are(tmp_path):
    news = Root(tmp_path).create("news", "News", agent="test/1")
    for number in range(5):
        add(news, Invented(f"https://news.example/{number}"))
    told = made(news, sample=2).formats
    assert (told.warcs_read, told.warcs_total, told.payloads["text/html"], told.other["text/html"]) == (2, 5, 2, 0)
    assert told.files["archive", "application/gzip"] == 5
    assert told.files["sidecars", "application/json"] == 5
    assert made(news, sample=0).formats.warcs_read == 0


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"", "empty"),
        (b"\n\n<!DOCTYPE html><html>", "text/html"),
        (b'<svg xmlns="http://www.w3.org/2000/svg">', "image/svg+xml"),
        (b"body { color: red }", "text"),
        (b"BM is how this text begins", "text"),
        ("Вода повернулась".encode(), "text"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "image/jpeg"),
        (b"\0\0\0\x20ftypisom\0\0\2\0", "video/mp4"),
        (b"PK\x03\x04\x14\0\0\0", "application/zip"),
        (b"\x1f\x8b\x08\0", "application/gzip"),
        (b"\x01\x02\x03\x00\xff\xfe\x00\x01", "unknown"),
    ],
)
def test_signatures(head, name):
    assert signature(head) == name


@given(st.binary(max_size=5000))
def test_whatever_the_bytes_a_signature_is_a_word(head):
    assert re.fullmatch(r"[a-z]+|[\w.+-]+/[\w.+-]+", signature(head))


def test_a_level_needs_those_below_it():
    def area(*states):
        return Area("x", {number: [Requirement("a", state, "")] for number, state in enumerate(states, 1)})

    assert (area("met", "none", "met", "met").reached, area("met", "unmet", "met", "met").reached) == (4, 1)
    assert (area("open", "met", "unmet", "met").reached, area("open", "met", "unmet", "met").possible) == (0, 2)
    assert [one.state for one in area("met", "open", "met", "met").missing] == ["open"]
    assert area("met", "met", "met", "met").missing == []


def test_the_matrix_is_whole(here):
    told = made(here)
    found = areas(told.facts, told.coverage, told.formats, told.days)
    assert [(one.name, sorted(one.levels)) for one in found] == [
        (name, [1, 2, 3, 4]) for name in ("Storage", "Integrity", "Control", "Metadata", "Content")
    ]
    assert sum(len(rows) for one in found for rows in one.levels.values()) == 38
    assert all(row.evidence for one in found for rows in one.levels.values() for row in rows)


def test_shares_are_honest():
    assert (share(0, 0), share(0, 2), share(1, 2), share(2, 2)) == ("open", "unmet", "partly", "met")
    assert of(9999, 10_000) == "9999 of 10000 captures (99.9 %)"
    assert (of(2, 2), of(0, 0)) == ("2 of 2 captures (100 %)", "there are no captures")


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.seen, self.open, self.tables = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag not in ("meta", "link", "br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_escaped_and_loads_nothing(tmp_path):
    news = Root(tmp_path).create("news", "<script>alert(1)</script> & Ко", agent="test/1")
    add(news, Invented("https://news.example/1"))
    Root(tmp_path).create("more", "More", agent="test/1")
    text = page([made(one) for one in Root(tmp_path).collections()])
    tags = Tags(text)
    assert tags.open == []
    names = [name for name, _ in tags.seen]
    assert not {"script", "img", "link", "iframe", "object"} & set(names)
    assert not re.search(r"url\(|@import|\bsrc=|https?://", text)
    assert "&lt;script&gt;alert(1)" in text
    assert names.count("h1") == 1
    assert names.count("caption") == names.count("table") > 10
    assert all(attributes.get("scope") in ("col", "row") for name, attributes in tags.seen if name == "th")
    ids = [attributes["id"] for _, attributes in tags.seen if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert "Undefined" not in text and "None" not in text


def test_the_command(archiver, tmp_path):
    assert archiver("init", "news", "--title", "Новини").code == 0
    told = archiver("report", "-c", "news", "--json")
    (document,) = told.lines
    assert (told.code, document["format"], document["title"]) == (0, "archiver-report/1", "Новини")
    keys = (tmp_path.parent / "x", "format", "ndsa", "berkeley", "copies", "formats", "growth", "proofs", "coverage")
    assert set(keys[1:]) <= document.keys()
    assert [area["area"] for area in document["ndsa"]] == ["Storage", "Integrity", "Control", "Metadata", "Content"]
    text = archiver("report")
    assert (text.code, "NDSA Levels" in text.out, "Новини (news)" in text.out) == (0, True, True)
    out = tmp_path / "report.html"
    done = archiver("report", "--format", "html", "-o", out)
    assert (done.code, done.out, out.read_text().startswith("<!doctype html>")) == (0, "", True)
    both = archiver("report", "--format", "html", "-o", out, "--json")
    assert (both.lines[0]["title"], out.read_text().startswith("<!doctype html>")) == ("Новини", True)
    assert json.loads(archiver("report", "--format", "json").out) | {"at": 0} == document | {"at": 0}
    assert archiver("report", "-c", "none").code == 2
