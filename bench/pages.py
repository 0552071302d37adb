"""The researchers' lists over a collection of 100,000 captures, through the real app by HTTP.

The catalogue is that of the measure `search`; the ledger beside it is whole, with an open segment that is nearly full,
so that a request pays for all that it would pay for: following the ledger, the words, the counts, the page.
"""

import http.client
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

from growth import _append
from searches import ARTICLES, BEGAN, KINDS, SECTIONS, SYLLABLES, Language, _filled

from archiver.capture import AGENT
from archiver.catalogue import path_of, tables
from archiver.collection import Collection, Root
from archiver.ledger import Event
from archiver.model import FileRef
from archiver.web.asking import PER_PAGE

ASKED = 200
TRIES = 3
"""Of each address, the quickest: neighbours on the machine are not measured."""


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


def asked(root: Path | None = None) -> tuple[dict[str, list[float]], float]:
    """Seconds of each answer, by kind of page; and those of the first page after the start, the start included.

    `root`: one that `stocked` has made before.
    """
    with tempfile.TemporaryDirectory() as folder:
        chance = random.Random(11)
        if root is None:
            root = Path(folder)
            _, languages, samples = stocked(root)
        else:
            languages = [Language(name, random.Random(7)) for name in SYLLABLES]
            samples = [language.text(chance, 400) for language in languages]
        begun = time.perf_counter()
        with _app(root) as address:
            connection = http.client.HTTPConnection(address)
            _answer(connection, "/news/")
            first = time.perf_counter() - begun
            times: dict[str, list[float]] = {}
            for kind, path in _addresses(chance, languages, samples):
                times.setdefault(kind, []).append(min(_answer(connection, path) for _ in range(TRIES)))
            connection.close()
    return times, first


def _addresses(chance: random.Random, languages: list[Language], samples: list[list[str]]) -> Iterator[tuple[str, str]]:
    """Kinds and paths: the collection, its further pages, its facets alone and together, and searches in it."""
    for _ in range(ASKED // 4):
        yield "collection", "/news/"
        yield "collection, page", f"/news/?page={chance.randrange(2, ARTICLES // PER_PAGE)}"
        month = f"{BEGAN + timedelta(days=chance.randrange(480)):%Y-%m}"
        chosen = {
            "section": chance.choice(SECTIONS),
            "captured": month,
            "sort": chance.choice(("published", "headline")),
        }
        yield "collection, facets", f"/news/?{urlencode(chosen)}"
        yield "collection, outlet", f"/news/?{urlencode({'outlet': f'Paper {chance.randrange(40)}'})}"
    for number in range(ASKED):
        kind = list(KINDS)[number % len(KINDS)]
        query = KINDS[kind](chance, chance.choice(languages), chance.choice(samples))
        yield "search", f"/news/?{urlencode({'q': query})}"


def _answer(connection: http.client.HTTPConnection, path: str) -> float:
    begun = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status}")
    return time.perf_counter() - begun


@contextmanager
def _app(root: Path) -> Iterator[str]:
    """The app in a process of its own; where it answers."""
    command = [sys.executable, "-m", "archiver.web", "--root", str(root), "--replay-url", "http://localhost:9"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield json.loads(process.stdout.readline())["app"].removeprefix("http://")
        finally:
            process.terminate()
