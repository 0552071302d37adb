"""The tables of the catalogue, and the file that they are in. Everything in it is derived and may be deleted."""

import sqlite3
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from archiver import disk
from archiver.access import Kind, Standing
from archiver.collection import Collection
from archiver.model import now, timestamp

VERSION = 11
"""Raise it when the tables or the form of the words change: an older file is simply made again."""

TABLES = """
CREATE TABLE birth AS SELECT hex(randomblob(16)) AS name;
CREATE TABLE seen (segment TEXT PRIMARY KEY);
CREATE TABLE files (path TEXT PRIMARY KEY, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE gone (path TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE erased (capture TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE unread (capture TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE captures (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL,
  captured_at TEXT NOT NULL, published TEXT NOT NULL, modified TEXT NOT NULL,
  verdict TEXT NOT NULL, qa TEXT NOT NULL, language TEXT NOT NULL, section TEXT NOT NULL, publisher TEXT NOT NULL,
  status INTEGER, engine TEXT NOT NULL, thumbnail INTEGER NOT NULL,
  final_url TEXT NOT NULL, url TEXT NOT NULL, sidecar TEXT NOT NULL, warc TEXT NOT NULL,
  headline TEXT NOT NULL, authors TEXT NOT NULL, description TEXT NOT NULL, article TEXT NOT NULL,
  access TEXT NOT NULL, embargo TEXT NOT NULL, said TEXT NOT NULL, surts TEXT NOT NULL
);
CREATE TABLE keys (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL, captured_at TEXT NOT NULL, published TEXT NOT NULL,
  modified TEXT NOT NULL, published_order TEXT NOT NULL, modified_order TEXT NOT NULL,
  verdict TEXT NOT NULL, qa TEXT NOT NULL, language TEXT NOT NULL, section TEXT NOT NULL, publisher TEXT NOT NULL,
  access TEXT NOT NULL, embargo TEXT NOT NULL
);
CREATE TABLE authors (number INTEGER, name TEXT, PRIMARY KEY (number, name)) WITHOUT ROWID;
CREATE TABLE changes (change INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER NOT NULL);
CREATE TRIGGER entered AFTER INSERT ON keys BEGIN INSERT INTO changes (number) VALUES (new.number); END;
CREATE TRIGGER changed AFTER UPDATE OF qa ON keys BEGIN INSERT INTO changes (number) VALUES (new.number); END;
CREATE TRIGGER dropped AFTER DELETE ON keys BEGIN INSERT INTO changes (number) VALUES (old.number); END;
CREATE TABLE checks (capture TEXT PRIMARY KEY, at TEXT NOT NULL, qa TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX by_time ON keys (captured_at, id);
CREATE INDEX by_publication ON keys (published_order, id);
CREATE INDEX by_access ON keys (access, embargo);
CREATE INDEX by_url ON captures (final_url, captured_at DESC);
CREATE INDEX by_request ON captures (url);
CREATE INDEX by_warc ON captures (warc);
CREATE TABLE bodies (number INTEGER PRIMARY KEY, text BLOB NOT NULL);
CREATE VIRTUAL TABLE words USING fts5 (
  headline, author, section, publisher, keyword, description, url, label, text,
  content='', tokenize='unicode61 remove_diacritics 2'
);
"""

# `keys` repeats what captures are chosen, ordered and counted by in small rows: many of them are read for one answer.
# `birth` and `changes` tell those who keep an answer whether it still holds: see archiver.catalogue.columns.

WORDS = ("headline", "author", "section", "publisher", "keyword", "description", "url", "label", "text")
"""Columns of the index of words."""
WEIGHTS = "10, 5, 2, 2, 4, 3, 1, 0, 1"
"""What a word counts in each of them."""
MOST_CHANGES = 20_000
"""So many changes are remembered, the newest ones."""

WAIT_SECONDS = 30.0
"""How long another process may keep the database to itself."""
CACHE_KB = 32_768


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
    qa: str = ""
    """What the newest check of its replay came to: pass, warn or fail; empty where there was none."""
    access: Kind = "open"
    """What the access rules come to, but for an embargo."""
    embargo: str = ""
    """When the embargo ends, RFC 3339 UTC; empty where there never was one."""

    @property
    def kind(self) -> Kind:
        """Who may see it now."""
        return Standing(self.access, self.embargo).at(timestamp(now()))

    @property
    def outlet(self) -> str:
        """The publisher; where none is told, the host name without `www.`; empty if there is none."""
        return self.publisher or host_of(self.final_url)

    def as_json(self) -> dict[str, Any]:
        """The JSON shape of `archiver list`."""
        return asdict(self) | {"thumbnail": bool(self.thumbnail), "access": self.kind, "embargo": self.embargo or None}


def host_of(url: str) -> str:
    """The host name in a URL, without `www.`; empty if there is none."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


COLUMNS = ", ".join(f"captures.{column.name}" for column in fields(Row))
WIDTH = len(fields(Row))


def path_of(collection: Collection) -> Path:
    """Where the catalogue of a collection lies."""
    return collection.local("derived/catalogue.sqlite")


def connect(path: Path) -> sqlite3.Connection:
    """The database at `path` with our tables; what is no database, or of another version, is made again."""
    disk.make_directory(path.parent)
    database = _open(path)
    try:
        if database.execute("PRAGMA user_version").fetchone()[0] == VERSION:
            return database
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            database.close()
            raise
    database.close()
    remove(path)
    return with_tables(path)


def connect_to_read(path: Path) -> sqlite3.Connection | None:
    """The database at `path`, which is not written to; None if it is not of our version."""
    database = _open(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    if database.execute("PRAGMA user_version").fetchone()[0] == VERSION:
        return database
    database.close()
    return None


def remove(path: Path) -> None:
    """Delete the file, and what SQLite may have left of a write that was cut off."""
    for file in (path.with_name(f"{path.name}-journal"), path):
        file.unlink(missing_ok=True)


def with_tables(place: Path | str) -> sqlite3.Connection:
    """A new database at `place`."""
    database = _open(place)
    database.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
    return database


def _open(place: Path | str, *, uri: bool = False) -> sqlite3.Connection:
    database = sqlite3.connect(place, timeout=WAIT_SECONDS, uri=uri)
    database.execute(f"PRAGMA cache_size = -{CACHE_KB}")
    database.execute("PRAGMA trusted_schema = OFF")  # the file may have come with a folder from anywhere
    return database
