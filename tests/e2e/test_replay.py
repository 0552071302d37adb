"""Replay in a real Chromium, of pages whose site is gone: what modern pages need works, and nothing gets out."""

import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

import waysout
from archiver.collection import Root
from archiver.errors import ArchiverError, UsageError
from archiver.replay import Replay, running_replay
from asking import get
from stockroom import Invented, add
from storing import STAMP, Stored, store
from waysout import Outside

pytestmark = [pytest.mark.browser, pytest.mark.servers]

SITE = "https://news.example"
CDN = "https://cdn.example"


def replay_url(replay: str, url: str, modifier: str = "mp_", name: str = "news") -> str:
    return f"{replay}/{name}/{STAMP}{modifier}/{url}"


def results(page: Page, address: str, count: int) -> dict[str, str]:
    """What a page's scripts noted with `note(name, value)`, once there are `count` notes."""
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    try:
        page.wait_for_function("count => Object.keys(window.notes || {}).length >= count", arg=count, timeout=200_000)
    except Exception as error:
        raise AssertionError(f"{page.evaluate('window.notes')}\n" + "\n".join(errors)) from error
    notes = page.evaluate("window.notes")
    assert isinstance(notes, dict)
    return notes


NOTE = "<script>var notes = {}; function note(name, value) { notes[name] = String(value); }</script>"
JS = "text/javascript"

MODERN = [
    Stored(
        f"{SITE}/story",
        f"""<!doctype html><html><head><title>Story</title>{NOTE}
<meta http-equiv="Content-Security-Policy" content="default-src 'none'">
<script type="importmap">{{"imports": {{"kit": "/js/kit.js", "far/": "{CDN}/far/"}}}}</script>
<link rel="modulepreload" href="/js/state.js">
<script type="module" src="js/app.js"></script>
<script type="module">
  import {{ add }} from "kit"; import {{ deep }} from "far/deep.js";
  note("import map", add(1, 2) + deep);
  const inline = await import("./js/chunk.js"); note("inline import()", inline.chunk);
</script>
<script>const shown = "a const"; let counted = 1; class Kind {{ name = "a class" }} const part = "no element";
async function later() {{ return "later"; }} function* several() {{ yield "several"; }}</script>
<script src="/js/classic.js"></script>
</head><body><h1 id="part">Headline</h1></body></html>""",
        headers=(("Content-Security-Policy", "default-src 'none'"), ("X-Frame-Options", "DENY")),
    ),
    Stored(
        f"{SITE}/js/app.js",
        """import { add } from "./kit.js";
import state, { count } from '../js/state.js'
import * as cdn from "https://cdn.example/lib/cdn.js";
import"/js/effect.js";
export { add };
count();
note("static relative", add(2, 3));
note("static absolute", cdn.name);
note("side effect", window.effect);
const late = await Promise.resolve("awaited");
note("top-level await", late);
note("meta url", import.meta.url);
note("meta resolve", await (await fetch(new URL("/data/one.json", import.meta.url))).text());
const chunk = await import(`./chunk.js`);
note("dynamic relative", chunk.chunk);
const far = await import("https://cdn.example/lib/far.js");
note("dynamic absolute", far.default);
const again = await import("./state.js");
note("one instance", again.default === state && again.calls === chunk.calls);
note("location", location.href + " " + (window.location === location));
note("top", window.top === window);
note("globalThis", globalThis.location.hostname);
""",
        JS,
        1,
    ),
    Stored(f"{SITE}/js/kit.js", "export const add = (a, b) => a + b;", JS, 2),
    Stored(
        f"{SITE}/js/state.js",
        "const state = {}; export let calls = 0; export function count() { calls++ } export default state;",
        JS,
        3,
    ),
    Stored(f"{SITE}/js/effect.js", "window.effect = 'done';", JS),
    Stored(
        f"{SITE}/js/chunk.js",
        'export { calls } from "./state.js";\nconst a = "a chunk";\nexport {\n  a as\n  chunk\n};',
        JS,
        2,
    ),
    Stored(f"{CDN}/lib/cdn.js", 'import{part as n}from"./part.js";export const name=n;', JS),
    Stored(f"{CDN}/lib/part.js", 'export const part = "from the cdn";', JS, 1),
    Stored(f"{CDN}/lib/far.js", 'export default "far away"', JS),
    Stored(f"{CDN}/far/deep.js", "export const deep = '!'", JS),
    Stored(f"{SITE}/data/one.json", '{"one": 1}', "application/json"),
    Stored(
        f"{SITE}/js/classic.js",
        """function useLocation() { return { pathname: "/story" }; }
function component() { const location = useLocation(); return location.pathname; }
note("declared location", component());
counted += 1;
const far_away = [shown, counted, new Kind().name, part, several().next().value];
later().then(word => note("names of another script", [...far_away, word, Object.keys(window).includes("shown")]));
note("service worker", "serviceWorker" in navigator);
import("./chunk.js").then(found => note("classic import()", found.chunk));
fetch("/api/comments", { method: "POST", headers: { "Content-Type": "application/json" }, body: '{"page": 1}' })
  .then(answer => answer.json()).then(found => note("post 1", found.text));
fetch("/api/comments", { method: "POST", headers: { "Content-Type": "application/json" }, body: '{"page": 2}' })
  .then(answer => answer.json()).then(found => note("post 2", found.text));
fetch("/film.mp4", { headers: { Range: "bytes=100-199" } })
  .then(async answer => {
    const size = (await answer.arrayBuffer()).byteLength;
    note("range", answer.status + " " + answer.headers.get("Content-Range") + " " + size);
  });
const worker = new Worker("/js/worker.js");
worker.onmessage = event => note("worker", event.data);
worker.postMessage("go");
const modern = new Worker("/js/modern.js", { type: "module" });
modern.onmessage = event => note("module worker", event.data);
modern.onerror = event => note("module worker", "error " + event.message);
modern.postMessage("go");
""",
        JS,
    ),
    Stored(
        f"{SITE}/js/worker.js",
        """importScripts("/js/lib.js");
onmessage = async () => {
  const found = await (await fetch("/data/one.json")).json();
  const chunk = await import("./chunk.js");
  postMessage(found.one + lib + chunk.chunk);
};""",
        JS,
    ),
    Stored(f"{SITE}/js/lib.js", "var lib = ' lib ';", JS),
    Stored(
        f"{SITE}/js/modern.js",
        """import { add } from "./kit.js";
onmessage = async () => {
  const found = await (await fetch("/data/one.json")).json();
  const { chunk } = await import("./chunk.js");
  postMessage(add(found.one, 1) + " " + chunk);
};""",
        JS,
    ),
    Stored(f"{SITE}/api/comments", '{"text": "first"}', "application/json", 1, post=b'{"page": 1}'),
    Stored(f"{SITE}/api/comments", '{"text": "second"}', "application/json", 2, post=b'{"page": 2}'),
    Stored(f"{SITE}/film.mp4", bytes(range(256)) * 400, "video/mp4", 2, headers=(("Accept-Ranges", "bytes"),)),
    # A later version, whose data must not show up in the first one.
    Stored(f"{SITE}/data/one.json", '{"one": 2}', "application/json", 86_400),
]

