"""QA for people and for build servers: the HTML report, in both languages, and JUnit XML. What pages say is hostile."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import Failure, JUnitXml, Properties

from archiver import qa
from archiver.collection import Collection, Root
from archiver.qa import wording
from archiver.qa.judging import THRESHOLDS
from archiver.qa.junit import junit
from archiver.qa.report import PAGES, write_report
from archiver.qa.storing import save
from archiver.words import Words
from judged import BLANK, HOSTILE, LOST, PNG, URL, a_result, bad_result
from stockroom import Invented, add


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Collection, qa.Result]]:
    collection = Root(tmp_path_factory.mktemp("qa")).create("news", "News", agent="test/1")
    captures = [add(collection, Invented(URL, headline=name, days=day)).capture_id for day, name in enumerate("AB")]
    captures.append(add(collection, Invented(URL, headline=f"B {HOSTILE}", days=3)).capture_id)
    results = [a_result(captures[0]), replace(a_result(captures[1], "warn"), reasons=(LOST,)), bad_result(captures[2])]
    kept = []
    for result in results:
        save(collection, result, {"view": PNG + b"replay"})
        kept.append((collection, qa.latest(collection, result.capture)))
    return kept


class Read(HTMLParser):
    """Elements with their attributes, and the text."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.text = ""
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += f" {data.strip()}" if data.strip() else ""

    def all(self, tag: str, name: str) -> list[str]:
        return [attributes[name] for one, attributes in self.tags if one == tag and name in attributes]


# HTML


@pytest.fixture(scope="module", params=["en", "uk"])
def report(request, checked, tmp_path_factory) -> Path:
    return write_report(checked, tmp_path_factory.mktemp("report") / "new" / "folder", request.param)


def test_the_summary_counts_and_begins_with_the_worst(report: Path, checked) -> None:
    page = Read(report)
    links = [link for link in page.all("a", "href") if link != "index.html"]
    assert links == [f"{result.capture}.html" for _, result in reversed(checked)]
    assert re.findall(r"<b>(\d)</b>", report.read_text()) == ["1", "1", "1"]


SAYS = {
    "en": (
        *("The page stays blank", "picture: replay answers 404", "99.9\u00a0% of the first screen", "91.2\u00a0%"),
        *("warns below 95\u00a0%", "3 days", "nothing to compare", "Lost in replay", "Newly asked for"),
        *("2 hours before", "of-tomorrow", "width: 1280"),
    ),
    "uk": (
        *("Сторінка лишається порожньою", "зображення: відтворення відповідає: 404", "91,2\u00a0%"),
        *("застереження нижче 95\u00a0%", "3 дні", "нема що порівнювати", "Втрачено у відтворенні", "Нові запити"),
        *("за 2 години до", "of-tomorrow", "ширина: 1280"),
    ),
}


def test_a_page_says_why_and_how_much(report: Path, checked) -> None:
    page = Read(report.with_name(f"{checked[-1][1].capture}.html"))
    said = SAYS[page.all("html", "lang")[0]]
    assert [one for one in said if one not in page.text] == []
    assert page.text.index(said[0]) < page.text.index(LOST.where), "failures come first"


def test_nothing_of_a_page_acts_and_nothing_is_asked_of_anyone(report: Path) -> None:
    for file in report.parent.glob("*.html"):
        page = Read(file)
        assert page.all("script", "src") in ([], ["pictures.js"])
        assert len(page.all("script", "src")) == sum(tag == "script" for tag, _ in page.tags)
        assert not [name for _, attributes in page.tags for name in attributes if name.startswith(("on", "style"))]
        assert "default-src 'none'" in page.all("meta", "content")[0]
        asked = [*page.all("img", "src"), *page.all("link", "href"), *page.all("script", "src"), *page.all("a", "href")]
        assert [one for one in asked if not (report.parent / one).is_file()] == []


def test_pictures_of_replay_lie_beside_the_pages(report: Path, checked) -> None:
    shown = [Read(report.with_name(f"{result.capture}.html")).all("img", "src") for _, result in checked]
    assert [len(one) for one in shown] == [1, 1, 1], "these captures have no screenshot"
    assert (report.parent / shown[0][0]).read_bytes() == PNG + b"replay"


def test_it_can_be_written_again_and_of_nothing(tmp_path: Path, checked) -> None:
    write_report(checked, tmp_path)
    assert "Nothing was checked" in write_report([], tmp_path).read_text()


