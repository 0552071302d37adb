"""Writing WARC 1.1: one gzip member per record, streamed, with block and payload digests.

warcio frames the records; two things are put in its place. The gzip member is chosen per record: isal for text,
stored for media that are compressed already (several times faster, files of equal size). And HTTP headers are written
in the bytes they came in, which warcio would percent-encode.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from typing import Any, BinaryIO, Literal
from uuid import uuid4

from archiver import AGENT
from archiver.model import Exchange, Headers, Item, PageInfo, Request, Resource, Response, new_body, now, timestamp
from archiver.warc.blocks import (
    Block,
    Measured,
    is_compressed,
    measure,
    one_line,
    request_block,
    response_block,
    target_uri,
)
from archiver.warc.revisits import Revisits

AGENTS = tuple(f"{name}/{version(name)}" for name in ("warcio", "isal"))
"""The libraries that write the files, as `name/version`."""

_HTTP_LINES = "HTTP/1.1 in every record, as the format has it; WARC-Protocol names the protocol really spoken"


@dataclass(frozen=True, slots=True)
class RecordRef:
    """A record that was written, as sidecars refer to it."""

    role: str
    """`main`, `redirect` or `part` for an exchange; the name of a `Resource`; `pageinfo`."""
    record_id: str
    """`urn:uuid:…`"""
    url: str
    """WARC-Target-URI."""
    type: str
    """The WARC-Type."""
    payload_digest: str
    """`sha1:` and base32, over the payload as stored."""
    date: datetime
    """WARC-Date."""
    status: int | None = None
    """The HTTP status of an exchange."""


class WarcWriter:
    """Writes the records of one capture to `stream`, which stays the caller's to sync and close.

    Begins with a `warcinfo` record that says how the file was made: `info` adds to it or overrides it (`fidelity`,
    `isPartOf`, `operator` …). All records of the capture carry one WARC-Page-ID, `page_id`.
    Bodies are read from their start and left open, at their start.

    An answer whose payload `revisits` knows of becomes a `revisit` record; without it, every answer is kept whole.
    """

    def __init__(
        self, stream: BinaryIO, *, filename: str, info: Mapping[str, str], revisits: Revisits | None = None
    ) -> None:
        self.page_id = str(uuid4())
        self.records = 0
        """Records written so far, of all types."""
        self.refs: list[RecordRef] = []
        """What `write` returned, in order."""
        self._revisits = revisits
        self._kept: dict[tuple[str, str, str], dict[str, Any]] = {}
        self._stream = stream
        self._warcinfo_id = self._write_info(filename, info)

    def write(self, item: Item) -> RecordRef:
        """Write an item: an exchange as a response and its request, anything else as a resource."""
        if isinstance(item, Exchange):
            ref = self._write_exchange(item)
        elif isinstance(item, PageInfo):
            content = json.dumps(self._log(item), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
            with new_body(content.encode("utf-8", "replace")) as body:
                ref = self._write_resource(
                    Resource("pageinfo", item.url, "application/json", body, item.finished, item.redacted)
                )
        else:
            ref = self._write_resource(item)
        self.refs.append(ref)
        return ref

    def write_metadata(self, url: str, document: Any, at: datetime, refers_to: str = "") -> RecordRef:
        """Write a `metadata` record (WARC 1.1 §6.6) that holds JSON; `refers_to` is the id of the record it is about.

        Its target is no web address: replay would take it for the page.
        """
        content = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        about = [("WARC-Refers-To", f"<{refers_to}>")] if refers_to else []
        with new_body(content.encode("utf-8", "replace")) as body:
            payload = Block(b"", body, "application/json", False)
            headers = [("WARC-Target-URI", target_uri(url)), *self._context(), *about]
            record_id, digest = self._write_record("metadata", at, headers, payload)
        return RecordRef("metadata", record_id, url, "metadata", digest, at)

    def _log(self, info: PageInfo) -> dict[str, Any]:
        """The page's own account; each request with the record that was made of its answer."""
        told = info.as_json()
        for line in told["requests"]:
            line |= self._kept.get((line["url"], line["method"], line["started"]), {})
        return told

    def _write_info(self, filename: str, info: Mapping[str, str]) -> str:
        fields = {
            "software": AGENT,
            "format": "WARC File Format 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "http-header-lines": _HTTP_LINES,
            **info,
        }
        lines = "".join(f"{one_line(name)}: {one_line(value)}\r\n" for name, value in fields.items())
        headers = [("WARC-Filename", one_line(filename))]
        with new_body(lines.encode("utf-8", "replace")) as body:
            payload = Block(b"", body, "application/warc-fields", False)
            record_id, _ = self._write_record("warcinfo", now(), headers, payload)
        return record_id

    def _write_exchange(self, exchange: Exchange) -> RecordRef:
        url = target_uri(exchange.url)
        common = [("WARC-Target-URI", url), *self._context()]
        if exchange.ip:
            common.append(("WARC-IP-Address", one_line(exchange.ip)))
        common += [("WARC-Protocol", one_line(protocol)) for protocol in exchange.protocols]
        if exchange.cipher:
            common.append(("WARC-Cipher-Suite", one_line(exchange.cipher)))
        if exchange.resource_type:
            common.append(("WARC-Resource-Type", one_line(exchange.resource_type)))
        kind, response_id, digest = self._write_answer(exchange, url, [*common, *_redacted(exchange.response)])
        with new_body() as nothing:
            asked = request_block(exchange, nothing)
            concurrent = ("WARC-Concurrent-To", f"<{response_id}>")
            told = [*common, concurrent, *_redacted(exchange.request)]
            self._write_record("request", exchange.started, told, asked)
        return RecordRef(exchange.role, response_id, url, kind, digest, exchange.started, exchange.response.status)

    def _write_answer(
        self, exchange: Exchange, url: str, headers: list[tuple[str, str]]
    ) -> tuple[Literal["response", "revisit"], str, str]:
        """Write the answer, or name the one that holds its body; returns which, the record's id and payload digest."""
        payload = response_block(exchange)
        measured = measure(payload)
        length, digest, _ = measured
        original = self._revisits.original(exchange, url, digest, length) if self._revisits else None
        if original:
            with new_body() as nothing:
                lines, head = [*headers, *original.lines], replace(payload, body=nothing, is_compressed=False)
                measured = (0, digest, measure(head)[2])
                record_id, _ = self._write_record("revisit", exchange.started, lines, head, measured)
        else:
            cut = [("WARC-Truncated", exchange.truncated)] if exchange.truncated else []
            record_id, _ = self._write_record("response", exchange.started, [*headers, *cut], payload, measured)
        key = (exchange.url, exchange.request.method, timestamp(exchange.started, micro=True))
        self._kept[key] = {"record": record_id, "bytes": length, "digest": digest}
        if exchange.truncated:
            self._kept[key]["truncated"] = exchange.truncated
        return "revisit" if original else "response", record_id, digest

    def _write_resource(self, resource: Resource) -> RecordRef:
        url, media_type = target_uri(resource.url), one_line(resource.media_type)
        payload = Block(b"", resource.body, media_type, is_compressed(media_type))
        headers = [("WARC-Target-URI", url), *self._context(), *_redacted(resource)]
        record_id, digest = self._write_record("resource", resource.created, headers, payload)
        return RecordRef(resource.name, record_id, url, "resource", digest, resource.created)

    def _context(self) -> Headers:
        return (("WARC-Warcinfo-ID", f"<{self._warcinfo_id}>"), ("WARC-Page-ID", self.page_id))

    def _write_record(
        self,
        kind: str,
        date: datetime,
        headers: list[tuple[str, str]],
        payload: Block,
        measured: Measured | None = None,
    ) -> tuple[str, str]:
        """Write one record; returns its id and its payload digest."""
        from archiver.warc.members import write_member  # loads warcio, which readers seldom need

        record_id = f"urn:uuid:{uuid4()}"
        length, payload_digest, block_digest = measured or measure(payload)
        lines = [
            ("WARC-Type", kind),
            ("WARC-Record-ID", f"<{record_id}>"),
            ("WARC-Date", timestamp(date, micro=True)),
            *headers,
            ("WARC-Block-Digest", block_digest),
        ]
        if kind != "warcinfo":
            lines.append(("WARC-Payload-Digest", payload_digest))
        write_member(self._stream, kind, lines, payload, length)
        payload.body.seek(0)
        self.records += 1
        return record_id, payload_digest


def _redacted(part: Request | Response | Resource) -> list[tuple[str, str]]:
    """A field of our own (WARC 1.1 §5 allows such): the bytes are not those that were sent, and where not."""
    return [("WARC-Redacted", one_line(", ".join(part.redacted)))] if part.redacted else []
