"""Films, sounds and files: recorded whole, and they play when the site is gone."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from warcio.archiveiterator import ArchiveIterator

from archiver.browser import find_chromium
from archiver.engines import EngineOptions
from archiver.engines.browser import BrowserEngine
from archiver.model import Exchange, Limits, PageInfo, Resource, close_bodies
from archiver.replay import running_replay
from conftest import Program
from newsroom import Newsroom, Served
from newsroom.films import FILES, KEY, STEP, SUBTITLES, WHOLE, cut, encrypted

pytestmark = [pytest.mark.browser, pytest.mark.servers]

FILM = ("native", "ranges", "locked", "live", "script-hls", "script-dash", "script-list", "several")
PAGES = [f"/films/pages/{name}" for name in (*FILM, "embedding", "long")]
SEEDS = [*PAGES, *(f"/files/{name}" for name in FILES), "/files/report.pdf?save", "/films/whole.mp4"]

HEAD, *PIECES = [content for _, content in cut()]
BY_NUMBER = {f"/films/large/{number}.m4s": piece for number, piece in enumerate(PIECES, 1)}
BY_TIME = {f"/films/large/at-{number * STEP}.m4s": piece for number, piece in enumerate(PIECES)}
WORDS = {"/films/words.vtt": SUBTITLES.encode()}
LARGE_HEAD = {"/films/large/head.mp4": HEAD}
FILE = WHOLE.read_bytes()
NEEDED = {
    "native": LARGE_HEAD | BY_NUMBER | WORDS,
    "script-hls": LARGE_HEAD | BY_NUMBER | WORDS,
    "ranges": {"/films/whole.mp4": FILE},
    "locked": LARGE_HEAD | {f"/films/locked-{n}.m4s": encrypted(n) for n in (1, 2, 3)} | {"/films/key": KEY},
    "live": LARGE_HEAD | BY_NUMBER,
    "script-dash": LARGE_HEAD | BY_TIME,
    "script-list": LARGE_HEAD | BY_NUMBER,
    "several": {"/films/first.mp4": FILE, "/films/second.mp4": FILE},
}
"""What a replay needs of each page's film, by path."""


@dataclass(frozen=True)
class Kept:
    """What was captured, by path, and the site's own account of it."""

    root: Path
    lines: dict[str, dict]
    served: list[Served]

    def warc(self, path: str) -> Path:
        return self.root / "default" / self.lines[path]["warc"]

    def responses(self, path: str) -> dict[str, bytes]:
        """Bodies of the recorded responses, by path; those of revisits are their originals'."""
        found: dict[str, bytes] = {}
        by_digest: dict[str, bytes] = {}
        with self.warc(path).open("rb") as stream:
            for record in ArchiveIterator(stream):
                if record.rec_type in ("response", "revisit"):
                    body, digest = record.content_stream().read(), record.rec_headers["WARC-Payload-Digest"]
                    by_digest.setdefault(digest, body)
                    found[urlsplit(record.rec_headers["WARC-Target-URI"]).path] = by_digest[digest]
        return found

    def sidecar(self, path: str) -> dict:
        return json.loads((self.root / "default" / self.lines[path]["sidecar"]).read_bytes())

    def replay_url(self, origin: str, path: str) -> str:
        day, time = self.lines[path]["capture_id"].split("-")[0].rstrip("Z").split("T")
        return f"{origin}/default/{day}{time}mp_/{self.lines[path]['final_url']}"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """All pages and files captured by the browser; the site is stopped afterwards."""
    archiver = Program(tmp_path_factory.mktemp("media") / "collections")
    with Newsroom() as site:
        urls = [site.url("tricks", path) for path in SEEDS]
        reach = ("--allow-private", "--ca-file", site.ca_file)
        done = archiver("capture", *urls, "--engine", "browser", "--jobs", 3, "--retries", 0, "--json", *reach)
        lines = {line["url"].partition(site.url("tricks", ""))[2]: line for line in done.lines}
        assert set(lines) == set(SEEDS), done.err
        return Kept(archiver.root, lines, site.log())


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox", "--disable-quic"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def replay(kept: Kept) -> Iterator[str]:
    with running_replay(kept.root) as origin:
        yield origin


@pytest.mark.parametrize("name", FILM)
def test_all_that_a_replay_needs_of_a_film_is_recorded(kept: Kept, name: str):
    recorded = kept.responses(f"/films/pages/{name}")
    assert {path: recorded.get(path) for path in NEEDED[name]} == NEEDED[name]
    line = kept.lines[f"/films/pages/{name}"]
    assert line["verdict"] == ("partial" if name == "live" else "ok"), line["findings"]


