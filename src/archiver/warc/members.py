"""A record as warcio frames it, written to a gzip member of its own or as it is.

warcio takes a tenth of a second to load: this module is imported when the first record is written.
"""

import zlib
from typing import BinaryIO

from isal import isal_zlib
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archiver.warc.blocks import Block

_GZIP = zlib.MAX_WBITS | 16
_TEXT_LEVEL = 2


def write_member(
    stream: BinaryIO, kind: str, lines: list[tuple[str, str]], payload: Block, length: int, *, packed: bool = True
) -> None:
    """Write a record of that WARC-Type, header lines and block; `length` is that of the payload's body."""
    record = ArcWarcRecord(
        "warc",
        kind,
        StatusAndHeaders("", lines, protocol="WARC/1.1"),
        payload.body,
        _WireHead(payload.head) if payload.head else None,
        payload.type,
        length,
        payload_length=length,
    )
    writer = WARCWriter(stream, gzip=False, warc_version="WARC/1.1")
    writer.out = _GzipMember(stream, stored=payload.is_compressed) if packed else _Plain(stream)
    writer.write_record(record)


class _WireHead(StatusAndHeaders):  # type: ignore[misc]
    """An HTTP header block that is written as it is."""

    def __init__(self, block: bytes) -> None:
        super().__init__("as given", [])
        self._block = block

    def to_ascii_bytes(self, filter_func: object = None) -> bytes:
        """The block's bytes; where warcio would percent-encode what is not ASCII."""
        return self._block


class _GzipMember:
    """What warcio writes one record to; `flush` ends the member."""

    def __init__(self, stream: BinaryIO, *, stored: bool) -> None:
        # zlib, for the level 0 of isal is no plain storing: it grows the data by a quarter.
        self._deflate = (
            zlib.compressobj(0, wbits=_GZIP)
            if stored
            else isal_zlib.compressobj(_TEXT_LEVEL, isal_zlib.DEFLATED, _GZIP)
        )
        self._stream = stream

    def write(self, content: bytes) -> None:
        """Add to the member."""
        self._stream.write(self._deflate.compress(content))

    def flush(self) -> None:
        """End the member."""
        self._stream.write(self._deflate.flush())


class _Plain:
    """What warcio writes a record of an unpacked file to."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, content: bytes) -> None:
        """Pass it on."""
        self._stream.write(content)

    def flush(self) -> None:
        """The stream is the caller's to flush."""
