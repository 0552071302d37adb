"""The app put together: every module of pages brings its routes."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from archiver.access import Reader
from archiver.errors import ArchiverError, UnreadableInput, UsageError
from archiver.replay.login import Login
from archiver.web import (
    article,
    citing,
    compare,
    downloads,
    feeds,
    fetched,
    framed,
    language,
    listing,
    quality,
    thumbnails,
)
from archiver.web.api import operations
from archiver.web.api.problems import problem
from archiver.web.headers import Headers
from archiver.web.login import Door
from archiver.web.refusals import Withheld, guarded, refusal
from archiver.web.site import Site
from archiver.words import phrase

REFUSED = {
    403: phrase("This is not given out"),
    405: phrase("Nothing can be changed here"),
    413: phrase("This is too much at once"),
}
"""What is refused, where no more is told."""
Failure = Callable[[Request, Exception], Awaitable[Response]]


READER, OPEN = Reader(), Login()


def create_app(root: Path, replay: str, origin: str, reader: Reader = READER, login: Login = OPEN) -> ASGIApp:
    """The app over the collections under `root`; it answers at `origin` and frames pages of `replay`."""
    site = Site(root, app=origin, replay=replay.rstrip("/"), reader=reader)
    door = Door(site, login)
    failure = _failure(site)
    routes = [
        Mount("/static", site.assets),
        Route("/robots.txt", _robots),
        Route("/favicon.ico", lambda _request: RedirectResponse("/static/icon.svg", 308)),
        *language.routes(),
        *door.routes(),
        *operations.routes(site),
        *feeds.routes(site),
        *listing.routes(site),
        *thumbnails.routes(site),
        *compare.routes(site),
        *framed.routes(site),
        *article.routes(site),
        *fetched.routes(site),
        *quality.routes(site),
        *downloads.routes(site),
        *citing.routes(site),
    ]
    app = Starlette(
        routes=guarded(site, routes),
        exception_handlers={ArchiverError: failure, HTTPException: failure, Exception: failure},
    )
    return Headers(door.around(app), origin, site.replay)


async def _robots(_request: Request) -> Response:
    """Search engines are asked to stay away: the pages in here are not ours to publish twice."""
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


def _failure(site: Site) -> Failure:
    async def failure(request: Request, error: Exception) -> Response:
        """A plain page for what cannot be shown; in the API, the same as JSON."""
        if isinstance(error, Withheld):
            return await run_in_threadpool(refusal, site, request, error)
        if request.url.path.startswith("/-/api/"):
            return problem(error)
        if isinstance(error, HTTPException) and error.status_code != 404:
            answer = site.render(request, "failure.html", error.status_code, title=_title(error))
            answer.headers.update(error.headers or {})
            return answer
        unknown = isinstance(error, UsageError) and not isinstance(error, UnreadableInput)
        if unknown or isinstance(error, HTTPException):
            title, message = phrase("Not in this archive"), phrase("There is no such page here.")
            return site.render(request, "failure.html", 404, title=title, message=message)
        message = phrase("The archive made a mistake, or what it keeps cannot be read. Tell the people who run it.")
        detail = f"{error} {error.hint}" if isinstance(error, ArchiverError) else ""
        title = phrase("This cannot be shown now")
        return site.render(request, "failure.html", 500, title=title, message=message, detail=detail)

    return failure


def _title(error: HTTPException) -> str:
    """Its own words, or ours for what HTTP calls it."""
    return (
        REFUSED.get(error.status_code, error.detail)
        if error.detail == HTTPStatus(error.status_code).phrase
        else error.detail
    )
