"""The ledger's own chain: every segment readable, what its name says, and no gap between them."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from archiver import ledger
from archiver.collection import Collection
from archiver.errors import UnreadableInput
from archiver.ledger import Segment
from archiver.model import Finding, timestamp

RESTORE = "`archiver repair --from COPY` brings it back from a store, a folder or a package."
LOOKS = 3
SKEW = timedelta(minutes=5)
"""So far a clock may be set back between two events without a word."""
_BEGINNING = b'{"agent":"'
"""How every line of an event begins, and so what a write that was cut off leaves."""


def fault(code: str, where: Path | str, message: str, hint: str = "", *, affects: tuple[str, ...] = ()) -> Finding:
    """A finding that makes a verification fail."""
    return Finding("error", code, str(where), message, hint, affects=affects)


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
    findings = []
    if complaint:
        head = path.with_name(ledger.HEAD)
        where = path if "lines" in complaint else head
        findings.append(fault("ledger-head", where, f"{complaint}: {path} or {head} was altered", RESTORE))
    rest = content[len(whole) :]
    if not _BEGINNING.startswith(rest[: len(_BEGINNING)]):
        findings.append(fault("ledger-tail", path, "bytes were added to it that are no line of a ledger", RESTORE))
    elif rest:
        message = "the last line is not whole: a write was cut off before its commit"
        findings.append(Finding("info", "ledger-partial-line", str(path), message, "The next capture removes it."))
    return whole, findings


def _check_links(folder: Path, segments: list[Segment]) -> Iterator[Finding]:
    by_digest = {segment.sha256: segment for segment in segments}
    names = {(segment.writer, segment.name) for segment in segments}
    for segment in segments:
        place = folder / segment.writer / segment.name
        before = by_digest.get(segment.previous or "")
        if segment.previous is not None and before is None:
            yield fault("ledger-gap", place, f"its predecessor {segment.previous[:16]}… is not here", RESTORE)
        yield from _check_order(place, segment, before)
        for writer, name in segment.seen.items():
            if (writer, name) not in names:
                yield fault("ledger-gap", place, f"the segment {writer}/{name} that it saw is not here", RESTORE)
    for (writer, _), heirs in ledger.successors(segments).items():
        if len(heirs) > 1:
            message = f"{len(heirs)} segments follow the same one: this working copy was cloned; all are kept"
            yield Finding("warning", "ledger-clone", str(folder / writer), message)


def _check_order(place: Path, segment: Segment, before: Segment | None) -> Iterator[Finding]:
    """Whether numbers follow each other without a gap, and times do not run backwards."""
    right = 1 if segment.previous is None else before.seq + 1 if before else segment.seq
    if segment.seq != right or (before and before.writer != segment.writer):
        message = f"it is number {segment.seq}, and follows number {right - 1} of writer {(before or segment).writer}"
        yield fault("ledger-order", place, message)
    last = _time(before.events[-1].at) if before and before.events else None
    for event in segment.events:
        at = _time(event.at)
        if at and last and at < last - SKEW:
            message = f"an event of {event.at} comes after one of {timestamp(last)}: a clock was set back"
            yield Finding("warning", "ledger-time", str(place), message)
        last = at or last


def _time(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def lost_segments(collection: Collection, segments: list[Segment], known: Iterable[str]) -> Iterator[Finding]:
    """Sealed segments that an earlier verification read (`known`: paths) and that are not here any more.

    Nothing in a chain tells that its very end is gone. Where none of those known is here, this is another collection
    under an old name.
    """
    here = {segment.path for segment in segments}
    here |= {path.relative_to(collection.path).as_posix() for path in ledger.sealed_files(collection.path / "ledger")}
    before = {path for path in known if path.startswith("ledger/")}
    for path in sorted(before - here) if before & here else ():
        message = "an earlier verification read it, and it is not here any more"
        yield fault("ledger-lost", collection.path / path, message, RESTORE)
