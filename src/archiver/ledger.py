"""The ledger: what the collection holds, who says so, in which order. One chain of lines per writer.

    ledger/<writer>/000001-<digest16>.jsonl    a sealed segment; its name carries its own SHA-256's first 16 digits
    ledger/<writer>/open.jsonl                 the segment that grows
    ledger/<writer>/open.head                  {"lines", "sha256"} of it, renamed after each fsync: a cut tail shows

A segment's first line names its predecessor's digest and the newest segment seen of every other writer. Every
further line is one event in PREMIS terms. Lines are canonical JSON (sorted keys, no spaces, UTF-8) and hold ids,
digests and codes, never URLs, names or free text. A writer is one working copy of a root.

Appending is the commit of a collection: a line counts from the moment it is whole on disk.
"""

import hashlib
import json
import os
import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archiver import disk
from archiver.errors import ConflictError, UnreadableInput
from archiver.model import FileRef, now, timestamp

FORMAT = "archiver-ledger/1.0.0"
SEAL_LINES = 500
"""An append reads the open segment again, to know that it is whole: it must stay small."""
OPEN, HEAD = "open.jsonl", "open.head"
SEGMENT_NAME = re.compile(r"(\d{6,})-([0-9a-f]{16})\.jsonl\Z")
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
    at: str = field(default_factory=lambda: timestamp(now()))
    """RFC 3339 UTC."""

    def as_line(self) -> bytes:
        """The event as its line."""
        objects = [{"path": file.path, "bytes": file.bytes, "sha256": file.sha256} for file in self.objects]
        document: dict[str, Any] = {"at": self.at, "type": self.type, "agent": self.agent, "outcome": self.outcome}
        document["objects"] = objects
        if self.capture:
            document["capture"] = self.capture
        if self.codes:
            document["codes"] = list(self.codes)
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
        """Every file that its events name."""
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
                events.append(_event(json.loads(line)))
        seen = {str(writer): str(name) for writer, name in head["seen"].items()}
        digest = hashlib.sha256(content).hexdigest()
        return Segment(head["writer"], int(head["seq"]), head["previous"], seen, tuple(events), digest)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableInput(f"{where}:{number}", f"this is no ledger line ({error})") from error


def _event(document: dict[str, Any]) -> Event:
    objects = tuple(FileRef(str(o["path"]), int(o["bytes"]), str(o["sha256"])) for o in document["objects"])
    return Event(
        type=str(document["type"]),
        agent=str(document["agent"]),
        objects=objects,
        capture=document.get("capture"),
        outcome=str(document["outcome"]),
        codes=tuple(document.get("codes", ())),
        at=str(document["at"]),
    )


def sealed_files(folder: Path) -> list[Path]:
    """Sealed segment files under a collection's `ledger/`, by writer and number."""
    found = [path for path in _plain_files(folder, "*.jsonl") if SEGMENT_NAME.match(path.name)]
    return sorted(found, key=lambda path: (path.parent.name, int(path.name.split("-")[0]), path.name))


def open_files(folder: Path) -> list[Path]:
    """Open segment files under a collection's `ledger/`, by writer."""
    return sorted(_plain_files(folder, OPEN))


def _plain_files(folder: Path, pattern: str) -> Iterator[Path]:
    """Files of writers. A link could lead out of the collection, and a pipe be read for ever."""
    for path in folder.glob(f"*/{pattern}"):
        linked = path.is_symlink() or path.parent.is_symlink() or folder.is_symlink()
        if path.is_file() and not linked and WRITER_NAME.match(path.parent.name):
            yield path


def open_content(path: Path) -> bytes:
    """What counts of an open segment, nothing if it is not there (any more)."""
    try:
        return committed(path.read_bytes())
    except FileNotFoundError:
        return b""


def committed(content: bytes) -> bytes:
    """What counts of an open segment: its whole lines. A kill in mid-write leaves a partial one behind them."""
    return content[: content.rfind(b"\n") + 1]


def read_segments(folder: Path, skip: Container[str] = (), naming: str = "") -> Iterator[Segment]:
    """Every segment of every writer, the open ones last, but for those whose file name or digest is in `skip`.

    The open ones are read first: one that is sealed meanwhile is met a second time instead of missed, and given once.
    `naming` is as for `parse_segment`. Raises `UnreadableInput` at a damaged one.
    """
    growing = {path: content for path in open_files(folder) if (content := open_content(path))}
    for path in sealed_files(folder):
        if path.name in skip:
            continue
        content = path.read_bytes()
        if content.startswith(growing.get(path.with_name(OPEN), b"\n")):
            del growing[path.with_name(OPEN)]
        yield parse_segment(content, str(path), naming)
    for path, content in growing.items():
        if hashlib.sha256(content).hexdigest() not in skip:
            yield parse_segment(content, str(path), naming)


