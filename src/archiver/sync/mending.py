"""`sync repair`: both copies are read whole, and where one is damaged it is mended from the other.

The ledger decides, never a date or a size. What was damaged is kept in quarantine, and what was mended is read again.
First the local ledger itself; then delete markers at the store, under which an object may lie whole; then all files.
This alone may put an object in the place of another.
"""

import shutil
from dataclasses import dataclass, replace
from typing import Any

from archiver import AGENT, disk
from archiver.collection import Collection, quarantine
from archiver.collection.loss import take_back
from archiver.errors import ArchiverError, StoreError
from archiver.fixity import LOCAL, Fixity
from archiver.ledger import Event
from archiver.model import Action, FileRef, Finding, Progress, new_body, now, silent, timestamp
from archiver.stores import Store
from archiver.stores.resume import clipped
from archiver.sync.audit import check_bytes
from archiver.sync.chains import mend_chains
from archiver.sync.expectation import Expected, expectation, listed
from archiver.sync.faults import check_here, examine, plan_mending
from archiver.sync.locking import policy_of
from archiver.sync.transfer import each, still_there


@dataclass(frozen=True, slots=True)
class Mending:
    """What a repair planned, did and found."""

    collection: str
    store: str
    actions: tuple[Action, ...] = ()
    findings: tuple[Finding, ...] = ()
    dry_run: bool = False
    here: tuple[FileRef, ...] = ()
    """Files of this copy that were mended and read again."""
    there: tuple[FileRef, ...] = ()
    """Objects of the store that were mended and read again."""

    @property
    def exit_code(self) -> int:
        """1 if errors remain, else 0."""
        return int(any(finding.level == "error" for finding in self.findings))

    def as_json(self) -> dict[str, Any]:
        """The JSON line of `archiver sync repair`."""
        facts: dict[str, Any] = {"verb": "repair", "collection": self.collection, "store": self.store}
        facts |= {"dry_run": self.dry_run, "ok": self.exit_code == 0}
        facts |= {"here": len(self.here), "there": len(self.there)}
        facts |= {"actions": [action.as_json() for action in self.actions]}
        return facts | {"findings": [finding.as_json() for finding in self.findings]}

    def summary(self) -> str:
        """One line for people."""
        errors = sum(finding.level == "error" for finding in self.findings)
        done = f"{len(self.here)} files mended here, {len(self.there)} objects mended there"
        done = f"{len(self.actions)} steps would mend them" if self.dry_run else done
        return f"{self.collection} and {self.store}: {done}, {errors} faults remain."


def repair(
    collection: Collection, store: Store, *, warcs: bool = True, dry_run: bool = False, progress: Progress = silent
) -> Mending:
    """Mend each copy from the other. Raises `StoreError` when the store as a whole fails.

    Without `warcs`, those that are not on this disk are left at the store. What an erasure has ended is not brought
    back. With `dry_run` nothing is changed on either side.
    """
    steps, here, hopeless = mend_chains(collection, store, dry_run=dry_run)
    report = Mending(collection.name, store.url, steps, hopeless, dry_run, here)
    if hopeless or (dry_run and steps):
        note = Finding("info", "ledger-first", collection.name, "files are looked at once the ledger here is whole")
        return _entered(collection, replace(report, findings=(*hopeless, note)))
    seen = Fixity(collection.state, collection.name).last_read(store.url)
    expected = expectation(collection, store, seen, progress)
    if any(one.code == "conflict" for one in expected.findings):
        return replace(report, findings=expected.findings)
    shown = [] if dry_run else undelete(expected, store)
    listing = listed(store, expected, versions=True)
    faults = examine(collection, store, expected, listing, progress)
    actions, unmended = plan_mending(expected.files.values(), faults, expected.held.lost, warcs=warcs)
    about_store = [one for one in expected.findings if one.where not in expected.files and one.code != "remote-behind"]
    report = replace(report, actions=(*steps, *shown, *actions), findings=(*about_store, *unmended))
    if dry_run:
        return report
    there = [expected.files[one.key] for one in shown if one.key not in faults.there]
    report = replace(report, there=tuple(there))
    work = _Work(expected.files, {key: info.bytes for key, info in listing.objects.items()}, faults.beneath)
    report = _entered(collection, _carried_out(collection, store, report, work, progress))
    if expected.held.lost:
        take_back(collection)
    return report


def undelete(expected: Expected, store: Store) -> list[Action]:
    """Take away the delete markers that hide what must be there. That harms nothing: versions only come to light."""
    hidden = [one.key for one in store.versions("") if one.marker and one.latest and one.key in expected.files]
    reason = "a delete marker hid it there"
    return [Action("undelete", key, reason, expected.files[key].bytes) for key in sorted(hidden) if store.undelete(key)]


