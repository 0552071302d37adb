"""Reading pages again: what software finds today in what was kept, beside what people say of it.

A reading takes the place of the one before, which the earlier revisions keep: two readings side by side would let an
old mistake win. What cannot be read again stays: what people say, what a feed said when it led to the page, and what
stood only on the page as its scripts had left it.
"""

import json
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import groupby, islice
from multiprocessing import get_context

from archiver import extract, warc
from archiver.collection import Collection
from archiver.editing.edit import Change, Edited, Plan, enter, found, new_problems
from archiver.errors import ArchiverError, UnreadableInput
from archiver.model import Finding, Progress, silent, timestamp
from archiver.sidecar import ABOUT, Agent, Assertion, Sidecar, choose, successor, united

BATCH = 100
"""So many captures are entered by one line of the ledger."""
MANY = 20
"""From so many captures on it pays to start processes that share the work."""
HTML_BYTES = 20 << 20
"""Of a longer document only so much is read."""

Reading = tuple[list[Assertion] | None, list[Finding]]
"""What a page says today, None if it cannot be read, and how that went."""
Document = tuple[bytes, str]
"""A page's HTML, empty where it is none, and the character set that the server named."""
Kept = tuple[Sidecar, Document | Finding]
"""A capture and its document, or why there is none."""


def reread(
    collection: Collection, captures: Iterable[str], *, dry_run: bool = False, progress: Progress = silent
) -> Iterator[Edited]:
    """Read the pages of captures again. One that cannot be read is told in its findings, and the others go on.

    Where today's software finds what was found before, there is no new revision. Raises `UnknownCapture`.
    """
    look_up = collection.lookup_heads()
    sidecars = [united(*found(look_up(capture), capture)) for capture in captures]
    documents = _documents(collection, sidecars)
    done = 0
    with _readers(len(sidecars)) as read_all:
        while batch := list(islice(documents, BATCH)):
            readings = dict(zip((sidecar.id for sidecar, _ in batch), read_all(batch), strict=True))

            def plans(readings: Mapping[str, Reading] = readings) -> list[Plan]:
                look_up = collection.lookup_heads() if len(readings) > 1 else collection.heads
                return [plan(found(look_up(capture), capture), *reading) for capture, reading in readings.items()]

            yield from enter(collection, plans, "extraction", dry_run=dry_run)
            done += len(batch)
            progress("reading again", done, len(sidecars))


def plan(heads: list[Sidecar], claims: list[Assertion] | None, findings: list[Finding]) -> Plan:
    """What a reading makes of the current revisions; None: there was none."""
    before = united(*heads)
    former = [claim for claim in before.assertions if claim.can_be_reread]
    if claims is None or _told(claims) == _told(former):
        return Plan(before.id, None, [], findings=findings)
    if findings:  # a voice broke on the page: what it had said stands
        heard = {claim.method for claim in claims}
        claims = [*claims, *(claim for claim in former if claim.method not in heard)]
    after = successor(heads[-1], (), *heads[:-1], reread=claims)
    errors = [
        Finding("error", problem.code, before.id, f"today's reading is not kept: {name}: {problem.message}")
        for name, problem in new_problems(before, after)
        if problem.level == "error"
    ]
    if errors:
        return Plan(before.id, None, [], findings=[*findings, *errors])
    old, new = choose(before.assertions), choose(after.assertions)
    changes = [Change(name, old.get(name), new.get(name)) for name in ABOUT.values() if old.get(name) != new.get(name)]
    return Plan(before.id, after, changes, findings=findings)


def _told(claims: Iterable[Assertion]) -> list[str]:
    """What is claimed, whenever and by whatever version."""
    return sorted(json.dumps(replace(one, at="", by=Agent("software", one.by.name)).as_json()) for one in claims)


@contextmanager
def _readers(count: int) -> Iterator[Callable[[list[Kept]], Iterable[Reading]]]:
    """Reads pages, in order: many on all cores. Raises `ArchiverError` when a page ends the process that reads it."""
    if count < MANY:
        yield lambda batch: map(_read, batch)
        return
    ignored = (signal.SIGINT, signal.SIG_IGN)  # the first process ends the others in order
    cores = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(cores, get_context("spawn"), initializer=signal.signal, initargs=ignored) as pool:
        try:
            yield lambda batch: pool.map(_read, batch)
        except BrokenProcessPool as error:
            hint = "What was read before is kept; name the others by ID to find the page."
            raise ArchiverError("A page ended the process that read it.", hint) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _read(kept: Kept) -> Reading:
    sidecar, document = kept
    if isinstance(document, Finding):
        return None, [document]
    html, charset = document
    complaints: list[Finding] = []
    page = extract.page_of(html, sidecar.final_url, charset=charset)
    claims = extract.assertions(page, page.url, report=complaints.append)
    if any(claim.source for claim in sidecar.assertions):  # there was another text to tell it from
        claims = [replace(claim, source="served") for claim in claims]
    return claims, complaints


def _documents(collection: Collection, sidecars: list[Sidecar]) -> Iterator[Kept]:
    """The main document of each, or why there is none; file by file, so that one of many pages is read once."""
    for path, of_file in groupby(sorted(sidecars, key=lambda one: (one.warc_file, one.id)), lambda one: one.warc_file):
        many = list(of_file)
        is_imported = many[0].document["capture"]["engine"] == "import"
        pages = _pages(collection, path) if is_imported else {}
        for sidecar in many:
            main = sidecar.document["warc"]["records"].get("main")
            if main is None:
                yield sidecar, Finding("info", "page-missing", sidecar.id, "no page came when it was captured")
                continue
            try:
                yield sidecar, _imported(pages, main) if is_imported else _captured(collection, path, main)
            except (ArchiverError, OSError) as error:
                message = f"its page cannot be read again: {str(error).removesuffix('.')}"
                yield sidecar, Finding("error", "page-unreadable", sidecar.id, message, "Run `archiver verify`.")


def _captured(collection: Collection, path: str, main: Mapping[str, str]) -> Document:
    for record in warc.read_records(collection.local(path)):
        if record.id == main["id"]:
            html = record.payload().read(HTML_BYTES) if "html" in record.media_type else b""
            return html, record.charset
    raise UnreadableInput(path, "the record of the page is not in it")


def _imported(pages: Mapping[str, warc.Page], main: Mapping[str, str]) -> Document:
    page = pages.get(_key(main.get("id", ""), main["url"], main["date"]))
    if page is None:
        raise UnreadableInput(main["url"], "its file has no such page")
    return page.html(HTML_BYTES), page.charset


def _pages(collection: Collection, path: str) -> dict[str, warc.Page]:
    """The pages of a file made by others; of a damaged one, those before the damage."""
    pages: dict[str, warc.Page] = {}
    with suppress(ArchiverError, OSError):  # those that are not found are told one by one
        for page in warc.find_pages(collection.local(path)):
            pages[_key(page.record_id, page.url, timestamp(page.date, micro=True))] = page
    return pages


def _key(identity: str, url: str, date: str) -> str:
    """What a page is found by: its record's id, which those of ARC files have not."""
    return identity or f"{date} {url}"
