"""What the JSON API answers: a function for each of its operations, from the site and the values of its parameters.

They raise what the catalogue does; captures that the reader may not see are not there.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from archiver import qa
from archiver.catalogue import article_text, columns, open_catalogue, parse, searching
from archiver.catalogue.catalogue import Catalogue
from archiver.catalogue.citations import references
from archiver.catalogue.difference import compare
from archiver.catalogue.query import EVERYTHING, Part, Query, Where
from archiver.catalogue.searching import Asked, Found
from archiver.catalogue.shelves import Wanted
from archiver.catalogue.tables import Row
from archiver.collection import Collection, Root
from archiver.errors import UnknownCapture
from archiver.sidecar import Sidecar
from archiver.web import cards
from archiver.web.api import cursors
from archiver.web.site import Site
from archiver.web.visit import visit

Values = dict[str, Any]


def collections(site: Site, values: Values) -> Values:
    """The collections that the reader may know of."""
    found = []
    for name, title in cards.collections(site.root, site.reader):
        captures = searching.count([Root(site.root).collection(name)], EVERYTHING, site.reader)
        links = {"page": f"{site.app}/{name}/", "feed": f"{site.app}/{name}/feed.xml"}
        found.append({"name": name, "title": title, "captures": captures, "links": links})
    return {"collections": found}


def captures(site: Site, values: Values) -> Values:
    """Captures that match a query."""
    return _listed(site, values, parse(values["q"] or ""))


def versions(site: Site, values: Values) -> Values:
    """Captures of one page."""
    url = values["url"]
    same = Part(Where("captures.final_url = ? OR captures.url = ?", (url, url)), excluded=False)
    return _listed(site, values, Query((same,)))


def _listed(site: Site, values: Values, query: Query) -> Values:
    chosen = cards.chosen(site.root, site.reader, values["collection"])
    asked = Asked(query, values.get("order") or "captured", values["reverse"], values["limit"] + 1, reader=site.reader)
    if values["cursor"]:
        asked = replace(asked, after=cursors.place(values["cursor"], asked))
    found = searching.captures(chosen, asked)
    shown = found[: values["limit"]]
    further = cursors.after(shown[-1], asked) if len(found) > len(shown) else None
    total = searching.count(chosen, query, site.reader)
    return {"total": total, "captures": [_summary(site, one) for one in shown], "next": further}


def search(site: Site, values: Values) -> Values:
    """Captures found by words, with excerpts."""
    chosen, limit = cards.chosen(site.root, site.reader, values["collection"]), values["limit"]
    asked = Asked(parse(values["q"]), values["order"], values["reverse"], limit + 1, reader=site.reader)
    skip = 0
    if values["cursor"] and asked.order == "relevance":
        skip = cursors.shown(values["cursor"], asked)
        asked = replace(asked, limit=skip + limit + 1)
    elif values["cursor"]:
        asked = replace(asked, after=cursors.place(values["cursor"], asked))
    found, total = searching.search(chosen, asked)
    shown = found[skip : skip + limit]
    further = cursors.after(shown[-1], asked, skip + limit) if len(found) > skip + limit else None
    return {"total": total, "hits": [_summary(site, one) for one in shown], "next": further}


def facets(site: Site, values: Values) -> Values:
    """How many captures have which values."""
    chosen, query = cards.chosen(site.root, site.reader, values["collection"]), parse(values["q"] or "")
    found = site.shelves.find(chosen, Wanted(query, part=columns.Part(limit=0, counted="captures")))
    counted = {
        name: [{"value": value, "count": number} for value, number in counts.items()]
        for name, counts in found.most(values["limit"]).items()
    }
    return {"total": found.captures, "facets": counted}


def capture(site: Site, values: Values) -> Values:
    """All that is known of a capture."""
    collection = Root(site.root).collection(values["name"])
    with open_catalogue(collection, site.reader) as catalogue:
        row, sidecar = _found(catalogue, values["capture"])
        files = catalogue.files(row)
    found = Found(collection.name, row, sidecar.article)
    [citation] = json.loads("".join(references("csl-json", [found])))
    told = sidecar.document
    return {
        "summary": _summary(site, Found(collection.name, row)),
        "article": told["article"],
        "assertions": told["assertions"],
        "verdict": told["capture"]["verdict"],
        "capture": told["capture"],
        "qa": _checked(collection, row.id) if row.qa else None,
        "files": [asdict(one) for one in files],
        "citation": citation,
    }


def _checked(collection: Collection, capture: str) -> Values | None:
    result = qa.latest(collection, capture)
    if result is None:
        return None
    told = {name: result.as_json()[name] for name in ("verdict", "checked_at", "reasons", "measures")}
    return told | {"brought": result.brought}


def text(site: Site, values: Values) -> Values:
    """The paragraphs of the article, else of the page."""
    collection, sidecar = _sidecar(site, values)
    for record, kind in (("articleText", "article"), ("text", "page"), ("main", "page")):
        if told := article_text(collection, sidecar, [record]):
            return {"kind": kind, "paragraphs": [line for line in told.splitlines() if line.strip()]}
    return {"kind": "", "paragraphs": []}


def resources(site: Site, values: Values) -> Values:
    """What was fetched for the page."""
    seen = visit(*_sidecar(site, values))
    fetches = seen.fetches if seen else []
    return {"offset": seen.offset if seen else None, "resources": [asdict(one) for one in fetches]}


def events(site: Site, values: Values) -> Values:
    """What the ledger says of a capture, in the order of time."""
    collection, sidecar = _sidecar(site, values)
    events = {event.as_line(): event for one in collection.history(naming=sidecar.id) for event in one.events}
    return {"events": [json.loads(line) for line in sorted(events, key=lambda line: events[line].at)]}


def difference(site: Site, values: Values) -> Values:
    """What changed between two captures, the older one first."""
    collection = Root(site.root).collection(values["name"])
    with open_catalogue(collection, site.reader) as catalogue:
        sides = [_found(catalogue, values[side]) for side in ("capture", "other")]
    (_, before), (_, after) = sorted(sides, key=lambda side: (side[0].captured_at, side[0].id))
    found = compare((collection, before), (collection, after))
    told = found.as_json() | {"same_page": before.final_url == after.final_url}
    for change, line in zip(found.changes, told["changes"], strict=True):
        claims = zip(("before", "after"), found.sources(change), strict=True)
        line["sources"] = {side: [one.as_json() for one in said] for side, said in claims}
    return told


def _sidecar(site: Site, values: Values) -> tuple[Collection, Sidecar]:
    collection = Root(site.root).collection(values["name"])
    with open_catalogue(collection, site.reader) as catalogue:
        return collection, _found(catalogue, values["capture"])[1]


def _found(catalogue: Catalogue, capture: str) -> tuple[Row, Sidecar]:
    row, sidecar = catalogue.capture(capture), catalogue.sidecar(capture)
    if row is None or sidecar is None:
        raise UnknownCapture(capture)
    return row, sidecar


def _summary(site: Site, one: Found) -> Values:
    return one.as_json() | {"links": dict(_links(site, one))}


def _links(site: Site, one: Found) -> Iterator[tuple[str, str]]:
    """Where a capture's pages and files are."""
    page = f"{site.app}/{one.collection}/{one.row.id}"
    yield "self", f"{site.app}/-/api/captures/{one.collection}/{one.row.id}"
    yield "page", page
    yield "memento", f"{site.replay}/{one.collection}/{cards.stamp(one.row.captured_at)}mp_/{one.row.final_url}"
    names = ("replay", "text", "screenshot", *(("thumbnail",) if one.row.thumbnail else ()))
    for name in (*names, "files/warc", "files/wacz", "files/sidecar", "files/certificate"):
        yield name.removeprefix("files/"), f"{page}/{name}"
    for name in ("ris", "bibtex", "csl", "robust-link"):
        yield name, f"{page}/cite/{name}"
