"""Reading WARC 0.17 to 1.1 and ARC files, gzipped or plain, good or damaged, one record at a time."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from archiver.model import Headers
from archiver.warc.framing import CHUNK, DamagedArchive, Feed, Segment, Stored, opened
from archiver.warc.http import HEAD_LIMIT, LINE_LIMIT
from archiver.warc.record import Record

_WARC_LINE = re.compile(rb"WARC/(1\.[01]|0\.1[78])\s*$")
_PLAIN = re.compile(rb"WARC/(?:1\.[01]|0\.1[78])\r\n(?:[A-Za-z0-9-]+: [!-~](?:[ -~]*[!-~])?\r\n)+\r\n")
_MENDED = re.compile(rb"^warc-target-uri: [^\r]*[< ]", re.IGNORECASE | re.MULTILINE)
"""An address with what warcio changes in it."""
_ARC_LINE = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*:.* \S+ \d{8,20} \S+ \S+\s*$")

# warcio logs the URLs that it mends; without any handler, logging would print them to stderr.
logging.getLogger("warcio").addHandler(logging.NullHandler())


def read_records(path: Path, stored: Stored | None = None) -> Iterator[Record]:
    """All records of a file, in order. Each is valid until the next is asked for.

    Its bytes come from `stored`, where that is given: whoever wants to see them all as they are read.
    Raises `UnreadableInput` if the file cannot be opened, and `DamagedArchive`, after all that is good, where it
    breaks off, is no WARC or ARC, or was compressed as a whole. An empty file is damaged, too.
    """
    with nullcontext(Feed(path, stored, 0)) if stored else opened(path) as feed:
        if not feed.peek():
            raise DamagedArchive(path, 0, "the file is empty")
        segment = Segment(feed)
        yield from _members(feed, segment) if segment.gzip else _plain(segment)


@contextmanager
def open_record(path: Path, offset: int) -> Iterator[Record]:
    """The record that begins at `offset`, for the length of a `with` block. Raises as `read_records` does."""
    with opened(path, offset) as feed:
        segment = Segment(feed)
        yield _record(segment)


def _members(feed: Feed, segment: Segment) -> Iterator[Record]:
    while True:
        record = _record(segment)
        yield record
        record.finish()
        if not feed.peek():
            return
        segment = Segment(feed)
        if not segment.gzip:
            raise DamagedArchive(feed.path, segment.start, "the bytes behind a record are no gzip member")


def _plain(segment: Segment) -> Iterator[Record]:
    """Where a record is not followed by an empty line, the rest of that line is passed over, as warcio does.

    Not more: what looks like a record further on may stand in the body of a page that wants it to be read as one.
    """
    damage: DamagedArchive | None = None
    while damage is None or not segment.at_end():
        try:
            record = _record(segment)
            yield record
            record.finish()
        except DamagedArchive as error:
            raise damage or error from None
        if segment.at_end():
            break
        if not record.trailer:
            damage = damage or DamagedArchive(
                segment.path, segment.tell(), "a record is not followed by an empty line: its Content-Length is wrong"
            )
            segment.readline(LINE_LIMIT)
            segment.read_line_ends(LINE_LIMIT)
    if damage:
        raise damage


def _record(segment: Segment) -> Record:
    """Read a record's header lines; its block is still to be read."""
    offset = segment.start if segment.gzip else segment.tell()
    headers = _plain_headers(segment)
    if headers is not None:
        return Record(segment, offset, headers)
    return _record_by_warcio(segment, offset)


def _record_by_warcio(segment: Segment, offset: int) -> Record:
    """`_record` where the header lines are of an ARC file, or not as plain as nearly all are."""
    from warcio.exceptions import ArchiveLoadFailed  # a tenth of a second to load, and seldom needed
    from warcio.recordloader import ArcWarcRecordLoader

    first_line = segment.readline(LINE_LIMIT)
    arc = _ARC_LINE.match(first_line) is not None
    if not arc and not _WARC_LINE.match(first_line):
        raise DamagedArchive(segment.path, offset, "there is no WARC or ARC record")
    try:
        parsed = ArcWarcRecordLoader(arc2warc=True).parse_record_stream(
            _HeaderLines(segment, offset), first_line, "arc" if arc else "warc", no_record_parse=True
        )
    except (ArchiveLoadFailed, EOFError, ValueError) as error:
        raise DamagedArchive(segment.path, offset, "the header of a record makes no sense") from error
    headers: Headers = tuple(parsed.rec_headers.headers)
    # For ARC, warcio subtracts the header lines of a filedesc record, and takes a senseless length for 0.
    return Record(segment, offset, headers, parsed.length or 0) if arc else Record(segment, offset, headers)


def _plain_headers(segment: Segment) -> Headers | None:
    """The header lines where they are as plain as nearly all are; None, and nothing read, where warcio is needed."""
    head = segment.read_head(CHUNK) or _gathered_head(segment)
    if _PLAIN.fullmatch(head) and not _MENDED.search(head):
        lines = head.decode("latin-1").split("\r\n")[1:-2]
        return tuple([(name, value) for name, _, value in [line.partition(": ") for line in lines]])
    segment.unread(head)
    return None


def _gathered_head(segment: Segment) -> bytes:
    """What comes next up to and with an empty line, where it is not all at hand."""
    head = b""
    while len(head) < CHUNK and (line := segment.readline(CHUNK)):
        head += line
        if not line.strip() or not head.startswith(b"WARC/"):
            break
    return head


class _HeaderLines:
    """What warcio reads header lines from: it refuses to be flooded, and tells when the file ends among them."""

    def __init__(self, segment: Segment, offset: int) -> None:
        self._segment = segment
        self._offset = offset
        self._budget = HEAD_LIMIT

    def readline(self) -> bytes:
        """The next line."""
        line = self._segment.readline(LINE_LIMIT)
        self._budget -= len(line)
        if not line:
            raise DamagedArchive(self._segment.path, self._offset, "the file ends in the header of a record")
        if self._budget < 0 or len(line) == LINE_LIMIT:
            raise DamagedArchive(self._segment.path, self._offset, "the header of a record is larger than any real one")
        return line
