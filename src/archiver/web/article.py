"""One capture: what it is, where it comes from, and its replay."""

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from archiver.web import cards
from archiver.web.site import Site


def routes(site: Site) -> list[Route]:
    """`/{name}/{capture}` and what belongs to it."""

    async def found(request: Request) -> cards.Article:
        name, capture = request.path_params["name"], request.path_params["capture"]
        return await run_in_threadpool(cards.article, site.root, name, capture, site.replay)

    async def article(request: Request) -> Response:
        """One capture, with its replay in a frame."""
        return site.render(request, "article.html", article=await found(request))

    async def thumbnail(request: Request) -> Response:
        """The capture's small picture, as the replay server gives it."""
        address = (await found(request)).record("thumbnail")
        if address is None:
            raise HTTPException(404)
        return RedirectResponse(address, 307)

    return [Route("/{name}/{capture}", article), Route("/{name}/{capture}/thumbnail", thumbnail)]
