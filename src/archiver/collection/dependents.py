"""Captures whose revisit records name bodies in WARC files that are to go: they are made whole first.

All of them are, each by itself: that one takes over for the others would tie them together anew.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from archiver import cdxj, disk, warc
from archiver.collection import index, layout
from archiver.collection.entry import Entry
from archiver.collection.originals import EMPTY, REVISIT, fields_of
from archiver.errors import ArchiverError, ConflictError, UnreadableInput
from archiver.ledger import Holdings, capture_of
from archiver.model import FileRef
from archiver.sidecar import Sidecar, rewritten, united
from archiver.warc import Record

if TYPE_CHECKING:
    from archiver.collection.collection import Collection


@dataclass(frozen=True, slots=True)
class Going:
    """What is to go."""

    captures: frozenset[str]
    """Their ids."""
    warcs: frozenset[str]
    """Paths of their WARC files."""
    erased: frozenset[str]
    """Ids of those that went before."""

    @property
    def all(self) -> frozenset[str]:
        """Ids that no capture shall require any more."""
        return self.captures | self.erased


class _Place(NamedTuple):
    """Where a body is."""

    path: str
    offset: int
    date: datetime | None


@dataclass(slots=True)
class Bodies:
    """The responses in WARC files that are to go, by what a revisit says of them."""

    collection: "Collection"
    going: Going
    lost: list[str] = field(default_factory=list)
    """URLs of the revisits whose bodies should be there and cannot be read."""
    absent: set[str] = field(default_factory=set)
    """Payload digests of bodies in WARCs that are to go and are not here."""
    _places: dict[tuple[str, str], list[_Place]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path in sorted(self.going.warcs):
            try:
                for record in warc.read_records(self.collection.local(path)):
                    if record.type == "response" and record.payload_digest:
                        key = cdxj.url_key(record.url), record.payload_digest
                        self._places.setdefault(key, []).append(_Place(path, record.offset, record.date))
            except UnreadableInput:
                continue  # what stands before the damage was read

    @property
    def digests(self) -> set[str]:
        """The payload digests of all of them."""
        return {digest for _, digest in self._places} | self.absent

    def open(self, revisit: Record) -> AbstractContextManager[Record] | None:
        """The record that holds a revisit's body; None where none of these does, or another one stays."""
        named = (revisit.header("WARC-Refers-To-Target-URI") or revisit.url).strip("<> ")
        date = warc.parse_date(revisit.header("WARC-Refers-To-Date"))
        digest = revisit.payload_digest or ""
        found = self._places.get((cdxj.url_key(named), digest), [])
        exact = [place for place in found if place.date == date]
        for place in exact or ([] if self._stays(named, digest) else found):
            if self._is_sound(place, digest):
                return warc.open_record(self.collection.local(place.path), place.offset)
        return None

    def misses(self, revisit: Record) -> bool:
        """Whether a revisit will have no body once these are gone; redirects and empty ones need none."""
        if revisit.payload_digest == EMPTY or str(revisit.status or "").startswith("3"):
            return False
        named = (revisit.header("WARC-Refers-To-Target-URI") or revisit.url).strip("<> ")
        return not self._stays(named, revisit.payload_digest or "")

    def _is_sound(self, place: _Place, digest: str) -> bool:
        try:
            with warc.open_record(self.collection.local(place.path), place.offset) as record:
                return warc.holds(record, digest)
        except (UnreadableInput, OSError):
            return False

    def _stays(self, url: str, digest: str) -> bool:
        """Whether a WARC that stays has this body under this URL."""
        for line in index.find(self.collection.indexes, cdxj.url_key(url)):
            fields = fields_of(line)
            is_body = fields is not None and fields.get("mime") != REVISIT and fields.get("digest") == digest
            if is_body and fields and f"archive/{fields.get('filename')}" not in self.going.warcs:
                return True
        return False


@dataclass(frozen=True, slots=True)
class Dependent:
    """A WARC with such revisits."""

    file: FileRef
    sidecars: tuple[Sidecar, ...]
    """What its captures' current revisions come to."""

    @property
    def captures(self) -> list[str]:
        """Their ids."""
        return [sidecar.id for sidecar in self.sidecars]


def find(collection: "Collection", holdings: Holdings, bodies: Bodies) -> list[Dependent]:
    """The dependents that stay, by what the index says of their revisits and by what their sidecars require."""
    going, found = bodies.going, set[str]()
    absent = {path for path in going.warcs if not collection.local(path).is_file()}
    for line in collection.read_index() if absent else ():
        if index.file_of(line) in absent and (fields := fields_of(line)) and fields.get("mime") != REVISIT:
            bodies.absent.add(str(fields.get("digest")))
    digests = bodies.digests
    for line in collection.read_index() if digests else ():
        if REVISIT.encode() in line and (fields := fields_of(line)) and fields.get("digest") in digests:
            found.add(f"archive/{fields['filename']}")
    warcs = {path for path in found if path in holdings.files and path not in going.warcs}
    grouped: dict[str, list[Sidecar]] = {}
    for sidecar in describing(collection, holdings, {*going.captures, *warcs}, besides=going.captures):
        if sidecar.warc_file in warcs or not going.captures.isdisjoint(sidecar.requires):
            grouped.setdefault(sidecar.warc_file, []).append(sidecar)
    return [Dependent(holdings.files[path], tuple(sidecars)) for path, sidecars in sorted(grouped.items())]


