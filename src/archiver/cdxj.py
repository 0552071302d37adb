"""The index: CDXJ lines, byte-identical to those of `cdxj-indexer --post-append --sort`.

A line is `KEY TIMESTAMP JSON`: the URL in SURT form, with the method and body of a POST appended, so that replay
finds the answers to POSTs; 14 digits; and what is needed to fetch the record. Lines are sorted as bytes.
The libraries cost a third of a second to load, and are loaded when the first line is made; who wants a key alone pays
nothing for reading WARCs either.
The archive is read by our own reader, which sees damage where warcio goes on and never prints; keys and POST
queries come from the libraries.
"""

import base64
import hashlib
import io
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.errors import UnreadableInput

if TYPE_CHECKING:
    from archiver.warc import Record

_INDEXED = ("response", "revisit", "resource", "metadata")
_EMPTY_DIGEST = "sha1:" + base64.b32encode(hashlib.sha1(b"", usedforsecurity=False).digest()).decode()
_FORM = "application/x-www-form-urlencoded"
_PLAIN_URL = re.compile(
    r"https?://(?:www[0-9]*\.)?((?:[a-z0-9-]{1,63}\.)*[a-z]{2,63})((?:/[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)*)/?"
)
"""An address in which SURT only turns the host round and takes away case and the last slash: most are."""
_PLAIN_URN = re.compile(r"urn:[a-z]+:https?://[A-Za-z0-9.-]+(?:/[A-Za-z0-9_.-]+)*/?")
"""The same of our own records about a page, where the host stays as it is."""
_POST_LIMIT = 64 << 20
"""Bytes of a POST body that are looked at: all of it has to be parsed in memory."""


class Lines:
    """The index of an archive file, made while somebody reads its records; `filename` is its path under `archive/`."""

    def __init__(self, path: Path, filename: str) -> None:
        self._path = path
        self._filename = filename
        self._entries: list[_Entry] = []
        self._begun: _Entry | None = None

    def begin(self, record: "Record") -> None:
        """A record whose header was read. Its block is not touched: where a POST's is needed it is opened again."""
        self._begun = _entry(record, self._path)

    def end(self, record: "Record") -> None:
        """The same record, read to its end."""
        if self._begun:
            self._keep(self._begun, record, record.length)
        self._begun = None

    def cut(self, record: "Record") -> None:
        """The same record, within which the file ends: what there is of it can be replayed, as cdxj-indexer holds."""
        if self._begun:
            self._keep(self._begun, record, self._path.stat().st_size - record.offset)
        self._begun = None

    def _keep(self, entry: "_Entry", record: "Record", length: int) -> None:
        entry.fields |= {"length": str(length), "offset": str(record.offset), "filename": self._filename}
        self._entries.append(entry)

    def __bool__(self) -> bool:
        """Whether there was a record at all."""
        return bool(self._entries)

    def sorted(self) -> list[str]:
        """The lines, each with its newline."""
        lines = [entry.line() for entry in _paired(iter(self._entries)) if entry.is_indexed]
        return sorted(line for line in lines if line.count("\n") == 1)


def index_lines(path: Path, root: Path) -> list[str]:
    """The index of an archive file, sorted, each line with its newline; `filename` is relative to `root`.

    A damaged file gives the lines of what can be replayed: `archiver.warc.check` is there to tell of the damage.
    Raises `UnreadableInput` if the file cannot be opened, `DamagedArchive` if there is no record in it.
    """
    from archiver.warc import DamagedArchive, read_records

    lines = Lines(path, Path(os.path.relpath(path, root)).as_posix())
    record: Record | None = None
    try:
        for record in read_records(path):
            lines.begin(record)
            record.finish()
            lines.end(record)
    except DamagedArchive as error:
        if error.cut and record is not None and record.offset == error.offset:
            lines.cut(record)
        elif not lines:
            raise
    return lines.sorted()


def url_key(url: str) -> str:
    """The key under which an index holds `url`; one that cannot be brought into SURT form stands for itself."""
    if plain := _PLAIN_URL.fullmatch(url):
        return f"{','.join(plain[1].split('.')[::-1])}){plain[2].lower() or '/'}"
    if _PLAIN_URN.fullmatch(url):
        return url.lower().removesuffix("/")
    from surt import surt

    try:
        key: str = surt(url)
    except Exception:  # noqa: BLE001  surt fails in many ways on hostile URLs, and cdxj-indexer does the same
        return url
    return key


@dataclass(slots=True)
class _Post:
    """What the body of a POST or PUT adds to its answer's line."""

    method: str
    query: str | None
    suffix: str


@dataclass(slots=True)
class _Entry:
    """A record as far as the index needs it."""

    type: str
    record_id: str | None
    concurrent_to: str | None
    key: str
    timestamp: str
    fields: dict[str, str | None]
    is_indexed: bool
    post: _Post | None

    def line(self) -> str:
        return f"{self.key} {self.timestamp} {json.dumps(self.fields)}\n"


