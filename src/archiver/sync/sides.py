"""What each side holds. The local side is read from disk, the far one from the segments under its `ledger/`.

A segment from afar is believed only when its content fits its name, its chain reaches ours, and every file that it
names could be a file of a collection.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from archiver import ledger
from archiver.collection import Collection
from archiver.errors import StoreError, UnreadableInput
from archiver.ledger import Segment
from archiver.model import FileRef, Finding, Progress
from archiver.stores import Store
from archiver.stores.keys import KeySet, UnsafeKey, safe_key
from archiver.sync.plan import Side, in_order, sound
from archiver.sync.transfer import each, still_there

SEGMENT_BYTES = 64 << 20
"""A greater object is no segment of ours: they are sealed at 500 lines."""
FOLDERS = ("archive/", "sidecars/", "collection/", "schemas/", "proofs/", "erasures/", "losses/", "access/")
"""Where files that a segment names may lie, beside `README.txt`."""

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_HINT = "Nothing of it was taken over. Another copy of the collection may have it whole."


def read_here(collection: Collection, *, opened: bool) -> tuple[Side, list[Finding]]:
    """The local side, with the segments still open if `opened`. Raises `UnreadableInput` at an unreadable one."""
    paths = ledger.sealed_files(collection.path / "ledger")
    sealed = {path.relative_to(collection.path).as_posix() for path in paths}
    segments = {segment.path: segment for segment in collection.history()}
    holdings = ledger.fold(segments.values())
    damaged = sealed - segments.keys()
    places = {_place(path) for path in damaged}
    grown = {path for path in segments.keys() - sealed if _place(path) not in places}
    held = {path: one for path, one in segments.items() if path in sealed or (opened and path in grown)}
    named = {file.path for segment in held.values() for file in segment.objects()}
    files = {path: file for path, file in holdings.files.items() if path in named}
    present = set(_present(collection.path))
    absent = frozenset(path for path in files if path not in present)
    findings = [
        Finding("error", "local-damaged", path, "its content is not what its name says", "Restore it from a copy.")
        for path in sorted(damaged)
    ]
    return Side(held, files, absent, frozenset(holdings.lost)), findings + (
        [] if opened else [_left_open(segments[path]) for path in grown]
    )


def read_there(store: Store, here: Side, progress: Progress) -> tuple[Side, dict[str, bytes], list[Finding]]:
    """The far side, the content of the segments that are new to us, and what was wrong with others."""
    known: dict[str, Segment] = {}
    unknown: list[FileRef] = []
    for info in store.list("ledger/"):
        if info.key in here.segments:
            known[info.key] = here.segments[info.key]
        else:
            unknown.append(FileRef(info.key, info.bytes, ""))
    contents: dict[str, bytes] = {}
    _, findings = each(unknown, lambda file: _fetch(store, file, contents), "reading the ledger", progress)
    parsed, damaged = _parsed(contents)
    harmless, hostile = _harmless(parsed, here)
    passed, held_back = sound(harmless, here.segments.values(), ())
    segments = known | {segment.path: segment for segment in passed}
    files = {file.path: file for one in known.values() for file in one.objects() if file.path in here.files}
    files |= {file.path: file for segment in passed for file in segment.objects()}
    lost = frozenset(ledger.losses(segments.values()))
    return Side(segments, files, lost, lost), contents, findings + damaged + hostile + held_back


def _present(folder: Path, below: str = "") -> Iterator[str]:
    """Paths of all plain files in the folders of content. Links are not followed."""
    with suppress(FileNotFoundError), os.scandir(folder / below) as entries:
        for entry in entries:
            path = f"{below}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                if below or f"{path}/" in FOLDERS:
                    yield from _present(folder, f"{path}/")
            elif entry.is_file(follow_symlinks=False):
                yield path


def _place(path: str) -> str:
    """Writer and number of a segment's path, without the digest."""
    return path.rpartition("-")[0]


def _left_open(segment: Segment) -> Finding:
    message = "it is still open, begun just now or by another working copy; what it names is not replicated yet"
    return Finding("warning", "segment-open", f"ledger/{segment.writer}/{ledger.OPEN}", message)


def _fetch(store: Store, file: FileRef, contents: dict[str, bytes]) -> Finding | bool:
    """Read one segment into `contents`, or tell why not."""
    parts = file.path.split("/")
    if len(parts) != 3 or not ledger.WRITER_NAME.match(parts[1]) or not ledger.SEGMENT_NAME.match(parts[2]):
        return Finding("warning", "remote-unknown", file.path, "it is no ledger segment and was ignored")
    try:
        with store.open(file.path) as stream:
            content = stream.read(SEGMENT_BYTES + 1)
    except StoreError as error:
        still_there(store)
        return Finding("error", "remote-damaged", file.path, error.why, _HINT)
    if len(content) > SEGMENT_BYTES:
        return Finding("error", "remote-damaged", file.path, "it is too long for a ledger segment", _HINT)
    contents[file.path] = content
    return True


def _parsed(contents: dict[str, bytes]) -> tuple[list[Segment], list[Finding]]:
    """The segments whose content is what their names say."""
    segments: list[Segment] = []
    findings: list[Finding] = []
    for path, content in contents.items():
        try:
            segment = ledger.parse_segment(content, path)
        except UnreadableInput as error:
            findings.append(Finding("error", "remote-damaged", path, error.why, _HINT))
            continue
        if segment.path == path:
            segments.append(segment)
        else:
            findings.append(Finding("error", "remote-damaged", path, "its content is not what its name says", _HINT))
    return segments, findings


def _harmless(segments: list[Segment], here: Side) -> tuple[list[Segment], list[Finding]]:
    """The segments that name only what could be a file beside ours."""
    beside = KeySet()
    for path in here.files if segments else ():
        beside.add(path)
    named: dict[str, FileRef] = {}
    passed: list[Segment] = []
    findings: list[Finding] = []
    for segment in in_order(segments):
        if why := next(_complaints(segment, beside, named), ""):
            findings.append(Finding("error", "remote-hostile", segment.path, why, _HINT))
        else:
            named |= {file.path: file for file in segment.objects()}
            passed.append(segment)
    return passed, findings


def _removed(segment: Segment) -> Iterator[str]:
    return (file.path for event in segment.events for file in event.removed)


def _is_content(path: str) -> bool:
    """Whether a file of a collection may lie there."""
    try:
        return safe_key(path).startswith(FOLDERS) or path == "README.txt"
    except UnsafeKey:
        return False


def _complaints(segment: Segment, beside: KeySet, named: dict[str, FileRef]) -> Iterator[str]:
    """What speaks against the files that a segment names, given those `beside` and `named` before."""
    yield from (f"{path!r} cannot be removed" for path in _removed(segment) if not _is_content(path))
    for file in segment.objects():
        try:
            safe_key(file.path)
        except UnsafeKey as error:
            yield str(error)
            continue
        if not _is_content(file.path):
            yield f"{file.path!r} is no place for a file of a collection"
        if file.bytes < 0 or not _SHA256.match(file.sha256):
            yield f"{file.path!r} has no proper size and SHA-256"
        if rival := beside.add(file.path):
            yield f"{file.path!r} cannot lie beside {rival!r}"
        if named.get(file.path, file) != file:
            yield f"{file.path!r} is named by another segment with other content"