EXPECTED = {
    "import map": "3!",
    "inline import()": "a chunk",
    "static relative": "5",
    "static absolute": "from the cdn",
    "side effect": "done",
    "top-level await": "awaited",
    "meta url": f"{SITE}/js/app.js",
    "meta resolve": '{"one": 1}',
    "dynamic relative": "a chunk",
    "dynamic absolute": "far away",
    "one instance": "true",
    "location": f"{SITE}/story true",
    "top": "true",
    "globalThis": "news.example",
    "declared location": "/story",
    "names of another script": "a const,2,a class,no element,several,later,false",
    "service worker": "false",
    "classic import()": "a chunk",
    "post 1": "first",
    "post 2": "second",
    "range": "206 bytes 100-199/102400 100",
    "worker": "1 lib a chunk",
    "module worker": "2 a chunk",
}


def test_what_modern_pages_need_works_in_replay(tmp_path: Path, browser: Browser) -> None:
    store(tmp_path, "news", MODERN)
    with running_replay(tmp_path) as replay:
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        found = results(page, replay_url(replay, f"{SITE}/story"), len(EXPECTED))
        page.close()
    assert found == EXPECTED
    assert [url for url in asked if not url.startswith((replay, "data:", "blob:"))] == []


@pytest.fixture
def outside() -> Iterator[Outside]:
    place = Outside()
    yield place
    place.close()


def leaky(outside: Outside) -> list[Stored]:
    """A stored page for every way out, and a few answers whose headers are one."""
    stored = [
        Stored(f"{SITE}/{name.replace(' ', '-')}", f"<!doctype html><html><head></head><body>{body}</body></html>")
        for name, body in waysout.pages(waysout.values(outside)).items()
    ]
    for name, (header, value) in waysout.IN_HEADER.items():
        status = "302 Found" if name == "location" else "200 OK"
        headers = ((header, value.format(**waysout.values(outside))),)
        stored.append(Stored(f"{SITE}/header/{name}", "<p>x</p>", headers=headers, status=status))
    return [*stored, Stored(f"{SITE}/sw.js", "", JS)]