def _entry(record: "Record", path: Path) -> _Entry:
    date = record.date
    indexed = date is not None and _is_indexed(record)
    return _Entry(
        type=record.type,
        record_id=record.header("WARC-Record-ID"),
        concurrent_to=record.header("WARC-Concurrent-To"),
        key=url_key(record.url) if indexed else "",
        timestamp=_fourteen(date) if date and indexed else "",
        fields=_fields(record) if indexed else {"url": record.header("WARC-Target-URI")},
        is_indexed=indexed,
        post=_post(record, path) if record.type == "request" else None,
    )


@lru_cache(256)
def _fourteen(date: datetime) -> str:
    """The answers of one page have few dates among them."""
    return date.strftime("%Y%m%d%H%M%S")


def _is_indexed(record: "Record") -> bool:
    own = record.type in ("resource", "metadata") and record.header("Content-Type") == "application/warc-fields"
    return record.type in _INDEXED and not own


def _fields(record: "Record") -> dict[str, str | None]:
    """The first half of the JSON part. A value that is not told is left out."""
    has_http = record.http is not None and bool(record.http.first_line or record.http.headers)
    found = {
        "url": record.header("WARC-Target-URI"),
        "mime": _mime(record),
        "status": record.http.code if has_http and record.http and record.type in ("response", "revisit") else None,
        "digest": record.header("WARC-Payload-Digest"),
    }
    if found["digest"] is None and record.type != "revisit":
        # With --post-append, cdxj-indexer digests a body that it has already read to its end, which gives this.
        found["digest"] = _EMPTY_DIGEST
    return {name: value for name, value in found.items() if value is not None}


def _mime(record: "Record") -> str | None:
    if record.type == "revisit":
        return "warc/revisit"
    if record.type == "response":
        value = _utf8(record.http.get("Content-Type")) if record.http else None
    else:
        value = record.header("Content-Type")
    return _bare(value) if value else value


@lru_cache(1024)
def _bare(media_type: str) -> str:
    return re.split(r"[;\s]", media_type, maxsplit=1)[0].strip()


def _utf8(value: str | None) -> str | None:
    """A header value as warcio reads it: as UTF-8 where it is that, else as Latin-1."""
    if value is None:
        return None
    try:
        return value.encode("latin-1").decode()
    except UnicodeDecodeError:
        return value


def _post(record: "Record", path: Path) -> _Post | None:
    if record.http is None or record.http.method.upper() not in ("POST", "PUT"):
        return None
    from archiver.warc import DamagedArchive, open_record

    http = record.http
    try:
        with open_record(path, record.offset) as again:
            body = again.payload().read(_POST_LIMIT)
    except DamagedArchive:
        raise
    except UnreadableInput:
        body = b""
    query, suffix = _query(http.method, _utf8(http.get("Content-Type")), http.get("Content-Length"), body, record.url)
    return _Post(http.method.upper(), query, suffix)


def _query(method: str, content_type: str | None, length: str | None, body: bytes, url: str) -> tuple[str | None, str]:
    """The query that stands for a body, and what the URL gets appended.

    A body that is not what its type says is found out first: the library prints about bad JSON and AMF (which then
    have no query), and fails on bad multipart data, which is then taken for bytes.
    """

    from cdxj_indexer.postquery import append_method_query, json_parse

    def appended(kind: str | None, content: bytes, size: str | None) -> tuple[str | None, str]:
        query, suffix = append_method_query(method, kind, size, io.BytesIO(content), url)
        return query, suffix

    for kind, nothing, parser in (("application/json", "", json_parse), ("application/x-amf", None, _amf)):
        if (content_type or "").startswith(kind) and not _parses(parser, body):
            return nothing, appended(_FORM, b"", "0")[1]
    try:
        return appended(content_type, body, length)
    except Exception:  # noqa: BLE001  whatever a hostile body does to a foreign parser
        return appended("", body, length)


def _amf(body: bytes) -> object:
    from cdxj_indexer.amf import Amf
    from pyamf.remoting import decode  # type: ignore[import-untyped]

    return Amf.get_representation(decode(io.BytesIO(body)))


def _parses(parser: Callable[[bytes], object], body: bytes) -> bool:
    try:
        parser(body)
    except Exception:  # noqa: BLE001  whatever a hostile body does to a foreign parser
        return False
    return True


def _paired(entries: Iterator[_Entry]) -> Iterator[_Entry]:
    """Give a response what its request adds, where the two stand side by side."""
    previous: _Entry | None = None
    for entry in entries:
        if previous is None:
            previous = entry
            continue
        if not _belong_together(previous, entry):
            yield previous
            previous = entry
            continue
        request, response = (previous, entry) if previous.type == "request" else (entry, previous)
        if request.post:
            response.key = url_key(f"{request.fields.get('url') or ''}{request.post.suffix}")
            response.fields |= {"requestBody": request.post.query, "method": request.post.method}
        yield from (previous, entry)
        previous = None
    if previous is not None:
        yield previous


def _belong_together(first: _Entry, second: _Entry) -> bool:
    return (
        {first.type, second.type} == {"request", "response"}
        and first.fields.get("url") == second.fields.get("url")
        and second.concurrent_to == first.record_id
    )
