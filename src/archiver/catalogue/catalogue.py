"""The open catalogue of one collection: what it holds, found by words, fields and dates."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from archiver.access import Decision, Reader, Rule, Standing
from archiver.catalogue import tables
from archiver.catalogue.feeding import body, revision_paths
from archiver.catalogue.opening import is_damage, opened
from archiver.catalogue.query import EVERYTHING, Query
from archiver.catalogue.restricting import Withheld, decide, reached, veil, withheld
from archiver.catalogue.tables import COLUMNS, Row, path_of
from archiver.catalogue.words import Excerpt, excerpt
from archiver.collection import Collection
from archiver.model import FileRef
from archiver.sidecar import Sidecar, united

Order = Literal["relevance", "captured", "published", "modified", "headline"]
PLACES: dict[Order, str] = {
    "captured": "keys.captured_at",
    "published": "keys.published_order",
    "modified": "keys.modified_order",
    "headline": "captures.headline COLLATE NOCASE",
}
"""What captures are ordered by, but by relevance; of equal ones the id decides."""
ORDERS = {name: f"{place} {{0}}, keys.id {{0}}" for name, place in PLACES.items()}
_RANKED = 2_500
"""So many matches, the newest ones, are weighed against each other. More are never looked through by anybody."""

_IN_WARC = "FROM captures WHERE id = ? OR warc = ? AND '' = ? ORDER BY id"


@dataclass(frozen=True, slots=True)
class Hit:
    """A capture that a query found."""

    row: Row
    score: float
    """The smaller, the better (SQLite's bm25); 0 where nothing was weighed."""
    excerpt: Excerpt


class Catalogue:
    """The catalogue of one collection. Use `open_catalogue`."""

    def __init__(self, collection: Collection, reader: Reader | None) -> None:
        """`reader`: for whom, see `open_catalogue`."""
        self.collection = collection
        self.reader = reader
        self.database = self._open()

    def _open(self) -> sqlite3.Connection:
        database = opened(self.collection)
        self._veiled = self.reader is not None and veil(database, self.reader)
        return database

    def _source(self, query: Query, *wanted: str) -> tuple[str, str, list[Any]]:
        """As `_source` below. The index of words knows no rules, so that where some are hidden it is never alone."""
        return _source(query, *wanted, *(["keys"] if self._veiled and not wanted else []))

    def captures(
        self,
        query: Query = EVERYTHING,
        *,
        order: Order = "captured",
        reverse: bool = False,
        limit: int = -1,
        offset: int = 0,
    ) -> list[Row]:
        """Captures that match: newest first, by headline from A; or `reverse`. -1: no limit."""
        rows = self._ordered(query, order, reverse, limit, offset)
        return [Row(*row) for _, row in rows]

    def _ordered(
        self, query: Query, order: Order, reverse: bool, limit: int, offset: int
    ) -> list[tuple[int, list[Any]]]:
        """Number and row of the captures that match. They are put in order by their small rows in `keys` first."""
        number, source, values = self._source(query, "keys", *(["captures"] if order == "headline" else []))
        ranking = _ranking(order, reverse)
        numbers = f"SELECT {number} AS number FROM {source} ORDER BY {ranking} LIMIT ? OFFSET ?"
        whole = f"({numbers}) CROSS JOIN keys USING (number) CROSS JOIN captures USING (number)"
        statement = f"SELECT keys.number, {COLUMNS} FROM {whole} ORDER BY {ranking}"
        return [(number, row) for number, *row in self.read(statement, (*values, limit, offset))]

    def search(
        self, query: Query, *, order: Order = "relevance", reverse: bool = False, limit: int = -1, offset: int = 0
    ) -> list[Hit]:
        """Captures that match, each with an excerpt; the best first, of equal ones the newest."""
        if order != "relevance" or not query.weighed:
            rows = self._ordered(query, "captured" if order == "relevance" else order, reverse, limit, offset)
            return [self._hit(number, 0.0, Row(*row), query) for number, row in rows]
        number, source, values = self._source(query)
        newest = f"SELECT {number} AS number, bm25(words, {tables.WEIGHTS}) AS score FROM {source} "
        newest += f"ORDER BY {number} DESC LIMIT {_RANKED}"
        ranking = f"score {'DESC' if reverse else 'ASC'}, number DESC"
        best = f"SELECT number, score FROM ({newest}) ORDER BY {ranking} LIMIT ? OFFSET ?"
        statement = (
            f"SELECT number, score, {COLUMNS} FROM ({best}) CROSS JOIN captures USING (number) ORDER BY {ranking}"
        )
        found = self.read(statement, (*values, limit, offset))
        return [self._hit(number, score, Row(*row), query) for number, score, *row in found]

    def numbers(self, query: Query = EVERYTHING) -> str | None:
        """The numbers of the captures that match, as JSON has a list; None if all there are do."""
        if not query.parts and not self._veiled:
            return None
        number, source, values = self._source(query)
        ((found,),) = self.read(f"SELECT json_group_array({number}) FROM {source}", values)  # twice as fast as rows
        return str(found)

    def ranked(self, query: Query, numbers: Sequence[int]) -> dict[int, float]:
        """Number and score of the newest of these matches, which rise, the best first.

        Empty where the query asks for no words. A row is passed over before it is weighed.
        """
        newest = numbers[-_RANKED:]
        if not query.weighed or not newest:
            return {}
        weigh = f"SELECT rowid, bm25(words, {tables.WEIGHTS}) AS score FROM words WHERE words MATCH ? "
        weigh += "AND rowid BETWEEN ? AND ? AND +rowid IN (SELECT value FROM json_each(?)) ORDER BY score, rowid DESC"
        return dict(self.read(weigh, (query.weighed, newest[0], newest[-1], json.dumps(newest))))

    def hits(self, numbers: Iterable[int], query: Query = EVERYTHING) -> dict[int, Hit]:
        """The captures of these numbers, as far as they are (still) there, with excerpts for the query's words."""
        statement = f"SELECT captures.number, {COLUMNS} FROM captures WHERE number IN (SELECT value FROM json_each(?))"
        rows = {number: Row(*row) for number, *row in self.read(statement, (json.dumps(list(numbers)),))}
        return {number: self._hit(number, 0.0, row, query) for number, row in rows.items()}

    def _hit(self, number: int, score: float, row: Row, query: Query) -> Hit:
        marks = query.marks
        piece = excerpt(body(self.database, number), marks)
        if not piece.marks and row.description:
            piece = excerpt(row.description, marks)
        return Hit(row, score, piece)

    def count(self, query: Query = EVERYTHING) -> int:
        """How many captures match."""
        _, source, values = self._source(query)
        return int(self.read(f"SELECT count(*) FROM {source}", values)[0][0])

    def versions(self, url: str) -> list[Row]:
        """All captures of one page, by the address it ended at, newest first."""
        statement = f"SELECT {COLUMNS} FROM captures WHERE final_url = ? ORDER BY captured_at DESC, id DESC"
        return [Row(*row) for row in self.read(statement, (url,))]

    def captured(self, url: str, at: str) -> str | None:
        """The id of a capture of one page, by the address it ended at and the second, as RFC 3339 without its zone."""
        found = "SELECT id FROM captures WHERE final_url = ? AND captured_at BETWEEN ? AND ? ORDER BY id LIMIT 1"
        rows = self.read(found, (url, at, f"{at}~"))
        return str(rows[0][0]) if rows else None

    def around(self, row: Row, most: int) -> tuple[list[Row], int]:
        """Captures of the same page, newest first: this one and at most `most` on either side; and how many it has."""
        page = f"SELECT {COLUMNS} FROM captures WHERE final_url = ? AND (captured_at, id)"
        values = row.final_url, row.captured_at, row.id, most
        later = self.read(f"{page} > (?, ?) ORDER BY captured_at, id LIMIT ?", values)
        earlier = self.read(f"{page} < (?, ?) ORDER BY captured_at DESC, id DESC LIMIT ?", values)
        total = self.read("SELECT count(*) FROM captures WHERE final_url = ?", (row.final_url,))[0][0]
        return [*(Row(*one) for one in reversed(later)), row, *(Row(*one) for one in earlier)], int(total)

    def count_in(self, warc: str) -> int:
        """How many captures the file of that path holds; of files made by others, it may be several."""
        return int(self.read("SELECT count(*) FROM captures WHERE warc = ?", (warc,))[0][0])

    def capture(self, capture_id: str) -> Row | None:
        """One capture, or None."""
        rows = self.read(f"SELECT {COLUMNS} FROM captures WHERE id = ?", (capture_id,))
        return Row(*rows[0]) if rows else None

    def article(self, capture_id: str) -> dict[str, Any]:
        """What a capture's sidecar has chosen to say of the article."""
        rows = self.read("SELECT article FROM captures WHERE id = ?", (capture_id,))
        return dict(json.loads(rows[0][0])) if rows else {}

    def text(self, capture_id: str) -> str:
        """The article's text, a paragraph a line."""
        rows = self.read("SELECT number FROM captures WHERE id = ?", (capture_id,))
        return body(self.database, rows[0][0]) if rows else ""

    def sidecar(self, capture_id: str) -> Sidecar | None:
        """The current sidecar of one capture, as `Collection.sidecar` gives it, but without reading the ledger."""
        paths = revision_paths(self.database, capture_id) if self.capture(capture_id) else []
        return united(*self.collection.heads_of(paths)) if paths else None

    def files(self, row: Row) -> list[FileRef]:
        """The files of a capture as the ledger names them: its WARC, later products of it, all sidecar revisions."""
        folder = row.warc.rpartition("/")[0]
        ours = "path = ? OR path > ? AND path < ? OR path > ? AND path < ?"
        starts = (f"{folder}/{row.id}.", f"{folder}/{row.id}/", f"sidecars/{row.id}.", f"sidecars/{row.id}/")
        statement = f"SELECT path, bytes, sha256 FROM files WHERE {ours} ORDER BY path"
        return [FileRef(*file) for file in self.read(statement, (row.warc, *starts))]

    def unread(self) -> list[str]:
        """Ids of the captures that are not listed, because no revision of their sidecars can be read."""
        statement = "SELECT capture FROM unread WHERE capture NOT IN (SELECT id FROM captures) ORDER BY capture"
        return [capture for (capture,) in self.read(statement, ())]

    def decision(self, capture_id: str = "") -> Decision | None:
        """Who may see a capture now, or the collection as a whole, whoever asks; None where it is not known."""
        return decide(self.collection, self.database, capture_id)

    def restricted(self) -> bool:
        """Whether any capture is not open, or not yet."""
        return bool(self.read("SELECT 1 FROM keys WHERE access != 'open' OR embargo != '' LIMIT 1", ()))

    def withheld(self, reader: Reader) -> Withheld:
        """What of it that reader does not get to see."""
        return withheld(self.collection, self.database, reader)

    def reached(self, rules: Sequence[Rule]) -> list[int]:
        """How many captures each of the rules is about."""
        return reached(self.database, rules)

    def said(self) -> dict[str, int]:
        """How many sidecars say what of access."""
        statement = "SELECT substr(said, 1, instr(said, ' ') - 1), count(*) FROM captures GROUP BY 1 ORDER BY 2 DESC"
        return {str(kind): int(number) for kind, number in self.read(statement, ())}

    def standings(self, warc: str, capture_id: str = "") -> list[tuple[frozenset[str], Standing]]:
        """The captures in a WARC, or the one: the keys of its addresses, and what the rules come to for it."""
        found = self.read(f"SELECT surts, access, embargo {_IN_WARC}", (capture_id, warc, capture_id))
        return [(frozenset(keys.split("\n")), Standing(kind, until)) for keys, kind, until in found]

    def captures_in(self, warc: str, capture_id: str = "") -> list[str]:
        """The ids of the captures in a WARC, or the one."""
        return [found for (found,) in self.read(f"SELECT id {_IN_WARC}", (capture_id, warc, capture_id))]

    def read(self, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The answer to a statement. A file that turns out to be damaged is made again first."""
        try:
            return self.database.execute(statement, values).fetchall()
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
        self.database.close()
        with self.collection.state.lock(f"{self.collection.name}.catalogue"):
            tables.remove(path_of(self.collection))
        self.database = self._open()
        return self.database.execute(statement, values).fetchall()


def _source(query: Query, *wanted: str) -> tuple[str, str, list[Any]]:
    """What is to be read for a query: the column with a capture's number; tables and condition; values for its marks.

    `wanted`: tables that are needed beside those of the query itself. The index of words is asked first: it passes over
    what does not match without reading it; then the small rows.
    """
    conditions, values = query.where
    needed = [
        table for table in ("keys", "captures") if table in wanted or any(f"{table}." in one for one in conditions)
    ]
    if match := query.match:
        conditions, values, needed = ["words MATCH ?", *conditions], [match, *values], ["words", *needed]
    first, *others = needed or ["keys"]
    number = f"{first}.{'rowid' if first == 'words' else 'number'}"
    source = first + "".join(f" CROSS JOIN {table} ON {table}.number = {number}" for table in others)
    return number, source + (f" WHERE {' AND '.join(conditions)}" if conditions else ""), values


def _ranking(order: Order, reverse: bool) -> str:
    falling = (order != "headline") != reverse
    return ORDERS[order].format("DESC" if falling else "ASC")


@contextmanager
def open_catalogue(collection: Collection, reader: Reader | None = None) -> Iterator[Catalogue]:
    """The catalogue of a collection, up to date with its ledger; in memory where it cannot be written.

    With a `reader`, it shows, counts and finds only what that reader may see now; None: an archivist, who sees all.
    """
    catalogue = Catalogue(collection, reader)
    try:
        yield catalogue
    finally:
        catalogue.database.close()


def rebuild(collection: Collection) -> int:
    """Make the catalogue again from the sidecars; returns the number of captures."""
    with collection.state.lock(f"{collection.name}.catalogue"):
        tables.remove(path_of(collection))
    with open_catalogue(collection) as catalogue:
        return catalogue.count()
