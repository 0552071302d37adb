"""Stores keep bytes under keys; a collection is replicated to one. See `Store` for what each promises."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a store tells about an object without reading it."""

    key: str
    bytes: int
    sha256: str | None
    """As recorded at upload (64 hex digits), or None where the store was not told; no proof of the bytes at rest."""


class Store(Protocol):
    """A place for immutable objects. Keys are relative POSIX paths; unsafe ones raise `UsageError`.

    Failures of the far side are `StoreError`; what may succeed later has `retryable`, and the store itself
    has already tried again.
    """

    url: str
    """For people: `s3://bucket/prefix`."""

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Every object whose key begins with `prefix`, in no promised order; `sha256` may be None here."""
        ...

    def stat(self, key: str) -> ObjectInfo | None:
        """The object's facts, or None if there is none."""
        ...

    def open(self, key: str) -> BinaryIO:
        """A stream of the object's bytes, which the caller closes. Raises `StoreError` if there is none."""
        ...

    def put(self, key: str, body: BinaryIO, *, bytes: int, sha256: str) -> bool:
        """Store `body` (seekable, at its start) if the key is free: True if this call stored it.

        Atomic: other readers see nothing or the whole. False if the same bytes are there already, also when
        an answer was lost and the retry met its own object. `ObjectConflict` if other bytes are there:
        nothing is ever overwritten. The far side checks the digest where it can.
        """
        ...

    def delete(self, key: str) -> None:
        """Remove the object; none there is no error. Only repair and erase have a use for it."""
        ...
