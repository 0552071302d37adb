"""Mending the local ledger: its sealed segments carry their digests in their names, and name those before them."""

from io import BytesIO
from typing import BinaryIO, Protocol

from archiver import disk, ledger
from archiver.collection import Collection, quarantine
from archiver.errors import StoreError, UnreadableInput
from archiver.ledger import Segment
from archiver.model import Action, FileRef, Finding
from archiver.sync.sides import SEGMENT_BYTES
from archiver.sync.transfer import Listed, still_there


class Segments(Listed, Protocol):
    """Where good segments may be: a store, or another copy."""

    def open(self, path: str, /) -> BinaryIO:
        """As of a store."""
        ...


def mend_chains(
    collection: Collection, store: Segments, *, dry_run: bool
) -> tuple[tuple[Action, ...], tuple[FileRef, ...], tuple[Finding, ...]]:
    """Bring back sealed segments that are damaged here, or gone although others build on them or saw them.

    Returns the steps, what was mended, and findings for what the store has no good copy of.
    """
    whole, damaged = _read(collection)
    wanted = dict.fromkeys(damaged, "its content is not what its name says")
    wanted |= dict.fromkeys(_named(whole) - whole.keys() - damaged, "it is not here, but later segments tell of it")
    actions: list[Action] = []
    mended: list[FileRef] = []
    findings: list[Finding] = []
    while wanted:
        path, why = wanted.popitem()
        content = fetch_segment(store, path)
        if content is None:
            message, hint = f"{why}, and the store has no good copy", "Look in another remote: `archiver repair`."
            findings.append(Finding("error", "no-good-copy", path, message, hint))
            continue
        file = FileRef(path, len(content), disk.sha256_bytes(content))
        actions.append(Action("restore" if path in damaged else "download", path, why, file.bytes))
        whole[path] = ledger.parse_segment(content, path)
        more = _named({path: whole[path]}) - whole.keys() - wanted.keys() - {one.where for one in findings}
        wanted |= dict.fromkeys(more, "it is not here, but later segments tell of it")
        if not dry_run:
            quarantine.restore(collection, file, BytesIO(content))
            mended.append(file)
    return tuple(sorted(actions)), tuple(sorted(mended)), tuple(sorted(findings))


def _read(collection: Collection) -> tuple[dict[str, Segment], set[str]]:
    """Sealed segments here: those that are whole, by path, and the paths of the others."""
    whole: dict[str, Segment] = {}
    damaged: set[str] = set()
    for place in ledger.sealed_files(collection.path / "ledger"):
        path = place.relative_to(collection.path).as_posix()
        try:
            segment = ledger.parse_segment(place.read_bytes(), path)
        except (UnreadableInput, OSError):
            segment = None
        if segment and segment.path == path:
            whole[path] = segment
        else:
            damaged.add(path)
    return whole, damaged


def _named(segments: dict[str, Segment]) -> set[str]:
    """Paths of the segments that these follow or have seen."""
    named: set[str] = set()
    for one in segments.values():
        if one.previous:
            named.add(f"ledger/{one.writer}/{one.seq - 1:06d}-{one.previous[:16]}.jsonl")
        named |= {f"ledger/{writer}/{name}" for writer, name in one.seen.items()}
    parts = [(path, path.split("/")) for path in named]
    return {
        path
        for path, (_, writer, *name) in parts
        if len(name) == 1 and ledger.WRITER_NAME.match(writer) and ledger.SEGMENT_NAME.match(name[0])
    }


def fetch_segment(store: Segments, path: str) -> bytes | None:
    """The segment of that name, if the store has it whole."""
    try:
        with store.open(path) as stream:
            content = stream.read(SEGMENT_BYTES + 1)
        return content if ledger.parse_segment(content, path).path == path else None
    except UnreadableInput:
        return None
    except StoreError:
        still_there(store)
        return None
