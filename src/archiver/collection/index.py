"""The CDXJ index of a collection, in levels of about tenfold size, as pywb reads it.

A new capture's lines are merged into level 0 only, so a commit never rewrites the whole index. A level that has
outgrown its size is merged into the next: outside the lock, swapped by rename inside it. All level files exist from
the start, because pywb caches the directory listing by whole seconds and would miss a new name. Between the two
renames of a swap, lines stand in both levels; every reader drops duplicates.
"""

import heapq
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from itertools import groupby, islice, takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from archiver import disk
from archiver.collection import zipnum

LEVELS = 6
LEVEL_0_BYTES = 256 * 1024
RUN_LINES = 500_000

Lock = Callable[[], AbstractContextManager[object]]


def capacity(number: int) -> int:
    """Bytes that a level may hold before it is merged into the next."""
    size: int = LEVEL_0_BYTES * 10**number
    return size


def level(folder: Path, number: int) -> Path:
    """The file of one level; `folder` is the collection's `indexes/`."""
    return folder / f"{number}.cdxj"


def create(folder: Path) -> None:
    """Make the level files that are not there."""
    for number in range(LEVELS):
        if not level(folder, number).exists():
            disk.write_atomic(level(folder, number), b"")


def unique(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Sorted lines without repetitions."""
    return (line for line, _ in groupby(lines))


def read(folder: Path) -> Iterator[bytes]:
    """All lines of all levels, sorted by bytes, without repetitions."""
    with ExitStack() as opened:
        paths = [level(folder, number) for number in range(LEVELS)]
        streams: list[Iterable[bytes]] = [opened.enter_context(path.open("rb")) for path in paths if path.is_file()]
        if zipnum.is_packed(folder):
            streams.append(zipnum.Packed(folder).onwards())
        yield from unique(heapq.merge(*streams))


def find(folder: Path, key: str) -> Iterator[bytes]:
    """The lines of one URL key, of all levels, those of each sorted by time; without reading what stands before."""
    return starting(folder, key.encode() + b" ")


def starting(folder: Path, start: bytes, most: int | None = None) -> Iterator[bytes]:
    """The lines that begin with `start`, of all levels, at most so many of each; without reading what stands before."""
    for path in (level(folder, number) for number in range(LEVELS)):
        if not path.is_file():
            continue
        with path.open("rb") as stream:
            _seek(stream, start)
            yield from islice(takewhile(lambda line: line.startswith(start), stream), most)
    if zipnum.is_packed(folder):
        packed = zipnum.Packed(folder).onwards(start)
        yield from islice(takewhile(lambda line: line.startswith(start), packed), most)


def _seek(stream: BinaryIO, start: bytes) -> None:
    """Go to the first line that does not sort before `start`."""
    low, end = 0, stream.seek(0, 2)
    while low < end:
        middle = (low + end) // 2
        stream.seek(max(middle - 1, 0))
        if middle:
            stream.readline()  # to the first line that begins at `middle` or behind
        if (line := stream.readline()) and line < start:
            low = stream.tell()
        else:
            end = middle
    stream.seek(low)


def file_of(line: bytes) -> str:
    """The path in the collection of the archive file that a line points into; empty for a line that is none."""
    try:
        return f"archive/{json.loads(line.split(b' ', 2)[2])['filename']}"
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""


def add(folder: Path, lines: Iterable[bytes]) -> None:
    """Merge lines into level 0. The caller holds the collection's lock."""
    create(folder)
    path = level(folder, 0)
    present = path.read_bytes().splitlines(keepends=True)
    disk.write_atomic(path, b"".join(unique(sorted([*present, *lines]))), replace=True)


def drop_temporaries(folder: Path) -> None:
    """Remove what killed writers left half-written. The caller holds the locks under which it is written."""
    for path in () if folder.is_symlink() else folder.glob(f"{disk.TEMPORARY}*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def drop(folder: Path, ended: Callable[[bytes], bool]) -> int:
    """Write every level anew without the lines that have `ended`; returns how many they were.

    The caller holds the collection's lock, and is the only one compacting.
    """
    drop_temporaries(folder)
    dropped = 0
    for path in (level(folder, number) for number in range(LEVELS)):
        if not path.is_file():
            continue
        with path.open("rb") as stream:
            found = sum(map(ended, stream))
            if found:
                stream.seek(0)
                kept = disk.temporary_beside(path)
                try:
                    _write_lines(kept, (line for line in stream if not ended(line)))
                    kept.replace(path)
                    disk.sync_directory(folder)
                finally:
                    kept.unlink(missing_ok=True)
        dropped += found
    return dropped + _drop_packed(folder, ended)


def _drop_packed(folder: Path, ended: Callable[[bytes], bool]) -> int:
    if not zipnum.is_packed(folder):
        return 0
    packed = zipnum.Packed(folder)
    found = sum(map(ended, packed.onwards()))
    if found:
        zipnum.pack(folder, (line for line in packed.onwards() if not ended(line)))
    return found


def full(folder: Path) -> bool:
    """Whether a level has outgrown its size."""
    return any(_outgrown(folder, number) for number in range(LEVELS - 1))


def _outgrown(folder: Path, number: int) -> bool:
    return level(folder, number).stat().st_size > capacity(number)


def compact(folder: Path, lock: Lock) -> None:
    """Merge every level that has outgrown its size into the next. The caller is the only one compacting."""
    for number in range(LEVELS - 1):
        if _outgrown(folder, number):
            _merge_down(folder, number, lock)


def _merge_down(folder: Path, number: int, lock: Lock) -> None:
    upper, lower = level(folder, number), level(folder, number + 1)
    merged = disk.temporary_beside(lower)
    try:
        with upper.open("rb") as above, lower.open("rb") as below:
            moved = (
                above.read() if number == 0 else b""
            )  # level 0 may grow while we merge; only compaction touches others
            above.seek(0)
            _write_lines(merged, heapq.merge(above, below))
        with lock():
            merged.replace(lower)
            disk.sync_directory(folder)
            left = set(upper.read_bytes().splitlines(keepends=True)) if number == 0 else set()
            disk.write_atomic(upper, b"".join(sorted(left - set(moved.splitlines(keepends=True)))), replace=True)
    finally:
        merged.unlink(missing_ok=True)


def _write_lines(path: Path, lines: Iterable[bytes]) -> None:
    with disk.writing(path), path.open("wb") as stream:
        stream.writelines(unique(lines))
        disk.sync_file(stream)


def rebuild(folder: Path, lines: Iterable[bytes], *, packed: bool = False) -> int:
    """Replace the whole index by `lines` (any order, any number); returns how many. The caller holds the lock.

    `packed`: as ZipNum, levels empty; without it one level, nothing packed.
    """
    create(folder)
    drop_temporaries(folder)
    with TemporaryDirectory(dir=folder, prefix=disk.TEMPORARY) as work:
        runs: list[Path] = []
        source = iter(lines)
        while run := sorted(islice(source, RUN_LINES)):
            runs.append(Path(work) / str(len(runs)))
            _write_lines(runs[-1], run)
        streams = [run.open("rb") for run in runs]
        merged = Path(work) / "merged"
        try:
            _write_lines(merged, heapq.merge(*streams))
        finally:
            for stream in streams:
                stream.close()
        size = merged.stat().st_size
        home = next((n for n in range(LEVELS - 1) if size <= capacity(n)), LEVELS - 1)
        if packed:
            home = -1
            with merged.open("rb") as stream:
                count = zipnum.pack(folder, stream)
        else:
            with merged.open("rb") as stream:
                count = sum(1 for _ in stream)
            merged.replace(level(folder, home))
            disk.sync_directory(folder)
            zipnum.pack(folder, ())
    for number in range(LEVELS):
        if number != home:
            disk.write_atomic(level(folder, number), b"", replace=True)
    return count
