"""Replay in a frame, under a banner that is ours: what it is, from when, and how far it can be trusted."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from archiver.web.article import found
from archiver.web.site import Site
from archiver.web.visit import visit


def routes(site: Site) -> list[Route]:
    """`/{name}/{capture}/replay`."""

    async def framed(request: Request) -> Response:
        """The archived page under its banner; where no page came, that is said."""
        shown = await found(site, request)
        seen = await run_in_threadpool(visit, shown.collection, shown.sidecar)
        offset = seen.offset if seen else None
        return site.render(request, "replay.html", article=shown, offset=offset, result="")

    return [Route("/{name}/{capture}/replay", framed)]
