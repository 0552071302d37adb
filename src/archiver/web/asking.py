"""What the address of a list asks for: words, values of facets, an order, a page; and the addresses of its neighbours.

Values come from hostile pages: they stand in addresses as parameters of their own, never inside the query language.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from archiver.catalogue import Order, parse
from archiver.catalogue.columns import DATES, FACETS, Part
from archiver.catalogue.shelves import Wanted
from archiver.words import phrase

PER_PAGE = 20
NONE = "-"
"""Stands for "there is no value" in an address."""
SORTS: dict[str, tuple[str, Order, bool]] = {
    "relevance": (phrase("Best match"), "relevance", False),
    "captured": (phrase("Newest capture"), "captured", False),
    "oldest": (phrase("Oldest capture"), "captured", True),
    "published": (phrase("Newest publication"), "published", False),
    "modified": (phrase("Latest change"), "modified", False),
    "headline": (phrase("Headline"), "headline", False),
}
"""By name in the address: what it is called, and what it means."""


def _between(parameters: QueryParams) -> str:
    """The words, with the days of `from` and `to` as parts of the query; `date` says of which of the three dates."""
    words, kind = parameters.get("q", "").strip(), parameters.get("date", "")
    if kind not in DATES:
        return words
    words = re.sub(rf"(?<!\S){kind}-(?:after|before):\S*", "", words)
    parts = []
    for name, side, more in (("from", "after", 0), ("to", "before", 1)):
        with suppress(ValueError, OverflowError):
            day = date.fromisoformat(parameters.get(name, "")) + timedelta(more)
            parts.append(f"{kind}-{side}:{day.isoformat()}")
    return " ".join([*words.split(), *parts])


@dataclass(frozen=True, slots=True)
class Asked:
    """One address of a list."""

    base: str
    """`/` or `/{name}/`."""
    words: str = ""
    """A query as `archiver search` takes it."""
    chosen: Mapping[str, str] = field(default_factory=dict)
    sort: str = ""
    """One of `SORTS`; empty: the best match where there are words, else the newest."""
    page: int = 1

    @classmethod
    def of(cls, base: str, parameters: QueryParams) -> "Asked":
        """What the parameters say; what cannot be meant is passed over."""
        chosen = {name: value for name in (*FACETS, *DATES) if (value := parameters.get(name, "").strip())}
        sort, page = parameters.get("sort", ""), parameters.get("page", "")
        number = max(int(page[:9]), 1) if page.isascii() and page.isdigit() else 1
        words, sort = _between(parameters), sort if sort in SORTS else ""
        if base == "/" and number > 1 and not (words or chosen):
            sort = sort or "captured"  # the first page of that list has an address of its own: `/` is the collections'
        return cls(base, words, chosen, sort, number)

    @property
    def is_plain(self) -> bool:
        """Whether it asks for nothing but the beginning of everything."""
        return not (self.words or self.chosen or self.sort or self.page > 1)

    @property
    def order(self) -> str:
        """The name of the order that this comes to."""
        return self.sort or ("relevance" if self.words else "captured")

    def wanted(self, per_page: int = PER_PAGE) -> Wanted:
        """The same for the catalogues. Raises `BadQuery` if the words cannot be understood."""
        _, order, reverse = SORTS[self.order]
        chosen = {name: "" if value == NONE else value for name, value in self.chosen.items()}
        part = Part(order, reverse, per_page, (self.page - 1) * per_page)
        return Wanted(parse(self.words), chosen, part)

    @property
    def parameters(self) -> dict[str, str]:
        """As they stand in the address."""
        told = {"q": self.words, **self.chosen, "sort": self.sort, "page": str(self.page) if self.page > 1 else ""}
        return {name: value for name, value in told.items() if value}

    @property
    def address(self) -> str:
        """The address itself."""
        return self.base + (f"?{urlencode(self.parameters)}" if self.parameters else "")

    def at(self, page: int) -> "Asked":
        """Another page of the same."""
        return replace(self, page=page)

    def choosing(self, name: str, value: str) -> "Asked":
        """The same with a value of a facet chosen."""
        return replace(self, chosen={**self.chosen, name: value or NONE}, page=1)

    def without(self, *names: str) -> "Asked":
        """The same without what was chosen of these facets."""
        return replace(self, chosen={key: one for key, one in self.chosen.items() if key not in names}, page=1)

    def searching(self, words: str) -> "Asked":
        """The same with other words."""
        return replace(self, words=words, sort="" if self.sort == "relevance" else self.sort, page=1)

    def within(self, base: str) -> "Asked":
        """The same, of one collection."""
        return replace(self, base=base, page=1)

    def sorted_by(self, sort: str) -> "Asked":
        """The same in another order."""
        return replace(self, sort=sort, page=1)
