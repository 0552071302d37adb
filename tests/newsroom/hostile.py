"""A corner where pages mean no good: each would hold a visit for ever, or bring down what looks at it."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

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
]
