"""Results in a collection: each a WARC of its own beside the capture's, entered by one line of the ledger.

archive/YYYY/MM/DD/<capture-id>.qa-<digest12>.warc.gz
    warcinfo
    metadata  urn:qa:result:URL      the result, `archiver-qa/1.0.0`
    resource  urn:qa:view:URL        replay as Chromium showed it, PNG; and urn:qa:fullPage:URL
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from archiver import AGENT, warc
from archiver.collection import Collection
from archiver.collection.entering import enter_product
from archiver.errors import ArchiverError
from archiver.ledger import Event, fold
from archiver.model import Resource, new_body
from archiver.qa.result import Result, from_json
from archiver.sidecar import Sidecar
from archiver.warc import WarcWriter

KIND = "qa"
EVENT = "validation"
RESULT = "urn:qa:result:"
PICTURE = 64 << 20
"""Bytes of a picture."""
MOST = 16 << 20
"""Bytes of a result."""
_OUTCOMES = {"pass": "success", "warn": "warning", "fail": "failure"}


def save(collection: Collection, result: Result, pictures: Mapping[str, bytes], main: str = "") -> str:
    """Keep a result with the screenshots of replay (PNG by name: `view`, `fullPage`); returns the path of its WARC.

    `main` is the id of the capture's main record. Raises `ErasedContent` if the capture was erased meanwhile.
    """
    at = datetime.fromisoformat(result.checked_at)

    def fill(stream: BinaryIO) -> None:
        facts = {"isPartOf": result.capture, "description": "replay compared with capture"}
        writer = WarcWriter(stream, filename=f"{result.capture}.{KIND}.warc.gz", info=facts)
        writer.write_metadata(f"{RESULT}{result.url}", result.as_json(), at, main)
        for name, content in pictures.items():
            with new_body(content) as body:
                writer.write(Resource("qa", result.url, "image/png", body, at, part=name))

    codes = dict.fromkeys((KIND, f"qa-{result.verdict}", *(one.code for one in result.reasons)))
    event = Event(EVENT, AGENT, outcome=_OUTCOMES[result.verdict], codes=tuple(codes))
    return enter_product(collection, result.capture, KIND, fill, event).path


def latest(collection: Collection, capture: str) -> Result | None:
    """The newest result that is kept of a capture, None where there is none or it is not here."""
    return next(results(collection, capture), None)


def results(collection: Collection, capture: str) -> Iterator[Result]:
    """All results of a capture that can be read here, the newest first."""
    segments = list(collection.history(naming=capture))
    held = fold(segments).files
    events = [
        event for segment in segments for event in segment.events if is_result(event) and event.capture == capture
    ]
    events.sort(key=lambda one: one.at)  # lines of one second stay in their order
    for event in reversed(events):
        for path in (file.path for file in event.objects if f".{KIND}-" in file.path and file.path in held):
            with suppress(ArchiverError, OSError):  # not here, or damaged: `verify` tells
                yield _read(collection.local(path), path)


def newest(collection: Collection) -> dict[str, str]:
    """Path of the newest result's WARC by capture, for all captures that have one."""
    found: dict[str, tuple[str, str]] = {}
    for segment in collection.history():
        for event in segment.events:
            if is_result(event) and event.capture and event.at >= found.get(event.capture, ("", ""))[0]:
                paths = (file.path for file in event.objects if f".{KIND}-" in file.path)
                found[event.capture] = event.at, next(paths, "")
    return {capture: path for capture, (_, path) in found.items() if path}


def is_result(event: Event) -> bool:
    """Whether a line of the ledger enters a result."""
    return event.type == EVENT and event.codes[:1] == (KIND,)


def picture(collection: Collection, result: Result, sidecar: Sidecar, url: str) -> bytes:
    """The PNG with that target URI, as `result.pictures` names it; empty where it cannot be read.

    Those of replay are in the result's own WARC, those of the capture in the WARC that its sidecar names.
    """
    path = result.product if url.startswith("urn:qa:") else sidecar.warc_file
    with suppress(ArchiverError, OSError):
        for record in warc.read_records(collection.local(path)) if path and url else ():
            if record.type == "resource" and record.url == url:
                return record.payload().read(PICTURE)
    return b""


def _read(file: Path, path: str) -> Result:
    for record in warc.read_records(file):
        if record.type == "metadata" and record.url.startswith(RESULT):
            return from_json(record.payload().read(MOST), path, path)
    raise ArchiverError(f"{path} holds no QA result.")