def test_nothing_gets_out(tmp_path: Path, browser: Browser, outside: Outside) -> None:
    stored = leaky(outside)
    store(tmp_path, "news", stored)
    left: dict[str, list[str]] = {}
    with running_replay(tmp_path) as replay:
        asked = [replay_url(replay, one.url) for one in stored]
        asked += [replay_url(replay, one.url, "id_") for one in stored if "/script/" not in one.url]
        for batch in (asked[first : first + 12] for first in range(0, len(asked), 12)):
            context = browser.new_context()
            for address in batch:
                context.new_page().goto(address, wait_until="commit")
            context.pages[-1].wait_for_timeout(600)
            context.close()
            if outside.seen:
                left["\n".join(batch)] = list(outside.seen)
                outside.seen.clear()
    assert left == {}
    page = browser.new_page()
    page.goto(outside.url)  # the ear is good
    page.close()
    assert any(line.startswith("GET / ") for line in outside.seen)


def test_a_page_of_single_bytes_is_answered_to_its_end(tmp_path: Path) -> None:
    """pywb unescapes attributes into characters that the page's own encoding does not have."""
    source = '<meta charset="windows-1252"><p style="background: url(/p.png) &#8222;Gr\xfcn">Gr\xfcn</p><p>the end</p>'
    store(tmp_path, "news", [Stored(f"{SITE}/", source.encode("latin-1"), "text/html")])
    with running_replay(tmp_path) as replay:
        status, _, body = get(replay_url(replay, f"{SITE}/"))
    assert status == 200
    assert b"Gr\xfcn</p><p>the end</p>" in body
    assert b"&#8222;Gr\xfcn" in body


def test_what_a_server_must_answer(tmp_path: Path) -> None:
    """One server for many questions, because it takes seconds to start."""
    film = bytes(range(256)) * 400
    page = Stored(f"{SITE}/", "<p>first</p>")
    thumbnail = Stored(f"urn:thumbnail:{SITE}/", b"\xff\xd8picture", "image/jpeg", 3)
    moved = Stored(f"{SITE}/moved", "", status="301 Moved", headers=(("Location", "/"),))
    store(tmp_path, "news", [page, thumbnail, moved, Stored(f"{SITE}/film.mp4", film, "video/mp4")])
    store(tmp_path, ".archiver", [page])
    level_0, level_1 = (tmp_path / "news" / "indexes" / f"{number}.cdxj" for number in (0, 1))
    level_1.write_text(level_0.read_text())  # in the middle of a merge, lines stand in two levels
    with running_replay(tmp_path) as replay:
        address = replay_url(replay, f"{SITE}/")
        status, headers, body = get(address)
        assert (status, b"first" in body) == (200, True)
        assert headers["memento-datetime"] == "Sun, 22 Nov 2026 14:01:12 GMT"

        # Documents go to their exact time, parts keep the time of their page.
        status, headers, _ = get(f"{replay}/news/20200101000000mp_/{SITE}/")
        assert (status, headers["location"]) == (307, address)
        assert get(f"{replay}/news/20200101000000im_/{SITE}/film.mp4")[0] == 200

        # Ranges of a film that is stored whole.
        url = replay_url(replay, f"{SITE}/film.mp4", "oe_")
        for asked, first, last in (("bytes=0-", 0, 102399), ("bytes=0-99", 0, 99), ("bytes=102000-", 102000, 102399)):
            status, headers, body = get(url, Range=asked)
            assert (status, headers["content-range"]) == (206, f"bytes {first}-{last}/102400")
            assert body == film[first : last + 1]
        assert get(url, Range="bytes=200000-")[0] == 416

        # Records made from the page, and a raw redirect that stays raw and inside.
        status, headers, body = get(replay_url(replay, f"urn:thumbnail:{SITE}/", "id_"))
        assert status in (200, 307)
        status, headers, body = get(f"{replay}/news/20261122140115id_/urn:thumbnail:{SITE}/")
        assert (status, headers["content-type"], body) == (200, "image/jpeg", b"\xff\xd8picture")
        status, headers, _ = get(replay_url(replay, f"{SITE}/moved", "id_"))
        assert (status, headers["location"]) == (301, replay_url(replay, f"{SITE}/", "id_"))

        # Lines in two levels are one capture; the hidden folder is no collection; what is not there is 404.
        lines = get(f"{replay}/news/cdx?url={SITE}/film.mp4")[2].splitlines()
        assert len(lines) == 1
        assert get(replay_url(replay, f"{SITE}/", name=".archiver"))[0] == 404
        status, headers, body = get(replay_url(replay, f"{SITE}/<script>alert(1)</script>"))
        assert (status, b"<script>alert" in body) == (404, False)
        assert b"collection <b>news</b>" in body
        assert "Цього в архіві немає".encode() in body

        # A page's stray address leads into its version, another collection's does not.
        status, headers, _ = get(f"{replay}/img/x.png", Referer=address)
        assert (status, headers["location"]) == (307, replay_url(replay, f"{SITE}/img/x.png"))
        status, _, body = get(replay_url(replay, f"{SITE}/", name="none"), Referer=address)
        assert (status, "За цією адресою".encode() in body or b"Nothing" in body or b"Not in" in body) == (404, True)
        assert get(address, Host="evil.example")[0] == 421

        # A new capture, and a new collection, without a restart.
        store(tmp_path, "news", [Stored(f"{SITE}/new", "<p>new</p>")], file="2026/11/22/two.warc.gz")
        store(tmp_path, "more", [Stored(f"{SITE}/", "<p>more</p>")])
        assert b"new" in get(replay_url(replay, f"{SITE}/new"))[2]
        assert b"more" in get(replay_url(replay, f"{SITE}/", name="more"))[2]


