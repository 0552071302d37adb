"""The durable queue of one collection: which pages are to be captured, and what became of each.

    waiting ──claim──▶ leased ──finish──▶ done, or failed where another try might have gone better
       ▲                 │
       └──── postpone, give_back

A lease names the capture id under which the page will be entered, stored before the work begins: whoever finds a
lease whose holder is gone asks the collection for that id, and so captures nothing twice. Its holder keeps a lock on
a file beside the queue, which the system frees when the process ends in whatever way: a lease never runs out under a
slow capture, and never outlives a killed one. So the queue belongs on a local disk, as SQLite itself does.
"""

import fcntl
import json
import sqlite3
import time
from collections.abc import Collection as Some
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from archiver import disk
from archiver.collection.layout import capture_id, random_base32
from archiver.errors import StorageError
from archiver.model import now

TABLES = """
CREATE TABLE IF NOT EXISTS batches (
  id INTEGER PRIMARY KEY, options TEXT NOT NULL UNIQUE, ended INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS jobs (
  id INTEGER PRIMARY KEY, batch INTEGER NOT NULL REFERENCES batches, url TEXT NOT NULL, host TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting', not_before REAL NOT NULL DEFAULT 0, holder TEXT, capture TEXT,
  cut_off INTEGER NOT NULL DEFAULT 0, attempts TEXT NOT NULL DEFAULT '[]', outcome TEXT, UNIQUE (batch, url)
);
CREATE INDEX IF NOT EXISTS by_turn ON jobs (batch, state, cut_off, id);
CREATE TABLE IF NOT EXISTS copies (host TEXT NOT NULL, root TEXT NOT NULL, PRIMARY KEY (host, root));
"""
STATES = ("waiting", "leased", "done", "failed")
WAIT_SECONDS = 60.0
"""How long another process may keep the database to itself."""
TAKEN_AT_ONCE = 1000
"""Seeds are entered so many at a time, so that a list of any length takes no memory."""

CLAIM = """
UPDATE jobs SET state = 'leased', holder = :holder, capture = :capture WHERE id = (
  SELECT id FROM jobs WHERE batch = :batch AND state = 'waiting' AND not_before <= :now
  AND host NOT IN (SELECT value FROM json_each(:busy)) ORDER BY cut_off, id LIMIT 1
) RETURNING id, url, host, capture, cut_off, attempts
"""


@dataclass(frozen=True, slots=True)
class Job:
    """A page that this process holds the lease of."""

    id: int
    url: str
    host: str
    capture: str
    """The capture id reserved for it."""
    cut_off: int
    """How often whoever had it in hand went away."""
    attempts: tuple[Mapping[str, Any], ...]
    """Earlier attempts that came to an outcome, in the sidecar's form."""

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> Self:
        """A row of `CLAIM`."""
        key, url, host, capture, cut_off, attempts = row
        return cls(key, url, host, capture, cut_off, tuple(json.loads(attempts)))


