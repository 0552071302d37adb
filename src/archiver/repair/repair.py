"""The repair itself: first the ledger, which says what there must be, then the files, then the index."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

from archiver import AGENT, ledger
from archiver.collection import Collection, quarantine
from archiver.collection.loss import take_back
from archiver.errors import ArchiverError, ConflictError
from archiver.ledger import RECOVERY, Event
from archiver.model import FileRef, Finding, Progress, silent
from archiver.repair.copies import Copy
from archiver.repair.growing import mend_open
from archiver.sync.chains import fetch_segment, mend_chains
from archiver.verify import Report, keep_dates, verify_collection


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair brought back, and what a verification found afterwards."""

    source: str
    brought: tuple[FileRef, ...]
    """Files and ledger segments."""
    failed: tuple[Finding, ...]
    """What could not be brought back from there, and why."""
    report: Report
    """Of the verification of all at the end."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that remains."""
        return (*self.failed, *self.report.findings)

    def as_json(self) -> dict[str, Any]:
        """The JSON line of `archiver repair`."""
        brought = [{"path": file.path, "bytes": file.bytes, "sha256": file.sha256} for file in self.brought]
        facts = {"from": self.source, "brought": brought, "failed": [one.as_json() for one in self.failed]}
        return facts | self.report.as_json()


def repair_collection(collection: Collection, copy: Copy, progress: Progress = silent) -> Repaired:
    """Bring back from `copy` what is missing or damaged here; nothing new, and nothing that was erased.

    Every byte is compared with the ledger before it takes a place; what lay there is kept in quarantine. A ledger
    segment is taken only where its content is what its name and the chain say. Raises `StoreError` when the copy as a
    whole fails.
    """
    _, segments, failed = mend_chains(collection, copy, dry_run=False)
    brought = [*segments, *mend_open(collection, copy)]
    before = verify_collection(collection, progress)
    again = _bring_lost(collection, copy, before)
    brought += again
    if again:  # they may name files, and say what was erased
        before = verify_collection(collection, progress)
    files, unmended = _bring(collection, copy, before, progress)
    brought += files
    failed = (*failed, *unmended, *(one for one in collection.settle(progress) if one.level == "error"))
    if brought or any(one.code.startswith("index-") for one in before.findings):
        collection.reindex()
    if brought:
        failed += _entered(collection, brought, failed)
        before = verify_collection(collection, progress)
    elif any(one.code.startswith("index-") for one in before.findings):
        before = verify_collection(collection, progress)
    keep_dates(collection, before)
    return Repaired(copy.url, tuple(sorted(brought)), tuple(failed), before)


def _bring(
    collection: Collection, copy: Copy, report: Report, progress: Progress
) -> tuple[list[FileRef], list[Finding]]:
    """Every damaged file, from wherever in the copy its bytes are."""
    brought: list[FileRef] = []
    failed: list[Finding] = []
    stated = {one.where for one in report.findings if one.code == "file-lost"}
    for done, file in enumerate(report.damaged, 1):
        try:
            with copy.find(file) as source:
                if quarantine.restore(collection, file, source):
                    brought.append(file)
        except (ArchiverError, OSError) as error:
            if str(collection.path / file.path) in stated:
                continue
            why = getattr(error, "why", None) or str(error).rstrip(".")
            failed.append(Finding("error", "repair-failed", file.path, f"it was not brought back: {why}"))
        progress(f"repairing {collection.name}", done, len(report.damaged))
    return brought, failed


def _bring_lost(collection: Collection, copy: Copy, report: Report) -> list[FileRef]:
    """Sealed segments that an earlier verification read and nothing else tells of."""
    brought = []
    for finding in (one for one in report.findings if one.code == "ledger-lost"):
        path = finding.where.removeprefix(f"{collection.path}/")
        if (content := fetch_segment(copy, path)) is not None:
            file = FileRef(path, len(content), ledger.parse_segment(content, path).sha256)
            quarantine.restore(collection, file, BytesIO(content))
            brought.append(file)
    return brought


def _entered(collection: Collection, brought: list[FileRef], failed: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Enter in the ledger what was brought back, as a PREMIS recovery; segments are not files that it names."""
    objects = tuple(sorted(file for file in brought if not file.path.startswith("ledger/")))
    outcome = "warning" if failed else "success"
    counts = (("bytes", sum(file.bytes for file in brought)), ("files", len(brought)))
    try:
        collection.record(Event(RECOVERY, AGENT, objects, outcome=outcome, counts=counts))
        take_back(collection)
    except ConflictError as error:
        message = f"what was brought back is not entered in the ledger: {error}"
        return (Finding("error", "repair-unrecorded", str(collection.path), message, error.hint),)
    return ()
