"""Writing WARC 1.1: one gzip member per record, streamed, with block and payload digests.

warcio frames the records; two things are put in its place. The gzip member is chosen per record: isal for text,
stored for media that are compressed already (several times faster, files of equal size). And HTTP headers are written
in the bytes they came in, which warcio would percent-encode.
"""

import hashlib
import json
import zlib
from base64 import b32encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from typing import Any, BinaryIO, Literal
from urllib.parse import quote, urlsplit
from uuid import uuid4

from isal import isal_zlib
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archiver import __version__
from archiver.model import Exchange, Headers, Item, PageInfo, Request, Resource, Response, new_body, now, timestamp
from archiver.warc.decoding import pieces
from archiver.warc.http import format_head, media_type_of, parse_head
from archiver.warc.revisits import Revisits

AGENTS = tuple(f"{name}/{version(name)}" for name in ("warcio", "isal"))
"""The libraries that write the files, as `name/version`."""

_GZIP = zlib.MAX_WBITS | 16
_TEXT_LEVEL = 2
_COMPRESSED_KINDS = ("image/", "video/", "audio/", "font/woff")
_COMPRESSED_TYPES = ("application/zip", "application/gzip", "application/pdf", "application/font-woff")
_PLAIN_IMAGES = ("image/svg+xml", "image/bmp", "image/x-icon", "image/vnd.microsoft.icon")

_Measured = tuple[int, str, str]
"""Bytes of a body, and the digests of payload and block."""

_HTTP_LINES = "HTTP/1.1 in every record, as the format has it; WARC-Protocol names the protocol really spoken"


@dataclass(frozen=True, slots=True)
class RecordRef:
    """A record that was written, as sidecars refer to it."""

    role: str
    """`main`, `redirect` or `part` for an exchange; the name of a `Resource`; `pageinfo`."""
    record_id: str
    """`urn:uuid:…`"""
    url: str
    """WARC-Target-URI."""
    type: str
    """The WARC-Type."""
    payload_digest: str
    """`sha1:` and base32, over the payload as stored."""
    date: datetime
    """WARC-Date."""
    status: int | None = None
    """The HTTP status of an exchange."""


@dataclass(frozen=True, slots=True)
class _Payload:
    """A record's block: HTTP header lines or none, and a body."""

    head: bytes
    body: BinaryIO
    type: str
    """The record's Content-Type."""
    is_compressed: bool
    """Whether compressing it again would gain nothing."""


