"""Something on its way in: a mark that its process lives and what it claims, and what a kill leaves of it.

A mark is a locked file `ROOT/.archiver/open/NAME/ID` whose lines are the paths (glob patterns) that its writer may
make. When the lock is free but the mark is there, the writer is gone: what the ledger names stays, the rest goes.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from archiver import disk
from archiver.collection import layout
from archiver.collection.state import State
from archiver.errors import ConflictError
from archiver.model import FileRef, Finding
from archiver.sidecar import Sidecar


class Draft:
    """Files of one capture or import that do not count yet. Only `Collection.commit` makes them count."""

    def __init__(self, collection: Path, state: State, name: str, archive_path: str) -> None:
        """Use `Draft.capture` or `Draft.copy`."""
        self.id = name
        self.archive_path = archive_path
        self.final = disk.within(collection, archive_path)
        self.temporary = self.final.with_name(f"{disk.TEMPORARY}{self.final.name}")
        self.entering = False
        """Set before the ledger is touched: from then on only the ledger knows what counts."""
        self._collection = collection
        self._state = state
        self._made = [self.temporary]
        self._fixity: FileRef | None = None

    @classmethod
    @contextmanager
    def capture(cls, collection: Path, state: State, capture: str) -> Iterator[tuple["Draft", BinaryIO]]:
        """A draft whose WARC is written to the stream given. Whatever was not committed is removed on the way out."""
        draft = cls(collection, state, capture, layout.capture_path(capture))
        with draft._claimed(), draft.temporary.open("x+b") as stream:
            yield draft, stream

    @classmethod
    @contextmanager
    def copy(cls, collection: Path, state: State, source: Path, archive_path: str) -> Iterator["Draft"]:
        """A draft that holds a byte-identical copy of `source`. Raises `ConflictError` if the place is taken."""
        draft = cls(collection, state, Path(archive_path).name, archive_path)
        with draft._claimed():
            draft._refuse_taken()
            with source.open("rb") as original, draft.temporary.open("xb") as stream:
                shutil.copyfileobj(original, stream, disk.CHUNK)
                disk.sync_file(stream)
            yield draft

    @contextmanager
    def _claimed(self) -> Iterator[None]:
        disk.make_directory(self.final.parent)
        places = [path.relative_to(self._collection).as_posix() for path in (self.temporary, self.final)]
        with disk.writing(self.temporary), self._state.marked(self._collection.name, self.id, places) as mark:
            try:
                yield
            finally:
                if not self.entering:
                    for path in self._made:  # not all that is claimed: another may have put the same there
                        path.unlink(missing_ok=True)
                    mark.unlink(missing_ok=True)

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

    def add(self, sidecar: Sidecar) -> FileRef:
        """Make a sidecar's file, claimed beforehand."""
        content, name = sidecar.to_bytes(), sidecar.file_name
        file = FileRef(f"sidecars/{name}", len(content), disk.sha256_bytes(content))
        self.claim(file.path, f"sidecars/{disk.TEMPORARY}*-{name}")
        place = disk.within(self._collection, file.path)
        disk.write_atomic(place, content)
        self._made.append(place)
        return file

    def complete(self, schemas: Mapping[str, bytes]) -> list[FileRef]:
        """Make those of these schemas that the collection was begun without, claimed beforehand; the lock is held."""
        made = []
        for name, content in schemas.items():
            file = FileRef(f"schemas/{name}", len(content), disk.sha256_bytes(content))
            place = disk.within(self._collection, file.path)
            if not place.exists():
                self.claim(file.path, f"schemas/{disk.TEMPORARY}*-{name}")
                disk.write_atomic(place, content)
                made.append(file)
        return made

    def claim(self, *patterns: str) -> None:
        """Add to what the mark claims, before making it."""
        with (self._state.marks(self._collection.name) / self.id).open("ab") as stream:
            stream.write("".join(f"{pattern}\n" for pattern in patterns).encode())
            disk.sync_file(stream)

    def done(self) -> None:
        """The ledger and the index have it: drop the mark."""
        (self._state.marks(self._collection.name) / self.id).unlink(missing_ok=True)


def claimed(collection: Path, mark: Path) -> list[Path]:
    """The files there are among those that a mark claims."""
    patterns = mark.read_text().splitlines()
    return [path for pattern in patterns for path in collection.glob(pattern) if path.is_file()]


def committed(collection: Path, state: State, name: str, held: set[str]) -> list[str]:
    """Archive files of a gone writer that the ledger names (`held`: all that it names); their index may lack them."""
    paths = (
        path.relative_to(collection).as_posix() for path in claimed(collection, state.marks(collection.name) / name)
    )
    return [path for path in paths if path in held and path.startswith("archive/")]


def clear_abandoned(collection: Path, state: State, name: str, held: set[str]) -> Finding:
    """Remove what a gone writer left and the ledger does not name, and its mark."""
    finished = committed(collection, state, name, held)
    mark = state.marks(collection.name) / name
    removed = []
    for path in claimed(collection, mark):
        if (place := path.relative_to(collection).as_posix()) not in held:
            path.unlink(missing_ok=True)
            removed.append(place)
    mark.unlink(missing_ok=True)
    if finished:
        message = "it was cut off after its commit; its index lines were completed"
        return Finding("info", "leftover-finished", name, message)
    message = f"it was cut off before its commit; removed: {', '.join(sorted(removed)) or 'nothing'}"
    return Finding("info", "leftover-removed", name, message)
