"""One difficulty per page: what a capture may meet that is not an article."""

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, Router

from newsroom import consent, doubles, hostile, members
from newsroom.behaviours import BEHAVIOURS
from newsroom.films import FILM_ROUTES
from newsroom.news import FILES
from newsroom.pages import TEMPLATES, site_of
from newsroom.walls import WALLS as TABLE

STATUS = {"missing": 404, "gone": 410, "failing": 500, "blocked": 403, "busy": 429}
"""Pages that say what their status says; the others are 200."""

WALLS = ("soft-404", "consent-wall", "paywall", "login", "thin")

ENCODED = {"windows-1251": ("uk", "windows-1251"), "latin-1": ("en", "iso-8859-1")}


async def wall(request: Request) -> Response:
    """A page of that name from `templates/tricks.html`."""
    name = request.url.path.strip("/")
    html = TEMPLATES.get_template("tricks.html").render(name=name)
    return HTMLResponse(html, STATUS.get(name, 200), headers={"retry-after": "3600"} if name == "busy" else None)


async def encoded(request: Request) -> Response:
    """A page in an old encoding, which only its `meta` names."""
    name = request.url.path.strip("/")
    language, encoding = ENCODED[name]
    html = TEMPLATES.get_template("encoded.html").render(language=language, encoding=encoding)
    return Response(html.encode(encoding), headers={"content-type": "text/html"})


async def loop(request: Request) -> Response:
    """A redirect to the page that redirects back."""
    return RedirectResponse("/loop-back" if request.url.path == "/loop" else "/loop", 302)


async def slow(request: Request) -> Response:
    """Answers after `?seconds=` (3)."""
    await site_of(request).pause(float(request.query_params.get("seconds", "3")))
    story = (
        "It took its time, as the ferry does when the river is high and nobody on either bank is in a hurry to cross."
    )
    return HTMLResponse(f"<!doctype html><title>Slow</title><p>{story}</p>")


async def endless(request: Request) -> Response:
    """A line every twentieth of a second, for ever."""
    site = site_of(request)

    async def lines() -> AsyncIterator[bytes]:
        number = 0
        while not site.stopping.is_set():
            number += 1
            yield f"line {number}: the river goes on\n".encode()
            await site.pause(0.05)

    return StreamingResponse(lines(), media_type="text/plain")


async def restless(request: Request) -> Response:
    """A page whose script never stops asking, so that the network is never idle."""
    return HTMLResponse(TEMPLATES.get_template("restless.html").render())


async def tick(request: Request) -> Response:
    """What the restless page asks for."""
    return PlainTextResponse("tick\n", headers={"cache-control": "no-store"})


TRICKS = Router(
    [
        *(Route(f"/{name}", wall) for name in (*STATUS, *WALLS)),
        *(Route(f"/{name}", encoded) for name in ENCODED),
        *BEHAVIOURS,
        Route("/loop", loop),
        Route("/loop-back", loop),
        Route("/slow", slow),
        Route("/endless", endless),
        Route("/restless", restless),
        Route("/tick", tick),
        *consent.ROUTES,
        *members.ROUTES,
        *doubles.ROUTES,
        *TABLE,
        *FILM_ROUTES,
        Mount("/static", FILES),
        *hostile.ROUTES,
    ]
)


async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A connection of the origin `broken`: `/short` sends 200 of 1000 bytes, everything else is closed unanswered."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"GET /short "):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n" + b"cut " * 50)
            await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
        pass
    finally:
        writer.close()
