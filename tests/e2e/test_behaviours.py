"""Behaviours against pages that show all they have only to those who look: what could be seen is in the capture."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

from archiver.browser import find_chromium
from archiver.engines import Behaving, EngineOptions, Script
from archiver.engines.browser import BrowserEngine
from archiver.model import Exchange, Limits, PageInfo, Resource
from archiver.replay import running_replay
from newsroom import Newsroom
from newsroom.behaviours import LANGUAGES, SHOWN

pytestmark = pytest.mark.browser


@dataclass
class Seen:
    """What a capture of a page brought, and what the site says that it served to it."""

    exchanges: dict[str, str] = field(default_factory=dict)
    """SHA-256 of the body, by URL."""
    text: str = ""
    info: PageInfo | None = None
    served: dict[str, str] = field(default_factory=dict)

    @property
    def paths(self) -> set[str]:
        return {urlsplit(url).path for url in self.served}

    def missing(self, name: str) -> set[str]:
        """Pictures of that page that were not served."""
        return {f"/behave/{name}/{picture}.svg" for picture in SHOWN[name]} - self.paths

    def trapped(self) -> list[str]:
        return [path for path in self.paths if "/trap/" in path]


def captured(engine: BrowserEngine, site: Newsroom, name: str, seconds: float = 60) -> Seen:
    seen = Seen()
    for item in engine.capture(site.url("tricks", f"/behave/{name}"), Limits(seconds=seconds)):
        if isinstance(item, Exchange):
            with item.response.body as body:
                seen.exchanges[item.url] = hashlib.sha256(body.read()).hexdigest()
        elif isinstance(item, Resource):
            with item.body as body:
                seen.text = body.read().decode() if item.name == "text" else seen.text
        else:
            seen.info = item
    return seen


@pytest.fixture(scope="module")
def pages() -> Iterator[dict[str, Seen]]:
    """Every page, captured once. Their requests tell by themselves which page made them, but for those of `framed`."""
    names = [name for name in SHOWN if name not in ("framed", "player")]
    with Newsroom() as site, BrowserEngine(EngineOptions(allow_private=True, ca_file=site.ca_file)) as engine:
        with ThreadPoolExecutor(2) as threads:
            found = dict(zip(names, threads.map(lambda name: captured(engine, site, name), names), strict=True))
        for name, seen in found.items():
            own = {f"/behave/{name}", "/behave/player"} if name == "facade" else {f"/behave/{name}"}
            seen.served = {
                line.url: line.sha256
                for line in site.log()
                if any(urlsplit(line.url).path.startswith(path) for path in own)
            }
        site.clear_log()
        found["framed"] = captured(engine, site, "framed")
        found["framed"].served = {line.url: line.sha256 for line in site.log()}
        yield found


@pytest.mark.parametrize("name", [name for name in SHOWN if name not in ("framed", "player")])
def test_all_that_a_page_can_show_is_asked_for_and_recorded_as_served(pages: dict[str, Seen], name: str) -> None:
    seen = pages[name]
    assert seen.missing(name) == set(), seen.info.counts
    assert seen.trapped() == []
    recorded = {url: digest for url, digest in seen.exchanges.items() if url in seen.served}
    assert recorded == seen.served
    assert seen.info.missing == ()
    if name != "endless":
        assert seen.info.reasons == (), seen.info.reasons


def test_frames_of_all_origins_are_looked_at_like_the_page(pages: dict[str, Seen]) -> None:
    seen = pages["framed"]
    assert seen.missing("more") | seen.missing("lazy") == set(), seen.info.counts
    assert {urlsplit(url).hostname for url in seen.served if "/lazy/seen" in url} == {"frames.localhost"}
    assert seen.exchanges.items() >= seen.served.items()


def test_counts_tell_what_was_done(pages: dict[str, Seen]) -> None:
    counts = {name: seen.info.counts for name, seen in pages.items()}
    assert counts["more"]["more_clicks"] == 3 * len(LANGUAGES)
    assert counts["shadows"]["more_clicks"] == 2
    assert counts["feed"]["growths"] >= 4
    assert (counts["inner"]["scrollers"], counts["lazy"]["scrollers"]) == (1, 1)
    assert (counts["carousel"]["carousels"], counts["carousel"]["slides"]) == (3, 4 + 3 + 2)
    assert (counts["folded"]["opened"], counts["folded"]["tabs"]) == (2 + 3, 2)
    assert counts["facade"]["facades"] == 1
    assert counts["variants"]["pictures_fetched"] >= 12
    assert (counts["traps"]["more_left"], counts["traps"]["led_back"]) == (0, 1)


def test_an_endless_feed_is_ended_and_said_to_be(pages: dict[str, Seen]) -> None:
    seen = pages["endless"]
    assert seen.info.counts["screens_left"] == 1
    assert any("goes on and on" in reason for reason in seen.info.reasons)
    assert len(seen.served) > 100


def test_the_page_is_left_as_a_reader_would_leave_it(pages: dict[str, Seen]) -> None:
    folded, carousel, traps = pages["folded"].text, pages["carousel"].text, pages["traps"].text
    assert "Text of tab1" in folded and "Text of tab2" not in folded
    assert "Picture 1 of 4" in carousel
    assert "The rest of the words" in traps, "what was folded is open"
    assert "This article stays" in traps and "Another article" not in traps


BROWSERTRIX = """
self.__bx_behaviors = {
  init(options) { this.options = options; },
  async run() { await fetch("/behave/player/bx-" + Object.keys(this.options).sort().join("-") + ".svg"); },
};
"""


def test_scripts_of_the_operator_and_no_behaviours_at_all() -> None:
    own = Script("own.js", 'async ({ until, page }) => ({ paragraphs: page.all("p").length, paragraphs_left: 1 });\n')
    broken = Script("broken.js", "async () => { throw new Error('no') }")
    browsertrix = Script("behaviors.js", BROWSERTRIX)
    with Newsroom() as site:
        options = EngineOptions(allow_private=True, ca_file=site.ca_file)
        scripted = EngineOptions(
            allow_private=True, ca_file=site.ca_file, behaving=Behaving(scripts=(own, broken), browsertrix=browsertrix)
        )
        with BrowserEngine(scripted) as engine:
            seen = captured(engine, site, "facade")
        assert seen.info.counts["paragraphs"] >= 1
        assert "paragraphs left: 2" in seen.info.reasons
        assert [reason for reason in seen.info.reasons if "broken.js" in reason] == [
            "the behaviour broken.js did not come to an end"
        ]
        asked = "/behave/player/bx-autoclick-autofetch-autoplay-autoscroll-log-siteSpecific-timeout.svg"
        assert asked in {urlsplit(url).path for url in seen.exchanges}
        site.clear_log()
        with BrowserEngine(
            EngineOptions(allow_private=True, ca_file=options.ca_file, behaving=Behaving(own=False))
        ) as engine:
            plain = captured(engine, site, "more")
        assert plain.info.counts == {}
        assert not any(urlsplit(line.url).path.endswith("/items") for line in site.log())


def test_from_the_command_to_a_replay_without_the_site(archiver, tmp_path: Path) -> None:
    script = tmp_path / "count.js"
    script.write_text("async ({ page }) => ({ headings: page.all('h1').length })")
    with Newsroom() as site:
        urls = [site.url("tricks", f"/behave/{name}") for name in ("feed", "more")]
        reach = ("--engine", "browser", "--allow-private", "--ca-file", site.ca_file)
        done = archiver("capture", *urls, *reach, "--behavior", script, "--json")
    assert done.code == 0, done.out + done.err
    lines = {line["url"]: line for line in done.lines}
    capture = archiver("show", lines[urls[1]]["capture_id"], "--json").lines[0]["sidecar"]["capture"]
    assert capture["options"]["behavior"] == [f"count.js sha256:{hashlib.sha256(script.read_bytes()).hexdigest()}"]
    shown = {}
    with running_replay(archiver.root) as origin, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=["--no-sandbox"])
        for url, line in lines.items():
            page = browser.new_page(viewport={"width": 1280, "height": 20_000})
            page.goto(f"{origin}/default/{line['capture_id'][:8]}{line['capture_id'][9:15]}mp_/{url}")
            while page.locator("section button").count():
                images = page.locator("img").count()
                page.locator("section button").first.click()
                page.wait_for_function(f"document.images.length > {images}")
            expected = len(SHOWN[url.rpartition("/")[2]])
            loaded = "[...document.images].filter(image => image.complete && image.naturalWidth).length"
            page.wait_for_function(f"{loaded} === {expected}", timeout=200_000)
            shown[url] = page.locator("body").inner_text()
        browser.close()
    assert "item 40" in shown[urls[0]]
    assert all(f"{language} 3" in shown[urls[1]] for language in LANGUAGES)


def test_a_behaviour_that_cannot_be_read_is_told(archiver) -> None:
    done = archiver("capture", "https://news.example/", "--behavior", "/nowhere/at-all.js", "--json")
    assert done.code != 0 and "at-all.js" in done.err + done.out
