"""The main job on real parts: what the server sent is in the WARC, and the article replays when the site is gone."""

import hashlib
import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from warcio.archiveiterator import ArchiveIterator

from archiver.browser import find_chromium
from archiver.replay import running_replay
from newsroom import Newsroom, Served
from reading import told

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Kept:
    """A captured article and the site's own account of it."""

    root: Path
    line: dict
    served: list[Served]
    live: dict[str, str]

    @property
    def warc(self) -> Path:
        return self.root / "default" / self.line["warc"]

    def replay_url(self, origin: str) -> str:
        return (
            f"{origin}/default/{self.line['capture_id'][:8]}{self.line['capture_id'][9:15]}mp_/{self.line['final_url']}"
        )


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def kept(tmp_path_factory, chromium) -> Kept:
    """The English article, captured by the browser engine; the site is stopped afterwards."""
    root = tmp_path_factory.mktemp("whole") / "collections"
    with Newsroom() as site:
        page = chromium.new_page(ignore_https_errors=True)
        page.goto(site.article)
        live = told(page)
        page.close()
        site.clear_log()
        command = [sys.executable, "-m", "archiver", "--root", str(root), "capture", site.article, "--json"]
        options = ["--engine", "browser", "--allow-private", "--ca-file", str(site.ca_file)]
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return Kept(root, json.loads(done.stdout), site.log(), live)


def records(path: Path):
    """(type, method or status, url, SHA-256 of the payload) of every record, as warcio reads them."""
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream):
            head = record.http_headers
            what = (head.protocol if record.rec_type == "request" else head.get_statuscode()) if head else ""
            body = record.content_stream().read()
            yield record.rec_type, what, record.rec_headers["WARC-Target-URI"], hashlib.sha256(body).hexdigest()


def test_everything_that_was_served_is_recorded_with_an_equal_body(kept):
    bodies = Counter((url, digest) for kind, _, url, digest in records(kept.warc) if kind == "response")
    again = {url for kind, _, url, _ in records(kept.warc) if kind == "revisit"}
    whole = {url for url, _ in bodies}
    asked = [one for one in kept.served if one.method != "HEAD"]
    assert len(asked) > 35
    for one in asked:
        if one.status == 206:
            assert one.url in whole, f"{one.url} was served in a range and is not in the WARC"
        elif 300 <= one.status < 400:
            assert one.url in whole  # a redirect's body cannot be had from a browser
        else:
            equal = one.url in again and any(digest == one.sha256 for _, digest in bodies)
            assert bodies[one.url, one.sha256] or equal, (
                f"{one.method} {one.url} {one.status} is not in the WARC as it was served"
            )


def test_post_bodies_are_recorded_as_sent(kept):
    sent = {(url, digest) for kind, _, url, digest in records(kept.warc) if kind == "request"}
    posts = [one for one in kept.served if one.method == "POST"]
    assert len(posts) >= 2
    assert all((one.url, one.request_sha256) in sent for one in posts)


def test_other_tools_agree_with_the_warc_and_the_index(kept):
    checked = subprocess.run(
        [sys.executable, "-m", "warcio.cli", "check", str(kept.warc)], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout
    assert subprocess.run(["gzip", "-t", str(kept.warc)], check=False).returncode == 0
    archive = kept.root / "default" / "archive"
    command = [Path(sys.executable).with_name("cdxj-indexer"), "-p", "--dir-root", str(archive), str(kept.warc)]
    theirs = subprocess.run(command, capture_output=True, check=True).stdout.splitlines(keepends=True)
    assert sorted(theirs) == (kept.root / "default" / "indexes" / "0.cdxj").read_bytes().splitlines(keepends=True)


def test_the_article_replays_with_the_site_gone(kept, chromium):
    failed, outside = [], []
    with running_replay(kept.root) as origin:
        context = chromium.new_context()
        page = context.new_page()
        page.on("response", lambda r: failed.append((r.status, r.url)) if r.status >= 400 else None)
        page.on(
            "request", lambda r: outside.append(r.url) if not r.url.startswith((origin, "data:", "blob:")) else None
        )
        page.goto(kept.replay_url(origin))
        assert told(page) == kept.live
        page.locator("#story-video").evaluate("video => { video.muted = true; return video.play(); }")
        page.wait_for_function("document.querySelector('#story-video').currentTime > 0.5")
        broken = "Array.from(document.images).filter(i => i.complete && !i.naturalWidth).map(i => i.id || i.outerHTML)"
        page.locator("#gallery").scroll_into_view_if_needed()
        page.wait_for_function(f"{broken}.join() === 'press-card'")
        context.close()
    assert outside == []
    refused = [(status, url) for status, url in failed if "press-card" not in url]
    assert [one for one in refused if not is_service_worker(one[1])] == [], "requests that fail in replay only"


def is_service_worker(url: str) -> bool:
    """Service workers are refused in replay on purpose: they would outlive the page and see other pages."""
    return "service-worker" in url or url.endswith("/sw.js")


def test_a_correction_is_another_capture_and_both_stay(archiver, newsroom, reach):
    with Newsroom() as site:
        options = ("--engine", "http", "--allow-private", "--ca-file", str(site.ca_file), "--json")
        first = archiver("capture", site.article, *options).lines[0]
        site.correct()
        second = archiver("capture", site.article, *options).lines[0]
    rows = {row["id"]: row for row in archiver("list", "--json").lines}
    assert rows[first["capture_id"]]["headline"] != rows[second["capture_id"]]["headline"]
    assert rows[first["capture_id"]]["modified"] < rows[second["capture_id"]]["modified"]
    assert rows[first["capture_id"]]["published"] == rows[second["capture_id"]]["published"]


@pytest.mark.parametrize("language", ["en", "uk"])
def test_the_three_dates_never_mix(archiver, newsroom, reach, language):
    url = newsroom.article if language == "en" else newsroom.article_uk
    line = archiver("capture", url, *reach, "--engine", "http", "--json").lines[0]
    shown = archiver("show", line["capture_id"], "--json").lines[0]["sidecar"]
    article = shown["article"]
    assert article["datePublished"].startswith("2026-03-12")
    assert article["inLanguage"] == language
    assert "2026-04-02" not in json.dumps(shown["assertions"]), "the feed item's day"
    assert not shown["capture"]["captured_at"].startswith("2026-03")
