"""How captures get into the catalogue: from the ledger's new lines to sidecars, and to the words of the text.

Each call reads only the event lines that were not seen before, so its cost does not grow with the collection.
What has been read of one segment is kept when the next one fails, or the process is killed.
"""

import json
import sqlite3
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, astuple, replace
from typing import Any

from archiver.access import is_rule
from archiver.catalogue import tables
from archiver.catalogue.checks import verdict_of
from archiver.catalogue.restricting import load, restate, surts
from archiver.catalogue.rows import authors_of, instant, row_of, words_of
from archiver.catalogue.tables import WIDTH, WORDS, Row
from archiver.catalogue.texts import article_text
from archiver.collection import Collection
from archiver.collection.layout import revision_of, revisions
from archiver.errors import ArchiverError
from archiver.ledger import DELETION, RECOVERY, Event, Segment, capture_of
from archiver.model import FileRef
from archiver.sidecar import Sidecar, united

_ENTER = f"INSERT INTO captures ({', '.join(Row.__slots__)}, article, said, surts) VALUES (?{', ?' * (WIDTH + 2)})"
_ENTER_KEYS = f"INSERT INTO keys VALUES (?{', ?' * 13})"
_ADD = f"INSERT INTO words (rowid, {', '.join(WORDS)}) VALUES (?{', ?' * len(WORDS)})"
_DROP = f"INSERT INTO words (words, rowid, {', '.join(WORDS)}) VALUES ('delete', ?{', ?' * len(WORDS)})"
_FORGET = "DELETE FROM changes WHERE change <= (SELECT max(change) FROM changes) - ?"
_CHECK = (
    "INSERT INTO checks VALUES (?, ?, ?) "
    "ON CONFLICT DO UPDATE SET at = excluded.at, qa = excluded.qa WHERE excluded.at >= at"
)
_CHECKED = "(SELECT checks.qa FROM checks WHERE capture = ?)"


def refresh(collection: Collection, database: sqlite3.Connection) -> None:
    """Take in what the ledger says since the last time: sealed segments once, open ones when they have grown."""
    for segment in collection.history(skip=_seen(database)):
        with database:
            database.execute(_FORGET, (tables.MOST_CHANGES,))
            _take_segment(collection, database, segment)
            sealed = (collection.path / segment.path).is_file()
            if sealed:
                database.execute("DELETE FROM seen WHERE segment NOT LIKE '%.jsonl'")
            mark = segment.name if sealed else segment.sha256
            database.execute("INSERT OR IGNORE INTO seen VALUES (?)", (mark,))


def is_current(collection: Collection, database: sqlite3.Connection) -> bool:
    """Whether the ledger says nothing that was not taken in."""
    return next(collection.history(skip=_seen(database)), None) is None


def _seen(database: sqlite3.Connection) -> set[str]:
    """Names of sealed segments and digests of open ones."""
    return {name for (name,) in database.execute("SELECT segment FROM seen")}


def _take_segment(collection: Collection, database: sqlite3.Connection, segment: Segment) -> None:
    _end(database, segment)
    objects = _kept(database, segment.objects())
    fresh = [file.path for file in objects if not _knows(database, file.path)]
    database.executemany("REPLACE INTO files VALUES (?, ?, ?)", (astuple(file) for file in objects))
    back = [file.path for event in segment.events if event.type == RECOVERY for file in event.objects]
    taken = revisions([*fresh, *back])
    for capture in taken:
        _take(collection, database, capture)
    for event in segment.events:
        _take_check(database, event)
    ruled = any(
        is_rule(path) or path.startswith("collection/") for path in (*fresh, *back)
    )  # back: read before as lost
    if ruled or taken:
        restate(database, load(collection, database), None if ruled else taken)


def _end(database: sqlite3.Connection, segment: Segment) -> None:
    """Take out what the segment's deletions ended, and remember that: others may name it again later on."""
    removed = [(file.path,) for event in segment.events for file in event.removed if not is_rule(file.path)]
    database.executemany("INSERT OR IGNORE INTO gone VALUES (?)", removed)
    database.executemany("DELETE FROM files WHERE path = ?", removed)
    for capture in (event.capture for event in segment.events if event.type == DELETION and event.capture):
        database.execute("INSERT OR IGNORE INTO erased VALUES (?)", (capture,))
        database.execute("DELETE FROM files WHERE path GLOB ?", (f"*/{capture}.*",))
        for table in ("checks", "unread"):
            database.execute(f"DELETE FROM {table} WHERE capture = ?", (capture,))
        if present := database.execute("SELECT number FROM captures WHERE id = ?", (capture,)).fetchone():
            _drop(database, present[0])


def _take_check(database: sqlite3.Connection, event: Event) -> None:
    """Enter what a check of a capture's replay came to, if none is newer; also of one that is not known yet."""
    if (found := verdict_of(event)) is None:
        return
    database.execute(_CHECK, (event.capture, event.at, found))
    known = database.execute("SELECT number FROM captures WHERE id = ?", (event.capture,)).fetchone()
    for table in ("captures", "keys") if known else ():
        database.execute(f"UPDATE {table} SET qa = {_CHECKED} WHERE number = ?", (event.capture, *known))


