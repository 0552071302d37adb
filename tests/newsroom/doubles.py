"""The same bytes at several addresses, and a page that asks in every manner there is.

`/doubles` shows one picture under two addresses, and a small one that is not worth sharing. `/unusual` asks from a
worker, by beacon, with a preflight, over a WebSocket, for what it then gives up, and for what is not answered.
"""

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from newsroom.pages import site_of
from newsroom.pictures import picture

WORDS = "The ferry leaves at six and again at nine, weather permitting, from the upper landing. " * 30

DOUBLES = f"""<!doctype html><html lang="en"><head><title>The ferry, twice</title></head><body>
<h1>The ferry, twice</h1><p>{WORDS}</p>
<img src="/doubles/first.png" alt=""><img src="/doubles/second.png" alt=""><img src="/doubles/second.png?again" alt="">
<img src="/doubles/dot-1.svg" alt=""><img src="/doubles/dot-2.svg" alt="">
</body></html>"""

UNUSUAL = """<!doctype html><html lang="en"><head><title>Unusual requests</title></head><body>
<h1>Unusual requests</h1><p>WORDS</p><script>
new Worker("/unusual/worker.js");
navigator.sendBeacon("/unusual/beacon", "seen");
fetch("API/comments", {
  method: "POST", headers: {"content-type": "application/json"}, body: '{"language": "en", "article": "ferry"}'});
fetch("BROKEN/closed").catch(() => {});
const given_up = new AbortController();
fetch("/unusual/slow", {signal: given_up.signal}).then(() => setTimeout(() => given_up.abort(), 300)).catch(() => {});
const socket = new WebSocket("WS/unusual/socket");
socket.onmessage = () => socket.close();
</script></body></html>"""

DOT = b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><circle cx="2" cy="2" r="2"/></svg>'


async def doubles(request: Request) -> Response:
    """The page with the pictures."""
    return HTMLResponse(DOUBLES)


async def same(request: Request) -> Response:
    """The picture, whatever it is called; a header line is each address's own."""
    return Response(picture("ferry", 320, "png"), media_type="image/png", headers={"x-called": request.url.path})


async def dot(request: Request) -> Response:
    """A picture smaller than what is shared."""
    return Response(DOT, media_type="image/svg+xml")


async def unusual(request: Request) -> Response:
    """The page that asks in every manner."""
    site = site_of(request)
    api = site.origin("api", request.url.scheme)
    places = {"API": api, "BROKEN": site.origin("broken"), "WS": site.origin("tricks", request.url.scheme)}
    html = UNUSUAL.replace("WORDS", WORDS)
    for name, origin in places.items():
        html = html.replace(name, origin.replace("http", "ws", 1) if name == "WS" else origin)
    return HTMLResponse(html)


async def worker(request: Request) -> Response:
    """A worker that asks for something itself."""
    return Response("fetch('/unusual/from-worker')", media_type="text/javascript")


async def plain(request: Request) -> Response:
    """A short answer."""
    return PlainTextResponse(f"{request.url.path} is here\n")


async def slow(request: Request) -> Response:
    """Begins, and takes two seconds to end."""
    site = site_of(request)

    async def pieces() -> AsyncIterator[bytes]:
        yield b"it begins\n"
        await site.pause(2)
        yield b"it ends\n"

    return StreamingResponse(pieces(), media_type="text/plain")


async def socket(websocket: WebSocket) -> None:
    """Says one thing."""
    await websocket.accept()
    await websocket.send_text("good morning")
    await websocket.close()


ROUTES = [
    Route("/doubles", doubles),
    Route("/doubles/{name}.png", same),
    Route("/doubles/{name}.svg", dot),
    Route("/unusual", unusual),
    Route("/unusual/worker.js", worker),
    Route("/unusual/from-worker", plain),
    Route("/unusual/beacon", plain, methods=["POST"]),
    Route("/unusual/slow", slow),
    WebSocketRoute("/unusual/socket", socket),
]
