"""Feeds of new captures: readers of feeds understand them, whatever pages say, and dates are not mixed."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.access import Wish, restrict, targets
from archiver.catalogue.searching import Found
from archiver.catalogue.tables import Row
from archiver.collection import Root
from archiver.web import feeds
from browsing import ORIGIN, get
from stockroom import Invented, add


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("feeds")
    news = Root(path).create("news", "The Dnipro Courier", agent="test/1")
    add(news, Invented("https://courier.example/power"))
    school = "Школа & <під> землею"
    add(news, Invented("https://courier.example/school", school, days=1, published="2026-11", language="uk"))
    add(news, Invented("https://courier.example/gone", status=404, days=2))
    more = Root(path).create("more", "Більше", agent="test/1")
    for number in range(feeds.NEWEST):
        add(more, Invented(f"https://daily.example/{number}", f"Report {number}", days=-1 - number))
    return path


def parsed(root: Path, path: str) -> Any:
    answer = get(root, path)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/rss+xml; charset=utf-8")
    ElementTree.fromstring(answer.body)
    feed = feedparser.parse(answer.body)
    assert (feed.bozo, feed.version) == (False, "rss20")
    return feed


def test_the_newest_captures_stand_first(root: Path) -> None:
    feed = parsed(root, "/feed.xml")
    assert len(feed.entries) == feeds.NEWEST
    assert [one.title for one in feed.entries[:4]] == [
        "Lights are back in the east",
        "Школа & <під> землею",
        "Lights are back in the east",
        "Report 0",
    ]
    times = [one.published_parsed for one in feed.entries]
    assert times == sorted(times, reverse=True)
    assert feed.feed.updated_parsed == times[0]
    assert {"href": f"{ORIGIN}/feed.xml", "rel": "self", "type": "application/rss+xml"} in feed.feed.links


def test_an_item_says_which_date_is_which(root: Path) -> None:
    [_, school, power] = parsed(root, "/news/feed.xml").entries
    assert power.published == "Sun, 22 Nov 2026 14:01:12 +0000"
    assert power.description == (
        "Repair crews restored two of three lines before midnight. "
        "Published 20 November 2026, 07:30 +02:00, says the publisher. Captured 22 November 2026, 14:01 UTC."
    )
    assert (power.author, [tag.term for tag in power.tags]) == ("Olena Kovalenko", ["Energy"])
    assert not power.guidislink and power.link == f"{ORIGIN}/news/{power.id}"
    assert get(root, power.link.removeprefix(ORIGIN)).status == 200
    assert "Published November 2026, says the publisher." in school.description


def test_a_collection_has_a_feed_of_its_own_and_pages_name_it(root: Path) -> None:
    feed = parsed(root, "/news/feed.xml")
    assert (feed.feed.title, feed.feed.link, len(feed.entries)) == (
        "The Dnipro Courier – News archive",
        f"{ORIGIN}/news/",
        3,
    )
    assert get(root, "/nope/feed.xml").status == 404
    for page, address in (("/", "/feed.xml"), ("/news/", "/news/feed.xml"), ("/-/api", "/feed.xml")):
        assert get(root, page).page.xpath("//link[@rel='alternate']/@href") == [address]
    ukrainian = parsed(root, "/news/feed.xml?lang=uk")
    assert ukrainian.feed.language == "uk"
    assert "Опубліковано листопад 2026, за словами видання." in ukrainian.entries[1].description


def test_what_the_reader_has_is_not_sent_again(root: Path) -> None:
    tag = get(root, "/feed.xml").headers["etag"]
    again = get(root, "/feed.xml", headers={"If-None-Match": tag})
    assert (again.status, again.body) == (304, b"")
    assert get(root, "/feed.xml?lang=uk", headers={"If-None-Match": tag}).status == 200


def test_an_empty_archive_has_an_empty_feed(tmp_path: Path) -> None:
    assert parsed(tmp_path / "none", "/feed.xml").entries == []


@pytest.mark.parametrize("kind", ["takedown", "dark", "embargo", "reading-room"])
def test_what_is_hidden_is_in_no_feed(tmp_path: Path, kind: Any) -> None:
    news = Root(tmp_path).create("news", "News", agent="test/1")
    hidden, shown = (add(news, Invented(f"https://news.example/{days}", days=days)).capture_id for days in (0, 1))
    until = {"until": "2999-01-01"} if kind == "embargo" else {}
    restrict(news, Wish.of(kind, "M. K.", reason="Asked for.", **until), targets([hidden]))
    for path in ("/feed.xml", "/news/feed.xml"):
        assert [one.id for one in parsed(tmp_path, path).entries] == [shown]
        assert hidden not in get(tmp_path, path).body.decode()


HOSTILE = st.text(st.characters(), max_size=40) | st.sampled_from(
    ["]]><script>", "&bad;", "\x00\x0b\ufffe", "<!DOCTYPE x>"]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(HOSTILE, min_size=6, max_size=6))
def test_whatever_pages_say_it_is_xml(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: list[str]) -> None:
    headline, section, description, author, published, modified = said
    places = {"id": "20261122T140112Z-aaaaaaaaaa", "sidecar": "", "warc": "", "url": "https://a.example/"}
    texts = {"headline": headline, "section": section, "publisher": "", "authors": author, "description": description}
    row = Row(
        **places, **texts, revision=1, final_url="https://a.example/", captured_at="2026-11-22T14:01:12Z", verdict="ok",
        status=200, engine="browser", published=published, modified=modified, language="en", thumbnail=False,
    )  # fmt: skip
    found = [Found("news", row, {"author": [author, {"name": description}]})]
    monkeypatch.setattr(feeds.searching, "captures", lambda *_, **__: found)
    feed = parsed(tmp_path, "/feed.xml")
    assert len(feed.entries) == 1
    assert feed.entries[0].id == row.id
