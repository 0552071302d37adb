"""`sync verify`: what a store really holds, against the ledger. It repairs nothing.

    list   the names and sizes that the store lists
    head   also what it noted of each object when it was put, its versions, and its lock
    deep   every byte, downloaded and digested; only this tells of rot in the store's own disks

What must be there is what the ledger's segments at the store name, and those segments themselves; what an erasure has
ended must not. Bytes at rest may change while a store goes on telling the size and the digest that it once noted.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from archiver import AGENT
from archiver.collection import Collection
from archiver.errors import StoreError
from archiver.fixity import Fixity
from archiver.ledger import Event
from archiver.model import FileRef, Finding, Progress, now, silent, timestamp
from archiver.stores import Store
from archiver.sync.expectation import REPAIR, Expected, compared, expectation, forbidden, listed, missing, overwritten
from archiver.sync.line import Line
from archiver.sync.locking import LockAudit, policy_of
from archiver.sync.transfer import chunks, each, still_there

Level = Literal["list", "head", "deep"]
PROVES: dict[Level, str] = {
    "list": "names and sizes; nothing about the bytes",
    "head": "names, sizes, versions, locks, and digests noted when objects were put; nothing about the bytes at rest",
    "deep": "every byte that was read",
}


@dataclass(frozen=True, slots=True)
class Share:
    """How much a deep audit reads, what was read longest ago, or never, first; everything unless limited."""

    bytes: int | None = None
    part: float | None = None
    """Of all bytes, 0 to 1."""

    def of(self, files: list[FileRef], last_read: dict[str, str]) -> list[FileRef]:
        """The files to read, one at least. Among those that were never read, digests decide: that is chance."""
        limits = [self.bytes] if self.bytes is not None else []
        if self.part is not None:
            limits.append(int(self.part * sum(file.bytes for file in files)))
        ordered = sorted(files, key=lambda file: (last_read.get(file.path, ""), file.sha256))
        return _up_to(ordered, min(limits)) if limits else ordered


ALL = Share()


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit of a store found."""

    collection: str
    store: str
    level: Level
    expected: int
    """Files and segments that must be there."""
    present: int
    """Of these, those that the store lists."""
    read: tuple[FileRef, ...] = ()
    """Of these, those whose every byte was read and agreed."""
    bytes: int = 0
    """Bytes of what was read or was to be read."""
    oldest: str | None = None
    """Since when every byte was read there, RFC 3339; None if one never was, or nothing is there."""
    locked: int = 0
    """Objects whose lock was made longer."""
    findings: tuple[Finding, ...] = ()

    @property
    def exit_code(self) -> int:
        """1 if errors were found, else 0."""
        return int(any(finding.level == "error" for finding in self.findings))

    def as_json(self) -> dict[str, Any]:
        """The JSON line of `archiver sync verify`."""
        facts: dict[str, Any] = {"verb": "verify", "collection": self.collection, "store": self.store}
        facts |= {"level": self.level, "proves": PROVES[self.level], "ok": self.exit_code == 0}
        facts |= {"expected": self.expected, "present": self.present, "read": len(self.read), "bytes": self.bytes}
        facts |= {"oldest": self.oldest, "locked": self.locked}
        return facts | {"findings": [finding.as_json() for finding in self.findings]}

    def summary(self) -> str:
        """Lines for people."""
        lines = f"{self.collection} at {self.store}: {self.present} of {self.expected} objects are there"
        if self.level == "deep":
            lines += f", {len(self.read)} read whole and right ({self.bytes} bytes)"
        if self.locked:
            lines += f", {self.locked} locked for longer"
        since = f"\nEvery byte there was read since {self.oldest}." if self.oldest else ""
        return f"{lines}.\nLevel {self.level} proves: {PROVES[self.level]}.{since}"


