"""Trying out what an S3 endpoint really does, with small objects under a key of its own that are removed afterwards.

What a server says of itself proves nothing: wrong checksums are sent, keys put twice, locked versions deleted.
"""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit
from zlib import crc32

from botocore import exceptions as boto

from archiver.errors import UsageError
from archiver.model import now, timestamp
from archiver.stores import locks
from archiver.stores.capability import Capability, Grade, Trait, endpoint_of
from archiver.stores.client import answered, code_of, connect
from archiver.stores.keys import safe_key
from archiver.stores.scratch import BODY, Scratch, refusal

LOCK_SECONDS = 60
"""How long a version is locked to see whether that holds."""
CLOCK_SECONDS = 60
"""A greater difference of the clocks is worth a word; S3 refuses more than a quarter of an hour."""
WRONG_CRC32 = "AAAAAA=="


def probe(url: str, endpoint_url: str | None, scratch: str) -> Capability:
    """Try everything under `PREFIX/SCRATCH`. Raises `StoreError` where nothing can even be asked."""
    parts = urlsplit(url)
    if parts.scheme != "s3":
        hint = "A folder keeps no versions and no locks; whoever may write there may destroy."
        raise UsageError("Only S3 servers are looked at.", hint)
    prefix = parts.path.strip("/")
    place = safe_key(f"{prefix}/{scratch}" if prefix else scratch)
    tried = Scratch(connect(url, endpoint_url), parts.netloc, f"{place}/")
    with answered(url):
        tried.client.list_objects_v2(Bucket=parts.netloc, Prefix=tried.place, MaxKeys=1)
    try:
        traits = list(rights(tried))
        if traits[0].answer == "allowed":
            traits += [trait for trial in TRIALS for trait in trial(tried)]
    finally:
        left = tried.cleaned()
    return Capability(url, endpoint_of(endpoint_url), timestamp(now()), (*traits, *left))


def rights(probe: Scratch) -> Iterator[Trait]:
    """Whether these credentials may do what replication needs."""
    trials: dict[str, Callable[[], Any]] = {
        "put": lambda: probe.client.put_object(**probe.at("a"), Body=BODY),
        "list": lambda: probe.client.list_objects_v2(Bucket=probe.bucket, Prefix=probe.place),
        "get": lambda: probe.client.get_object(**probe.at("a"))["Body"].read(),
        "delete": lambda: probe.client.delete_object(**probe.at("a")),
    }
    for name, trial in trials.items():
        why = refusal(trial)
        grade: Grade = "good" if not why else "weak" if name == "delete" else "bad"
        yield Trait(name, "refused" if why else "allowed", grade, why or "")


def checksums(probe: Scratch) -> Iterator[Trait]:
    """Which digests the server compares with the bytes: a wrong one must be refused, and the right one taken."""
    right = {
        "sha256": {"ChecksumSHA256": _base64(hashlib.sha256(BODY).digest())},
        "crc32": {"ChecksumCRC32": _base64(crc32(BODY).to_bytes(4))},
        "content-md5": {"ContentMD5": _base64(hashlib.md5(BODY, usedforsecurity=False).digest())},
    }
    wrong = {
        "sha256": {"ChecksumSHA256": _base64(bytes(32))},
        "crc32": {"ChecksumCRC32": WRONG_CRC32},
        "content-md5": {"ContentMD5": _base64(bytes(16))},
    }
    for name, arguments in wrong.items():
        yield _checksum(name, probe.put(f"{name}-wrong", **arguments), probe.put(f"{name}-right", **right[name]))
    wrongly = _trailed(probe, "trailer-wrong", WRONG_CRC32)
    rightly = _trailed(probe, "trailer-right", _base64(crc32(BODY).to_bytes(4)))
    stored = b""
    with suppress(boto.ClientError):
        stored = probe.client.get_object(**probe.at("trailer-right"))["Body"].read()
    if not rightly and stored != BODY:
        detail = "it keeps other bytes than were sent so: clients that send trailers, which archiver does not, do harm"
        yield Trait("crc32-trailer", "mangled", "weak", detail)
    else:
        yield _checksum("crc32-trailer", wrongly, rightly)


