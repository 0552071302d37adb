"""Entering files that are neither captures nor sidecars: proofs, and later products of captures."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from archiver import disk
from archiver.collection import layout
from archiver.collection.entry import Entry
from archiver.collection.refusal import refuse_erased
from archiver.ledger import Event
from archiver.model import FileRef

if TYPE_CHECKING:
    from archiver.collection.collection import Collection


def enter(collection: "Collection", files: Mapping[str, bytes], event: Event) -> list[FileRef]:
    """Enter by one ledger line those of `files` (path → content) that the ledger does not name yet, all or none.

    Their names carry digests, or what else tells them apart for ever. Raises `ConflictError` at one that is there with
    other bytes.
    """
    with Entry.revisions(collection.path, collection.state) as entry, collection.state.lock(collection.name):
        held = collection.files()
        made = [_made(collection, entry, path, files[path]) for path in files if path not in held]
        entry.enter(event, *made)
    return made


def enter_product(
    collection: "Collection", capture: str, kind: str, fill: Callable[[BinaryIO], None], event: Event
) -> FileRef:
    """Enter a later product of a capture, a WARC that `fill` writes: file, then the one ledger line, then the index.

    The capture's own files are not touched. Raises `ErasedContent` if it was erased meanwhile.
    """
    folder = layout.capture_path(capture).rpartition("/")[0]
    with Entry.revisions(collection.path, collection.state, kind) as entry:
        file = entry.stream(folder, lambda sha256: layout.product_name(capture, kind, sha256), fill)
        lines = collection.lines_of(file.path)
        with collection.state.lock(collection.name):
            refuse_erased(collection, file, [capture], [])
            entry.enter(replace(event, capture=capture), file, *entry.schemas(), lines=lines)
    collection.compact()
    return file


def _made(collection: "Collection", entry: Entry, path: str, content: bytes) -> FileRef:
    """The file's place in the ledger. One that lies there with these bytes is what a kill left, and taken over."""
    file, place = FileRef(path, len(content), disk.sha256_bytes(content)), collection.local(path)
    if place.is_file() and disk.sha256_file(place) == (file.sha256, file.bytes):
        return file
    return entry.write(path, content)
