"""Planning an erasure, and doing it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from archiver import access
from archiver.collection import Collection, erasure
from archiver.collection.erasure import Doomed
from archiver.erasing.request import Request
from archiver.errors import ArchiverError, UnknownCapture, WarcShared
from archiver.model import FileRef, Finding, Progress, silent
from archiver.sidecar import Sidecar

Status = Literal["erased", "planned", "known"]


@dataclass(frozen=True, slots=True)
class Erased:
    """What became of one capture."""

    collection: str
    capture: str
    status: Status
    """`known`: it was erased before."""
    basis: str = ""
    removed: tuple[FileRef, ...] = ()
    rewritten: tuple[str, ...] = ()
    """Ids of captures that depended on it."""
    findings: tuple[Finding, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The JSON line of `archiver erase`."""
        return {
            "collection": self.collection,
            "capture_id": self.capture,
            "status": self.status,
            "basis": self.basis or None,
            "files": [file.path for file in self.removed],
            "bytes": sum(file.bytes for file in self.removed),
            "rewritten": list(self.rewritten),
            "findings": [one.as_json() for one in self.findings],
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """What would go in one collection."""

    collection: Collection
    going: tuple[Doomed, ...]
    """Dependents stand before what they depend on."""
    known: tuple[str, ...]
    """Ids that were erased before."""


def plan(collections: Sequence[Collection], captures: Sequence[str], *, whole_file: bool = False) -> list[Plan]:
    """Find captures, and what goes with each; only reads.

    Of a WARC with several captures all have to be named, or `whole_file` be given. Raises `WarcShared`, and
    `UnknownCapture` for an id that no collection has or had.
    """
    plans, left = list[Plan](), dict.fromkeys(captures)
    for collection in collections:
        holdings = collection.holdings()
        here = set(collection.captures())
        known = [capture for capture in left if capture in holdings.erased]
        found: dict[str, Doomed] = {}
        queue = [capture for capture in left if capture in here and capture not in known]
        asked = set(queue)
        for capture in queue:
            found[capture] = erasure.doomed(collection, holdings, capture)
            missing = [other for other in found[capture].sharing if other not in asked]
            if missing and not whole_file:
                raise WarcShared(capture, tuple(missing))
            asked.update(missing)
            queue += missing
        for capture in (*known, *found):
            left.pop(capture, None)
        order = sorted(found, reverse=True)
        before: set[str] = set()
        for capture in order:
            if found[capture].sharing:  # the last of them takes the WARC along
                found[capture] = erasure.doomed(collection, holdings, capture, before)
            before.add(capture)
        going = tuple(found[capture] for capture in order)
        if going or known:
            plans.append(Plan(collection, going, tuple(known)))
    for capture in left:
        raise UnknownCapture(capture)
    return plans


def planned(chosen: Plan) -> Iterator[Erased]:
    """A plan as it is told, with nothing done."""
    doomed = {one.capture for one in chosen.going}
    for capture in chosen.known:
        yield _known(chosen.collection, capture)
    for gone in chosen.going:
        rewritten = {name for one in gone.dependents for name in one.captures} - doomed
        yield Erased(
            chosen.collection.name, gone.capture, "planned", removed=gone.removed, rewritten=tuple(sorted(rewritten))
        )


def erase(chosen: Plan, request: Request, progress: Progress = silent) -> Iterator[Erased]:
    """Erase what was planned, capture by capture: one line of the ledger each, carried out before the next.

    Raises `ConflictError` where captures that depend on one cannot be made whole; then that one stays.
    """
    collection = chosen.collection
    for capture in chosen.known:
        yield _known(collection, capture)
    naming = dict[str, list[Finding]]()
    for one in chosen.going:
        heads = _readable(collection, one.capture)
        for head in heads:
            request.check(head)
        naming[one.capture] = _naming(collection, heads)
    for one in chosen.going:
        gone = erasure.erase(collection, one.capture, request.basis, request.record)
        settled = (found for found in collection.settle(progress) if found.code != "erasure-settled")
        findings = (*settled, *naming[one.capture])
        rewritten = tuple(sorted(name for dependent in gone.dependents for name in dependent.captures))
        yield Erased(collection.name, one.capture, "erased", request.basis, gone.removed, rewritten, findings)


def _readable(collection: Collection, capture: str) -> list[Sidecar]:
    """The current sidecar; none where it is damaged: that must not hinder an erasure."""
    try:
        return collection.heads(capture)
    except (ArchiverError, OSError):
        return []


def _naming(collection: Collection, heads: list[Sidecar]) -> list[Finding]:
    """Access rules about just the address of what goes: an archivist wrote it there, and rules stay."""
    keys = access.keys(*(url for head in heads for url in (head.requested_url, head.final_url)))
    message = "this access rule names the address of what was erased, and stays, here and at the remotes"
    return [
        Finding("warning", "erased-address", one.name, message, "Restrict by id what may have to go one day.")
        for one in access.rules(collection).all
        if one.url and keys & {*access.Pattern.of(one.url).exact}
    ]


def _known(collection: Collection, capture: str) -> Erased:
    message = "it was erased before; nothing was changed"
    return Erased(collection.name, capture, "known", findings=(Finding("info", "erased", capture, message),))
