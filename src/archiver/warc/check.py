"""Checking a WARC or ARC file from end to end: its structure, and every digest that it claims.

Digests inside a file prove nothing against whoever can rewrite it, and do not cover the WARC headers: the SHA-256 in
the ledger does. What this finds is what went wrong in making or copying the file, record by record.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from archiver.model import Finding, Level
from archiver.warc.decoding import Dechunked, Readable, pieces
from archiver.warc.digests import Digest, UnknownDigest, parse_digest
from archiver.warc.framing import CHUNK, DamagedArchive
from archiver.warc.reader import read_records
from archiver.warc.record import Record

_MANDATORY = ("WARC-Type", "WARC-Record-ID", "WARC-Date")
_WARC_TRAILER = b"\r\n\r\n"


def check(path: Path) -> Iterator[Finding]:
    """Read all of a file and tell what is wrong with it; the last finding (`warc-records`) counts its records.

    Errors: `warc-damaged` (structure; nothing behind it was read), `warc-digest`, `warc-field`, `warc-duplicate-id`.
    Warnings: `warc-no-digest`, `warc-unknown-digest`, `warc-end`, `warc-chunks`. Of each kind of weakness that a
    file has all through, there is one finding with a number. Raises `UnreadableInput` if the file cannot be opened.
    """
    check = Check(path)
    try:
        for record in read_records(path):
            yield from check.record(record)
    except DamagedArchive as error:
        yield check.damage(error)
    yield from check.weaknesses()
    yield Finding("info", "warc-records", str(path), f"{check.records} records were read.")


class Check:
    """What is wrong with a file, told record by record while somebody reads it; see `check`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: set[str] = set()
        self._tally: Counter[str] = Counter()

    @property
    def records(self) -> int:
        """How many were read to their end."""
        return self._tally["records"]

    def record(self, record: Record) -> list[Finding]:
        """What is wrong with one record, which is read to its end. Raises `DamagedArchive`."""
        where = f"{self._path}@{record.offset}"
        weak: list[str] = []
        findings = [*_check_fields(record, where, self._seen), *_check_digests(record, where, weak)]
        record.finish()
        if record.trailer != _WARC_TRAILER and not record.arc:
            weak.append("end")
        for name in (*weak, "records"):
            self._tally[name] += 1
        return findings

    def damage(self, error: DamagedArchive) -> Finding:
        """Where the file breaks off."""
        return Finding("error", "warc-damaged", f"{self._path}@{error.offset}", _sentence(error.why), error.hint)

    def weaknesses(self) -> Iterator[Finding]:
        """What many records have, once, with a number; after the last."""
        total = self.records

        def finding(level: Level, name: str, what: str) -> Iterator[Finding]:
            if self._tally[name]:
                message = f"{self._tally[name]} of {total} records {what}."
                yield Finding(level, f"warc-{name}", str(self._path), message)

        yield from finding("warning", "no-digest", "have no digest, so that no change in them could be seen here")
        yield from finding("warning", "end", "are not followed by the two line ends that WARC 1.1 §4 asks for")
        yield from finding("warning", "chunks", "say that their body is chunked, which it is not, or not rightly")
        stored = "have a payload digest over the chunked bytes as stored, not over the entity (§5.9)"
        yield from finding("info", "stored-digest", stored)


def _check_fields(record: Record, where: str, seen: set[str]) -> Iterator[Finding]:
    if record.arc:
        return
    if not (record.type and record.id and record.date):
        for name in _MANDATORY:
            if not record.header(name):
                yield Finding("error", "warc-field", where, f"The record has no {name} (WARC 1.1 §5).")
        if record.header("WARC-Date") and record.date is None:
            yield Finding("error", "warc-field", where, "Its WARC-Date is no date.")
    if record.id and record.id in seen:
        yield Finding("error", "warc-duplicate-id", where, f"Another record of the file has the id {record.id}, too.")
    seen.add(record.id)


def _check_digests(record: Record, where: str, weak: list[str]) -> Iterator[Finding]:
    """Read the block once; compare it with what the record claims of it."""
    claims: dict[str, Digest] = {}
    for name in ("WARC-Block-Digest", "WARC-Payload-Digest"):
        text = record.header(name)
        try:
            if text:
                claims[name] = parse_digest(text)
        except UnknownDigest as error:
            yield Finding("warning", "warc-unknown-digest", where, _sentence(f"{name}: {error}"))
    if not claims:
        weak.append("no-digest")
    if record.type == "revisit" or record.header("WARC-Segment-Number"):
        claims.pop("WARC-Payload-Digest", None)  # it is that of another record, or of several
    block, payload = claims.get("WARC-Block-Digest"), claims.get("WARC-Payload-Digest")
    found = _measure(record, block, payload)
    if block and found.block != block.value:
        yield _altered(where, record, "block")
    if payload and payload.value not in (found.stored, found.entity):
        yield _altered(where, record, "payload")
    if found.broken and not record.header("WARC-Truncated"):
        weak.append("chunks")
    if found.chunked and not found.broken and payload is not None and payload.value == found.stored:
        weak.append("stored-digest")


def _altered(where: str, record: Record, what: str) -> Finding:
    claimed = record.header(f"WARC-{what.title()}-Digest")
    named = f"{record.type} {record.id} of {record.url[:200]}"
    return Finding(
        "error",
        "warc-digest",
        where,
        f"The {what} of the {named} is not what its digest {claimed} was made of.",
        "The record was altered after it was written, or written wrongly; compare with another copy.",
    )


class _Measured(NamedTuple):
    """What a record really holds: the digests of its block, and of its payload in both readings of the field."""

    block: bytes
    stored: bytes
    entity: bytes
    chunked: bool
    broken: bool
    """Whether the chunk framing is not what it should be."""


def _measure(record: Record, block: Digest | None, payload: Digest | None) -> _Measured:
    """Read the record once, with the algorithms of the digests claimed."""
    whole, stored = _new_hash(block), _new_hash(payload)
    whole.update(record.head_bytes)
    if not record.is_chunked:
        if not record.head_bytes and stored.name == whole.name:
            stored = whole  # the payload is the block
        while piece := record.read(CHUNK):
            whole.update(piece)
            if stored is not whole:
                stored.update(piece)
        found = stored.digest()
        return _Measured(whole.digest(), found, found, chunked=False, broken=False)
    tap, entity = _Tap(record, (whole, stored)), _new_hash(payload)
    body = Dechunked(tap)
    for piece in body:
        entity.update(piece)
    _drain(tap)  # trailers behind the last chunk
    return _Measured(whole.digest(), stored.digest(), entity.digest(), chunked=True, broken=body.broken)


def _new_hash(claim: Digest | None) -> "hashlib._Hash":
    if claim is None or claim.algorithm == "sha1":
        return hashlib.sha1(usedforsecurity=False)
    return hashlib.new(claim.algorithm, usedforsecurity=False)


def _drain(source: Readable) -> None:
    for _ in pieces(source):
        pass


class _Tap:
    """A record's body, which adds to the hashes whatever is read from it."""

    def __init__(self, record: Record, hashes: tuple["hashlib._Hash", ...]) -> None:
        self._record = record
        self._hashes = hashes

    def read(self, size: int) -> bytes:
        """As `Record.read`."""
        return self._seen(self._record.read(size))

    def readline(self, size: int) -> bytes:
        """As `Record.readline`."""
        return self._seen(self._record.readline(size))

    def _seen(self, piece: bytes) -> bytes:
        for one in self._hashes:
            one.update(piece)
        return piece


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
