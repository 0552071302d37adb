"""The catalogue: a SQLite view of the current sidecars, for lists and the landing page. Derived; may be deleted.

It follows the ledger: each refresh reads only the event lines it has not seen, so its cost does not grow with the
collection. SQLite's only home.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from archiver import disk
from archiver.collection import Collection
from archiver.collection.collection import revisions
from archiver.collection.layout import SIDECAR_NAME
from archiver.errors import ArchiverError
from archiver.ledger import sealed_files
from archiver.sidecar import Sidecar

VERSION = 1
"""Raise it when the tables change: an older file is simply made again."""

TABLES = """
CREATE TABLE seen (segment TEXT PRIMARY KEY, events INTEGER NOT NULL);
CREATE TABLE captures (
  id TEXT PRIMARY KEY, revision INTEGER NOT NULL, sidecar TEXT NOT NULL, warc TEXT NOT NULL,
  url TEXT NOT NULL, final_url TEXT NOT NULL, captured_at TEXT NOT NULL, verdict TEXT NOT NULL, status INTEGER,
  engine TEXT NOT NULL, headline TEXT NOT NULL, section TEXT NOT NULL, publisher TEXT NOT NULL,
  authors TEXT NOT NULL, published TEXT NOT NULL, modified TEXT NOT NULL, language TEXT NOT NULL,
  description TEXT NOT NULL, thumbnail INTEGER NOT NULL
);
CREATE INDEX by_time ON captures (captured_at DESC, id);
CREATE INDEX by_url ON captures (final_url, captured_at DESC);
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One capture as lists show it. Texts are the page's own claims: hostile, to be escaped."""

    id: str
    revision: int
    sidecar: str
    """Path of the current revision in the collection."""
    warc: str
    url: str
    final_url: str
    captured_at: str
    """RFC 3339 UTC."""
    verdict: str
    status: int | None
    engine: str
    headline: str
    section: str
    publisher: str
    authors: str
    """Names joined by ", "."""
    published: str
    """As the publisher claims it; may be partial or empty."""
    modified: str
    language: str
    description: str
    thumbnail: bool
    """Whether the WARC holds `urn:thumbnail:`."""

    def as_json(self) -> dict[str, Any]:
        """The JSON shape of `archiver list`."""
        return asdict(self) | {"thumbnail": bool(self.thumbnail)}


SEARCHED = "lower_all(headline || ' ' || authors || ' ' || publisher || ' ' || final_url)"
COLUMNS = ", ".join(column.name for column in fields(Row))
MARKS = ", ".join("?" for _ in fields(Row))


class Catalogue:
    """The open catalogue of one collection. Use `open_catalogue`."""

    def __init__(self, collection: Collection, database: sqlite3.Connection) -> None:
        """`database` has the tables already."""
        self.collection = collection
        self.database = database

    def captures(self, *, words: str = "", url: str | None = None, limit: int = -1, offset: int = 0) -> list[Row]:
        """Captures, newest first. `words`: all of them in headline, author, publisher or URL. -1: no limit."""
        where, values = _where(words, url)
        order = "ORDER BY captured_at DESC, id DESC LIMIT ? OFFSET ?"
        rows = self.database.execute(f"SELECT {COLUMNS} FROM captures {where} {order}", (*values, limit, offset))
        return [Row(*row) for row in rows]

    def count(self, *, words: str = "", url: str | None = None) -> int:
        """How many captures `captures` would give without limit."""
        where, values = _where(words, url)
        return int(self.database.execute(f"SELECT count(*) FROM captures {where}", values).fetchone()[0])

    def pages(self, *, words: str = "", limit: int = -1, offset: int = 0) -> list[tuple[Row, int]]:
        """Every page once: its newest capture, and how many it has. Only captures that `words` matches count."""
        where, values = _where(words, None)
        page = "OVER (PARTITION BY final_url"
        ranked = (
            f"SELECT {COLUMNS}, count(*) {page}) AS versions, "
            f"row_number() {page} ORDER BY captured_at DESC, id DESC) AS place FROM captures {where}"
        )
        newest = f"SELECT {COLUMNS}, versions FROM ({ranked}) WHERE place = 1"
        order = "ORDER BY captured_at DESC, id DESC LIMIT ? OFFSET ?"
        rows = self.database.execute(f"{newest} {order}", (*values, limit, offset))
        return [(Row(*row[:-1]), int(row[-1])) for row in rows]

    def count_pages(self, *, words: str = "") -> int:
        """How many pages `pages` would give without limit."""
        where, values = _where(words, None)
        counted = f"SELECT count(DISTINCT final_url) FROM captures {where}"
        return int(self.database.execute(counted, values).fetchone()[0])

    def capture(self, capture_id: str) -> Row | None:
        """One capture, or None."""
        row = self.database.execute(f"SELECT {COLUMNS} FROM captures WHERE id = ?", (capture_id,)).fetchone()
        return Row(*row) if row else None

    def refresh(self) -> None:
        """Take in what the ledger says since the last time."""
        seen = dict(self.database.execute("SELECT segment, events FROM seen"))
        with self.database:
            for segment in self.collection.history(skip=seen):
                place = (
                    f"{segment.writer}/{segment.seq}/{segment.previous}"  # the same while it is open and once sealed
                )
                paths = [file.path for event in segment.events[seen.get(place, 0) :] for file in event.objects]
                for files in revisions(paths).values():
                    for path in files:
                        self._take(path)
                self.database.execute("REPLACE INTO seen VALUES (?, ?)", (place, len(segment.events)))
            sealed = ((path.name,) for path in sealed_files(self.collection.path / "ledger"))
            self.database.executemany("INSERT OR IGNORE INTO seen VALUES (?, 0)", sealed)

    def _take(self, path: str) -> None:
        name = SIDECAR_NAME.match(Path(path).name)
        try:
            sidecar = Sidecar.parse(self.collection.local(path).read_bytes(), path)
        except (OSError, ArchiverError):
            return  # missing or damaged: `verify` reports it; the list shows what can be read
        present = self.capture(sidecar.id)
        revision = int(name[2]) if name else 1
        if present is None or Path(present.sidecar).name in sidecar.parents or revision > present.revision:
            row = _row(sidecar, revision, path)
            self.database.execute(f"REPLACE INTO captures ({COLUMNS}) VALUES ({MARKS})", tuple(asdict(row).values()))


