"""Results in a collection: each a WARC of its own beside the capture's, entered by one line of the ledger.

archive/YYYY/MM/DD/<capture-id>.qa-<digest12>.warc.gz
    warcinfo
    metadata  urn:qa:result:URL      the result, `archiver-qa/1.1.0`
    resource  urn:qa:view:URL        replay as Chromium showed it, PNG; and urn:qa:fullPage:URL
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import BinaryIO

from archiver import AGENT, warc
from archiver.catalogue import checks
from archiver.collection import Collection
from archiver.collection.entering import enter_product
from archiver.errors import ArchiverError
from archiver.ledger import Event, fold
from archiver.model import Resource, new_body
from archiver.qa.result import Result, from_json
from archiver.sidecar import Sidecar
from archiver.warc import WarcWriter

PICTURE = 64 << 20
"""Bytes of a picture."""
_OUTCOMES = {"pass": "success", "warn": "warning", "fail": "failure"}


def save(collection: Collection, result: Result, pictures: Mapping[str, bytes], main: str = "") -> str:
    """Keep a result with the screenshots of replay (PNG by name: `view`, `fullPage`); returns the path of its WARC.

    `main` is the id of the capture's main record. Raises `ErasedContent` if the capture was erased meanwhile.
    """
    at = datetime.fromisoformat(result.checked_at)

    def fill(stream: BinaryIO) -> None:
        facts = {"isPartOf": result.capture, "description": "replay compared with capture"}
        writer = WarcWriter(stream, filename=f"{result.capture}.{checks.KIND}.warc.gz", info=facts)
        writer.write_metadata(f"{checks.RESULT}{result.url}", result.as_json(), at, main)
        for name, content in pictures.items():
            with new_body(content) as body:
                writer.write(Resource("qa", result.url, "image/png", body, at, part=name))

    codes = checks.codes(result.verdict, *(one.code for one in result.reasons))
    event = Event(checks.MADE, AGENT, outcome=_OUTCOMES[result.verdict], codes=codes)
    return enter_product(collection, result.capture, checks.KIND, fill, event).path


def latest(collection: Collection, capture: str) -> Result | None:
    """The newest result that is kept of a capture, None where there is none or it is not here."""
    return next(results(collection, capture), None)


def results(collection: Collection, capture: str) -> Iterator[Result]:
    """All results of a capture that can be read here, the newest first."""
    segments = list(collection.history(naming=capture))
    held = fold(segments).files
    events = [event for segment in segments for event in segment.events if event.capture == capture]
    for event in sorted(filter(checks.verdict_of, events), key=lambda one: one.at)[::-1]:
        for path in (file.path for file in event.objects if checks.is_product(file.path) and file.path in held):
            with suppress(ArchiverError, OSError):  # not here, or damaged: `verify` tells
                result = from_json(checks.document(collection.local(path), path), path, path)
                if result.capture == capture:
                    yield replace(result, brought=event.type == checks.BROUGHT)


def checked(collection: Collection) -> set[str]:
    """The captures that were checked here."""
    events = (event for segment in collection.history() for event in segment.events if event.type == checks.MADE)
    return {event.capture for event in events if event.capture and checks.verdict_of(event)}


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
