"""S3's Object Lock and its versions: our words for them, and theirs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from botocore import exceptions as boto

from archiver.stores import Lock, LockMode, Version
from archiver.stores.client import code_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ABSENT = {"NotImplemented", "501", "MethodNotAllowed", "405"}
"""Answers of a server that does not know what was asked for."""
_MODES: dict[str, LockMode] = {"GOVERNANCE": "governance", "COMPLIANCE": "compliance"}


def enabled(client: "S3Client", bucket: str) -> bool:
    """Whether the bucket has Object Lock. Raises botocore's `ClientError` where one may not ask.

    To be asked before any lock is set: a server that knows no locks takes a lock's words for the object's new bytes.
    """
    try:
        found = client.get_object_lock_configuration(Bucket=bucket).get("ObjectLockConfiguration", {})
    except boto.ClientError as error:
        if code_of(error) in ABSENT | {"ObjectLockConfigurationNotFoundError"}:
            return False
        raise
    return found.get("ObjectLockEnabled") == "Enabled"


def arguments(lock: Lock) -> dict[str, Any]:
    """What goes with a `PutObject` or `CreateMultipartUpload`, so that the object is never there without its lock."""
    asked: dict[str, Any] = {"ObjectLockLegalHoldStatus": "ON"} if lock.hold else {}
    if lock.mode and lock.until:
        asked |= {"ObjectLockMode": lock.mode.upper(), "ObjectLockRetainUntilDate": lock.until}
    return asked


def told(head: Any) -> Lock | None:
    """The lock that the answer to a `HeadObject` tells of."""
    until, hold = head.get("ObjectLockRetainUntilDate"), head.get("ObjectLockLegalHoldStatus") == "ON"
    return Lock(until, hold, _MODES.get(head.get("ObjectLockMode", ""))) if until or hold else None


def protect(client: "S3Client", place: dict[str, Any], lock: Lock) -> None:
    """Lock the newest version of an object that is there. Raises botocore's `ClientError`."""
    if lock.mode and lock.until:
        retention: Any = {"Mode": lock.mode.upper(), "RetainUntilDate": lock.until}
        client.put_object_retention(**place, Retention=retention)
    if lock.hold:
        client.put_object_legal_hold(**place, LegalHold={"Status": "ON"})


def versions(client: "S3Client", bucket: str, prefix: str) -> Iterator[Version]:
    """Every version and delete marker, newest first of each key, keys as the bucket has them.

    What was put while the bucket kept no versions has the id `null`. Raises botocore's `ClientError`.
    """
    pages = client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
    try:
        for page in pages:
            for found, marker in ((page.get("Versions", ()), False), (page.get("DeleteMarkers", ()), True)):
                for one in found:
                    yield Version(one["Key"], one["VersionId"], one["LastModified"], one["IsLatest"], marker)
    except boto.ClientError as error:
        if code_of(error) not in ABSENT:
            raise
