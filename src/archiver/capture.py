"""Capturing: URL → engine → WARC (temporary) → proof, verdict, sidecar → commit."""

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO

from archiver import __version__, disk, extract, verdict, warc
from archiver.collection import Collection, Draft
from archiver.collection.layout import capture_id
from archiver.engines import Engine
from archiver.engines.guard import check_url
from archiver.errors import ArchiverError, FetchFailed
from archiver.ledger import Event
from archiver.model import Exchange, Finding, Item, Limits, PageInfo, Verdict, now
from archiver.sidecar import Assertion, new_sidecar

AGENT = f"archiver/{__version__}"
REPORTED = ("capture_id", "url", "final_url", "verdict", "status", "warc", "sidecar", "records", "bytes", "seconds")
HTML_BYTES = 20 << 20
"""Of a longer document only so much is read for its metadata."""


@dataclass(frozen=True, slots=True)
class Captured:
    """What one URL came to: a committed capture, or nothing and the reason."""

    url: str
    verdict: Verdict
    seconds: float
    capture_id: str | None = None
    final_url: str | None = None
    status: int | None = None
    warc: str | None = None
    """Path of the WARC in the collection."""
    sidecar: str | None = None
    records: int = 0
    bytes: int = 0
    """Size of the WARC."""
    findings: tuple[Finding, ...] = ()
    error: ArchiverError | None = None
    """Why there is no capture."""

    def as_json(self) -> dict[str, Any]:
        """The JSON line of `archiver capture`."""
        names = (
            "capture_id",
            "url",
            "final_url",
            "verdict",
            "status",
            "warc",
            "sidecar",
            "records",
            "bytes",
            "seconds",
        )
        return {name: getattr(self, name) for name in names} | {"findings": [one.as_json() for one in self.findings]}


@dataclass(slots=True)
class Visit:
    """What a capture's stream of items brought, once it is in the WARC."""

    records: int = 0
    main: warc.RecordRef | None = None
    redirects: list[str] = field(default_factory=list)
    refs: list[warc.RecordRef] = field(default_factory=list)
    info: PageInfo | None = None
    truncated: bool = False
    ip: str | None = None
    protocols: tuple[str, ...] = ()

    def note(self, item: Item, ref: warc.RecordRef) -> None:
        """Remember what the sidecar will tell of an item."""
        if isinstance(item, PageInfo):
            self.info = item
        if not isinstance(item, Exchange):
            self.refs.append(ref)
        elif item.role == "redirect":
            self.redirects.append(item.url)
        elif item.role == "main":
            self.main, self.ip, self.protocols = ref, item.ip, item.protocols
            self.truncated = item.truncated is not None
            self.refs.insert(0, ref)


def capture_url(url: str, collection: Collection, engine: Engine, limits: Limits) -> Captured:
    """Capture one page into `collection`. What cannot be captured is an outcome with `error`, not an exception.

    Raises only what stops every capture: `StorageError`, `PartMissing`, `ConflictError`.
    """
    begun = time.monotonic()
    try:
        address = check_url(url)
        identity = capture_id(now())
        with collection.draft(identity) as (draft, stream):
            visit = _record(engine.capture(address, limits), stream, draft, engine)
            return _commit(url, collection, draft, visit, begun)
    except FetchFailed as error:
        return _nothing(url, "offline", error, begun)
    except ArchiverError as error:
        if error.exit_code not in (2, 4):
            raise
        return _nothing(url, "error", error, begun)


def _nothing(url: str, word: Verdict, error: ArchiverError, begun: float) -> Captured:
    finding = Finding("error", "not-captured", url, str(error), error.hint)
    return Captured(url, word, round(time.monotonic() - begun, 3), findings=(finding,), error=error)


def _record(items: Iterator[Item], stream: BinaryIO, draft: Draft, engine: Engine) -> Visit:
    """Write every item as it comes and close its bodies."""
    visit = Visit()
    facts = {"isPartOf": draft.id, "fidelity": engine.fidelity, "engine": engine.name}
    writer = warc.WarcWriter(stream, filename=draft.final.name, info=facts)
    with closing(items):  # type: ignore[type-var]  # engines are generators; an early end must reach them
        for item in items:
            try:
                visit.note(item, writer.write(item))
            finally:
                _close(item)
    visit.records = writer.records
    disk.sync_file(stream)
    return visit


def _close(item: Item) -> None:
    if isinstance(item, Exchange):
        item.response.body.close()
        if item.request.body is not None:
            item.request.body.close()
    elif not isinstance(item, PageInfo):
        item.body.close()


def _commit(url: str, collection: Collection, draft: Draft, visit: Visit, begun: float) -> Captured:
    """Prove the WARC by reading it again, judge, describe, enter."""
    if visit.info is None:
        raise FetchFailed(url, "the engine ended without a word about the visit")
    findings = [one for one in warc.check(draft.temporary) if one.level != "info"]
    status = visit.main.status if visit.main else None
    word, reasons = verdict.judge(status, visit.info, truncated=visit.truncated)
    sha256, size = disk.sha256_file(draft.temporary)
    assertions, complaints = _assertions(draft, visit)
    sidecar = new_sidecar(
        draft.id,
        info=visit.info,
        verdict=word,
        reasons=reasons,
        status=status,
        redirects=visit.redirects,
        ip=visit.ip,
        protocols=visit.protocols,
        warc_file=draft.archive_path,
        warc_bytes=size,
        warc_sha256=sha256,
        records=visit.records,
        refs=visit.refs,
        assertions=assertions,
    )
    files = collection.commit(draft, [sidecar], Event("capture", AGENT, capture=draft.id, codes=(word,)))
    return Captured(
        url=url,
        verdict=word,
        seconds=round(time.monotonic() - begun, 3),
        capture_id=draft.id,
        final_url=visit.info.final_url,
        status=status,
        warc=draft.archive_path,
        sidecar=files[0].path,
        records=visit.records,
        bytes=size,
        findings=(*findings, *complaints),
    )


def _assertions(draft: Draft, visit: Visit) -> tuple[list[Assertion], list[Finding]]:
    """What the main document says about itself, read back from the WARC just written."""
    assert visit.info is not None
    if visit.main is None:
        return [], []
    for record in warc.read_records(draft.temporary):
        if record.id == visit.main.record_id:
            if "html" not in (record.media_type or ""):
                return [], []
            with record.payload() as payload:
                html = payload.read(HTML_BYTES)
            return extract.assertions(html, visit.info.final_url, charset=record.charset)
    return [], []


def capture_all(
    urls: Iterable[str], collection: Collection, engine: Engine, *, jobs: int, limits: Limits
) -> Iterator[Captured]:
    """Capture many pages, `jobs` at a time; each outcome as it ends. An error that stops all is raised at once."""
    seeds = iter(urls)
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="capture")
    running: set[Future[Captured]] = set()
    try:
        while True:
            for url in islice(seeds, jobs - len(running)):
                running.add(pool.submit(capture_url, url, collection, engine, limits))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
