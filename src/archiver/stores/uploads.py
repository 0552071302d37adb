"""Bodies sent to S3 in parts: several at a time, taken up again after a kill, and cleared away when nobody will.

The journal tells which upload is under way for a key. Which parts it has, the server is asked; each counts only if
its size and MD5 are those of the bytes that are to be sent now, so that nothing stale or foreign gets in.
"""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Container, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

from botocore import exceptions as boto

from archiver.model import now
from archiver.stores import BodyMismatch
from archiver.stores.client import code_of
from archiver.stores.journal import Journal, Upload
from archiver.stores.wire import Wire

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PART_BYTES = 16 << 20
"""What of a body is sent, and held in memory, at a time."""
MOST_PARTS = 10_000
"""S3's own limit; a body that would need more gets greater parts."""
PARTS_AT_ONCE = 8
"""Parts in memory, of all bodies together."""
THREADS = 4
"""Parts of one body under way at the same time."""
FORSAKEN = timedelta(days=1)
"""An upload without a journal that is older was cut off, here or elsewhere."""

Granted = Callable[[Callable[[dict[str, str]], Any], dict[str, str]], Any]
"""Makes a call with those of some wishes that the server does not decline."""


@dataclass(frozen=True, slots=True)
class Body:
    """What is to be stored."""

    key: str
    """As the bucket has it."""
    stream: BinaryIO
    bytes: int
    sha256: str
    noted: dict[str, Any]
    """What goes with the object, as boto3's calls take it: metadata, locks."""
    only_if: dict[str, str]
    """The condition that it be stored."""


