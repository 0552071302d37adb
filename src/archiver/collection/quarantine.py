"""Damaged bytes out of the way, and good ones back in their place.

    ROOT/.archiver/quarantine/NAME/<UTC stamp>/<path>

What was damaged is never thrown away here: it may be all that is left, or evidence. It lies outside the collection,
is not synced, and counts for nothing. Nothing here writes the ledger: who calls enters one event for all it did.
"""

import errno
import os
import shutil
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from archiver import disk
from archiver.collection.collection import Collection
from archiver.errors import DigestMismatch, UnreadableInput
from archiver.model import FileRef, now


def set_aside(collection: Collection, path: str) -> Path:
    """Move what lies at `path` of a collection into quarantine, whatever it is, links as links; returns its new place.

    Raises `UnreadableInput` if the path leads out of the collection or nothing is there.
    """
    folder, _, name = path.rpartition("/")
    if name in ("", ".", ".."):
        raise UnreadableInput(repr(path), "it is no path in a collection")
    place = (collection.local(folder) if folder else collection.path) / name
    if not os.path.lexists(place):
        raise UnreadableInput(str(place), "nothing is there to be set aside")
    target = _free(collection.state.path / "quarantine" / collection.name, now(), path)
    disk.make_directory(target.parent)
    with disk.writing(target):
        _move(place, target)
        disk.sync_directory(target.parent)
        disk.sync_directory(place.parent)
    return target


def keep(collection: Collection, path: str, source: BinaryIO) -> Path:
    """Copy damaged bytes from elsewhere into quarantine, as what lies at `path` there; returns their place.

    What reading `source` raises passes unchanged, and then nothing is kept.
    """
    collection.local(path)
    target = _free(collection.state.path / "quarantine" / collection.name, now(), path)
    disk.make_directory(target.parent)
    temporary = disk.temporary_beside(target)
    try:
        with disk.writing(target), temporary.open("xb") as stream:
            while chunk := source.read(disk.CHUNK):
                stream.write(chunk)
            disk.sync_file(stream)
        disk.publish(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    return target


def restore(collection: Collection, file: FileRef, source: BinaryIO) -> bool:
    """Bring one file back, byte by byte from `source`, once size and digest agree with `file`; True if it was needed.

    Other bytes that lie in its place are set aside first. A kill leaves the old file, the new one, or none with the
    old one in quarantine. The caller has made sure that the file was not erased.
    Raises `DigestMismatch`, and changes nothing, if `source` has other bytes.
    """
    place = collection.local(file.path)
    disk.make_directory(place.parent)
    with collection.incoming() as prefix:
        temporary = place.with_name(f"{prefix}{place.name}")
        try:
            with disk.writing(place), temporary.open("xb") as target:
                found = _copied(source, target, file.bytes)
                disk.sync_file(target)
            if found != file.sha256:
                raise DigestMismatch(file.path, file.sha256, found)
            if os.path.lexists(place):
                if disk.sha256_file(place)[0] == file.sha256:
                    return False
                set_aside(collection, file.path)
            disk.publish(temporary, place)
        finally:
            temporary.unlink(missing_ok=True)
    return True


def _free(folder: Path, at: datetime, path: str) -> Path:
    """A place that nothing has yet: two at the same second have stamps of their own."""
    stamp, number = f"{at:%Y%m%dT%H%M%SZ}", 1
    while os.path.lexists(target := folder / stamp / path):
        number += 1
        stamp = f"{at:%Y%m%dT%H%M%SZ}-{number}"
    return target


def _move(place: Path, target: Path) -> None:
    try:
        place.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.move(place, target)  # the collection is mounted from elsewhere


def _copied(source: BinaryIO, target: BinaryIO, size: int) -> str:
    """Copy at most one byte more than `size`; returns the hex digest of what came."""
    digest, left = sha256(), size + 1
    while chunk := source.read(min(disk.CHUNK, left)):
        digest.update(chunk)
        target.write(chunk)
        left -= len(chunk)
    return digest.hexdigest()
