"""Several collections listed as one for readers: each page once, counted by facets and dates.

What is kept from one list to the next are columns (see archiver.catalogue.columns), which follow the catalogue.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from archiver.access import Reader
from archiver.catalogue.catalogue import PLACES, Catalogue, open_catalogue
from archiver.catalogue.columns import DATES, FACETS, Columns, Part, Selection, numbers_in
from archiver.catalogue.query import EVERYTHING, Query
from archiver.catalogue.tables import Row
from archiver.catalogue.words import Excerpt
from archiver.collection import Collection


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for."""

    query: Query = EVERYTHING
    chosen: Mapping[str, str] = field(default_factory=dict)
    """Values of facets (`columns.FACETS`), and beginnings of dates (`columns.DATES`)."""
    part: Part = field(default_factory=Part)
    """By relevance, what was not weighed follows, newest first; all does where the query asks for no words."""


@dataclass(frozen=True, slots=True)
class Item:
    """A page, by its newest capture that matches."""

    collection: str
    row: Row
    excerpt: Excerpt
    """A piece of its text with the words looked for."""
    versions: int
    """How many captures of it match."""


@dataclass(frozen=True)
class Found:
    """What was found in all collections asked."""

    items: list[Item]
    """The part that was asked for."""
    pages: int
    captures: int
    counts: dict[str, dict[str, int]]
    """As of `columns.Selection`."""
    days: dict[str, int]
    """How many captures were made on which day, UTC, in order."""
    shares: dict[str, int]
    """How many of the pages are in which collection."""

    def most(self, limit: int) -> dict[str, dict[str, int]]:
        """The counts of so many values of each facet and date, the most frequent first."""
        return {name: dict(Counter(values).most_common(limit)) for name, values in self.counts.items()}

    @cached_property
    def span(self) -> tuple[str, str] | None:
        """The first and the last day with a capture."""
        days = list(self.days)
        return (days[0], days[-1]) if days else None


class Shelves:
    """The lists of a root, as one reader may see them. May be used by several threads."""

    def __init__(self, reader: Reader | None) -> None:
        """As for `open_catalogue`."""
        self.reader = reader
        self._columns: defaultdict[Path, Columns] = defaultdict(Columns)

    def find(self, collections: Iterable[Collection], wanted: Wanted) -> Found:
        """What matches in these collections. By relevance, scores of several are compared as they are."""
        part = wanted.part
        with ExitStack() as stack:
            opened = [stack.enter_context(open_catalogue(one, self.reader)) for one in collections]
            alone = len(opened) == 1
            whole = part if alone else replace(part, offset=0, limit=part.offset + part.limit)
            numbers = [
                None if told is None else numbers_in(told) for told in (one.numbers(wanted.query) for one in opened)
            ]
            ranked = [
                {} if told is None or part.order != "relevance" else one.ranked(wanted.query, told.tolist())
                for one, told in zip(opened, numbers, strict=True)
            ]
            found = [
                self._columns[one.collection.path].select(one.read, told, wanted.chosen, whole, list(scores))
                for one, told, scores in zip(opened, numbers, ranked, strict=True)
            ]
            if alone:
                shown = [(opened[0], *one) for one in found[0].newest]
            else:
                shown = _merged(opened, found, ranked, part)[part.offset : whole.limit]
            items = list(_items(shown, wanted.query))
        return Found(
            items,
            sum(one.pages for one in found),
            sum(one.captures for one in found),
            {name: _added((one.counts[name] for one in found if one.counts), name in DATES) for name in FACETS + DATES},
            _added((one.days for one in found), in_order=True),
            {one.collection.name: selection.pages for one, selection in zip(opened, found, strict=True)},
        )


_Shown = tuple[Catalogue, int, int]
"""A page of a list: in which catalogue, its number there, and how many captures match."""


def _merged(
    opened: list[Catalogue], found: list[Selection], ranked: list[dict[int, float]], part: Part
) -> list[_Shown]:
    """What several collections have, in one order."""
    source = "keys JOIN captures USING (number)" if part.order == "headline" else "keys"
    place = PLACES["captured" if part.order == "relevance" else part.order]
    statement = f"SELECT number, lower({place}), keys.id FROM {source} WHERE number IN "
    rows = []
    for catalogue, selection, scores in zip(opened, found, ranked, strict=True):
        versions = dict(selection.newest)
        places = catalogue.read(statement + "(SELECT value FROM json_each(?))", (json.dumps(list(versions)),))
        rows += [
            ((place, capture), scores.get(number, 0.0), (catalogue, number, versions[number]))
            for number, place, capture in places
        ]
    rows.sort(key=lambda row: row[0], reverse=(part.order != "headline") != part.reverse)
    if part.order == "relevance":
        rows.sort(key=lambda row: (not row[1], row[1]))
    return [row[2] for row in rows]


def _items(shown: Iterable[_Shown], query: Query) -> Iterator[Item]:
    """Rows and excerpts of what is shown; what is not there any more is passed over."""
    listed = list(shown)
    hits = {
        catalogue: catalogue.hits([number for one, number, _ in listed if one is catalogue], query)
        for catalogue in {one for one, _, _ in listed}
    }
    for catalogue, number, versions in listed:
        if hit := hits[catalogue].get(number):
            yield Item(catalogue.collection.name, hit.row, hit.excerpt, versions)


def _added(counts: Iterable[dict[str, int]], in_order: bool) -> dict[str, int]:
    """Counts of several collections in one: by value, or the most frequent first."""
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return dict(sorted(total.items(), key=lambda one: one[0] if in_order else (-one[1], one[0])))
