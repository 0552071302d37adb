"""What the collection keeps of a capture, as far as its replay is compared with it. Only reads."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from archiver import cdxj, warc
from archiver.catalogue import record_content
from archiver.collection import Collection, index
from archiver.collection.originals import REVISIT, Originals, fields_of
from archiver.errors import UnreadableInput
from archiver.sidecar import Sidecar

PICTURE = 64 << 20
VOLATILE = frozenset(("_", "cb", "cachebust", "cachebuster", "nocache", "rnd", "rand", "random", "nonce", "ts", "t"))
"""Names in queries that only keep answers out of caches."""


@dataclass(frozen=True, slots=True)
class Note:
    """One request of the capture, as its `urn:pageinfo:` record tells it (docs/pageinfo.md)."""

    url: str
    method: str
    status: int | None
    type: str
    recorded: bool
    served: bool
    why: str = ""
    record: str = ""
    bytes: int | None = None


@dataclass(frozen=True)
class Kept:
    """One capture."""

    collection: Collection
    sidecar: Sidecar

    @property
    def capture(self) -> dict[str, Any]:
        """The sidecar's `capture` block."""
        block: dict[str, Any] = self.sidecar.document["capture"]
        return block

    @property
    def moment(self) -> datetime:
        """When the page itself was captured."""
        return datetime.fromisoformat(self.sidecar.captured_at)

    @property
    def finished(self) -> datetime:
        """When the visit ended, as far as that is told."""
        return datetime.fromisoformat(str(self.capture.get("finished_at") or self.sidecar.captured_at))

    @property
    def stamp(self) -> str:
        """The 14 digits of its replay address."""
        return "".join(filter(str.isdigit, self.sidecar.captured_at))[:14]

    @cached_property
    def notes(self) -> tuple[Note, ...] | None:
        """The requests of the visit; None where no engine of ours made it."""
        content = record_content(self.collection, self.sidecar, "pageinfo")
        try:
            return tuple(_note(line) for line in json.loads(content)["requests"]) if content else None
        except (ValueError, LookupError, TypeError, RecursionError):
            return None

    @cached_property
    def text(self) -> str:
        """All that the page showed."""
        return record_content(self.collection, self.sidecar, "text").decode("utf-8", "replace")

    @cached_property
    def paragraphs(self) -> tuple[str, ...]:
        """The article's, without captions."""
        content = record_content(self.collection, self.sidecar, "articleText")
        try:
            found = json.loads(content)["paragraphs"] if content else ()
            return tuple(str(one["text"]) for one in found if one["kind"] != "caption")
        except (ValueError, LookupError, TypeError, RecursionError):
            return ()

    def picture(self, name: str) -> bytes:
        """The screenshot `view` or `fullPage`, PNG; empty where there is none."""
        return record_content(self.collection, self.sidecar, name, PICTURE)

    def url_of(self, name: str) -> str:
        """The target URI of a record that the sidecar names, or ""."""
        record = self.sidecar.document["warc"]["records"].get(name)
        return str(record["url"]) if isinstance(record, dict) and "url" in record else ""

    def lines(self, url: str, method: str = "GET") -> Iterator[dict[str, Any]]:
        """What the index has of an address in the capture's own WARC."""
        key = cdxj.url_key(url)
        start = f"{key} " if method in ("GET", "HEAD") else f"{key}{'&' if '?' in key else '?'}__wb_method="
        for line in index.starting(self.collection.indexes, start.encode()):
            if (fields := fields_of(line)) and f"archive/{fields['filename']}" == self.sidecar.warc_file:
                yield fields

    def lacks_body(self, fields: Mapping[str, Any]) -> bool:
        """Whether a line is of a revisit whose original is nowhere in the collection."""
        own = dict(fields)
        return fields.get("mime") == REVISIT and not Originals(self.collection).has_body(self.sidecar.warc_file, own)

    def is_changed(self, note: Note) -> bool:
        """Whether an answer of the log has records in the WARC, and none of them can be it: no body is as long."""
        if note.method not in ("GET", "POST") or note.bytes is None:
            return False
        lengths = [_length_at(self.local, int(fields["offset"])) for fields in self.lines(note.url, note.method)]
        known = [length for length in lengths if length is not None]
        return bool(known) and len(known) == len(lengths) and note.bytes not in known

    @property
    def local(self) -> Path:
        """The capture's WARC."""
        return self.collection.local(self.sidecar.warc_file)


def normal(url: str) -> str:
    """The address without what only keeps answers out of caches: keys such as `_` and `cb`, and moments as values."""
    try:
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return url
    kept = [(name, value) for name, value in pairs if name.lower() not in VOLATILE and not _is_moment(value)]
    return url if len(kept) == len(pairs) else urlunsplit(parts._replace(query=urlencode(kept)))


def key_of(url: str, method: str = "GET") -> tuple[str, str]:
    """What tells resources apart: method, and the address as the index knows it, without what is volatile."""
    return ("GET" if method == "HEAD" else method), cdxj.url_key(normal(url))


def _is_moment(value: str) -> bool:
    """Seconds or milliseconds since 1970."""
    return value.isdigit() and len(value) in (10, 13) and value[0] == "1"


def _note(line: Mapping[str, Any]) -> Note:
    return Note(
        url=str(line["url"]),
        method=str(line["method"]),
        status=line["status"],
        type=str(line["type"]),
        recorded=bool(line["recorded"]),
        served=bool(line["served"]),
        why=str(line.get("why", "")),
        record=str(line.get("record", "")),
        bytes=line.get("bytes"),
    )


def _length_at(file: Path, offset: int) -> int | None:
    """Bytes of the body of the response at `offset`, as stored; None where it is none, or cannot be read."""
    try:
        with warc.open_record(file, offset) as record:
            return record.block_length - len(record.head_bytes) if record.type == "response" else None
    except (UnreadableInput, OSError):
        return None
