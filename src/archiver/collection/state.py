"""`ROOT/.archiver/`: what is no truth and is never synced. The writer id, locks, and marks of captures under way."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

from archiver import disk
from archiver.collection import layout
from archiver.errors import ConflictError

MOST_MARKS = 256
"""So many leftovers are dealt with at a time: each takes a descriptor."""


class State:
    """The state folder of one root."""

    def __init__(self, root: Path) -> None:
        """`root` is the folder that holds the collections."""
        self.path = root / ".archiver"

    def writer(self) -> str:
        """This working copy's writer id, minted once; a restored or copied-out root is a new writer."""
        path = self.path / "writer"
        if not path.is_file():
            with self.lock(".writer"):  # no collection has a name that begins so
                if not path.is_file():
                    disk.write_atomic(path, layout.random_base32(10).encode() + b"\n")
        return path.read_text().strip()

    def lock(self, name: str, *, wait: bool = True) -> AbstractContextManager[bool]:
        """The advisory lock of that name, waited for; without `wait`, gives False where another has it."""
        return disk.locked(self.path / "locks" / f"{name}.lock", wait=wait)

    def marks(self, collection: str) -> Path:
        """The folder with a mark for each capture under way in a collection."""
        return self.path / "open" / collection

    def note_due(self, collection: str) -> None:
        """Remember that deletions are to be carried out, before the ledger has them."""
        disk.write_atomic(self._due(collection), b"", replace=True)

    def is_due(self, collection: str) -> bool:
        """Whether deletions may not be carried out yet."""
        return self._due(collection).is_file()

    def note_settled(self, collection: str) -> None:
        """Forget it: all deletions are carried out."""
        self._due(collection).unlink(missing_ok=True)

    def _due(self, collection: str) -> Path:
        return self.path / "erasures" / f"{collection}.due"

    def note_pulling(self, collection: str) -> None:
        """Remember that files come in before the ledger lines that name them."""
        disk.write_atomic(self._pulling(collection), b"", replace=True)

    def is_pulling(self, collection: str) -> bool:
        """Whether a pull is under way or was cut off."""
        return self._pulling(collection).is_file()

    def note_pulled(self, collection: str) -> None:
        """Forget it: the pull has come to its end."""
        self._pulling(collection).unlink(missing_ok=True)

    def _pulling(self, collection: str) -> Path:
        return self.path / "pulls" / f"{collection}.cut"

    @contextmanager
    def marked(self, collection: str, name: str, claims: list[str]) -> Iterator[Path]:
        """Hold the mark of something under way; `claims` are the paths (glob patterns) that it may make.

        Raises `ConflictError` where one of that name was killed: what it left must be cleared first.
        """
        mark = self.marks(collection) / name
        disk.make_directory(mark.parent)
        with disk.writing(mark):
            descriptor = _locked_mark(mark)
        try:
            if os.fstat(descriptor).st_size:
                raise ConflictError(f"{name} was cut off and is not cleared away yet.", "Run it again.")
            os.write(descriptor, "".join(f"{claim}\n" for claim in claims).encode())
            os.fsync(descriptor)
            disk.sync_directory(mark.parent)
            yield mark
        finally:
            os.close(descriptor)

    @contextmanager
    def abandoned(self, collection: str) -> Iterator[list[str]]:
        """Names of marks whose process is gone (of very many, some). Their locks are held meanwhile."""
        names = []
        with ExitStack() as opened:
            for mark in sorted(self.marks(collection).glob("*"))[:MOST_MARKS]:
                with suppress(FileNotFoundError, BlockingIOError):
                    stream = opened.enter_context(mark.open("rb"))
                    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    if _is_file_of(mark, stream.fileno()):
                        names.append(mark.name)
            yield names

    def under_way(self, collection: str) -> list[str]:
        """Paths (glob patterns) that living processes may be making now."""
        with self.abandoned(collection) as gone:
            return self._claims([mark for mark in self.marks(collection).glob("*") if mark.name not in gone])

    def claims(self, collection: str) -> list[str]:
        """Paths (glob patterns) that a process is making, or was when it was killed."""
        return self._claims(list(self.marks(collection).glob("*")))

    @staticmethod
    def _claims(marks: list[Path]) -> list[str]:
        found: list[str] = []
        for mark in marks:
            with suppress(FileNotFoundError):
                found += mark.read_text().splitlines()
        return found


def _locked_mark(mark: Path) -> int:
    """A descriptor of the mark with its lock, made when absent; again if it was removed while we waited."""
    while True:
        descriptor = os.open(mark, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if _is_file_of(mark, descriptor):
                return descriptor
        os.close(descriptor)


def _is_file_of(mark: Path, descriptor: int) -> bool:
    """Whether `mark` still is what was opened. Raises FileNotFoundError if it is gone."""
    return mark.stat().st_ino == os.fstat(descriptor).st_ino
