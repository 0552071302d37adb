"""Replication of a collection to a store and back: a plan made purely, acted out dully.

A store's prefix holds the collection's own paths, all but derived files and open ledger segments. Nothing there is
ever changed, so there is no head to move: content goes first, then the sealed segments that name it, in the order
of their chains. What the segments at the store name is therefore there, and a push need list only `ledger/`.
Nothing is overwritten or deleted on either side. What a store sends is hostile until its digests agree.
"""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Literal

from archiver import disk
from archiver.collection import Collection
from archiver.collection.loss import take_back
from archiver.errors import UsageError
from archiver.fixity import LOCAL, Fixity
from archiver.ledger import Holdings, fold
from archiver.model import FileRef, Finding, Progress, now, silent, timestamp
from archiver.stores import Store
from archiver.sync.cut import cut
from archiver.sync.erasure import erase_there, spared, unaccepted
from archiver.sync.line import Line
from archiver.sync.locking import policy_of
from archiver.sync.plan import Side, SyncReport, clones, nothing_there, plan, sound, strangers, without_warcs
from archiver.sync.rolling import ending, note_sent, roll
from archiver.sync.sides import read_here, read_there
from archiver.sync.transfer import download, each, upload

__all__ = ["Line", "SyncReport", "pull", "push", "status"]

LISTED_FROM = 100
"""From so many files on a push lists what is there before, instead of asking about each."""


def push(
    collection: Collection,
    store: Store,
    *,
    dry_run: bool = False,
    erase_again: bool = False,
    line: Line | None = None,
    progress: Progress = silent,
) -> SyncReport:
    """Copy to `store` what it does not hold. Raises `StoreError` when the store as a whole fails.

    A file whose bytes are not what the ledger says is not sent, nor is a segment that names it or builds on such.
    At a conflict nothing is sent at all. What deletions ended is not sent, and goes from the store once it has their
    segments; with `erase_again`, also what went before.
    """
    store.retention, begun = policy_of(collection), now()
    if not dry_run:
        collection.seal()
    here, findings = read_here(collection, opened=dry_run)
    if here.lost - here.absent and not dry_run and take_back(collection):
        collection.seal()
        here, findings = read_here(collection, opened=False)
    there, _, found = read_there(store, here, progress)
    here, there, held = spared(here, there)
    actions = plan(here, there, "upload")
    hint = "Bring it back from a copy: `archiver repair`; what no copy has, state as lost: `archiver repair --give-up`."
    gone = [Finding("error", "local-missing", a.key, a.reason, hint) for a in actions if a.verb == "missing"]
    findings += (
        found + gone + _absent(collection, here, there) + strangers(here, there, store.url) + clones(here, there)
    )
    report = SyncReport("push", collection.name, store.url, tuple(actions), tuple(findings), dry_run)
    if dry_run or report.conflict:
        return report
    wanted = [here.files[action.key] for action in actions if action.verb == "upload" and action.key in here.files]
    moved, found = _sent(collection, store, wanted, there, line or Line(), progress)
    findings += found
    new = [segment for path, segment in here.segments.items() if path not in there.segments]
    passed, held_back = sound(new, there.segments.values(), {finding.where for finding in findings})
    for segment in passed:
        content = collection.local(segment.path).read_bytes()
        store.put(segment.path, BytesIO(content), bytes=len(content), sha256=segment.sha256)
    findings += held_back
    if held.gone and not held_back:
        back = {
            file.path for segment in passed for event in segment.events for file in (*event.objects, *event.removed)
        }
        again = held.gone.keys() if erase_again else back
        unseen = bool(there.segments.keys() - here.segments.keys())
        findings += erase_there(collection, store, again=again, unseen=unseen, progress=progress)
    findings += _cleared(store, held.files)
    note_sent(collection, store, [*(file.path for file in moved), *(one.path for one in passed)], begun)
    locked, found = roll(collection, store, _objects(there), line or Line(), progress)
    findings += found
    report = replace(report, findings=tuple(findings), moved=moved, segments=len(passed), locked=locked)
    _note(collection, report, LOCAL)
    return report


def _objects(side: Side) -> Iterator[FileRef]:
    """Everything that a store has to hold of a side."""
    yield from side.files.values()
    yield from (FileRef(one.path, 0, one.sha256) for one in side.segments.values())


def _absent(collection: Collection, here: Side, there: Side) -> list[Finding]:
    """What is told where a disk has lost files that the store has, or was never given them."""
    lacking = here.absent & there.files.keys() - here.lost - there.lost
    if not lacking:
        return []
    message = f"{len(lacking)} files that the store has are not on this disk, {min(lacking)} among them"
    hint = "`archiver sync pull` brings them; where WARCs were left out on purpose, all is well."
    return [Finding("warning", "local-absent", collection.name, message, hint)]


def _sent(  # noqa: PLR0917
    collection: Collection, store: Store, wanted: list[FileRef], there: Side, line: Line, progress: Progress
) -> tuple[tuple[FileRef, ...], list[Finding]]:
    """Of many files those that the store does not list are sent without asking about each."""
    folders = {file.path.partition("/")[0] for file in wanted if "/" in file.path}
    few = len(wanted) < LISTED_FROM or len(wanted) * LISTED_FROM < len(there.files)
    taken = set() if few else {info.key for folder in sorted(folders) for info in store.list(f"{folder}/")}

    def send(file: FileRef) -> Finding | bool:
        return upload(collection, store, file, line, free=not few and "/" in file.path and file.path not in taken)

    return each(wanted, send, "uploading", progress, line)


