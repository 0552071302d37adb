"""A store in an S3 bucket, Amazon's or any that speaks its language.

Servers differ, so nothing is trusted to be there: SHA-256 and Content-MD5 both go with every body (some check only
the one, some only the other), `If-None-Match: *` goes with every write, and a look comes before it (some ignore the
header) unless the caller has looked, and a header that a server declines is left out from then on. The object's digest
is kept in its metadata.
"""

import builtins
import hashlib
import re
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from botocore import exceptions as boto

from archiver import disk
from archiver.errors import ObjectConflict, StoreError, UsageError
from archiver.model import now
from archiver.stores import BodyMismatch, Lock, ObjectInfo, Retention, Version, locks
from archiver.stores.client import TAKEN, answered, code_of, connected
from archiver.stores.curl import NoParts, Piece
from archiver.stores.journal import Journal
from archiver.stores.keys import safe_key
from archiver.stores.resume import resumed
from archiver.stores.uploads import Body, Uploads, base64, filled
from archiver.stores.wire import Wire

if TYPE_CHECKING:
    from botocore.response import StreamingBody

SINGLE_BYTES = 16 << 20
"""A body up to this size is read into memory and goes in one request, greater ones in parts: what is sent was hashed
before, and not read again."""
WHOLE_BYTES = (8 << 20) + 1
"""What is asked for up to this size comes in one piece, in memory."""
PAGE_KEYS = 1000
NO_PARTS = "the server cannot send a part of it, or resume after a break"
NO_LOCKS = "Make a bucket with Object Lock, or take the collection's lock off: archiver remote lock --none."

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]\Z")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