class WarcWriter:
    """Writes the records of one capture to `stream`, which stays the caller's to sync and close.

    Begins with a `warcinfo` record that says how the file was made: `info` adds to it or overrides it (`fidelity`,
    `isPartOf`, `operator` …). All records of the capture carry one WARC-Page-ID, `page_id`.
    Bodies are read from their start and left open, at their start.

    An answer whose payload `revisits` knows of becomes a `revisit` record; without it, every answer is kept whole.
    """

    def __init__(
        self, stream: BinaryIO, *, filename: str, info: Mapping[str, str], revisits: Revisits | None = None
    ) -> None:
        self.page_id = str(uuid4())
        self.records = 0
        """Records written so far, of all types."""
        self.refs: list[RecordRef] = []
        """What `write` returned, in order."""
        self._revisits = revisits
        self._kept: dict[tuple[str, str, str], dict[str, Any]] = {}
        self._stream = stream
        self._warcio = WARCWriter(stream, gzip=False, warc_version="WARC/1.1")
        self._warcinfo_id = self._write_info(filename, info)

    def write(self, item: Item) -> RecordRef:
        """Write an item: an exchange as a response and its request, anything else as a resource."""
        if isinstance(item, Exchange):
            ref = self._write_exchange(item)
        elif isinstance(item, PageInfo):
            content = json.dumps(self._log(item), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
            with new_body(content.encode("utf-8", "replace")) as body:
                ref = self._write_resource(
                    Resource("pageinfo", item.url, "application/json", body, item.finished, item.redacted)
                )
        else:
            ref = self._write_resource(item)
        self.refs.append(ref)
        return ref

    def _log(self, info: PageInfo) -> dict[str, Any]:
        """The page's own account; each request with the record that was made of its answer."""
        told = info.as_json()
        for line in told["requests"]:
            line |= self._kept.get((line["url"], line["method"], line["started"]), {})
        return told

    def _write_info(self, filename: str, info: Mapping[str, str]) -> str:
        fields = {
            "software": f"archiver/{__version__}",
            "format": "WARC File Format 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "http-header-lines": _HTTP_LINES,
            **info,
        }
        lines = "".join(f"{_one_line(name)}: {_one_line(value)}\r\n" for name, value in fields.items())
        headers = [("WARC-Filename", _one_line(filename))]
        with new_body(lines.encode("utf-8", "replace")) as body:
            payload = _Payload(b"", body, "application/warc-fields", False)
            record_id, _ = self._write_record("warcinfo", now(), headers, payload)
        return record_id

    def _write_exchange(self, exchange: Exchange) -> RecordRef:
        url = _target(exchange.url)
        common = [("WARC-Target-URI", url), *self._context()]
        if exchange.ip:
            common.append(("WARC-IP-Address", _one_line(exchange.ip)))
        common += [("WARC-Protocol", _one_line(protocol)) for protocol in exchange.protocols]
        if exchange.cipher:
            common.append(("WARC-Cipher-Suite", _one_line(exchange.cipher)))
        if exchange.resource_type:
            common.append(("WARC-Resource-Type", _one_line(exchange.resource_type)))
        kind, response_id, digest = self._write_answer(exchange, url, [*common, *_redacted(exchange.response)])
        with new_body() as nothing:
            asked = _request_payload(exchange, nothing)
            concurrent = ("WARC-Concurrent-To", f"<{response_id}>")
            told = [*common, concurrent, *_redacted(exchange.request)]
            self._write_record("request", exchange.started, told, asked)
        return RecordRef(exchange.role, response_id, url, kind, digest, exchange.started, exchange.response.status)

    def _write_answer(
        self, exchange: Exchange, url: str, headers: list[tuple[str, str]]
    ) -> tuple[Literal["response", "revisit"], str, str]:
        """Write the answer, or name the one that holds its body; returns which, the record's id and payload digest."""
        payload = _response_payload(exchange)
        measured = _measure(payload)
        length, digest, _ = measured
        original = self._revisits.original(exchange, url, digest, length) if self._revisits else None
        if original:
            with new_body() as nothing:
                lines, head = [*headers, *original.lines], replace(payload, body=nothing, is_compressed=False)
                measured = (0, digest, _measure(head)[2])
                record_id, _ = self._write_record("revisit", exchange.started, lines, head, measured)
        else:
            cut = [("WARC-Truncated", exchange.truncated)] if exchange.truncated else []
            record_id, _ = self._write_record("response", exchange.started, [*headers, *cut], payload, measured)
        key = (exchange.url, exchange.request.method, timestamp(exchange.started, micro=True))
        self._kept[key] = {"record": record_id, "bytes": length}
        return "revisit" if original else "response", record_id, digest

    def _write_resource(self, resource: Resource) -> RecordRef:
        url, media_type = _target(resource.url), _one_line(resource.media_type)
        payload = _Payload(b"", resource.body, media_type, _is_compressed(media_type))
        headers = [("WARC-Target-URI", url), *self._context(), *_redacted(resource)]
        record_id, digest = self._write_record("resource", resource.created, headers, payload)
        return RecordRef(resource.name, record_id, url, "resource", digest, resource.created)

    def _context(self) -> Headers:
        return (("WARC-Warcinfo-ID", f"<{self._warcinfo_id}>"), ("WARC-Page-ID", self.page_id))

    def _write_record(
        self,
        kind: str,
        date: datetime,
        headers: list[tuple[str, str]],
        payload: _Payload,
        measured: _Measured | None = None,
    ) -> tuple[str, str]:
        """Write one record; returns its id and its payload digest."""
        record_id = f"urn:uuid:{uuid4()}"
        length, payload_digest, block_digest = measured or _measure(payload)
        lines = [
            ("WARC-Type", kind),
            ("WARC-Record-ID", f"<{record_id}>"),
            ("WARC-Date", timestamp(date, micro=True)),
            *headers,
            ("WARC-Block-Digest", block_digest),
        ]
        if kind != "warcinfo":
            lines.append(("WARC-Payload-Digest", payload_digest))
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
        self._warcio.out = _GzipMember(self._stream, stored=payload.is_compressed)
        self._warcio.write_record(record)
        payload.body.seek(0)
        self.records += 1
        return record_id, payload_digest


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


def _measure(payload: _Payload) -> _Measured:
    """Bytes of the body, and the digests of payload and block, in one reading. Leaves the body at its start."""
    payload.body.seek(0)
    digest = hashlib.sha1(usedforsecurity=False)
    block = hashlib.sha1(payload.head, usedforsecurity=False)
    length = 0
    for piece in pieces(payload.body):
        digest.update(piece)
        block.update(piece)
        length += len(piece)
    payload.body.seek(0)
    return length, _labelled(digest.digest()), _labelled(block.digest())


def _redacted(part: Request | Response | Resource) -> list[tuple[str, str]]:
    """A field of our own (WARC 1.1 §5 allows such): the bytes are not those that were sent, and where not."""
    return [("WARC-Redacted", _one_line(", ".join(part.redacted)))] if part.redacted else []


def _labelled(digest: bytes) -> str:
    return "sha1:" + b32encode(digest).decode()


def _response_payload(exchange: Exchange) -> _Payload:
    response = exchange.response
    head = format_head(f"HTTP/1.1 {response.status} {response.reason}", response.headers)
    if response.head and not response.redacted and _says(response.head, str(response.status), response.headers):
        head = response.head
    content_type = next((value for name, value in response.headers if name.lower() == "content-type"), "")
    is_coded = any(name.lower() == "content-encoding" for name, _ in response.headers)
    return _Payload(head, response.body, "application/http; msgtype=response", is_coded or _is_compressed(content_type))


def _request_payload(exchange: Exchange, nothing: BinaryIO) -> _Payload:
    """The request as an HTTP/1.1 message; its Content-Length is that of the body really stored."""
    request = exchange.request
    parts = urlsplit(_target(exchange.url))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    method = "".join(_one_line(request.method).split()) or "GET"
    if request.head and not request.redacted and _says(request.head, target, request.headers):
        return _Payload(request.head, request.body or nothing, "application/http; msgtype=request", False)
    headers = request.headers if request.body is None else tuple(_with_length(request.headers, request.body))
    head = format_head(f"{method} {target} HTTP/1.1", headers)
    return _Payload(head, request.body or nothing, "application/http; msgtype=request", False)


def _says(head: bytes, second_word: str, headers: Headers) -> bool:
    """Whether a head's bytes say just this; they do not if secrets were taken out, and must not be written then."""
    read = parse_head(head)
    return second_word in (read.target, read.code) and read.headers == headers


def _with_length(headers: Headers, body: BinaryIO) -> Iterator[tuple[str, str]]:
    length = str(body.seek(0, 2))
    is_told = False
    for name, value in headers:
        if name.lower() == "transfer-encoding":
            yield "X-Archive-Orig-Transfer-Encoding", value
        elif name.lower() != "content-length":
            yield name, value
        elif not is_told:
            is_told = True
            yield name, length
    if not is_told:
        yield "Content-Length", length


def _is_compressed(content_type: str) -> bool:
    media_type, _ = media_type_of(content_type)
    if media_type in _PLAIN_IMAGES:
        return False
    return media_type.startswith(_COMPRESSED_KINDS) or media_type in _COMPRESSED_TYPES


def _target(url: str) -> str:
    """A URL as a header value: nothing that could end the line or be lost at its end."""
    if url.isprintable() and " " not in url and url.isascii():  # as good as always, and a tenth of the time
        return url
    return "".join(c if c.isprintable() and not c.isspace() else quote(c, safe="", errors="surrogatepass") for c in url)


def _one_line(value: str) -> str:
    """Text as a WARC header value (WARC 1.1 §4): one line of UTF-8."""
    text = str(value)
    return (text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)).strip()
