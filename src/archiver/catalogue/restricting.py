"""What the access rules come to for each capture, and the veil over what a reader may not see.

A catalogue opened for a reader has views in place of its tables `captures` and `keys`, which hold only what that
reader may see now. So every statement, also one that is yet to be written, sees no more, as long as it reads one of
the two.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from archiver import access
from archiver.access import Decision, Kind, Reader, Rule, Rules, Standing
from archiver.access.patterns import Pattern, Table
from archiver.catalogue.tables import Row
from archiver.collection import Collection
from archiver.model import now, timestamp

_TOLD: tuple[Kind, ...] = ("reading-room", "embargo", "takedown")
"""Kinds of which readers may know that something is held back."""
_ALL = "SELECT number, id, surts, said, access, embargo FROM captures"


def surts(row: Row) -> str:
    """The keys of a capture's addresses, as the tables hold them."""
    return "\n".join(sorted(access.keys(row.url, row.final_url)))


def load(collection: Collection, database: sqlite3.Connection) -> Rules:
    """The rules that the ledger names, as far as it was taken in."""
    found = database.execute("SELECT path FROM files WHERE path > 'access/' AND path < 'access0'")
    return access.read(collection, [path for (path,) in found])


def restate(database: sqlite3.Connection, rules: Rules, captures: Iterable[str] | None = None) -> None:
    """Enter what the rules come to for these captures, or for all."""
    wanted = None if captures is None else list(captures)
    some = (row for one in wanted or () for row in database.execute(f"{_ALL} WHERE id = ?", (one,)))
    rows: Iterable[tuple[Any, ...]] = database.execute(_ALL) if wanted is None else some
    changed = []
    for number, capture, keys, told, *known in rows:
        found = rules.comes_to(capture, keys.split("\n"), _said(told))
        if [found.access, found.embargo] != known:
            changed.append((found.access, found.embargo, number))
    for table in ("captures", "keys"):
        database.executemany(f"UPDATE {table} SET access = ?, embargo = ? WHERE number = ?", changed)


def decide(collection: Collection, database: sqlite3.Connection, capture: str = "") -> Decision | None:
    """Who may see a capture now, or with none the collection as a whole; None where the capture is not known."""
    if not capture:
        return load(collection, database).decide()
    found = database.execute(
        "SELECT access, embargo, said, url, final_url FROM main.captures WHERE id = ?", (capture,)
    ).fetchone()
    if found is None:
        return None
    known, embargo, told, *urls = found
    if Standing(known, embargo).at(timestamp(now())) == "open":
        return Decision()
    return load(collection, database).decide(capture=capture, urls=urls, said=_said(told))


def _said(told: str) -> Rule:
    """What a sidecar says, of what the tables hold of it."""
    kind, _, until = told.partition(" ")
    return Rule.described({"access": kind}, "sidecar", until)


def reached(database: sqlite3.Connection, rules: Sequence[Rule]) -> list[int]:
    """How many captures each of the rules is about, whether it counts or not."""
    table = Table((Pattern.of(one.url), place) for place, one in enumerate(rules) if one.url)
    found = [0] * len(rules)
    for (keys,) in database.execute("SELECT surts FROM captures") if any(one.url for one in rules) else ():
        for place in {place for key in keys.split("\n") for place in table.find(key)}:
            found[place] += 1
    ids = "SELECT count(*) FROM captures WHERE id = ?"
    whole = int(database.execute("SELECT count(*) FROM captures").fetchone()[0])
    for place, one in enumerate(rules):
        if one.capture:
            found[place] = int(database.execute(ids, (one.capture,)).fetchone()[0])
        elif not one.url:
            found[place] = whole
    return found


def veil(database: sqlite3.Connection, reader: Reader) -> bool:
    """Hide from all further statements what the reader may not see now; whether there is anything."""
    allowed, moment = access.kinds_for(reader), timestamp(now())
    kinds, others = (_listed(kind for kind in access.KINDS if (kind in allowed) == side) for side in (True, False))
    # With the plus, SQLite chooses rows by what is asked for, and not by who may see them.
    shown = f"+access IN ({kinds}) AND +embargo <= '{moment}'"
    later = f"access IN ({kinds}) AND embargo > '{moment}'"  # each half is one look into the index `by_access`
    hidden = f"SELECT 1 FROM keys WHERE access IN ({others}) UNION ALL SELECT 1 FROM keys WHERE {later} LIMIT 1"
    if database.execute(hidden).fetchone() is None:
        return False
    for table in ("captures", "keys"):
        database.execute(f"CREATE TEMP VIEW {table} AS SELECT * FROM main.{table} WHERE {shown}")
    return True


@dataclass(frozen=True, slots=True)
class Withheld:
    """How many captures of a collection a reader may know of and not see now, by what holds them back; none is dark."""

    captures: dict[Kind, int]
    by_descriptions: bool
    """Whether only descriptions keep some for the reading room: earlier versions wrote that into every sidecar."""


def withheld(collection: Collection, database: sqlite3.Connection, reader: Reader) -> Withheld:
    """What `veil` hides from a reader."""
    kind = "CASE WHEN embargo > ? AND access IN ('open', 'reading-room') THEN 'embargo' ELSE access END"
    counted = dict(database.execute(f"SELECT {kind}, count(*) FROM main.keys GROUP BY 1", (timestamp(now()),)))
    shown = access.kinds_for(reader)
    found = {one: int(counted[one]) for one in _TOLD if one not in shown and one in counted}
    ruled = any(one.access == "reading-room" for one in load(collection, database).standing)
    return Withheld(found, "reading-room" in found and not ruled)


def _listed(kinds: Iterable[str]) -> str:
    return ", ".join(f"'{kind}'" for kind in kinds)
