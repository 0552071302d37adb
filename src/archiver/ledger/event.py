"""What a ledger says: events, one a line, and the segments that hold them."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from archiver.errors import UnreadableInput
from archiver.model import FileRef, now, timestamp

FORMAT = "archiver-ledger/1.0.0"
DELETION = "deletion"
"""The event that ends files for ever."""
WRITER_NAME = re.compile(r"[a-z2-7]{10}\Z")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to the collection."""

    type: str
    """A term of the PREMIS eventType vocabulary: capture, ingestion, fixity check …"""
    agent: str
    """Software that did it, `name/version`."""
    objects: tuple[FileRef, ...] = ()
    """The files it brought in or looked at."""
    capture: str | None = None
    """The capture's id, where the event is about one."""
    outcome: str = "success"
    """success, warning or failure."""
    codes: tuple[str, ...] = ()
    """Codes of findings, where there were any."""
    removed: tuple[FileRef, ...] = ()
    """The files that it ended for ever: a deletion's, and those that a rewriting replaced."""
    basis: str = ""
    """A deletion's ground: personal-data, court-order …"""
    counts: tuple[tuple[str, int], ...] = ()
    """Plain numbers by name: files, bytes …"""
    at: str = field(default_factory=lambda: timestamp(now()))
    """RFC 3339 UTC."""

    def as_line(self) -> bytes:
        """The event as its line."""
        document: dict[str, Any] = {"at": self.at, "type": self.type, "agent": self.agent, "outcome": self.outcome}
        document["objects"] = _listed(self.objects)
        if self.removed:
            document["removed"] = _listed(self.removed)
        if self.capture:
            document["capture"] = self.capture
        if self.basis:
            document["basis"] = self.basis
        if self.codes:
            document["codes"] = list(self.codes)
        if self.counts:
            document["counts"] = dict(self.counts)
        return canonical(document)


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of lines by one writer."""

    writer: str
    seq: int
    """1 for the writer's first."""
    previous: str | None
    """Hex SHA-256 of the predecessor, None for the first."""
    seen: dict[str, str]
    """The newest segment of every other writer when this one began: writer → file name."""
    events: tuple[Event, ...]
    sha256: str
    """Hex digest of the whole content."""

    @property
    def name(self) -> str:
        """The file name it has once sealed."""
        return f"{self.seq:06d}-{self.sha256[:16]}.jsonl"

    @property
    def path(self) -> str:
        """Its path in the collection once sealed."""
        return f"ledger/{self.writer}/{self.name}"

    def objects(self) -> Iterator[FileRef]:
        """Every file that its events brought in, whatever became of it."""
        for event in self.events:
            yield from event.objects


def canonical(document: dict[str, Any]) -> bytes:
    """One canonical JSON line with its newline."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def parse_segment(content: bytes, where: str, naming: str = "") -> Segment:
    """Read a segment's lines. Raises `UnreadableInput` naming the line when they are not such.

    With `naming`, a text without what JSON escapes, only the events are read whose line holds it.
    """
    wanted = naming.encode()
    lines = content.split(b"\n")
    if lines.pop() != b"":
        raise UnreadableInput(where, "the last line is cut", "The ledger tail was lost; compare with another copy.")
    number = 1
    try:
        head = json.loads(lines[0])
        if head["type"] != "segment" or head["format"] != FORMAT or not WRITER_NAME.match(head["writer"]):
            raise ValueError("not a segment of this format")
        if not isinstance(head["previous"], str | None):
            raise ValueError("its predecessor has no name")
        events = []
        for line in lines[1:]:
            number += 1
            if wanted in line:
                events.append(_event(json.loads(line.decode())))
        seen = {str(writer): str(name) for writer, name in head["seen"].items()}
        digest = hashlib.sha256(content).hexdigest()
        return Segment(head["writer"], int(head["seq"]), head["previous"], seen, tuple(events), digest)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableInput(f"{where}:{number}", f"this is no ledger line ({error})") from error


def _event(document: dict[str, Any]) -> Event:
    return Event(
        type=str(document["type"]),
        agent=str(document["agent"]),
        objects=_files(document["objects"]),
        removed=_files(document.get("removed", ())),
        basis=str(document.get("basis", "")),
        capture=document.get("capture"),
        outcome=str(document["outcome"]),
        codes=tuple(document.get("codes", ())),
        counts=tuple(sorted((str(name), int(number)) for name, number in document.get("counts", {}).items())),
        at=str(document["at"]),
    )


def _listed(files: Iterable[FileRef]) -> list[dict[str, Any]]:
    return [{"path": file.path, "bytes": file.bytes, "sha256": file.sha256} for file in files]


def _files(listed: Iterable[dict[str, Any]]) -> tuple[FileRef, ...]:
    return tuple(FileRef(str(one["path"]), int(one["bytes"]), str(one["sha256"])) for one in listed)


def successors(segments: Sequence[Segment]) -> dict[tuple[str, str | None], list[Segment]]:
    """Segments by (writer, predecessor's digest); two under one key are a cloned writer.

    Where one only goes on from where another ends, the longer stands for both: a copy of the folder sealed what its
    writer was still at.
    """
    table: dict[tuple[str, str | None], list[Segment]] = {}
    for segment in sorted(segments, key=lambda one: len(one.events), reverse=True):
        heirs = table.setdefault((segment.writer, segment.previous), [])
        if not any(segment.seen == one.seen and one.events[: len(segment.events)] == segment.events for one in heirs):
            heirs.append(segment)
    return table
