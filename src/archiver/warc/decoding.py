"""Bodies as stored -> bodies as meant: transfer coding off, content coding off, in bounded memory.

Hostile input: a few kilobytes of brotli can stand for gigabytes, so every decoder here hands out small pieces.
warcio's own readers unpack without a bound and print what they stumble over.
"""

import io
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from types import ModuleType
from typing import BinaryIO, Protocol, cast

from archiver.model import Headers
from archiver.warc.http import coding_of, is_framed

CHUNK = 64 * 1024
ENTITY_LIMIT = 1 << 30
"""Bytes of a body without its coding above which it is taken for a bomb."""
_GZIP = zlib.MAX_WBITS | 16
_CHUNK_LINE = 4096


def _load_brotli() -> ModuleType:
    """The C module of Brotli, past the module table.

    pywb's dependency brotlipy installs another package over the name `brotli`, puts a module of its own under
    `_brotli`, and cannot limit what one call hands out.
    """
    spec = PathFinder.find_spec("_brotli")
    if spec is None or spec.loader is None:
        raise ImportError("the package Brotli is not installed")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_brotli = _load_brotli()


class CannotDecode(ValueError):
    """The body is not in the coding that its header names, or in one that is not known here."""


class Readable(Protocol):
    """What is read from."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most `size`, none at the end."""
        ...

    def readline(self, size: int, /) -> bytes:
        """The next line with its newline, cut at `size` bytes."""
        ...


def pieces(source: Readable) -> Iterator[bytes]:
    """What is left of `source`, in chunks."""
    while piece := source.read(CHUNK):
        yield piece


class Dechunked:
    """Iterates over a body without its chunked transfer coding (RFC 9112 §7.1).

    Bytes that are not framed as they should be come out as they stand, and `broken` is set: archives hold many
    bodies whose header says chunked although the crawler took the framing off.
    """

    def __init__(self, source: Readable) -> None:
        self._source = source
        self.broken = False

    def __iter__(self) -> Iterator[bytes]:
        line = self._source.readline(_CHUNK_LINE)
        while (size := _chunk_size(line)) != 0:
            if size is None:
                yield from self._as_it_stands(line)
                return
            while size and (piece := self._source.read(min(size, CHUNK))):
                size -= len(piece)
                yield piece
            line = self._source.readline(2)
            if line != b"\r\n":
                yield from self._as_it_stands(line)
                return
            line = self._source.readline(_CHUNK_LINE)

    def _as_it_stands(self, first: bytes) -> Iterator[bytes]:
        self.broken = True
        if first:
            yield first
        yield from pieces(self._source)


def _chunk_size(line: bytes) -> int | None:
    """The size on a chunk's first line, or None if the line is no such line."""
    digits = line.partition(b";")[0].strip()
    if not line.endswith(b"\n") or not digits or digits.strip(b"0123456789abcdefABCDEF"):
        return None
    return int(digits, 16)


def _inflated(packed: Iterator[bytes], new_decoder: Callable[[], "zlib._Decompress"]) -> Iterator[bytes]:
    """Deflate data unpacked; a gzip body may have several members, and what follows the last is no part of it."""
    decoder = new_decoder()
    for chunk in packed:
        while chunk:
            if decoder.eof:
                if not chunk.startswith(b"\x1f\x8b"):
                    return
                decoder = new_decoder()
            yield decoder.decompress(chunk, CHUNK)
            chunk = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
    yield decoder.flush()  # raw deflate data may end with its last match still in the decoder


def _gunzipped(packed: Iterator[bytes]) -> Iterator[bytes]:
    return _inflated(packed, lambda: zlib.decompressobj(_GZIP))


def _undeflated(packed: Iterator[bytes]) -> Iterator[bytes]:
    """`deflate` means a zlib stream (RFC 9110 §8.4.1.2), but some servers send raw deflate data."""
    first = next(packed, b"")
    has_zlib_header = len(first) > 1 and first[0] & 0x0F == 8 and (first[0] << 8 | first[1]) % 31 == 0
    bits = zlib.MAX_WBITS if has_zlib_header else -zlib.MAX_WBITS
    return _inflated(_chain(first, packed), lambda: zlib.decompressobj(bits))


def _unbrotlied(packed: Iterator[bytes]) -> Iterator[bytes]:
    decoder = _brotli.Decompressor()
    for chunk in packed:
        while piece := decoder.process(chunk, output_buffer_limit=CHUNK):
            yield piece
            if decoder.is_finished():
                return
            chunk = b""  # what it was given it keeps, and hands out on further calls


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


_DECODERS = {"gzip": _gunzipped, "x-gzip": _gunzipped, "deflate": _undeflated, "br": _unbrotlied}
_NO_CODINGS = ("", "identity", "none", "utf-8")
_MOST_CODINGS = 5
_DAMAGE = (zlib.error, _brotli.error)


def decoded(packed: Iterator[bytes], codings: str) -> Iterator[bytes]:
    """`packed` without its content codings, the value of Content-Encoding (RFC 9110 §8.4).

    A body that is plainly not in the coding named comes out as it stands, as replay tools show it; one that was
    cut short ends early. Damage in the middle and unknown codings raise `CannotDecode`.
    """
    names = [name for part in codings.split(",") if (name := part.strip().lower()) not in _NO_CODINGS]
    if len(names) > _MOST_CODINGS:
        raise CannotDecode("the body is said to be coded more often than any real one")
    for name in reversed(names):
        if name not in _DECODERS:
            raise CannotDecode(f"the content coding {name[:40]!r} is not known here")
        packed = _one_coding(packed, name)
    return packed


def _one_coding(packed: Iterator[bytes], name: str) -> Iterator[bytes]:
    first = next(packed, b"")
    unpacked = filter(None, _DECODERS[name](_chain(first, packed)))
    try:
        yield next(unpacked, b"")
    except _DAMAGE:
        yield first
        yield from packed
        return
    try:
        yield from unpacked
    except _DAMAGE as error:
        raise CannotDecode(f"the {name} data of the body is damaged") from error


def entity(body: BinaryIO, headers: Headers) -> Generator[bytes]:
    """A stored body, from its start and left there, without the codings that its headers name.

    Raises `CannotDecode` at an unknown coding, damage or a bomb.
    """
    size = 0
    body.seek(0)
    unframed = iter(Dechunked(stream_of(pieces(body)))) if is_framed(headers) else pieces(body)
    try:
        for piece in decoded(unframed, coding_of(headers)):
            size += len(piece)
            if size > ENTITY_LIMIT:
                raise CannotDecode("it unpacks to more than a gigabyte")
            yield piece
    finally:
        body.seek(0)


def beginning(body: BinaryIO, headers: Headers, length: int) -> bytes:
    """At most `length` bytes of an `entity`, as far as it can be decoded."""
    found = bytearray()
    with suppress(CannotDecode), closing(entity(body, headers)) as read:
        for piece in read:
            found += piece
            if len(found) >= length:
                break
    return bytes(found[:length])


class _PullStream(io.RawIOBase):
    """A read-only stream over an iterator of bytes."""

    def __init__(self, source: Iterator[bytes]) -> None:
        super().__init__()
        self._source = source
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            piece = next(self._source, None)
            if piece is None:
                return 0
            self._rest = piece
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def stream_of(source: Iterator[bytes]) -> BinaryIO:
    """A buffered binary stream over pieces."""
    return cast(BinaryIO, io.BufferedReader(_PullStream(source), CHUNK))
