"""Finding the pages in a WARC made by others: the HTML documents that a reader would call pages.

The rule, in this order:

1. If the file names its pages in `urn:pageinfo:` records (as Archiver and Browsertrix write), the pages are the HTML
   documents at those URLs, redirects within the file followed, whatever their status.
2. Otherwise they are the HTML responses of status 200, except those that were fetched as something else
   (WARC-Resource-Type or the request's Sec-Fetch-Dest is not `document`, or X-Requested-With is set), and those
   that another document of the file shows in a frame.

A revisit is a page if the record that holds its body is in the same file. Nothing else is guessed.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from html import unescape
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

from archiver.errors import UnreadableInput
from archiver.warc.framing import DamagedArchive
from archiver.warc.reader import open_record, read_records
from archiver.warc.record import Record, parse_date

HTML_LIMIT = 16 << 20
"""Bytes of a document that are read at most."""

_HTML_TYPES = ("text/html", "application/xhtml+xml")
_PAGEINFO = "urn:pageinfo:"
_FRAME = re.compile(rb"""<i?frame\b[^<>]{0,4000}?\ssrc\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)'|([^\s"'<>]+))""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """An HTML document of an archive file."""

    path: Path
    """The file."""
    url: str
    date: datetime
    status: int
    record_id: str
    """Empty in ARC files, which have no ids."""
    offset: int
    """Where its record begins."""
    media_type: str
    charset: str
    """As the server told it, or empty."""
    ip: str
    """The server's address, or empty."""
    payload_digest: str
    """As the record claims it, or empty."""
    body_offset: int
    """Where the record with its body begins: another one, if this is a revisit."""

    @property
    def type(self) -> str:
        """The WARC-Type of its record."""
        return "response" if self.body_offset == self.offset else "revisit"

    def html(self, limit: int = HTML_LIMIT) -> bytes:
        """The document, or its first `limit` bytes, decoded. Raises as `Record.payload` does."""
        with open_record(self.path, self.body_offset) as record:
            return record.payload().read(limit)


@dataclass(slots=True)
class _Survey:
    """What one reading of the file brings together."""

    documents: list[Page] = field(default_factory=list)
    revisits: list[tuple[Page, str, datetime | None]] = field(default_factory=list)
    """With the URL and the date that each refers to."""
    named: set[str] = field(default_factory=set)
    framed: set[str] = field(default_factory=set)
    redirects: dict[str, str] = field(default_factory=dict)
    not_documents: set[str] = field(default_factory=set)
    """Ids of records that were fetched as something else."""


def find_pages(path: Path) -> Iterator[Page]:
    """The pages of an archive file, in order; see the module for the rule.

    Raises `UnreadableInput` if it cannot be opened and, after the pages before it, `DamagedArchive` if it is damaged.
    """
    survey, damage = _Survey(), None
    try:
        for record in read_records(path):
            _note(record, path, survey)
    except DamagedArchive as error:
        damage = error
    candidates = [*survey.documents, *_resolved(survey)]
    named = {end for url in survey.named for end in _way(url, survey.redirects)}
    for page in sorted(candidates, key=lambda page: page.offset):
        if _same(page.url) in named if named else _looks_like_page(page, survey):
            yield page
    if damage:
        raise damage


def _looks_like_page(page: Page, survey: _Survey) -> bool:
    is_other = page.record_id in survey.not_documents or _same(page.url) in survey.framed
    return page.status == 200 and not is_other


def _note(record: Record, path: Path, survey: _Survey) -> None:
    if record.url.startswith(_PAGEINFO):
        survey.named |= _named_pages(record)
    elif record.type == "request":
        _note_request(record, survey)
    elif record.type in ("response", "revisit") and record.status:
        location = record.http.get("Location") if record.http else None
        if 300 <= record.status < 400 and location:
            survey.redirects[_same(record.url)] = _same(_joined(record.url, location))
        elif record.media_type in _HTML_TYPES:
            _note_document(record, path, survey)


def _note_request(record: Record, survey: _Survey) -> None:
    if record.http is None:
        return
    fetched_as = (record.http.get("Sec-Fetch-Dest") or "document").lower()
    if fetched_as != "document" or record.http.get("X-Requested-With"):
        survey.not_documents |= {record.id, *_concurrent_to(record)}


def _concurrent_to(record: Record) -> set[str]:
    return {value.strip("<> ") for name, value in record.headers if name.lower() == "warc-concurrent-to"}


def _note_document(record: Record, path: Path, survey: _Survey) -> None:
    if record.date is None or record.status is None:
        return
    page = Page(
        path=path,
        url=record.url,
        date=record.date,
        status=record.status,
        record_id=record.id,
        offset=record.offset,
        media_type=record.media_type,
        charset=record.charset,
        ip=record.header("WARC-IP-Address") or "",
        payload_digest=record.payload_digest or "",
        body_offset=record.offset,
    )
    is_other = (record.header("WARC-Resource-Type") or "document").lower() != "document"
    if is_other or survey.not_documents & _concurrent_to(record):
        survey.not_documents.add(record.id)
    if record.type == "revisit":
        refers_to = (record.header("WARC-Refers-To-Target-URI") or record.url).strip("<>")
        survey.revisits.append((page, refers_to, parse_date(record.header("WARC-Refers-To-Date"))))
        return
    survey.framed |= _frames(record)
    survey.documents.append(page)


def _frames(record: Record) -> set[str]:
    try:
        html = record.payload().read(HTML_LIMIT)
    except DamagedArchive:
        raise
    except UnreadableInput:
        return set()  # a body in a coding that cannot be read shows nothing
    found = (next(filter(None, match.groups()), b"") for match in _FRAME.finditer(html))
    return {_same(_joined(record.url, unescape(source.decode("latin-1")))) for source in found}


def _joined(base: str, reference: str) -> str:
    try:
        return urljoin(base, reference.strip())
    except ValueError:
        return reference


def _named_pages(record: Record) -> set[str]:
    """The page's URL, and where its visit ended, if the record says so."""
    urls = {_same(record.url.removeprefix(_PAGEINFO))}
    try:
        final = json.loads(record.payload().read(HTML_LIMIT)).get("final_url")
    except (ValueError, AttributeError, RecursionError):
        return urls
    return urls | {_same(final)} if isinstance(final, str) else urls


def _resolved(survey: _Survey) -> Iterator[Page]:
    """The revisits whose body is in the file, under the URL and date (or the digest) that they refer to."""
    by_place: dict[tuple[str, datetime | None], Page] = {(page.url, page.date): page for page in survey.documents}
    by_digest = {page.payload_digest: page for page in survey.documents if page.payload_digest}
    for page, url, date in survey.revisits:
        original = by_place.get((url, date)) or by_digest.get(page.payload_digest)
        if original:
            yield replace(page, body_offset=original.offset)


def _way(url: str, redirects: dict[str, str]) -> set[str]:
    """All URLs that a visit of `url` passes."""
    passed = {url}
    while (url := redirects.get(url, "")) and url not in passed:
        passed.add(url)
    return passed


def _same(url: str) -> str:
    """The URL without its fragment, and with the slash of an empty path."""
    try:
        plain = urldefrag(url).url
        return plain if urlsplit(plain).path else f"{plain}/"
    except ValueError:
        return url
