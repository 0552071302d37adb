"""What the ledger's deletions ended goes from a store, too: every version of it.

That is done once the store has the segments that say so; another writer could bring the files back otherwise. WARCs
wait where captures may still need a body from them. What is locked there stays until its lock ends; nobody is shown it,
since the ledger has ended it. What is done is noted beside the collections, and only there: if the note is lost, all is
done again.
"""

import json
from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from archiver import disk
from archiver.collection import Collection
from archiver.ledger import Holdings, capture_of, fold
from archiver.model import FileRef, Finding, Progress, silent, timestamp
from archiver.stores import Store
from archiver.sync.plan import Side
from archiver.sync.transfer import each

FEW, SHARE = 1, 20
"""So many captures, or one of so many, may be ended here by a pull that nobody looked at."""

_PULL = "Run `archiver sync pull`, then push again: captures made elsewhere may need a body from them."


def spared(here: Side, there: Side) -> tuple[Side, Side, Holdings]:
    """The sides without what the deletions of either ended, and what all chains come to: nothing of it is moved."""
    segments = (here.segments | there.segments).values()
    if not any(event.removed for segment in segments for event in segment.events):
        return here, there, fold(())
    held = fold(segments)
    ours, theirs = ({path: one for path, one in side.files.items() if path not in held.gone} for side in (here, there))
    return replace(here, files=ours), replace(there, files=theirs), held


def unaccepted(here: Side, held: Holdings, store: str) -> list[Finding]:
    """A finding where the store's deletions would end more here than one is ready to lose unseen: nothing then moves.

    Whoever can write to the bucket can write a deletion there, and it would win for ever. `here` is our side as it is.
    """
    ours = fold(here.segments.values())
    whole = {capture_of(path) for path in held.files if path.startswith("archive/")}
    ending = {capture_of(path) or path for path in ours.files.keys() & held.gone.keys()}
    ending = {one for one in ending if one in held.erased or one not in whole}
    every = {capture_of(path) for path in ours.files if path.startswith("sidecars/")}
    if len(ending) <= max(FEW, len(every) // SHARE):
        return []
    message = f"what it brings would erase {len(ending)} of the {len(every)} captures here; nothing was brought"
    hint = "If they are to go (their records lie there under erasures/), pull with --accept-erasures."
    return [Finding("error", "erasures-unaccepted", store, message, hint)]


@dataclass(slots=True)
class _Note:
    """What is gone from a store, and what a lock keeps there."""

    path: Path
    url: str
    done: set[str] = field(default_factory=set)
    locked: dict[str, str | None] = field(default_factory=dict)
    """Path to the instant when its lock ends, RFC 3339; None for one that does not end by itself."""

    @classmethod
    def of(cls, collection: Collection, store: Store) -> "_Note":
        """The note, empty where there is none that can be read."""
        name = f"{sha256(store.url.encode()).hexdigest()[:16]}.json"
        note = cls(collection.state.path / "erasures" / collection.name / name, store.url)
        try:
            document = json.loads(note.path.read_bytes())
            note.done, note.locked = set(document["done"]), dict(document["locked"])
        except (OSError, ValueError, LookupError, TypeError):
            pass
        return note

    def save(self) -> None:
        """Keep it."""
        document = {"url": self.url, "done": sorted(self.done), "locked": self.locked}
        disk.write_atomic(self.path, json.dumps(document, indent=1).encode() + b"\n", replace=True)


def erase_there(
    collection: Collection,
    store: Store,
    *,
    again: Container[str] = frozenset(),
    unseen: bool = False,
    progress: Progress = silent,
) -> list[Finding]:
    """Remove from `store` what the ledger's deletions ended, as far as that was not done before.

    `again` are paths that may be back there. `unseen`: the store has segments that are not here. Raises `StoreError`
    when the store as a whole fails.
    """
    held, note = collection.holdings(), _Note.of(collection, store)
    todo = [file for path, file in sorted(held.gone.items()) if path not in note.done or path in again]
    findings, waiting = _waiting(collection, held, todo, store, unseen=unseen) if todo else ([], frozenset[str]())
    wanted = [file for file in todo if file.path not in waiting]
    if not wanted:
        return findings

    def work(file: FileRef) -> Finding | bool:
        lock = store.erase(file.path)
        note.locked.pop(file.path, None)
        note.done.discard(file.path)
        if lock is None:
            note.done.add(file.path)
        else:
            note.locked[file.path] = timestamp(lock.until) if lock.until else None
        return lock is None

    try:
        erased, found = each(wanted, work, "erasing there", progress)
    finally:
        note.save()
    if erased:
        message = f"{len(erased)} objects of erased captures are gone from there, with all their versions"
        findings.append(Finding("info", "remote-erased", store.url, message))
    return findings + list(found) + _locked(store, note)


def _waiting(
    collection: Collection, held: Holdings, todo: Iterable[FileRef], store: Store, *, unseen: bool
) -> tuple[list[Finding], frozenset[str]]:
    """WARCs that must stay there for now, and why."""
    warcs = [file.path for file in todo if file.path.startswith("archive/")]
    if not warcs:
        return [], frozenset()
    if unseen or collection.absent_warcs():
        why = "it has ledger segments" if unseen else "the collection has WARCs"
        message = f"{len(warcs)} WARCs of erased captures wait there: {why} that are not here"
        return [Finding("warning", "erasure-waits", store.url, message, _PULL)], frozenset(warcs)
    from archiver.collection.dependents import required  # which reads WARCs

    needed = required(collection, held)
    foreign = any(f"{capture}." not in path for capture in needed for path in warcs)
    waiting = {path for path in warcs if capture_of(path) in needed or (foreign and capture_of(path) is None)}
    findings = []
    for capture, dependents in sorted(needed.items()):
        if waiting:
            message = f"its WARC waits at {store.url}: {', '.join(dependents)} were not made whole yet"
            hint = "Pull on the copy that has it and push from there, or erase them as well."
            findings.append(Finding("warning", "erasure-waits", capture, message, hint))
    return findings, frozenset(waiting)


def _locked(store: Store, note: _Note) -> list[Finding]:
    """What is told of objects that a lock keeps."""
    if not note.locked:
        return []
    ends = [until for until in note.locked.values() if until]
    without = len(note.locked) - len(ends)
    when = f"until {max(ends)}" if ends else ""
    when += f"{' ' if ends else ''}({without} without an end, by a legal hold or a refusal)" if without else ""
    message = f"{len(note.locked)} objects of erased captures are locked there {when}; nobody is shown them"
    hint = "A push after that removes them, or `archiver erase --settle --remote`."
    return [Finding("warning", "erasure-locked", store.url, message, hint)]
