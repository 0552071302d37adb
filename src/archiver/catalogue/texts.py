"""The text of a captured article, read from its WARC."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO

from archiver.catalogue.records import places
from archiver.collection import Collection
from archiver.errors import UnreadableInput
from archiver.sidecar import Sidecar

if TYPE_CHECKING:
    from archiver.warc import Record

MOST_BYTES = 8 << 20
"""No article is longer; of a longer text the rest is left out."""
RECORDS = ("articleText", "text", "main")
"""The records that tell a text, the best first: the article's, all that the page showed, and the page itself, of which
others recorded no text (or there was none to record): what its HTML shows.
"""
_HTML = ("text/html", "application/xhtml+xml")

Fetch = Callable[[str, int, int], BinaryIO]
"""Gives bytes of a WARC that is not here: path, offset, number of bytes. What it raises passes, but for `OSError`."""
Read = Callable[["Record"], bytes]


def article_text(
    collection: Collection, sidecar: Sidecar, names: Sequence[str] = RECORDS, fetch: Fetch | None = None
) -> str:
    """The article's paragraphs, a line each: as extracted, else all that the page showed; empty where there is none.

    With `fetch`, also of a WARC that is not here and that the index knows.
    """
    records = sidecar.document["warc"]["records"]
    for name in names:
        record, read = records.get(name), _shown if name == "main" else _payload
        if isinstance(record, dict) and (content := _content(collection, sidecar.warc_file, record, read, fetch)):
            text = content.decode("utf-8", "replace")
            return _joined(text) if name == "articleText" else text
    return ""


def record_content(collection: Collection, sidecar: Sidecar, name: str, most: int = MOST_BYTES) -> bytes:
    """The payload, at most so much of it, of the record that a sidecar names `name`; empty where it cannot be read."""
    record, read = sidecar.document["warc"]["records"].get(name), partial(_payload, most=most)
    return _content(collection, sidecar.warc_file, record, read) if isinstance(record, dict) else b""


def _payload(record: "Record", most: int = MOST_BYTES) -> bytes:
    return record.payload().read(most)


def _shown(record: "Record") -> bytes:
    """What the HTML of a record shows, a block a line; nothing where it is none."""
    if record.media_type not in _HTML:
        return b""
    from archiver.extract import page_of
    from archiver.extract.facts import readable_text

    page = page_of(_payload(record), record.url, charset=record.charset)
    return readable_text(page.tree).encode("utf-8", "replace")


def _joined(text: str) -> str:
    """The paragraphs of an `urn:article:` record as plain text."""
    try:
        joined = "\n".join(str(one["text"]) for one in json.loads(text)["paragraphs"])
        return joined.encode("utf-8", "replace").decode()  # half a character can come as JSON's own escape
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""


def _content(
    collection: Collection, path: str, record: dict[str, Any], read: Read, fetch: Fetch | None = None
) -> bytes:
    """What is read of a record of the file `path`, which the index knows the place of; else it is looked for there."""
    from archiver import warc  # a list or a search reads none

    with suppress(UnreadableInput, ValueError, OSError):  # `verify` tells what is wrong with it
        file = collection.local(path)
        found_at = places(collection, path, str(record.get("url")))
        if fetch and collection.bytes_here(path) is None:
            return _fetched(fetch, path, found_at, record, read)
        for offset, _ in found_at:
            with warc.open_record(file, offset) as found:
                if found.id == record.get("id"):
                    return read(found)
        for found in warc.read_records(file):
            if found.id and found.id == record.get("id"):
                return read(found)
    return b""


def _fetched(fetch: Fetch, path: str, places: Iterator[tuple[int, int]], record: dict[str, Any], read: Read) -> bytes:
    """The same, of a file elsewhere: the records that the index names are brought, one at a time."""
    from archiver import warc

    for offset, length in places:
        with NamedTemporaryFile() as here, fetch(path, offset, min(length, MOST_BYTES)) as there:
            shutil.copyfileobj(there, here)
            here.flush()
            with warc.open_record(Path(here.name), 0) as found:
                if found.id == record.get("id"):
                    return read(found)
    return b""
