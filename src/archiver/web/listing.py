"""Lists: the collections, what was found in all of them, and what one holds."""

from dataclasses import dataclass, replace
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from archiver.catalogue import BadQuery, open_catalogue
from archiver.catalogue.columns import Part
from archiver.catalogue.restricting import Withheld
from archiver.catalogue.shelves import Found, Wanted
from archiver.collection import Collection, Root
from archiver.dates import Moment, claimed, instant
from archiver.web.asking import PER_PAGE, SORTS, Asked
from archiver.web.cards import cards, chosen, described
from archiver.web.facets import chips, facets
from archiver.web.histogram import bars
from archiver.web.language import language_of
from archiver.web.site import Site

NEWEST = 6
"""So many articles stand under the collections."""
NOTHING = Found([], 0, 0, {}, {}, {})


@dataclass(frozen=True, slots=True)
class Shelf:
    """A collection as it is introduced to readers."""

    name: str
    title: str
    description: str
    found: Found
    withheld: Withheld | None = None
    """What is kept from the reader, where nothing is shown."""

    @property
    def last(self) -> Moment | None:
        """Its newest capture."""
        return instant(self.found.items[0].row.captured_at) if self.found.items else None

    @property
    def span(self) -> list[Moment]:
        """The days of its first and its last capture; one, if they are the same."""
        return [moment for day in dict.fromkeys(self.found.span or ()) if (moment := claimed(day))]


def routes(site: Site) -> list[Route]:
    """`/` and `/{name}/`."""

    async def front(request: Request) -> Response:
        """The collections; with anything asked, what was found in all of them."""
        asked = Asked.of("/", request.query_params)
        told = await run_in_threadpool(_overview if asked.is_plain else _everywhere, site, request, asked)
        return _answer(site, request, asked, told)

    async def collection(request: Request) -> Response:
        """One collection."""
        asked = Asked.of(f"/{request.path_params['name']}/", request.query_params)
        return _answer(site, request, asked, await run_in_threadpool(_one, site, request, asked))

    return [Route("/", front), Route("/{name}/", collection)]


def _answer(site: Site, request: Request, asked: Asked, told: dict[str, Any]) -> Response:
    if asked.page > told.get("last", asked.page):
        return RedirectResponse(asked.at(told["last"]).address, 303)  # what it held may have been withdrawn
    status = 400 if told.get("complaint") else 200
    return site.render(request, told.pop("template"), status, asked=asked, **told)


def _overview(site: Site, _request: Request, _asked: Asked) -> dict[str, Any]:
    collections = chosen(site.root, site.reader)
    brief = Wanted(part=Part(limit=1, counted=""))
    shelves = [_shelf(site, one, site.shelves.find([one], brief)) for one in collections]
    newest = site.shelves.find(collections, replace(brief, part=Part(limit=NEWEST, counted=""))).items
    return {"template": "collections.html", "shelves": shelves, "cards": cards(newest)}


def _everywhere(site: Site, request: Request, asked: Asked) -> dict[str, Any]:
    collections = chosen(site.root, site.reader)
    found = _listed(site, request, asked, collections)
    if not (found["found"].captures or found["complaint"] or found["chips"] or asked.words):
        return _overview(site, request, asked)  # which tells why
    titles = {one.name: described(one)[0] for one in collections}
    return found | {"template": "found.html", "titles": titles, "name": None}


def _one(site: Site, request: Request, asked: Asked) -> dict[str, Any]:
    collection = Root(site.root).collection(request.path_params["name"])
    found = _listed(site, request, asked, [collection])
    shelf = _shelf(site, collection, found["found"], looked_for=bool(found["chips"] or asked.words))
    return found | {"template": "collection.html", "shelf": shelf, "titles": {}, "name": collection.name}


def _shelf(site: Site, collection: Collection, found: Found, *, looked_for: bool = False) -> Shelf:
    """`looked_for`: something was; that none was found says nothing of what is withheld, which takes long to count."""
    withheld = None
    if not (found.captures or looked_for):
        with open_catalogue(collection, site.reader) as catalogue:
            withheld = catalogue.withheld(site.reader)
    return Shelf(collection.name, *described(collection), found, withheld)


def _listed(site: Site, request: Request, asked: Asked, collections: list[Collection]) -> dict[str, Any]:
    """A page of what is found in these collections, and all that stands around it."""
    words, complaint, found = site.words[language_of(request)], None, NOTHING
    try:
        found = site.shelves.find(collections, asked.wanted())
    except BadQuery as error:
        complaint = error
    last = max(1, -(-found.pages // PER_PAGE))
    sorts = [(name, label) for name, (label, _, _) in SORTS.items() if name != "relevance" or asked.words]
    return {
        "found": found,
        "cards": cards(found.items),
        "complaint": complaint,
        "last": last,
        "pages": sorted({1, *range(max(1, asked.page - 1), min(last, asked.page + 1) + 1), last}),
        "sorts": sorts,
        "facets": facets(found, asked, words),
        "chips": chips(asked, words),
        "bars": bars(found.days, asked, words),
    }
