"""Replay in a frame, under a banner that is ours: what it is, from when, and how far it can be trusted."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from archiver import qa
from archiver.web.cards import Article, found
from archiver.web.site import Site
from archiver.web.visit import visit


def routes(site: Site) -> list[Route]:
    """`/{name}/{capture}/replay`."""

    async def framed(request: Request) -> Response:
        """The archived page under its banner; where no page came, that is said."""
        shown = await found(site, request)
        return site.render(request, "replay.html", article=shown, offset=await run_in_threadpool(_offset, shown))

    return [Route("/{name}/{capture}/replay", framed)]


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