SAID = re.compile(r"""\b_\((?:"([^"]+)"|'([^']+)')""")
LATIN = re.compile(r"[A-Za-z]{3,}")
OURS = {"WARC", "SSIM", "UTC", "archiver", "verify", "reindex"}
"""Names, which are the same in every language."""
OTHERS = {"head", "code", "q", "footer", "address", "kicker"}
"""Elements and classes in which others speak."""
VOID = {"br", "img", "input", "link", "meta", "hr"}


class Own(HTMLParser):
    """Our own words in a page."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.open: list[bool] = []
        self.text = ""
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(bool(OTHERS & {tag, *(dict(attrs).get("class") or "").split()}))

    def handle_endtag(self, tag):
        if tag not in VOID:
            self.open.pop()

    def handle_data(self, data):
        self.text += "" if any(self.open) else data


FACTS = {
    "share": 0.5,
    "span": 7200.0,
    "status": 0,
    "wanted": "2026-11-22 14:01:12",
    "moment": "2026-11-23 14:01:12",
    "word": "ok",
    "kind": "image",
}


def test_every_text_has_its_ukrainian_and_none_is_left_over() -> None:
    words = Words.of("uk", PAGES)
    pages = [template.read_text("utf-8") for template in PAGES.glob("*.html")]
    english = {one or other for page in pages for one, other in SAID.findall(page)}
    tables = [*wording.VERDICTS.values(), *wording.MEASURES.values(), *wording.STATES.values()]
    english |= {text for told in tables for text in told if text not in ("good", "fair", "bad", "")}
    english |= {wording.NOTHING, *words_of("LEVELS", "REASONS", "KINDS", "HINTS", "DETAILS", "SETTINGS", "SET")}
    assert english ^ set(words.table) == set()
    assert {wording.span(Words(), 2 * seconds).split()[1] for seconds in (1, 60, 3600, 86400)} == {
        f"{noun}s" for noun in words.counted
    }


def test_nothing_english_is_said_to_ukrainians(tmp_path: Path) -> None:
    """Every reason and every cause, each with all the facts that it may have; but for names, and words of others."""
    details = [qa.Detail(name, {**FACTS, "quote": "quoted"}) for name in wording.DETAILS]
    reasons = tuple(qa.Reason("error", code, URL, "", detail=details[0]) for code in wording.REASONS)
    reasons += tuple(qa.Reason("warning", "leak", URL, "", detail=detail) for detail in details)
    states = list(wording.STATES)
    parts = tuple(qa.Resource(URL, kind, state, "", 0, 0, 1e6) for kind in wording.KINDS for state in states)
    parts += tuple(qa.Resource(URL, "image", "lost", detail=detail) for detail in details)
    collection = Root(tmp_path).create("news", "Новини", agent="test/1")
    capture = add(collection, Invented(URL, headline="Заголовок")).capture_id
    settings = {"width": 1, "height": 1, "behaviours": True, "visits": 2, "consent": "reject"}
    measures = tuple(replace(one, value=9.0) for one in THRESHOLDS)
    told = {"reasons": reasons, "resources": parts, "settings": settings, "measures": measures, "agents": ()}
    result = a_result(capture, "fail", **told)
    write_report([(collection, result)], tmp_path / "report", "uk")
    found = set(LATIN.findall(Own(tmp_path / "report" / f"{capture}.html").text))
    assert found - OURS == set()


def words_of(*tables: str) -> set[str]:
    return {text for name in tables for text in getattr(wording, name).values()}


# JUnit


def test_a_build_server_reads_suites_cases_and_failures(checked) -> None:
    read = JUnitXml.fromstring(junit(checked))
    (suite,) = read
    assert (suite.name, suite.tests, suite.failures, suite.errors, suite.time) == ("news", 3, 1, 0, 7.5)
    cases = list(suite)
    assert [case.classname for case in cases] == ["news"] * 3
    assert [[one.type for one in case.result if isinstance(one, Failure)] for case in cases] == [[], [], ["page-blank"]]
    (failure,) = cases[2].result
    assert failure.message == BLANK.message and LOST.message in failure.text and HOSTILE in failure.text
    assert (cases[0].system_out, LOST.message in cases[1].system_out) == (None, True)
    told = {one.name: one.value for one in cases[1].child(Properties)}
    assert (told["verdict"], told["completeness"], "films" in told) == ("warn", "0.912", False)


@given(st.text(), st.text())
def test_whatever_pages_say_it_is_well_formed(text: str, url: str) -> None:
    reasons = (qa.Reason("error", "page-blank", url, text, text),)
    collection = Collection(Path("/nowhere/news"))
    hostile = a_result("20261122T140112Z-k3v7q2mzpa", "fail", reasons=reasons, url=url)
    assert next(iter(JUnitXml.fromstring(junit([(collection, hostile)])))).failures == 1
