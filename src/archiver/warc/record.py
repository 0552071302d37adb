"""One record of a WARC or ARC file: its headers, and its bytes read once from front to back."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import BinaryIO

from archiver.errors import UnreadableInput
from archiver.model import Headers
from archiver.warc.decoding import CannotDecode, Dechunked, decoded, pieces, stream_of
from archiver.warc.framing import CHUNK, DamagedArchive, Segment
from archiver.warc.http import HEAD_LIMIT, LINE_LIMIT, HttpHead, media_type_of, parse_head

PAYLOAD_LIMIT = 1 << 30
"""Bytes that one decoded body may have before it is taken for a bomb."""

_LENGTH = re.compile("[0-9]{1,18}")
_PADDING_LIMIT = 64 * 1024
_BLANK_LINE = re.compile(rb"\n\s*\n")
_BLANK_FIRST_LINE = re.compile(rb"\s*\n")
_HTTP_TYPES = ("response", "request", "revisit")


@lru_cache(256)
def parse_date(text: str | None) -> datetime | None:
    """A date in the form of WARC-Date (WARC 1.1 §5.4), in UTC; None if it is none, or of a year without four digits."""
    try:
        at = datetime.fromisoformat(text or "")
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at if at.year >= 1000 else None


class Record:
    """One record. Valid until the next one is read; take `block()` or `payload()`, not both.

    Reading raises `DamagedArchive` where the file breaks off.
    """

    def __init__(self, segment: Segment, offset: int, headers: Headers, arc_length: int | None = None) -> None:
        """`arc_length`: that of the block, for a record of an ARC file. Raises `DamagedArchive`."""
        self._segment = segment
        self.offset = offset
        """Where it begins in the file as stored."""
        self.headers = headers
        """The WARC header lines in their order; those of ARC under their WARC names."""
        self._by_name = {name.lower(): value for name, value in reversed(headers)}
        self.arc = arc = arc_length is not None
        """Whether it comes from an ARC file, which knows no ids and no digests."""
        self.type = self._by_name.get("warc-type", "")
        self.url = self._by_name.get("warc-target-uri", "")
        self.id = "" if arc else (self.header("WARC-Record-ID") or "").strip("<> ")
        """Without angle brackets; empty where there is none."""
        self.block_length = self._declared_length() if arc_length is None else arc_length
        """Bytes of the block, as its Content-Length says."""
        self.trailer = b""
        """The line ends behind the block, known once the record was read to its end."""
        self._left = self.block_length
        self._length: int | None = None
        self.head_bytes = self._read_head() if self._holds_http() else b""
        """The stored bytes of the HTTP header lines, if the record has them."""
        self.http: HttpHead | None = parse_head(self.head_bytes) if self.head_bytes else None
        """Status or request line and headers, or None."""

    def header(self, name: str) -> str | None:
        """The first WARC header of that name, in any case, or None."""
        return self._by_name.get(name.lower())

    @property
    def date(self) -> datetime | None:
        """WARC-Date, in UTC; None where it is missing or no date."""
        return parse_date(self.header("WARC-Date"))

    @property
    def status(self) -> int | None:
        """The HTTP status of a response or revisit, or None."""
        if self.http is None or self.type == "request" or not re.fullmatch(r"[1-9][0-9]{2}", self.http.code):
            return None
        return int(self.http.code)

    @property
    def payload_digest(self) -> str | None:
        """WARC-Payload-Digest as it stands, such as `sha1:` and base32; a claim until `check` has read the payload."""
        return self.header("WARC-Payload-Digest")

    @property
    def media_type(self) -> str:
        """Of the payload, in lower case and without parameters; empty where it is not told."""
        return media_type_of(self._content_type())[0]

    @property
    def charset(self) -> str:
        """The charset parameter of the payload's type, in lower case, or empty."""
        return media_type_of(self._content_type())[1]

    @property
    def is_chunked(self) -> bool:
        """Whether the HTTP head says that the body is in chunks."""
        if self.http is None or b"chunked" not in self.head_bytes.lower():
            return False
        return (self.http.get("Transfer-Encoding") or "").strip().lower() == "chunked"

    @property
    def length(self) -> int:
        """Bytes of the record as stored, with its whole gzip member; reads on to its end to know."""
        return self.finish()

    def finish(self) -> int:
        """Read on to the record's end, which must be the end of its gzip member, too; returns its length."""
        if self._length is None:
            while self.read(CHUNK):
                pass
            end = self._segment.tell()
            self.trailer = self._segment.read_line_ends(_PADDING_LIMIT)
            if self._segment.gzip:
                self._at_end_of_member()
                end = self._segment.tell()
            self._length = end - self.offset
        return self._length

    def block(self) -> BinaryIO:
        """The stored bytes of the block, HTTP header lines included."""
        return stream_of(self._block())

    def payload(self, limit: int = PAYLOAD_LIMIT) -> BinaryIO:
        """The body without HTTP headers, chunk framing and content coding, as a stream in bounded memory.

        Reading raises `UnreadableInput` where the coding is unknown or broken or the body grows above `limit` bytes.
        """
        return stream_of(self._decoded(limit))

    def read(self, size: int) -> bytes:
        """The next bytes of the block behind the HTTP header lines, as stored: `size` at most, none at the end."""
        return self._took(self._segment.read(min(size, self._left))) if self._left else b""

    def readline(self, size: int) -> bytes:
        """The next line of the block, as stored, cut at `size` bytes."""
        return self._took(self._segment.readline(min(size, self._left))) if self._left else b""

    def _took(self, piece: bytes) -> bytes:
        if not piece:
            if self._segment.gzip:
                raise self._damage("a gzip member ends before its record does: its Content-Length is wrong")
            raise DamagedArchive(self._segment.path, self.offset, "the file ends inside a record", cut=True)
        self._left -= len(piece)
        return piece

    def _damage(self, why: str) -> DamagedArchive:
        return DamagedArchive(self._segment.path, self.offset, why)

    def _declared_length(self) -> int:
        declared = self._by_name.get("content-length", "")
        if not _LENGTH.fullmatch(declared):
            raise self._damage("a record has no Content-Length that is a number")
        return int(declared)

    def _holds_http(self) -> bool:
        """Only these have HTTP header lines (WARC 1.1 §6.3.2, §6.4.2), and an empty block has none."""
        return self.type in _HTTP_TYPES and self.url.startswith(("http:", "https:")) and self.block_length > 0

    def _content_type(self) -> str | None:
        if self.type in _HTTP_TYPES:
            return self.http.get("Content-Type") if self.http else None
        return self.header("Content-Type")

    def _read_head(self) -> bytes:
        if plain := self._segment.read_head(min(self._left, HEAD_LIMIT)):
            self._left -= len(plain)
            inner = len(plain) - 2
            if not _BLANK_LINE.search(plain, 0, inner) and not _BLANK_FIRST_LINE.match(plain, 0, inner):
                return plain
            self._segment.unread(plain)  # an empty line comes before: the head ends there
            self._left += len(plain)
        head = bytearray()
        while line := self.readline(LINE_LIMIT):
            head += line
            if len(head) > HEAD_LIMIT or len(line) == LINE_LIMIT:
                raise self._damage("the HTTP header of a record is larger than any real one")
            if not line.strip():
                break
        return bytes(head)

    def _at_end_of_member(self) -> None:
        if not self._segment.at_end():
            raise self._damage(
                "a gzip member goes on behind its record: either the file was compressed as a whole, which cannot be "
                "replayed (`warcio recompress` mends it), or a Content-Length is wrong"
            )

    def _block(self) -> Iterator[bytes]:
        yield self.head_bytes
        yield from pieces(self)

    def _decoded(self, limit: int) -> Iterator[bytes]:
        where, done = f"{self._segment.path} at byte {self.offset}", 0
        http = self.http
        coding = (http.get("Content-Encoding") or "") if http else ""
        try:
            for piece in decoded(iter(Dechunked(self)) if self.is_chunked else pieces(self), coding):
                done += len(piece)
                if done > limit:
                    raise UnreadableInput(where, f"the body unpacks to more than {limit} bytes")
                yield piece
        except CannotDecode as error:
            raise UnreadableInput(where, str(error)) from error
