"""Where a probe puts its small objects, and taking them away again."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore import exceptions as boto

from archiver.errors import StoreError
from archiver.stores import locks
from archiver.stores.capability import Trait
from archiver.stores.client import code_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BODY = b"archiver probe\n"
"""What each object holds."""


class Scratch:
    """A bucket, and the keys in it that begin with `place`."""

    def __init__(self, client: "S3Client", bucket: str, place: str) -> None:
        """`place` ends with a slash."""
        self.client = client
        self.bucket = bucket
        self.place = place

    def at(self, name: str) -> dict[str, Any]:
        """An object's place, as boto3's calls have it."""
        return {"Bucket": self.bucket, "Key": self.place + name}

    def put(self, name: str, **more: Any) -> str:
        """Put an object: the refusal's code, or nothing."""
        return refusal(lambda: self.client.put_object(**self.at(name), Body=BODY, **more))

    def cleaned(self) -> Iterator[Trait]:
        """Remove all that was put; what cannot be removed is told."""
        found: list[Any] = []
        with suppress(boto.ClientError, boto.BotoCoreError):
            found = [(one.key, one.id) for one in locks.versions(self.client, self.bucket, self.place)]
        if not any(version != "null" for _, version in found):
            found = []
            with suppress(boto.ClientError, boto.BotoCoreError):
                listed = self.client.list_objects_v2(Bucket=self.bucket, Prefix=self.place).get("Contents", [])
                found = [(one["Key"], None) for one in listed]
        kept = [one for one in found if not self._removed(*one)]
        if kept:
            until = max((one for one in (self._locked(*one) for one in kept) if one), default=None)
            when = f"until {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if until else "until somebody removes them"
            yield Trait("scratch", "left", "weak", f"{len(kept)} objects under {self.place} stay {when}")

    def _locked(self, key: str, version: str | None) -> datetime | None:
        """Until when an object is locked."""
        named: dict[str, Any] = {"Bucket": self.bucket, "Key": key} | ({"VersionId": version} if version else {})
        with suppress(boto.ClientError, boto.BotoCoreError):
            lock = locks.told(self.client.head_object(**named))
            return lock.until if lock else None
        return None

    def _removed(self, key: str, version: str | None) -> bool:
        named: dict[str, Any] = {"Bucket": self.bucket, "Key": key} | ({"VersionId": version} if version else {})
        plain = refusal(lambda: self.client.delete_object(**named))
        return not plain or not refusal(lambda: self.client.delete_object(**named, BypassGovernanceRetention=True))


def refusal(call: Callable[[], Any]) -> str:
    """The code with which a call was refused, or nothing. Raises `StoreError` where there was no answer."""
    try:
        call()
    except boto.ClientError as error:
        return code_of(error) or "refused"
    except boto.ConnectionError as error:
        raise StoreError("The server", "it broke off", "Run it again.", retryable=True) from error
    except boto.BotoCoreError as error:
        return type(error).__name__
    return ""
