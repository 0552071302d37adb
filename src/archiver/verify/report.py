"""What a verification found, and what is kept of it: dates beside the collection, and an event in it where asked."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from archiver import AGENT
from archiver.collection import Collection
from archiver.fixity import LOCAL, Fixity
from archiver.ledger import Event
from archiver.model import FileRef, Finding


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found."""

    collection: str
    at: str
    """When it began: RFC 3339 UTC."""
    files: int
    """Files that the ledger names."""
    bytes: int
    read: tuple[FileRef, ...]
    """Those of them whose every byte was read and is what the ledger says."""
    damaged: tuple[FileRef, ...]
    """Those that are not here, or not what the ledger says."""
    segments: tuple[str, ...]
    """Paths of the sealed ledger segments that are here and sound."""
    unread: int
    """Files that were never read whole, this time included."""
    oldest: str | None
    """When that of the files was read which has waited longest, this time included; None where one never was."""
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """No error among the findings."""
        return not any(one.level == "error" for one in self.findings)

    @property
    def within_days(self) -> int | None:
        """Every byte was read within so many days, one at least; None where some never was."""
        if self.oldest is None or self.unread:
            return None
        age = datetime.fromisoformat(self.at) - datetime.fromisoformat(self.oldest)
        return max(1, -(-int(age.total_seconds()) // 86400))

    def as_json(self) -> dict[str, Any]:
        """The JSON line of `archiver verify`."""
        return {
            "collection": self.collection,
            "ok": self.ok,
            "at": self.at,
            "files": self.files,
            "bytes": self.bytes,
            "read": {"files": len(self.read), "bytes": sum(file.bytes for file in self.read)},
            "every_byte_within_days": self.within_days,
            "never_read": self.unread,
            "findings": [one.as_json() for one in self.findings],
        }


def record_result(collection: Collection, report: Report) -> None:
    """Enter the result in the ledger as a PREMIS fixity check: what was read, and the codes of errors."""
    codes = tuple(sorted({one.code for one in report.findings if one.level == "error"}))
    counts = (("bytes", sum(file.bytes for file in report.read)), ("files", len(report.read)))
    outcome = "success" if report.ok else "failure"
    collection.record(Event("fixity check", AGENT, outcome=outcome, codes=codes, counts=counts))


def keep_dates(collection: Collection, report: Report) -> None:
    """Note, outside the collection, what was read and agreed."""
    fixity = Fixity(collection.state, collection.name)
    fixity.forget(LOCAL, (file.path for file in report.damaged))
    fixity.note_read(LOCAL, (*(file.path for file in report.read), *report.segments), report.at)
    errors = sum(one.level == "error" for one in report.findings)
    fixity.note_check(LOCAL, "verify", report.at, len(report.read), sum(file.bytes for file in report.read), errors)
