"""The physical layer of WARC and ARC files: gzip members, plain bytes, and where they are broken.

A `Segment` is a run of bytes that holds records: one gzip member (WARC 1.1 annex D: one record each), or the
whole of a plain file. It is our own because neither warcio nor FastWARC tells that a file ends inside a record
(both were tried: they return what is left as if it were whole), and warcio writes its warnings to stderr.
Memory stays at a few chunks, whatever a hostile file unpacks to.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, cast

from isal import isal_zlib

from archiver.errors import UnreadableInput

CHUNK = 64 * 1024
GZIP_MAGIC = b"\x1f\x8b"
_GZIP = zlib.MAX_WBITS | 16
_DAMAGE = cast(type[Exception], isal_zlib.IsalError)  # the type stub takes it for an instance


class DamagedArchive(UnreadableInput):
    """A WARC or ARC file breaks off or makes no sense from `offset` on. What came before it is good."""

    def __init__(self, path: Path, offset: int, why: str, *, cut: bool = False) -> None:
        super().__init__(
            str(path), f"at byte {offset}, {why}", "What comes before can be read; another copy may be whole."
        )
        self.offset = offset
        """Where the damaged record begins, in bytes of the file as stored."""
        self.cut = cut
        """Whether all there is wrong is that the file ends too early."""


class Stored(Protocol):
    """What the bytes of a file come from, front to back."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most `size`, none at the end."""
        ...


class Feed:
    """The stored bytes of a file from an offset on, in chunks, with a way to return what was not needed."""

    def __init__(self, path: Path, stream: Stored, offset: int) -> None:
        """`stream` stands at `offset` of the file at `path`."""
        self.path = path
        self.offset = offset
        """The position behind everything taken and not returned."""
        self._stream = stream
        self._returned = b""

    def take(self) -> bytes:
        """The next chunk, empty at the end of the file. Raises `UnreadableInput` if the disk fails."""
        try:
            chunk = self._returned or self._stream.read(CHUNK)
        except OSError as error:
            raise _unreadable(self.path, error) from error
        self._returned = b""
        self.offset += len(chunk)
        return chunk

    def give_back(self, rest: bytes) -> None:
        """Return the unused end of the last chunk."""
        self._returned = rest
        self.offset -= len(rest)

    def peek(self) -> bytes:
        """The next chunk, which stays to be taken; long enough to show a gzip member, unless the file ends."""
        chunk = self.take()
        while chunk and len(chunk) < len(GZIP_MAGIC) and (more := self.take()):
            chunk += more
        self.give_back(chunk)
        return chunk


@contextmanager
def opened(path: Path, offset: int = 0) -> Iterator[Feed]:
    """The bytes of a file from `offset` on. Raises `UnreadableInput` if it cannot be opened."""
    try:
        stream = path.open("rb")
    except OSError as error:
        raise _unreadable(path, error) from error
    with stream:
        stream.seek(offset)
        yield Feed(path, stream, offset)


def _unreadable(path: Path, error: OSError) -> UnreadableInput:
    return UnreadableInput(str(path), f"it cannot be read: {(error.strerror or str(error)).lower()}")


class Segment:
    """The bytes of one gzip member, or of a plain file from here to its end."""

    def __init__(self, feed: Feed) -> None:
        self.path = feed.path
        self.start = feed.offset
        """Where it begins, as stored."""
        self.gzip = feed.peek().startswith(GZIP_MAGIC)
        self._feed = feed
        self._inflate = isal_zlib.decompressobj(_GZIP) if self.gzip else None
        self._buffer = b""
        self._at = 0

    def tell(self) -> int:
        """The offset, as stored, behind what was read; in a gzip member it is exact at its end only."""
        return self._feed.offset - (0 if self.gzip else len(self._buffer) - self._at)

    def at_end(self) -> bool:
        """Whether nothing is left."""
        return not self._fill()

    def read(self, size: int) -> bytes:
        """Between one and `size` bytes, or none at the end."""
        if self._at >= len(self._buffer) and not self._fill():
            return b""
        piece = self._buffer[self._at : self._at + size]
        self._at += len(piece)
        return piece

    def readline(self, limit: int) -> bytes:
        """A line with its newline, cut at `limit` bytes; empty at the end."""
        line = b""
        while len(line) < limit and self._fill():
            last = min(len(self._buffer), self._at + limit - len(line))
            newline = self._buffer.find(b"\n", self._at, last)
            end = newline + 1 if newline >= 0 else last
            line += self._buffer[self._at : end]
            self._at = end
            if newline >= 0:
                break
        return line

    def read_head(self, limit: int) -> bytes:
        """What comes next up to and with an empty line, if all of it is at hand and within `limit`; else nothing."""
        if not self._fill():
            return b""
        end = self._buffer.find(b"\r\n\r\n", self._at, self._at + limit) + 4
        head = self._buffer[self._at : end] if end > 3 else b""
        self._at += len(head)
        return head

    def unread(self, content: bytes) -> None:
        """Give back what was read just now."""
        self._buffer, self._at = content + self._buffer[self._at :], 0

    def read_line_ends(self, limit: int) -> bytes:
        """The CR and LF bytes that come next, about `limit` of them at most."""
        ends = b""
        while len(ends) < limit and self._fill():
            rest = self._buffer[self._at : self._at + limit]
            run = rest[: len(rest) - len(rest.lstrip(b"\r\n"))]
            self._at += len(run)
            ends += run
            if len(run) < len(rest):
                break
        return ends

    def _fill(self) -> bool:
        """Make the buffer hold something; False at the end."""
        while self._at >= len(self._buffer):
            self._buffer, self._at = (self._unpack(self._inflate) if self._inflate else self._feed.take()), 0
            if not self._buffer and (self._inflate is None or self._inflate.eof):
                return False
        return True

    def _unpack(self, inflate: isal_zlib.Decompress) -> bytes:
        """The next unpacked piece, possibly empty."""
        if inflate.eof:
            return b""
        packed = inflate.unconsumed_tail or self._feed.take()
        if not packed:
            raise DamagedArchive(self.path, self.start, "the file ends inside a gzip member", cut=True)
        try:
            content = inflate.decompress(packed, CHUNK)
        except _DAMAGE as error:
            raise DamagedArchive(self.path, self.start, "a gzip member is damaged") from error
        if inflate.eof:
            self._feed.give_back(inflate.unused_data)
        return content
