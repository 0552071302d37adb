"""Mending a growing ledger segment and its head, which vouch for each other: what the one still says proves the other.

No store has them; the folder of a copied collection may. Where both are damaged nothing is taken, since nothing here
could tell whether it is the right one.
"""

import json
from io import BytesIO

from archiver import disk, ledger
from archiver.collection import Collection, quarantine
from archiver.errors import StoreError
from archiver.model import FileRef
from archiver.repair.copies import Copy
from archiver.sync.sides import SEGMENT_BYTES


def mend_open(collection: Collection, copy: Copy) -> list[FileRef]:
    """Bring back `open.jsonl` or `open.head` of every writer where one of them is damaged and the copy has it."""
    brought: list[FileRef] = []
    for own in sorted((collection.path / "ledger").glob("*")):
        if not ledger.WRITER_NAME.match(own.name) or own.is_symlink():
            continue
        paths = [f"ledger/{own.name}/{name}" for name in (ledger.OPEN, ledger.HEAD)]
        here = [_bytes(collection, path) for path in paths]
        if not any(here) or ledger.head_complaint(own, ledger.committed(here[0])) is None:
            continue
        there = [_fetch(copy, path) for path in paths]
        for number in (0, 1):
            if there[number] and here[number] != there[number] and _agree(_with(here, number, there[number])):
                content = there[number]
                file = FileRef(paths[number], len(content), disk.sha256_bytes(content))
                quarantine.restore(collection, file, BytesIO(content))
                brought.append(file)
                break
    return brought


def _with(pair: list[bytes], number: int, content: bytes) -> list[bytes]:
    return [content if place == number else kept for place, kept in enumerate(pair)]


def _agree(pair: list[bytes]) -> bool:
    """Whether the head tells of just this segment."""
    try:
        head = json.loads(pair[1])
        return bool(head["sha256"] == disk.sha256_bytes(pair[0]) and head["lines"] == pair[0].count(b"\n"))
    except (ValueError, LookupError, TypeError, RecursionError):
        return False


def _bytes(collection: Collection, path: str) -> bytes:
    place = collection.local(path)
    return place.read_bytes() if place.is_file() else b""


def _fetch(copy: Copy, path: str) -> bytes:
    try:
        with copy.open(path) as stream:
            return stream.read(SEGMENT_BYTES)
    except StoreError:
        return b""
