"""The ledger's own chain: every segment readable, what its name says, and no gap between them."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from archiver import ledger
from archiver.collection import Collection
from archiver.errors import UnreadableInput
from archiver.ledger import Segment
from archiver.model import Finding

RESTORE = "Restore the file from a copy; `archiver sync pull` brings what the store still has."
LOOKS = 3


def fault(code: str, where: Path | str, message: str, hint: str = "") -> Finding:
    """A finding that makes a verification fail."""
    return Finding("error", code, str(where), message, hint)


def read_chain(collection: Collection) -> tuple[list[Segment], list[Finding]]:
    """Every readable segment, and what is wrong with the chain."""
    folder = collection.path / "ledger"
    segments: list[Segment] = []
    findings: list[Finding] = []
    growing = {}  # read first: one that is sealed meanwhile is met again, not missed
    for own in sorted(path for path in folder.glob("*") if ledger.WRITER_NAME.match(path.name)):
        growing[own], found = _read_open(own)
        findings += found
    for path in ledger.sealed_files(folder):
        content = path.read_bytes()
        if growing.get(path.parent) and content.startswith(growing[path.parent]):
            del growing[path.parent]
        if not path.name.endswith(f"-{hashlib.sha256(content).hexdigest()[:16]}.jsonl"):
            findings.append(fault("ledger-digest", path, "its content is not what its name says", RESTORE))
        findings += _parse(content, path, segments)
    for own, content in growing.items():
        findings += _parse(content, own / ledger.OPEN, segments) if content else []
    findings += _check_links(folder, segments)
    if not segments:
        findings.append(fault("ledger-missing", folder, "no line says what the collection holds", RESTORE))
    return segments, findings


def _parse(content: bytes, path: Path, segments: list[Segment]) -> Iterator[Finding]:
    try:
        segment = ledger.parse_segment(content, str(path))
        if segment.writer != path.parent.name:
            yield fault("ledger-writer", path, f"it lies in the folder of another writer than {segment.writer}")
        segments.append(segment)
    except UnreadableInput as error:
        yield fault("ledger-unreadable", error.path, error.why, RESTORE)


def _read_open(own: Path) -> tuple[bytes, list[Finding]]:
    """What counts of a writer's open segment. It may grow between two looks; damage stays."""
    path = own / ledger.OPEN
    for _ in range(LOOKS):
        content = path.read_bytes() if path in ledger.open_files(own.parent) else b""
        whole = ledger.committed(content)
        if (complaint := ledger.head_complaint(own, whole)) is None:
            break
    findings = [fault("ledger-head", path, complaint, RESTORE)] if complaint else []
    if len(whole) < len(content):
        message = "the last line is not whole: a write was cut off before its commit"
        findings.append(Finding("info", "ledger-partial-line", str(path), message, "The next capture removes it."))
    return whole, findings


def _check_links(folder: Path, segments: list[Segment]) -> Iterator[Finding]:
    digests = {segment.sha256 for segment in segments}
    names = {(segment.writer, segment.name) for segment in segments}
    for segment in segments:
        place = folder / segment.writer / segment.name
        if segment.previous is not None and segment.previous not in digests:
            yield fault("ledger-gap", place, f"its predecessor {segment.previous[:16]}… is not here", RESTORE)
        for writer, name in segment.seen.items():
            if (writer, name) not in names:
                yield fault("ledger-gap", place, f"the segment {writer}/{name} that it saw is not here", RESTORE)
    for (writer, _), heirs in ledger.successors(segments).items():
        if len(heirs) > 1:
            message = f"{len(heirs)} segments follow the same one: this working copy was cloned; all are kept"
            yield Finding("warning", "ledger-clone", str(folder / writer), message)