def picture() -> bytes:
    """A small JPEG."""
    stream = io.BytesIO()
    Image.new("RGB", (32, 20), "teal").save(stream, "JPEG")
    return stream.getvalue()


@pytest.mark.parametrize("width", [1280, 390])
def test_a_reader_finds_an_article_and_reads_it(tmp_path: Path, browser: Browser, width: int) -> None:
    news = Root(tmp_path).create("news", "News", agent="test/1")
    add(news, Invented(f"{SITE}/story", headline="Lights are back", thumbnail=picture()))
    add(news, Invented(f"{SITE}/other", headline="A long word: " + "Donaudampfschifffahrt" * 4, days=-1))
    with Replay(tmp_path, port=0, replay_port=0) as servers:
        page = browser.new_page(viewport={"width": width, "height": 800})
        asked: list[str] = []
        said: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.goto(servers.app)
        page.wait_for_load_state("networkidle")
        image = "document.querySelector('.card img')"
        assert page.evaluate(f"{image}.complete && {image}.naturalWidth") == 32
        assert page.evaluate("document.documentElement.scrollWidth") <= width

        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.fill("#q", "LIGHTS")
        page.keyboard.press("Enter")
        page.click("text=Lights are back")
        page.click("a[href$='/replay']")
        frame = page.frame_locator("iframe")
        frame.locator("h1").wait_for()
        assert frame.locator("h1").inner_text() == "Lights are back"
        assert page.evaluate("document.documentElement.scrollWidth") <= width

        # A link out of the archive ends on a page of the archive, inside the frame.
        frame.locator("h1").evaluate("h1 => { h1.innerHTML = '<a target=_blank href=https://live.example/>out</a>' }")
        frame.locator("h1 a").click()
        frame.locator("text=Not in this archive").wait_for()
        page.close()
    assert [url for url in asked if not url.startswith((servers.app, servers.replay))] == []
    assert [text for text in said if "Content Security Policy" in text] == []


SERVE = """
import json, sys
from pathlib import Path
from archiver.replay import Replay, serve
serve(Replay(Path(sys.argv[1]), port=0, replay_port=0), lambda urls: print(json.dumps(urls), flush=True))
"""


def started(root: Path) -> tuple[subprocess.Popen[str], list[tuple[str, int]]]:
    """`serve` in a process of its own, and the addresses of its two servers."""
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(root)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as out:
        urls = out.readline()
    ports = [int(part.partition('"')[0]) for part in urls.split(":") if part[:1].isdigit()]
    assert len(ports) == 2, urls
    return process, [("127.0.0.1", port) for port in ports]


def closed(address: tuple[str, int]) -> bool:
    """Whether nobody listens there any more, before long."""
    for _ in range(1000):
        try:
            socket.create_connection(address, timeout=20).close()
        except OSError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_both_servers_end_with_their_parent(tmp_path: Path, number: signal.Signals) -> None:
    process, addresses = started(tmp_path)
    process.send_signal(number)
    assert process.wait(300) == (-9 if number == signal.SIGKILL else 0)
    assert [closed(address) for address in addresses] == [True, True]


def test_a_taken_port_is_said_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"127.0.0.1:{port}: address already in use"), Replay(tmp_path, port=port):
            pass


def test_a_server_that_dies_is_told(tmp_path: Path) -> None:
    with Replay(tmp_path, port=0, replay_port=0) as servers:
        os.kill(servers.children[0].process.pid, signal.SIGKILL)
        with pytest.raises(ArchiverError, match="The replay server ended by itself"):
            servers.wait(threading.Event())