def test_all_that_was_served_is_recorded_and_the_other_renditions_were_left_alone(kept: Kept):
    recorded = {
        (path, hashlib.sha256(body).hexdigest()) for seed in SEEDS for path, body in kept.responses(seed).items()
    }
    by_ytdlp = {"/films/embedded.mp4", "/films/words.vtt"}
    served = {(urlsplit(one.url).path, one.sha256) for one in kept.served if one.status == 200 and one.complete}
    assert {one for one in served - recorded if one[0] not in by_ytdlp} == set()
    asked = {urlsplit(one.url).path for one in kept.served}
    assert not asked & {"/films/small/3.m4s", "/films/small/at-49152.m4s"}


def test_wire_mode_keeps_films_whole_too(newsroom: Newsroom, archiver: Program, reach):
    pages = {f"/films/pages/{name}": name for name in ("native", "ranges", "script-dash", "script-list")}
    urls = [newsroom.url("tricks", path) for path in pages]
    done = archiver("capture", *urls, "--fidelity", "wire", "--engine", "browser", "--jobs", 2, "--json", *reach)
    kept = Kept(archiver.root, {line["url"].partition(newsroom.url("tricks", ""))[2]: line for line in done.lines}, [])
    for path, name in pages.items():
        recorded = kept.responses(path)
        assert {one: recorded.get(one) == body for one, body in NEEDED[name].items()} == dict.fromkeys(
            NEEDED[name], True
        )
        assert kept.lines[path]["verdict"] == "ok", kept.lines[path]["findings"]


def test_a_live_film_is_told(kept: Kept):
    reasons = kept.sidecar("/films/pages/live")["capture"]["verdict"]["reasons"]
    assert any("still going on" in reason for reason in reasons)