class S3Store:
    """See `Store`. Threads may share one."""

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        endpoint_url: str | None = None,
        uploads: Path | None = None,
        declined: Iterable[str] = (),
        streamed: bool = False,
    ) -> None:
        """Raises `UsageError` at a name that is none, `StoreError` without credentials; asks no server yet.

        `uploads` is the folder of the journal of uploads that are under way; `declined` are headers, by the names of
        boto3's arguments, that this server is known to refuse. `streamed`: also what fits in memory is read by Python's
        own sockets, for a process (gevent's) whose other work libcurl would hold up.
        """
        if not _BUCKET.match(bucket):
            raise UsageError(f"{bucket!r} cannot name a bucket.", "Write s3://BUCKET/PREFIX.")
        self.url = f"s3://{bucket}/{prefix}"
        self.retention: Retention | None = None
        self._bucket = bucket
        self._prefix = f"{safe_key(prefix)}/" if prefix else ""
        session, self._client = connected(self.url, endpoint_url)
        self._wire = Wire(self._client, session, bucket)
        journal = Journal(uploads, self._client.meta.endpoint_url, bucket)
        self._uploads = Uploads(self._client, self._wire, self._granted, journal)
        self._declined = set(declined)
        self._whole_bytes = 0 if streamed else WHOLE_BYTES
        self._locking: bool | None = None

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """See `Store.list`."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix + prefix, PaginationConfig={"PageSize": PAGE_KEYS}
        )
        with answered(self.url):
            for page in pages:
                for found in page.get("Contents", []):
                    yield ObjectInfo(found["Key"].removeprefix(self._prefix), found["Size"], None)

    def stat(self, key: str) -> ObjectInfo | None:
        """See `Store.stat`."""
        place = self._place(key)
        with answered(self._where(key)):
            try:
                head = self._client.head_object(**place)
            except boto.ClientError as error:
                if code_of(error) in ("404", "NoSuchKey"):
                    return None
                raise
        return ObjectInfo(key, head["ContentLength"], _recorded(head["Metadata"]), locks.told(head))

    def open(self, key: str, start: int = 0, bytes: int | None = None) -> BinaryIO:
        """See `Store.open`. A connection that breaks is taken up again where it broke."""
        name = self._place(key)["Key"]
        if bytes is not None and bytes <= 0:
            return BytesIO()
        if bytes is not None and bytes <= self._whole_bytes:
            return self._piece(key, name, start, bytes)
        end = "" if bytes is None else str(start + bytes - 1)

        def fetch(done: int) -> "StreamingBody":
            if not (begin := start + done) and not end:
                return self._wire.get(name)[1]
            told, body = self._wire.get(name, f"bytes={begin}-{end}")
            if not told.get("Content-Range", "").startswith(f"bytes {begin}-"):
                body.close()
                raise StoreError(self._where(key), NO_PARTS)
            return body

        return resumed(fetch, lambda: answered(self._where(key)))

    def _piece(self, key: str, name: str, start: int, bytes: int) -> BinaryIO:
        """`open` for what fits in memory: one request, unless the line breaks."""

        def fetch(done: int) -> Piece:
            try:
                return self._wire.piece(name, start + done, bytes - done)
            except NoParts:
                raise StoreError(self._where(key), NO_PARTS) from None

        def guard() -> AbstractContextManager[None]:
            return answered(self._where(key))

        with guard():
            first = [fetch(0)]
        return (
            resumed(lambda done: first.pop() if first else fetch(done), guard)
            if first[0].broken
            else cast(BinaryIO, first[0])
        )

    def put(self, key: str, body: BinaryIO, *, bytes: int, sha256: str, free: bool = False) -> bool:
        """See `Store.put`."""
        if not free and self._present(key, bytes, sha256):
            return False
        with answered(self._where(key)):
            try:
                self._send(key, body, bytes, sha256, {"IfNoneMatch": "*"})
            except boto.ClientError as error:
                if code_of(error) not in TAKEN:
                    raise
                if self._present(key, bytes, sha256):
                    return False
                if code_of(error) != "NoSuchUpload":
                    raise
                body.seek(0)
                self._send(key, body, bytes, sha256, {"IfNoneMatch": "*"})  # somebody gave our upload up meanwhile
        return True

    def replace(self, key: str, body: BinaryIO, *, bytes: int, sha256: str) -> None:
        """See `Store.replace`. Where versions are kept, what was there stays beneath."""
        with answered(self._where(key)):
            self._send(key, body, bytes, sha256, {})

    def clear_uploads(self, wanted: Container[str]) -> builtins.list[str]:
        """See `Store.clear_uploads`."""
        with answered(self.url):
            return self._uploads.clear(self._prefix, wanted)

    def erase(self, key: str) -> Lock | None:
        """See `Store.erase`."""
        place = self._place(key)
        kept: Lock | None = None
        with answered(self._where(key)):
            found = locks.versions(self._client, self._bucket, place["Key"])
            ids = [one.id for one in found if one.key == place["Key"]]
            wanted: list[dict[str, Any]] = [{"VersionId": one} for one in ids] if ids not in ([], ["null"]) else [{}]
            for version in wanted:
                try:
                    self._client.delete_object(**place, **version)
                except boto.ClientError as error:
                    if code_of(error) not in ("AccessDenied", "403"):
                        raise
                    head = self._client.head_object(**place, **version)
                    kept = locks.told(head) or Lock(None)
        return kept

    def versions(self, prefix: str) -> Iterator[Version]:
        """See `Store.versions`."""
        with answered(self.url):
            for found in locks.versions(self._client, self._bucket, self._prefix + prefix):
                yield replace(found, key=found.key.removeprefix(self._prefix))

    def open_version(self, key: str, id: str) -> BinaryIO:
        """See `Store.open_version`."""
        place = self._place(key) | {"VersionId": id}

        def fetch(done: int) -> "StreamingBody":
            rest: dict[str, Any] = {"Range": f"bytes={done}-"} if done else {}
            return self._client.get_object(**place, **rest)["Body"]

        return resumed(fetch, lambda: answered(self._where(key)))

    def undelete(self, key: str) -> bool:
        """See `Store.undelete`."""
        markers = [one.id for one in self.versions(key) if one.key == key and one.marker and one.latest]
        with answered(self._where(key)):
            for marker in markers:
                self._client.delete_object(**self._place(key), VersionId=marker)
        return bool(markers)

    def protect(self, key: str, lock: Lock) -> None:
        """See `Store.protect`."""
        self._need_locks()
        with answered(self._where(key)):
            locks.protect(self._client, self._place(key), lock)

    def _need_locks(self) -> None:
        """Raise `StoreError` unless the bucket has Object Lock."""
        if self._locking is None:
            with answered(self.url):
                self._locking = locks.enabled(self._client, self._bucket)
        if not self._locking:
            raise StoreError(self.url, "the bucket has no Object Lock", NO_LOCKS)

    def _place(self, key: str) -> dict[str, Any]:
        return {"Bucket": self._bucket, "Key": self._prefix + safe_key(key)}

    def _where(self, key: str) -> str:
        return f"s3://{self._bucket}/{self._prefix}{key}"

    def _present(self, key: str, size: int, sha256: str) -> bool:
        """Whether the very bytes are there; other bytes are a conflict. Reads them only if no digest is recorded."""
        info = self.stat(key)
        if info is None:
            return False
        found = info.sha256
        if found is None or (found == sha256 and info.bytes != size):
            with self.open(key) as stream:
                found, _ = disk.sha256_stream(stream)
        if found != sha256:
            raise ObjectConflict(key, sha256, found)
        return True

    def _send(self, key: str, stream: BinaryIO, size: int, sha256: str, only_if: dict[str, str]) -> None:
        """Read a body once, and store it if it is what it should be."""
        if self.retention:
            self._need_locks()
        name = self._place(key)["Key"]
        if size > SINGLE_BYTES:
            self._uploads.send(Body(name, stream, size, sha256, self._noted(sha256), only_if))
            return
        content = filled(stream, size + 1)
        digest = hashlib.sha256(content)
        if (digest.hexdigest(), len(content)) != (sha256, size):
            raise BodyMismatch(key, sha256, digest.hexdigest())
        md5 = base64(hashlib.md5(content, usedforsecurity=False).digest())
        fixed, wishes = self._noted(sha256) | {"ContentMD5": md5}, {"ChecksumSHA256": base64(digest.digest())} | only_if
        self._granted(lambda granted: self._wire.put(name, content, sha256, fixed | granted), wishes)

    def _noted(self, sha256: str) -> dict[str, Any]:
        """What goes with a new object: its digest as metadata, and its lock."""
        if not self.retention:
            return {"Metadata": {"sha256": sha256}}
        self._need_locks()
        return {"Metadata": {"sha256": sha256}} | locks.arguments(self.retention.lock(now()))

    def _granted(self, call: Callable[[dict[str, str]], Any], wishes: dict[str, str]) -> Any:
        """Call with the wishes that this server has not declined so far."""
        while True:
            granted = {name: value for name, value in wishes.items() if name not in self._declined}
            try:
                return call(granted)
            except boto.ClientError as error:
                name = _declined_by(error, granted)
                if name is None:
                    raise
                self._declined.add(name)


def _declined_by(error: boto.ClientError, wishes: dict[str, str]) -> str | None:
    """Which of the wishes a server declined to understand, if that is what its answer says."""
    message = (error.response["Error"].get("Message") or "").lower()
    named = [name for name in wishes if ("none-match" if name == "IfNoneMatch" else "checksum") in message]
    if code_of(error) in ("NotImplemented", "501"):
        return next(iter(named or wishes), None)
    return next(iter(named), None) if code_of(error) in ("InvalidArgument", "InvalidRequest") else None


def _recorded(metadata: dict[str, str]) -> str | None:
    """The digest noted at upload; servers change the case of metadata's names."""
    noted = {name.lower(): value for name, value in metadata.items()}.get("sha256", "")
    return noted if _DIGEST.match(noted) else None