def audit(
    collection: Collection,
    store: Store,
    level: Level = "list",
    share: Share = ALL,
    *,
    dry_run: bool = False,
    line: Line | None = None,
    progress: Progress = silent,
) -> Audit:
    """Compare what `store` holds with the ledger. Raises `StoreError` when the store as a whole fails.

    Under a lock policy of the collection, `head` and `deep` also audit locks, and make governance ones last anew.
    Dates and figures are noted beside the collection. With `dry_run`, no lock is touched and nothing noted.
    """
    line = line or Line()
    fixity, at = Fixity(collection.state, collection.name), timestamp(now())
    expected = expectation(collection, store, fixity.last_read(store.url), progress)
    listing = listed(store, expected, versions=level != "list")
    findings = [*expected.findings, *compared(expected, listing), *forbidden(expected, listing, store)]
    present = [file for key, file in sorted(expected.files.items()) if key in listing.objects]
    retention = policy_of(collection)
    locks = LockAudit(store, retention, touch=not dry_run) if retention and level != "list" else None
    if level == "head" or locks:
        findings += each(present, lambda file: looked_at(store, file, locks), "looking", progress, line)[1]
    read: tuple[FileRef, ...] = ()
    wanted = share.of(present, fixity.last_read(store.url)) if level == "deep" else []
    if wanted:
        read, found = each(wanted, lambda file: check_bytes(store, file, line), "reading", progress, line)
        findings += found
    findings += overwritten(listing, {file.path for file in read}, deep=level == "deep")
    findings += locks.findings() if locks else []
    errors = [finding for finding in findings if finding.level == "error"]
    if not dry_run:
        good = {file.path for file in read}
        fixity.note_read(store.url, good, at)
        fixity.note_locked(store.url, locks.until if locks else {})
        fixity.forget(store.url, {finding.where for finding in errors} & expected.files.keys())
        fixity.note_check(store.url, level, at, len(present), sum(file.bytes for file in wanted), len(errors))
    oldest = _oldest(expected, fixity.last_read(store.url))
    facts = (collection.name, store.url, level, len(expected.files), len(present), read)
    total = sum(file.bytes for file in wanted)
    return Audit(*facts, total, oldest, locks.extended if locks else 0, tuple(sorted(findings)))


def record(collection: Collection, report: Audit) -> None:
    """Enter an audit in the ledger as a PREMIS fixity check. Where the store is, the ledger does not say."""
    codes = tuple(sorted({finding.code for finding in report.findings if finding.level == "error"}))
    counts = (("bytes", report.bytes), ("objects", report.present), ("read", len(report.read)))
    outcome = "failure" if report.exit_code else "success"
    event = Event("fixity check", AGENT, outcome=outcome, codes=codes, counts=counts)
    collection.record(event)


def looked_at(store: Store, file: FileRef, locks: LockAudit | None) -> Finding | bool:
    """One object by its head, and its lock, which is made longer where it must be: True if nothing is wrong."""
    try:
        info = store.stat(file.path)
    except StoreError as error:
        still_there(store)
        return Finding("error", "remote-unreadable", file.path, error.why, REPAIR)
    if info is None:
        return missing(file.path, "it went away meanwhile")
    if info.sha256 not in (None, file.sha256):
        message = f"it was put with sha256 {str(info.sha256)[:12]}…, the ledger says {file.sha256[:12]}…"
        return Finding("error", "remote-digest", file.path, message, REPAIR)
    return (locks.check(file.path, info.lock) if locks else None) or True


def check_bytes(store: Store, file: FileRef, line: Line | None = None) -> Finding | bool:
    """One object by all its bytes: True if they are what the ledger says."""
    digest, size = sha256(), 0
    try:
        for chunk in chunks(store, file, line or Line()):
            digest.update(chunk)
            size += len(chunk)
    except StoreError as error:
        still_there(store)
        return Finding("error", "remote-unreadable", file.path, error.why, REPAIR)
    if (digest.hexdigest(), size) == (file.sha256, file.bytes):
        return True
    if size != file.bytes:
        message = f"it has {'more' if size > file.bytes else size} bytes there, the ledger says {file.bytes}"
        return Finding("error", "remote-size", file.path, message, REPAIR)
    message = f"its sha256 is {digest.hexdigest()[:12]}… there, the ledger says {file.sha256[:12]}…"
    return Finding("error", "remote-digest", file.path, message, REPAIR)


def _oldest(expected: Expected, last_read: dict[str, str]) -> str | None:
    dates = [last_read.get(key, "") for key in expected.files]
    return min(dates, default="") or None


def _up_to(files: list[FileRef], most: int) -> list[FileRef]:
    """The first files within so many bytes, one at least."""
    chosen: list[FileRef] = []
    for file in files:
        most -= file.bytes
        if most < 0 and chosen:
            break
        chosen.append(file)
    return chosen