def play(page: Page, address: str) -> tuple[dict, list[str]]:
    """How far the first film of a page gets, played fast, and every address that was asked for."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.wait_for_function("document.querySelector('video')")
    told = page.evaluate(
        """async () => {
            const video = document.querySelector('video');
            video.muted = true;
            const until = Date.now() + 120000;
            while (Date.now() < until && !(video.ended || video.currentTime > 5)) {
                if (video.paused && (video.readyState || !video.currentSrc.startsWith('blob:')))
                    video.play().catch(() => {});
                video.playbackRate = 3;
                await new Promise(done => setTimeout(done, 50));
            }
            return { ready: video.readyState, at: video.currentTime, wide: video.videoWidth,
                     error: video.error?.message ?? "", title: document.title };
        }"""
    )
    return told, asked


@pytest.mark.parametrize("name", ["native", "ranges", "script-hls", "script-dash", "script-list", "several"])
def test_a_film_plays_to_its_end_when_the_site_is_gone(kept: Kept, chromium: Browser, replay: str, name: str):
    page = chromium.new_page()
    told, asked = play(page, kept.replay_url(replay, f"/films/pages/{name}"))
    page.close()
    assert told["at"] > 5 and told["ready"] >= 2 and told["wide"] == 640, told
    assert [url for url in asked if not url.startswith((replay, "blob:", "data:"))] == []


def test_a_film_that_only_ytdlp_gets(kept: Kept):
    sidecar = kept.sidecar("/films/pages/embedding")
    assert sidecar["capture"]["verdict"] == {"word": "ok", "reasons": []}
    player = kept.lines["/films/pages/embedding"]["url"].replace("pages/embedding", "player")
    records = {record["url"]: record["id"] for record in sidecar["warc"]["records"]["media"]}
    assert set(records) == {f"urn:media:{part}:{player}" for part in ("film", "info", "subtitles.uk")}
    with kept.warc("/films/pages/embedding").open("rb") as stream:
        bodies = {
            record.rec_headers["WARC-Target-URI"]: record.content_stream().read()
            for record in ArchiveIterator(stream)
            if record.rec_headers["WARC-Record-ID"].strip("<>") in records.values()
        }
    assert bodies[f"urn:media:film:{player}"] == FILE
    assert bodies[f"urn:media:subtitles.uk:{player}"] == SUBTITLES.encode()
    assert json.loads(bodies[f"urn:media:info:{player}"])["webpage_url"] == player
    assert "yt-dlp" in {agent["name"] for agent in sidecar["capture"]["agents"]}


def test_a_long_body_reaches_the_page_and_the_archive(kept: Kept):
    expected = b"".join(number.to_bytes(4) * (1 << 18) for number in range(30))
    assert kept.responses("/films/pages/long")["/films/long"] == expected
    assert kept.responses("/films/pages/long")["/films/long-untold"] == expected
    with kept.warc("/films/pages/long").open("rb") as stream:
        (text,) = [
            record.content_stream().read().decode()
            for record in ArchiveIterator(stream)
            if (record.rec_headers.get("WARC-Target-URI") or "").startswith("urn:text:")
        ]
    assert f"nothing {30 << 20} {30 << 20}" in text
    assert kept.sidecar("/films/pages/long")["capture"]["missing"] == []


@pytest.mark.parametrize("path", [path for path in SEEDS if path not in PAGES])
def test_a_file_is_captured_directly_and_replays(kept: Kept, chromium: Browser, replay: str, path: str):
    line, sidecar = kept.lines[path], kept.sidecar(path)
    assert (line["verdict"], line["status"]) == ("ok", 200), line["findings"]
    assert sidecar["article"]["headline"]
    name = urlsplit(path).path.rpartition("/")[2]
    expected = FILES[name][1] if name in FILES else FILE
    assert kept.responses(path)[urlsplit(path).path] == expected
    context = chromium.new_context()
    answer = context.request.get(kept.replay_url(replay, path).replace("mp_/", "id_/"))
    assert (answer.status, answer.body()) == (200, expected)
    context.close()


def test_the_sidecars_are_valid(kept: Kept):
    done = Program(kept.root)("validate", "-c", "default")
    assert done.code == 0, done.out + done.err


@pytest.mark.parametrize("path", ["/files/report.pdf", "/files/feed.xml", "/films/whole.mp4"])
def test_a_file_is_captured_without_a_browser(newsroom: Newsroom, archiver: Program, reach, path: str):
    done = archiver("capture", newsroom.url("tricks", path), "--engine", "http", "--json", *reach)
    (line,) = done.lines
    assert (done.code, line["verdict"]) == (0, "ok"), done.err


def capture(engine: BrowserEngine, url: str, **limits: float) -> tuple[list[Exchange], list[Resource], PageInfo]:
    """What a capture yields, bodies closed."""
    items = []
    for item in engine.capture(url, Limits(**limits)):
        if isinstance(item, Exchange):
            item.response.body.seek(0, 2)
        items.append(item)
        close_bodies(item)
    exchanges = [item for item in items if isinstance(item, Exchange)]
    return exchanges, [item for item in items if isinstance(item, Resource)], items[-1]


@pytest.fixture(scope="module")
def engine(newsroom: Newsroom) -> Iterator[BrowserEngine]:
    with BrowserEngine(EngineOptions(allow_private=True, ca_file=newsroom.ca_file)) as running:
        yield running


def test_a_film_above_the_cap_is_cut_and_told(engine: BrowserEngine, newsroom: Newsroom):
    exchanges, _, info = capture(engine, newsroom.url("tricks", "/films/pages/ranges"), body_bytes=50_000)
    assert "length" in {one.truncated for one in exchanges if one.url.endswith("whole.mp4")}
    assert any("whole.mp4 was cut (length)" in reason for reason in info.reasons)


def test_films_have_so_much_room_and_no_more(engine: BrowserEngine, newsroom: Newsroom):
    exchanges, _, info = capture(engine, newsroom.url("tricks", "/films/pages/script-dash"), media_bytes=40_000)
    assert sum(one.url.endswith(".m4s") for one in exchanges) < 5
    assert any(note.why.startswith("no room was left") for note in info.missing)


def test_a_film_that_hangs_is_given_up_and_the_page_is_whole(engine: BrowserEngine, newsroom: Newsroom):
    page = newsroom.url("tricks", "/films/pages/broken-embed")
    _, resources, info = capture(engine, page, media_seconds=7)
    assert "media" not in {one.name for one in resources} >= {"view", "fullPage", "thumbnail", "text"}
    (reason,) = info.reasons
    assert "/films/player?broken could not be fetched: it did not come within" in reason


def test_no_more_than_the_page_loads(newsroom: Newsroom):
    options = EngineOptions(allow_private=True, ca_file=newsroom.ca_file, media="off")
    with BrowserEngine(options) as engine:
        exchanges, _, info = capture(engine, newsroom.url("tricks", "/films/pages/script-dash"))
    assert not [one.url for one in exchanges if "/films/large/" in one.url]
    assert info.reasons == ()


def test_every_rendition(newsroom: Newsroom):
    options = EngineOptions(allow_private=True, ca_file=newsroom.ca_file, media="all")
    with BrowserEngine(options) as engine:
        exchanges, _, _ = capture(engine, newsroom.url("tricks", "/films/pages/script-dash"))
    paths = {urlsplit(one.url).path for one in exchanges}
    small = {path.replace("large", "small") for path in BY_TIME}
    assert BY_TIME.keys() | small <= paths


def test_a_long_file_may_take_its_time(engine: BrowserEngine, newsroom: Newsroom):
    address = newsroom.url("tricks", "/files/slow.pdf?seconds=9&mb=2")
    exchanges, _, info = capture(engine, address, seconds=16)
    (main,) = [one for one in exchanges if one.role == "main"]
    assert (main.truncated, info.reasons, info.missing) == (None, (), ())
