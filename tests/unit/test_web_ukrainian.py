"""Every page in Ukrainian, of articles in Ukrainian: no sentence of ours is left in English, whatever goes wrong."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archiver.access import Wish, restrict, targets
from archiver.catalogue import open_catalogue
from archiver.collection import Root
from archiver.qa.storing import save
from browsing import Answer, get
from judged import a_result
from stockroom import Invented, add

POWER = "https://kurier.example/svitlo"
STORY = Invented(
    POWER, "Світло повернулося", "Олена Коваленко", "Кур’єр", "Енергетика", language="uk",
    description="Дві лінії з трьох працюють.", text="Мережа витримала.\nБригади працювали всю ніч.",
    missing=("https://video.example/film.mp4",),
)  # fmt: skip
CLOSED = {
    "takedown": {"reason": "Рішення суду", "basis": "court-order"},
    "reading-room": {},
    "embargo": {"until": "2999-01-01"},
}
THREE_WORDS = re.compile(r"(?:\b[A-Za-z][a-z’']*[:;]? ){2}[A-Za-z][a-z’']+")
OTHERS = (
    "ancestor-or-self::*[self::script or self::code or self::pre or self::textarea or (@lang='en' and not(self::html)) "
    "or contains(@class, 'address') or contains(@class, 'small')]"
)
"""What is not said by us, or is marked as English: the words of programs, addresses, forms to be copied."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page in two captures, one that is closed in each way, one whose sidecar is damaged, and an empty collection."""
    path = tmp_path_factory.mktemp("ukrainian")
    news = Root(path).create("news", "Новини", agent="test/1")
    Root(path).create("empty", "Порожня", agent="test/1")
    first = add(news, STORY)
    add(news, replace(STORY, headline="Світло є", days=1, text="Ні."))
    save(news, a_result(first.capture_id, "fail"), {})
    for day, (access, told) in enumerate(CLOSED.items(), 2):
        closed = replace(STORY, url=f"{POWER}/{access}", days=day)
        restrict(news, Wish.of(access, "Марія", **told), targets([add(news, closed).capture_id]))
    get(path, "/")
    damaged = add(news, replace(STORY, url=f"{POWER}/damaged", days=9))
    get(path, "/")
    assert damaged.sidecar
    news.local(damaged.sidecar).write_text("{")
    return path


@pytest.fixture(scope="module")
def places(root: Path) -> dict[str, int]:
    """Addresses, and the status that each answers with."""
    with open_catalogue(Root(root).collection("news")) as catalogue:
        known = {row.final_url.removeprefix(POWER): row.id for row in catalogue.captures()}
        first, second = (row.id for row in catalogue.versions(POWER))
    here = f"/news/{first}"
    shown = ("/", "/empty/", "/news/", "/?sort=captured", "/news/?q=мережа&sort=headline&published=2026", "/news/?q=zz")
    pages = (
        here,
        f"{here}/replay",
        f"{here}/resources",
        f"{here}/compare/{second}",
        f"{here}/compare/{second}?view=one",
    )
    told = dict.fromkeys((*shown, *pages, f"/news/{second}/qa", "/-/api"), 200)
    told |= dict.fromkeys(("/none/", "/news/x", f"{here}/files/none", f"{here}/qa", "/-/nothing"), 404)
    told |= dict.fromkeys(("/?q=after:soon", "/news/?q=qa:perfect", '/news/?q="open', "/?q=-", "/?q=a OR b"), 400)
    told |= {f"/news/{known['/takedown']}": 451, f"/news/{known['/embargo']}": 403, f"/news/{known['/damaged']}": 500}
    return told | {f"/news/{known['/reading-room']}": 403}


def left(answer: Answer) -> Iterator[str]:
    """Runs of three words in Latin letters among what is read or read out."""
    kinds = ("text()", "@aria-label", "@title", "@alt", "@placeholder")
    texts = answer.page.xpath(" | ".join(f"//*[not({OTHERS})]/{kind}" for kind in kinds))
    yield from (found[0] for text in texts for found in THREE_WORDS.finditer(" ".join(text.split())))


def test_no_page_has_a_sentence_in_english(root: Path, places: dict[str, int]) -> None:
    for place, status in places.items():
        answer = get(root, place, headers={"accept-language": "uk"})
        assert (place, answer.status, list(left(answer))) == (place, status, [])
        assert answer.page.get("lang") == "uk"


def test_the_same_pages_are_full_of_it_in_english(root: Path, places: dict[str, int]) -> None:
    """What finds nothing above does find something."""
    for place in places:
        assert list(left(get(root, place, headers={"accept-language": "en"}))), place


@pytest.mark.parametrize("place", ["/", "/news/", "/none/"])
def test_what_cannot_be_done_is_told_in_ukrainian(root: Path, place: str) -> None:
    answer = get(root, place, headers={"accept-language": "uk"}, method="POST")
    assert (answer.status, list(left(answer))) == (405, [])
