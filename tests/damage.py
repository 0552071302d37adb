"""Captures damaged on purpose: the records of an honest one written anew, some of them changed or left out.

What comes out is a sound capture of its own: digests, sidecar, index and ledger agree with the records, so that
`verify` finds nothing. The pictures, texts and page info of the honest capture stay.
"""

import base64
import copy
import hashlib
import io
import json
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archiver.collection import Collection
from archiver.collection.layout import capture_id
from archiver.ledger import Event
from archiver.sidecar import Sidecar

AGENT = "damage/1"
DIGESTS = {"warc-payload-digest", "warc-block-digest", "content-length"}


@dataclass(frozen=True)
class Kept:
    """One record."""

    kind: str
    url: str
    headers: tuple[tuple[str, str], ...]
    """The WARC's own; digests and length are made anew."""
    http: StatusAndHeaders | None
    body: bytes

    def header(self, name: str) -> str:
        return dict(self.headers).get(name, "")


Change = Callable[[Kept, Sequence[Kept]], Kept | None]
"""What becomes of a record, among all those of its capture: itself, another, or None."""


def damage(source: Collection, capture: str, target: Collection, *changes: Change, agreed: bool = False) -> str:
    """Write `capture` of `source` into `target` with all `changes`; returns its new id.

    `agreed`: the log of the visit has the digests of what was changed, so that only a look at the page can tell.
    """
    before = source.sidecar(capture)
    assert before is not None
    new = capture_id(datetime.fromisoformat(before.captured_at))
    with warnings.catch_warnings(), target.draft(new) as (draft, stream):
        warnings.simplefilter("ignore", ResourceWarning)  # warcio leaves its spool files to the garbage collector
        writer = WARCWriter(stream, gzip=True)
        records = _changed(source, before, changes, new)
        made = [_written(writer, one) for one in (_agreeing(records) if agreed else records)]
        stream.flush()
        file = draft.fixity()
        document = copy.deepcopy(before.document)
        document["id"] = new
        document["warc"] |= {"file": file.path, "bytes": file.bytes, "sha256": file.sha256, "count": len(made)}
        _renewed(document["warc"]["records"], {one["WARC-Record-ID"].strip("<>"): one for one in made})
        sidecar = Sidecar.of(document)
        target.commit(draft, [sidecar], Event("capture", AGENT, capture=new, codes=(before.verdict,)))
    return new


def _changed(source: Collection, sidecar: Sidecar, changes: tuple[Change, ...], new: str) -> list[Kept]:
    kept: list[Kept] = []
    with source.local(sidecar.warc_file).open("rb") as stream:
        for record in ArchiveIterator(stream):
            anew = DIGESTS - ({"warc-payload-digest"} if record.rec_type == "revisit" else set())
            headers = tuple((key, value) for key, value in record.rec_headers.headers if key.lower() not in anew)
            url = record.rec_headers.get_header("WARC-Target-URI") or ""
            one = Kept(record.rec_type, url, headers, record.http_headers, record.content_stream().read())
            if one.kind == "warcinfo":
                one = replace(one, body=one.body.replace(sidecar.id.encode(), new.encode()))
                one = replace(one, headers=tuple((key, value.replace(sidecar.id, new)) for key, value in one.headers))
            kept.append(one)
    for change in changes:
        kept = [changed for one in kept if (changed := change(one, kept))]
    answers = {one.header("WARC-Record-ID") for one in kept if one.kind in ("response", "revisit")}
    return [one for one in kept if one.kind != "request" or one.header("WARC-Concurrent-To") in answers]


def _agreeing(records: list[Kept]) -> list[Kept]:
    digests = {one.header("WARC-Record-ID").strip("<>"): _digest(one.body) for one in records if one.kind == "response"}
    agreeing = []
    for one in records:
        if one.url.startswith("urn:pageinfo:"):
            log = json.loads(one.body)
            for note in log["requests"]:
                if note.get("record") in digests:
                    note["digest"] = digests[note["record"]]
            one = replace(one, body=json.dumps(log).encode())
        agreeing.append(one)
    return agreeing