def _checksum(name: str, wrongly: str, rightly: str) -> Trait:
    if rightly:
        weight: Grade = "bad" if name == "content-md5" else "weak"
        return Trait(name, "refused", weight, f"also the right one ({rightly}); it is left out")
    if wrongly:
        return Trait(name, "checked", "good", f"a wrong one is refused ({wrongly})")
    return Trait(name, "ignored", "weak", "a wrong one was taken")


def _trailed(probe: Scratch, name: str, checksum: str) -> str:
    """Put an object whose CRC32 comes behind its bytes, as newer clients of S3 send it (`aws-chunked`)."""

    def before_call(params: dict[str, Any], **_: Any) -> None:
        params["context"]["checksum"]["request_algorithm"]["in"] = "trailer"

    def before_send(request: Any, **_: Any) -> None:
        body = b"%x\r\n%s\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n" % (len(BODY), BODY, checksum.encode())
        request.body = BytesIO(body)
        del request.headers["Transfer-Encoding"]  # some servers and proxies wait for ever on chunks
        request.headers["Content-Length"] = str(len(body))

    events = probe.client.meta.events
    hooks: list[tuple[str, Callable[..., None]]] = [
        ("before-call.s3.PutObject", before_call),
        ("before-send.s3.PutObject", before_send),
    ]
    for event, hook in hooks:
        events.register(event, hook)
    try:
        return probe.put(name, ChecksumAlgorithm="CRC32")
    finally:
        for event, hook in hooks:
            events.unregister(event, hook)


def conditions(probe: Scratch) -> Iterator[Trait]:
    """Whether a key that is taken stays as it is when that is asked for, and whether it can be overwritten at all."""
    first = probe.put("condition", IfNoneMatch="*")
    second = probe.put("condition", IfNoneMatch="*")
    if first:
        yield Trait("if-none-match", "refused", "weak", f"{first}; it is left out")
    elif second:
        yield Trait("if-none-match", "honoured", "good", f"the second write is refused ({second})")
    else:
        yield Trait("if-none-match", "ignored", "weak", "the second write was taken")
    again = probe.put("condition")
    detail = again or "without a condition a key can be put again; only a repair does"
    yield Trait("overwrite", "refused" if again else "possible", "good", detail)


def versioning(probe: Scratch) -> Iterator[Trait]:
    """Whether older versions are kept: by what is there after two writes, not by what the bucket says."""
    for _ in range(2):
        probe.put("versions")
    kept = 0
    why = refusal(lambda: _count(probe, "versions"))
    if not why:
        kept = _count(probe, "versions")
    status = ""
    with suppress(boto.ClientError):
        status = probe.client.get_bucket_versioning(Bucket=probe.bucket).get("Status", "")
    if kept > 1:
        yield Trait("versioning", "on", "good", "both of two writes are kept")
    elif why in ("AccessDenied", "403"):
        yield Trait("versioning", "unknown", "weak", "versions may not be listed (s3:ListBucketVersions)")
    else:
        yield Trait("versioning", "suspended" if status == "Suspended" else "off", "weak", "the first of two is gone")


def _count(probe: Scratch, name: str) -> int:
    return sum(not one.marker for one in locks.versions(probe.client, probe.bucket, probe.place + name))


def object_lock(probe: Scratch) -> Iterator[Trait]:
    """Whether a locked version withstands its deletion."""
    try:
        enabled = locks.enabled(probe.client, probe.bucket)
    except boto.ClientError as error:
        yield Trait("object-lock", "unknown", "weak", f"it may not be asked ({code_of(error)})")
        return
    if not enabled:
        yield Trait("object-lock", "absent", "weak", "the bucket was made without it")
        return
    until = datetime.now(UTC) + timedelta(seconds=LOCK_SECONDS)
    try:
        answer = probe.client.put_object(
            **probe.at("locked"), Body=BODY, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until
        )
    except boto.ClientError as error:
        yield Trait("object-lock", "unknown", "weak", f"a locked object cannot be put ({code_of(error)})")
        return
    version: Any = {"VersionId": answer.get("VersionId")} if answer.get("VersionId") else {}
    refused = refusal(lambda: probe.client.delete_object(**probe.at("locked"), **version))
    if refused and version:
        yield Trait("object-lock", "enforced", "good", f"a version locked for a minute is not deleted ({refused})")
        bypassed = refusal(
            lambda: probe.client.delete_object(**probe.at("locked"), **version, BypassGovernanceRetention=True)
        )
        if bypassed:
            yield Trait("bypass", "refused", "good", "these credentials may not remove it before its time either")
        else:
            detail = "these credentials may remove what is locked under governance: better push with others"
            yield Trait("bypass", "allowed", "weak", detail)
    else:
        yield Trait("object-lock", "not enforced", "bad", "a version locked for a minute could be deleted")
    yield from _default_retention(probe)


