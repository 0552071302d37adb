"""What a reader may not see: refused before any page is made, and the pages that say so.

Every route with a collection in its address is put behind `guarded`, whatever module brings it. What it shows of other
captures comes from a catalogue that was opened for the reader (`open_catalogue(collection, site.reader)`).
"""

from collections.abc import Awaitable, Callable, Iterable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from archiver.access import Decision
from archiver.catalogue import open_catalogue
from archiver.collection import Root
from archiver.dates import instant
from archiver.errors import ArchiverError, UnknownCapture, UnknownCollection
from archiver.web.api import problems
from archiver.web.cards import place_of
from archiver.web.site import Site
from archiver.words import phrase

Endpoint = Callable[[Request], Awaitable[Response]]
STATUS = {"takedown": 451, "embargo": 403, "reading-room": 403}
"""RFC 7725 for what was taken down; dark is as if it were not there."""
TITLES = {
    "takedown": phrase("This was withdrawn"),
    "embargo": phrase("This opens on another day"),
    "reading-room": phrase("This is shown in the reading room only"),
}
TOLD = {
    "takedown": phrase("The archive keeps it, and does not show it."),
    "embargo": phrase("The archive keeps it, and shows it when its embargo has ended."),
    "reading-room": phrase("The archive keeps it. Ask the people who run it how to read it there."),
}


class Withheld(ArchiverError):
    """The reader may not see it."""

    def __init__(self, decision: Decision) -> None:
        super().__init__("It is not shown to you.")
        self.decision = decision


def guarded(site: Site, routes: Iterable[BaseRoute]) -> list[BaseRoute]:
    """The same routes; each refuses what the reader may not see before it does anything."""
    return [_behind(site, one) if isinstance(one, Route) and "{name}" in one.path else one for one in routes]


def _behind(site: Site, route: Route) -> Route:
    endpoint: Endpoint = route.endpoint

    async def asked(request: Request) -> Response:
        await run_in_threadpool(_check, site, request.path_params)
        return await endpoint(request)

    return Route(route.path, asked, methods=list(route.methods or ()), name=route.name)


def _check(site: Site, parameters: dict[str, str]) -> None:
    """Raise `Withheld`, or `UnknownCapture` and `UnknownCollection` for what is dark."""
    asked = [(parameters["name"], parameters.get("capture", ""))]
    if "other" in parameters:
        asked.append(place_of(parameters["other"], parameters["name"]))
    for name, capture in asked:
        collection = Root(site.root).collection(name)
        with open_catalogue(collection) as catalogue:
            found = catalogue.decision(capture)
        if found is None or not found.shown_to(site.reader):
            if found is not None and found.kind in STATUS:
                raise Withheld(found)
            raise UnknownCapture(capture) if capture else UnknownCollection(collection.name, str(site.root))


def refusal(site: Site, request: Request, error: Withheld) -> Response:
    """The page for `error`; in the API, a problem that tells the same."""
    found = error.decision
    status, since, until = STATUS[found.kind], found.since, found.until
    headers = {"Link": f'<{site.app}/>; rel="blocked-by"'} if status == 451 else {}
    headers["Cache-Control"] = "no-store"
    if request.url.path.startswith("/-/api/"):
        named = {"access": found.kind, "reason": found.reason, "since": since, "until": until}
        known = {name: value for name, value in named.items() if value}
        return problems.told(status, f"{TITLES[found.kind]}.", TOLD[found.kind], headers, **known)
    answer = site.render(
        request,
        "refused.html",
        status,
        title=TITLES[found.kind],
        told=TOLD[found.kind],
        reason=found.reason,
        since=instant(since) if since and found.kind == "takedown" else None,
        until=instant(until) if until else None,
    )
    answer.headers.update(headers)
    return answer