def _digest(body: bytes) -> str:
    return f"sha1:{base64.b32encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()}"


def _written(writer: WARCWriter, one: Kept) -> dict[str, str]:
    """Write a record; returns its headers."""
    http = one.http
    if http is not None and one.kind == "response":
        http = copy.deepcopy(http)
        http.replace_header("Content-Length", str(len(one.body)))
    record = writer.create_warc_record(
        one.url,
        one.kind,
        payload=io.BytesIO(one.body),
        http_headers=http,
        warc_headers=StatusAndHeaders("", list(one.headers), protocol="WARC/1.1"),
    )
    writer.write_record(record)
    return dict(record.rec_headers.headers)


def _renewed(records: dict, made: dict[str, dict[str, str]]) -> None:
    """Digests and dates in the sidecar as the records have them now; those that are gone are not named."""
    for name in list(records):
        several = records[name] if isinstance(records[name], list) else [records[name]]
        left = [one for one in several if one["id"] in made]
        for one in left:
            one["payload_digest"] = made[one["id"]].get("WARC-Payload-Digest", one["payload_digest"])
            one["date"] = made[one["id"]]["WARC-Date"]
        if not left:
            del records[name]
        elif isinstance(records[name], list):
            records[name] = left


# Changes


def is_of(one: Kept, ends: tuple[str, ...]) -> bool:
    return one.kind in ("response", "revisit") and one.url.endswith(ends)


def without(*ends: str) -> Change:
    """Answers whose address ends so are not there."""
    return lambda one, _: None if is_of(one, ends) else one


def body(end: str, new: bytes | Callable[[bytes], bytes], **headers: str) -> Change:
    """The answer with that address has another body; revisits of it are gone."""

    def change(one: Kept, records: Sequence[Kept]) -> Kept | None:
        if not is_of(one, (end,)):
            return one
        if one.kind == "revisit":
            return None
        http = copy.deepcopy(one.http)
        for name, value in headers.items():
            http.replace_header(name.replace("_", "-"), value)
        made = new(one.body) if callable(new) else new
        assert made != one.body, end
        return replace(one, body=made, http=http)

    return change


def text(end: str, old: str, new: str) -> Change:
    """Words in an answer are others."""

    def change(content: bytes) -> bytes:
        assert old.encode() in content, old
        return content.replace(old.encode(), new.encode())

    return body(end, change)


def status(end: str, line: str) -> Change:
    """The answer has another status."""

    def change(one: Kept, records: Sequence[Kept]) -> Kept:
        if not is_of(one, (end,)):
            return one
        http = copy.deepcopy(one.http)
        http.statusline = line
        return replace(one, http=http)

    return change


def later(days: float, *ends: str) -> Change:
    """Answers whose address ends so, and what asked for them, came so many days later."""

    def change(one: Kept, records: Sequence[Kept]) -> Kept:
        if one.kind not in ("response", "revisit", "request") or not one.url.endswith(ends):
            return one
        moved = datetime.fromisoformat(one.header("WARC-Date")) + timedelta(days=days)
        at = moved.isoformat().replace("+00:00", "Z")
        return replace(one, headers=tuple((key, at if key == "WARC-Date" else value) for key, value in one.headers))

    return change


def referring(end: str, other: str) -> Change:
    """An answer is a revisit of the one whose address ends with `other`."""

    def change(one: Kept, records: Sequence[Kept]) -> Kept | None:
        if not is_of(one, (end,)):
            return one
        original = next(other_one for other_one in records if is_of(other_one, (other,)))
        headers = dict(one.headers) | {
            "WARC-Type": "revisit",
            "WARC-Profile": "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
            "WARC-Payload-Digest": _digest(original.body),
            "WARC-Refers-To-Target-URI": original.url,
            "WARC-Refers-To-Date": original.header("WARC-Date"),
        }
        http = copy.deepcopy(one.http)
        http.replace_header("Content-Length", str(len(original.body)))
        return replace(one, kind="revisit", headers=tuple(headers.items()), body=b"", http=http)

    return change