class Queue:
    """The open queue of a collection; see `open_queue`. Not for several threads."""

    def __init__(self, database: sqlite3.Connection, folder: Path | None, holder: str) -> None:
        self._database = database
        self._folder = folder
        self._holder = holder

    @property
    def durable(self) -> bool:
        """Whether it outlives this process."""
        return self._folder is not None

    # What is to be done

    def put(self, urls: Iterable[str], options: Mapping[str, Any]) -> int:
        """Enter pages to be captured with these options; returns their batch.

        There is one batch for each set of options. Where it was worked off to its end, it begins anew; where that
        was cut off, pages done already stay done.
        """
        told = json.dumps(options, sort_keys=True)
        with self._transaction():
            self._database.execute("INSERT OR IGNORE INTO batches (options) VALUES (?)", (told,))
            query = "SELECT id, ended FROM batches WHERE options = ?"
            batch, ended = self._database.execute(query, (told,)).fetchone()
            if ended:
                self._database.execute("DELETE FROM jobs WHERE batch = ? AND state IN ('done', 'failed')", (batch,))
                self._database.execute("UPDATE batches SET ended = 0 WHERE id = ?", (batch,))
        rest = iter(urls)
        while some := list(islice(rest, TAKEN_AT_ONCE)):
            with self._transaction():
                enter = "INSERT OR IGNORE INTO jobs (batch, url, host) VALUES (?, ?, ?)"
                self._database.executemany(enter, ((batch, _text(url), _host(url)) for url in some))
        return int(batch)

    def batches(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The batches in which something is still to be done, with their options."""
        query = (
            "SELECT id, options FROM batches WHERE id IN (SELECT batch FROM jobs WHERE state IN ('waiting', 'leased'))"
        )
        for batch, options in self._database.execute(f"{query} ORDER BY id").fetchall():
            yield batch, json.loads(options)

    def count(self, batch: int | None = None) -> dict[str, int]:
        """How many jobs are in each state."""
        where, values = ("", ()) if batch is None else ("WHERE batch = ?", (batch,))
        rows = self._database.execute(f"SELECT state, count(*) FROM jobs {where} GROUP BY state", values)
        return dict.fromkeys(STATES, 0) | dict(rows.fetchall())

    def jobs(self, states: Some[str] = STATES) -> Iterator[dict[str, Any]]:
        """All jobs in these states, in the form of `archiver queue list --json`."""
        query = "SELECT id, url, state, not_before, cut_off, attempts, outcome FROM jobs WHERE state IN "
        query += "(SELECT value FROM json_each(?)) ORDER BY id"
        for key, url, state, not_before, cut_off, attempts, outcome in self._database.execute(
            query, (json.dumps([*states]),)
        ):
            told = {"id": key, "url": url, "state": state, "not_before": _instant(not_before), "cut_off": cut_off}
            yield told | {"attempts": json.loads(attempts), "outcome": json.loads(outcome) if outcome else None}

    # Leases

    def claim(self, batch: int, busy_hosts: Some[str] = ()) -> Job | None:
        """The lease of the next page that is due; none of `busy_hosts`. Pages that were cut off come last."""
        fresh = capture_id(now())
        values = {"holder": self._holder, "capture": fresh, "batch": batch, "now": time.time()}
        with self._transaction():
            rows = self._database.execute(CLAIM, values | {"busy": json.dumps([*busy_hosts])}).fetchall()
        return Job.of(rows[0]) if rows else None

    def next_due(self, batch: int) -> float | None:
        """Seconds until a waiting page is due, 0 if one is; None if none waits."""
        query = "SELECT min(not_before) FROM jobs WHERE batch = ? AND state = 'waiting'"
        (due,) = self._database.execute(query, (batch,)).fetchone()
        return None if due is None else max(0.0, due - time.time())

    def take_over(self, batch: int) -> list[Job]:
        """The leases of holders that are gone, now held by this process; their capture ids are to be asked for."""
        query = "SELECT DISTINCT holder FROM jobs WHERE batch = ? AND state = 'leased' AND holder != ?"
        with self._transaction():
            holders = [holder for (holder,) in self._database.execute(query, (batch, self._holder))]
            gone = [holder for holder in holders if not self._lives(holder)]
            taken = "UPDATE jobs SET holder = ? WHERE batch = ? AND state = 'leased' AND holder IN "
            taken += "(SELECT value FROM json_each(?)) RETURNING id, url, host, capture, cut_off, attempts"
            rows = self._database.execute(taken, (self._holder, batch, json.dumps(gone))).fetchall()
        return [Job.of(row) for row in rows]

    def finish(self, job: Job, outcome: Mapping[str, Any], *, failed: bool) -> None:
        """The page has come to its end."""
        self._settle(job, "failed" if failed else "done", not_before=0, outcome=json.dumps(outcome))

    def postpone(self, job: Job, attempt: Mapping[str, Any], seconds: float) -> None:
        """The page is to be tried again, not before `seconds` from now; `attempt` is how this one went."""
        attempts = json.dumps([*job.attempts, attempt])
        self._settle(job, "waiting", attempts=attempts, not_before=time.time() + seconds)

    def give_back(self, job: Job) -> None:
        """Whoever had the page went away and left nothing."""
        self._settle(job, "waiting", cut_off=job.cut_off + 1)

    def _settle(self, job: Job, state: str, **others: Any) -> None:
        """End the lease. Of one that this process does not hold any more nothing is changed."""
        changes = {"state": state, "holder": None, **others}
        names = ", ".join(f"{name} = ?" for name in changes)
        with self._transaction():
            held = "WHERE id = ? AND state = 'leased' AND holder = ? AND capture = ?"
            self._database.execute(
                f"UPDATE jobs SET {names} {held}", (*changes.values(), job.id, self._holder, job.capture)
            )

    def _lives(self, holder: str) -> bool:
        assert self._folder is not None
        try:
            with (self._folder / f"{holder}.lock").open("rb") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        (self._folder / f"{holder}.lock").unlink(missing_ok=True)
        return False

    # Housekeeping

    def end(self, batch: int) -> None:
        """The batch was worked off: the next list with these options begins anew."""
        with self._transaction():
            self._database.execute("UPDATE batches SET ended = 1 WHERE id = ?", (batch,))

    def retry(self) -> int:
        """Let failed pages, and those that wait for a later time, be tried at once; returns how many."""
        changes = "UPDATE jobs SET state = 'waiting', not_before = 0, cut_off = 0 WHERE state = 'failed' OR "
        with self._transaction():
            return self._database.execute(f"{changes} (state = 'waiting' AND not_before > ?)", (time.time(),)).rowcount

    def clear(self, states: Some[str]) -> int:
        """Forget pages in these states, never leased ones; what was captured stays. Returns how many."""
        query = "DELETE FROM jobs WHERE state != 'leased' AND state IN (SELECT value FROM json_each(?))"
        with self._transaction():
            cleared = self._database.execute(query, (json.dumps([*states]),)).rowcount
            self._database.execute("DELETE FROM batches WHERE id NOT IN (SELECT batch FROM jobs)")
        return cleared

    def forget(self, captures: Iterable[str]) -> int:
        """Remove pages whose captures were erased, physically; returns how many."""
        self._database.execute("PRAGMA secure_delete = ON")
        query = "DELETE FROM jobs WHERE state != 'leased' AND capture IN (SELECT value FROM json_each(?))"
        with self._transaction():
            forgotten = self._database.execute(query, (json.dumps([*captures]),)).rowcount
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return forgotten

    def copies(self) -> list[tuple[str, str]]:
        """Where workers keep their copies of the collection: host and root folder."""
        return self._database.execute("SELECT host, root FROM copies ORDER BY host, root").fetchall()

    def note_copies(self, copies: Iterable[tuple[str, str]]) -> None:
        """Remember where workers keep copies: what they hold is asked for even when they are gone."""
        with self._transaction():
            self._database.executemany("INSERT OR IGNORE INTO copies VALUES (?, ?)", copies)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")


def _text(url: str) -> str:
    """What the database can hold: half a character becomes U+FFFD, which no address has either."""
    return url.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _host(url: str) -> str:
    try:
        return _text(urlsplit(url).hostname or "")
    except ValueError:
        return ""  # the capture will say what is wrong with it


def _instant(seconds: float) -> str | None:
    """RFC 3339 UTC of seconds since 1970; None for 0."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)) if seconds else None


def forget(root: Path, name: str, captures: Iterable[str]) -> int:
    """Remove erased captures from the queue of collection `name`, if it has one; returns how many pages that were."""
    if not (root / ".archiver" / "queue" / name / "queue.sqlite").is_file():
        return 0
    with open_queue(root, name) as queue:
        return queue.forget(captures)


@contextmanager
def open_queue(root: Path | None, name: str = "") -> Iterator[Queue]:
    """The queue of collection `name` under `root`, made when absent; without a root one in memory, which ends here.

    Raises `StorageError` when the disk or the file refuses.
    """
    folder = root and root / ".archiver" / "queue" / name
    holder = random_base32(10)
    with ExitStack() as opened:
        if folder:
            opened.enter_context(disk.locked(folder / f"{holder}.lock"))
        where = str(folder / "queue.sqlite") if folder else ":memory:"
        try:
            database = opened.enter_context(closing(sqlite3.connect(where, timeout=WAIT_SECONDS, isolation_level=None)))
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            database.executescript(TABLES)
            yield Queue(database, folder, holder)
        except sqlite3.Error as error:
            hint = "Move a damaged queue away; collections do not depend on it."
            raise StorageError(where, str(error).lower(), hint) from error
        finally:
            if folder:
                (folder / f"{holder}.lock").unlink(missing_ok=True)