class Chain:
    """The end of one writer's chain, where lines are appended. The caller holds the collection's lock."""

    def __init__(self, folder: Path, writer: str) -> None:
        """`folder` is the collection's `ledger/`."""
        self.folder = folder
        self.writer = writer
        self.own = folder / writer

    def append(self, event: Event) -> None:
        """Commit one event: its line is on disk when this returns. Seals a segment that has grown full."""
        path = self.own / OPEN
        begun, line = self._open_content() or self._begin(), event.as_line()
        with disk.writing(path), path.open("r+b") as stream:
            stream.seek(len(begun.content))
            stream.write(line)
            stream.truncate()
            disk.sync_file(stream)
        begun.digest.update(line)
        self._write_head(begun.lines + 1, begun.digest.hexdigest())
        if begun.lines + 1 >= SEAL_LINES:
            self.seal()

    def seal(self) -> Path | None:
        """Close the open segment under its final name; None if nothing was open."""
        begun = self._open_content()
        if not begun:
            return None
        segment = parse_segment(begun.content, str(self.own / OPEN))
        sealed = self.own / segment.name
        with disk.writing(sealed):
            os.truncate(self.own / OPEN, len(begun.content))
            (self.own / OPEN).rename(sealed)
            disk.sync_directory(self.own)
            (self.own / HEAD).unlink(missing_ok=True)
        return sealed

    def _open_content(self) -> "_Begun | None":
        """The committed lines of the open segment; refuses to go on from one that was cut or altered."""
        path = self.own / OPEN
        begun = _Begun(open_content(path))
        if (complaint := _complaint(self.own, begun)) is not None:
            raise ConflictError(f"{path}: {complaint}.", "Run `archiver verify`, then restore the file from a copy.")
        return begun if begun.content else None

    def _begin(self) -> "_Begun":
        mine = [path for path in sealed_files(self.folder) if path.parent == self.own]
        previous = disk.sha256_file(mine[-1])[0] if mine else None
        seq = int(mine[-1].name.split("-")[0]) + 1 if mine else 1
        newest = {path.parent.name: path.name for path in sealed_files(self.folder) if path.parent != self.own}
        head = {"type": "segment", "format": FORMAT, "writer": self.writer, "seq": seq, "at": timestamp(now())}
        content = canonical(head | {"previous": previous, "seen": newest})
        disk.write_atomic(self.own / OPEN, content, replace=True)
        begun = _Begun(content)
        self._write_head(begun.lines, begun.digest.hexdigest())
        return begun

    def _write_head(self, lines: int, sha256: str) -> None:
        """Tell how far the open segment has come."""
        disk.write_atomic(self.own / HEAD, canonical({"lines": lines, "sha256": sha256}), replace=True)


class _Begun:
    """What counts of an open segment, gone through once: every append has to."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.lines = content.count(b"\n")
        self.digest = hashlib.sha256(content)


def head_complaint(own: Path, content: bytes) -> str | None:
    """What `open.head` has against the open segment's `content`, or None.

    More lines than the head counts are a kill between the two writes and fine; fewer or others are damage.
    """
    return _complaint(own, _Begun(content))


def _complaint(own: Path, begun: _Begun) -> str | None:
    path = own / HEAD
    if not path.is_file():
        return None if begun.lines <= 1 else "its open.head is missing"
    try:
        head = json.loads(path.read_bytes())
        lines, digest = int(head["lines"]), str(head["sha256"])
        if path.read_bytes() != canonical({"lines": lines, "sha256": digest}):
            raise ValueError
    except (ValueError, LookupError, TypeError):
        return "its open.head is not readable"
    if lines == begun.lines and begun.digest.hexdigest() == digest:
        return None
    kept = b"".join(begun.content.splitlines(keepends=True)[:lines])
    if lines < begun.lines and hashlib.sha256(kept).hexdigest() == digest:
        return None
    if any(disk.sha256_file(sealed)[0] == digest for sealed in own.glob("*.jsonl") if sealed.name != OPEN):
        return None  # a kill between sealing and removing the head
    return "it has fewer or other lines than its open.head says"


def successors(segments: Sequence[Segment]) -> dict[tuple[str, str | None], list[Segment]]:
    """Segments by (writer, predecessor's digest); two under one key are a cloned writer."""
    table: dict[tuple[str, str | None], list[Segment]] = {}
    for segment in segments:
        table.setdefault((segment.writer, segment.previous), []).append(segment)
    return table
