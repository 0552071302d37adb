"""What goes over the line: counted while it moves, held to a limit, cut off at an interruption."""

import threading
from io import BufferedReader
from time import monotonic
from typing import BinaryIO, cast

from archiver import disk

JOBS = 8
"""Objects under way at the same time."""


class Line:
    """One push or pull. Threads share it."""

    def __init__(self, jobs: int = JOBS, limit: int | None = None) -> None:
        """`limit`: bytes a second of all transfers together."""
        self.jobs = jobs
        self._limit = limit
        self._lock = threading.Lock()
        self._cut = threading.Event()
        self._free_at = 0.0
        self._under_way: dict[int, int] = {}

    @property
    def under_way(self) -> int:
        """Bytes that have moved of what is not finished."""
        with self._lock:
            return sum(self._under_way.values())

    @property
    def limited(self) -> bool:
        """Whether bytes are to come evenly, and not many at once."""
        return self._limit is not None

    def through(self, stream: BinaryIO) -> BufferedReader:
        """`stream`, so that what is read of it is taken for moved. It is closed with what this returns."""
        return cast(BufferedReader, _Through(self, cast(BufferedReader, stream)))

    def cut(self) -> None:
        """End what is under way: the next byte that is asked for is a KeyboardInterrupt."""
        self._cut.set()

    def pass_on(self, bytes: int) -> None:
        """So many bytes move now: wait for their turn."""
        wait = 0.0
        if self._limit:
            with self._lock:
                begin = max(monotonic(), self._free_at)
                self._free_at = begin + bytes / self._limit
                wait = begin - monotonic()
        if self._cut.wait(wait) if wait > 0 else self._cut.is_set():
            raise KeyboardInterrupt

    def piece(self, wanted: int) -> int:
        """How much to read at once so that a limit is kept evenly."""
        return wanted if self._limit is None else min(wanted, max(1024, self._limit // 10))

    def note(self, transfer: int, bytes: int | None) -> None:
        """How far one transfer has come; None: it has ended."""
        with self._lock:
            if bytes is None:
                self._under_way.pop(transfer, None)
            else:
                self._under_way[transfer] = bytes


class _Through:
    """Reads, seeks and closes another stream."""

    def __init__(self, line: Line, stream: BufferedReader) -> None:
        self._line = line
        self._stream = stream
        self._moved = 0

    def read(self, size: int = -1) -> bytes:
        chunk = self._stream.read(self._line.piece(disk.CHUNK if size < 0 else size)) if size else b""
        self._note(chunk)
        return chunk + self.read(size) if size < 0 and chunk else chunk

    def read1(self, size: int) -> bytes:
        chunk = self._stream.read1(self._line.piece(size))
        self._note(chunk)
        return chunk

    def _note(self, chunk: bytes) -> None:
        self._line.pass_on(len(chunk))
        self._moved += len(chunk)
        self._line.note(id(self), self._moved)

    def seek(self, offset: int, whence: int = 0) -> int:
        self._moved = 0
        return self._stream.seek(offset, whence)

    def close(self) -> None:
        self._line.note(id(self), None)
        self._stream.close()

    def __enter__(self) -> "_Through":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
