"""Every request of the visit behind a capture, page by page."""

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from archiver.web.cards import found
from archiver.web.site import Site
from archiver.web.visit import visit

PER_PAGE = 500


def routes(site: Site) -> list[Route]:
    """`/{name}/{capture}/resources`."""

    async def resources(request: Request) -> Response:
        """`?page=N` of the requests, in the order of time."""
        shown = await found(site, request)
        seen = await run_in_threadpool(visit, shown.collection, shown.sidecar)
        fetches = seen.fetches if seen else []
        last = -(-len(fetches) // PER_PAGE)
        asked = request.query_params.get("page", "1")
        number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 0
        if not 0 < number <= last:
            raise HTTPException(404)
        return site.render(
            request,
            "requests.html",
            article=shown,
            fetches=fetches[(number - 1) * PER_PAGE : number * PER_PAGE],
            total=len(fetches),
            number=number,
            last=last,
        )

    return [Route("/{name}/{capture}/resources", resources)]
