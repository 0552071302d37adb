"""What a sidecar says of its WARC, against the WARC: the file, the records that it names, the article's text."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from archiver import disk
from archiver.errors import ArchiverError
from archiver.jsontext import pointer
from archiver.schema import Problem
from archiver.sidecar import Sidecar
from archiver.warc import Record, read_records

MAX_TEXT = 16 << 20
"""Bytes of an article's text that are looked at."""
_HINT = "`archiver verify` tells which of the two agrees with the ledger."
_MEMBERS = {"url": "url", "type": "type", "date": "date", "payload_digest": "payload digest"}


@dataclass(frozen=True, slots=True)
class _Held:
    """A record of the WARC as far as sidecars tell of it."""

    url: str
    type: str
    date: str
    payload_digest: str
    text_sha256: str = ""
    """Of the plain text, in a record of the article's text."""


def problems(sidecar: Sidecar, collection: Path) -> Iterator[Problem]:
    """What the WARC does not bear out, as warnings: the document itself is as it should be."""
    yield from problems_with(sidecar, collection / sidecar.warc_file)


def problems_with(sidecar: Sidecar, file: Path) -> Iterator[Problem]:
    """As `problems`, of a WARC that may lie elsewhere."""
    try:
        stat = file.stat()
        told = sidecar.document["warc"].get("bytes", stat.st_size)
        if stat.st_size != told:
            yield _warning("/warc/bytes", "warc-size", f"the file has {stat.st_size} bytes, not {told}")
        sha256, held = _read(file, stat.st_size, stat.st_mtime_ns)
    except OSError:
        if any(file.parent.glob(f"{sidecar.id}.whole-*")):
            return  # it was rewritten when a capture that it referred to was erased; a later revision says so
        yield _warning("/warc/file", "warc-absent", "the collection has no such file")
        return
    except ArchiverError as error:
        yield _warning("/warc/file", "warc-unreadable", str(error).removesuffix("."))
        return
    if sha256 != sidecar.warc_sha256:
        yield _warning("/warc/sha256", "warc-digest", f"the file's SHA-256 is {sha256}")
    for role, records in sidecar.document["warc"]["records"].items():
        if isinstance(records, list):
            for index, record in enumerate(records):
                yield from _of_record(record, pointer("warc", "records", role, index), held)
        else:
            yield from _of_record(records, pointer("warc", "records", role), held)
    yield from _of_text(sidecar.document["warc"], held)


def _of_record(record: dict[str, str], place: str, held: dict[str, _Held]) -> Iterator[Problem]:
    if "id" not in record:  # those of ARC files have none
        return
    if (found := held.get(record["id"])) is None:
        yield _warning(f"{place}/id", "record-absent", f"the WARC has no record {record['id']}")
        return
    for name, words in _MEMBERS.items():
        there = getattr(found, name)
        if name in record and there != _comparable(name, record[name]):
            yield _warning(f"{place}/{name}", "record-differs", f"the record's {words} is {there[:200] or 'not told'}")


def _of_text(warc: dict[str, Any], held: dict[str, _Held]) -> Iterator[Problem]:
    record = held.get(warc["records"].get("articleText", {}).get("id", ""))
    told = warc.get("articleText", {}).get("sha256")
    if told and record and record.text_sha256 != told:
        message = f"the SHA-256 of the article's text is {record.text_sha256 or 'not to be had'}"
        yield _warning("/warc/articleText/sha256", "text-digest", message)


def _warning(place: str, code: str, message: str) -> Problem:
    return Problem(place, code, message, _HINT, "warning")


@lru_cache(maxsize=4)
def _read(file: Path, _size: int, _changed: int) -> tuple[str, dict[str, _Held]]:
    """A file's SHA-256 and its records; several sidecars may share a file, and stand together."""
    held = {record.id: _held(record) for record in read_records(file) if record.id}
    return disk.sha256_file(file)[0], held


def _held(record: Record) -> _Held:
    url, date = record.header("WARC-Target-URI") or "", _comparable("date", record.header("WARC-Date") or "")
    text = _text_sha256(record) if record.url.startswith("urn:article:") else ""
    return _Held(url.strip("<>"), record.type, date, record.payload_digest or "", text)


def _text_sha256(record: Record) -> str:
    """Of the paragraphs' texts but captions, joined by line feeds; empty where the record is no such document."""
    try:
        paragraphs = json.loads(record.payload(MAX_TEXT).read())["paragraphs"]
        text = "\n".join(one["text"] for one in paragraphs if one["kind"] != "caption")
        return hashlib.sha256(text.encode()).hexdigest()
    except (ArchiverError, LookupError, TypeError, ValueError, RecursionError):
        return ""


def _comparable(name: str, value: str) -> str:
    """A date without the zeros that may stand behind its seconds."""
    if name != "date":
        return value  # a digest, too, can end in a Z
    return value.rstrip("Z").rstrip("0").rstrip(".") if "." in value else value.rstrip("Z")
