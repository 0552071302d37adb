"""One capture: what it is, how far it can be trusted, and the ways into it."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from archiver.catalogue import article_text, open_catalogue
from archiver.catalogue.records import named_payload
from archiver.web import cards
from archiver.web.cards import found
from archiver.web.citing import citation
from archiver.web.claims import fields
from archiver.web.downloads import may_leave
from archiver.web.history import history
from archiver.web.making import making, settings
from archiver.web.pictures import KEPT, picture
from archiver.web.site import Site
from archiver.web.timeline import timeline
from archiver.web.visit import visit
from archiver.words import phrase

ACCESS = {
    "open": phrase("open to all"),
    "reading-room": phrase("kept for the reading room"),
    "embargo": phrase("closed until"),
    "dark": phrase("closed"),
    "takedown": phrase("taken down"),
}
"""Kinds of access in words."""
MOST_TEXT = 60_000
"""Letters of a text that stand on the page itself."""


def routes(site: Site) -> list[Route]:
    """`/{name}/{capture}` and what belongs to it."""

    async def article(request: Request) -> Response:
        """One capture in full."""
        shown = await found(site, request)
        return site.render(request, "article.html", article=shown, **await run_in_threadpool(_told, site, shown))

    async def screenshot(request: Request) -> Response:
        """The first screen, or the whole page with `?full=1`: from the WARC, or from replay where that is elsewhere."""
        shown = await found(site, request)
        wished = "fullPage" if request.query_params.get("full") else "view"
        role = next((role for role in (wished, "fullPage", "view") if shown.record(role)), wished)
        if shown.collection.bytes_here(shown.sidecar.warc_file) is None and (address := shown.record(role)):
            return RedirectResponse(address, 307)
        return picture(await run_in_threadpool(named_payload, shown.collection, shown.sidecar, role))

    async def text(request: Request) -> Response:
        """The article's text, or else all that the page showed, a paragraph a line."""
        shown = await found(site, request)
        told = await run_in_threadpool(article_text, shown.collection, shown.sidecar)
        if not told:
            raise HTTPException(404)
        return PlainTextResponse(told + "\n", headers={"Cache-Control": KEPT})

    return [
        Route("/{name}/{capture}", article),
        Route("/{name}/{capture}/screenshot", screenshot),
        Route("/{name}/{capture}/text", text),
    ]


def _told(site: Site, shown: cards.Article) -> dict[str, Any]:
    """All that the page tells beside the row and the sidecar."""
    row = shown.card.row
    with open_catalogue(shown.collection, site.reader) as catalogue:
        text = catalogue.text(row.id)
        whole = len(shown.versions) <= cards.AROUND
        versions = timeline(shown.versions, catalogue.text, whole=whole)
        past = history(shown.collection, catalogue, row)
    lines = [line for line in text[:MOST_TEXT].splitlines() if line.strip()]
    return {
        "fields": fields(shown.sidecar),
        "timeline": versions,
        "elsewhere": cards.elsewhere(site, shown.card),
        "history": past,
        "visit": visit(shown.collection, shown.sidecar),
        "lines": lines,
        "cut": len(text) > MOST_TEXT,
        "making": making(shown.sidecar),
        "settings": settings(shown.sidecar),
        "citation": citation(site, shown),
        "held": shown.collection.bytes_here(shown.sidecar.warc_file),
        "may_leave": may_leave(site, shown),
        "access": ACCESS[row.kind],
    }
