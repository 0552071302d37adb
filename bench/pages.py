"""The researchers' lists over a collection of 100,000 captures, through the real app by HTTP.

The catalogue is that of the measure `search`; the ledger beside it is whole, with an open segment that is nearly full,
so that a request pays for all that it would pay for: following the ledger, the words, the counts, the page.
"""

import random
from dataclasses import astuple
from pathlib import Path

from growth import _append
from searches import SYLLABLES, Language, _filled

from archiver.capture import AGENT
from archiver.catalogue import path_of, tables
from archiver.collection import Collection, Root
from archiver.ledger import Event
from archiver.model import FileRef

PAGES = 200


def stocked(root: Path) -> tuple[Collection, list[Language], list[list[str]]]:
    """A collection of 100,000 captures: its catalogue and its ledger; languages, and words of some of its texts."""
    chance = random.Random(7)
    languages = [Language(name, chance) for name in SYLLABLES]
    collection = Root(root).create("news", "News", agent="bench/1")
    collection.seal()
    samples = _filled(collection, languages, chance)
    _enter_in_ledger(collection)
    return collection, languages, samples


def _enter_in_ledger(collection: Collection) -> None:
    """The ledger that the catalogue's captures would have come from, taken in already."""
    database = tables.connect(path_of(collection))
    with database:
        events = []
        for capture, *paths in database.execute("SELECT id, warc, sidecar FROM captures ORDER BY number").fetchall():
            files = tuple(FileRef(path, 30_000, f"{len(events):064x}") for path in paths)
            events.append(Event("capture", AGENT, files, capture, codes=("ok",)))
            database.executemany("INSERT INTO files VALUES (?, ?, ?)", map(astuple, files))
        _append(collection, events)
        for segment in collection.history():
            sealed = (collection.path / segment.path).is_file()
            database.execute("INSERT INTO seen VALUES (?)", (segment.name if sealed else segment.sha256,))
    database.close()
