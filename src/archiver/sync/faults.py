"""What is wrong with the two copies of a collection, and what a repair can do about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from archiver import disk
from archiver.collection import Collection
from archiver.collection.loss import lost
from archiver.errors import StoreError, UnreadableInput
from archiver.fixity import LOCAL, Fixity
from archiver.ledger import Event
from archiver.model import Action, FileRef, Finding, Progress, now, timestamp
from archiver.stores import Store
from archiver.sync.audit import check_bytes
from archiver.sync.expectation import Expected, Listing
from archiver.sync.transfer import each, still_there

OTHER = "Look in another remote or in a package: `archiver repair`."


@dataclass(slots=True)
class Faults:
    """Why a copy's file is not what the ledger says, in words, by path."""

    here: dict[str, str] = field(default_factory=dict)
    there: dict[str, str] = field(default_factory=dict)
    absent_here: set[str] = field(default_factory=set)
    absent_there: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    """Objects that a delete marker hides: what lies beneath is not known."""
    unknown: set[str] = field(default_factory=set)
    """Files that this copy has not pulled yet, nor is to."""
    beneath: dict[str, str] = field(default_factory=dict)
    """Where no newest copy is good: the older version of the object that is."""


def examine(collection: Collection, store: Store, expected: Expected, listing: Listing, progress: Progress) -> Faults:
    """Read every byte of both copies."""
    fixity, at, files = Fixity(collection.state, collection.name), timestamp(now()), list(expected.files.values())
    faults = Faults(
        absent_there=expected.files.keys() - listing.objects.keys(),
        hidden={key for key in expected.files if listing.hidden(key)},
    )
    present = [file for file in files if file.path not in faults.absent_there]
    good, wrong = each(present, lambda file: check_bytes(store, file), f"reading {store.url}", progress)
    fixity.note_read(store.url, (file.path for file in good), at)
    faults.there = dict.fromkeys(faults.absent_there, "it is not there") | {one.where: one.message for one in wrong}
    ours = [file for file in files if file.path in expected.known]
    good, wrong = each(ours, lambda file: check_here(collection, file), f"reading {collection.name}", progress)
    fixity.note_read(LOCAL, (file.path for file in good), at)
    faults.here = {one.where: one.message for one in wrong}
    faults.absent_here = {one.where for one in wrong if one.code == "file-missing"}
    faults.unknown = expected.files.keys() - expected.known
    for path in faults.there.keys() & (faults.here.keys() | faults.unknown):
        older = [one.id for one in listing.versions.get(path, ()) if not one.marker and not one.latest]
        if good_one := next((id for id in older if is_whole(store, expected.files[path], id)), None):
            faults.beneath[path] = good_one
    return faults


def is_whole(store: Store, file: FileRef, version: str) -> bool:
    """Whether that version of an object is what the ledger says."""
    try:
        with store.open_version(file.path, version) as stream:
            return disk.sha256_stream(stream) == (file.sha256, file.bytes)
    except StoreError:
        still_there(store)
        return False


def check_here(collection: Collection, file: FileRef) -> Finding | bool:
    """One file of this copy by all its bytes: True if they are what the ledger says."""
    try:
        digest, size = disk.sha256_file(collection.local(file.path))
    except FileNotFoundError:
        return Finding("error", "file-missing", file.path, "it is not here")
    except (OSError, UnreadableInput) as error:
        return Finding("error", "file-unreadable", file.path, f"it cannot be read here ({error})")
    if (digest, size) == (file.sha256, file.bytes):
        return True
    return Finding("error", "file-digest", file.path, f"its sha256 is {digest[:12]}… here, not {file.sha256[:12]}…")


def plan_mending(
    files: Iterable[FileRef], faults: Faults, stated: Mapping[str, Event], *, warcs: bool = True
) -> tuple[list[Action], list[Finding]]:
    """The steps, and a finding for each file of which neither copy is good. Pure.

    `stated`: what people stated as lost. Without `warcs`, those that are not here are meant not to be.
    """
    actions: list[Action] = []
    findings: list[Finding] = []
    for file in sorted(files):
        path, here, there = file.path, faults.here.get(file.path), faults.there.get(file.path)
        absent = path in faults.absent_here
        if path in faults.hidden:
            actions.append(Action("undelete", path, "a delete marker hides it there", file.bytes))
            continue
        if there and (here or path in faults.unknown) and path not in faults.beneath:
            if path in stated and path in faults.absent_there and (absent or path in faults.unknown):
                findings.append(lost(path, stated[path]))
                continue
            message = f"neither copy is good: {here or 'it was never here'}; {there}"
            findings.append(Finding("error", "no-good-copy", path, message, OTHER))
            continue
        if there and path in faults.beneath:
            actions.append(Action("revert", path, f"{there}; an older version is good", file.bytes))
        elif there:
            verb: Literal["upload", "replace"] = "upload" if path in faults.absent_there else "replace"
            actions.append(Action(verb, path, there, file.bytes))
        if here and (not absent or warcs or not path.startswith("archive/")):
            actions.append(Action("download" if absent else "restore", path, here, file.bytes))
    return actions, findings