def _where(words: str, url: str | None) -> tuple[str, list[str]]:
    clauses, values = [], []
    for word in words.split():
        escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        clauses.append(
            "lower_all(headline || ' ' || authors || ' ' || publisher || ' ' || final_url) LIKE ? ESCAPE '\\'"
        )
        values.append(f"%{escaped.lower()}%")
    if url is not None:
        clauses.append("final_url = ?")
        values.append(url)
    return ("WHERE " + " AND ".join(clauses) if clauses else ""), values


def _text(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("name", "")
    if isinstance(value, list):
        return ", ".join(filter(None, (_text(item) for item in value)))
    return value if isinstance(value, str) else ""


def _row(sidecar: Sidecar, revision: int, path: str) -> Row:
    document = sidecar.document
    capture, article = document["capture"], document.get("article", {})
    return Row(
        id=sidecar.id,
        revision=revision,
        sidecar=path,
        warc=document["warc"]["file"],
        url=capture["requested_url"],
        final_url=capture["final_url"],
        captured_at=capture["captured_at"],
        verdict=capture["verdict"]["word"],
        status=capture.get("status"),
        engine=capture["engine"],
        headline=_text(article.get("headline")),
        section=_text(article.get("articleSection")),
        publisher=_text(article.get("publisher")),
        authors=_text(article.get("author")),
        published=_text(article.get("datePublished")),
        modified=_text(article.get("dateModified")),
        language=_text(article.get("inLanguage")),
        description=_text(article.get("description")),
        thumbnail="thumbnail" in document["warc"]["records"],
    )


def _connect(path: Path) -> sqlite3.Connection:
    """The database at `path` with our tables; a damaged or older one is made again, a read-only place uses memory."""
    try:
        disk.make_directory(path.parent)
        database = sqlite3.connect(path, timeout=30)
        if database.execute("PRAGMA user_version").fetchone()[0] == VERSION:
            return database
        database.close()
        path.unlink(missing_ok=True)
        database = sqlite3.connect(path, timeout=30)
    except sqlite3.DatabaseError:
        path.unlink(missing_ok=True)
        database = sqlite3.connect(path, timeout=30)
    except (OSError, ArchiverError):
        database = sqlite3.connect(":memory:")
    database.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
    return database


def path_of(collection: Collection) -> Path:
    """Where the catalogue of a collection lies."""
    return collection.path / "derived" / "catalogue.sqlite"


@contextmanager
def open_catalogue(collection: Collection) -> Iterator[Catalogue]:
    """The catalogue of a collection, up to date with its ledger."""
    with collection.state.lock(f"{collection.name}.catalogue"):
        database = _connect(path_of(collection))
    with closing(database):
        database.create_function("lower_all", 1, lambda text: str(text).lower(), deterministic=True)
        catalogue = Catalogue(collection, database)
        with collection.state.lock(f"{collection.name}.catalogue"):
            catalogue.refresh()
        yield catalogue


def rebuild(collection: Collection) -> int:
    """Make the catalogue again from the sidecars; returns the number of captures."""
    with collection.state.lock(f"{collection.name}.catalogue"):
        path_of(collection).unlink(missing_ok=True)
    with open_catalogue(collection) as catalogue:
        return catalogue.count()
