"""Reading the files of one group once, each from end to end: all that can be told of them without the rest.

Done in this process or in several (`archiver.verify.crew`): everything here goes in and out by value.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from archiver import cdxj, disk, warc
from archiver.collection import Collection
from archiver.collection.layout import SIDECAR_NAME
from archiver.errors import UnreadableInput
from archiver.ledger import capture_of
from archiver.model import FileRef, Finding
from archiver.verify.chain import RESTORE, fault
from archiver.verify.index import Tally, tally
from archiver.verify.scope import IMPORTED, Group
from archiver.verify.sidecars import Claim, Wanted, lineage, read_description, read_sidecar


@dataclass(slots=True)
class Reading:
    """What came of one group."""

    findings: list[Finding] = field(default_factory=list)
    damaged: set[str] = field(default_factory=set)
    """Paths of files that are not here, or not what the ledger says."""
    lines: dict[str, Tally] = field(default_factory=dict)
    """Archive file → the index lines that it gives."""
    requires: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Capture → the captures without which it cannot be replayed."""
    strays: list[Claim] = field(default_factory=list)
    """What is claimed of WARCs outside the group."""


def read_group(collection: Collection, group: Group) -> Reading:
    """Read all files of a group, the sidecars first."""
    reading, claims = Reading(), list[Claim]()
    archives = [file for file in group.files if file.path.startswith("archive/")]
    for file in group.files:
        if not file.path.startswith("archive/"):
            claims += _read_small(collection, file, reading)
    for capture in sorted({claim.capture for claim in claims}):
        of_capture = [claim for claim in claims if claim.capture == capture]
        known = {file.path for file in group.files} | group.ended
        reading.findings += (replace(one, affects=(capture,)) for one in lineage(collection.path, of_capture, known))
        requires = tuple(sorted({required for claim in of_capture for required in claim.requires}))
        reading.requires |= {capture: requires} if requires else {}
    for file in archives:
        of_file = [claim for claim in claims if claim.warc == file.path]
        _read_archive(collection, file, of_file, reading)
    here = {file.path for file in archives} | group.ended
    reading.strays = [claim for claim in claims if claim.warc not in here]
    return reading


def _read_small(collection: Collection, file: FileRef, reading: Reading) -> list[Claim]:
    """A file that is no WARC."""
    if (trouble := check_file(collection, file)) is not None:
        reading.findings.append(replace(trouble, affects=_captures(file.path)))
        reading.damaged.add(file.path)
        return []
    claims: list[Claim] = []
    place, found = collection.local(file.path), list[Finding]()
    try:
        if file.path.startswith("sidecars/") and SIDECAR_NAME.match(place.name):
            claim, found = read_sidecar(place, file)
            claims = [claim] if claim else []
            found = [replace(one, affects=_captures(file.path)) for one in found]
        elif file.path.startswith("collection/"):
            found = read_description(place)
    except OSError as error:
        found = [_unreadable(place, error)]
    reading.findings += found
    return claims


def _captures(path: str) -> tuple[str, ...]:
    capture = capture_of(path)
    return (capture,) if capture else ()


def check_file(collection: Collection, file: FileRef) -> Finding | None:
    """One file against its line in the ledger."""
    try:
        path = collection.local(file.path)
        sha256, size = disk.sha256_file(path)
    except UnreadableInput as error:
        return fault("file-outside", error.path, error.why)
    except FileNotFoundError:
        return missing(path)
    except OSError as error:
        return _unreadable(path, error)
    return _differs(path, file, size, sha256)


def missing(path: Path) -> Finding:
    """The finding for a file that is not there."""
    return fault("file-missing", path, "the ledger names it but it is not here", RESTORE)


def _unreadable(path: Path, error: OSError) -> Finding:
    return fault("file-unreadable", path, (error.strerror or str(error)).lower(), RESTORE)


def _differs(path: Path, file: FileRef, size: int, sha256: str) -> Finding | None:
    if size != file.bytes:
        return fault("file-size", path, f"it has {size} bytes, the ledger says {file.bytes}", RESTORE)
    if sha256 != file.sha256:
        message = f"its SHA-256 is {sha256[:16]}…, the ledger says {file.sha256[:16]}…"
        return fault("file-digest", path, message, RESTORE)
    return None


def _read_archive(collection: Collection, file: FileRef, claims: list[Claim], reading: Reading) -> None:
    """A WARC, in one go: the digest of the file, its records, its index lines, and what sidecars claim of it."""
    captures = {claim.capture for claim in claims}.union(_captures(file.path))
    found, read = read_archive(collection, file, claims)
    imported = file.path.startswith(IMPORTED)
    for one in found:
        # A file made by others is kept as it came, its own faults with it; the ledger vouches for its bytes.
        softened = replace(one, level="warning") if imported and one.code.startswith("warc-") else one
        reading.findings.append(replace(softened, affects=one.affects or tuple(sorted(captures))))
    if read is None:
        reading.damaged.add(file.path)
    else:
        reading.lines[file.path] = read


def read_archive(collection: Collection, file: FileRef, claims: Iterable[Claim]) -> tuple[list[Finding], Tally | None]:
    """All that is wrong with a WARC, and the index lines that it gives: None where its bytes are not the ledger's."""
    try:
        place = collection.local(file.path)
    except UnreadableInput as error:
        return [fault("file-outside", error.path, error.why)], None
    try:
        with place.open("rb") as stream:
            return _read_records(collection, place, file, claims, _Hashed(stream))
    except FileNotFoundError:
        return [missing(place)], None
    except OSError as error:
        return [_unreadable(place, error)], None
    except UnreadableInput as error:  # the disk failed in mid-reading
        return [fault("file-unreadable", place, error.why, RESTORE)], None


def _read_records(
    collection: Collection, place: Path, file: FileRef, claims: Iterable[Claim], stored: "_Hashed"
) -> tuple[list[Finding], Tally | None]:
    check, lines = warc.Check(place), cdxj.Lines(place, file.path.removeprefix("archive/"))
    wanted, found = Wanted(collection.path, file, claims), list[Finding]()
    record: warc.Record | None = None
    whole = True
    try:
        for record in warc.read_records(place, stored):
            lines.begin(record)
            wanted.see(record)
            found += check.record(record)
            lines.end(record)
    except warc.DamagedArchive as error:
        whole = False
        found.append(check.damage(error))
        if error.cut and record is not None and record.offset == error.offset:
            lines.cut(record)
    size, sha256 = stored.finish()
    if (trouble := _differs(place, file, size, sha256)) is not None:
        return [trouble, *(one for one in found if one.level == "error")], None
    found += (one for one in check.weaknesses() if one.level != "info")
    found += wanted.findings(check.records if whole else None)
    return found, tally(line.encode() for line in lines.sorted())


class _Hashed:
    """The bytes of a file, which are digested as they are read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()
        self._size = 0

    def read(self, size: int) -> bytes:
        """As of a file."""
        chunk = self._stream.read(size)
        self._digest.update(chunk)
        self._size += len(chunk)
        return chunk

    def finish(self) -> tuple[int, str]:
        """Read what is left; size and hex SHA-256 of the whole file."""
        while self.read(disk.CHUNK):
            pass
        return self._size, self._digest.hexdigest()
