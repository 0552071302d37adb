"""Replay in a frame, under a banner that is ours: what it is, from when, and how far it can be trusted."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from archiver import qa
from archiver.catalogue import open_catalogue
from archiver.catalogue.tables import host_of
from archiver.dates import instant
from archiver.errors import UsageError
from archiver.web.cards import Article, chosen, described, found
from archiver.web.site import Site
from archiver.web.visit import visit


def routes(site: Site) -> list[Route]:
    """`/{name}/{capture}/replay`, and `/-/replay` for whatever else is replayed."""

    async def framed(request: Request) -> Response:
        """The archived page under its banner; where no page came, that is said."""
        shown = await found(site, request)
        offset = await run_in_threadpool(_offset, shown)
        return site.render(request, "replay.html", article=shown, page=shown.page, offset=offset)

    async def alone(request: Request) -> Response:
        """`?in=NAME&at=` (14 digits) `&url=`: what was opened alone at the replay host, whose guard leads here."""
        name, at, url = (request.query_params.get(one, "") for one in ("in", "at", "url"))
        try:
            moment = datetime.strptime(at if at.isascii() and len(at) == 14 else "", "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            raise HTTPException(404) from None
        title, capture = await run_in_threadpool(_place, site, name, url, moment)
        if capture:
            return RedirectResponse(f"/{name}/{capture}/replay", 303)
        page = f"{site.replay}/{quote(name, safe='')}/{at}mp_/{url}"
        shown: dict[str, Any] = {"url": url, "host": host_of(url), "at": instant(moment.isoformat())}
        return site.render(request, "replay-part.html", page=page, name=name, title=title, **shown)

    return [Route("/{name}/{capture}/replay", framed), Route("/-/replay", alone)]


def _place(site: Site, name: str, url: str, moment: datetime) -> tuple[str, str | None]:
    """The collection's title and the capture of that page and second, as far as the reader may know of them.

    No title: it is a folder of WARCs with none of our books, which is replayed and not listed.
    """
    try:
        (collection,) = chosen(site.root, site.reader, name)
    except UsageError:
        return "", None
    with open_catalogue(collection, site.reader) as catalogue:
        return described(collection)[0], catalogue.captured(url, f"{moment:%Y-%m-%dT%H:%M:%S}")


def _offset(shown: Article) -> float | None:
    """How far in time the parts of the page are from it, in seconds: as a check of replay found, or its protocol says.

    None where it is not known.
    """
    if shown.card.row.qa and (result := qa.latest(shown.collection, shown.card.row.id)):
        told = [abs(one.offset) for one in result.resources if one.state == "ok" and one.offset is not None]
        if told:
            return max(told)
    seen = visit(shown.collection, shown.sidecar)
    return seen.offset if seen else None
