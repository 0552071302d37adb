"""Erasing: a deletion is entered, and carried out on this disk; and those that others entered are carried out.

    dependents whole, erasure record   files that do not count yet
    one line of the ledger             the commit: from here on the capture is gone, in every union of chains
    settle                             index lines, files, derived, quarantine: can be cut off and done again

A mark, `ROOT/.archiver/erasures/NAME.due`, stands from before the line until all is carried out, so that whoever
comes next sees it without reading the ledger.
"""

import shutil
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from archiver import AGENT, disk
from archiver.collection import dependents, index, layout
from archiver.collection.dependents import Bodies, Dependent, Going, Whole
from archiver.collection.entry import Entry
from archiver.errors import ArchiverError, ConflictError, UnknownCapture, UnreadableInput
from archiver.ledger import DELETION, Event, Holdings, capture_of
from archiver.model import FileRef, Finding, Progress, silent

if TYPE_CHECKING:
    from archiver.collection.collection import Collection


@dataclass(frozen=True, slots=True)
class Doomed:
    """What the erasure of one capture takes away, and whom that concerns."""

    capture: str
    removed: tuple[FileRef, ...]
    """Its files, but for a WARC that other captures are in as well."""
    sharing: tuple[str, ...]
    """Ids of these others, which keep it for now."""
    dependents: tuple[Dependent, ...]
    """Those that may need a body from it; once it was erased, those that did."""
    bodies: Bodies


def doomed(collection: "Collection", holdings: Holdings, capture: str, before: Container[str] = frozenset()) -> Doomed:
    """What is to go for a capture, once those in `before` went. Only reads. Raises `UnknownCapture`.

    A damaged sidecar hinders nothing, but where the capture has no WARC of its own: then it raises as reading does.
    """
    revisions = layout.revisions(holdings.files).get(capture, [])
    if not revisions:
        raise UnknownCapture(capture)
    ours = {path: file for path, file in holdings.files.items() if capture_of(path) == capture}
    try:
        named = {head.warc_file for head in collection.heads_of(revisions)}
    except (ArchiverError, OSError):
        if layout.capture_path(capture) not in ours:
            raise
        named = set()
    foreign = {path for path in named if capture_of(path) != capture}
    naming = (one for one in dependents.describing(collection, holdings, foreign)) if foreign else iter(())
    sharing = sorted(
        one.id for one in naming if one.warc_file in foreign and one.id != capture and one.id not in before
    )
    ours |= {path: holdings.files[path] for path in named & holdings.files.keys() if not (sharing and path in foreign)}
    warcs = frozenset(path for path in ours if path.startswith("archive/"))
    going = Going(frozenset({capture}), warcs, holdings.erased)
    bodies = Bodies(collection, going)
    found = dependents.find(collection, holdings, bodies) if going.warcs else []
    return Doomed(capture, tuple(file for _, file in sorted(ours.items())), tuple(sharing), tuple(found), bodies)


def erase(collection: "Collection", capture: str, basis: str, record: Callable[[Doomed], bytes]) -> Doomed:
    """Enter a deletion by one line; `record` gives the content of the erasure record. `settle` then carries it out.

    Raises `UnknownCapture`, and `ConflictError` where captures that depend on it could not be made whole.
    """
    with Entry.revisions(collection.path, collection.state, "erase") as entry, collection.state.lock(collection.name):
        gone = doomed(collection, collection.holdings(), capture)
        whole = Whole()
        for one in gone.dependents:
            whole += dependents.make_whole(collection, entry, one, gone.bodies)
        if gone.bodies.lost:
            names = ", ".join(name for one in gone.dependents for name in one.captures)
            hint = "Bring a good copy with `archiver repair` first, or erase them all."
            raise ConflictError(f"{capture} holds bodies that {names} refer to, and they cannot be read.", hint)
        gone = replace(gone, dependents=tuple(one for one in gone.dependents if {*one.captures} & {*whole.captures}))
        content = record(gone)
        file = entry.write(f"erasures/{capture}-{disk.sha256_bytes(content)[:12]}.json", content)
        collection.state.note_due(collection.name)
        removed = (*gone.removed, *whole.removed)
        event = Event(DELETION, AGENT, capture=capture, removed=removed, basis=basis)
        entry.enter(event, file, *whole.objects, *entry.schemas(), lines=_lines(collection, whole))
    return gone