def _default_retention(probe: Scratch) -> Iterator[Trait]:
    found = probe.client.get_object_lock_configuration(Bucket=probe.bucket)["ObjectLockConfiguration"]
    rule: Any = found.get("Rule", {}).get("DefaultRetention", {})
    if not rule:
        yield Trait("default-retention", "none", "good", "objects are locked only as the collection says")
        return
    length = f"{rule['Days']} days" if "Days" in rule else f"{rule.get('Years')} years"
    detail = "an erasure waits so long" if rule.get("Mode") == "COMPLIANCE" else "for all that is put there"
    yield Trait("default-retention", f"{str(rule.get('Mode')).lower()} {length}", "good", detail)


def multipart(probe: Scratch) -> Iterator[Trait]:
    """Whether what is there of an upload that was cut off can be seen, so that it is taken up or removed."""
    try:
        upload = probe.client.create_multipart_upload(**probe.at("parts"))["UploadId"]
    except boto.ClientError as error:
        yield Trait("multipart", "refused", "bad", f"no upload in parts ({code_of(error)}): great files cannot be sent")
        return
    try:
        part = probe.client.upload_part(**probe.at("parts"), UploadId=upload, PartNumber=1, Body=BODY)
        parts = probe.client.list_parts(**probe.at("parts"), UploadId=upload).get("Parts", [])
        seen = [one.get("ETag") for one in parts] == [part["ETag"]]
        uploads = probe.client.list_multipart_uploads(Bucket=probe.bucket, Prefix=probe.place).get("Uploads", [])
        found = any(one.get("UploadId") == upload for one in uploads)
    except boto.ClientError:
        seen = found = False
    with suppress(boto.ClientError):
        probe.client.abort_multipart_upload(**probe.at("parts"), UploadId=upload)
    detail = "its parts have an ETag" if seen else "its parts cannot be compared"
    uploads_told = "forgotten ones are listed" if found else "forgotten ones are not listed"
    yield Trait(
        "multipart",
        "listed" if seen else "not listed",
        "good" if seen and found else "weak",
        f"{detail}, {uploads_told}",
    )


def ranges(probe: Scratch) -> Iterator[Trait]:
    """Whether a part of an object is read alone, as replay from a remote does."""
    probe.put("range")
    got = b""
    with suppress(boto.ClientError):
        got = probe.client.get_object(**probe.at("range"), Range="bytes=9-13")["Body"].read()
    good = got == BODY[9:14]
    yield Trait(
        "ranges", "served" if good else "not served", "good" if good else "weak", "" if good else "no replay from there"
    )


def clock_and_encryption(probe: Scratch) -> Iterator[Trait]:
    """How far the clocks are apart, and whether the server says that it encrypts."""
    answer: Any = {}
    with suppress(boto.ClientError):
        answer = probe.client.put_object(**probe.at("encryption"), Body=BODY)
    sent = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        apart = (now() - parsedate_to_datetime(sent)).total_seconds()
        near = abs(apart) <= CLOCK_SECONDS
        yield Trait("clock", f"{apart:+.0f} s", "good" if near else "weak", "ours against the server's")
    except (TypeError, ValueError):
        yield Trait("clock", "unknown", "weak", "the server sends no date")
    scheme = answer.get("ServerSideEncryption", "")
    detail = "by the server, with keys that it has" if scheme else "the server does not say that it encrypts"
    yield Trait("encryption", scheme or "none", "good", detail)


def _base64(digest: bytes) -> str:
    return b64encode(digest).decode()


TRIALS = (checksums, conditions, versioning, object_lock, multipart, ranges, clock_and_encryption)
