"""A corner where pages mean no good: each would hold a visit for ever, bring down what looks at it, or leave replay.

`/escape` is a page that asks for all pages of the last kind, so that one capture holds them: one for each way out of
`waysout` (`/escape/html/…`, `script/…`, `module/…`, `header/…`), one for each thing of the app's that a page in its
frame would like to touch (`touch/…`), one for each nuisance (`nuisance/…`), and one for each way that leads out of a
window, but not out of a frame (`alone/…`).
"""

import asyncio
import gzip
import json
import re
import zlib
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

import waysout
from newsroom.pages import site_of

ROBOTS = "User-agent: archiver\nDisallow: /private-room\n\nUser-agent: *\nAllow: /\n"

SCRIPTS = {
    "dialogs": "for (let i = 0; i < 20; i++) { alert(i); confirm(i); prompt(i) } onbeforeunload = () => 'stay'",
    "asks-for-ever": "setInterval(() => { alert('again'); confirm('again') }, 10)",
    "windows": "for (let i = 0; i < 20; i++) open('/hostile/popup?' + i); onclick = () => open('/hostile/popup?under')",
    "closes-itself": "setTimeout(() => close(), 50); setTimeout(() => { open('', '_self'); close() }, 100)",
    "wanders-for-ever": "let n = Number(location.search.slice(1)) || 0; location = '?' + (n + 1)",
    "history-spam": "let n = 0; setInterval(() => history.pushState(null, '', '#' + n++), 1)",
    "prints": "print(); setInterval(() => print(), 100)",
    "downloads": """for (let i = 0; i < 9; i++) { const link = document.createElement("a"); link.download = i + ".bin";
        link.href = "/hostile/bytes?" + i; document.body.append(link); link.click() }""",
    "hangs": "setTimeout(() => { while (true) {} }, 300)",
    "hangs-at-once": "while (true) {}",
    "eats-memory": """setTimeout(() => { const all = [];
        while (true) all.push(new Array(1 << 24).fill(Math.random())) }, 300)""",
    "asks-ten-thousand": "for (let i = 0; i < 10000; i++) fetch('/hostile/bytes?n=' + i).catch(() => {})",
    "endless": "fetch('/hostile/stream').catch(() => {}); new EventSource('/hostile/events')",
    "worker-storm": """navigator.serviceWorker.register('/hostile/worker.js').catch(() => {});
        for (let i = 0; i < 4; i++) new Worker(URL.createObjectURL(new Blob(["while (true) {}"])))""",
    "huge-page": """const text = "x".repeat(1 << 20); for (let i = 0; i < 100; i++) {
        const part = document.createElement("p"); part.textContent = text; document.body.append(part) }""",
}
"""A page each, whose script this is; `/hostile/NAME`."""

HEADS = {
    "refreshes-for-ever": '<meta http-equiv="refresh" content="0">',
    "nests": '<iframe src="/hostile/nests"></iframe>',
    "nests-differently": '<iframe src="?{n}"></iframe><iframe src="?{n}1"></iframe>',
}
"""Pages that need no script; `{n}` is one more than the query."""

PARTS = ("not-gzip", "cut-gzip", "bomb", "bad-utf-8", "many-headers")
"""Answers that a browser cannot, or should not, take as they are; each page `/hostile/with-NAME` fetches one."""
BOMB_BYTES = 256 << 20


TOUCHES = {
    "cookie": "real.parent.document.cookie",
    "own cookie": "real.document.cookie",
    "storage": "real.parent.localStorage.getItem('secret')",
    "own storage": "real.localStorage.getItem('secret')",
    "session storage": "real.parent.sessionStorage.getItem('secret')",
    "database": "real.parent.indexedDB.databases().then(all => all.map(one => one.name).join())",
    "own database": "real.indexedDB.databases().then(all => all.map(one => one.name).join())",
    "caches": "real.parent.caches.keys().then(names => names.join())",
    "own caches": "real.caches.keys().then(names => names.join())",
    "text": "real.parent.document.body.textContent",
    "fetch by the parent": "real.parent.fetch('/').then(answer => answer.text())",
    "fetch": "real.fetch(app + '/').then(answer => answer.text())",
    "frame of the app": "framed(app + '/').then(frame => frame.contentDocument.body.textContent)",
    "frame element": "real.frameElement.ownerDocument.cookie",
    "script": "real.parent.eval('document.cookie')",
    "domain": "(real.document.domain = 'localhost') && real.parent.document.cookie",
    "title": "real.parent.document.title = 'spoofed'",
    "element": "real.parent.document.body.append('spoofed') || 'spoofed'",
    "hash": "(real.parent.location.hash = 'spoofed') && 'spoofed'",
    "history": "(real.parent.history.pushState(null, '', '#spoofed'), 'spoofed')",
    "storing": "(real.parent.localStorage.setItem('secret', 'spoofed'), 'spoofed')",
    "worker": "real.navigator.serviceWorker.register('/sw.js').then(() => 'spoofed')",
    "clipboard": "real.navigator.clipboard.writeText('spoofed').then(() => 'spoofed')",
    "notification": "real.Notification.requestPermission().then(told => told == 'granted' ? 'spoofed' : told)",
    "camera": "real.navigator.mediaDevices.getUserMedia({video: true}).then(() => 'spoofed')",
    "place": "new Promise((yes, no) => real.navigator.geolocation.getCurrentPosition(() => yes('spoofed'), no))",
    "top": "(real.top.location = app + '/spoofed') && 'spoofed'",
}
"""What a script would get out of the app that shows it, or do to it: expressions, by way of the `real` window."""

