"""A WARC file on its way in: written under a temporary name, proven, and renamed just before it is entered."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from archiver import disk
from archiver.collection import layout
from archiver.collection.entry import Entry
from archiver.collection.state import State
from archiver.errors import ConflictError
from archiver.model import FileRef


class Draft(Entry):
    """Files of one capture or import that do not count yet. Only `Collection.commit` makes them count."""

    def __init__(self, collection: Path, state: State, name: str, archive_path: str) -> None:
        """Use `Draft.capture` or `Draft.copy`."""
        super().__init__(collection, state, name)
        self.archive_path = archive_path
        self.final = disk.within(collection, archive_path)
        self.temporary = self.final.with_name(f"{disk.TEMPORARY}{self.final.name}")
        self._made.append(self.temporary)
        self._fixity: FileRef | None = None

    @classmethod
    @contextmanager
    def capture(cls, collection: Path, state: State, capture: str) -> Iterator[tuple["Draft", BinaryIO]]:
        """A draft whose WARC is written to the stream given. Whatever was not committed is removed on the way out."""
        draft = cls(collection, state, capture, layout.capture_path(capture))
        with draft._placed(), draft.temporary.open("x+b") as stream:
            yield draft, stream

    @classmethod
    @contextmanager
    def copy(cls, collection: Path, state: State, source: Path, archive_path: str) -> Iterator["Draft"]:
        """A draft that holds a byte-identical copy of `source`. Raises `ConflictError` if the place is taken."""
        draft = cls(collection, state, Path(archive_path).name, archive_path)
        with draft._placed():
            draft._refuse_taken()
            with source.open("rb") as original, draft.temporary.open("xb") as stream:
                shutil.copyfileobj(original, stream, disk.CHUNK)
                disk.sync_file(stream)
            yield draft

    @contextmanager
    def _placed(self) -> Iterator[None]:
        disk.make_directory(self.final.parent)
        with disk.writing(self.temporary), self._claimed(self.temporary, self.final):
            yield

    def _refuse_taken(self) -> None:
        if self.final.exists():
            raise ConflictError(f"{self.final} exists already and is not replaced.")

    def fixity(self) -> FileRef:
        """The finished WARC under its final name, made durable and read again from the disk; nothing is written after.

        Read once: what the sidecar says of the file is then what the ledger says.
        """
        if self._fixity is None:
            with disk.writing(self.temporary), self.temporary.open("r+b") as stream:
                disk.sync_file(stream)
                sha256, size = disk.sha256_stream(stream)
            self._fixity = FileRef(self.archive_path, size, sha256)
        return self._fixity

    def publish(self) -> FileRef:
        """Rename the WARC to its final name."""
        file = self.fixity()
        self._refuse_taken()
        disk.publish(self.temporary, self.final)
        self._made.append(self.final)
        return file
