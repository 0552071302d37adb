"""What one ledger line is to enter: a mark that its process lives and what it claims. A kill's leavings: `leftovers`.

A mark is a locked file `ROOT/.archiver/open/NAME/ID` whose lines are the paths (glob patterns) that its writer may
make. When the lock is free but the mark is there, the writer is gone: what the ledger names stays, the rest goes.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Self

from archiver import disk, schema
from archiver.collection import index, layout
from archiver.collection.state import State
from archiver.errors import ConflictError
from archiver.ledger import Chain, Event
from archiver.model import FileRef
from archiver.sidecar import Sidecar


class Entry:
    """Files that do not count yet. Only a line of the ledger makes them count; without one they are removed."""

    def __init__(self, collection: Path, state: State, name: str) -> None:
        """Use `Entry.revisions`, or a kind of it."""
        self.id = name
        self._entering = False
        """The ledger is being touched: only it knows now what counts."""
        self._collection = collection
        self._state = state
        self._made: list[Path] = []

    @classmethod
    @contextmanager
    def revisions(cls, collection: Path, state: State, kind: str = "edit") -> Iterator[Self]:
        """An entry of sidecars, and what belongs to them. Whatever was not entered is removed on the way out."""
        entry = cls(collection, state, f"{kind}-{layout.random_base32(10)}")
        with entry._claimed():
            yield entry

    @contextmanager
    def _claimed(self, *places: Path) -> Iterator[None]:
        claims = [path.relative_to(self._collection).as_posix() for path in places]
        with self._state.marked(self._collection.name, self.id, claims) as mark:
            try:
                yield
            finally:
                if not self._entering:
                    for path in self._made:  # not all that is claimed: another may have put the same there
                        path.unlink(missing_ok=True)
                    mark.unlink(missing_ok=True)

    def add(self, sidecar: Sidecar) -> FileRef:
        """Make a sidecar's file, claimed beforehand."""
        content, name = sidecar.to_bytes(), sidecar.file_name
        if not layout.SIDECAR_NAME.match(name):  # after a revision with an absurd number
            raise ConflictError(f"{name} is no name for a sidecar, so that nobody would find it.")
        return self.write(f"sidecars/{name}", content)

    def write(self, path: str, content: bytes) -> FileRef:
        """Make any file, claimed beforehand."""
        folder, _, name = path.rpartition("/")
        file = FileRef(path, len(content), disk.sha256_bytes(content))
        self.claim(file.path, f"{folder}/{disk.TEMPORARY}*-{name}")
        place = disk.within(self._collection, file.path)
        disk.write_atomic(place, content)
        self._made.append(place)
        return file

    def stream(self, folder: str, name: Callable[[str], str], fill: Callable[[BinaryIO], None]) -> FileRef:
        """Make a file in `folder` that `fill` writes, read again from the disk; its digest is given to `name`.

        One that is there already under that name is the same, if its digest is.
        """
        disk.make_directory(disk.within(self._collection, folder))
        temporary = disk.within(self._collection, f"{folder}/{disk.TEMPORARY}{self.id}")
        self.claim(f"{folder}/{temporary.name}")
        try:
            with disk.writing(temporary), temporary.open("x+b") as stream:
                fill(stream)
                disk.sync_file(stream)
                stream.seek(0)
                sha256, size = disk.sha256_stream(stream)
            file = FileRef(f"{folder}/{name(sha256)}", size, sha256)
            place = disk.within(self._collection, file.path)
            if not place.is_file() or disk.sha256_file(place)[0] != sha256:
                self.claim(file.path)
                disk.publish(temporary, place)
                self._made.append(place)
        finally:
            temporary.unlink(missing_ok=True)
        return file

    def schemas(self) -> list[FileRef]:
        """Make those schemas that the collection was begun without, claimed beforehand; the lock is held."""
        files = {f"schemas/{name}": content for name, content in schema.schema_files().items()}
        absent = [path for path in files if not disk.within(self._collection, path).exists()]
        return [self.write(path, files[path]) for path in absent]

    def claim(self, *patterns: str) -> None:
        """Add to what the mark claims, before making it."""
        with (self._state.marks(self._collection.name) / self.id).open("ab") as stream:
            stream.write("".join(f"{pattern}\n" for pattern in patterns).encode())
            disk.sync_file(stream)

    def enter(self, event: Event, *files: FileRef, lines: Sequence[bytes] = ()) -> None:
        """Make `files` count by the one ledger line of `event`, then add `lines` to the index; the lock is held."""
        self._entering = True
        entered = replace(event, objects=(*files, *event.objects))
        Chain(self._collection / "ledger", self._state.writer()).append(entered)
        if lines:
            index.add(disk.within(self._collection, "indexes"), lines)
        self._made.clear()
        self._entering = False
