"""The end of one writer's chain: appending to it, sealing it, and telling whether it was cut."""

import hashlib
import json
import os
from pathlib import Path

from archiver import disk
from archiver.errors import ConflictError
from archiver.ledger.event import FORMAT, Event, canonical, parse_segment
from archiver.ledger.files import HEAD, OPEN, open_content, sealed_files
from archiver.model import now, timestamp

SEAL_LINES = 500
"""An append reads the open segment again, to know that it is whole: it must stay small."""


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
        if not (self.own / HEAD).is_file():  # a kill between the two writes of `_begin`; the next must not meet it
            self._write_head(begun.lines, begun.digest.hexdigest())
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
