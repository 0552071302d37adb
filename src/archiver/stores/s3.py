"""A store in an S3 bucket, Amazon's or any that speaks its language. boto3's only home.

Servers differ, so nothing is trusted to be there: SHA-256 and Content-MD5 both go with every body (some check only
the one, some only the other), `If-None-Match: *` goes with every write and a look comes before it (some ignore the
header), and a header that a server declines is left out from then on. The object's digest is kept in its metadata.
"""

import hashlib
import os
import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore import exceptions as boto
from botocore.config import Config

from archiver import disk
from archiver.errors import ObjectConflict, StoreError, UsageError
from archiver.stores import BodyMismatch, ObjectInfo
from archiver.stores.keys import safe_key
from archiver.stores.resume import resumed

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

SINGLE_BYTES = 64 << 20
"""A body up to this size goes in one request."""
PART_BYTES = 16 << 20
"""What of a greater body is sent, and held in memory, at a time."""
MOST_PARTS = 10_000
"""S3's own limit; a body that would need more gets greater parts."""
PAGE_KEYS = 1000

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]\Z")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_CREDENTIALS_HINT = (
    "boto3 looks for them in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, then in ~/.aws (AWS_PROFILE chooses)."
)
_REJECTED = ("the server does not accept these credentials", _CREDENTIALS_HINT)
_DENIED = (
    "access is denied",
    "Check the credentials, and that they may list, read and write under this bucket and prefix.",
)
_ELSEWHERE = ("the bucket is in another region", "Set AWS_DEFAULT_REGION to the bucket's region.")
_ABSENT = ("there is no such object", "")
_REFUSALS = {
    "403": _DENIED,
    "404": _ABSENT,
    "AccessDenied": _DENIED,
    "AuthorizationHeaderMalformed": _ELSEWHERE,
    "ExpiredToken": _REJECTED,
    "InvalidAccessKeyId": _REJECTED,
    "InvalidToken": _REJECTED,
    "NoSuchBucket": ("there is no such bucket", "Make the bucket first, or check its name and the endpoint."),
    "NoSuchKey": _ABSENT,
    "PermanentRedirect": _ELSEWHERE,
    "RequestTimeTooSkewed": ("this machine's clock differs too much from the server's", "Set the clock."),
    "SignatureDoesNotMatch": _REJECTED,
}
_TAKEN = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchUpload", "412", "409"}
"""Answers to a write that may mean: it is there already, perhaps from our own attempt whose answer was lost."""
_BUSY = {"SlowDown", "RequestTimeout", "Throttling", "ThrottlingException", "TooManyRequests"}


