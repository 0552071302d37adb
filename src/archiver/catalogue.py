"""The catalogue: a SQLite view of the current sidecars, for lists and the landing page. Derived; may be deleted.

It follows the ledger: each refresh reads only the event lines it has not seen, so its cost does not grow with the
collection. SQLite's only home.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from archiver import disk
from archiver.collection import Collection
from archiver.collection.collection import revisions
from archiver.collection.layout import revision_of
from archiver.errors import ArchiverError, StorageError
from archiver.ledger import sealed_files
from archiver.sidecar import Sidecar

VERSION = 2
"""Raise it when the tables change: an older file is simply made again."""

TABLES = """
CREATE TABLE seen (segment TEXT PRIMARY KEY);
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

WAIT_SECONDS = 30.0
"""How long another process may keep the database to itself."""
MOST_WORDS = 30


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
        """Take in what the ledger says since the last time: sealed segments once, open ones when they have grown."""
        seen = {name for (name,) in self.database.execute("SELECT segment FROM seen")}
        read: dict[str, str] = {}
        with self.database:
            for segment in self.collection.history(skip=seen):
                for capture, paths in revisions(file.path for file in segment.objects()).items():
                    for path in sorted(paths, key=revision_of):
                        self._take(capture, path)
                read[segment.name] = segment.sha256
            sealed = {path.name for path in sealed_files(self.collection.path / "ledger")} & read.keys()
            if sealed:
                self.database.execute("DELETE FROM seen WHERE segment NOT LIKE '%.jsonl'")
            known = sealed | {digest for name, digest in read.items() if name not in sealed}
            self.database.executemany("INSERT OR IGNORE INTO seen VALUES (?)", ((one,) for one in known))

    def _take(self, capture: str, path: str) -> None:
        present = self.capture(capture)
        if present and revision_of(present.sidecar) >= revision_of(path):
            return
        try:
            sidecar = Sidecar.parse(self.collection.local(path).read_bytes(), path)
            row = _row(sidecar, path)
        except (OSError, ArchiverError, ValueError):
            return  # missing or damaged: `verify` reports it; the list shows what can be read
        if sidecar.id == capture:
            self.database.execute(f"REPLACE INTO captures ({COLUMNS}) VALUES ({MARKS})", tuple(asdict(row).values()))


def _where(words: str, url: str | None) -> tuple[str, list[str]]:
    clauses, values = [], []
    for word in words.split()[:MOST_WORDS]:
        escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        clauses.append(f"{SEARCHED} LIKE ? ESCAPE '\\'")
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


def _row(sidecar: Sidecar, path: str) -> Row:
    """Raises ValueError if the capture's own date or status is none."""
    article = sidecar.article
    datetime.fromisoformat(sidecar.captured_at)
    if sidecar.status is not None and not 0 <= sidecar.status <= 999:
        raise ValueError("no HTTP status")
    return Row(
        id=sidecar.id,
        revision=revision_of(path)[0],
        sidecar=path,
        warc=sidecar.warc_file,
        url=sidecar.requested_url,
        final_url=sidecar.final_url,
        captured_at=sidecar.captured_at,
        verdict=sidecar.verdict,
        status=sidecar.status,
        engine=sidecar.document["capture"]["engine"],
        headline=_text(article.get("headline")),
        section=_text(article.get("articleSection")),
        publisher=_text(article.get("publisher")),
        authors=_text(article.get("author")),
        published=_text(article.get("datePublished")),
        modified=_text(article.get("dateModified")),
        language=_text(article.get("inLanguage")),
        description=_text(article.get("description")),
        thumbnail="thumbnail" in sidecar.document["warc"]["records"],
    )


def _connect(path: Path) -> sqlite3.Connection:
    """The database at `path` with our tables; what is no database, or of another version, is made again."""
    disk.make_directory(path.parent)
    database = sqlite3.connect(path, timeout=WAIT_SECONDS)
    try:
        if database.execute("PRAGMA user_version").fetchone()[0] == VERSION:
            return database
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            database.close()
            raise
    database.close()
    path.unlink(missing_ok=True)
    return _with_tables(path)


def _with_tables(place: Path | str) -> sqlite3.Connection:
    database = sqlite3.connect(place, timeout=WAIT_SECONDS)
    database.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
    return database


def path_of(collection: Collection) -> Path:
    """Where the catalogue of a collection lies."""
    return collection.local("derived/catalogue.sqlite")


def _refreshed(collection: Collection, database: sqlite3.Connection) -> Catalogue:
    database.create_function("lower_all", 1, lambda text: str(text).lower(), deterministic=True)
    catalogue = Catalogue(collection, database)
    try:
        catalogue.refresh()
    except BaseException:
        database.close()
        raise
    return catalogue


@contextmanager
def open_catalogue(collection: Collection) -> Iterator[Catalogue]:
    """The catalogue of a collection, up to date with its ledger; in memory where it cannot be written."""
    try:
        with collection.state.lock(f"{collection.name}.catalogue"):
            catalogue = _refreshed(collection, _connect(path_of(collection)))
    except (sqlite3.OperationalError, StorageError):
        catalogue = _refreshed(collection, _with_tables(":memory:"))
    with closing(catalogue.database):
        yield catalogue


def rebuild(collection: Collection) -> int:
    """Make the catalogue again from the sidecars; returns the number of captures."""
    with collection.state.lock(f"{collection.name}.catalogue"):
        path_of(collection).unlink(missing_ok=True)
    with open_catalogue(collection) as catalogue:
        return catalogue.count()
