"""Every page of the app, looked at: whole on phone and desk, by day and by night, in both languages, for everybody.

The pictures lie in `build/pictures/` afterwards. `make pictures` puts those of the documents into `docs/images/`.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from archiver.collection import Root
from archiver.replay import Replay
from conftest import Program
from looking import faults
from newsroom import Newsroom
from stockroom import Invented, add

pytestmark = [pytest.mark.browser, pytest.mark.servers]

IMAGES = Path(__file__).parents[2] / "docs" / "images"
PAGES = {
    "collections": "/",
    "collection": "/{name}/",
    "search": "/{name}/?q=pump",
    "nothing-found": "/{name}/?q=zeppelin",
    "article": "/{name}/{first}",
    "article-uk": "/{name}/{uk}",
    "resources": "/{name}/{first}/resources",
    "compare": "/{name}/{first}/compare/{second}",
    "replay": "/{name}/{first}/replay",
    "replay-alone": "/-/replay?in={name}&at=20261122140112&url=https://news.example/a/part/of/a/page",
    "qa": "/{name}/{first}/qa",
    "api": "/-/api",
    "takedown": "/{name}/{gone}",
    "held-back": "/held/",
    "not-found": "/{name}/20200101T000000Z-aaaaaaaaaa",
}
SHOWN = ("collection", "article", "compare", "replay", "qa")
"""Pages whose pictures the documents show."""


@dataclass(frozen=True)
class Archive:
    """An archive as a small newsroom's might be: an article in two versions and two languages, checked in replay."""

    app: str
    names: dict[str, str]

    def address(self, page: str) -> str:
        return self.app + PAGES[page].format(**self.names)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    program = Program(tmp_path_factory.mktemp("pictures") / "collections")
    assert program("init", "frontline", "--title", "Front-line reports 2026").code == 0
    with Newsroom() as site:
        reach = ("-c", "frontline", "--allow-private", "--ca-file", site.ca_file, "--json")
        wanted = (site.article, site.article_uk, site.url("news", "/"))
        told = {line["url"]: line for line in program("capture", *wanted, *reach).lines}
        first, uk, gone = (told[url] for url in wanted)
        site.correct()
        (second,) = program("capture", site.article, *reach).lines
    names = {"name": "frontline", "first": first["capture_id"], "second": second["capture_id"]}
    names |= {"uk": uk["capture_id"], "gone": gone["capture_id"]}
    assert program("qa", names["first"], "--json").code == 0
    reason = "A court has ordered it (case 12/2026)."
    rule = ("--access", "takedown", "--basis", "court-order", "--reason", reason, "--by", "Olena Marchenko")
    assert program("restrict", names["gone"], *rule).code == 0
    held = Root(program.root).create("held", "Kept for the reading room", agent="test/1")
    held.rights = lambda: {"access": "reading-room"}
    add(held, Invented("https://news.example/held"))
    with Replay(program.root, port=0, replay_port=0) as servers:
        yield Archive(servers.app, names)


@pytest.mark.parametrize("sight", [("phone", "light", "en"), ("desk", "dark", "uk")], ids="-".join)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_fits_and_is_for_everybody(browser, archive, page, sight):
    assert faults(browser, sight, archive.address(page), page) == []


@pytest.mark.parametrize("page", SHOWN)
def test_the_documents_show_pages_that_exist(browser, archive, page):
    if os.environ.get("PICTURES"):  # `make pictures`
        tab = browser.new_page(viewport={"width": 1280, "height": 860})
        tab.goto(archive.address(page), wait_until="networkidle")
        tab.screenshot(path=IMAGES / f"{page}.png", animations="disabled")
        tab.close()
    assert (IMAGES / f"{page}.png").is_file(), "run `make pictures`"
