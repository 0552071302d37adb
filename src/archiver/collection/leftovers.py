"""What killed writers left behind: what the ledger names is finished, the rest goes. See `entry`."""

from pathlib import Path
from typing import TYPE_CHECKING

from archiver.collection import index
from archiver.collection.state import State
from archiver.model import Finding

if TYPE_CHECKING:
    from archiver.collection.collection import Collection


def clear(collection: "Collection") -> list[Finding]:
    """Finish or remove it; a finding for each writer. Cheap when there is nothing."""
    state, name, path = collection.state, collection.name, collection.path
    with state.abandoned(name) as marks:
        if not marks:
            return []
        _drop_temporaries(collection)
        held = set(collection.files())  # read now that no more of these can be entered
        for mark in marks:
            for file in _committed(path, state, mark, held):
                if file.startswith("archive/"):
                    lines = collection.lines_of(file)
                    with state.lock(name):
                        index.add(collection.indexes, lines)
        with state.lock(name):  # what several may make, a schema, could be entered by another now
            held = set(collection.files())
            return [_clear(path, state, mark, held) for mark in marks]


def _drop_temporaries(collection: "Collection") -> None:
    """Remove half-written ledger and index files: whoever writes these holds the locks, so nobody does now."""
    with collection.state.lock(f"{collection.name}.compact"), collection.state.lock(collection.name):
        for folder in (collection.indexes, *collection.path.glob("ledger/*")):
            index.drop_temporaries(folder)


def _claimed(collection: Path, mark: Path) -> list[Path]:
    """The files there are among those that a mark claims."""
    patterns = mark.read_text().splitlines()
    return [path for pattern in patterns for path in collection.glob(pattern) if path.is_file()]


def _committed(collection: Path, state: State, name: str, held: set[str]) -> list[str]:
    """Archive files and sidecars of a gone writer that the ledger names (`held`: all that it names)."""
    mark = state.marks(collection.name) / name
    paths = (path.relative_to(collection).as_posix() for path in _claimed(collection, mark))
    return [path for path in paths if path in held and path.startswith(("archive/", "sidecars/"))]


def _clear(collection: Path, state: State, name: str, held: set[str]) -> Finding:
    """Remove what a gone writer left and the ledger does not name, and its mark."""
    finished = _committed(collection, state, name, held)
    mark = state.marks(collection.name) / name
    removed = []
    for path in _claimed(collection, mark):
        if (place := path.relative_to(collection).as_posix()) not in held:
            path.unlink(missing_ok=True)
            removed.append(place)
    mark.unlink(missing_ok=True)
    if finished:
        message = "it was cut off after its commit; what was still to be done was done"
        return Finding("info", "leftover-finished", name, message)
    message = f"it was cut off before its commit; removed: {', '.join(sorted(removed)) or 'nothing'}"
    return Finding("info", "leftover-removed", name, message)
