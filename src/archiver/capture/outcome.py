"""What became of a URL that was to be captured."""

import time
from dataclasses import dataclass
from typing import Any

from archiver.errors import ArchiverError
from archiver.model import Finding, Verdict

REPORTED = ("capture_id", "url", "final_url", "verdict", "status", "warc", "sidecar", "records", "bytes", "seconds")
"""What the JSON line of a capture tells, beside its findings."""


@dataclass(frozen=True, slots=True)
class Captured:
    """What one URL came to: a committed capture, or nothing and the reason."""

    url: str
    verdict: Verdict
    seconds: float
    capture_id: str | None = None
    final_url: str | None = None
    status: int | None = None
    warc: str | None = None
    """Path of the WARC in the collection."""
    sidecar: str | None = None
    records: int = 0
    bytes: int = 0
    """Size of the WARC."""
    findings: tuple[Finding, ...] = ()
    error: ArchiverError | None = None
    """Why there is no capture."""

    def as_json(self) -> dict[str, Any]:
        """The JSON line of `archiver capture`."""
        return {name: getattr(self, name) for name in REPORTED} | {"findings": [one.as_json() for one in self.findings]}


def nothing(url: str, word: Verdict, error: ArchiverError, begun: float) -> Captured:
    """The outcome without a capture: `word`, and the error as its finding. `begun` is of `time.monotonic`."""
    finding = Finding("error", "not-captured", url, str(error), error.hint)
    return Captured(url, word, round(time.monotonic() - begun, 3), findings=(finding,), error=error)
