"""Where a record is read: from the collection's own file, or from its copy in a store where that is not here.

Imported by `archiver.replay.server` alone, in its process, after gevent's patch: boto3 would miss it otherwise.
"""

from pathlib import Path
from typing import BinaryIO, Literal, get_args

from archiver import disk
from archiver.errors import StoreError, UsageError
from archiver.stores import Store, open_store
from archiver.stores.keys import safe_key
from archiver.stores.resume import clipped

COLLECTION = "{collection}"
"""In a store's address: the name of the collection."""

Reason = Literal["cold", "denied", "absent", "unreadable"]
"""Why a store does not give an object now: as in `StoreError.kind`, or any other failure."""


class Unavailable(Exception):
    """The record is in the archive, but the store that has it does not give it now."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class Sources:
    """The archive files of a root's collections."""

    def __init__(self, root: Path, remote: str | None, endpoint_url: str | None) -> None:
        """`remote` is a store's address, with `{collection}` in it where there are several; None: files here alone."""
        self.root = root
        self.remote = remote
        self.endpoint_url = endpoint_url
        self._stores: dict[str, Store] = {}

    def open(self, collection: str, name: str, offset: int, length: int) -> BinaryIO:
        """The bytes of one record; `name` is relative to `archive/`. A negative length: up to the end of the file.

        Raises `ArchiverError` or `OSError` for a name that leads astray or a file that is nowhere, `Unavailable`.
        """
        key = f"archive/{name}"
        path = disk.within(self.root / _plain(collection), key)
        if path.is_file() or self.remote is None:
            stream = path.open("rb")
            stream.seek(offset)
            return stream if length < 0 else clipped(stream, length)
        try:
            return self._store(collection).open(safe_key(key), offset, None if length < 0 else length)
        except StoreError as error:
            raise unavailable(error) from error

    def _store(self, collection: str) -> Store:
        if collection not in self._stores:
            url = str(self.remote).replace(COLLECTION, collection)
            self._stores[collection] = open_store(url, endpoint_url=self.endpoint_url, streamed=True)
        return self._stores[collection]


def unavailable(error: StoreError) -> Unavailable:
    """What readers are told of a store's failure: no address, no credentials, no words of the server."""
    return Unavailable(next((reason for reason in get_args(Reason) if reason == error.kind), "unreadable"))


def _plain(collection: str) -> str:
    if "/" in collection:
        raise UsageError(f"{collection!r} names no collection.")
    return safe_key(collection)
