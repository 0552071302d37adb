"""One capture's pages: what they tell and whence, how it changed, what can be taken away, and how it is cited."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import pytest
import rispy
from citeproc.source.json import CiteProcJSON
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from archiver.access import Reader, Wish, restrict, targets
from archiver.capture import Terms, capture_url
from archiver.catalogue import Row, open_catalogue, parse
from archiver.collection import Root
from archiver.editing import Signature, edit, wishes_as_typed
from archiver.fixity import LOCAL, Fixity
from archiver.model import Item, Limits, PageInfo, Resource, new_body
from archiver.package import import_warc
from archiver.proof import Keyring, sign_collection
from archiver.sidecar import Sidecar
from archiver.validate import validate_file
from archiver.web import cards, downloads, visit
from archiver.web.cards import Card
from archiver.web.citing import citation
from archiver.web.history import EVENTS, history
from archiver.web.site import Site
from archiver.web.timeline import timeline
from browsing import ORIGIN, REPLAY, get
from material import PAGE, answer
from material import Site as Served
from stockroom import Invented, Inventor, add

POWER = "https://courier.example/power"
PNG = b"\x89PNG\r\n\x1a\n and the rest of a picture"
"""What begins as a picture does; nobody draws it here."""


class Painter(Inventor):
    """An engine that takes pictures of its page, too."""

    def capture(self, url: str, limits: Limits) -> Iterator[Item]:
        """The same, with a picture of the window and of the whole page."""
        for item in super().capture(url, limits):
            if isinstance(item, PageInfo):
                kinds: tuple[Literal["view", "fullPage"], ...] = ("view", "fullPage")
                for name in kinds:
                    yield Resource(name, url, "text/html", new_body(PNG + name.encode()), self.article.at)
            yield item


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One page in four captures: twice the same, then another headline, then another text."""
    path = tmp_path_factory.mktemp("article")
    news = Root(path).create("news", "The Dnipro Courier", agent="test/1")
    first = "The grid held.\nCrews worked all night."
    add(news, Invented(POWER, days=-3, text=first))
    add(news, Invented(POWER, days=-2, text=first))
    add(news, Invented(POWER, days=-1, text=first, headline="Lights are back, & stay"))
    painted = Invented(POWER, text="The grid fell.", headline="Lights are back, & stay")
    painted = replace(painted, missing=("https://video.example/film.mp4",))
    capture_url(POWER, news, Painter(painted), Terms())
    return path


@pytest.fixture(scope="module")
def captures(root: Path) -> list[str]:
    """Their ids, oldest capture first."""
    with open_catalogue(Root(root).collection("news")) as catalogue:
        return [row.id for row in reversed(catalogue.captures())]


def test_the_article_comes_first_and_replay_is_one_way_in(root: Path, captures: list[str]) -> None:
    answer = get(root, f"/news/{captures[-1]}")
    assert answer.page.xpath("//h1")[0].text_content() == "Lights are back, & stay"
    assert answer.page.xpath("//a[@class='main-way']/@href") == [f"/news/{captures[-1]}/replay"]
    assert answer.page.xpath("//iframe | //script") == []
    (timemap,) = set(answer.page.xpath("//*[@rel='timemap']/@href | //a[text()='TimeMap']/@href"))
    assert timemap.endswith(f"/news/timemap/link/{POWER}")
    assert answer.page.xpath("//link[@rel='timegate']/@href")[0].endswith(f"/news/timegate/{POWER}")
    dates = {
        div.xpath("dt")[0].text_content(): " ".join(div.xpath("dd")[0].text_content().split())
        for div in answer.page.xpath("//section[@class='dates']//div")
    }
    assert dates == {
        "Published": "20 November 2026, 07:30 +02:00says the publisher",
        "Changed": "not told",
        "Captured": "22 November 2026, 14:01 UTCby the archive’s clock",
    }
    assert "something that its site served was not recorded" in answer.text
    assert "https://video.example/film.mp4" in answer.text and "Too long" in answer.text


