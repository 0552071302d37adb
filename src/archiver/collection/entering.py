"""Entering small files that are neither captures nor sidecars: proofs."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from archiver import disk
from archiver.collection.entry import Entry
from archiver.ledger import Chain, Event
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
        entry.entering = True
        chain = Chain(collection.path / "ledger", collection.state.writer())
        chain.append(replace(event, objects=(*made, *event.objects)))
        entry.done()
    return made


def _made(collection: "Collection", entry: Entry, path: str, content: bytes) -> FileRef:
    """The file's place in the ledger. One that lies there with these bytes is what a kill left, and taken over."""
    file, place = FileRef(path, len(content), disk.sha256_bytes(content)), collection.local(path)
    if place.is_file() and disk.sha256_file(place) == (file.sha256, file.bytes):
        return file
    return entry.write(path, content)
