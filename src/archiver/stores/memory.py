"""A store in memory: it keeps every promise and forgets all. For trying things out."""

from collections.abc import Iterator
from io import BytesIO
from threading import Lock
from typing import BinaryIO

from archiver import disk
from archiver.errors import ObjectConflict, StoreError
from archiver.stores import BodyMismatch, ObjectInfo
from archiver.stores.keys import safe_key


class MemoryStore:
    """See `Store`."""

    def __init__(self, url: str = "memory:") -> None:
        self.url = url
        self.objects: dict[str, bytes] = {}
        """What it holds; open to whoever wants to look or to do damage."""
        self._lock = Lock()

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """See `Store.list`."""
        with self._lock:
            present = [(key, len(content)) for key, content in self.objects.items() if key.startswith(prefix)]
        return (ObjectInfo(key, size, None) for key, size in present)

    def stat(self, key: str) -> ObjectInfo | None:
        """See `Store.stat`."""
        content = self.objects.get(safe_key(key))
        return None if content is None else ObjectInfo(key, len(content), disk.sha256_stream(BytesIO(content))[0])

    def open(self, key: str) -> BinaryIO:
        """See `Store.open`."""
        content = self.objects.get(safe_key(key))
        if content is None:
            raise StoreError(f"{self.url}{key}", "there is no such object")
        return BytesIO(content)

    def put(self, key: str, body: BinaryIO, *, bytes: int, sha256: str) -> bool:
        """See `Store.put`."""
        content = body.read()
        digest, size = disk.sha256_stream(BytesIO(content))
        with self._lock:
            present = self.stat(key)
            if present and present.sha256 == sha256:
                return False
            if present:
                raise ObjectConflict(key, sha256, str(present.sha256))
            if (digest, size) != (sha256, bytes):
                raise BodyMismatch(key, sha256, digest)
            self.objects[key] = content
        return True

    def delete(self, key: str) -> None:
        """See `Store.delete`."""
        self.objects.pop(safe_key(key), None)