NUISANCES = {
    "alerts": "setInterval(() => { alert(1); confirm(2); prompt(3) }, 5)",
    "prints": "setInterval(() => print(), 50)",
    "stays": "onbeforeunload = event => event.preventDefault(); document.body.click()",
    "downloads": """for (let i = 0; i < 5; i++) { const a = document.createElement('a'); a.download = i + '.bin';
        a.href = URL.createObjectURL(new Blob(['x'])); document.body.append(a); a.click() }""",
    "never ends": "while (true) {}",
    "messages": """setInterval(() => { for (let i = 0; i < 200; i++) parent.postMessage({ command: 'logout' }, '*')
        }, 20)""",
    "focus": "setInterval(() => { window.focus(); document.body.tabIndex = 0; document.body.focus() }, 5)",
    "history": "for (let i = 0; i < 60; i++) history.pushState(null, '', '#' + i)",
    "popups": "for (let i = 0; i < 20; i++) open('about:blank', 'p' + i)",
}
"""Scripts that can be a bother to the reader, and no more."""

ALONE = {
    "javascript": """Function("return this")().location.href =
        `javascript:'<script>location.href = "{out}/a"</' + 'script>'`""",
    "javascript twice": """Function("return this")().location.href =
        `javascript:"<script>setTimeout(() => location.assign('{out}/a'), 100)</" + "script>"`""",
}
"""Scripts that lead the window away by a document which nothing of ours runs in: only a frame's policy stops that."""

_REAL = """var got = "waiting"; const real = Function("return th" + "is")(), app = real.location.ancestorOrigins[0];
    const framed = url => new Promise(done => { const frame = document.createElement('iframe'); frame.src = url;
    frame.onload = () => done(frame); document.body.append(frame) });"""
WAYS = [*waysout.pages(waysout.written_for("http://x.localhost", 1)), *(f"header/{name}" for name in waysout.IN_HEADER)]
ESCAPES = [
    *WAYS,
    *(f"alone/{name}" for name in ALONE),
    *(f"touch/{name}" for name in TOUCHES),
    *(f"nuisance/{name}" for name in NUISANCES),
]


def name_of(way: str) -> str:
    """The host name by which the page of a way would reach outside: who listens knows it by that."""
    return f"{re.sub('[^a-z]+', '-', way)}.localhost"


def escape(way: str, port: int) -> tuple[str, dict[str, str]]:
    """A page that tries to get out to `port` of this machine, or to touch what frames it, and its headers."""
    kind, _, name = way.partition("/")
    told = waysout.written_for(f"http://{name_of(way)}:{port}", port, f"{name_of(way)}.invalid")
    headers = {}
    if kind == "header":
        header, value = waysout.IN_HEADER[name]
        headers, inside = {header: value.format(**told)}, "<p>x</p>"
    elif kind == "touch":
        inside = f"""<script>{_REAL} (async () => {TOUCHES[name]})().then(
            value => got = "got " + value, error => got = "failed " + error)</script>"""
    elif kind == "alone":
        inside = f"<script>{ALONE[name].format(**told)}</script>"
    elif kind == "nuisance":
        inside = f"<p>x</p><script>{NUISANCES[name]}</script>"
    else:
        inside = waysout.pages(told)[way]
    return f"<!doctype html><html><head></head><body>{inside}</body></html>", headers


TEXT = (
    "The ferry left the lower landing at seven with forty people, two goats and the post of three days. Nobody had "
    "expected it before noon, for the river still carries ice, and the boatman had said as much in the evening."
)
"""So that each page is a short article, whatever else it is."""


