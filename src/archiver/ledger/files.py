"""The files of a ledger: which are segments, and reading them all."""

import hashlib
import os
import re
from collections.abc import Callable, Container, Iterator
from contextlib import suppress
from pathlib import Path

from archiver.ledger.event import WRITER_NAME, Segment, parse_segment

OPEN, HEAD = "open.jsonl", "open.head"
SEGMENT_NAME = re.compile(r"(\d{6,})-([0-9a-f]{16})\.jsonl\Z")


def sealed_files(folder: Path, skip: Container[str] = ()) -> list[Path]:
    """Sealed segment files under a collection's `ledger/`, by writer and number, but for those of names in `skip`."""
    return sorted(
        _plain_files(folder, lambda name: name not in skip and SEGMENT_NAME.match(name)),
        key=lambda path: (path.parent.name, int(path.name.split("-")[0]), path.name),
    )


def open_files(folder: Path) -> list[Path]:
    """Open segment files under a collection's `ledger/`, by writer."""
    return sorted(_plain_files(folder, OPEN.__eq__))


def _plain_files(folder: Path, wanted: Callable[[str], object]) -> Iterator[Path]:
    """Files of writers. A link could lead out of the collection, and a pipe be read for ever.

    One look at each folder tells what its entries are; asking for each of some hundred segments would take longer than
    all else that an up-to-date catalogue does.
    """
    with suppress(FileNotFoundError, NotADirectoryError):
        if folder.is_symlink():
            return
        for writer in os.scandir(folder):
            if writer.is_dir(follow_symlinks=False) and WRITER_NAME.match(writer.name):
                names = [
                    one.name for one in os.scandir(writer) if wanted(one.name) and one.is_file(follow_symlinks=False)
                ]
                yield from (folder / writer.name / name for name in names)


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
    for path in sealed_files(folder, skip):
        content = path.read_bytes()
        if content.startswith(growing.get(path.with_name(OPEN), b"\n")):
            del growing[path.with_name(OPEN)]
        yield parse_segment(content, str(path), naming)
    for path, content in growing.items():
        if hashlib.sha256(content).hexdigest() not in skip:
            yield parse_segment(content, str(path), naming)
