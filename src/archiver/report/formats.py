"""Formats by signature: what files and payloads are by their first bytes, whatever they call themselves.

puremagic's only home. It knows signatures and no grammar: what is text without one (style sheets, most scripts) stays
`text`, and what has none stays `unknown`.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import puremagic

from archiver import warc
from archiver.collection import Collection
from archiver.errors import ArchiverError
from archiver.model import Progress
from archiver.warc import Record

HEAD_BYTES = 4096
"""So much of each file and payload is looked at."""
MOST_FILES = 10_000
MOST_RECORDS = 200
"""Payloads of one WARC that are looked at: the first ones."""
TEXT, UNKNOWN, EMPTY = "text", "unknown", "empty"

_SAME = {
    "application/x-gzip": "application/gzip",
    "application/font-woff": "font/woff",
    "image/x-ms-bmp": "image/bmp",
    "image/vnd.microsoft.icon": "image/x-icon",
}
_TEXTUAL = re.compile(r"text/|image/svg\+xml|application/(?:json|xml|vnd\.apple\.mpegurl|x-pem-file)\Z")
_ZIP = b"PK\x03\x04"
_STEERING = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass
class Formats:
    """What was found, and in how much of the collection."""

    files: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By folder and signature."""
    files_read: int = 0
    files_total: int = 0
    payloads: Counter[str] = field(default_factory=Counter)
    """Bodies of answers by signature."""
    other: Counter[str] = field(default_factory=Counter)
    """Of these, by signature: those that the server called something else."""
    warcs_read: int = 0
    warcs_total: int = 0
    unreadable: int = 0
    """WARCs that broke off while they were looked into, or are not here."""

    def as_json(self) -> dict[str, Any]:
        """As in `archiver report --json`."""
        files = [{"folder": folder, "signature": name, "files": n} for (folder, name), n in self.files.most_common()]
        payloads = [
            {"signature": name, "payloads": n, "called_otherwise": self.other[name]}
            for name, n in self.payloads.most_common()
        ]
        sampled = {name: getattr(self, name) for name in ("files_read", "files_total", "warcs_read", "warcs_total")}
        return {"files": files, "payloads": payloads, **sampled, "unreadable": self.unreadable, "by": TOOL}


TOOL = f"puremagic {getattr(puremagic, '__version__', '')}".strip()


def formats(collection: Collection, paths: Iterable[str], sample: int, progress: Progress) -> Formats:
    """Look at the first bytes of the files, and of the payloads of up to `sample` WARCs, spread evenly over all."""
    here = [path for path in sorted(paths) if collection.bytes_here(path) is not None]
    warcs = [path for path in here if path.startswith("archive/")]
    found = Formats(files_total=len(here), warcs_total=len(warcs))
    for path in _spread(here, MOST_FILES):
        with collection.local(path).open("rb") as stream:
            found.files[path.partition("/")[0] if "/" in path else "", signature(stream.read(HEAD_BYTES))] += 1
        found.files_read += 1
    chosen = _spread(warcs, sample)
    for done, path in enumerate(chosen, 1):
        _look_into(collection, path, found)
        progress(f"looking into WARCs of {collection.name}", done, len(chosen))
    return found


def _spread(items: list[str], most: int) -> list[str]:
    """At most so many, at even distances."""
    if len(items) <= most:
        return items
    return [items[number * len(items) // most] for number in range(most)]


def _look_into(collection: Collection, path: str, found: Formats) -> None:
    found.warcs_read += 1
    try:
        answers = (one for one in warc.read_records(collection.local(path)) if one.type == "response" and one.http)
        for record in islice(answers, MOST_RECORDS):
            _look_at(record, found)
    except (ArchiverError, OSError):
        found.unreadable += 1  # `verify` tells where


def _look_at(record: Record, found: Formats) -> None:
    try:
        name = signature(record.payload().read(HEAD_BYTES))
    except warc.DamagedArchive:
        raise
    except ArchiverError:
        name = UNKNOWN  # a content coding that does not hold
    found.payloads[name] += 1
    claimed = record.media_type
    found.other[name] += bool(claimed and "/" in name and not _alike(name, _SAME.get(claimed, claimed)))


def _alike(signature: str, claimed: str) -> bool:
    """Whether they may name the same: JSON, SVG and feeds go by many names that begin or end alike."""
    if signature == claimed or signature.rpartition("/")[2] in re.split(r"[/+]|x-", claimed):
        return True
    return signature == "application/xml" and ("xml" in claimed or claimed == "text/html")


def signature(head: bytes) -> str:
    """The media type that the first bytes of something show, or `text`, `unknown`, `empty`."""
    if not head:
        return EMPTY
    text = _is_text(head)
    try:
        matches = puremagic.magic_string(head.lstrip() or head if text else head)
    except (puremagic.PureError, ValueError):
        matches = []
    if head.startswith(_ZIP):
        return "application/zip"  # many formats are ZIP files, and begin alike
    for match in matches:
        name = _SAME.get(match.mime_type) or str(match.mime_type)
        if name and (_TEXTUAL.match(name) if text else len(match.byte_match) > 2):
            return name
    return TEXT if text else UNKNOWN


def _is_text(head: bytes) -> bool:
    """Whether this is UTF-8 without what no text has; a character cut off at the end does not count."""
    try:
        decoded = head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3 or len(head) < HEAD_BYTES:
            return False
        decoded = head[: error.start].decode()
    return _STEERING.search(decoded) is None
