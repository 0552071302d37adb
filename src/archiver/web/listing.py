"""Lists: all articles, or those of one collection."""

from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from archiver.catalogue import BadQuery
from archiver.web import cards
from archiver.web.site import Site

PER_PAGE = 20


def routes(site: Site) -> list[Route]:
    """`/` and `/{name}/`."""

    async def listing(request: Request) -> Response:
        """All articles, or those of one collection: `?q=WORDS&page=N`."""
        name = request.path_params.get("name")
        words = request.query_params.get("q", "").strip()
        number = _page_number(request.query_params.get("page", ""))
        complaint = None
        try:
            found = await run_in_threadpool(
                cards.load,
                site.root,
                site.reader,
                name=name,
                words=words,
                limit=PER_PAGE,
                offset=(number - 1) * PER_PAGE,
            )
        except BadQuery as error:
            found, number, complaint = cards.Listing([], 0), 1, error
        last = max(1, -(-found.total // PER_PAGE))
        if number > last:
            raise HTTPException(404)
        return site.render(
            request,
            "listing.html",
            400 if complaint else 200,
            complaint=complaint,
            name=name,
            collections=await run_in_threadpool(cards.collections, site.root, site.reader),
            words=words,
            listing=found,
            number=number,
            last=last,
            newer=_query(words, number - 1) if number > 1 else None,
            older=_query(words, number + 1) if number < last else None,
        )

    return [Route("/", listing), Route("/{name}/", listing)]


def _page_number(text: str) -> int:
    return max(int(text[:9]), 1) if text.isascii() and text.isdigit() else 1


def _query(words: str, number: int) -> str:
    values = {"q": words} if words else {}
    return "?" + urlencode(values | ({"page": str(number)} if number > 1 else {}))
