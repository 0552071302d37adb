"""How a capture replays: what `archiver qa` found, with its pictures out of the product's own WARC."""

import io

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from archiver import qa
from archiver.web import cards
from archiver.web.cards import found
from archiver.web.pictures import picture
from archiver.web.site import Site

SIDES = ("captured", "replayed")


def routes(site: Site) -> list[Route]:
    """`/{name}/{capture}/qa`, and the pictures that are compared there."""

    async def quality(request: Request) -> Response:
        """The newest result; 404 where the capture was never checked."""
        shown = await found(site, request)
        result = await run_in_threadpool(_newest, shown)
        pairs = [
            (one.name, *(f"{shown.card.path}/qa/{one.name}/{side}" if getattr(one, side) else "" for side in SIDES))
            for one in result.pictures
        ]
        return site.render(request, "quality.html", article=shown, result=result, pairs=pairs)

    async def compared(request: Request) -> Response:
        """One of the pictures: of a state (`view`, `fullPage`), at the capture or in replay."""
        shown = await found(site, request)
        state, side = request.path_params["state"], request.path_params["side"]
        return picture(io.BytesIO(await run_in_threadpool(_picture, shown, state, side)))

    return [Route("/{name}/{capture}/qa", quality), Route("/{name}/{capture}/qa/{state}/{side}", compared)]


def _newest(shown: cards.Article) -> qa.Result:
    result = qa.latest(shown.collection, shown.card.row.id)
    if result is None:
        raise HTTPException(404)
    return result


def _picture(shown: cards.Article, state: str, side: str) -> bytes:
    result = _newest(shown)
    urls = [getattr(one, side) for one in result.pictures if one.name == state and side in SIDES]
    return qa.picture(shown.collection, result, shown.sidecar, urls[0]) if urls else b""
