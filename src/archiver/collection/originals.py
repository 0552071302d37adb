"""The responses that revisit records refer to: finding one to refer to, and telling which are not there."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from archiver import cdxj, warc
from archiver.collection import index
from archiver.collection.collection import Collection
from archiver.collection.layout import revisions
from archiver.errors import ArchiverError, UnreadableInput
from archiver.ledger import capture_of
from archiver.warc import Original, Record

REVISIT = "warc/revisit"
EMPTY = warc.labelled(hashlib.sha1(b"", usedforsecurity=False).digest())
PIECE = 1 << 16


class Originals:
    """The responses of one collection, by URL and payload digest. Nothing is locked: what counts never changes."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._owners: dict[str, str] = {}
        """Path of a shared WARC → the capture that it belongs to."""

    def find(self, url: str, digest: str) -> Original | None:
        """The oldest whole response of status 200 with this payload, read again to be sure of it; None if none is."""
        lines = [line for line in self._lines(url) if line["digest"] == digest and line.get("status") == "200"]
        for line in sorted(lines, key=lambda one: str(one["timestamp"])):
            if line.get("url") == url and (original := self._read(f"archive/{line['filename']}", line, digest)):
                return original
        return None

    def unresolved(self) -> Iterator[tuple[str, str]]:
        """Revisits whose body is nowhere in the collection: path of the file, and URL."""
        for line in self._collection.read_index():
            if REVISIT.encode() in line and (fields := fields_of(line)) and fields.get("mime") == REVISIT:
                path = f"archive/{fields['filename']}"
                if not self.has_body(path, fields):
                    yield path, str(fields.get("url"))

    def _lines(self, url: str) -> Iterator[dict[str, Any]]:
        """What the index has under a URL, but for revisits."""
        for line in index.find(self._collection.indexes, cdxj.url_key(url)):
            fields = fields_of(line)
            if fields and fields.get("mime") != REVISIT and "digest" in fields:
                yield fields

    def has_body(self, path: str, fields: dict[str, Any]) -> bool:
        """Whether replay finds a body for a revisit; redirects and empty ones need none."""
        digest = fields.get("digest")
        if digest == EMPTY or str(fields.get("status", "")).startswith("3"):
            return True
        try:
            with warc.open_record(self._collection.local(path), int(fields["offset"])) as record:
                named = (record.header("WARC-Refers-To-Target-URI") or "").strip("<> ")
        except (UnreadableInput, ValueError, OSError):
            return False
        return bool(named) and any(line["digest"] == digest for line in self._lines(named))

    def _read(self, path: str, fields: dict[str, Any], digest: str) -> Original | None:
        capture = self._capture(path)
        try:
            with warc.open_record(self._collection.local(path), int(fields["offset"])) as record:
                if capture and record.date and _is_original(record, digest):
                    coding = warc.coding_of(record.http.headers) if record.http else ""
                    return Original(record.url, record.date, coding, capture)
        except (UnreadableInput, ValueError, OSError):
            pass  # `verify` tells what is wrong with it
        return None

    def _capture(self, path: str) -> str:
        """The capture that a WARC belongs to: of a shared one, the first of those that it is the WARC of."""
        if owner := capture_of(path):
            return owner
        if path not in self._owners:
            events = (event for segment in self._collection.history(naming=path) for event in segment.events)
            came = [file.path for event in events for file in event.objects]
            owners = (one for one in sorted(revisions(came)) if self._is_in(one, path))
            self._owners[path] = next(owners, "")
        return self._owners[path]

    def _is_in(self, capture: str, path: str) -> bool:
        """Whether a capture, which may be erased by now, is in that WARC."""
        try:
            return any(head.warc_file == path for head in self._collection.heads(capture))
        except (ArchiverError, OSError):
            return False  # `verify` tells


def fields_of(line: bytes) -> dict[str, Any] | None:
    """What an index line says, with its `timestamp`; None if it is none of ours, which `verify` tells."""
    try:
        _, timestamp, rest = line.split(b" ", 2)
        fields = {**json.loads(rest), "timestamp": timestamp.decode()}
        return fields if isinstance(fields["filename"], str) and int(fields["offset"]) >= 0 else None
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def _is_original(record: Record, digest: str) -> bool:
    """Whether a record is a whole response whose stored bytes, all of them, are this payload."""
    if record.type != "response" or record.http is None or record.header("WARC-Truncated"):
        return False
    if record.payload_digest != digest or warc.is_framed(record.http.headers):
        return False
    found = hashlib.sha1(usedforsecurity=False)
    while piece := record.read(PIECE):
        found.update(piece)
    return digest == warc.labelled(found.digest())