class S3Store:
    """See `Store`. Threads may share one."""

    def __init__(self, bucket: str, prefix: str = "", *, endpoint_url: str | None = None) -> None:
        """Raises `UsageError` at a name that is none, `StoreError` without credentials; asks no server yet."""
        if not _BUCKET.match(bucket):
            raise UsageError(f"{bucket!r} cannot name a bucket.", "Write s3://BUCKET/PREFIX.")
        self.url = f"s3://{bucket}/{prefix}"
        self._bucket = bucket
        self._prefix = f"{safe_key(prefix)}/" if prefix else ""
        self._client = _client(self.url, endpoint_url)
        self._declined: set[str] = set()

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """See `Store.list`."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix + prefix, PaginationConfig={"PageSize": PAGE_KEYS}
        )
        with _answered(self.url):
            for page in pages:
                for found in page.get("Contents", []):
                    yield ObjectInfo(found["Key"].removeprefix(self._prefix), found["Size"], None)

    def stat(self, key: str) -> ObjectInfo | None:
        """See `Store.stat`."""
        place = self._place(key)
        with _answered(self._where(key)):
            try:
                head = self._client.head_object(**place)
            except boto.ClientError as error:
                if _code(error) in ("404", "NoSuchKey"):
                    return None
                raise
        return ObjectInfo(key, head["ContentLength"], _recorded(head["Metadata"]))

    def open(self, key: str) -> BinaryIO:
        """See `Store.open`. A connection that breaks is taken up again where it broke."""
        place = self._place(key)

        def fetch(start: int) -> "StreamingBody":
            if not start:
                return self._client.get_object(**place)["Body"]
            answer = self._client.get_object(**place, Range=f"bytes={start}-")
            if not answer.get("ContentRange", "").startswith(f"bytes {start}-"):
                raise StoreError(self._where(key), "the connection broke and the server cannot resume")
            return answer["Body"]

        return resumed(fetch, lambda: _answered(self._where(key)))

    def put(self, key: str, body: BinaryIO, *, bytes: int, sha256: str) -> bool:
        """See `Store.put`."""
        place = self._place(key)
        if self._present(key, bytes, sha256):
            return False
        found, size = disk.sha256_stream(body)
        if (found, size) != (sha256, bytes):
            raise BodyMismatch(key, sha256, found)
        body.seek(0)
        with _answered(self._where(key)):
            try:
                if bytes <= SINGLE_BYTES:
                    self._put_whole(place, body, sha256)
                else:
                    self._put_parts(key, place, body, bytes, sha256)
            except boto.ClientError as error:
                if _code(error) in _TAKEN and self._present(key, bytes, sha256):
                    return False
                raise
        return True

    def delete(self, key: str) -> None:
        """See `Store.delete`."""
        with _answered(self._where(key)):
            self._client.delete_object(**self._place(key))

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

    def _put_whole(self, place: dict[str, Any], body: BinaryIO, sha256: str) -> None:
        checks = {"IfNoneMatch": "*", "ChecksumSHA256": _base64(bytes.fromhex(sha256))}
        md5 = hashlib.md5(usedforsecurity=False)
        while chunk := body.read(disk.CHUNK):
            md5.update(chunk)
        self._ask("put_object", checks, **place, Body=body, ContentMD5=_base64(md5.digest()), Metadata=_noted(sha256))

    def _put_parts(self, key: str, place: dict[str, Any], body: BinaryIO, size: int, sha256: str) -> None:
        algorithm = {"ChecksumAlgorithm": "SHA256"}
        upload = self._ask("create_multipart_upload", algorithm, **place, Metadata=_noted(sha256))["UploadId"]
        try:
            parts: list[dict[str, Any]] = []
            digest = hashlib.sha256()
            part_bytes = max(PART_BYTES, -(-size // MOST_PARTS))
            while part := body.read(part_bytes):
                digest.update(part)
                parts.append(self._put_part(place | {"UploadId": upload}, len(parts) + 1, part))
            if digest.hexdigest() != sha256:
                raise BodyMismatch(key, sha256, digest.hexdigest())
            free = {"IfNoneMatch": "*"}
            whole = {"Parts": parts}
            self._ask("complete_multipart_upload", free, **place, UploadId=upload, MultipartUpload=whole)
        except BaseException:
            with suppress(boto.ClientError, boto.BotoCoreError):
                self._client.abort_multipart_upload(**place, UploadId=upload)
            raise

    def _put_part(self, place: dict[str, Any], number: int, part: bytes) -> dict[str, Any]:
        md5 = _base64(hashlib.md5(part, usedforsecurity=False).digest())
        check = {"ChecksumSHA256": _base64(hashlib.sha256(part).digest())}
        answer = self._ask("upload_part", check, **place, PartNumber=number, Body=BytesIO(part), ContentMD5=md5)
        return {"PartNumber": number} | {name: answer[name] for name in ("ETag", "ChecksumSHA256") if name in answer}

    def _ask(self, operation: str, wishes: dict[str, str], **arguments: Any) -> dict[str, Any]:
        """Call with the wishes that this server has not declined so far."""
        while True:
            if "Body" in arguments:
                arguments["Body"].seek(0)
            granted = {name: value for name, value in wishes.items() if name not in self._declined}
            try:
                return cast(dict[str, Any], getattr(self._client, operation)(**arguments, **granted))
            except boto.ClientError as error:
                name = _declined_by(error, granted)
                if name is None:
                    raise
                self._declined.add(name)


def _client(where: str, endpoint_url: str | None) -> "S3Client":
    """A client over boto3's own credential chain."""
    endpoint_url = endpoint_url or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint_url:
        parts = urlsplit(endpoint_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise UsageError("The endpoint is no http(s) address of a host.", "Write it as https://s3.example.org.")
    with _answered(where):
        core = botocore.session.get_session()
        if endpoint_url:
            # Not Amazon's: no machine of its own would be asked for a role, and to try hangs without a network.
            core.get_component("credential_provider").remove("iam-role")
        session = boto3.Session(botocore_session=core)
        if session.get_credentials() is None:
            raise boto.NoCredentialsError
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path" if endpoint_url else "auto"},
            retries={"mode": "standard", "total_max_attempts": 4},
            connect_timeout=10,
            read_timeout=60,
            max_pool_connections=16,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        return session.client("s3", endpoint_url=endpoint_url or None, config=config)


@contextmanager
def _answered(where: str) -> Iterator[None]:
    """boto3's exceptions as `StoreError`. Only codes are passed on, never a server's own words or any header."""
    try:
        yield
    except boto.ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        why, hint = _REFUSALS.get(_code(error), (f"the server refused ({status} {_code(error)})", ""))
        retryable = status >= 500 or _code(error) in _BUSY | _TAKEN
        raise StoreError(where, why, hint, retryable=retryable) from error
    except boto.BotoCoreError as error:
        raise _failure(where, error) from error


def _failure(where: str, error: boto.BotoCoreError) -> StoreError:
    """What went wrong before or instead of an answer."""
    if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError | boto.CredentialRetrievalError):
        return StoreError(where, "there are no S3 credentials", _CREDENTIALS_HINT)
    if isinstance(error, boto.ProfileNotFound | boto.ConfigParseError | boto.ConfigNotFound):
        return StoreError(where, "the AWS configuration names no such profile or cannot be read", _CREDENTIALS_HINT)
    if isinstance(error, boto.SSLError):
        return StoreError(where, "the server's TLS certificate is not accepted", "AWS_CA_BUNDLE names a private CA.")
    if isinstance(error, boto.ConnectionError | boto.HTTPClientError | boto.IncompleteReadError):
        hint = "Check the endpoint's address and the network, then run it again."
        return StoreError(where, "the server cannot be reached or broke off", hint, retryable=True)
    return StoreError(where, f"the request could not be made ({type(error).__name__})")


def _declined_by(error: boto.ClientError, wishes: dict[str, str]) -> str | None:
    """Which of the wishes a server declined to understand, if that is what its answer says."""
    message = (error.response["Error"].get("Message") or "").lower()
    named = [name for name in wishes if ("none-match" if name == "IfNoneMatch" else "checksum") in message]
    if _code(error) in ("NotImplemented", "501"):
        return next(iter(named or wishes), None)
    return next(iter(named), None) if _code(error) in ("InvalidArgument", "InvalidRequest") else None


def _code(error: boto.ClientError) -> str:
    return str(error.response["Error"].get("Code") or "")


def _noted(sha256: str) -> dict[str, str]:
    return {"sha256": sha256}


def _recorded(metadata: dict[str, str]) -> str | None:
    """The digest noted at upload; servers change the case of metadata's names."""
    noted = {name.lower(): value for name, value in metadata.items()}.get("sha256", "")
    return noted if _DIGEST.match(noted) else None


def _base64(digest: bytes) -> str:
    return b64encode(digest).decode()
