"""What lies in a collection's folder without belonging there."""

import os
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from archiver import disk, ledger
from archiver.collection import Collection, index, zipnum
from archiver.ledger import Holdings
from archiver.model import Finding
from archiver.verify.chain import fault

DERIVED = "derived/"
"""May be deleted at any time, holds no truth, and is not looked at."""
_REBUILT = f"indexes/{disk.TEMPORARY}"
"""What levels of an index that is made anew lie in until they take the others' place."""


def check_unlisted(collection: Collection, holdings: Holdings, later: Callable[[], Holdings]) -> Iterator[Finding]:
    """Files and links that must not be here: no ledger line names them, or a deletion does.

    What a living process is writing is passed by, and what a kill left is no error.
    """
    folder = collection.path
    strays = [name for name in _files_in(folder) if name not in holdings.files and not name.startswith(DERIVED)]
    living = collection.state.under_way(collection.name)
    claims = collection.state.claims(collection.name)
    bringing = any(f"{disk.TEMPORARY}pull-" in claim for claim in claims)
    cut_off = bringing or collection.state.is_pulling(collection.name)
    own = {path.relative_to(folder).as_posix() for path in ledger.sealed_files(folder / "ledger")}
    own |= {path.relative_to(folder).as_posix() for path in _own(folder)}
    strays = [name for name in strays if name not in own and not claimed(name, living)]
    since = later() if strays else holdings
    for name in strays:
        path = folder / name
        if name in since.files or not os.path.lexists(path):
            continue
        if since.ended(name) or holdings.ended(name):
            hint = f"`archiver erase -c {collection.name} --settle` carries the deletion out."
            yield fault("erased-present", path, "it was erased, and lies here still", hint)
        elif path.name.startswith(disk.TEMPORARY) or name.startswith(_REBUILT) or claimed(name, claims):
            message = "what it was made for was cut off before its commit"
            yield Finding("info", "leftover", str(path), message, "The next command that writes removes it.")
        else:
            yield _unlisted(path, cut_off)


def _own(folder: Path) -> Iterator[Path]:
    """Files that no line names: the growing segments, and the levels of the index."""
    for own in ledger.open_files(folder / "ledger"):
        yield own
        yield own.with_name(ledger.HEAD)
    for head in (folder / "ledger").glob(f"*/{ledger.HEAD}"):
        if ledger.WRITER_NAME.match(head.parent.name):
            yield head
    for number in range(index.LEVELS):
        yield index.level(folder / "indexes", number)
    yield from zipnum.files(folder / "indexes")


def _unlisted(path: Path, cut_off: bool) -> Finding:
    message = "no ledger line names it: it is not of the collection"
    if cut_off:
        hint = "A pull or a repair is under way or was cut off; run it to its end."
        return Finding("warning", "file-unlisted", str(path), message, hint)
    hint = "Look what it is; `archiver verify --quarantine` moves it out of the collection."
    return fault("file-unlisted", path, message, hint)


def _files_in(folder: Path) -> list[str]:
    paths = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(path.relative_to(folder).as_posix() for path in paths)


def claimed(name: str, claims: list[str]) -> bool:
    """Whether a path is one that a process may be making, or may have been when it was killed."""
    return any(fnmatchcase(name, claim) for claim in claims)
