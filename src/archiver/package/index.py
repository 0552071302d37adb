"""The index of a package: CDXJ lines made afresh of its WARC files, in bounded memory."""

import gzip
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from archiver import cdxj, disk
from archiver.collection import index
from archiver.errors import UnreadableInput
from archiver.package.contents import Contents

BLOCK_LINES = 1024
"""Lines that are packed together: to find one of them, a player reads them all."""


@contextmanager
def sorted_lines(contents: Contents, place: Path) -> Iterator[Iterator[bytes]]:
    """The lines of all WARC files, sorted, with bare file names. A temporary folder at `place` holds them meanwhile."""
    with TemporaryDirectory(dir=place, prefix=disk.TEMPORARY) as work:
        folder = Path(work)
        index.rebuild(folder, _lines(contents))
        yield index.read(folder)


def _lines(contents: Contents) -> Iterator[bytes]:
    for file in contents.warcs:
        path = contents.collection.local(file.path)
        with suppress(UnreadableInput):  # nothing in it can be replayed
            yield from (line.encode() for line in cdxj.index_lines(path, path.parent))


class ZipNum:
    """Lines packed in blocks, and the list of these by which a player finds the one it needs: `index.idx`."""

    def __init__(self, lines: Iterator[bytes], name: str) -> None:
        """`name`: of the file with the blocks."""
        self._lines = lines
        self._list = [f"!meta 0 {json.dumps({'format': 'cdxj-gzip-1.0', 'filename': name})}\n"]

    def blocks(self) -> Iterator[bytes]:
        """The file of blocks, a gzip member each."""
        offset = 0
        while lines := list(islice(self._lines, BLOCK_LINES)):
            block = gzip.compress(b"".join(lines), mtime=0)
            key, time, _ = lines[0].decode().split(" ", 2)
            place = {"offset": offset, "length": len(block), "digest": f"sha256:{hashlib.sha256(block).hexdigest()}"}
            self._list.append(f"{key} {time} {json.dumps(place)}\n")
            offset += len(block)
            yield block

    def list(self) -> Iterator[bytes]:
        """`index.idx`, once all blocks were given."""
        return (line.encode() for line in self._list)