def _kept(database: sqlite3.Connection, files: Iterable[FileRef]) -> list[FileRef]:
    """Those that no deletion ended."""
    if database.execute("SELECT 1 FROM gone UNION ALL SELECT 1 FROM erased LIMIT 1").fetchone() is None:
        return list(files)
    ended = "SELECT 1 FROM gone WHERE path = ? UNION ALL SELECT 1 FROM erased WHERE capture = ?"
    return [one for one in files if database.execute(ended, (one.path, capture_of(one.path))).fetchone() is None]


def _knows(database: sqlite3.Connection, path: str) -> bool:
    return database.execute("SELECT 1 FROM files WHERE path = ?", (path,)).fetchone() is not None


def revision_paths(database: sqlite3.Connection, capture: str) -> list[str]:
    """Paths of all revisions of a capture's sidecar, the first one first."""
    between = f"sidecars/{capture}.", f"sidecars/{capture}/"
    found = [path for (path,) in database.execute("SELECT path FROM files WHERE path > ? AND path < ?", between)]
    return sorted(revisions(found).get(capture, []), key=revision_of)


def _take(collection: Collection, database: sqlite3.Connection, capture: str) -> None:
    """Enter what a capture's current revisions come to, in place of what is there."""
    read = _read(collection, revision_paths(database, capture))
    database.execute("DELETE FROM unread WHERE capture = ?", (capture,))
    if read is None:
        database.execute("INSERT INTO unread VALUES (?)", (capture,))
        return
    sidecar, row = read
    _enter_anew(database, row, sidecar, article_text(collection, sidecar))


def _enter_anew(database: sqlite3.Connection, row: Row, sidecar: Sidecar, text: str) -> None:
    if present := database.execute("SELECT number FROM captures WHERE id = ?", (row.id,)).fetchone():
        _drop(database, present[0])
    checked = database.execute("SELECT qa FROM checks WHERE capture = ?", (row.id,)).fetchone()
    enter(database, replace(row, qa=checked[0] if checked else ""), sidecar.article, text)


_NO_TEXT = "SELECT captures.id FROM captures JOIN bodies USING (number) WHERE bodies.text = ? ORDER BY number"


def without_text(database: sqlite3.Connection) -> list[str]:
    """Ids of the captures that no text is known of."""
    return [capture for (capture,) in database.execute(_NO_TEXT, (zlib.compress(b"", 1),))]


def set_text(collection: Collection, database: sqlite3.Connection, capture: str, text: str) -> None:
    """Enter the text of a capture, if that is (still) there."""
    known = database.execute("SELECT 1 FROM captures WHERE id = ?", (capture,)).fetchone()
    if known and (read := _read(collection, revision_paths(database, capture))):
        _enter_anew(database, read[1], read[0], text)
        restate(database, load(collection, database), [capture])


def enter(database: sqlite3.Connection, row: Row, article: dict[str, Any], text: str) -> None:
    """Enter a capture that is not there."""
    stated = f"{row.access} {row.embargo}"
    values = (*asdict(row).values(), json.dumps(article, ensure_ascii=False), stated, surts(row))
    number = database.execute(_ENTER, values).lastrowid
    dates = row.captured_at, row.published, row.modified, instant(row.published), instant(row.modified)
    counted = row.verdict, row.qa, row.language, row.section, row.publisher
    database.execute(_ENTER_KEYS, (number, row.id, *dates, *counted, row.access, row.embargo))
    database.executemany("INSERT INTO authors VALUES (?, ?)", ((number, name) for name in authors_of(article)))
    database.execute("INSERT INTO bodies VALUES (?, ?)", (number, zlib.compress(text.encode(), 1)))
    database.execute(_ADD, (number, *words_of(row, article, text)))


def _read(collection: Collection, paths: list[str]) -> tuple[Sidecar, Row] | None:
    """The current sidecar and its row; of a damaged one the revision before it, as far as there is one.

    `verify` reports the damage.
    """
    for count in range(len(paths), 0, -1):
        with suppress(OSError, ArchiverError, ValueError, TypeError):
            sidecar = united(*collection.heads_of(paths[:count]))
            return sidecar, row_of(sidecar, paths[count - 1])
    return None


def _drop(database: sqlite3.Connection, number: int) -> None:
    """Take a capture out. The index of words holds no texts: it has to be told again what it was given."""
    columns = ", ".join(Row.__slots__)
    *values, article = database.execute(
        f"SELECT {columns}, article FROM captures WHERE number = ?", (number,)
    ).fetchone()
    database.execute(_DROP, (number, *words_of(Row(*values), json.loads(article), body(database, number))))
    for table in ("bodies", "authors", "keys", "captures"):
        database.execute(f"DELETE FROM {table} WHERE number = ?", (number,))


def body(database: sqlite3.Connection, number: int) -> str:
    """The text of a capture."""
    found = database.execute("SELECT text FROM bodies WHERE number = ?", (number,)).fetchone()
    try:
        return zlib.decompress(found[0]).decode() if found else ""
    except (zlib.error, UnicodeDecodeError):
        return ""  # damage that SQLite does not see; `reindex` makes all anew
