"""The pages: a list of articles, one article with its replay, and nothing that a script would be needed for."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from archiver.catalogue import BadQuery
from archiver.dates import claimed
from archiver.errors import ArchiverError, UnreadableInput, UsageError
from archiver.html import environment
from archiver.verdict.meanings import meaning
from archiver.web import cards

PER_PAGE = 20
Endpoint = Callable[[Request], Awaitable[Response]]


class Pages:
    """The endpoints, over one root."""

    def __init__(self, root: Path, replay: str) -> None:
        """`replay` is the replay server's http://host:port."""
        self.root = root
        self.replay = replay
        self.templates = environment(Path(__file__).parent / "templates")
        self.templates.globals.update(meaning=meaning, sandbox=cards.SANDBOX, claimed=claimed)

    async def listing(self, request: Request) -> Response:
        """All articles, or those of one collection: `?q=WORDS&page=N`."""
        name = request.path_params.get("name")
        words = request.query_params.get("q", "").strip()
        number = _page_number(request.query_params.get("page", ""))
        complaint = None
        try:
            found = await run_in_threadpool(
                cards.load, self.root, name=name, words=words, limit=PER_PAGE, offset=(number - 1) * PER_PAGE
            )
        except BadQuery as error:
            found, number, complaint = cards.Listing([], 0), 1, error
        last = max(1, -(-found.total // PER_PAGE))
        if number > last:
            raise HTTPException(404)
        return self._render(
            "listing.html",
            400 if complaint else 200,
            complaint=complaint,
            name=name,
            collections=await run_in_threadpool(cards.collections, self.root),
            words=words,
            listing=found,
            number=number,
            last=last,
            newer=_query(words, number - 1) if number > 1 else None,
            older=_query(words, number + 1) if number < last else None,
        )

    async def article(self, request: Request) -> Response:
        """One capture, with its replay in a frame."""
        return self._render("article.html", article=await self._article(request))

    async def thumbnail(self, request: Request) -> Response:
        """The capture's small picture, as the replay server gives it."""
        address = (await self._article(request)).record("thumbnail")
        if address is None:
            raise HTTPException(404)
        return RedirectResponse(address, 307)

    async def robots(self, _request: Request) -> Response:
        """Search engines are asked to stay away: the pages in here are not ours to publish twice."""
        return PlainTextResponse("User-agent: *\nDisallow: /\n")

    async def failure(self, _request: Request, error: Exception) -> Response:
        """A plain page for what cannot be shown."""
        if isinstance(error, HTTPException) and error.status_code != 404:
            return self._render("failure.html", error.status_code, title=error.detail, message="")
        unknown = isinstance(error, UsageError) and not isinstance(error, UnreadableInput)
        if unknown or isinstance(error, HTTPException):
            return self._render("failure.html", 404, title="Not in this archive", message="There is no such page here.")
        told = f"{error} {error.hint}" if isinstance(error, ArchiverError) else "The archive made a mistake."
        return self._render("failure.html", 500, title="This cannot be shown now", message=told)

    async def _article(self, request: Request) -> cards.Article:
        name, capture = request.path_params["name"], request.path_params["capture"]
        return await run_in_threadpool(cards.article, self.root, name, capture, self.replay)

    def _render(self, template: str, status: int = 200, **values: Any) -> Response:
        return HTMLResponse(self.templates.get_template(template).render(values), status)


class Headers:
    """Answers only to its own address, and puts the same safe headers on every answer."""

    def __init__(self, app: ASGIApp, origin: str, replay: str) -> None:
        """Both as http://host:port."""
        self.app = app
        self.origin = origin
        policy = (
            f"default-src 'none'; style-src 'self'; img-src 'self' {replay}; frame-src {replay}; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        self.headers = [
            (b"content-security-policy", policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"x-robots-tag", b"noindex, noarchive"),
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"cross-origin-resource-policy", b"same-origin"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self.headers]
            await send(message)

        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1").lower()
        if host == urlsplit(self.origin).netloc.lower():
            await self.app(scope, receive, sealed)
        else:
            refusal = PlainTextResponse(f"This archive's address is {self.origin}/\n", 421)
            await refusal(scope, receive, sealed)


def create_app(root: Path, replay: str, origin: str) -> ASGIApp:
    """The app over the collections under `root`; it answers at `origin` and frames pages of `replay`."""
    pages = Pages(root, replay)
    app = Starlette(
        routes=[
            Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
            Route("/robots.txt", pages.robots),
            Route("/favicon.ico", lambda _request: RedirectResponse("/static/icon.svg", 308)),
            Route("/", pages.listing),
            Route("/{name}/", pages.listing),
            Route("/{name}/{capture}", pages.article),
            Route("/{name}/{capture}/thumbnail", pages.thumbnail),
        ],
        exception_handlers={ArchiverError: pages.failure, HTTPException: pages.failure, Exception: pages.failure},
    )
    return Headers(app, origin, replay.rstrip("/"))


def _page_number(text: str) -> int:
    return max(int(text[:9]), 1) if text.isascii() and text.isdigit() else 1


def _query(words: str, number: int) -> str:
    values = {"q": words} if words else {}
    return "?" + urlencode(values | ({"page": str(number)} if number > 1 else {}))