async def page(request: Request) -> Response:
    """One of them."""
    name = request.path_params["name"]
    number = int(request.url.query) + 1 if request.url.query.isdecimal() else 1
    if name in SCRIPTS:
        inside = f"<script>{SCRIPTS[name]}</script>"
    elif name in HEADS:
        inside = HEADS[name].replace("{n}", str(number))
    elif name.startswith("with-"):
        inside = (
            f"<img src='/hostile-part/{name[5:]}'><script>fetch('/hostile-part/{name[5:]}?x').catch(() => 0)</script>"
        )
    else:
        return PlainTextResponse("no such page", 404)
    return HTMLResponse(f"<!doctype html><title>{name}</title><h1>Here is {name}</h1><p>{TEXT}</p>{inside}")


async def escaping(request: Request) -> Response:
    """A page that would get out of replay."""
    way = request.path_params["way"]
    if way not in ESCAPES:
        return PlainTextResponse("no such page", 404)
    page, headers = escape(way, site_of(request).http_port)
    return HTMLResponse(page, 302 if way == "header/location" else 200, headers)


async def all_escapes(_request: Request) -> Response:
    """A page that asks for all of them, and does nothing with them."""
    script = f"for (const way of {json.dumps(ESCAPES)}) fetch('/escape/' + way, {{redirect: 'manual'}}).catch(() => 0)"
    return HTMLResponse(
        f"<!doctype html><title>Ways out</title><h1>Ways out</h1><p>{TEXT}</p><script>{script}</script>"
    )


async def part(request: Request) -> Response:
    """An answer that is not what it says."""
    name = request.path_params["name"]
    packed = gzip.compress(b"a picture, perhaps " * 1000)
    plain = {"content-type": "text/plain"}
    coded = plain | {"content-encoding": "gzip"}
    match name:
        case "not-gzip":
            return Response(b"this was never packed", headers=plain | {"content-encoding": "br"})
        case "cut-gzip":
            return Response(packed[: len(packed) // 2], headers=coded | {"x-cut": "yes"})
        case "bomb":
            return StreamingResponse(_bomb(), headers=plain | {"content-encoding": "deflate"})
        case "bad-utf-8":
            return Response(b"\xff\xfe\xc3\x28 \xf0\x28\x8c\x28" * 500, headers=plain | {"x-name": "\xff\xfe"})
        case "many-headers":
            return Response(b"x", headers=plain | {f"x-{n}": "y" * 1000 for n in range(200)})
        case _:
            return Response(status_code=404)


async def _bomb() -> AsyncIterator[bytes]:
    packer, block = zlib.compressobj(9), bytes(1 << 20)
    for _ in range(BOMB_BYTES >> 20):
        yield packer.compress(block)
        await asyncio.sleep(0)
    yield packer.flush()


async def stream(request: Request) -> Response:
    """Bytes, or events, for ever."""
    site, events = site_of(request), request.url.path.endswith("events")

    async def pieces() -> AsyncIterator[bytes]:
        while not site.stopping.is_set():
            yield b"data: news\n\n" if events else bytes(1000)
            await site.pause(0.05)

    return StreamingResponse(pieces(), media_type="text/event-stream" if events else "application/octet-stream")


async def small(_request: Request) -> Response:
    """A few bytes."""
    return Response(b"bytes", media_type="application/octet-stream")


async def worker(_request: Request) -> Response:
    """A service worker that answers nothing, and asks for itself."""
    return Response(
        "const never = new Promise(() => {});"
        "self.addEventListener('install', e => e.waitUntil(fetch('/hostile/bytes?sw').then(() => never)));"
        "self.addEventListener('fetch', e => e.respondWith(never))",
        media_type="text/javascript",
    )


async def robots(_request: Request) -> Response:
    """What robots may do here."""
    return PlainTextResponse(ROBOTS)


async def private_room(_request: Request) -> Response:
    """A page that robots.txt forbids."""
    return HTMLResponse(f"<!doctype html><title>Private</title><h1>For people</h1><p>{TEXT}</p>")


ROUTES = [
    Route("/robots.txt", robots),
    Route("/private-room", private_room),
    Route("/hostile/bytes", small),
    Route("/hostile/popup", private_room),
    Route("/hostile/stream", stream),
    Route("/hostile/events", stream),
    Route("/hostile/worker.js", worker),
    Route("/hostile/{name}", page),
    Route("/hostile-part/{name}", part),
    Route("/escape", all_escapes),
    Route("/escape/{way:path}", escaping),
]
