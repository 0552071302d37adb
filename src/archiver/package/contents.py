"""What goes into a package: the files of a collection or of some of its captures, each byte of them proven."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from archiver import access, disk, ledger
from archiver.access import Reader
from archiver.amounts import counted
from archiver.catalogue import open_catalogue
from archiver.collection import Collection, index
from archiver.collection.layout import revisions
from archiver.errors import ConflictError, UnknownCapture, UsageError
from archiver.ledger import Holdings, capture_of
from archiver.model import FileRef, Finding, Progress, now, silent, timestamp
from archiver.package.closure import closure
from archiver.sidecar import Sidecar

COMMON = ("README.txt", "collection/", "schemas/", "proofs/", "access/")
"""What goes with every choice of captures."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a package is to hold."""

    collection: Collection
    sidecars: tuple[Sidecar, ...]
    """The current sidecar of each capture, oldest capture first."""
    files: tuple[FileRef, ...]
    """In the order of their paths in the collection; the ledger's segments are among them."""
    findings: tuple[Finding, ...]
    progress: Progress = silent

    @property
    def warcs(self) -> list[FileRef]:
        """The WARC files."""
        return [file for file in self.files if file.path.startswith("archive/")]

    def each(self) -> Iterator[tuple[FileRef, Iterator[bytes]]]:
        """Every file, and its bytes in pieces."""
        for number, file in enumerate(self.files, 1):
            yield file, self._read(file)
            self.progress("exporting", number, len(self.files))

    def _read(self, file: FileRef) -> Iterator[bytes]:
        """A file's bytes in pieces. Raises `ConflictError` at the end where they are not those of the ledger."""
        digest, size = hashlib.sha256(), 0
        try:
            with self.collection.local(file.path).open("rb") as stream:
                while piece := stream.read(disk.CHUNK):
                    digest.update(piece)
                    size += len(piece)
                    yield piece
        except FileNotFoundError:
            raise _damaged(file, "is not there") from None
        if (digest.hexdigest(), size) != (file.sha256, file.bytes):
            raise _damaged(file, "has other bytes than the ledger says")


def _damaged(file: FileRef, what: str) -> ConflictError:
    hint = "No package was made. `archiver repair` brings the file back from a copy, then export again."
    return ConflictError(f"{file.path} {what}.", hint)


def contents_of(
    collection: Collection,
    chosen: Iterable[str] = (),
    progress: Progress = silent,
    *,
    seal: bool = True,
    open_only: bool = False,
) -> Contents:
    """All of a collection; or the captures chosen, and those that hold the originals of their revisit records.

    Closes the open segment of the ledger, so that it can be among the files; without `seal`, for whoever may only
    read, it is left out. `open_only`: without captures that are not open to everybody, and without rules. Raises
    `UnknownCapture` for one that is not here, `UsageError` where nothing is left to export. A missing original is a
    finding.
    """
    if seal:
        collection.seal()
    holdings, wanted = collection.holdings(), list(chosen)
    table = revisions(holdings.files)
    for capture in wanted:
        if capture in holdings.erased:
            raise UsageError(f"The capture {capture} was erased.", "What was erased is never exported.")
        if capture not in table:
            raise UnknownCapture(capture)
    if wanted:
        whole, findings = closure(collection, wanted)
    else:
        whole, findings = sorted(table), []
    if not whole:
        raise UsageError(f"There is no capture in {collection.name} yet.", "Capture something first.")
    sidecars = tuple(filter(None, map(collection.lookup(), sorted(whole))))
    closed = _closed(collection, sidecars)
    left_out = closed if open_only else set[str]()
    sidecars = tuple(one for one in sidecars if one.id not in left_out)
    if not sidecars:
        raise UsageError("None of these captures is open to readers.", "With --with-restricted they are exported.")
    lost = holdings.files.keys() - collection.readable(holdings).keys()
    kept = tuple(one for one in sidecars if one.warc_file not in lost)
    some = bool(wanted or left_out or len(kept) < len(sidecars))
    if not (sidecars := kept):
        raise UsageError("The WARCs of these captures were stated as lost.", "There is nothing of them to export.")
    files = _files(holdings, sidecars, table) if some else list(holdings.files.values())
    files = [file for file in files if file.path not in lost and not (open_only and access.is_rule(file.path))]
    files += _segments(collection, {file.path for file in files} if some else None)
    ordered = tuple(sorted(files, key=lambda file: file.path))
    message = "it was stated as lost, and is not in the package"
    findings = [*findings, *(Finding("warning", "file-lost", path, message) for path in sorted(lost))]
    findings = [*findings, *_restricted(collection, len(left_out), len(closed - left_out))]
    return Contents(collection, sidecars, ordered, tuple(findings), progress)


def _files(holdings: Holdings, sidecars: Iterable[Sidecar], table: dict[str, list[str]]) -> list[FileRef]:
    captures, named = set[str](), set[str]()
    for sidecar in sidecars:
        captures.add(sidecar.id)
        named |= {sidecar.warc_file, *table[sidecar.id]}
    return [
        file
        for path, file in holdings.files.items()
        if path in named or path.startswith(COMMON) or capture_of(path) in captures
    ]


def _segments(collection: Collection, named: set[str] | None) -> Iterator[FileRef]:
    """The sealed segments that name one of these files; all of them for None."""
    for path in ledger.sealed_files(collection.path / "ledger"):
        content, place = path.read_bytes(), path.relative_to(collection.path).as_posix()
        if named is None or any(file.path in named for file in ledger.parse_segment(content, place).objects()):
            yield FileRef(place, len(content), disk.sha256_bytes(content))


def _closed(collection: Collection, sidecars: Iterable[Sidecar]) -> set[str]:
    """Ids of the captures whose WARC is not to be handed out: something in it is not open to everybody."""
    reached = _reached_files(collection)
    with open_catalogue(collection) as every, open_catalogue(collection, Reader()) as visible:
        return {
            one.id
            for one in sidecars
            if visible.capture(one.id) is None
            or one.warc_file in reached
            or every.count_in(one.warc_file) != visible.count_in(one.warc_file)
        }


def _reached_files(collection: Collection) -> set[str]:
    """WARCs with a record at an address that rules hide, whatever page it belongs to."""
    rules = access.rules(collection)
    if all(one.access == "open" for one in rules.standing if one.url):
        return set()
    at, reached = timestamp(now()), set[str]()
    for line in collection.read_index():
        key = line.split(b" ", 1)[0].decode("utf-8", "replace")
        keys = access.keys(key) if key.startswith("urn:") else (key,)
        if any(rules.at_address(one).at(at) != "open" for one in keys):
            reached.add(index.file_of(line))
    return reached


def _restricted(collection: Collection, left_out: int, closed: int) -> Iterator[Finding]:
    if left_out:
        are, were = ("is", "was") if left_out == 1 else ("are", "were")
        message = f"{counted(left_out, 'capture')} {are} not open to readers, and {were} left out"
        hint = "`archiver restrict --list` shows why; --with-restricted hands them over, and the rules with them."
        yield Finding("warning", "export-restricted", collection.name, message, hint)
    if closed:
        message, hint = f"{closed} of the captures are not open to readers", "Whoever gets the package can see them."
        yield Finding("warning", "access-restricted", collection.name, message, hint)