def _lines(collection: "Collection", whole: Whole) -> list[bytes]:
    """The index lines of the WARCs that were made whole."""
    warcs = (file.path for file in whole.objects if file.path.startswith("archive/"))
    return [line for path in warcs for line in collection.lines_of(path)]


def settle(collection: "Collection", progress: Progress = silent) -> list[Finding]:
    """Carry out on this disk what all deletions in the ledger say; does nothing where nothing is left to do.

    Captures known only here that depend on what is to go are made whole first. Where one of them is damaged, the
    WARCs stay until it is repaired: an error `erasure-waits`.
    """
    name = collection.name
    if not collection.state.is_due(name) and not any(_present(collection, collection.holdings())):
        return []
    with collection.state.lock(f"{name}.compact"), collection.state.lock(name):
        findings = _spare_dependents(collection, collection.holdings())
        waiting = any(one.level == "error" for one in findings)
        holdings = collection.holdings()
        index.create(collection.indexes)
        index.drop(collection.indexes, lambda line: holdings.ended(index.file_of(line)))
        with collection.state.lock(f"{name}.catalogue"):
            shutil.rmtree(collection.local("derived"), ignore_errors=True)
        removed = _remove(collection, holdings, progress, spare="archive/" if waiting else "\0")
        (collection.state.note_due if waiting else collection.state.note_settled)(name)
    if removed:
        message = f"{removed} files of erased captures were removed, with their index lines and all that was derived"
        findings.append(Finding("info", "erasure-settled", name, message))
    return findings


def _present(collection: "Collection", holdings: Holdings) -> Iterator[tuple[str, Path]]:
    """What lies here and must not: path in the collection, and the file; quarantined copies, too."""
    for folder in ("sidecars", *sorted({layout.capture_path(one).rpartition("/")[0] for one in holdings.erased})):
        for path in sorted(collection.path.glob(f"{folder}/*")) if holdings.erased else ():
            place = path.relative_to(collection.path).as_posix()
            if place not in holdings.gone and holdings.ended(place):
                yield place, path
    for place in sorted(holdings.gone):
        if lying := _lying(collection, place):
            yield place, lying
    aside = collection.state.path / "quarantine" / collection.name
    for path in sorted(aside.glob("*/**/*")):
        place = "/".join(disk.meant(path).relative_to(aside).parts[1:])
        if holdings.ended(place) and path.is_file():
            yield place, path


def _lying(collection: "Collection", place: str) -> Path | None:
    """The file at a path of the ledger; None where none is, or what is no plain file of the collection."""
    try:
        path = collection.local(place)
    except UnreadableInput:
        return None  # `verify` tells
    return path if path.is_file() else None


def _remove(collection: "Collection", holdings: Holdings, progress: Progress, *, spare: str) -> int:
    """Unlink what must not be here, but for what begins with `spare`; returns how many files."""
    found = [one for one in _present(collection, holdings) if not one[0].startswith(spare)]
    for done, (_, path) in enumerate(found, 1):
        with disk.writing(path):
            path.unlink(missing_ok=True)
            disk.sync_directory(path.parent)
        progress(f"erasing in {collection.name}", done, len(found))
    return len(found)


def _spare_dependents(collection: "Collection", holdings: Holdings) -> list[Finding]:
    """Make whole what depends on WARCs that are to go and still lie here, and enter it."""
    here = {path for path in holdings.gone if path.startswith("archive/") and _lying(collection, path)}
    if not here:
        return []
    owners = frozenset(filter(None, map(capture_of, here)))
    bodies = Bodies(collection, Going(owners & holdings.erased, frozenset(here), holdings.erased))
    findings: list[Finding] = []
    for one in dependents.find(collection, holdings, bodies):
        with Entry.revisions(collection.path, collection.state, "whole") as entry:
            try:
                whole = dependents.make_whole(collection, entry, one, bodies)
            except (ConflictError, UnreadableInput) as error:
                message = f"the WARCs that it refers to were erased and wait for it: {error}"
                findings.append(Finding("error", "erasure-waits", one.file.path, message, error.hint))
                continue
            if not whole.objects:
                continue
            event = Event("modification", AGENT, removed=whole.removed, codes=("whole",))
            entry.enter(event, *whole.objects, *entry.schemas(), lines=_lines(collection, whole))
    for url in bodies.lost:
        message = "a revisit record lost its body with an erased capture: it could not be read there any more"
        findings.append(Finding("warning", "erasure-body", url, message))
    return findings
