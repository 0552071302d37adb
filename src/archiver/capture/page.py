"""One page: URL → engine → WARC (temporary) → proof, verdict, sidecar → commit."""

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Literal

from archiver import AGENT, disk, verdict, warc
from archiver.capture.circumstances import AGENTS, circumstances
from archiver.capture.outcome import Captured, nothing
from archiver.capture.reading import Reading, read, write_text
from archiver.capture.texts import KnownTexts
from archiver.collection import Collection, Draft
from archiver.collection.layout import capture_id
from archiver.collection.originals import Originals
from archiver.engines import Engine
from archiver.engines.guard import check_url
from archiver.errors import ArchiverError, ConflictError, FetchFailed, PartMissing, StorageError
from archiver.ledger import Event
from archiver.model import Exchange, Finding, Item, Limits, PageInfo, close_bodies, now
from archiver.redaction import Redactor, Secrecy
from archiver.sidecar import Kept, Visit, new_sidecar, problems
from archiver.warc.http import value_of

Dedup = Literal["off", "capture", "collection"]
"""How far a payload that is kept already is not kept again: never, within a capture, within the collection."""


WIRE = {
    "http-header-lines": "the bytes as they came; interim answers (1xx) are left out",
    "http-bodies": "the bytes as they came, with chunk framing and content codings; payload digests are over them",
    "recording-proxy": "the browser's traffic was read by a proxy that ended its TLS and spoke HTTP/1.1 to the sites, "
    "so that the TLS fingerprint which they saw is not the browser's",
}
"""What warcinfo tells of a capture by the bytes."""


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms pages are captured, beside what the engine was told; the same for all of a run."""

    limits: Limits = field(default_factory=Limits)
    options: Mapping[str, Any] = field(default_factory=dict)
    """Every option that shapes the capture, for the sidecar; never a secret."""
    attempts: Sequence[Mapping[str, Any]] = ()
    """Earlier attempts at the page, in the schema's form: of all terms the only one that is a page's own."""
    dedup: Dedup | None = None
    """None: by the collection's policy."""
    secrecy: Secrecy = field(default_factory=Secrecy)
    """As whom pages are visited, and what becomes of the secrets."""
    texts: KnownTexts = field(default_factory=KnownTexts, compare=False)
    """The texts of the pages seen, to tell those that come again and again."""


@dataclass(slots=True)
class Recorded:
    """What a capture's stream of items brought, now that it is in the WARC."""

    records: int = 0
    main: Exchange | None = None
    """Its body is closed; what it says of itself stands."""
    main_ref: warc.RecordRef | None = None
    empty: bool = False
    """Whether the main document has not one byte."""
    redirects: list[str] = field(default_factory=list)
    refs: list[warc.RecordRef] = field(default_factory=list)
    info: PageInfo | None = None
    requires: list[str] = field(default_factory=list)
    """Captures that hold originals of this one's revisits."""
    session: Mapping[str, Any] = field(default_factory=dict)
    """The sidecar's `capture.session`."""
    reading: Reading = field(default_factory=Reading)

    def note(self, item: Item, ref: warc.RecordRef) -> None:
        """Remember what the sidecar will tell of an item."""
        if isinstance(item, PageInfo):
            self.info = item
        if not isinstance(item, Exchange):
            self.refs.append(ref)
        elif item.role == "redirect":
            self.redirects.append(item.url)
        elif item.role == "main":
            self.main, self.main_ref = item, ref
            self.empty = item.response.body.seek(0, 2) == 0
            self.refs.insert(0, ref)


def capture_url(
    url: str,
    collection: Collection,
    engine: Engine,
    terms: Terms,
    *,
    identity: str | None = None,
    attempts: Sequence[Mapping[str, Any]] = (),
) -> Captured:
    """Capture one page into `collection`. What cannot be captured is an outcome with `error`, not an exception.

    `identity` is the capture id, where one was reserved; `attempts` are earlier ones at the same page, for the sidecar.
    Raises only what stops every capture: `StorageError`, `PartMissing`, `ConflictError`.
    """
    redactor, conditions = terms.secrecy.redactor(), replace(terms, attempts=attempts)
    outcome = _capture(url, collection, engine, conditions, redactor, identity or capture_id(now()))
    return outcome.told(redactor.text) if redactor else outcome


