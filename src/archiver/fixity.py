"""When the bytes of each copy of a collection were last read, what checks found, and until when stores lock objects.

In `ROOT/.archiver/fixity/NAME.sqlite`, which is no truth: whatever is lost of it only makes bytes look unread for
longer. So a missing, damaged or unwritable database is never an error: it is made anew, or does without.
A place is one copy: `LOCAL`, or the URL of a store. Dates are RFC 3339 UTC, as the ledger writes them.
"""

import sqlite3
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from archiver import disk
from archiver.collection.state import State
from archiver.errors import ArchiverError
from archiver.model import timestamp

LOCAL = "local"
"""The place that is this working copy."""
SOON = timedelta(days=7)
"""Locks that end within this are told."""
Kind = Literal["verify", "push", "pull", "list", "head", "deep"]
"""What was done: `list` and `head` read no bytes, `deep` reads all of those at a store."""

VERSION = 2
_LOCKS = """
CREATE TABLE locks (
  place TEXT NOT NULL, path TEXT NOT NULL, until TEXT NOT NULL, PRIMARY KEY (place, path)
) WITHOUT ROWID;
"""
TABLES = f"""
CREATE TABLE reads (place TEXT NOT NULL, path TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (place, path)) WITHOUT ROWID;
CREATE TABLE checks (
  number INTEGER PRIMARY KEY, place TEXT NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL,
  files INTEGER NOT NULL, bytes INTEGER NOT NULL, errors INTEGER NOT NULL
);
{_LOCKS}"""
WAIT_SECONDS = 30.0

_PASSING = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
)
_TYPES = (str, str, str, int, int, int)


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a place, whatever it found."""

    place: str
    kind: Kind
    at: str
    files: int
    bytes: int
    errors: int


class Fixity:
    """The dates of one collection's places. Every call opens and closes the database."""

    def __init__(self, state: State, collection: str) -> None:
        """`state` is that of the root, `collection` a name in it."""
        self.path = state.path / "fixity" / f"{collection}.sqlite"

    def note_read(self, place: str, paths: Iterable[str], at: str) -> None:
        """Every byte of these files was read there at that time and agreed with the ledger."""
        with self._database() as database:
            database.executemany(
                "INSERT INTO reads VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = max(at, excluded.at)",
                ((place, path, at) for path in paths),
            )

    def forget(self, place: str, paths: Iterable[str]) -> None:
        """These are not there any more, or not as the ledger has them."""
        with self._database() as database:
            database.executemany("DELETE FROM reads WHERE place = ? AND path = ?", ((place, path) for path in paths))

    def last_read(self, place: str) -> dict[str, str]:
        """Path → when it was last read whole there; without those that never were."""
        with self._database() as database:
            found = database.execute("SELECT path, at FROM reads WHERE place = ?", (place,))
            return {path: at for path, at in found if isinstance(path, str) and _is_date(at)}
        return {}

    def read_at(self, place: str, paths: Iterable[str]) -> dict[str, str]:
        """The same of these files alone."""
        with self._database() as database:
            asked = "SELECT path, at FROM reads WHERE place = ? AND path = ?"
            found = [row for path in paths for row in database.execute(asked, (place, path))]
            return {path: at for path, at in found if isinstance(path, str) and _is_date(at)}
        return {}

    def note_locked(self, place: str, until: Mapping[str, str]) -> None:
        """Until when each of these is known to be locked there; empty: nothing is known of it any more."""
        with self._database() as database:
            database.executemany(
                "INSERT OR REPLACE INTO locks VALUES (?, ?, ?)", ((place, path, at) for path, at in until.items())
            )
            database.execute("DELETE FROM locks WHERE until = ''")

    def locked(self, place: str, before: str) -> dict[str, str]:
        """Path → until when it is known to be locked there, of what that is `before` an instant."""
        with self._database() as database:
            found = database.execute("SELECT path, until FROM locks WHERE place = ? AND until < ?", (place, before))
            return {path: at for path, at in found if isinstance(path, str) and _is_date(at)}
        return {}

    def ending(self, place: str, there: Container[str], at: datetime) -> list[str]:
        """When locks there, of what is `there`, have ended or will within days (`SOON`), the first one first."""
        return sorted(until for path, until in self.locked(place, timestamp(at + SOON)).items() if path in there)

    def note_check(self, place: str, kind: Kind, at: str, files: int, bytes: int, errors: int) -> None:  # noqa: PLR0917
        """A check ended: so many files and bytes looked at, so many errors found."""
        with self._database() as database:
            row = (place, kind, at, files, bytes, errors)
            database.execute("INSERT INTO checks VALUES (NULL, ?, ?, ?, ?, ?, ?)", row)

    def checks(self) -> list[Check]:
        """Every check, the oldest first."""
        with self._database() as database:
            found = database.execute("SELECT place, kind, at, files, bytes, errors FROM checks ORDER BY number")
            return [Check(*row) for row in found if tuple(map(type, row)) == _TYPES and _is_date(row[2])]
        return []

    def places(self) -> list[str]:
        """Every place that something is known of, by name."""
        with self._database() as database:
            found = database.execute("SELECT place FROM reads UNION SELECT place FROM checks ORDER BY place")
            return [place for (place,) in found if isinstance(place, str)]
        return []

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """The database within a transaction; what goes wrong with it ends the block without an error."""
        try:
            with closing(self._opened()) as database, database:
                yield database
        except (sqlite3.DatabaseError, UnicodeError) as error:
            if not _passes(error):
                self._remove()

    def _opened(self) -> sqlite3.Connection:
        try:
            disk.make_directory(self.path.parent)
            if (database := self._connected()) is None:
                self._remove()
                database = self._connected()
        except (sqlite3.Error, ArchiverError, OSError):
            database = None
        return database or _with_tables(sqlite3.connect(":memory:"))

    def _connected(self) -> sqlite3.Connection | None:
        """The database on disk, with its tables; None if what is there is none of ours."""
        database = sqlite3.connect(self.path, timeout=WAIT_SECONDS)
        try:
            database.text_factory = lambda text: text.decode(errors="replace")
            database.execute("PRAGMA trusted_schema = OFF")
            version = database.execute("PRAGMA user_version").fetchone()[0]
            pages, size = (database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
            if self.path.stat().st_size < pages * size:  # its end was cut off, which SQLite does not look for
                database.close()
                return None
            if version == VERSION:
                return database
            if version == 1:
                database.executescript(f"BEGIN; {_LOCKS} PRAGMA user_version = {VERSION}; COMMIT;")
                return database
            if version == 0 and not database.execute("SELECT 1 FROM sqlite_schema").fetchall():
                return _with_tables(database)
        except (sqlite3.DatabaseError, UnicodeError) as error:
            database.close()
            if _passes(error):
                raise
            return None
        database.close()
        return None

    def _remove(self) -> None:
        for path in (self.path.with_name(f"{self.path.name}-journal"), self.path):
            path.unlink(missing_ok=True)


def _with_tables(database: sqlite3.Connection) -> sqlite3.Connection:
    database.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
    return database


def _passes(error: Exception) -> bool:
    """Whether the fault is the disk's or another process's, and not that of what is written there."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in _PASSING


def _is_date(value: object) -> bool:
    """Damage in the file can make anything of a value."""
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
