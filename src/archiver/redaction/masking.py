"""Secrets replaced by as many other characters, in texts and in bodies of any length."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from archiver.model import Headers, new_body
from archiver.redaction.known import Matcher
from archiver.warc.http import renamed

MASK = b"x"
"""What each byte of a secret becomes. A letter keeps URLs, strings and scripts whole; a `*` at the end of a URL would
make replay tools look for all that begins so."""

Ranges = list[tuple[int, int]]
_CODINGS = ("content-encoding", "transfer-encoding")


def merged(found: Iterable[tuple[int, int]]) -> Ranges:
    """Ranges that overlap or touch, made one."""
    ranges: Ranges = []
    for start, end in sorted(found):
        if ranges and start <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], max(end, ranges[-1][1]))
        elif start < end:
            ranges.append((start, end))
    return ranges


def mask(text: bytearray, ranges: Ranges) -> None:
    """Replace what stands at the ranges."""
    for start, end in ranges:
        text[start:end] = MASK * (end - start)


class Masked:
    """Iterates over a body's pieces with all secrets replaced, also those across the borders of pieces."""

    def __init__(self, source: Iterable[bytes], matcher: Matcher) -> None:
        self._source, self._matcher = source, matcher
        self.ranges: Ranges = []
        """What was replaced so far, in offsets of the whole, in order."""

    def __iter__(self) -> Iterator[bytes]:
        held, offset = b"", 0
        for piece in self._source:
            whole = held + piece
            cut = max(0, len(whole) - self._matcher.overlap)
            if cut:
                yield self._cut(whole, cut, offset)
                held, offset = whole[cut:], offset + cut
            else:
                held = whole
        yield self._cut(held, len(held), offset)

    def _cut(self, whole: bytes, cut: int, offset: int) -> bytes:
        """The first `cut` bytes of `whole`, which is at `offset`; secrets that begin later will be found again."""
        found = [(start + offset, end + offset) for start, end in self._matcher.find(whole) if start < cut]
        reaching = self.ranges[-1:] if self.ranges and self.ranges[-1][1] > offset else []
        fresh = merged([*reaching, *found])
        self.ranges[len(self.ranges) - len(reaching) :] = fresh
        out = bytearray(whole[:cut])
        mask(out, [(max(0, start - offset), min(cut, end - offset)) for start, end in fresh])
        return bytes(out)


def occurs(source: Iterable[bytes], matcher: Matcher) -> bool:
    """Whether a body holds a secret."""
    masked = Masked(source, matcher)
    return any(masked.ranges for _ in masked)


def masked_copy(source: Iterable[bytes], matcher: Matcher) -> tuple[BinaryIO, Ranges, int]:
    """A body with its secrets replaced, where they stood, and its length."""
    copy, masked = new_body(), Masked(source, matcher)
    size = sum(copy.write(piece) for piece in masked)
    copy.seek(0)
    return copy, masked.ranges, size


def is_coded(headers: Headers) -> bool:
    """Whether a body under these headers is stored with a content or transfer coding."""
    return any(name.lower() in _CODINGS and value.strip().lower() != "identity" for name, value in headers)


def uncoded(headers: Headers, size: int) -> Headers:
    """The headers of a body that is now stored without coding, in `size` bytes."""
    return (*renamed(headers, (*_CODINGS, "content-length")), ("Content-Length", str(size)))
