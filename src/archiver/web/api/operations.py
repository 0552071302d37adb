"""The JSON API: the table of its operations, and the page that explains it."""

import json
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from archiver.web.api import answers
from archiver.web.api.openapi import Operation, Parameter, document
from archiver.web.api.shapes import SHAPES
from archiver.web.conditional import answer
from archiver.web.site import Site
from archiver.words import phrase

ORDERS = ["captured", "published", "modified", "headline"]
_Q = {"type": "string", "maxLength": 10_000}
_QUERY = Parameter(
    "q", phrase("A query as the search box takes it: words, “phrases”, author:NAME, verdict:ok, after:DATE …"), _Q
)
_WORDS = replace(_QUERY, example="bridge verdict:ok", required=True)
_COLLECTION = Parameter("collection", phrase("Only this collection."), {"type": "string", "maxLength": 64})
_ORDER = Parameter(
    "order",
    phrase("By what: three dates that are never mixed, or the headline."),
    {"type": "string", "maxLength": 20, "enum": ORDERS, "default": "captured"},
)
_RANK = Parameter(
    "order",
    phrase("By what: how well it matches, or as in lists."),
    {"type": "string", "maxLength": 20, "enum": ["relevance", *ORDERS], "default": "relevance"},
)
_REVERSE = Parameter(
    "reverse", phrase("The other way round: oldest first, from Z to A."), {"type": "boolean", "default": False}
)
_LIMIT = Parameter(
    "limit", phrase("At most so many on a page."), {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}, "5"
)
_VALUES = replace(_LIMIT, told=phrase("At most so many values of each, the most frequent ones."), example="")
_CURSOR = Parameter(
    "cursor",
    phrase(
        "Where the page before ended: follow the links to the next page. New captures shift nothing, but by relevance."
    ),
    {"type": "string", "maxLength": 4_000},
)
_URL = Parameter(
    "url",
    phrase("The page’s address, as asked for or where the visit ended."),
    {"type": "string", "maxLength": 10_000},
    "https://news.example/bridge",
    required=True,
)
_NAME = Parameter("name", phrase("The collection."), {"type": "string", "maxLength": 64}, "news", in_path=True)
_ID = Parameter(
    "capture",
    phrase("The capture’s id."),
    {"type": "string", "maxLength": 40},
    "20261122T140112Z-k3v7q2m5xa",
    in_path=True,
)
_OTHER = replace(_ID, name="other", told=phrase("The other capture’s id."), example="20261123T090000Z-2hq5xw7d4n")

AT = "/-/api/captures/{name}/{capture}"
OPERATIONS = (
    Operation("collections", "/-/api/collections", phrase("The collections."), (), "Collections", answers.collections),
    Operation(
        "captures",
        "/-/api/captures",
        phrase("Captures that match a query, or all of them."),
        (replace(_QUERY, example="verdict:ok"), _COLLECTION, _ORDER, _REVERSE, _LIMIT, _CURSOR),
        "Captures",
        answers.captures,
    ),
    Operation(
        "search",
        "/-/api/search",
        phrase("Captures found by words, each with the passage that has most of them, and where they stand in it."),
        (_WORDS, _COLLECTION, _RANK, _REVERSE, _LIMIT, _CURSOR),
        "Hits",
        answers.search,
    ),
    Operation(
        "facets",
        "/-/api/facets",
        phrase("How many captures that match have which outlet, author, language, verdict and so on."),
        (replace(_QUERY, example="bridge"), _COLLECTION, _VALUES),
        "Facets",
        answers.facets,
    ),
    Operation(
        "versions",
        "/-/api/versions",
        phrase("The captures of one page, newest first."),
        (_URL, _COLLECTION, _REVERSE, replace(_LIMIT, example=""), _CURSOR),
        "Captures",
        answers.versions,
    ),
    Operation(
        "capture",
        AT,
        phrase("All that is known of a capture, and who says so."),
        (_NAME, _ID),
        "Account",
        answers.capture,
    ),
    Operation(
        "text",
        f"{AT}/text",
        phrase("The article’s text, or else all that the page showed."),
        (_NAME, _ID),
        "Text",
        answers.text,
    ),
    Operation(
        "resources",
        f"{AT}/resources",
        phrase("What was fetched for the page."),
        (_NAME, _ID),
        "Resources",
        answers.resources,
    ),
    Operation(
        "events", f"{AT}/events", phrase("What the ledger says happened to it."), (_NAME, _ID), "Events", answers.events
    ),
    Operation(
        "difference",
        f"{AT}/difference/{{other}}",
        phrase("What changed between two captures of a collection, from the older to the newer one."),
        (_NAME, _ID, _OTHER),
        "Difference",
        answers.difference,
    ),
)


def routes(site: Site) -> list[Route]:
    """`/-/api`, which is for people, and all below it."""

    async def explanation(request: Request) -> Response:
        """The page of the API."""
        return site.render(request, "api.html", operations=OPERATIONS, app=site.app)

    async def openapi(request: Request) -> Response:
        """The OpenAPI document."""
        told = json.dumps(document(OPERATIONS, SHAPES, site.app), ensure_ascii=False, indent=1)
        return answer(request, told.encode(), "application/json")

    own = [Route("/-/api", explanation), Route("/-/api/openapi.json", openapi)]
    return [*own, *(one.route(site) for one in OPERATIONS)]
