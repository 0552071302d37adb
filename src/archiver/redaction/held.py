"""Items held back until their visit is over, with their bodies in one temporary file that has no name."""

import io
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO, cast

from archiver.model import Exchange, Item, Resource, close_bodies
from archiver.warc.decoding import pieces


class Held:
    """Keeps items, in their order. Their bodies cost neither memory nor open files."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._items: list[Item] = []

    def keep(self, item: Item) -> Item:
        """Take an item over and give it back with bodies that may be read again and again; its own are closed."""
        try:
            if isinstance(item, Exchange):
                request, response = item.request, item.response
                posted = None if request.body is None else self._copy(request.body)
                kept = replace(response, body=self._copy(response.body))
                item_kept: Item = replace(item, request=replace(request, body=posted), response=kept)
            elif isinstance(item, Resource):
                item_kept = replace(item, body=self._copy(item.body))
            else:
                item_kept = item
        finally:
            close_bodies(item)
        self._items.append(item_kept)
        return item_kept

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    def close(self) -> None:
        """Give the space back."""
        self._file.close()

    def _copy(self, body: BinaryIO) -> BinaryIO:
        body.seek(0)
        start = self._file.seek(0, os.SEEK_END)
        for piece in pieces(body):
            self._file.write(piece)
        self._file.flush()
        return cast(BinaryIO, _Slice(self._file.fileno(), start, self._file.tell()))


class _Slice(io.RawIOBase):
    """A readable part of a file that others read too."""

    def __init__(self, descriptor: int, start: int, end: int) -> None:
        super().__init__()
        self._descriptor, self._start, self._end, self._at = descriptor, start, end, start

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: self._start, os.SEEK_CUR: self._at, os.SEEK_END: self._end}[whence]
        self._at = min(max(base + offset, self._start), self._end)
        return self._at - self._start

    def tell(self) -> int:
        return self._at - self._start

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        size = min(len(buffer), self._end - self._at)
        content = os.pread(self._descriptor, size, self._at)
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)
