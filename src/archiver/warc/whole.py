"""Revisits made whole: the body that another file holds is put where the revisit only named it.

A revisit becomes the `response` that it stood for: its own date, HTTP status and header lines, the same payload digest,
and the payload itself. It keeps its WARC-Record-ID, so that its request and the page's own account still name it: WARC
1.1 §5.2 asks that an id be unique for the period of its use, and that of the revisit ends here. What the record was is
told by a field of our own, `WARC-Was-Revisit`, whose value is the profile that it had. All other records are copied
byte for byte. The same input always gives the same bytes.
"""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

from archiver import disk
from archiver.model import Headers, new_body
from archiver.warc.blocks import Block, is_compressed, measure
from archiver.warc.decoding import Dechunked, pieces
from archiver.warc.digests import UnknownDigest, parse_digest
from archiver.warc.http import coding_of, is_framed
from archiver.warc.reader import read_records
from archiver.warc.record import Record
from archiver.warc.revisits import PROFILE

_OF_A_REVISIT = (
    "warc-type", "warc-profile", "warc-refers-to", "warc-refers-to-target-uri", "warc-refers-to-date",
    "warc-block-digest", "warc-truncated", "content-length", "content-type",
)  # fmt: skip
"""Fields that a revisit has and the response does not, or has with another value."""

Body = Callable[[Record], AbstractContextManager[Record] | None]
"""A revisit to the record that holds its body, open; None where it shall stay as it is."""


def holds(record: Record, payload_digest: str) -> bool:
    """Whether a response's stored bytes, read to their end, have this payload digest."""
    if record.type != "response" or record.http is None:
        return False
    try:
        claimed = parse_digest(payload_digest)
    except UnknownDigest:
        return False
    digest = hashlib.new(claimed.algorithm, usedforsecurity=False)
    for piece in Dechunked(record) if is_framed(record.http.headers) else pieces(record):
        digest.update(piece)
    return digest.digest() == claimed.value


def write_whole(source: Path, target: BinaryIO, body: Body) -> list[str]:
    """Copy a WARC file to `target`, the revisits for which `body` has one as responses; returns the ids of these.

    Raises `DamagedArchive` where the file breaks off.
    """
    became: list[str] = []
    with source.open("rb") as stored:
        for record in read_records(source):
            if record.type == "revisit" and (opened := body(record)):
                _copy(stored, target, record.offset - stored.tell())
                packed = _is_packed(source, record)
                with opened as original:
                    _write(record, original, target, packed=packed)
                end = record.offset + record.length
                stored.seek(end if packed else end + len(record.trailer))
                became.append(record.id)
        _copy(stored, target, None)
    return became


def _copy(source: BinaryIO, target: BinaryIO, left: int | None) -> None:
    """The next bytes, so many or to the end."""
    while chunk := source.read(disk.CHUNK if left is None else min(disk.CHUNK, left)):
        target.write(chunk)
        left = None if left is None else left - len(chunk)


def _is_packed(path: Path, record: Record) -> bool:
    with path.open("rb") as stream:
        stream.seek(record.offset)
        return stream.read(2) == b"\x1f\x8b"


def _write(revisit: Record, original: Record, target: BinaryIO, *, packed: bool) -> None:
    from archiver.warc.members import write_member  # loads warcio, which readers seldom need

    with new_body() as body:
        for piece in pieces(original):
            body.write(piece)
        head = revisit.head_bytes if _fits(revisit, original) else original.head_bytes
        media_type = original.media_type
        payload = Block(head, body, "application/http; msgtype=response", is_compressed(media_type))
        length, _, block_digest = measure(payload)
        lines = [("WARC-Type", "response"), *_kept(revisit.headers)]
        lines += [("WARC-Truncated", cut) for cut in (original.header("WARC-Truncated"),) if cut]
        lines += [("WARC-Was-Revisit", revisit.header("WARC-Profile") or PROFILE), ("WARC-Block-Digest", block_digest)]
        write_member(target, "response", lines, payload, length, packed=packed)


def _fits(revisit: Record, original: Record) -> bool:
    """Whether the revisit's own header lines go with the stored body; some crawlers write none."""
    mine, other = (one.http.headers if one.http else () for one in (revisit, original))
    if not revisit.http or not revisit.http.headers:
        return False
    return coding_of(mine) == coding_of(other) and is_framed(mine) == is_framed(other)


def _kept(headers: Headers) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in _OF_A_REVISIT]
