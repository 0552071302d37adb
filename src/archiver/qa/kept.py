"""What the collection keeps of a capture, as far as its replay is compared with it. Only reads."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from archiver import cdxj
from archiver.catalogue import record_content
from archiver.collection import Collection, index
from archiver.collection.originals import REVISIT, Originals, fields_of
from archiver.model import ScriptError
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
    digest: str = ""
    """Payload digest of the record that was made of the answer; "" where none was."""
    truncated: str = ""
    """Why that has only a beginning, in WARC's words."""


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
    def _log(self) -> dict[str, Any]:
        content = record_content(self.collection, self.sidecar, "pageinfo")
        try:
            log = json.loads(content or b"{}")
        except (ValueError, RecursionError):
            return {}
        return log if isinstance(log, dict) else {}

    @cached_property
    def notes(self) -> tuple[Note, ...] | None:
        """The requests of the visit; None where no engine of ours made it."""
        try:
            return tuple(_note(line) for line in self._log["requests"])
        except (LookupError, TypeError):
            return None

    @cached_property
    def script_errors(self) -> tuple[ScriptError, ...] | None:
        """What scripts complained of at the capture; None where nobody listened."""
        try:
            return tuple(ScriptError(str(one["message"]), str(one["script"])) for one in self._log["script_errors"])
        except (LookupError, TypeError):
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
        return filter(self.owns, self._lines(url, method))

    def replayed(self, url: str, method: str, moment: datetime) -> Iterator[dict[str, Any]]:
        """What the index has of an address and a moment (Memento-Datetime), whoever captured it."""
        at = f"{moment.astimezone(UTC):%Y%m%d%H%M%S}"
        return (fields for fields in self._lines(url, method) if fields["timestamp"] == at)

    def owns(self, fields: Mapping[str, Any]) -> bool:
        """Whether a line of the index is of the capture's own WARC."""
        return bool(f"archive/{fields['filename']}" == self.sidecar.warc_file)

    def _lines(self, url: str, method: str) -> Iterator[dict[str, Any]]:
        key = cdxj.url_key(url)
        start = f"{key} " if method in ("GET", "HEAD") else f"{key}{'&' if '?' in key else '?'}__wb_method="
        lines = index.starting(self.collection.indexes, start.encode())
        return filter(None, map(fields_of, lines))

    def lacks_body(self, fields: Mapping[str, Any]) -> bool:
        """Whether a line is of a revisit whose original is nowhere in the collection."""
        own = dict(fields)
        return fields.get("mime") == REVISIT and not Originals(self.collection).has_body(self.sidecar.warc_file, own)


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
        digest=str(line.get("digest", "")),
        truncated=str(line.get("truncated", "")),
    )
