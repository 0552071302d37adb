"""The whole index packed, for very large collections: ZipNum in the form that pywb reads.

`packed-<digest12>.cdxj.gz` holds sorted lines, so many in each gzip member; `packed.idx` names the first line of each
member with its place (`KEY TIMESTAMP<tab>part<tab>offset<tab>length<tab>number`), `packed.loc` the part's file. Like a
level it is replaced, never changed: by a new part, and the list that names it. Lines that come later stand in levels.
"""

import gzip
import hashlib
import mmap
import re
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import dropwhile, islice
from pathlib import Path

from archiver import disk

LINES = 512
"""Lines that are packed together: to find one of them, all are unpacked."""
LIST, PLACES = "packed.idx", "packed.loc"
_ROW = re.compile(rb"^([^\t\n]+)\t(packed-[0-9a-f]{12}\.cdxj\.gz)\t(\d{1,15})\t(\d{1,12})\t\d+$", re.M)


class Packed:
    """The packed index as it is now. What of it cannot be read gives no lines: `archiver verify` tells of that."""

    def __init__(self, folder: Path) -> None:
        """Raises `FileNotFoundError` where there is none."""
        rows = [found.groups() for found in _ROW.finditer((folder / LIST).read_bytes())]
        self.heads = [row[0] for row in rows]
        self._places = [(int(row[2]), int(row[3])) for row in rows]
        self.part = folder / rows[0][1].decode() if rows else None
        self._packed = _mapped(self.part) if self.part else b""
        self._member = lru_cache(maxsize=8)(self._unpacked)

    def onwards(self, start: bytes = b"") -> Iterator[bytes]:
        """The lines that do not sort before `start`."""
        first = max(bisect_left(self.heads, start) - 1, 0)
        while first and start.startswith(self.heads[first]):  # a member may begin among lines of one moment
            first -= 1
        lines = (line for number in range(first, len(self.heads)) for line in self._member(number))
        return dropwhile(lambda line: line < start, lines)

    def backwards(self, start: bytes) -> Iterator[bytes]:
        """The lines that sort before `start`, the last one first."""
        last = bisect_right(self.heads, start)
        lines = (line for number in reversed(range(last)) for line in reversed(self._member(number)))
        return dropwhile(lambda line: line >= start, lines)

    def fits(self) -> bool:
        """Whether the list says of the part what is in it."""
        end = 0
        for number, (offset, length) in enumerate(self._places):
            first = next(iter(self._unpacked(number)), b"")
            if offset != end or not first.startswith(self.heads[number] + b" "):
                return False
            end += length
        return end == len(self._packed)

    def _unpacked(self, number: int) -> list[bytes]:
        offset, length = self._places[number]
        try:
            lines = zlib.decompress(self._packed[offset : offset + length], 16 + zlib.MAX_WBITS)
        except zlib.error:
            return []
        return lines.splitlines(keepends=True)


def _mapped(path: Path) -> mmap.mmap | bytes:
    if not path.is_file() or not path.stat().st_size:
        return b""
    with path.open("rb") as stream:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)


def is_packed(folder: Path) -> bool:
    """Whether the collection whose `indexes/` this is has a packed index."""
    return (folder / LIST).is_file()


def files(folder: Path) -> list[Path]:
    """Its files, and what a kill left of one: parts, list of members, list of parts."""
    return sorted(folder.glob("packed*"))


def pack(folder: Path, lines: Iterable[bytes]) -> int:
    """Replace the packed index by sorted lines; returns how many. Without a line there is none afterwards."""
    old, digest, rows, offset, count = files(folder), hashlib.sha256(), [], 0, 0
    new = disk.temporary_beside(folder / "packed.cdxj.gz")
    try:
        with disk.writing(new), new.open("wb") as stream:
            left = iter(lines)
            while member := list(islice(left, LINES)):
                packed = gzip.compress(b"".join(member), mtime=0)
                digest.update(packed)
                stream.write(packed)
                head = b" ".join(member[0].split(b" ", 2)[:2])
                rows.append(b"%s\tPART\t%d\t%d\t%d\n" % (head, offset, len(packed), count + 1))
                offset, count = offset + len(packed), count + len(member)
            disk.sync_file(stream)
        if count:
            name = f"packed-{digest.hexdigest()[:12]}.cdxj.gz"
            new.replace(folder / name)
            known = [path.name for path in old if path.suffix == ".gz"]
            places = "".join(f"{one}\t{one}\n" for one in sorted({name, *known}))
            disk.write_atomic(folder / PLACES, places.encode(), replace=True)
            listed = b"".join(row.replace(b"\tPART\t", b"\t%s\t" % name.encode(), 1) for row in rows)
            disk.write_atomic(folder / LIST, listed, replace=True)
            old = [path for path in old if path.name not in (name, LIST, PLACES)]
    finally:
        new.unlink(missing_ok=True)
    for path in sorted(old, key=lambda path: path.name != LIST):  # the list first: it names the others
        path.unlink(missing_ok=True)
    disk.sync_directory(folder)
    return count
