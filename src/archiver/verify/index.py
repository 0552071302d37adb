"""The index against the lines that the WARCs give: every line named that is too much, every WARC that lacks some.

Both sides are compared file by file, as sets, by a digest that knows no order: so neither is ever in memory. Only
where they differ are the lines made again and looked at.
"""

import gzip
import hashlib
import heapq
import json
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, cast

from archiver.collection import Collection, index, zipnum
from archiver.ledger import Holdings
from archiver.model import Finding
from archiver.verify.chain import fault
from archiver.verify.strays import claimed

FILENAME = b'"filename": "'
DETAILED = 100
"""Lines are looked at one by one for so many WARCs, and so many named of each level; the rest is counted."""

Tally = tuple[int, int]
"""Number of lines, and the sum of their SHA-256 digests modulo 2^256."""
Levels = list[tuple[Path, BinaryIO]]


def tally(lines: Iterable[bytes], start: Tally = (0, 0)) -> Tally:
    """The same for the same lines in any order, in constant memory."""
    count, total = start
    for line in lines:
        count += 1
        total += int.from_bytes(hashlib.sha256(line).digest(), "big")
    return count, total % (1 << 256)


def check_index(
    collection: Collection,
    expected: Mapping[str, Tally],
    held: Container[str],
    later: Callable[[], Holdings],
) -> list[Finding]:
    """The levels against what the archive files of `expected` give.

    Lines of a WARC that is being entered, or whose writer was killed just after the commit, may be there or not yet.
    Lines of other files are right if the ledger names these: `held`, and what it names `later`.
    """
    claims = collection.state.claims(collection.name)
    settled = {path: lines for path, lines in expected.items() if not claimed(path, claims)}
    with ExitStack() as opened:
        levels, findings = _open(collection, opened)
        found, others = _tallies(levels, settled)
        claims += collection.state.claims(collection.name)
        unknown = {path for path in others if path not in held and not claimed(path, claims)}
        known = later().files if unknown else {}
        unknown = {path for path in unknown if path not in known}
        if unknown and collection.state.is_pulling(collection.name):  # told as files that no ledger line names
            unknown = {path for path in unknown if not collection.local(path).is_file()}
        differing = [path for path, lines in sorted(settled.items()) if found.get(path, (0, 0)) != lines]
        if unknown or differing:
            made = {path: set(collection.lines_of(path)) for path in differing[:DETAILED]}
            findings += _superfluous(collection, levels, unknown, made)
            findings += _lacking(collection, differing, made, settled, found)
        return findings


def _open(collection: Collection, opened: ExitStack) -> tuple[Levels, list[Finding]]:
    """The levels as they are now: all later looks are at the same bytes. One missing is a finding."""
    levels: Levels = []
    findings = []
    for number in range(index.LEVELS):
        path = index.level(collection.path / "indexes", number)
        if path.is_file() and not path.is_symlink() and not path.parent.is_symlink():
            levels.append((path, opened.enter_context(path.open("rb"))))
        else:
            message = "this level of the index is not here, or no plain file"
            findings.append(fault("index-level", path, message, _hint(collection)))
    findings += _packed(collection, levels, opened)
    for path, stream in levels:
        findings += _disorder(collection, path, stream)
    return levels, findings


def _packed(collection: Collection, levels: Levels, opened: ExitStack) -> Iterator[Finding]:
    """The packed index as one more level; a finding where its list is not of it."""
    folder = collection.path / "indexes"
    if not zipnum.is_packed(folder):
        return
    packed = zipnum.Packed(folder)
    if packed.part and packed.fits():
        stream = opened.enter_context(gzip.open(packed.part))  # noqa: SIM115 - closed with the levels
        levels.append((packed.part, cast("BinaryIO", stream)))
    else:
        message = "the packed index cannot be read, or its list is not of it"
        yield fault("index-level", folder / zipnum.LIST, message, _hint(collection))


def _disorder(collection: Collection, path: Path, stream: BinaryIO) -> Iterator[Finding]:
    before = b""
    for number, line in enumerate(stream, 1):
        if line <= before:
            message = "the line does not sort behind the one before it, so that replay does not find all"
            yield fault("index-order", f"{path}:{number}", message, _hint(collection))
            return
        before = line


def _hint(collection: Collection) -> str:
    return f"Run `archiver reindex -c {collection.name}`; replay depends on it."


def _tallies(levels: Levels, settled: Mapping[str, Tally]) -> tuple[dict[str, Tally], set[str]]:
    """What the levels together hold of each file of `settled`, repetitions dropped; and other files that they name."""
    found: dict[str, Tally] = {}
    others: set[str] = set()
    for _, stream in levels:
        stream.seek(0)
    for line in index.unique(heapq.merge(*(stream for _, stream in levels))):
        path = archive_file(line)
        if path in settled:
            found[path] = tally((line,), found.get(path, (0, 0)))
        else:
            others.add(path)
    return found, others


def _superfluous(
    collection: Collection, levels: Levels, unknown: set[str], made: Mapping[str, set[bytes]]
) -> Iterator[Finding]:
    """Lines that no record gives. What the levels lack is left in `made`."""
    present: dict[str, set[bytes]] = {path: set() for path in made}
    for level, stream in levels:
        told = 0
        stream.seek(0)
        for number, line in enumerate(stream, 1):
            path = archive_file(line)
            if path in made and line in made[path]:
                present[path].add(line)
            elif path in made or path in unknown:
                told += 1
                if told <= DETAILED:
                    message = f"no record of {path or 'any file'} gives this line: {_shown(line)}"
                    yield fault("index-line", f"{level}:{number}", message, _hint(collection))
        if told > DETAILED:
            message = f"{told - DETAILED} further lines are given by no record"
            yield fault("index-line", level, message, _hint(collection))
    for path, lines in present.items():
        made[path].difference_update(lines)


def _lacking(
    collection: Collection,
    differing: list[str],
    made: Mapping[str, set[bytes]],
    settled: Mapping[str, Tally],
    found: Mapping[str, Tally],
) -> Iterator[Finding]:
    where = collection.path / "indexes"
    for path in differing:
        if made.get(path):
            first = _shown(min(made[path]))
            message = f"{len(made[path])} of the {settled[path][0]} lines of {path} are in no level, the first: {first}"
            yield fault("index-missing", where, message, _hint(collection))
        elif path not in made:
            message = f"of {path} it has {found.get(path, (0, 0))[0]} lines instead of {settled[path][0]}, or others"
            yield fault("index-missing", where, message, _hint(collection))


def _shown(line: bytes) -> str:
    """The beginning of a line: key and time."""
    return b" ".join(line.split(b" ", 2)[:2]).decode("utf-8", "backslashreplace")[:200]


def archive_file(line: bytes) -> str:
    """The file that an index line points into; empty if it is no such line."""
    start = line.rfind(FILENAME) + len(FILENAME)
    try:
        end = line.index(b'"', start)
        return _named(line[start - 1 : end + 1])
    except (ValueError, RecursionError):
        return ""


@lru_cache(1024)
def _named(text: bytes) -> str:
    """Lines of one page name one file, and sort near each other."""
    return f"archive/{json.loads(text)}"