def test_changes_are_marked_and_neighbours_can_be_compared(root: Path, captures: list[str]) -> None:
    page = get(root, f"/news/{captures[1]}").page
    marks = [one.text_content() for one in page.xpath("//ol[@class='versions']//span[@class='change']")]
    assert marks == ["text changed", "headline changed", "nothing changed", "the first capture"]
    assert page.xpath("//ol[@class='versions']//a[@class='compare']/@href") == [
        f"/news/{before}/compare/{after}" for before, after in reversed(list(pairwise(captures)))
    ]
    assert page.xpath("//ol[@class='versions']//a[@aria-current='page']/@href") == [f"/news/{captures[1]}"]
    assert len(page.xpath("//div[@class='line']//*[@class='now']")) == 1


def cards_of(*told: tuple[str, str]) -> list[Card]:
    """Cards of captures, newest first, each with its headline and its moment."""
    some: dict[str, Any] = {field.name: "" for field in fields(Row)} | {"access": "open"}
    rows = [Row(**some | {"id": str(n), "headline": one, "captured_at": at}) for n, (one, at) in enumerate(told)]
    return [Card("news", row, len(rows)) for row in rows]


def test_many_captures_without_change_are_one_run() -> None:
    times = [f"2026-11-{day:02}T00:00:00Z" for day in range(9, 0, -1)]
    headlines = ["B", "B", "A", "A", "A", "A", "A", "A", "A"]
    found = timeline(cards_of(*zip(headlines, times, strict=True)), lambda _id: "text", whole=True)
    assert [len(run) for run in found.runs] == [2, 7]
    assert [run[-1].change for run in found.runs] == ["headline", "first"]
    assert [one.place for one in found.versions] == [1000, 875, 750, 625, 500, 375, 250, 125, 0]


def test_what_is_not_known_is_not_said_to_be_equal() -> None:
    both = cards_of(("A", "2026-11-02T00:00:00Z"), ("A", "2026-11-01T00:00:00Z"))
    texts = {"0": "text", "1": ""}
    assert [one.change for one in timeline(both, texts.__getitem__, whole=False).versions] == ["unknown", "unknown"]


def test_a_long_row_of_captures_is_cut_round_the_one_that_is_shown(
    root: Path, captures: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cards, "AROUND", 1)
    shown = cards.article(root, Reader(), "news", captures[1], REPLAY)
    assert [one.row.id for one in shown.versions] == captures[2::-1]
    assert shown.card.versions == 4
    assert (shown.neighbour(1) or shown.card).row.id == captures[2]
    answer = get(root, f"/news/{captures[1]}")
    assert "Only those nearest in time to this one are shown." in answer.text
    assert answer.page.xpath("//span[@class='change']")[-1].text_content() != "nothing changed"


def test_the_oldest_has_no_earlier_neighbour(root: Path, captures: list[str]) -> None:
    shown = cards.article(root, Reader(), "news", captures[0], REPLAY)
    assert shown.neighbour(-1) is None
    page = get(root, f"/news/{captures[0]}/replay").page
    assert page.xpath("//a[@rel='prev']") == []
    assert page.xpath("//a[@rel='next']/@href") == [f"/news/{captures[1]}/replay"]


def test_every_value_is_told_with_its_sources_and_rivals(root: Path, captures: list[str], tmp_path: Path) -> None:
    news = Root(tmp_path).create("news", "News", agent="test/1")
    identity = add(news, Invented(POWER)).capture_id or ""
    wishes = wishes_as_typed(identity, ["headline=Lights <b>return</b>"], Signature("Olha", "a slip of the pen"))
    edit(news, wishes)
    page = get(tmp_path, f"/news/{identity}").page
    (field,) = page.xpath("//dl[@class='fields']/dd[1]")
    assert field.xpath("span[@class='said']")[0].text_content() == "Lights <b>return</b>"
    assert field.xpath("span[@class='by-hand']")[0].text_content() == "set by a person"
    told = [" ".join(one.text_content().split()) for one in field.xpath(".//li")]
    assert told[0].startswith("by a person Olha, ") and told[0].endswith("because: a slip of the pen")
    (rival,) = [one for one in told if "JSON-LD" in one]
    assert rival.startswith("another value: Lights are back in the east in the page’s JSON-LD ld+json[0]$.headline")


def test_what_a_person_says_is_not_there_is_told_so(tmp_path: Path) -> None:
    news = Root(tmp_path).create("news", "News", agent="test/1")
    identity = add(news, Invented(POWER)).capture_id or ""
    edit(news, wishes_as_typed(identity, ["articleSection="], Signature("Olha", "there are none")))
    page = get(tmp_path, f"/news/{identity}").page
    names = [one.text_content() for one in page.xpath("//dl[@class='fields']/dt")]
    (said,) = page.xpath(f"//dl[@class='fields']/dd[{names.index('Section') + 1}]/span[@class='said']")
    assert said.text_content() == "none"