def _capture(  # noqa: PLR0917
    url: str, collection: Collection, engine: Engine, terms: Terms, redactor: Redactor | None, identity: str
) -> Captured:
    begun = time.monotonic()
    try:
        address = check_url(url)
        with collection.draft(identity) as (draft, stream):
            terms = replace(terms, dedup=terms.dedup or collection.dedup())
            revisits = _revisits(collection, terms.dedup)
            items = engine.capture(address, terms.limits)
            recorded = _record(redactor.items(items) if redactor else items, stream, draft, engine, revisits)
            recorded.session = terms.secrecy.as_json(redactor)
            return _commit(url, collection, draft, recorded, terms, begun)
    except FetchFailed as error:
        return nothing(url, "offline", error, begun)
    except (StorageError, PartMissing, ConflictError):
        raise  # the next page would meet the same
    except ArchiverError as error:
        return nothing(url, "error", error, begun)


def _revisits(collection: Collection, dedup: Dedup | None) -> warc.Revisits | None:
    if dedup == "off":
        return None
    return warc.Revisits(Originals(collection).find if dedup == "collection" else None)


def _record(
    items: Iterator[Item], stream: BinaryIO, draft: Draft, engine: Engine, revisits: warc.Revisits | None
) -> Recorded:
    """Write every item as it comes and close its bodies."""
    recorded = Recorded()
    facts = {"isPartOf": draft.id, "fidelity": engine.fidelity, "engine": engine.name}
    if engine.fidelity == "wire":
        facts |= WIRE
    writer = warc.WarcWriter(stream, filename=draft.final.name, info=facts, revisits=revisits)
    try:
        for item in items:
            try:
                recorded.note(item, writer.write(item))
            finally:
                close_bodies(item)
    finally:
        if isinstance(items, Generator):
            items.close()  # an early end must reach the engine
    stream.flush()
    recorded.reading = read(draft.temporary, recorded.main_ref, recorded.info)
    if recorded.info:
        recorded.refs += write_text(recorded.reading.text, recorded.info.final_url, writer)
    recorded.records = writer.records
    recorded.requires = sorted(revisits.required) if revisits else []
    disk.sync_file(stream)
    return recorded


def _commit(  # noqa: PLR0917
    url: str, collection: Collection, draft: Draft, recorded: Recorded, terms: Terms, begun: float
) -> Captured:
    """Prove the WARC by reading it again, judge, describe, enter."""
    info, main = recorded.info, recorded.main
    if info is None:
        raise FetchFailed(url, "the engine ended without a word about the visit")
    findings = [
        replace(one, where=one.where.replace(str(draft.temporary), draft.archive_path))
        for one in warc.check(draft.temporary)
        if one.level != "info"
    ]
    status = main.response.status if main else None
    reading = recorded.reading
    word, reasons = verdict.judge(
        status,
        info,
        truncated=main is not None and main.truncated is not None,
        empty=recorded.empty,
        facts=reading.facts,
        repeated=terms.texts.others(collection, info.final_url, recorded.refs, reading.facts) if reading.facts else 0,
    )
    findings += [Finding("warning", f"verdict-{word}", info.final_url, reason) for reason in reasons]
    file = draft.fixity()
    evidence = {
        "options": {**terms.options, "dedup": terms.dedup},
        "attempts": [dict(one) for one in terms.attempts],
        "session": recorded.session,
        **circumstances(main),
    }
    told = replace(info, agents=tuple(dict.fromkeys((*info.agents, *AGENTS))))
    sidecar = new_sidecar(
        capture_id=draft.id,
        visit=Visit.of(told, word, reasons, main=main, redirects=recorded.redirects, evidence=evidence),
        kept=Kept(file, recorded.refs, recorded.records, reading.text.summary()),
        assertions=reading.assertions,
        rights=collection.rights(),
        relations={"requires": recorded.requires} if recorded.requires else None,
    )
    findings += [
        Finding("error", one.code, draft.id, f"{one.pointer} {one.message}", one.hint)
        for one in problems(sidecar)
        if one.level == "error"
    ]
    files = collection.commit(draft, [sidecar], Event("capture", AGENT, capture=draft.id, codes=(word,)))
    return Captured(
        url=url,
        verdict=word,
        seconds=round(time.monotonic() - begun, 3),
        capture_id=draft.id,
        final_url=info.final_url,
        status=status,
        warc=draft.archive_path,
        sidecar=files[0].path,
        records=recorded.records,
        bytes=file.bytes,
        findings=(*findings, *reading.complaints),
        retry_after=value_of(main.response.headers, "retry-after") if main else "",
        attempts=tuple(terms.attempts),
    )
