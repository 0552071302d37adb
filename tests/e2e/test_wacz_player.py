"""An exported article plays in the component that people use to see WACZ files, with the site and us gone."""

import json
import os
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Frame, Page, expect, sync_playwright

from archiver.browser import find_chromium
from newsroom import Newsroom
from reading import told

pytestmark = pytest.mark.browser

REPOSITORY = Path(__file__).parents[2]
PLAYER = Path(os.environ.get("ARCHIVER_PLAYER", REPOSITORY / ".venv/replaywebpage"))
PAGE = """<!doctype html><meta charset="utf-8"><title>Player</title><script src="ui.js"></script>
<style>replay-web-page { display: block; height: 900px }</style><body><script>
  const player = document.createElement("replay-web-page");
  new URLSearchParams(location.search).forEach((value, name) => player.setAttribute(name, value));
  player.setAttribute("replaybase", "./replay/");
  document.body.append(player);
</script></body>"""


class Ranges(SimpleHTTPRequestHandler):
    """Files with ranges, as any web server gives them: a player reads single records out of a package."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        asked = self.headers.get("Range", "")
        if path.suffix != ".wacz" or not asked.startswith("bytes="):
            super().do_GET()
            return
        whole = path.read_bytes()
        first, _, last = asked.removeprefix("bytes=").partition("-")
        start = int(first) if first else max(len(whole) - int(last), 0)
        part = whole[start : int(last) + 1 if first and last else None]
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{start + len(part) - 1}/{len(whole)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def handle(self) -> None:
        """A browser that goes away is no fault."""
        with suppress(ConnectionError):
            super().handle()

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict, dict[str, str]]]:
    """The player and the exported article on one origin; the capture's line; and what the page told while it lived."""
    if not (PLAYER / "ui.js").is_file():
        pytest.skip("the player is not here: `make test` fetches it by npm (or set ARCHIVER_PLAYER)")
    place = tmp_path_factory.mktemp("player")
    (place / "replay").mkdir()
    (place / "player.html").write_text(PAGE)
    (place / "ui.js").symlink_to(PLAYER / "ui.js")
    for name in ("index.html", "ui.js", "sw.js"):  # its own page, for when the service worker is not there yet
        (place / "replay" / name).symlink_to(PLAYER / name)
    archiver = [sys.executable, "-m", "archiver", "--root", str(place / "collections")]
    with Newsroom() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=["--no-sandbox"])
        page = browser.new_page(ignore_https_errors=True)
        page.goto(site.article)
        live = told(page)
        browser.close()
        options = ["--engine", "browser", "--allow-private", "--ca-file", str(site.ca_file), "--json"]
        done = subprocess.run(
            [*archiver, "capture", site.article, *options], capture_output=True, text=True, check=True
        )
    export = [*archiver, "export", "-c", "default", "--format", "wacz", str(place / "article.wacz")]
    subprocess.run(export, check=True, capture_output=True)
    with zipfile.ZipFile(place / "article.wacz") as package:
        text = json.loads(package.read("pages/pages.jsonl").splitlines()[1])["text"]
    line = json.loads(done.stdout) | {"text": text}
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Ranges, directory=str(place))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", line, live
        server.shutdown()


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 1280, "height": 1000})
        browser.close()


def opened(page: Page, origin: str, **attributes: str) -> None:
    """Show the package in a page of the museum's own, say."""
    told = urlencode({"source": f"{origin}/article.wacz"} | attributes)
    page.goto(f"{origin}/player.html?{told}")


def replayed(page: Page, line: dict) -> Frame:
    """The frame in which the article plays."""
    for _ in range(600):
        for frame in page.frames:
            if frame.url.endswith(f"mp_/{line['final_url']}"):
                return frame
        page.wait_for_timeout(100)
    raise AssertionError([frame.url for frame in page.frames])


def test_the_article_plays_as_it_was(served, page):
    origin, line, live = served
    outside: list[str] = []
    page.on(
        "request", lambda one: outside.append(one.url) if not one.url.startswith((origin, "data:", "blob:")) else None
    )
    capture = line["capture_id"]
    opened(page, origin, url=line["final_url"], ts=capture[:8] + capture[9:15], embed="replayonly")
    frame = replayed(page, line)
    assert told(frame) == live
    frame.locator("#gallery").scroll_into_view_if_needed()
    broken = "Array.from(document.images).filter(i => i.complete && !i.naturalWidth).map(i => i.id || i.outerHTML)"
    frame.wait_for_function(f"document.images.length > 3 && {broken}.join() === 'press-card'")
    assert outside == []


def test_its_list_of_pages_shows_and_finds_the_article(served, page):
    origin, line, live = served
    opened(page, origin, embed="default")
    pages = page.frame_locator("iframe")
    entry = pages.locator("wr-page-entry")
    expect(entry.locator(".page-title keyword-mark")).to_have_attribute("title", live["#headline"], timeout=300_000)
    thumbnail = entry.locator("img.thumbnail")
    thumbnail.wait_for()
    assert thumbnail.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    search = pages.get_by_placeholder("Search by Page URL, Title, or Text")
    for words, found in (("pyramid", 0), (text_only(line, live), 1)):
        search.fill(words)
        expect(entry).to_have_count(found, timeout=300_000)


def text_only(line: dict, live: dict[str, str]) -> str:
    """A word of the article's text that neither its headline nor its address has."""
    titles = f"{live['#headline']} {line['final_url']}".lower()
    return next(word for word in re.findall(r"[a-z]{9,}", line["text"]) if word not in titles)
