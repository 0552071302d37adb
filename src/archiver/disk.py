"""Files that survive: temporary name, write, flush, fsync, rename, fsync of the directory. And locks.

The order is restic's and the POSIX one: a reader sees the old file or the new, never half, also after power loss.
"""

import errno
import fcntl
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import RawIOBase
from pathlib import Path
from typing import BinaryIO

from archiver.errors import ArchiverError, ConflictError, RootUnwritable, StorageError, UnreadableInput

CHUNK = 1 << 20
TEMPORARY = ".tmp-"
"""Names that begin so are no content; whoever finds one whose writer is gone may remove it."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Translate the system's refusals at `path` into `RootUnwritable` (no right to write) or `StorageError`."""
    try:
        yield
    except ArchiverError:
        raise
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR):
            raise RootUnwritable(
                str(path), (error.strerror or str(error)).lower(), "Choose a folder that you may write, with --root."
            ) from error
        raise StorageError(str(error.filename or path), (error.strerror or str(error)).lower()) from error


def sync_directory(folder: Path) -> None:
    """Make renames in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_directory(folder: Path) -> None:
    """Create `folder` and its parents, durably."""
    if folder.is_dir():
        return
    make_directory(folder.parent)
    with writing(folder):
        folder.mkdir(exist_ok=True)
        sync_directory(folder.parent)


def within(folder: Path, path: str) -> Path:
    """The place of a relative path (with forward slashes) in `folder`, whether something is there or not.

    Raises `UnreadableInput` if it leads out of the folder, by `..` or a symbolic link, or to what is no plain file.
    """
    place, parts = os.fspath(folder), path.split("/")
    if not {"", ".", ".."}.isdisjoint(parts) or "\0" in path:
        raise UnreadableInput(repr(path), "it leads out of the collection")
    for part in parts:
        place = f"{place}/{part}"
        try:
            mode = os.lstat(place).st_mode
        except (FileNotFoundError, NotADirectoryError):
            break
        except OSError as error:
            raise UnreadableInput(repr(path), (error.strerror or str(error)).lower()) from error
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise UnreadableInput(place, "it is a link or no plain file, and is not followed")
    return folder / path


def temporary_beside(path: Path) -> Path:
    """A fresh temporary name in the folder of `path`."""
    return path.parent / f"{TEMPORARY}{secrets.token_hex(6)}-{path.name}"


def meant(path: Path) -> Path:
    """The path that a temporary name stands for; of any other name, itself."""
    own, found, name = path.name.removeprefix(TEMPORARY).partition("-")
    return path.with_name(name) if found and path.name == f"{TEMPORARY}{own}-{name}" else path


def write_whole(stream: RawIOBase, content: bytes) -> None:
    """Write to an unbuffered file: one that a disk takes only a part of, when it is nearly full, is written on."""
    left = memoryview(content)
    while left:
        left = left[stream.write(left) or 0 :]


def sync_file(stream: BinaryIO) -> None:
    """Flush and fsync an open file."""
    stream.flush()
    os.fsync(stream.fileno())


def publish(temporary: Path, path: Path, *, durable: bool = True) -> None:
    """Rename a finished, fsynced file to its final name, durably. `ConflictError` if `path` exists: it is not replaced.

    Not `durable`: whoever renames many calls `sync_directory` once for each folder, before anything relies on them.
    """
    with writing(path):
        try:
            os.link(temporary, path)
        except FileExistsError:
            raise ConflictError(f"{path} exists already and is not replaced.") from None
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
                raise
            if path.exists():
                raise ConflictError(f"{path} exists already and is not replaced.") from None
            temporary.rename(path)  # a file system without hard links; names carry random ids or digests
        else:
            temporary.unlink()
        if durable:
            sync_directory(path.parent)


def write_atomic(path: Path, content: bytes, *, replace: bool = False, mode: int = 0o666) -> None:
    """Write `content` to `path` durably and at once; an existing file is replaced only if asked.

    `mode`: who may read it, from its first byte on (the umask takes away from it).
    """
    make_directory(path.parent)
    temporary = temporary_beside(path)
    with writing(path):
        try:
            temporary.touch(mode, exist_ok=False)
            with temporary.open("wb") as stream:
                stream.write(content)
                sync_file(stream)
            if replace:
                temporary.replace(path)
                sync_directory(path.parent)
            else:
                publish(temporary, path)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def sha256_stream(stream: BinaryIO) -> tuple[str, int]:
    """Hex SHA-256 and the number of bytes from here to the end of `stream`."""
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def sha256_bytes(content: bytes) -> str:
    """Hex SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()


def sha256_file(path: Path) -> tuple[str, int]:
    """Hex SHA-256 and size of a file."""
    with path.open("rb") as stream:
        return sha256_stream(stream)


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold an exclusive advisory lock on `path` (made when absent); waits for its turn. Freed when the process ends.

    Without `wait`, gives False where another has it.
    """
    make_directory(path.parent)
    with writing(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(descriptor)
