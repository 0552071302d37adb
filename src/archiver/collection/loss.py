"""Losses: what no copy has any more is stated openly, by name, and hinders nothing then; found again, it is taken back.

    losses/<number>-<digest12>.json    who states it, and why
    a `recovery` that failed           the line of the ledger: of these files no whole copy is known

The ledger goes on naming such files. They are not erased: whoever has one brings it, and copies are looked for as
before.
"""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from archiver import AGENT, disk, schema
from archiver.collection.entering import enter
from archiver.errors import UnreadableInput, UsageError
from archiver.ledger import NUMBER, RECORDS, RECOVERY, Event, number_of
from archiver.model import FileRef, Finding, now, timestamp
from archiver.sidecar import dump, plain

if TYPE_CHECKING:
    from archiver.collection.collection import Collection

MOST_TEXT = 2000


def give_up(collection: "Collection", paths: Sequence[str], by: str | None, reason: str | None) -> list[FileRef]:
    """State that these files of the ledger are lost; damaged bytes in their places go to quarantine. Returns them.

    Raises `UsageError` for a path that the ledger does not name, that is here and whole, or was stated before, and
    where a name or a reason is missing.
    """
    from archiver.collection import quarantine  # which needs a collection

    who, why = plain(by or ""), plain(reason or "")
    if not who or not why:
        raise UsageError("A loss needs who states it, and what happened.", "Give --by NAME and --reason TEXT.")
    if max(len(who), len(why)) > MOST_TEXT:
        raise UsageError(f"A name and a reason have at most {MOST_TEXT} characters.")
    held = collection.holdings()
    files = [_lost(collection, held.files.get(path), path) for path in dict.fromkeys(paths)]
    for file in files:
        if file.path in held.lost and not os.path.lexists(collection.path / file.path):
            raise UsageError(f"{file.path} was stated as lost on {held.lost[file.path].at}.")
    told = [event for one in collection.history(naming=RECOVERY) for event in one.events if event.type == RECOVERY]
    number = 1 + max(map(number_of, told), default=0)
    record = {"$schema": schema.ids()["loss"], "files": [file.path for file in files], "reason": why, "by": who}
    content = dump(record | {"at": timestamp(now()), "agent": AGENT})
    event = Event(RECOVERY, AGENT, tuple(files), outcome="failure", counts=((NUMBER, number),))
    enter(collection, {f"{RECORDS}{number}-{disk.sha256_bytes(content)[:12]}.json": content}, event)
    for file in files:
        if os.path.lexists(collection.path / file.path):
            quarantine.set_aside(collection, file.path)
    return files


def take_back(collection: "Collection") -> list[FileRef]:
    """Enter as recovered what was stated as lost and is here again, whole; returns it. Cheap where nothing was lost."""
    held = collection.holdings()
    back = [held.files[path] for path in sorted(held.lost) if _is_whole(collection, held.files[path])]
    for number in sorted({number_of(held.lost[file.path]) for file in back}):
        files = tuple(file for file in back if number_of(held.lost[file.path]) == number)
        collection.record(Event(RECOVERY, AGENT, files, counts=((NUMBER, number),)))
    warcs = [file.path for file in back if file.path.startswith("archive/")]
    collection.add_lines(line for path in warcs for line in collection.lines_of(path))
    return back


def lost(where: str, statement: Event) -> Finding:
    """What is said of a file, at `where`, that is missing and was stated as lost."""
    message = f"it was stated as lost on {statement.at}; {RECORDS} tells by whom and why"
    return Finding("warning", "file-lost", where, message, "Whatever copy turns up is taken back: `archiver repair`.")


def _lost(collection: "Collection", file: FileRef | None, path: str) -> FileRef:
    if file is None:
        raise UsageError(f"The ledger names no file {path}.", "`archiver verify` tells what is missing, by its path.")
    if _is_whole(collection, file):
        raise UsageError(f"{path} is here, and whole.", "`archiver verify` tells what is missing.")
    return file


def _is_whole(collection: "Collection", file: FileRef) -> bool:
    """Whether it lies here as the ledger says."""
    try:
        return disk.sha256_file(collection.local(file.path)) == (file.sha256, file.bytes)
    except (UnreadableInput, OSError):
        return False
