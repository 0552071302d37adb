"""What the pages show of a capture: the catalogue's rows and sidecars, in words and addresses for readers.

Everything a page claims about itself is hostile: it is text here, and the templates escape it.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from archiver.access import Reader
from archiver.catalogue import Excerpt, Row, open_catalogue
from archiver.catalogue.shelves import Item
from archiver.catalogue.tables import host_of
from archiver.collection import Collection, Root
from archiver.dates import Moment, claimed, instant
from archiver.errors import ArchiverError, UnknownCapture, UnknownCollection, UnreadableInput
from archiver.replay.addresses import escaped
from archiver.sidecar import Sidecar
from archiver.verdict.meanings import meaning
from archiver.web.site import Site

LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}\Z")
AROUND = 100
"""So many captures before this one and after it are shown with it."""


@dataclass(frozen=True, slots=True)
class Card:
    """One capture in a list."""

    collection: str
    row: Row
    versions: int
    """Captures of this page in this collection; in what was found, those that match."""
    excerpt: Excerpt | None = None
    """What of its text was found, if words were looked for."""

    @property
    def path(self) -> str:
        """The capture's page in this app."""
        return f"/{self.collection}/{self.row.id}"

    def seen_from(self, collection: str) -> str:
        """How an address that begins in a collection names it; see `place_of`."""
        return self.row.id if collection == self.collection else f"{self.collection}~{self.row.id}"

    @property
    def title(self) -> str:
        """The headline, or what stands in for it."""
        return self.row.headline or self.row.final_url

    @property
    def host(self) -> str:
        """The site's host name."""
        return host_of(self.row.final_url)

    @property
    def lang(self) -> str:
        """The language of its words, for the attribute; empty where the page told none that could be one."""
        return self.row.language if LANGUAGE_TAG.match(self.row.language) else ""

    @property
    def pieces(self) -> Iterator[tuple[str, bool]]:
        """The excerpt in pieces; True: it was looked for."""
        text, place = (self.excerpt.text, 0) if self.excerpt else ("", 0)
        for begin, end in self.excerpt.marks if self.excerpt else ():
            yield text[place:begin], False
            yield text[begin:end], True
            place = end
        yield text[place:], False

    @property
    def published(self) -> Moment | None:
        """When the publisher says that it appeared."""
        return claimed(self.row.published)

    @property
    def modified(self) -> Moment | None:
        """When the publisher says that it was changed last."""
        return claimed(self.row.modified)

    @property
    def captured(self) -> Moment:
        """When we captured it."""
        return instant(self.row.captured_at)

    @property
    def meaning(self) -> str:
        """The verdict in a sentence."""
        return meaning(self.row.verdict)


@dataclass(frozen=True, slots=True)
class Article:
    """One capture in full."""

    card: Card
    collection: Collection
    sidecar: Sidecar
    """The current one."""
    versions: list[Card]
    """Captures of the same page, newest first: this one, and at most `AROUND` on either side of it."""
    replay: str
    """`http://host:port` of the replay server."""

    @property
    def document(self) -> dict[str, Any]:
        """What the sidecar says."""
        return self.sidecar.document

    def record(self, name: str) -> str | None:
        """The raw address of the capture's `text`, `thumbnail`, `view` or `fullPage` record, if it has one."""
        record = self.document["warc"].get("records", {}).get(name)
        if not isinstance(record, dict) or "url" not in record:
            return None
        at = stamp(record.get("date", self.card.row.captured_at))
        return f"{self.replay}/{self.card.collection}/{at}id_/{record['url']}"

    def memento(self, resource: str) -> str:
        """The address of the page's `timegate`, or of its `timemap/link` (RFC 7089)."""
        return f"{self.replay}/{self.card.collection}/{resource}/{escaped(self.card.row.final_url)}"

    @property
    def page(self) -> str:
        """The address of the page in replay; empty where no page came that could be shown."""
        row = self.card.row
        came = "main" in self.document["warc"]["records"] and row.final_url.startswith(("http://", "https://"))
        return f"{self.replay}/{self.card.collection}/{stamp(row.captured_at)}mp_/{row.final_url}" if came else ""

    def neighbour(self, step: int) -> Card | None:
        """The capture so many places after this one, or before it (negative), if it is among `versions`."""
        place = next(place for place, one in enumerate(self.versions) if one.row.id == self.card.row.id) - step
        return self.versions[place] if 0 <= place < len(self.versions) else None


def stamp(instant: str) -> str:
    """The 14 digits of a replay URL for an RFC 3339 instant in UTC."""
    return "".join(filter(str.isdigit, instant))[:14]


def article(root: Path, reader: Reader, name: str, capture: str, replay: str) -> Article:
    """One capture. Raises `UnknownCollection`, `UnknownCapture`, or `UnreadableInput` if its sidecar is damaged."""
    collection: Collection = Root(root).collection(name)
    with open_catalogue(collection, reader) as catalogue:
        row, sidecar = catalogue.capture(capture), catalogue.sidecar(capture)
        if row is None or sidecar is None:
            raise UnknownCapture(capture)
        rows, total = catalogue.around(row, AROUND)
    versions = [Card(name, other, total) for other in rows]
    return Article(Card(name, row, total), collection, sidecar, versions, replay)


def place_of(named: str, collection: str) -> tuple[str, str]:
    """Collection and capture of `COLLECTION~CAPTURE`, or of a capture in `collection`."""
    place, _, capture = named.rpartition("~")
    return place or collection, capture


def elsewhere(site: Site, card: Card) -> list[Card]:
    """Captures of the same page in other collections, newest first; of each collection at most `AROUND`."""
    cards = []
    for one in Root(site.root).chosen(None):
        with suppress(ArchiverError):  # its own pages tell what is wrong with it
            if one.name != card.collection and not _is_dark(one, site.reader):
                with open_catalogue(one, site.reader) as catalogue:
                    rows = catalogue.versions(card.row.final_url)
                cards += [Card(one.name, row, len(rows)) for row in rows[:AROUND]]
    return sorted(cards, key=lambda one: (one.row.captured_at, one.row.id), reverse=True)


async def found(site: Site, request: Request) -> Article:
    """The capture that the address `/{name}/{capture}…` names. Raises as `article`."""
    name, capture = request.path_params["name"], request.path_params["capture"]
    return await run_in_threadpool(article, site.root, site.reader, name, capture, site.replay)


def cards(items: list[Item]) -> list[Card]:
    """What a list found, as it is shown."""
    return [Card(one.collection, one.row, one.versions, one.excerpt) for one in items]


def collections(root: Path, reader: Reader) -> list[tuple[str, str]]:
    """Name and title of every collection that is not dark as a whole."""
    return [(one.name, described(one)[0]) for one in chosen(root, reader)]


def chosen(root: Path, reader: Reader, name: str | None = None) -> list[Collection]:
    """The collection of that name, or all of them, but for those that are dark as a whole.

    Raises `UnknownCollection`.
    """
    found = [one for one in Root(root).chosen(name) if not _is_dark(one, reader)]
    if name is not None and not found:
        raise UnknownCollection(name, "")
    return found


def _is_dark(collection: Collection, reader: Reader) -> bool:
    with open_catalogue(collection, reader) as catalogue:
        whole = catalogue.decision()
    return whole is not None and whole.kind == "dark"


def described(collection: Collection) -> tuple[str, str]:
    """A collection's title and description; `validate` tells what is wrong where they cannot be read."""
    try:
        told = collection.metadata()
    except UnreadableInput:
        told = {}
    return str(told.get("title", collection.name)), str(told.get("description", ""))
