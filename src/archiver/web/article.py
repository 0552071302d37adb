"""One capture: what it is, how far it can be trusted, and the ways into it."""

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from archiver.catalogue import article_text
from archiver.catalogue.records import named_payload
from archiver.web import cards
from archiver.web.pictures import KEPT, picture
from archiver.web.site import Site


def routes(site: Site) -> list[Route]:
    """`/{name}/{capture}` and what belongs to it."""

    async def article(request: Request) -> Response:
        """One capture in full."""
        return site.render(request, "article.html", article=await found(site, request))

    async def thumbnail(request: Request) -> Response:
        """The capture's small picture, as the replay server gives it."""
        address = (await found(site, request)).record("thumbnail")
        if address is None:
            raise HTTPException(404)
        return RedirectResponse(address, 307)

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
        Route("/{name}/{capture}/thumbnail", thumbnail),
        Route("/{name}/{capture}/screenshot", screenshot),
        Route("/{name}/{capture}/text", text),
    ]


async def found(site: Site, request: Request) -> cards.Article:
    """The capture that an address names. Raises as `cards.article`."""
    name, capture = request.path_params["name"], request.path_params["capture"]
    return await run_in_threadpool(cards.article, site.root, site.reader, name, capture, site.replay)