def _cleared(store: Store, wanted: dict[str, FileRef]) -> list[Finding]:
    message = "an upload of it that was cut off, and that nobody will finish, was given up"
    return [Finding("info", "upload-cleared", key, message) for key in store.clear_uploads(wanted)]


def _note(collection: Collection, report: SyncReport, read: str) -> None:
    """Keep what came of it beside the collection: every byte that moved was read at the place `read` and agreed."""
    fixity, at = Fixity(collection.state, collection.name), timestamp(now())
    errors = sum(finding.level == "error" for finding in report.findings)
    fixity.note_read(read, (file.path for file in report.moved), at)
    kind: Literal["push", "pull"] = "push" if report.verb == "push" else "pull"
    fixity.note_check(report.store, kind, at, len(report.moved), report.bytes, errors)


def pull(
    collection: Collection,
    store: Store,
    *,
    dry_run: bool = False,
    warcs: bool = True,
    until: str | None = None,
    accept_erasures: bool = False,
    line: Line | None = None,
    progress: Progress = silent,
) -> SyncReport:
    """Bring from `store` what `collection` does not hold; also into an empty one. Raises like `push`.

    A file or segment whose bytes are not what the ledger says is not taken over, nor is a segment that builds on such a
    segment. A damaged file keeps nothing else away: the ledger then names what is missing here, `verify` tells of it,
    and the next pull asks for it again, as for all that the disk has lost. What a deletion has ended does not come, and
    what of it is here goes. At a conflict nothing is brought at all.
    Without `warcs`, those that are not here stay at the store; `archiver.replay` can read them there.
    Where deletions from there would end more than a few captures of ours, nothing is brought, unless
    `accept_erasures`.
    With `until`, the collection as of then: see `archiver.sync.cut`. Raises `UsageError` if more than that is here.
    """
    left = [] if dry_run else collection.clear_leftovers()
    here, findings = read_here(collection, opened=True)
    there, contents, found = read_there(store, here, progress)
    ours, far, (here, there, held) = here, there, spared(here, there)
    findings += [] if accept_erasures else unaccepted(ours, held, store.url)
    findings += found + strangers(here, there, store.url) + clones(here, there)
    if not there.segments and not findings:
        findings.append(nothing_there(store.url))
    findings += left
    if until is not None and there.segments:
        there, found = _as_of(here, far, held, until)
        findings += found
    actions = plan(there, here, "download")
    actions = actions if warcs else without_warcs(actions)
    report = SyncReport("pull", collection.name, store.url, tuple(actions), tuple(findings), dry_run)
    if dry_run or report.conflict or not there.segments:
        return report
    wanted = [there.files[action.key] for action in actions if action.verb == "download" and action.key in there.files]
    wanted += [there.files[one.key] for one in actions if one.verb == "lost" and store.stat(one.key)]
    moved, found = _brought(collection, store, wanted, line or Line(), progress)
    findings += found
    new = [segment for path, segment in there.segments.items() if path not in here.segments]
    in_the_way = {finding.where for finding in findings if finding.code == "conflict"}
    passed, held_back = sound(new, here.segments.values(), in_the_way)
    late = (file.path for file in moved if file.path in here.files and file.path.startswith("archive/"))
    collection.add_lines(line for path in late for line in collection.lines_of(path))
    collection.adopt([(segment.path, contents[segment.path]) for segment in passed])
    collection.state.note_pulled(collection.name)
    if here.lost or there.lost:
        take_back(collection)
    findings += held_back + (collection.settle(progress) if held.gone else [])
    report = replace(report, findings=tuple(findings), moved=moved, segments=len(passed))
    _note(collection, report, store.url)
    return report


def _brought(
    collection: Collection, store: Store, wanted: list[FileRef], line: Line, progress: Progress
) -> tuple[tuple[FileRef, ...], list[Finding]]:
    if not wanted:
        return (), []
    collection.state.note_pulling(collection.name)
    with collection.incoming() as prefix:
        done = each(wanted, lambda file: download(collection, store, file, prefix, line), "downloading", progress, line)
    for folder in sorted({collection.local(file.path).parent for file in wanted}):
        with disk.writing(folder):
            if folder.is_dir():
                disk.sync_directory(folder)
    return done


def _as_of(here: Side, there: Side, held: Holdings, until: str) -> tuple[Side, list[Finding]]:
    """Of the far side what it held at that point in time, without what has been erased since."""
    segments = cut(there.segments, until)
    if not segments:
        raise UsageError(f"Nothing that is there was written by {until}.", "Choose a later point in time.")
    if any(path not in segments for path in here.segments):
        raise UsageError("The collection here holds more than that.", "Pull into an empty root: name one with --root.")
    named = {file.path: file for segment in segments.values() for file in segment.objects()}
    erased = len(named.keys() & held.gone.keys() - fold(segments.values()).gone.keys())
    message = f"{erased} files that were there as of {until} have been erased since and do not come back"
    files = {path: file for path, file in named.items() if path not in held.gone}
    return Side(segments, files), [Finding("warning", "erased-since", "ledger", message)] if erased else []


def status(collection: Collection, store: Store) -> SyncReport:
    """What a push and a pull would do now. Changes nothing."""
    here, findings = read_here(collection, opened=True)
    there, _, found = read_there(store, here, silent)
    here, there, _ = spared(here, there)
    actions = plan(here, there, "upload")
    actions += [action for action in plan(there, here, "download") if action.verb == "download"]
    findings += found + strangers(here, there, store.url) + clones(here, there)
    paths = there.files.keys() | there.segments.keys()
    findings += ending(collection, store.url, policy_of(collection), paths, now())
    return SyncReport("status", collection.name, store.url, tuple(actions), tuple(findings))
