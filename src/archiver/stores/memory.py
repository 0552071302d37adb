"""A store in memory: it keeps every promise and forgets all. For trying things out."""

import builtins
import threading
from collections.abc import Container, Iterator
from io import BytesIO
from typing import BinaryIO

from archiver import disk
from archiver.errors import ObjectConflict, StoreError
from archiver.model import now
from archiver.stores import BodyMismatch, Lock, ObjectInfo, Retention, Version
from archiver.stores.keys import safe_key


class MemoryStore:
    """See `Store`."""

    def __init__(self, url: str = "memory:") -> None:
        self.url = url
        self.objects: dict[str, bytes] = {}
        """What it holds; open to whoever wants to look or to do damage."""
        self.retention: Retention | None = None
        self.locks: dict[str, Lock] = {}
        """What keeps some of them; for trying that out."""
        self.hidden: dict[str, bytes] = {}
        """What lies beneath a delete marker; whoever moves an object here has deleted it."""
        self.beneath: dict[str, builtins.list[builtins.bytes]] = {}
        """Older versions of objects; whoever overwrites one may keep it here."""
        self._turn = threading.Lock()

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """See `Store.list`."""
        with self._turn:
            present = [(key, len(content)) for key, content in self.objects.items() if key.startswith(prefix)]
        return (ObjectInfo(key, size, None) for key, size in present)

    def stat(self, key: str) -> ObjectInfo | None:
        """See `Store.stat`."""
        content = self.objects.get(safe_key(key))
        if content is None:
            return None
        return ObjectInfo(key, len(content), disk.sha256_stream(BytesIO(content))[0], self.locks.get(key))

    def open(self, key: str, start: int = 0, bytes: int | None = None) -> BinaryIO:
        """See `Store.open`."""
        content = self.objects.get(safe_key(key))
        if content is None:
            raise StoreError(f"{self.url}{key}", "there is no such object", kind="absent")
        return BytesIO(content[start:] if bytes is None else content[start : start + bytes])

    def put(self, key: str, body: BinaryIO, *, bytes: int, sha256: str, free: bool = False) -> bool:
        """See `Store.put`."""
        content = body.read()
        digest, size = disk.sha256_stream(BytesIO(content))
        with self._turn:
            present = self.stat(key)
            if present and present.sha256 == sha256:
                return False
            if present:
                raise ObjectConflict(key, sha256, str(present.sha256))
            if (digest, size) != (sha256, bytes):
                raise BodyMismatch(key, sha256, digest)
            self.objects[key] = content
            self._lock(key)
        return True

    def clear_uploads(self, wanted: Container[str]) -> builtins.list[str]:
        """See `Store.clear_uploads`: nothing is left of one here."""
        return []

    def replace(self, key: str, body: BinaryIO, *, bytes: int, sha256: str) -> None:
        """See `Store.replace`."""
        content = body.read()
        digest, size = disk.sha256_stream(BytesIO(content))
        if (digest, size) != (sha256, bytes):
            raise BodyMismatch(key, sha256, digest)
        self.objects[safe_key(key)] = content
        self._lock(key)

    def erase(self, key: str) -> Lock | None:
        """See `Store.erase`."""
        lock = self.locks.get(safe_key(key))
        if lock is None:
            self.objects.pop(key, None)
        return lock

    def versions(self, prefix: str) -> Iterator[Version]:
        """See `Store.versions`. It keeps none by itself."""
        at = now()
        for key in (key for key in self.hidden if key.startswith(prefix)):
            yield Version(key, "hidden", at, latest=True, marker=True)
        for key, contents in self.beneath.items():
            if key.startswith(prefix) and key in self.objects:
                yield Version(key, "latest", at, latest=True, marker=False)
                yield from (Version(key, str(n), at, latest=False, marker=False) for n in range(len(contents)))

    def open_version(self, key: str, id: str) -> BinaryIO:
        """See `Store.open_version`."""
        return self.open(key) if id == "latest" else BytesIO(self.beneath[safe_key(key)][int(id)])

    def undelete(self, key: str) -> bool:
        """See `Store.undelete`."""
        content = self.hidden.pop(safe_key(key), None)
        if content is not None:
            self.objects[key] = content
        return content is not None

    def protect(self, key: str, lock: Lock) -> None:
        """See `Store.protect`."""
        self.locks[safe_key(key)] = lock

    def _lock(self, key: str) -> None:
        if self.retention:
            self.locks[key] = self.retention.lock(now())
