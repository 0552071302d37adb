"""Replication of a collection to a store and back: a plan made purely, acted out dully.

A store's prefix holds the collection's own paths, all but derived files and open ledger segments. Nothing there is
ever changed, so there is no head to move: content goes first, then the sealed segments that name it, in the order
of their chains. What the segments at the store name is therefore there, and a push need list only `ledger/`.
Nothing is overwritten or deleted on either side. What a store sends is hostile until its digests agree.
"""

from dataclasses import replace
from io import BytesIO

from archiver.collection import Collection
from archiver.model import FileRef, Finding, Progress, silent
from archiver.stores import Store
from archiver.sync.erasure import erase_there, spared
from archiver.sync.locking import policy_of
from archiver.sync.plan import SyncReport, plan, sound, strangers, without_warcs
from archiver.sync.sides import read_here, read_there
from archiver.sync.transfer import download, each, upload

__all__ = ["SyncReport", "pull", "push", "status"]


def push(
    collection: Collection,
    store: Store,
    *,
    dry_run: bool = False,
    erase_again: bool = False,
    progress: Progress = silent,
) -> SyncReport:
    """Copy to `store` what it does not hold. Raises `StoreError` when the store as a whole fails.

    A file whose bytes are not what the ledger says is not sent, nor is a segment that names it or builds on such.
    At a conflict nothing is sent at all. What deletions ended is not sent, and goes from the store once it has their
    segments; with `erase_again`, also what went before.
    """
    store.retention = policy_of(collection)
    if not dry_run:
        collection.seal()
    here, findings = read_here(collection, opened=dry_run)
    there, _, found = read_there(store, here, progress)
    here, there, held = spared(here, there)
    actions = plan(here, there, "upload")
    hint = "Bring the file back with `archiver sync pull` or from another copy."
    gone = [Finding("error", "local-missing", a.key, a.reason, hint) for a in actions if a.verb == "missing"]
    findings += found + gone + strangers(here, there, store.url)
    report = SyncReport("push", collection.name, store.url, tuple(actions), tuple(findings), dry_run)
    if dry_run or report.conflict:
        return report
    wanted = [here.files[action.key] for action in actions if action.verb == "upload" and action.key in here.files]
    moved, found = each(wanted, lambda file: upload(collection, store, file), "uploading", progress)
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
    return replace(report, findings=tuple(findings), moved=moved, segments=len(passed))


def pull(
    collection: Collection, store: Store, *, dry_run: bool = False, warcs: bool = True, progress: Progress = silent
) -> SyncReport:
    """Bring from `store` what `collection` does not hold; also into an empty one. Raises like `push`.

    A file or segment whose bytes are not what the ledger says is not taken over, nor is a segment that builds on it.
    Files that the ledger names and the disk has lost come back too. At a conflict nothing is brought at all.
    Without `warcs`, those that are not here stay at the store; `archiver.replay` can read them there.
    """
    here, findings = read_here(collection, opened=True)
    there, contents, found = read_there(store, here, progress)
    here, there, _ = spared(here, there)
    actions = plan(there, here, "download")
    actions = actions if warcs else without_warcs(actions)
    findings += found + strangers(here, there, store.url)
    if not there.segments and not findings:
        hint = "Check bucket and prefix; a collection is there once it was pushed."
        findings.append(Finding("error", "remote-empty", store.url, "no collection is there", hint))
    report = SyncReport("pull", collection.name, store.url, tuple(actions), tuple(findings), dry_run)
    if dry_run or report.conflict or not there.segments:
        return report
    wanted = [there.files[action.key] for action in actions if action.verb == "download" and action.key in there.files]
    moved, found = _brought(collection, store, wanted, progress)
    findings += found
    new = [segment for path, segment in there.segments.items() if path not in here.segments]
    passed, held_back = sound(new, here.segments.values(), {finding.where for finding in findings})
    late = (file.path for file in moved if file.path in here.files and file.path.startswith("archive/"))
    collection.add_lines(line for path in late for line in collection.lines_of(path))
    collection.adopt([(segment.path, contents[segment.path]) for segment in passed])
    findings += held_back + collection.settle(progress)
    return replace(report, findings=tuple(findings), moved=moved, segments=len(passed))


def _brought(
    collection: Collection, store: Store, wanted: list[FileRef], progress: Progress
) -> tuple[tuple[FileRef, ...], list[Finding]]:
    if not wanted:
        return (), []
    with collection.incoming() as prefix:
        return each(wanted, lambda file: download(collection, store, file, prefix), "downloading", progress)


def status(collection: Collection, store: Store) -> SyncReport:
    """What a push and a pull would do now. Changes nothing."""
    here, findings = read_here(collection, opened=True)
    there, _, found = read_there(store, here, silent)
    here, there, _ = spared(here, there)
    actions = plan(here, there, "upload")
    actions += [action for action in plan(there, here, "download") if action.verb == "download"]
    findings += found + strangers(here, there, store.url)
    return SyncReport("status", collection.name, store.url, tuple(actions), tuple(findings))
