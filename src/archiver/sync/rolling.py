"""Locks that end, without asking a store about each object: until when they last is kept beside the collection.

A push notes it of what it sends, an audit of what it looks at; both lock anew. Nothing is known of what others sent and
no audit from here has seen.
"""

from collections.abc import Container, Iterable
from datetime import datetime, timedelta

from archiver.amounts import counted
from archiver.collection import Collection
from archiver.fixity import SOON, Fixity
from archiver.model import FileRef, Finding, Progress, now, timestamp
from archiver.stores import Retention, Store
from archiver.sync.audit import looked_at
from archiver.sync.line import Line
from archiver.sync.locking import LockAudit
from archiver.sync.transfer import each


def roll(
    collection: Collection, store: Store, there: Iterable[FileRef], line: Line, progress: Progress
) -> tuple[int, list[Finding]]:
    """Lock for longer what of `there` is known to have less than half of the policy's days left; how many objects.

    Under governance alone. Where nothing is due, nothing is asked of the store.
    """
    policy = store.retention
    if policy is None or policy.mode != "governance":
        return 0, []
    fixity, soon = Fixity(collection.state, collection.name), timestamp(now() + timedelta(days=policy.days) / 2)
    known = fixity.locked(store.url, soon)
    due = [file for file in there if file.path in known] if known else []
    if not due:
        return 0, []
    locks = LockAudit(store, policy, touch=True)
    _, findings = each(due, lambda file: looked_at(store, file, locks), "locking", progress, line)
    fixity.note_locked(store.url, locks.until)
    return locks.extended, findings + locks.findings()


def note_sent(collection: Collection, store: Store, paths: Iterable[str], begun: datetime) -> None:
    """Keep until when what a push sent, begun then, is locked at least."""
    until = store.retention.lock(begun).until if store.retention else None
    if until:
        Fixity(collection.state, collection.name).note_locked(store.url, dict.fromkeys(paths, timestamp(until)))


def ending(
    collection: Collection, store: str, policy: Retention | None, there: Container[str], at: datetime
) -> list[Finding]:
    """A warning where locks of objects `there`, as far as they are known here, have ended or soon will."""
    soon = Fixity(collection.state, collection.name).ending(store, there, at) if policy else []
    if policy is None or not soon:
        return []
    message = f"the locks of {counted(len(soon), 'object')} end within {SOON.days} days, the first on {soon[0]}"
    rolls = policy.mode == "governance"
    hint = "`archiver sync push` locks them anew." if rolls else "Under compliance they are not locked anew."
    return [Finding("warning", "remote-lock-ending", store, message, hint)]
