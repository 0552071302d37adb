"""Replay in a real Chromium, of pages whose site is gone: what modern pages need works, and nothing gets out."""

import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cdxj_indexer.main import CDXJIndexer
from playwright.sync_api import Browser, Page, sync_playwright
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archiver.errors import UsageError
from archiver.replay import Replay, listen, running_replay

pytestmark = [pytest.mark.browser, pytest.mark.servers]

CAPTURED = datetime(2026, 11, 22, 14, 1, 12, tzinfo=UTC)
STAMP = f"{CAPTURED:%Y%m%d%H%M%S}"
SITE = "https://news.example"
CDN = "https://cdn.example"


@dataclass
class Stored:
    """One exchange of a test collection."""

    url: str
    body: str | bytes
    type: str = "text/html; charset=utf-8"
    seconds: int = 0
    """After CAPTURED."""
    status: str = "200 OK"
    headers: tuple[tuple[str, str], ...] = ()
    post: bytes | None = None
    post_type: str = "application/json"


def store(root: Path, name: str, exchanges: list[Stored], *, file: str = "2026/11/22/one.warc.gz") -> None:
    """Write a collection's WARC and level 0 of its index, as DESIGN lays them out."""
    warc = root / name / "archive" / file
    warc.parent.mkdir(parents=True, exist_ok=True)
    lines = io.StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # warcio leaves its spool files to the garbage collector
        with warc.open("wb") as stream:
            writer = WARCWriter(stream, gzip=True)
            for exchange in exchanges:
                _write(writer, exchange)
        archive = str(root / name / "archive")
        CDXJIndexer(lines, [str(warc)], post_append=True, sort=True, dir_root=archive).process_all()
    indexes = root / name / "indexes"
    indexes.mkdir(exist_ok=True)
    for number in range(1, 6):
        (indexes / f"{number}.cdxj").touch()
    level, new = indexes / "0.cdxj", indexes / ".tmp-0.cdxj"
    present = level.read_text() if level.exists() else ""
    new.write_text("".join(sorted((present + lines.getvalue()).splitlines(keepends=True))))
    new.replace(level)


def _write(writer: WARCWriter, exchange: Stored) -> None:
    body = exchange.body.encode() if isinstance(exchange.body, str) else exchange.body
    at = f"{CAPTURED + timedelta(seconds=exchange.seconds):%Y-%m-%dT%H:%M:%SZ}"
    if exchange.url.startswith("urn:"):
        writer.write_record(
            writer.create_warc_record(
                exchange.url,
                "resource",
                payload=io.BytesIO(body),
                warc_content_type=exchange.type,
                warc_headers_dict={"WARC-Date": at},
            )
        )
        return
    headers = [("Content-Type", exchange.type), ("Content-Length", str(len(body))), *exchange.headers]
    response = writer.create_warc_record(
        exchange.url,
        "response",
        payload=io.BytesIO(body),
        http_headers=StatusAndHeaders(exchange.status, headers, protocol="HTTP/1.1"),
        warc_headers_dict={"WARC-Date": at},
    )
    parts = urlsplit(exchange.url)
    asked = [("Host", parts.netloc)]
    if exchange.post is not None:
        asked += [("Content-Type", exchange.post_type), ("Content-Length", str(len(exchange.post)))]
    target = (
        f"{'GET' if exchange.post is None else 'POST'} {parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    )
    request = writer.create_warc_record(
        exchange.url,
        "request",
        payload=io.BytesIO(exchange.post or b""),
        http_headers=StatusAndHeaders(f"{target} HTTP/1.1", asked, is_http_request=True),
        warc_headers_dict={"WARC-Date": at},
    )
    writer.write_request_response_pair(request, response)


def replay_url(replay: str, url: str, modifier: str = "mp_", name: str = "news") -> str:
    return f"{replay}/{name}/{STAMP}{modifier}/{url}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-quic"]
        )
        yield launched
        launched.close()