class Uploads:
    """The uploads of one bucket. Threads may share one. Raises botocore's exceptions."""

    def __init__(self, client: "S3Client", wire: Wire, granted: Granted, journal: Journal) -> None:
        self._client: Any = client  # its arguments are put together here, which its types cannot follow
        self._wire = wire
        self._granted = granted
        self._journal = journal
        self._room = BoundedSemaphore(PARTS_AT_ONCE)

    def send(self, body: Body) -> None:
        """Store it. Every byte is read once; if all of them are not what the digest says, nothing comes to stand."""
        upload, listed = self._under_way(body) or (self._begun(body), {})
        try:
            parts = {"Parts": self._send_parts(body, upload, listed)}
            place = self._place(body.key) | {"UploadId": upload.id, "MultipartUpload": parts}
            self._granted(lambda wishes: self._client.complete_multipart_upload(**place, **wishes), body.only_if)
        except BaseException as error:
            gone = isinstance(error, boto.ClientError) and code_of(error) in ("NoSuchUpload", "PreconditionFailed")
            if self._journal.folder is None or gone or isinstance(error, BodyMismatch):
                self._give_up(body.key, upload.id)
            raise
        self._journal.forget(body.key)

    def clear(self, prefix: str, wanted: Container[str]) -> list[str]:
        """Give up the uploads under `prefix` that nobody will finish; returns their keys without it.

        Such are those of our journal whose key is not `wanted` any more, and those `FORSAKEN` by others.
        """
        ours = {upload.id: upload.key for upload in self._journal.all() if upload.key.startswith(prefix)}
        cleared: list[str] = []
        for found in self._known(prefix):
            mine = ours.pop(found["UploadId"], None)
            key = found["Key"].removeprefix(prefix)
            if key not in wanted if mine else now() - found["Initiated"] >= FORSAKEN:
                self._give_up(found["Key"], found["UploadId"])
                cleared.append(key)
        for key in ours.values():  # the server does not know these any more
            self._journal.forget(key)
        return cleared

    # The parts

    def _send_parts(self, body: Body, upload: Upload, listed: dict[int, Any]) -> list[dict[str, Any]]:
        digest, size = hashlib.sha256(), 0
        parts: list[Future[dict[str, Any]]] = []
        pool = ThreadPoolExecutor(THREADS)
        try:
            for part in self._read(body.stream, upload.part_bytes):
                number = len(parts) + 1
                parts.append(pool.submit(self._send_part, upload, number, part, listed.get(number)))
                digest.update(part)
                size += len(part)
                if size > body.bytes or any(one.done() and one.exception() for one in parts[-2 * THREADS :]):
                    break
            done = _alike([part.result() for part in parts])
        finally:
            pool.shutdown(cancel_futures=True)
            for _ in filter(Future.cancelled, parts):
                self._room.release()
        if (digest.hexdigest(), size) != (body.sha256, body.bytes):
            raise BodyMismatch(body.key, body.sha256, digest.hexdigest())
        return done

    def _read(self, stream: BinaryIO, part_bytes: int) -> Iterator[bytes]:
        """The parts of a body, each as soon as there is room for it in memory."""
        while True:
            self._room.acquire()
            part = b""
            try:
                part = filled(stream, part_bytes)
            finally:
                if not part:
                    self._room.release()
            if not part:
                return
            yield part

    def _send_part(self, upload: Upload, number: int, part: bytes, listed: Any) -> dict[str, Any]:
        """Send it, unless the server has the very part; returns what completing the upload says of it."""
        try:
            md5, sha256 = hashlib.md5(part, usedforsecurity=False), hashlib.sha256(part)
            wish = {"ChecksumSHA256": base64(sha256.digest())}
            if listed and listed["Size"] == len(part) and listed["ETag"].strip('"') == md5.hexdigest():
                return {"PartNumber": number, "ETag": listed["ETag"]} | wish
            query = f"?partNumber={number}&uploadId={quote(upload.id, safe='')}"
            fixed = {"ContentMD5": base64(md5.digest())}
            answer = self._granted(
                lambda wishes: self._wire.put(upload.key, part, sha256.hexdigest(), fixed | wishes, query), wish
            )
            told = {name: answer[header] for name, header in _TOLD.items() if header in answer}
            return {"PartNumber": number} | told
        finally:
            self._room.release()

    # Which upload

    def _under_way(self, body: Body) -> tuple[Upload, dict[int, Any]] | None:
        """The upload that a kill left, and the parts that the server has of it, by number."""
        known = self._journal.find(body.key)
        if known and (known.sha256, known.bytes) == (body.sha256, body.bytes):
            listed = self._listed(body.key, known.id)
            return None if listed is None else (known, listed)
        found = self._found(body) if self._journal.folder else ""
        listed = self._listed(body.key, found) if found else None
        return (self._entered(body, found, listed[1]["Size"]), listed) if listed and 1 in listed else None

    def _found(self, body: Body) -> str:
        """The newest upload of that key, for when the journal was lost. Whether it has a lock nobody can tell."""
        if "ObjectLockMode" in body.noted:
            return ""
        found = [one for one in self._known(body.key) if one["Key"] == body.key]
        return str(max(found, key=lambda one: one["Initiated"])["UploadId"]) if found else ""

    def _known(self, prefix: str) -> list[Any]:
        """The uploads under a prefix, as the server lists them; none where it cannot."""
        try:
            pages = self._client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self._journal.bucket, Prefix=prefix
            )
            return [upload for page in pages for upload in page.get("Uploads", ())]
        except boto.ClientError as error:
            if code_of(error) in _NONE:
                return []
            raise

    def _listed(self, key: str, upload: str) -> dict[int, Any] | None:
        """The parts of an upload by number; None if it is there no more.

        Without the last: it is sent again, so that the server says whether it keeps checksums of parts.
        """
        try:
            pages = self._client.get_paginator("list_parts").paginate(**self._place(key), UploadId=upload)
            listed = {part["PartNumber"]: part for page in pages for part in page.get("Parts", ())}
        except boto.ClientError as error:
            if code_of(error) in ("NoSuchUpload", "404", "NotImplemented", "501"):
                return None
            raise
        return {number: part for number, part in listed.items() if number != max(listed)}

    def _begun(self, body: Body) -> Upload:
        place = self._place(body.key) | body.noted
        wish = {"ChecksumAlgorithm": "SHA256"}
        answer = self._granted(lambda wishes: self._client.create_multipart_upload(**place, **wishes), wish)
        return self._entered(body, answer["UploadId"], max(PART_BYTES, -(-body.bytes // MOST_PARTS)))

    def _entered(self, body: Body, upload: str, part_bytes: int) -> Upload:
        server, bucket = self._journal.server, self._journal.bucket
        made = Upload(server, bucket, body.key, body.sha256, body.bytes, upload, part_bytes)
        self._journal.enter(made)
        return made

    def _give_up(self, key: str, upload: str) -> None:
        with suppress(boto.ClientError, boto.BotoCoreError):
            self._client.abort_multipart_upload(**self._place(key), UploadId=upload)
        self._journal.forget(key)

    def _place(self, key: str) -> dict[str, Any]:
        return {"Bucket": self._journal.bucket, "Key": key}


_NONE = {"NoSuchUpload", "NotImplemented", "501", "MethodNotAllowed", "405", "AccessDenied", "403"}
"""Answers of servers that list no uploads; `rclone serve s3` gives the first where there are none."""


def _alike(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What completing an upload says of its parts: the checksum of each, or of none."""
    if all("ChecksumSHA256" in part for part in parts):
        return parts
    return [{name: part[name] for name in ("PartNumber", "ETag")} for part in parts]


_TOLD = {"ETag": "ETag", "ChecksumSHA256": "x-amz-checksum-sha256"}


def filled(stream: BinaryIO, size: int) -> bytes:
    """So many bytes of a stream, fewer only at its end."""
    pieces, left = [], size
    while left and (piece := stream.read(left)):
        pieces.append(piece)
        left -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def base64(digest: bytes) -> str:
    """A digest as HTTP headers have it."""
    return b64encode(digest).decode()
