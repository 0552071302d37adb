"""Several collections asked as if they were one."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from archiver.access import Reader
from archiver.amounts import counted
from archiver.catalogue.catalogue import PLACES, Order, open_catalogue
from archiver.catalogue.query import Part, Query, Where
from archiver.catalogue.rows import instant
from archiver.catalogue.tables import Row
from archiver.catalogue.words import Excerpt
from archiver.collection import Collection
from archiver.model import Finding

_NOCASE = str.maketrans(ascii_uppercase, ascii_lowercase)
"""As SQLite's collation of that name: other letters than these keep their case."""


@dataclass(frozen=True, slots=True)
class Found:
    """A capture, and the collection that it is in."""

    collection: str
    row: Row
    article: dict[str, Any] | None = None
    """What its sidecar has chosen to say of the article, if that was asked for."""
    score: float = 0.0
    excerpt: Excerpt | None = None
    digest: str = ""
    """Payload digest of the page's record, where it was asked for."""
    address: str = ""
    """Where readers find it, if it was told."""

    def as_json(self) -> dict[str, Any]:
        """The JSON line of `list` and `search`."""
        told: dict[str, Any] = {"collection": self.collection} | self.row.as_json()
        if self.article is not None:
            told["article"] = self.article
        if self.excerpt is not None:
            marks = [list(mark) for mark in self.excerpt.marks]
            told |= {"score": round(self.score, 4), "excerpt": {"text": self.excerpt.text, "marks": marks}}
        return told


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the collections."""

    query: Query
    order: Order = "captured"
    reverse: bool = False
    limit: int = -1
    """Of all of them together; -1: no limit."""
    after: tuple[str, str] | None = None
    """Only what comes after this place in the order, as `place` gives it for a capture; not by relevance."""
    reader: Reader | None = None
    """Who asks; see `open_catalogue`."""

    @property
    def falling(self) -> bool:
        """Whether the greatest comes first."""
        return (self.order not in ("headline", "relevance")) != self.reverse

    @property
    def rest(self) -> Query:
        """The query for what comes after that place."""
        if self.after is None:
            return self.query
        sql = f"({PLACES[self.order]}, keys.id) {'<' if self.falling else '>'} (?, ?)"
        return replace(self.query, parts=(*self.query.parts, Part(Where(sql, self.after), excluded=False)))


def captures(collections: Iterable[Collection], asked: Asked, *, articles: bool = False) -> list[Found]:
    """Captures that match, in the order asked for; with what is known of their `articles`."""
    found = []
    for collection in collections:
        with open_catalogue(collection, asked.reader) as catalogue:
            rows = catalogue.captures(asked.rest, order=asked.order, reverse=asked.reverse, limit=asked.limit)
            found += [Found(collection.name, row, catalogue.article(row.id) if articles else None) for row in rows]
    return _merged(found, asked)


def search(collections: Iterable[Collection], asked: Asked) -> tuple[list[Found], int]:
    """Captures that match, with excerpts, in the order asked for; and how many match without the limit."""
    found, total = [], 0
    for collection in collections:
        with open_catalogue(collection, asked.reader) as catalogue:
            hits = catalogue.search(asked.rest, order=asked.order, reverse=asked.reverse, limit=asked.limit)
            found += [Found(collection.name, hit.row, None, hit.score, hit.excerpt) for hit in hits]
            total += catalogue.count(asked.query)
    return _merged(found, asked), total


def count(collections: Iterable[Collection], query: Query, reader: Reader | None = None) -> int:
    """How many captures match."""
    total = 0
    for collection in collections:
        with open_catalogue(collection, reader) as catalogue:
            total += catalogue.count(query)
    return total


def unread(collections: Iterable[Collection]) -> list[Finding]:
    """What is told of captures that no query finds, because their sidecars cannot be read."""
    findings = []
    for collection in collections:
        with open_catalogue(collection) as catalogue:
            if ids := catalogue.unread():
                message = (
                    f"{counted(len(ids), 'capture')} left out: every revision of the sidecar is missing or damaged"
                )
                hint = f"Run `archiver verify -c {collection.name}`."
                findings.append(
                    Finding("warning", "capture-unread", collection.name, message, hint, affects=tuple(ids))
                )
    return findings


def place(one: Found, order: Order) -> tuple[str, str]:
    """Where a capture stands in an order, but that by relevance: what it is ordered by, and its id."""
    row = one.row
    match order:
        case "published":
            return instant(row.published), row.id
        case "modified":
            return instant(row.modified), row.id
        case "headline":
            return row.headline.translate(_NOCASE), row.id
    return row.captured_at, row.id


def _merged(found: list[Found], asked: Asked) -> list[Found]:
    """Each collection's captures are in order already; of several collections, they are put in one."""
    if asked.order == "relevance":
        found.sort(key=lambda one: one.score, reverse=asked.falling)
    else:
        found.sort(key=lambda one: place(one, asked.order), reverse=asked.falling)
    return found[: asked.limit] if asked.limit >= 0 else found