def test_what_was_fetched_is_summed_and_listed(root: Path, captures: list[str]) -> None:
    page = get(root, f"/news/{captures[-1]}").page
    sums = {row.xpath("th")[0].text: [cell.text for cell in row.xpath("td")] for row in page.xpath("//tbody/tr[th]")}
    assert sums["image"] == ["1", "0 B", "1"]
    lost = page.xpath("//tr[@class='lost']")[0].text_content()
    assert "https://video.example/film.mp4" in lost and "Too long" in lost
    assert get(root, f"/news/{captures[-1]}/resources").status == 200
    for page_number in ("0", "2", "x", "²", "9" * 30):
        assert get(root, f"/news/{captures[-1]}/resources?page={page_number}").status == 404


def test_all_requests_are_reached(root: Path, captures: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archiver.web.fetched.PER_PAGE", 1)
    found = [get(root, f"/news/{captures[-1]}/resources?page={n}").page.xpath("//td[1]")[0].text for n in (1, 2)]
    assert set(found) == {POWER, "https://video.example/film.mp4"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NOTE = st.fixed_dictionaries(
    {"url": JSON},
    optional=dict.fromkeys(("type", "method", "status", "started", "recorded", "why", "bytes"), JSON),
)


@given(st.fixed_dictionaries({"requests": st.lists(NOTE | JSON, max_size=4) | JSON, "urls": JSON}) | JSON)
def test_a_protocol_may_say_anything(told: Any) -> None:
    fetches = list(visit._fetches(told, "2026-11-22T14:01:12Z")) if isinstance(told, dict) else []
    seen = visit.Visit(fetches)
    assert sum(one.count for one in seen.sums) == len(fetches)
    assert seen.offset is None or seen.offset >= 0
    assert all(isinstance(one.url, str) and len(one.type) <= 500 for one in fetches)


def test_a_protocol_of_browsertrix_is_read() -> None:
    told = {"urls": {"https://a.example/": {"status": 200, "mime": "text/html", "type": "document"}}}
    (one,) = visit._fetches(told, "2026-11-22T14:01:12Z")
    assert (one.url, one.type, one.status, one.after) == ("https://a.example/", "document", 200, None)


def test_parts_far_from_the_page_are_told() -> None:
    told = {
        "requests": [
            {"url": "a", "type": "document", "started": "2026-11-22T14:01:12Z", "recorded": True},
            {"url": "b", "type": "image", "started": "2026-11-22T17:01:12Z", "recorded": True},
            {"url": "c", "type": "image", "started": "2026-12-22T17:01:12Z", "recorded": False},
            {"url": "d", "type": "robots", "started": "2020-12-22T17:01:12Z", "recorded": True},
        ]
    }
    assert visit.Visit(list(visit._fetches(told, "2026-11-22T14:01:12Z"))).offset == 3 * 3600


def test_the_screenshot_is_the_record_and_a_picture_by_its_bytes(root: Path, captures: list[str]) -> None:
    for query, name in (("", b"view"), ("?full=1", b"fullPage")):
        answer = get(root, f"/news/{captures[-1]}/screenshot{query}")
        assert (answer.status, answer.headers["content-type"], answer.body) == (200, "image/png", PNG + name)
    assert get(root, f"/news/{captures[0]}/screenshot").status == 404


def test_what_only_calls_itself_a_picture_is_not_given(tmp_path: Path) -> None:
    class Liar(Painter):
        def capture(self, url: str, limits: Limits) -> Iterator[Item]:
            for item in super().capture(url, limits):
                if isinstance(item, Resource) and item.name == "view":
                    item.body.close()
                    item = replace(item, media_type="image/png", body=new_body(b"<script>"))
                yield item

    news = Root(tmp_path).create("news", "News", agent="test/1")
    identity = capture_url(POWER, news, Liar(Invented(POWER)), Terms()).capture_id
    assert get(tmp_path, f"/news/{identity}/screenshot").status == 404


def test_the_text_is_plain(root: Path, captures: list[str]) -> None:
    answer = get(root, f"/news/{captures[0]}/text")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "Crews worked all night." in answer.body.decode()
    shown = get(root, f"/news/{captures[0]}").page.xpath("//div[@class='words']")
    assert "The grid held." in shown[0].text_content() and shown[0].get("lang") == "en"


def test_the_ledger_and_the_files_are_told(root: Path, captures: list[str]) -> None:
    page = get(root, f"/news/{captures[0]}").page
    (event,) = page.xpath("//ol[@class='events']/li")
    assert " ".join(event.text_content().split()).startswith("Captured ")
    kept = [" ".join(one.text_content().split()) for one in page.xpath("//ul[@class='kept']/li")]
    assert [one.split(".")[1] for one in kept] == ["warc", f"r1-{kept[1].split('.r1-')[1][:12]}"]
    with open_catalogue(Root(root).collection("news")) as catalogue:
        row = catalogue.capture(captures[0])
        assert row
        assert all(file.sha256 in kept[n] for n, file in enumerate(catalogue.files(row)))
    assert all("not been compared here yet" in one for one in kept)


def test_who_signed_and_what_was_compared_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    news = Root(tmp_path / "root").create("news", "News", agent="test/1")
    identity = add(news, Invented(POWER)).capture_id
    ring = Keyring()
    key = ring.new("Olha Kovalenko")
    sign_collection(news, ring, key, ring.open(key, lambda _: ""))
    later = add(news, Invented(POWER, days=1)).capture_id
    with open_catalogue(news) as catalogue:
        paths = [file.path for row in catalogue.captures() if row.id == identity for file in catalogue.files(row)]
    Fixity(news.state, news.name).note_read(LOCAL, paths, "2026-11-29T10:00:00Z")
    told = {one: get(tmp_path / "root", f"/news/{one}").text for one in (identity, later)}
    assert "signed by Olha Kovalenko" in told[identity]
    assert "No signature covers it yet" in told[later]
    assert told[identity].count("all bytes last read and compared on 29 November 2026, 10:00 UTC") == 2
    assert "all bytes last read" not in told[later]


def test_a_damaged_ledger_is_told_and_hides_nothing_else(tmp_path: Path) -> None:
    news = Root(tmp_path).create("news", "News", agent="test/1")
    captured = add(news, Invented(POWER))
    assert get(tmp_path, f"/news/{captured.capture_id}").status == 200
    with open_catalogue(news) as catalogue:
        row = catalogue.capture(captured.capture_id or "")
        assert row
        (path,) = news.path.glob("ledger/*/open.jsonl")
        path.write_bytes(path.read_bytes() + b'{"' + row.id.encode() + b'"}\n')
        found = history(news, catalogue, row)
    assert "this is no ledger line" in found.complaint
    assert len(found.files) == 2


def test_events_have_names_of_premis_types() -> None:
    assert all(name == name.lower() for name in EVENTS)
    assert all(text[:1].isupper() for text in EVENTS.values())


# The frame


def test_replay_stands_under_a_banner_of_ours(root: Path, captures: list[str]) -> None:
    answer = get(root, f"/news/{captures[2]}/replay")
    (frame,) = answer.page.xpath("//iframe")
    assert frame.get("src") == f"{REPLAY}/news/20261121140112mp_/{POWER}"
    assert frame.get("sandbox") == "allow-scripts allow-forms allow-same-origin"
    assert (frame.get("name"), frame.get("referrerpolicy")) == ("___wb_replay_top_frame", "no-referrer")
    assert frame.get("title") == "Archived page: Lights are back, & stay"
    banner = " ".join(answer.page.xpath("//header")[0].text_content().split())
    for words in (
        "Archived copy",
        "The Dnipro Courier",
        "Captured 21 November 2026, 14:01 UTC",
        "partial: The article was captured",
        "Lights are back, & stay",
        "All parts within 1 second of the page.",
    ):
        assert words in banner
    links = answer.page.xpath("//header//nav//a/@href")
    around = [f"/news/{captures[1]}/replay", f"/news/{captures[3]}/replay"]
    assert links == [f"/news/{captures[2]}", *around, f"/news/{captures[1]}/compare/{captures[2]}"]
    assert answer.page.find(".//title").text.startswith("Archived copy: Lights are back, & stay")


def test_what_was_opened_alone_is_shown_in_the_frame_of_its_capture(root: Path, captures: list[str]) -> None:
    answer = get(root, f"/-/replay?in=news&at=20261121140112&url={quote(POWER, safe='')}")
    assert (answer.status, answer.headers["location"]) == (303, f"/news/{captures[2]}/replay")


def test_what_is_the_page_of_no_capture_is_shown_in_a_frame_of_its_own(root: Path, captures: list[str]) -> None:
    for url, at in ((POWER, "20261121140113"), ("https://x.example/?a=1&b='\"><script>", "20261121140112")):
        answer = get(root, f"/-/replay?in=news&at={at}&url={quote(url, safe='')}")
        (frame,) = answer.page.xpath("//iframe")
        assert (answer.status, frame.get("src")) == (200, f"{REPLAY}/news/{at}mp_/{url}")
        assert frame.get("sandbox") == "allow-scripts allow-forms allow-same-origin"
        assert answer.page.xpath("string(//h1)") == url
        assert "No capture of that time is of this address itself." in answer.text
        assert answer.page.xpath("//script[not(@src)]") == []


def test_a_folder_that_is_no_collection_is_framed_all_the_same(root: Path) -> None:
    for name in ("nope", "..", "a/b", '"><script>'):
        answer = get(root, f"/-/replay?in={quote(name, safe='')}&at=20261121140112&url={quote(POWER, safe='')}")
        (frame,) = answer.page.xpath("//iframe")
        assert frame.get("src") == f"{REPLAY}/{quote(name, safe='')}/20261121140112mp_/{POWER}"
        assert answer.page.xpath("//nav//a") == []


@pytest.mark.parametrize("asked", ["", "at=2026", "at=20261321140112&url=x", "at=../../x&url=x", "at=2026112114011२"])
def test_a_time_that_is_none_is_shown_nowhere(root: Path, asked: str) -> None:
    assert get(root, f"/-/replay?in=news&{quote(asked, safe='=&')}").status == 404


def test_the_banner_speaks_ukrainian(root: Path, captures: list[str]) -> None:
    answer = get(root, f"/news/{captures[2]}/replay?lang=uk")
    assert answer.page.get("lang") == "uk"
    assert "Архівна копія" in answer.text
    assert "Усі частини отримано щонайбільше за 1 секунду до сторінки або після неї." in answer.text


def test_where_no_page_came_nothing_is_framed(root: Path, captures: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards.Article, "page", "")
    answer = get(root, f"/news/{captures[0]}/replay")
    assert answer.page.xpath("//iframe") == []
    assert "No page came that could be shown" in answer.text
    article = get(root, f"/news/{captures[0]}")
    assert article.page.xpath("//a[@class='main-way'] | //a[contains(@href, 'robust-link')]") == []


# What can be taken away


def test_the_files_are_the_files(root: Path, captures: list[str]) -> None:
    collection = Root(root).collection("news")
    sidecar = collection.sidecar(captures[0])
    assert sidecar
    warc = get(root, f"/news/{captures[0]}/files/warc")
    assert warc.body == collection.local(sidecar.warc_file).read_bytes()
    assert warc.headers["content-type"] == "application/warc"
    assert warc.headers["content-disposition"] == f'attachment; filename="{captures[0]}.warc.gz"'
    told = get(root, f"/news/{captures[0]}/files/sidecar")
    assert (told.body, told.headers["content-type"]) == (sidecar.content, "application/json")
    assert get(root, f"/news/{captures[0]}/files/other").status == 404


def test_a_wacz_holds_the_capture_and_changes_nothing_here(
    root: Path, captures: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(downloads.tempfile, "tempdir", str(tmp_path / "temporary"))
    before = {path: path.read_bytes() for path in (root / "news").rglob("*") if path.is_file()}
    answer = get(root, f"/news/{captures[0]}/files/wacz")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/wacz")
    assert answer.headers["content-disposition"] == f'attachment; filename="{captures[0]}.wacz"'
    file = tmp_path / "one.wacz"
    file.write_bytes(answer.body)
    assert [one for one in validate_file(file) if one.level == "error"] == []
    with zipfile.ZipFile(file) as package:
        assert f"archive/{captures[0]}.warc.gz" in package.namelist()
        pages = package.read("pages/pages.jsonl").decode().splitlines()
        assert json.loads(pages[1])["id"] == captures[0] and len(pages) == 2
    assert {path: path.read_bytes() for path in (root / "news").rglob("*") if path.is_file()} == before
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_damaged_warc_is_no_wacz_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads.tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    news = Root(tmp_path / "root").create("news", "News", agent="test/1")
    captured = add(news, Invented(POWER))
    assert captured.warc
    news.local(captured.warc).write_bytes(b"other bytes")
    answer = get(tmp_path / "root", f"/news/{captured.capture_id}/files/wacz")
    assert answer.status == 500
    assert "has other bytes than the ledger says" in answer.text
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_file_that_is_elsewhere_is_not_offered(tmp_path: Path) -> None:
    news = Root(tmp_path).create("news", "News", agent="test/1")
    captured = add(news, Invented(POWER))
    assert get(tmp_path, f"/news/{captured.capture_id}").status == 200
    assert captured.warc
    news.local(captured.warc).unlink()
    answer = get(tmp_path, f"/news/{captured.capture_id}")
    assert "The WARC is not on this disk." in answer.text
    assert get(tmp_path, f"/news/{captured.capture_id}/files/warc").status == 404


def not_given(root: Path, capture: str) -> bool:
    """Whether the page says that its WARC is not given out, and none is."""
    told = "The WARC is not given out" in get(root, f"/news/{capture}").text
    states = {get(root, f"/news/{capture}/files/{kind}").status for kind in ("warc", "wacz")}
    assert states == ({403} if told else {200})
    return told


def test_a_warc_is_not_given_out_with_what_is_closed_in_it(tmp_path: Path, corpus: Path) -> None:
    collection = Root(tmp_path).create("news", "News", agent="test/1")
    import_warc(corpus / "warcs/pywb/example.warc.gz", collection)
    first, second = collection.captures()
    assert not not_given(tmp_path, first)
    restrict(collection, Wish("dark", "Olha"), targets([second]))
    assert not_given(tmp_path, first)
    assert get(tmp_path, f"/news/{second}/files/warc").status == 404


def test_a_rule_about_an_address_reaches_what_a_page_loads(tmp_path: Path) -> None:
    collection = Root(tmp_path).create("news", "News", agent="test/1")
    film = Invented(POWER, missing=("https://video.example/film.mp4",))
    with_film, without = (add(collection, one).capture_id or "" for one in (film, Invented(POWER)))
    assert not not_given(tmp_path, with_film)
    restrict(collection, Wish("takedown", "Olha", reason="asked for"), targets(urls=["https://video.example/film.mp4"]))
    assert [not_given(tmp_path, one) for one in (with_film, without)] == [True, False]


def test_a_wacz_takes_no_closed_capture_along(tmp_path: Path) -> None:
    collection = Root(tmp_path).create("news", "News", dedup=True, agent="test/1")
    terms = Terms(dedup="collection")
    first, second = (
        capture_url(PAGE, collection, Served(answer(), days=days), terms).capture_id or "" for days in (0, 1)
    )
    sidecar = collection.sidecar(second)
    assert sidecar and sidecar.requires == [first]
    assert not not_given(tmp_path, second)
    restrict(collection, Wish("dark", "Olha"), targets([first]))
    assert get(tmp_path, f"/news/{second}/files/wacz").status == 403
    assert get(tmp_path, f"/news/{second}/files/warc").status == 200


@pytest.mark.parametrize("language", ["en", "uk"])
def test_the_certificate_is_a_file_for_people(
    root: Path, captures: list[str], language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    answer = get(root, f"/news/{captures[0]}/files/certificate?lang={language}")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{captures[0]}-certificate.html"'
    assert answer.page.get("lang") == language


# Citation


def digest(root: Path, capture: str) -> str:
    sidecar = Root(root).collection("news").sidecar(capture)
    assert sidecar
    return str(sidecar.document["warc"]["records"]["main"]["payload_digest"])


def test_references_hold_the_id_the_digest_and_where_it_is(root: Path, captures: list[str]) -> None:
    answers = {form: get(root, f"/news/{captures[0]}/cite/{form}") for form in ("ris", "bibtex", "csl")}
    for form, ending in (("ris", "ris"), ("bibtex", "bib"), ("csl", "json")):
        told = answers[form].body.decode()
        assert captures[0] in told and digest(root, captures[0]) in told
        assert f"{ORIGIN}/news/{captures[0]}" in told
        assert answers[form].headers["content-disposition"] == f'attachment; filename="{captures[0]}.{ending}"'
    [ris] = rispy.loads(answers["ris"].body.decode())
    assert ris["title"] == "Lights are back in the east" and ris["urls"] == [POWER]
    csl = CiteProcJSON(json.loads(answers["csl"].body))[captures[0].lower()]
    assert str(csl.title) == "Lights are back in the east"
    assert get(root, f"/news/{captures[0]}/cite/apa").status == 404


def test_a_robust_link_says_where_and_when_it_was(root: Path, captures: list[str]) -> None:
    answer = get(root, f"/news/{captures[3]}/cite/robust-link")
    link = html.fragment_fromstring(answer.body.decode().strip())
    assert dict(link.attrib) == {
        "href": POWER,
        "data-originalurl": POWER,
        "data-versionurl": f"{REPLAY}/news/20261122140112mp_/{POWER}",
        "data-versiondate": "2026-11-22",
    }
    assert link.text == "Lights are back, & stay"


def test_what_is_copied_by_hand_can_be_selected_without_scripts(root: Path, captures: list[str]) -> None:
    page = get(root, f"/news/{captures[0]}").page
    boxes = {one.get("id"): one.text.strip() for one in page.xpath("//textarea[@readonly]")}
    assert boxes["cite-link"] == f"{ORIGIN}/news/{captures[0]}"
    assert boxes["cite-pwid"] == f"urn:pwid:127.0.0.1:2026-11-19T14:01:12Z:page:{POWER}"
    assert boxes["cite-text"] == (
        "Olena Kovalenko. Lights are back in the east. The Dnipro Courier, 20 November 2026. Archived copy, "
        f"19 November 2026, 14:01 UTC, {ORIGIN}/news/{captures[0]} ({captures[0]}; {digest(root, captures[0])})."
    )
    assert boxes["cite-robust"].startswith("<a href=")


# What is missing, damaged, foreign or hostile


def test_a_capture_by_others_says_what_it_has_not(tmp_path: Path, corpus: Path) -> None:
    collection = Root(tmp_path).create("news", "News", agent="test/1")
    import_warc(corpus / "warcs/pywb/example.warc.gz", collection)
    for identity in collection.captures():
        answer = get(tmp_path, f"/news/{identity}")
        assert answer.status == 200
        assert "No protocol of the visit is kept" in answer.text
        assert answer.page.xpath("//figure") == []
        assert "Taken in" in answer.text
        assert get(tmp_path, f"/news/{identity}/screenshot").status == 404
        assert get(tmp_path, f"/news/{identity}/resources").status == 404
        framed = get(tmp_path, f"/news/{identity}/replay")
        assert len(framed.page.xpath("//iframe")) == 1
        assert "All parts within" not in framed.text
        assert get(tmp_path, f"/news/{identity}/files/warc").status == 200


def test_the_text_of_a_page_that_others_captured_is_found_and_shown(tmp_path: Path, corpus: Path) -> None:
    collection = Root(tmp_path).create("news", "News", agent="test/1")
    import_warc(corpus / "warcs/pywb/example.warc.gz", collection)
    with open_catalogue(collection) as catalogue:
        [found] = catalogue.search(parse('"illustrative examples"'))
    answer = get(tmp_path, f"/news/{found.row.id}")
    assert "Text of the page" in answer.text and "Text of the article" not in answer.text
    assert "illustrative examples" in answer.text and "Nobody here watched the visit" in answer.text
    text = get(tmp_path, f"/news/{found.row.id}/text").body.decode()
    assert "illustrative examples" in text and "{" not in text  # no style is text
    told = json.loads(get(tmp_path, f"/-/api/captures/news/{found.row.id}/text").body)
    assert (told["kind"], "\n".join(told["paragraphs"])) == ("page", text.strip())


def test_claims_that_cannot_be_read_hide_nothing_else(tmp_path: Path) -> None:
    news = Root(tmp_path).create("news", "News", agent="test/1")
    captured = add(news, Invented(POWER))
    get(tmp_path, "/")
    assert captured.sidecar
    path = news.local(captured.sidecar)
    document = json.loads(path.read_bytes())
    document["assertions"][0]["method"] = "hearsay"
    path.write_text(json.dumps(document))
    answer = get(tmp_path, f"/news/{captured.capture_id}")
    assert answer.status == 200
    assert "What was claimed cannot be read" in answer.text
    assert "Lights are back" in answer.text


def test_a_damaged_warc_leaves_the_rest_of_the_page(tmp_path: Path) -> None:
    news = Root(tmp_path).create("news", "News", agent="test/1")
    captured = capture_url(POWER, news, Painter(Invented(POWER)), Terms())
    assert captured.warc
    path = news.local(captured.warc)
    path.write_bytes(bytes(len(path.read_bytes())))
    answer = get(tmp_path, f"/news/{captured.capture_id}")
    assert answer.status == 200
    assert "cannot be read here" in answer.text
    assert get(tmp_path, f"/news/{captured.capture_id}/screenshot").status == 404
    assert get(tmp_path, f"/news/{captured.capture_id}/replay").status == 200


HOSTILE = Invented(
    'https://evil.example/"><script>alert(1)</script>',
    headline='</title></textarea><script>alert(1)</script>"><img src=x onerror=alert(1)>{{ 7 * 7 }} {authors}',
    author='" onmouseover="alert(1)',
    publisher="</textarea><svg onload=alert(1)>",
    section="<!-- <iframe src=javascript:alert(1)>",
    description="]]><style>*{display:none}</style>{% raw %}",
    published="2026-11-21",
    text="</div><script>alert(1)</script>\n<img src=x onerror=alert(1)>",
    missing=("javascript:alert(1)", '"><script>alert(1)</script>'),
)


def test_hostile_captures_stay_text_on_every_page(tmp_path: Path) -> None:
    collection = Root(tmp_path).create("evil", "Evil", agent="test/1")
    identity = add(collection, HOSTILE).capture_id
    for place in ("", "/replay", "/resources"):
        answer = get(tmp_path, f"/evil/{identity}{place}")
        assert answer.status == 200
        page = answer.page
        strange = "//script[not(starts-with(@src, '/static/')) or node()] | //style | //svg//svg"
        assert page.xpath(f"{strange} | //*[@onerror] | //*[@onload] | //*[@onmouseover]") == []
        assert page.xpath("//iframe[not(@sandbox)]") == []
        assert all(one.startswith(("/", REPLAY, "?", "#")) for one in page.xpath("//@href | //@src"))
    told = get(tmp_path, f"/evil/{identity}/cite/robust-link").body.decode().strip()
    link = html.fragment_fromstring(told)
    assert len(link) == 0
    assert set(link.attrib) == {"href", "data-originalurl", "data-versionurl", "data-versiondate"}
    assert get(tmp_path, f"/evil/{identity}/text").headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("place", ["replay", "resources", "text", "screenshot", "files/warc", "cite/ris", "files/wacz"])
def test_what_is_not_there_is_404_everywhere(root: Path, place: str) -> None:
    for name, capture in (("news", "20261122T140112Z-aaaaaaaaaa"), ("none", "x"), ("..", "x")):
        assert get(root, f"/{name}/{capture}/{place}").status == 404


def test_an_address_breaks_out_of_no_robust_link(root: Path, captures: list[str]) -> None:
    shown = cards.article(root, Reader(), "news", captures[0], REPLAY)
    row = replace(shown.card.row, final_url='https://e.example/"><script>alert(1)</script>', headline="<b>&amp;")
    site = Site(root, app=ORIGIN, replay=REPLAY, reader=Reader())
    told = citation(site, replace(shown, card=replace(shown.card, row=row))).robust_link
    link = html.fragment_fromstring(told)
    assert (link.get("href"), link.get("data-originalurl"), len(link)) == (row.final_url, row.final_url, 0)
    assert link.text == "<b>&amp;"
    elsewhere = replace(shown.card, row=replace(row, final_url="javascript:alert(1)"))
    assert citation(site, replace(shown, card=elsewhere)).robust_link == ""


def test_only_the_very_record_that_is_named_is_read(root: Path, captures: list[str]) -> None:
    collection = Root(root).collection("news")
    sidecar = collection.sidecar(captures[0])
    assert sidecar
    document = json.loads(sidecar.content)
    document["warc"]["records"]["pageinfo"]["id"] = "urn:uuid:00000000-0000-4000-8000-000000000000"
    assert visit.visit(collection, sidecar)
    assert visit.visit(collection, Sidecar(document, b"")) is None