def describing(
    collection: "Collection", holdings: Holdings, names: Iterable[str], *, besides: Container[str] = ()
) -> Iterator[Sidecar]:
    """The current sidecars of captures, `besides` some, that have one of these ids or paths in some revision of theirs.

    Revisions made apart come apart where they name different WARCs: each may need a body of its own. A WARC that was
    ended does not count. Every sidecar is read for it, but only those that hold such a name are parsed.
    """
    wanted = set(names)
    marks = [name.encode() for name in wanted if capture_of(name) is None]
    owners = {capture_of(name) for name in wanted}
    for capture, paths in sorted(layout.revisions(collection.readable(holdings)).items()):
        if capture not in besides and (capture in owners or any(_holds(collection, path, marks) for path in paths)):
            grouped: dict[str, list[Sidecar]] = {}
            for head in collection.heads_of(paths):
                grouped.setdefault(head.warc_file, []).append(head)
            yield from (united(*heads) for warc_file, heads in grouped.items() if warc_file in holdings.files)


def required(collection: "Collection", holdings: Holdings) -> dict[str, list[str]]:
    """Erased captures that others still require, and the ids of these: they could not be made whole yet."""
    found: dict[str, list[str]] = {}
    for sidecar in describing(collection, holdings, holdings.erased) if holdings.erased else ():
        for capture in holdings.erased.intersection(sidecar.requires):
            found.setdefault(capture, []).append(sidecar.id)
    return found


def _holds(collection: "Collection", path: str, marks: list[bytes]) -> bool:
    try:
        content = collection.local(path).read_bytes() if marks else b""
    except (OSError, ArchiverError):
        return False  # `verify` tells
    return any(mark in content for mark in marks)


@dataclass(frozen=True, slots=True)
class Whole:
    """What the rewriting of dependents brought, and what it ended."""

    objects: tuple[FileRef, ...] = ()
    removed: tuple[FileRef, ...] = ()
    captures: tuple[str, ...] = ()

    def __add__(self, other: "Whole") -> "Whole":
        return Whole(self.objects + other.objects, self.removed + other.removed, self.captures + other.captures)


def make_whole(collection: "Collection", entry: Entry, dependent: Dependent, bodies: Bodies) -> Whole:
    """Write a dependent's WARC anew with the bodies in it, and a next revision of each of its sidecars.

    Raises `ConflictError` where the WARC is not what the ledger says: its damage must not get a digest of its own.
    """
    path, before = collection.local(dependent.file.path), len(bodies.lost)
    if not path.is_file() or disk.sha256_file(path)[0] != dependent.file.sha256:
        hint = "Bring a good copy with `archiver repair` or `archiver sync pull`; then go on with `archiver erase`."
        raise ConflictError(f"{dependent.file.path}, which needs a body from it, is missing or damaged.", hint)
    requiring = any(not bodies.going.all.isdisjoint(one.requires) for one in dependent.sidecars)
    needed = False
    for record in (record for record in warc.read_records(path) if record.type == "revisit"):
        if bodies.open(record):
            needed = True
        elif (requiring or record.payload_digest in bodies.absent) and bodies.misses(record):
            bodies.lost.append(record.url)
    if not needed and (len(bodies.lost) > before or not requiring):
        return Whole()  # the body that it names stays elsewhere, or is lost
    became: list[str] = []
    file = dependent.file
    if needed:
        folder, name = _place(file.path)
        file = entry.stream(folder, name, lambda out: became.extend(warc.write_whole(path, out, bodies.open)))
        _prove(collection, file)
    sidecars = [rewritten(sidecar, file, became, bodies.going.all) for sidecar in dependent.sidecars]
    objects = [entry.add(sidecar) for sidecar in sidecars]
    if file == dependent.file:
        return Whole(tuple(objects), (), tuple(dependent.captures))
    return Whole((file, *objects), (dependent.file,), tuple(dependent.captures))


def _place(path: str) -> tuple[str, Callable[[str], str]]:
    """Folder of a WARC, and what it is called when it is whole, by its digest."""
    folder, _, name = path.rpartition("/")
    if capture := capture_of(path):
        return folder, lambda sha256: f"{capture}.whole-{sha256[:12]}.warc.gz"
    plain = name.partition("-")[2].removeprefix("whole-")
    return folder, lambda sha256: layout.imported_path(sha256, f"whole-{plain}").rpartition("/")[2]


def _prove(collection: "Collection", file: FileRef) -> None:
    """Read what was written. Files made by others keep their own faults."""
    faults = [one for one in warc.check(collection.local(file.path)) if one.level == "error"]
    if faults and capture_of(file.path):
        raise ConflictError(f"{file.path} did not come out whole: {faults[0].message}.", "Nothing was changed.")
