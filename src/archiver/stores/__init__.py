"""Stores keep bytes under keys; a collection is replicated to one. See `Store` for what each promises."""

import builtins
import sys
from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol, get_args
from urllib.parse import unquote, urlsplit

from archiver.errors import StoreError, UsageError

LockMode = Literal["governance", "compliance"]
"""GOVERNANCE: who has the right to bypass it may remove an object; COMPLIANCE: nobody may, before the day."""
MOST_DAYS = 36_500

# botocore loads this, and pyOpenSSL with it, only to take a class of urllib3 out of it, which is at home elsewhere.
sys.modules.setdefault("urllib3.contrib.pyopenssl", None)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Lock:
    """What keeps an object from being removed."""

    until: datetime | None
    """Aware, UTC. None: no retention that ends by itself, but a legal hold or a refusal without a reason."""
    hold: bool = False
    """A legal hold is on it."""
    mode: LockMode | None = None
    """Of the retention."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How the objects of a collection are to be locked (S3 Object Lock)."""

    mode: LockMode
    days: int
    """So long from when an object is put, and under `governance` anew from each time that it is audited."""
    hold: bool = False
    """A legal hold goes on each as well: it ends only when somebody takes it off."""

    @classmethod
    def of(cls, policy: Any) -> "Retention | None":
        """That of a collection's `policies.lock`, None without one. Raises `UsageError` at one that makes no sense."""
        if policy is None:
            return None
        try:
            mode, days, hold = policy["mode"], policy["days"], policy.get("legal_hold", False)
            if mode not in get_args(LockMode) or not 1 <= days <= MOST_DAYS:
                raise ValueError
            return cls(mode, int(days), bool(hold))
        except (LookupError, TypeError, ValueError, AttributeError):
            hint = "`archiver validate` tells what is wrong; `archiver remote lock` writes it anew."
            raise UsageError("The collection's policy on locks cannot be read.", hint) from None

    def lock(self, at: datetime) -> Lock:
        """What an object put or audited at that instant gets."""
        return Lock(at + timedelta(days=self.days), self.hold, self.mode)


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a store tells about an object without reading it."""

    key: str
    bytes: int
    sha256: str | None
    """As recorded at upload (64 hex digits), or None where the store was not told; no proof of the bytes at rest."""
    lock: Lock | None = None
    """What keeps it; None where nothing does, and in listings, which do not tell."""


@dataclass(frozen=True, slots=True)
class Version:
    """One of what a store keeps under a key: a state of the object, or the marker that hides it."""

    key: str
    id: str
    at: datetime
    """When it was put, by the server's clock; aware."""
    latest: bool
    marker: bool
    """A delete marker: while it is the latest, the object seems not to be there."""


class BodyMismatch(StoreError):
    """The bytes given to `put` are not those announced; nothing was stored."""

    def __init__(self, key: str, expected: str, found: str) -> None:
        super().__init__(
            key,
            f"its bytes have sha256 {found[:12]}… instead of {expected[:12]}…",
            "The local copy is damaged or changing; run `archiver verify`.",
        )
        self.key = key
        self.expected = expected
        self.found = found