def results(page: Page, address: str, count: int) -> dict[str, str]:
    """What a page's scripts noted with `note(name, value)`, once there are `count` notes."""
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    try:
        page.wait_for_function("count => Object.keys(window.notes || {}).length >= count", arg=count, timeout=15_000)
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
<script src="/js/classic.js"></script>
</head><body><h1>Headline</h1></body></html>""",
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
note("service worker", "serviceWorker" in navigator);
import("./chunk.js").then(found => note("classic import()", found.chunk));
fetch("/api/comments", { method: "POST", headers: { "Content-Type": "application/json" }, body: '{"page": 1}' })
  .then(answer => answer.json()).then(found => note("post 1", found.text));
fetch("/api/comments", { method: "POST", headers: { "Content-Type": "application/json" }, body: '{"page": 2}' })
  .then(answer => answer.json()).then(found => note("post 2", found.text));
fetch("/film.mp4", { headers: { Range: "bytes=100-199" } })
  .then(async answer => note("range", answer.status + " " + answer.headers.get("Content-Range") + " " + (await answer.arrayBuffer()).byteLength));
const worker = new Worker("/js/worker.js"); worker.onmessage = event => note("worker", event.data); worker.postMessage("go");
const modern = new Worker("/js/modern.js", { type: "module" }); modern.onmessage = event => note("module worker", event.data);
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


class Outside:
    """A place on the live web: notes every connection, before anything is asked for, and every UDP packet."""

    def __init__(self) -> None:
        self.tcp = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        self.seen: list[str] = []
        self.url = f"http://127.0.0.1:{self.port}"
        for listen in (self._connections, self._packets):
            threading.Thread(target=listen, daemon=True).start()

    def _connections(self) -> None:
        while True:
            try:
                connection, _ = self.tcp.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(0.5)
                try:
                    self.seen.append(connection.recv(200).decode("latin-1").partition("\r\n")[0])
                except OSError:
                    self.seen.append("connected")
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nout")

    def _packets(self) -> None:
        while True:
            try:
                self.udp.recvfrom(2048)
            except OSError:
                return
            self.seen.append("udp")

    def close(self) -> None:
        self.tcp.shutdown(socket.SHUT_RDWR)
        self.tcp.close()
        self.udp.close()


@pytest.fixture
def outside() -> Iterator[Outside]:
    place = Outside()
    yield place
    place.close()


IN_HTML = {
    "img": '<img src="{out}/a"><img srcset="{out}/b 1x"><input type=image src="{out}/c">',
    "script": '<script src="{out}/a"></script><script type=module src="{out}/b"></script>',
    "link": '<link rel=stylesheet href="{out}/a"><link rel=preload as=image href="{out}/b"><link rel=icon href="{out}/c">',
    "hints": '<link rel=preconnect href="{out}"><link rel=dns-prefetch href="{out}"><link rel=prefetch href="{out}/a">',
    "frames": '<iframe src="{out}/a"></iframe><object data="{out}/b"></object><embed src="{out}/c">',
    "srcdoc": "<iframe srcdoc=\"<img src='{out}/a'><meta http-equiv=refresh content='0;url={out}/b'>\"></iframe>",
    "media": '<video src="{out}/a" poster="{out}/b" autoplay></video><audio src="{out}/c" autoplay></audio>',
    "css": '<style>@import "{out}/a"; body {{ background: url({out}/b) }} @font-face {{ font-family: f; src: url({out}/c) }}</style>x',
    "svg": '<svg><image href="{out}/a"/><use href="{out}/b#c"/></svg>',
    "refresh 1": '<meta http-equiv="refresh" content="0; url={out}/a">',
    "refresh 2": '<meta http-equiv="REFRESH" content="0; URL=\'{out}/a\'">',
    "refresh 3": '<meta http-equiv="refresh" content="0,{out}/a">',
    "refresh 4": '<meta http-equiv="refresh" content=" 0 ; {out}/a">',
    "base": '<base href="{out}/"><img src="a"><script src="b"></script>',
    "speculation": '<script type="speculationrules">{{"prefetch": [{{"urls": ["{out}/a"]}}], "prerender": [{{"urls": ["{out}/b"]}}]}}</script>',
    "import map": '<script type=importmap>{{"imports": {{"x": "{out}/a"}}}}</script><script type=module>import "x"</script>',
    "form": '<form action="{out}/a" method=post><button id=b>go</button></form><script>document.getElementById("b").click()</script>',
    "click": '<a id=a href="{out}/a" ping="{out}/b">go</a><script>document.getElementById("a").click()</script>',
    "blank": '<a id=a href="{out}/a" target=_blank>go</a><script>document.getElementById("a").click()</script>',
}

IN_SCRIPT = {
    "new image": "new Image().src = '{out}/a'",
    "fetch": "fetch('{out}/a'); fetch('{out}/a', {{method: 'POST', body: 'x', mode: 'no-cors', keepalive: true}})",
    "xhr": "var x = new XMLHttpRequest(); x.open('GET', '{out}/a'); x.send()",
    "beacon": "navigator.sendBeacon('{out}/a', 'x')",
    "websocket": "new WebSocket('{ws}/a')",
    "events": "new EventSource('{out}/a')",
    "import": "import('{out}/a')",
    "worker": "new Worker('{out}/a'); new Worker('{out}/a', {{type: 'module'}}); new SharedWorker('{out}/b')",
    "blob worker": "new Worker(URL.createObjectURL(new Blob([\"fetch('{out}/a'); importScripts('{out}/b')\"])))",
    "service worker": "navigator.serviceWorker && navigator.serviceWorker.register('/sw.js')",
    "open": "window.open('{out}/a'); open('{out}/b', '_self')",
    "location": "location = '{out}/a'",
    "location.href": "location.href = '{out}/a'",
    "document.location": "document.location = '{out}/a'",
    "replace": "window.location.replace('{out}/a')",
    "globalThis": "globalThis.location.href = '{out}/a'",
    "function": "Function('return this')().location.href = '{out}/a'",
    "top": "top.location.href = '{out}/a'",
    "fresh frame": "var f = document.createElement('iframe'); document.body.append(f); f.contentWindow.location = '{out}/a'; f.contentWindow.fetch && f.contentWindow.fetch('{out}/b')",
    "frame": "var f = document.createElement('iframe'); f.src = '{out}/a'; document.body.append(f)",
    "form": "var f = document.createElement('form'); f.action = '{out}/a'; document.body.append(f); f.submit()",
    "anchor": "var a = document.createElement('a'); a.href = '{out}/a'; a.click()",
    "write": "document.write('<img src={out}/a><meta http-equiv=refresh content=0;url={out}/b>')",
    "meta": "var m = document.createElement('meta'); m.httpEquiv = 'refresh'; m.content = '0;url={out}/a'; document.head.append(m)",
    "markup": "document.body.innerHTML = '<img src={out}/a><style>p {{ background: url({out}/b) }}</style><p>x'",
    "hints": "for (const rel of ['preconnect', 'prefetch', 'dns-prefetch', 'modulepreload']) {{ const l = document.createElement('link'); l.rel = rel; l.href = '{out}/a'; document.head.append(l) }}",
    "speculation": "var s = document.createElement('script'); s.type = 'speculationrules'; s.textContent = JSON.stringify({{prefetch: [{{urls: ['{out}/a']}}], prerender: [{{urls: ['{out}/b']}}]}}); document.head.append(s)",
    "stun": "try {{ var p = new RTCPeerConnection({{iceServers: [{{urls: 'stun:127.0.0.1:{port}'}}]}}); p.createDataChannel('x'); p.createOffer().then(o => p.setLocalDescription(o)) }} catch (e) {{}}",
}


def leaky(outside: Outside) -> list[Stored]:
    """One stored page for every way out, and a few responses whose headers are a way out."""
    values = {"out": outside.url, "ws": outside.url.replace("http", "ws"), "port": outside.port}
    pages = {f"html/{name}": text.format(**values) for name, text in IN_HTML.items()}
    pages |= {f"script/{name}": f"<script>{text.format(**values)}</script>" for name, text in IN_SCRIPT.items()}
    modules = ("fetch", "import", "location", "location.href", "globalThis", "function", "top")
    pages |= {f"module/{name}": f"<script type=module>{IN_SCRIPT[name].format(**values)}</script>" for name in modules}
    stored = [
        Stored(f"{SITE}/{name.replace(' ', '-')}", f"<!doctype html><html><head></head><body>{text}</body></html>")
        for name, text in pages.items()
    ]
    headers = {
        "refresh": ("Refresh", f"0; url={outside.url}/a"),
        "link": ("Link", f"<{outside.url}>; rel=preconnect, <{outside.url}/a>; rel=preload; as=image"),
        "location": ("Location", f" {outside.url}/a"),
        "reports": ("Report-To", f'{{"endpoints": [{{"url": "{outside.url}/a"}}], "max_age": 9}}'),
        "rules": ("Speculation-Rules", f'"{outside.url}/a"'),
    }
    for name, header in headers.items():
        status = "302 Found" if name == "location" else "200 OK"
        stored.append(Stored(f"{SITE}/header/{name}", "<p>x</p>", headers=(header,), status=status))
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
