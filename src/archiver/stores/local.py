"""A store in a folder: another disk, a mounted share. Layout: the keys are the paths."""

import builtins
import errno
import fcntl
import os
import stat
import time
from collections.abc import Container, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from archiver import disk
from archiver.errors import ConflictError, ObjectConflict, StorageError, StoreError
from archiver.stores import BodyMismatch, Lock, ObjectInfo, Retention, Version
from archiver.stores.keys import safe_key
from archiver.stores.resume import clipped

FORSAKEN_SECONDS = 86_400
"""On a share without locks, what was not written to for so long was cut off."""


class LocalStore:
    """See `Store`. Objects appear by rename, after an fsync; it records no digests, it reads."""

    def __init__(self, root: Path) -> None:
        """`root` must be there already: to make the folder of an absent disk would fill the wrong one."""
        self.root = root.absolute()
        self.url = self.root.as_uri()
        self.retention: Retention | None = None
        if not self.root.is_dir():
            raise StoreError(self.url, "there is no such folder", "Mount the disk, or make the folder.")

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """See `Store.list`."""
        start = self.root / prefix.rpartition("/")[0]
        with self._translated(prefix):
            for folder, _, names in os.walk(start, onerror=_fail):
                for name in names:
                    path = Path(folder, name)
                    key = path.relative_to(self.root).as_posix()
                    if key.startswith(prefix) and not name.startswith(disk.TEMPORARY):
                        yield ObjectInfo(key, path.stat().st_size, None)

    def stat(self, key: str) -> ObjectInfo | None:
        """See `Store.stat`."""
        path = self._path(key)
        with self._translated(key):
            return ObjectInfo(key, path.stat().st_size, None) if path.is_file() else None

    def open(self, key: str, start: int = 0, bytes: int | None = None) -> BinaryIO:
        """See `Store.open`."""
        path = self._path(key)
        with self._translated(key):
            if not path.is_file():
                raise StoreError(f"{self.url}/{key}", "there is no such object", kind="absent")
            stream = path.open("rb")
            stream.seek(start)
        return stream if bytes is None else clipped(stream, bytes)

    def put(self, key: str, body: BinaryIO, *, bytes: int, sha256: str, free: bool = False) -> bool:
        """See `Store.put`."""
        path = self._path(key)
        with self._translated(key):
            if self._present(key, path, sha256):
                return False
        with self._translated(key):
            return self._write(key, path, body, bytes, sha256)

    def clear_uploads(self, wanted: Container[str]) -> builtins.list[str]:
        """See `Store.clear_uploads`: a kill's leavings have temporary names. A file that is being written is locked."""
        cleared = []
        with self._translated(""):
            for folder, _, names in os.walk(self.root, onerror=_fail):
                for left in (Path(folder, name) for name in names if name.startswith(disk.TEMPORARY)):
                    if _is_forsaken(left):
                        left.unlink(missing_ok=True)
                        cleared.append(disk.meant(left).relative_to(self.root).as_posix())
        return cleared

    def replace(self, key: str, body: BinaryIO, *, bytes: int, sha256: str) -> None:
        """See `Store.replace`."""
        path = self._path(key)
        with self._translated(key), self._written(key, path, body, bytes, sha256) as temporary:
            temporary.replace(path)
            disk.sync_directory(path.parent)

    def erase(self, key: str) -> Lock | None:
        """See `Store.erase`."""
        path = self._path(key)
        with self._translated(key):
            path.unlink(missing_ok=True)
            if path.parent.is_dir():
                disk.sync_directory(path.parent)
        return None

    def versions(self, prefix: str) -> Iterator[Version]:
        """See `Store.versions`: a folder keeps none."""
        return iter(())

    def open_version(self, key: str, id: str) -> BinaryIO:
        """See `Store.open_version`."""
        raise StoreError(f"{self.url}/{key}", "a folder keeps no versions")

    def undelete(self, key: str) -> bool:
        """See `Store.undelete`: what is deleted in a folder is gone."""
        return False

    def protect(self, key: str, lock: Lock) -> None:
        """See `Store.protect`: a folder has no locks."""
        raise StoreError(f"{self.url}/{key}", "a folder has no locks")

    def _path(self, key: str) -> Path:
        return self.root / safe_key(key)

    def _write(self, key: str, path: Path, body: BinaryIO, size: int, sha256: str) -> bool:
        """Copy, read again what the disk has, rename. False if another writer was faster with the same bytes."""
        try:
            with self._written(key, path, body, size, sha256) as temporary:
                disk.publish(temporary, path)
        except ConflictError:
            if not self._present(key, path, sha256):
                raise
            return False
        return True

    @contextmanager
    def _written(self, key: str, path: Path, body: BinaryIO, size: int, sha256: str) -> Iterator[Path]:
        """A temporary file beside `path` that holds `body`, read again from the disk."""
        disk.make_directory(path.parent)
        temporary = disk.temporary_beside(path)
        try:
            with temporary.open("x+b") as stream:
                with suppress(OSError):  # a share without locks
                    fcntl.flock(stream, fcntl.LOCK_EX)
                left = size + 1
                while chunk := body.read(min(disk.CHUNK, left)):
                    stream.write(chunk)
                    left -= len(chunk)
                disk.sync_file(stream)
                stream.seek(0)
                found = disk.sha256_stream(stream)
                if found != (sha256, size):
                    raise BodyMismatch(key, sha256, found[0])
                yield temporary
        finally:
            temporary.unlink(missing_ok=True)

    def _present(self, key: str, path: Path, sha256: str) -> bool:
        """Whether the very bytes are there; other bytes are a conflict."""
        if not path.is_file():
            return False
        found, _ = disk.sha256_file(path)
        if found != sha256:
            raise ObjectConflict(key, sha256, found)
        return True

    @contextmanager
    def _translated(self, key: str) -> Iterator[None]:
        """The disk's refusals as `StoreError`."""
        try:
            yield
        except OSError as error:
            raise StoreError(f"{self.url}/{key}", (error.strerror or str(error)).lower()) from error
        except StorageError as error:
            raise StoreError(f"{self.url}/{key}", error.why) from error


def _is_forsaken(temporary: Path) -> bool:
    """Whether nobody is writing it any more. A link or another odd thing is left alone."""
    try:
        found = temporary.lstat()
        if not stat.S_ISREG(found.st_mode):
            return False
        with temporary.open("r+b") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, FileNotFoundError):
        return False
    except OSError as error:
        return error.errno in (errno.ENOLCK, errno.ENOTSUP) and found.st_mtime < time.time() - FORSAKEN_SECONDS
    return True


def _fail(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error
