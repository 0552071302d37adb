"""Lists for readers: collections, articles and their facets, search, order, pages, thumbnails."""

import io
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from PIL import Image
from starlette.datastructures import QueryParams

from archiver import ledger
from archiver.catalogue.columns import DATES
from archiver.collection import Root
from archiver.erasing import Request, erase, plan
from archiver.model import silent
from archiver.web.asking import PER_PAGE, Asked
from browsing import REPLAY, Answer, get
from stockroom import Invented, add

POWER = "https://courier.example/power"
NASTY = "O'Neil \"& verdict:ok -x é"


def jpeg() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (320, 200), "teal").save(stream, "JPEG")
    return stream.getvalue()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two collections; in one of them a page with three captures."""
    path = tmp_path_factory.mktemp("listing")
    news = Root(path).create("news", "The Dnipro Courier", description="One town.", agent="test/1")
    add(news, Invented(POWER, days=-2))
    checked = add(news, Invented(POWER, days=-1, missing=("https://video.example/film.mp4",)))
    news.record(ledger.Event("validation", "test/1", capture=checked.capture_id, codes=("qa", "qa-fail")))
    last = add(news, Invented(POWER, headline="Lights are back in the east, and stay", thumbnail=jpeg()))
    news.record(ledger.Event("validation", "test/1", capture=last.capture_id, codes=("qa", "qa-pass")))
    school = Invented(
        "https://courier.example/uk/school",
        headline="Школа під землею",
        author="Марія Шевченко",
        language="uk",
        published="2026-11",
        text="Перший урок почався о восьмій ранку.",
        days=-0.2,
    )
    add(news, school)
    add(news, Invented("https://courier.example/gone", status=404, author=NASTY, days=-0.3))
    more = Root(path).create("more", "Many", agent="test/1")
    for number in range(PER_PAGE):
        url = f"https://daily.example/{number}"
        add(more, Invented(url, headline=f"Report {number}", publisher="Daily", days=-10 - number))
    return path


def headlines(answer: Answer) -> list[str]:
    return [link.text_content() for link in answer.page.xpath("//ol[@class='cards']//*[starts-with(@id, 't')]/a")]


def choices(answer: Answer, facet: str) -> dict[str, tuple[int, str]]:
    """Label of each value of a facet: its count, and where it leads."""
    links: list[Any] = answer.page.xpath(f"//section[@aria-labelledby='f-{facet}']//li/a")
    return {link[0].text_content(): (int(link[1].text_content()), link.get("href")) for link in links}


def test_the_collections_are_introduced_with_what_they_hold(root: Path) -> None:
    answer = get(root, "/")
    first, second = (" ".join(one.text_content().split()) for one in answer.page.xpath("//li[@class='shelf']"))
    assert first.startswith("Many Articles20 Captures20 Period24 October 2026 – 12 November 2026")
    assert second.startswith("The Dnipro Courier One town. Articles3 Captures5 Period20 November 2026 – 22 Nov")
    assert second.endswith("Newest22 November 2026, 14:01 UTC")
    assert answer.page.xpath("//li[@class='shelf']//a/@href") == ["/more/", "/news/"]
    assert headlines(answer)[:4] == [
        "Lights are back in the east, and stay",
        "Школа під землею",
        "Lights are back in the east",
        "Report 0",
    ]


def test_an_archive_that_holds_nothing_says_how_to_begin(tmp_path: Path) -> None:
    answer = get(tmp_path / "none", "/")
    assert answer.status == 200
    assert "archiver init news" in answer.text and "archiver capture -c news" in answer.text
    assert not (tmp_path / "none").exists()
    Root(tmp_path).create("news", "News", agent="test/1")
    assert "archiver capture -c news" in get(tmp_path, "/").text
    assert "archiver capture -c news" in get(tmp_path, "/news/").text


def test_a_card_keeps_the_three_dates_apart(root: Path) -> None:
    (card, *_) = get(root, "/news/").page.xpath("//article")
    told = " ".join(card.text_content().split())
    for words in (
        "Energy",
        "The Dnipro Courier",
        "By Olena Kovalenko",
        "Published 20 November 2026, 07:30 +02:00",
        "Captured 22 November 2026, 14:01 UTC",
        "ok: The article was captured",
        "replays well",
        "3 captures",
    ):
        assert words in told
    (picture,) = card.xpath(".//img")
    assert picture.get("src").endswith("/thumbnail")
    assert (picture.get("loading"), picture.get("width"), picture.get("height")) == ("lazy", "320", "200")
    assert get(root, "/news/").page.xpath("//h2/a/@lang")[:2] == ["en", "uk"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("date=published&from=2026-11-20&to=2026-11-21", "published-after:2026-11-20 published-before:2026-11-22"),
        ("q=grid+published-after:2020&date=published&to=2026-11-21", "grid published-before:2026-11-22"),
        (
            "q=grid+published-after:2020&date=captured&from=2026-11-21",
            "grid published-after:2020 captured-after:2026-11-21",
        ),
        ("q=grid&date=captured&from=soon&to=9999-12-31", "grid"),
        ("q=grid&date=verdict&from=2026-11-21", "grid"),
        ("q=grid++held&from=2026-11-21", "grid++held"),
    ],
)
def test_two_days_become_a_part_of_the_query(asked: str, words: str) -> None:
    assert Asked.of("/news/", QueryParams(asked)).words == words.replace("++", "  ")


def test_the_form_of_two_days_narrows_what_is_listed(root: Path) -> None:
    page = get(root, "/news/?language=en").page
    (form,) = page.xpath("//form[@class='range']")
    assert {one.get("name") for one in form.xpath(".//input | .//select")} == {"language", "date", "from", "to"}
    assert form.xpath("//select[@name='date']/option/@value") == list(DATES)
    whole = headlines(get(root, "/news/"))
    one = headlines(get(root, "/news/?date=published&from=2026-11-20&to=2026-11-20"))
    assert one and set(one) < set(whole)
    assert headlines(get(root, "/news/?date=published&from=2027-01-01")) == []


def test_every_facet_leads_to_as_many_articles_as_it_says(root: Path) -> None:
    """Also those whose value is anything but a word: it is a parameter of its own, never a part of the query."""
    whole = get(root, "/news/")
    assert {name: count for name, (count, _) in choices(whole, "verdict").items()} == {
        "partial": 2,
        "not-found": 1,
        "ok": 1,
    }
    assert {label: count for label, (count, _) in choices(whole, "language").items()} == {"English": 2, "Ukrainian": 1}
    assert {label: count for label, (count, _) in choices(whole, "qa").items()} == {
        "not checked": 3,
        "replays badly": 1,
        "replays well": 1,
    }
    tried = 0
    for facet in ("author", "section", "language", "published", "captured", "verdict", "qa"):
        for label, (count, address) in choices(whole, facet).items():
            narrowed = get(root, address)
            assert len(headlines(narrowed)) == count, address
            (chip, *_) = narrowed.page.xpath("//ul[@class='chips']/li/a")
            assert label in chip.text_content()
            assert chip.get("href") == "/news/"
            tried += 1
    assert tried > 10
    assert dict(parse_qsl(urlsplit(choices(whole, "author")[NASTY][1]).query)) == {"author": NASTY}


def test_facets_words_and_order_combine(root: Path) -> None:
    answer = get(root, "/?q=report&outlet=Daily&captured=2026-10&sort=oldest")
    assert headlines(answer)[0] == "Report 19" and len(headlines(answer)) == 8
    assert [one.get("href") for one in answer.page.xpath("//ul[@class='chips']/li/a")] == [
        "/?outlet=Daily&captured=2026-10&sort=oldest",
        "/?q=report&captured=2026-10&sort=oldest",
        "/?q=report&outlet=Daily&sort=oldest",
        "/",
    ]
    hidden = answer.page.xpath("//form[@role='search']//input[@type='hidden']")
    assert {one.get("name"): one.get("value") for one in hidden} == {
        "outlet": "Daily",
        "captured": "2026-10",
        "sort": "oldest",
    }
    days = choices(answer, "captured")
    assert "31 October 2026" in days and len(headlines(get(root, days["31 October 2026"][1]))) == 1
    assert choices(answer, "collection") == {"Many": (8, "/more/?q=report&outlet=Daily&captured=2026-10&sort=oldest")}


def test_search_marks_what_was_looked_for(root: Path) -> None:
    answer = get(root, f"/news/?q={quote('УРОК')}")
    assert headlines(answer) == ["Школа під землею"]
    assert answer.page.xpath("//mark/text()") == ["урок"]
    assert answer.page.xpath("//input[@id='q']/@value") == ["УРОК"]
    nothing = get(root, "/?q=%3Cscript%3Ealert(1)%3C/script%3E")
    assert (nothing.status, nothing.page.xpath("//script")) == (200, [])
    assert "No article here is like that." in nothing.text
    wrong = get(root, "/news/?q=verdict:perfect")
    assert (wrong.status, "'perfect' is no verdict." in wrong.text) == (400, True)
    assert wrong.page.xpath("//main//p[@class='empty']/a/@href") == ["/news/"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("", (0, 1, 2)),
        ("oldest", (2, 1, 0)),
        ("headline", (2, 0, 1)),
        ("nonsense", (0, 1, 2)),
    ],
)
def test_lists_are_in_the_order_that_was_asked_for(root: Path, sort: str, order: tuple[int, ...]) -> None:
    newest = ["Lights are back in the east, and stay", "Школа під землею", "Lights are back in the east"]
    assert headlines(get(root, f"/news/?sort={sort}")) == [newest[place] for place in order]
    assert headlines(get(root, "/news/?sort=published"))[-1] == "Школа під землею"


def test_all_articles_are_reached_by_turning_pages(root: Path) -> None:
    address, found = "/?sort=captured", []
    while address:
        answer = get(root, address)
        found += headlines(answer)
        assert answer.page.xpath("//nav[@aria-label='Pages']//a[@aria-current='page']/@href") == [address]
        address = next(iter(answer.page.xpath("//a[@rel='next']/@href")), "")
    assert len(found) == len(set(found)) == 23
    assert "23 articles, 25 captures · page 2 of 2" in answer.text
    assert answer.page.xpath("//a[@rel='prev']/@href") == ["/?sort=captured"]


@pytest.mark.parametrize("page", ["3", "99", "9" * 30, "9" * 5000])
def test_a_page_behind_the_last_leads_to_the_last(root: Path, page: str) -> None:
    answer = get(root, f"/?page={page}")
    assert (answer.status, answer.headers["location"]) == (303, "/?sort=captured&page=2")


@pytest.mark.parametrize("page", ["0", "-1", "x", "²", "1.5"])
def test_what_is_no_page_is_the_first(root: Path, page: str) -> None:
    assert len(headlines(get(root, f"/more/?page={quote(page)}"))) == PER_PAGE


def test_bars_over_time_have_a_table_beside_them(root: Path) -> None:
    answer = get(root, "/news/")
    bars = answer.page.xpath("//svg[@class='bars']/a")
    assert [" ".join(one.text_content().split()) for one in bars] == [
        "20 November 2026: 1",
        "21 November 2026: 1",
        "22 November 2026: 3",
    ]
    assert {one.get("tabindex") for one in bars} == {"-1"}
    assert answer.page.xpath("//svg[@class='bars']/@aria-hidden") == ["true"]
    rows = [[cell.text_content() for cell in row] for row in answer.page.xpath("//tbody/tr")]
    assert rows[0] == ["22 November 2026", "3"]
    links = answer.page.xpath("//tbody//a/@href")
    assert links == ["/news/?captured=2026-11-22", "/news/?captured=2026-11-21", "/news/?captured=2026-11-20"]
    assert "3 captures" not in get(root, links[1]).text


def test_captures_without_a_headline_or_a_publisher_read_well(tmp_path: Path) -> None:
    collection = Root(tmp_path).create("theirs", "Theirs", agent="test/1")
    bare = Invented("https://www.old.example/a/1", headline="", author="", publisher="", section="", published="")
    add(collection, Invented(**{**vars(bare), "language": "", "description": ""}))
    (card,) = get(tmp_path, "/theirs/").page.xpath("//article")
    told = " ".join(card.text_content().split())
    assert told.startswith("O old.example ") and " Captured 22 November 2026, 14:01 UTC " in told
    assert card.xpath(".//@lang") == []


def thumbnail_address(root: Path) -> str:
    (address,) = get(root, "/news/").page.xpath("//img/@src")
    return str(address)


def test_a_thumbnail_is_read_from_the_warc_and_kept(root: Path) -> None:
    address = thumbnail_address(root)
    for _ in range(2):
        answer = get(root, address)
        assert (answer.status, answer.headers["content-type"], answer.body) == (200, "image/jpeg", jpeg())
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"
    (kept,) = (root / "news/derived/thumbnails").rglob("*Z-*")
    kept.write_bytes(b"<html>no picture")
    assert get(root, address).status == 404
    kept.unlink()
    assert get(root, address).body == jpeg()
    bare = get(root, "/more/").page.xpath("//h2/a/@href")[0]
    assert get(root, f"{bare}/thumbnail").status == 404


@pytest.mark.parametrize("content", [b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>", b"<html>", b"GIF89a"])
def test_a_thumbnail_that_is_no_picture_is_not_given_out(tmp_path: Path, content: bytes) -> None:
    made = add(Root(tmp_path).create("news", "N", agent="test/1"), Invented(POWER, thumbnail=content))
    assert get(tmp_path, f"/news/{made.capture_id}/thumbnail").status == 404
    assert not (tmp_path / "news/derived/thumbnails").exists()


def test_where_the_warc_is_elsewhere_replay_gives_the_thumbnail(tmp_path: Path) -> None:
    made = add(Root(tmp_path).create("news", "N", agent="test/1"), Invented(POWER, thumbnail=jpeg()))
    assert made.warc
    (tmp_path / "news" / made.warc).unlink()
    answer = get(tmp_path, f"/news/{made.capture_id}/thumbnail")
    assert answer.status == 307
    assert answer.headers["location"] == f"{REPLAY}/news/20261122140115id_/urn:thumbnail:{POWER}"


def test_no_thumbnail_outlives_its_capture(tmp_path: Path) -> None:
    collection = Root(tmp_path).create("news", "N", agent="test/1")
    made = add(collection, Invented(POWER, thumbnail=jpeg()))
    assert made.capture_id
    address = f"/news/{made.capture_id}/thumbnail"
    assert get(tmp_path, address).status == 200
    (chosen,) = plan([collection], [made.capture_id])
    list(erase(chosen, Request.of("personal-data", "N. N.", None), silent))
    assert get(tmp_path, address).status == 404
    assert list((tmp_path / "news").rglob("thumbnails/**/*Z-*")) == []


@pytest.mark.parametrize("capture", ["..", "%2e%2e", "catalogue.sqlite", "20261122T140112Z-aaaaaaaaaa"])
def test_only_captures_have_thumbnails(root: Path, capture: str) -> None:
    assert get(root, f"/news/{capture}/thumbnail").status == 404
