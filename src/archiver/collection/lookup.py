"""Looking things up in the index levels: by binary search in mapped files, forwards and backwards from any place.

A level's file is never changed, only replaced (`archiver.collection.index`). So it is mapped once, and again when
another file stands in its place. Lines move from a level to the next one by first appearing there: levels are looked
at from small to large, so that none is ever missed.
"""

import heapq
import mmap
from collections.abc import Iterator
from pathlib import Path

from archiver.collection import index, zipnum

State = tuple[int, int, int]
"""Inode, size and time of a file: whether it is still the same."""


class Lines:
    """Sorted lines, as bytes or as a mapped file."""

    def __init__(self, content: bytes | mmap.mmap) -> None:
        self.content = content

    def place(self, start: bytes) -> int:
        """Where the first line begins that does not sort before `start`."""
        low, high = 0, len(self.content)
        while low < high:
            begin = self.content.rfind(b"\n", 0, (low + high) // 2) + 1
            end = self._end(begin)
            if self.content[begin:end] < start:
                low = end
            else:
                high = begin
        return low

    def onwards(self, start: bytes) -> Iterator[bytes]:
        """The lines from `start` on."""
        begin = self.place(start)
        while begin < len(self.content):
            end = self._end(begin)
            yield self.content[begin:end]
            begin = end

    def backwards(self, start: bytes) -> Iterator[bytes]:
        """The lines that sort before `start`, the last one first."""
        end = self.place(start)
        while end:
            begin = self.content.rfind(b"\n", 0, end - 1) + 1
            yield self.content[begin:end]
            end = begin

    def _end(self, begin: int) -> int:
        return self.content.find(b"\n", begin) + 1 or len(self.content)


class Lookup:
    """The index of one collection, for many questions. Not for several threads."""

    def __init__(self, folder: Path) -> None:
        """`folder` is the collection's `indexes/`."""
        self.folder = folder
        self.paths = [*(index.level(folder, number) for number in range(index.LEVELS)), folder / zipnum.LIST]
        self._known: dict[Path, tuple[State, Lines | zipnum.Packed]] = {}

    def onwards(self, start: bytes) -> Iterator[bytes]:
        """The lines of all levels that do not sort before `start`, sorted, without repetitions."""
        return index.unique(heapq.merge(*[lines.onwards(start) for lines in self._levels()]))

    def backwards(self, start: bytes) -> Iterator[bytes]:
        """The lines of all levels that sort before `start`, the last one first, without repetitions."""
        return index.unique(heapq.merge(*[lines.backwards(start) for lines in self._levels()], reverse=True))

    def _levels(self) -> list[Lines | zipnum.Packed]:
        return [lines for path in self.paths if (lines := self._current(path))]

    def _current(self, path: Path) -> Lines | zipnum.Packed | None:
        """What stands in a level's file now, or in the packed index."""
        try:
            told = path.stat()
        except FileNotFoundError:
            return None
        state = told.st_ino, told.st_size, told.st_mtime_ns
        if path in self._known and self._known[path][0] == state:
            return self._known[path][1]
        lines = zipnum.Packed(self.folder) if path.name == zipnum.LIST else _mapped(path)
        self._known[path] = state, lines
        return lines


def _mapped(path: Path) -> Lines:
    with path.open("rb") as stream:
        return Lines(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) if stream.seek(0, 2) else b"")
