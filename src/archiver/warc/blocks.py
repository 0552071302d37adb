"""Blocks of records: an HTTP head and a body, measured in one reading; and what header values may hold."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import quote, urlsplit

from archiver.model import Exchange, Headers
from archiver.warc.decoding import pieces
from archiver.warc.digests import labelled
from archiver.warc.http import ORIGINAL, format_head, media_type_of, parse_head, value_of, values_of

_COMPRESSED_KINDS = ("image/", "video/", "audio/", "font/woff")
_COMPRESSED_TYPES = ("application/zip", "application/gzip", "application/pdf", "application/font-woff")
_PLAIN_IMAGES = ("image/svg+xml", "image/bmp", "image/x-icon", "image/vnd.microsoft.icon")

Measured = tuple[int, str, str]
"""Bytes of a body, and the digests of payload and block."""


@dataclass(frozen=True, slots=True)
class Block:
    """A record's block: HTTP header lines or none, and a body."""

    head: bytes
    body: BinaryIO
    type: str
    """The record's Content-Type."""
    is_compressed: bool
    """Whether compressing it again would gain nothing."""


def measure(payload: Block) -> Measured:
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
    return length, labelled(digest.digest()), labelled(block.digest())


def response_block(exchange: Exchange) -> Block:
    """The response as an HTTP/1.1 message."""
    response = exchange.response
    head = format_head(f"HTTP/1.1 {response.status} {response.reason}", response.headers)
    if response.head and not response.redacted and _says(response.head, str(response.status), response.headers):
        head = response.head
    content_type = value_of(response.headers, "content-type")
    is_coded = bool(values_of(response.headers, "content-encoding"))
    return Block(head, response.body, "application/http; msgtype=response", is_coded or is_compressed(content_type))


def request_block(exchange: Exchange, nothing: BinaryIO) -> Block:
    """The request as an HTTP/1.1 message; its Content-Length is that of the body really stored."""
    request = exchange.request
    parts = urlsplit(target_uri(exchange.url))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    method = "".join(one_line(request.method).split()) or "GET"
    if request.head and not request.redacted and _says(request.head, target, request.headers):
        return Block(request.head, request.body or nothing, "application/http; msgtype=request", False)
    headers = request.headers if request.body is None else tuple(_with_length(request.headers, request.body))
    head = format_head(f"{method} {target} HTTP/1.1", headers)
    return Block(head, request.body or nothing, "application/http; msgtype=request", False)


def _says(head: bytes, second_word: str, headers: Headers) -> bool:
    """Whether a head's bytes say just this; they do not if secrets were taken out, and must not be written then."""
    read = parse_head(head)
    return second_word in (read.target, read.code) and read.headers == headers


def _with_length(headers: Headers, body: BinaryIO) -> Iterator[tuple[str, str]]:
    length = str(body.seek(0, 2))
    is_told = False
    for name, value in headers:
        if name.lower() == "transfer-encoding":
            yield f"{ORIGINAL}Transfer-Encoding", value
        elif name.lower() != "content-length":
            yield name, value
        elif not is_told:
            is_told = True
            yield name, length
    if not is_told:
        yield "Content-Length", length


def is_compressed(content_type: str) -> bool:
    """Whether compressing what has this Content-Type again would gain nothing."""
    media_type, _ = media_type_of(content_type)
    if media_type in _PLAIN_IMAGES:
        return False
    return media_type.startswith(_COMPRESSED_KINDS) or media_type in _COMPRESSED_TYPES


def target_uri(url: str) -> str:
    """A URL as a header value: nothing that could end the line or be lost at its end."""
    if url.isprintable() and " " not in url and url.isascii():  # as good as always, and a tenth of the time
        return url
    return "".join(c if c.isprintable() and not c.isspace() else quote(c, safe="", errors="surrogatepass") for c in url)


def one_line(value: str) -> str:
    """Text as a WARC header value (WARC 1.1 §4): one line of UTF-8."""
    text = str(value)
    return (text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)).strip()