def _carried_out(collection: Collection, store: Store, report: Mending, work: "_Work", progress: Progress) -> Mending:
    """Act out the plan; the report of what was really done. This copy comes first: its description names the locks."""
    notes: list[Finding] = []

    def revert(file: FileRef) -> Finding | bool:
        return _revert(collection, store, file, work, notes)

    reverted, stuck = each(work.of(report, "revert"), revert, "mending there", progress)
    files = work.of(report, "download", "restore")
    brought, lost = each(files, lambda file: _bring(collection, store, file), "mending here", progress)
    archives = [file.path for file in brought if file.path.startswith("archive/")]
    collection.add_lines(line for path in archives for line in collection.lines_of(path))
    store.retention = policy_of(collection)

    def send(file: FileRef) -> Finding | bool:
        return _send(collection, store, file, work.sizes.get(file.path), notes)

    sent, failed = each(work.of(report, "upload", "replace"), send, "mending there", progress)
    findings = [*report.findings, *stuck, *lost, *failed, *notes, *collection.settle(progress)]
    fixity, at = Fixity(collection.state, collection.name), timestamp(now())
    fixity.note_read(store.url, (file.path for file in (*sent, *reverted)), at)
    fixity.note_read(LOCAL, (file.path for file in brought), at)
    here, there = (*report.here, *brought), tuple(sorted({*report.there, *sent, *reverted}))
    return replace(report, findings=tuple(sorted(findings)), here=here, there=there)


@dataclass(frozen=True, slots=True)
class _Work:
    files: dict[str, FileRef]
    """What must be there, by path."""
    sizes: dict[str, int]
    """Bytes of the objects that are there."""
    versions: dict[str, str]
    """Older versions of objects to go back to."""

    def of(self, report: Mending, *verbs: str) -> list[FileRef]:
        return [self.files[one.key] for one in report.actions if one.verb in verbs and one.key in self.files]


def _send(
    collection: Collection, store: Store, file: FileRef, size: int | None, notes: list[Finding]
) -> Finding | bool:
    """Put the file of this copy in the place of the object, whose `size` bytes, if it is there, are kept first."""
    try:
        if size is not None and not _kept(collection, store, file.path, size):
            notes.append(_not_kept(file.path))
        with collection.local(file.path).open("rb") as body:
            send = store.put if size is None else store.replace
            send(file.path, body, bytes=file.bytes, sha256=file.sha256)
    except (ArchiverError, OSError) as error:
        if isinstance(error, StoreError):
            still_there(store)
        return _failed(file.path, error)
    return check_bytes(store, file)


def _revert(collection: Collection, store: Store, file: FileRef, work: _Work, notes: list[Finding]) -> Finding | bool:
    """Put an older version of an object in the place of the newest, whose bytes are kept first."""
    try:
        with new_body() as body, store.open_version(file.path, work.versions[file.path]) as source:
            shutil.copyfileobj(source, body, disk.CHUNK)
            body.seek(0)
            if not _kept(collection, store, file.path, work.sizes[file.path]):
                notes.append(_not_kept(file.path))
            store.replace(file.path, body, bytes=file.bytes, sha256=file.sha256)
    except (ArchiverError, OSError) as error:
        if isinstance(error, StoreError):
            still_there(store)
        return _failed(file.path, error)
    return check_bytes(store, file)


def _not_kept(path: str) -> Finding:
    message = "what was there could not be read, so that nothing of it is kept"
    return Finding("warning", "remote-not-kept", path, message)


def _kept(collection: Collection, store: Store, path: str, size: int) -> bool:
    """Keep the damaged bytes of an object in quarantine; False where they cannot be read."""
    try:
        with store.open(path) as stream, clipped(stream, size) as damaged:
            quarantine.keep(collection, path, damaged)
    except StoreError:
        still_there(store)
        return False
    return True


def _bring(collection: Collection, store: Store, file: FileRef) -> Finding | bool:
    """Bring the object's bytes in the place of the file of this copy."""
    try:
        with store.open(file.path) as stream:
            quarantine.restore(collection, file, stream)
    except (ArchiverError, OSError) as error:
        return _failed(file.path, error)
    return check_here(collection, file)


def _failed(path: str, error: Exception) -> Finding:
    return Finding("error", "repair-failed", path, f"it was not mended ({str(error).rstrip('.')})")


def _entered(collection: Collection, report: Mending) -> Mending:
    """Enter what was mended in the ledger, as a PREMIS recovery."""
    if not report.dry_run and (report.here or report.there):
        codes = tuple(sorted({one.code for one in report.findings if one.level == "error"}))
        counts = (("here", len(report.here)), ("there", len(report.there)))
        outcome = "warning" if codes else "success"
        collection.record(Event("recovery", AGENT, outcome=outcome, codes=codes, counts=counts))
    return report