class Store(Protocol):
    """A place for immutable objects. Keys are relative POSIX paths; unsafe ones raise `UsageError`.

    Failures of the far side are `StoreError`; what may succeed later has `retryable`, and the store itself
    has already tried again.
    """

    url: str
    """For people: `s3://bucket/prefix`."""
    retention: Retention | None
    """How everything put from now on is locked; None, unless somebody sets it: as the bucket itself says."""

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Every object whose key begins with `prefix`, in no promised order; `sha256` may be None here."""
        ...

    def stat(self, key: str) -> ObjectInfo | None:
        """The object's facts, or None if there is none."""
        ...

    def open(self, key: str, start: int = 0, bytes: int | None = None) -> BinaryIO:
        """A stream of the object's bytes, which the caller closes. Raises `StoreError` if there is none.

        From offset `start` on, and of no more than so many `bytes`; what lies behind the end is not there.
        """
        ...

    def put(self, key: str, body: BinaryIO, *, bytes: int, sha256: str, free: bool = False) -> bool:
        """Store `body` (seekable, at its start) if the key is free: True if this call stored it.

        `free`: the caller has just listed that it is, so that no look need come before.

        Atomic: other readers see nothing or the whole. False if the same bytes are there already, also when
        an answer was lost and the retry met its own object. `ObjectConflict` if other bytes are there:
        nothing is ever overwritten. `BodyMismatch`, and nothing stored, if `body` is not what `bytes` and
        `sha256` say; what reading it raises passes unchanged. The far side checks the digest where it can.
        Two writers of one key at the same instant are kept apart only by stores with conditional writes;
        keys that carry a digest or a random id need none.
        """
        ...

    def clear_uploads(self, wanted: Container[str]) -> builtins.list[str]:
        """Give up what was sent in part and will not be finished; returns its keys.

        That is whatever was cut off here for a key that is not `wanted` any more (or whose sending begins anew in any
        case), and what anybody else began more than a day ago. Objects are never touched.
        """
        ...

    def replace(self, key: str, body: BinaryIO, *, bytes: int, sha256: str) -> None:
        """Store `body` whatever is under the key now. Only a repair may: its caller has kept what was there.

        Raises as `put`, but for `ObjectConflict`.
        """
        ...

    def erase(self, key: str) -> Lock | None:
        """Remove the object with every older version of it; none there is no error. Only an erasure may.

        None once nothing is left; otherwise the lock that keeps a version of it.
        """
        ...

    def versions(self, prefix: str) -> Iterator[Version]:
        """What lies beneath and hides the objects whose keys begin with `prefix`, and those that are there.

        Nothing at all, or only the last, where no versions are kept.
        """
        ...

    def open_version(self, key: str, id: str) -> BinaryIO:
        """A stream of one of the versions of the object. Raises `StoreError` if there is none."""
        ...

    def undelete(self, key: str) -> bool:
        """Take away the delete marker that hides the object; False if there is none. Only a repair may."""
        ...

    def protect(self, key: str, lock: Lock) -> None:
        """Lock the object so. Raises `StoreError` where there are no locks, or this would be less than its own."""
        ...


def open_store(
    url: str,
    *,
    endpoint_url: str | None = None,
    uploads: Path | None = None,
    known: Path | None = None,
    streamed: bool = False,
) -> Store:
    """The store at `s3://BUCKET/PREFIX` or `file:///FOLDER` (a folder that is there, such as a mounted disk).

    `endpoint_url` names an S3 server other than Amazon's (without it, AWS_ENDPOINT_URL does); credentials come from
    boto3's own chain alone. In the folder `uploads` a store writes down what it sends in parts, to take that up
    again after a kill; in the folder `known` is what `stores.capability` keeps of servers that were looked at.
    `streamed` is for processes that gevent has patched.
    Raises `UsageError` for other addresses, `StoreError` where there is no folder or no credentials.
    """
    parts = urlsplit(url)
    if parts.query or parts.fragment or "@" in parts.netloc:
        hint = "Write s3://BUCKET/PREFIX; credentials come from the environment."
        raise UsageError("The address of the store has more in it than a place.", hint)  # it may hold a secret
    if parts.scheme == "s3":
        from archiver.stores.capability import declined
        from archiver.stores.s3 import S3Store  # boto3 costs a quarter of a second; only those who need it pay

        less = declined(known, url, endpoint_url) if known else frozenset[str]()
        place = parts.netloc, parts.path.strip("/")
        return S3Store(*place, endpoint_url=endpoint_url, uploads=uploads, declined=less, streamed=streamed)
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and endpoint_url is None:
        from archiver.stores.local import LocalStore

        return LocalStore(Path(unquote(parts.path)))
    raise UsageError(f"{url!r} is no store.", "Write s3://BUCKET/PREFIX, or file:///FOLDER without an endpoint.")
