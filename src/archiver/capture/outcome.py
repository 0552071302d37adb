"""What became of a URL that was to be captured."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from archiver.collection import Collection
from archiver.collection.layout import capture_path
from archiver.errors import ArchiverError
from archiver.model import Finding, Verdict, now, timestamp

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
    retry_after: str = ""
    """The page's own `Retry-After` (RFC 9110 §10.2.3), as it stands."""
    attempts: tuple[Mapping[str, Any], ...] = ()
    """Earlier attempts, as sidecars have them (`capture.attempts`)."""
    at: str = field(default_factory=lambda: timestamp(now()))
    """When that was, RFC 3339 UTC."""

    @property
    def exit_code(self) -> int:
        """What it alone makes of the command's exit code."""
        if self.error is not None:
            return self.error.exit_code
        return int(self.verdict != "ok" or any(finding.level == "error" for finding in self.findings))

    def told(self, text: Callable[[str], str]) -> Self:
        """The same, with every text for people as `text` gives it."""
        findings = (replace(one, where=text(one.where), message=text(one.message)) for one in self.findings)
        return replace(self, url=text(self.url), findings=tuple(findings))

    def as_json(self) -> dict[str, Any]:
        """The JSON line of `archiver capture`."""
        told = {name: getattr(self, name) for name in REPORTED}
        findings = [one.as_json() for one in self.findings]
        return told | {"attempts": [dict(one) for one in self.attempts], "findings": findings}


def nothing(url: str, word: Verdict, error: ArchiverError, begun: float) -> Captured:
    """The outcome without a capture: `word`, and the error as its finding. `begun` is of `time.monotonic`."""
    finding = Finding("error", "not-captured", url, str(error), error.hint)
    return Captured(url, word, round(time.monotonic() - begun, 3), findings=(finding,), error=error)


def recall(collection: Collection, captures: Iterable[str]) -> dict[str, Captured | None]:
    """What became of captures whose makers are gone: the outcome of each that was committed.

    None where its maker lives after all. Those not named left nothing; what they left half is cleared away.
    """
    collection.clear_leftovers()
    marks = collection.state.marks(collection.name)
    found: dict[str, Captured | None] = {}
    for capture in captures:
        if (marks / capture).exists():
            found[capture] = None
        elif (collection.path / capture_path(capture)).exists() and (known := _recalled(collection, capture)):
            found[capture] = known
    return found


def _recalled(collection: Collection, capture: str) -> Captured | None:
    """The outcome of a committed capture, read from its sidecar."""
    sidecar = collection.sidecar(capture)
    if sidecar is None:
        return None
    about, file = sidecar.document["capture"], sidecar.document["warc"]
    word: Verdict = about["verdict"]["word"]
    return Captured(
        url=sidecar.requested_url,
        verdict=word,
        seconds=0.0,
        capture_id=capture,
        final_url=sidecar.final_url,
        status=sidecar.status,
        warc=sidecar.warc_file,
        sidecar=f"sidecars/{sidecar.file_name}",
        records=file.get("count", 0),
        bytes=file.get("bytes", 0),
        findings=tuple(Finding("warning", f"verdict-{word}", sidecar.final_url, why) for why in sidecar.reasons),
        attempts=tuple(about.get("attempts", ())),
        at=sidecar.captured_at,
    )
