"""What a store must hold, what it lists, and where these differ: all that can be told without reading a file."""

from collections.abc import Container, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from archiver import ledger
from archiver.collection import Collection
from archiver.collection.loss import lost
from archiver.errors import UsageError
from archiver.ledger import Holdings, Segment
from archiver.model import FileRef, Finding, Progress, now, timestamp
from archiver.stores import ObjectInfo, Store, Version
from archiver.sync.plan import nothing_there, strangers
from archiver.sync.sides import read_here, read_there

REPAIR = "`archiver sync repair` brings it back from a good copy."


@dataclass(frozen=True, slots=True)
class Expected:
    """What a store must and must not hold."""

    files: dict[str, FileRef]
    """By key, the segments too."""
    held: Holdings
    """What all that is known of the ledger, here and there, comes to."""
    known: frozenset[str]
    """Paths that this copy knows of: it is meant to hold them, and they may be there before a segment names them."""
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class Listing:
    """What a store lists."""

    objects: dict[str, ObjectInfo]
    versions: dict[str, list[Version]] = field(default_factory=dict)
    """By key, newest first."""

    def hidden(self, key: str) -> bool:
        """Whether a delete marker hides it."""
        return any(one.marker and one.latest for one in self.versions.get(key, ()))

    def writes(self, key: str) -> int:
        """How often it was put, of which the store keeps the bytes."""
        return sum(not one.marker for one in self.versions.get(key, ()))


def expectation(collection: Collection, store: Store, seen: Container[str], progress: Progress) -> Expected:
    """What `store` must hold: what the segments name that are there, or were.

    `seen`: paths that were read there once. A segment that nobody saw there is one that was not pushed yet.
    """
    here, findings = read_here(collection, opened=True)
    there, contents, found = read_there(store, here, progress)
    sealed = {path: one for path, one in here.segments.items() if collection.local(path).is_file()}
    hidden = {one.key for one in store.versions("ledger/") if one.marker and one.latest}
    new = [one for path, one in there.segments.items() if path not in here.segments]
    held = ledger.fold([*here.segments.values(), *new])
    lost = {path: one for path, one in sealed.items() if path in hidden or path in seen}
    chain = lost | there.segments
    named = {file.path for segment in chain.values() for file in segment.objects()}
    files = {path: file for path, file in held.files.items() if path in named}
    files |= {path: _segment_file(collection, one, contents.get(path)) for path, one in chain.items()}
    findings = [*findings, *found, *strangers(here, there, store.url)]
    if not chain and not found:
        findings.append(nothing_there(store.url))
    elif behind := len(sealed.keys() - chain.keys()):
        message = f"{behind} ledger segments of this copy are not there, nor need be what they name"
        findings.append(Finding("warning", "remote-behind", store.url, message, "`archiver sync push` brings them."))
    return Expected(files, held, frozenset(here.files.keys() | sealed.keys()), tuple(findings))


def _segment_file(collection: Collection, segment: Segment, content: bytes | None) -> FileRef:
    if content is not None:
        return FileRef(segment.path, len(content), segment.sha256)
    path = collection.local(segment.path)
    if path.is_file():
        return FileRef(segment.path, path.stat().st_size, segment.sha256)
    growing = ledger.open_content(path.with_name(ledger.OPEN))  # open here, and sealed in a copy of this root
    return FileRef(segment.path, len(growing), segment.sha256)


def listed(store: Store, expected: Expected, *, versions: bool) -> Listing:
    """What the store lists; also its versions, if wanted or if an expected object may be hidden."""
    with ThreadPoolExecutor(1) as pool:
        beneath = pool.submit(list, store.versions("")) if versions else None
        listing = Listing({info.key: info for info in store.list("")})
    if beneath or not expected.files.keys() <= listing.objects.keys():
        for version in beneath.result() if beneath else store.versions(""):
            listing.versions.setdefault(version.key, []).append(version)
    return listing


def compared(expected: Expected, listing: Listing) -> Iterator[Finding]:
    """What is missing, of another size, or more than there should be."""
    for key, file in expected.files.items():
        info = listing.objects.get(key)
        if info is None and listing.hidden(key):
            message = "it was deleted there; a delete marker hides it"
            yield Finding(
                "error", "remote-delete-marker", key, message, "`archiver sync repair` takes the marker away."
            )
        elif info is None:
            yield lost(key, expected.held.lost[key]) if key in expected.held.lost else missing(key)
        elif info.bytes != file.bytes:
            message = f"it has {info.bytes} bytes there, the ledger says {file.bytes}"
            yield Finding("error", "remote-size", key, message, REPAIR)
    for key in sorted(listing.objects.keys() - expected.files.keys() - expected.known):
        if not expected.held.ended(key) and not key.startswith("ledger/"):
            hint = "It is not of the collection; nothing here removes it."
            yield Finding("warning", "remote-extra", key, "no ledger line names it", hint)


def forbidden(expected: Expected, listing: Listing, store: Store) -> Iterator[Finding]:
    """What an erasure has ended and is there all the same, also beneath a delete marker."""
    code, again = "remote-erased-present", "`archiver erase` with this remote, again"
    erased = expected.held.gone or expected.held.erased
    for key in sorted(listing.objects.keys() | listing.versions.keys()) if erased else ():
        if not expected.held.ended(key):
            continue
        if key in listing.objects:
            until = _locked_until(store, key)
            if until:
                message = f"it was erased; a lock keeps it there until {until}"
                yield Finding("warning", code, key, message, f"{again} after that day.")
            else:
                yield Finding("error", code, key, "it was erased and is there all the same", f"{again}.")
        elif count := listing.writes(key):
            message = f"it was erased and cannot be seen any more, but {count} versions lie beneath, perhaps locked"
            yield Finding("warning", code, key, message, f"{again}: it tells until when.")


def _locked_until(store: Store, key: str) -> str:
    """Until when a lock keeps an object, in words; nothing where none does."""
    try:
        info = store.stat(key)
    except UsageError:  # no key of ours
        return ""
    if info is None or info.lock is None:
        return ""
    if info.lock.hold:
        return "its legal hold is taken off"
    return timestamp(info.lock.until) if info.lock.until and info.lock.until > now() else ""


def missing(key: str, why: str = "") -> Finding:
    """What is said of an object that is not there."""
    return Finding("error", "remote-missing", key, why or "it is not there", REPAIR)


def overwritten(listing: Listing, good: set[str], *, deep: bool) -> Iterator[Finding]:
    """Objects that were put more than once, which no push does."""
    for key in sorted(listing.versions.keys() & listing.objects.keys()):
        if listing.writes(key) > 1:
            at = timestamp(listing.versions[key][0].at)
            message = f"it was put again, last at {at}; {listing.writes(key) - 1} older versions lie beneath"
            if key in good:
                yield Finding("info", "remote-overwritten", key, f"{message}; its bytes are right")
            else:
                hint = REPAIR if deep else "A repair does that too. --level deep reads its bytes."
                yield Finding("warning", "remote-overwritten", key, message, hint)
