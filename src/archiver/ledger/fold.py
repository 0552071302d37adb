"""What all chains together come to: the files that the collection holds, and those that are gone for ever.

A deletion wins, whoever wrote it and whatever the order in which segments are read: what it names never counts again,
nor does any file of a capture that it erased, not even a revision that another writer made without knowing of it, nor
the same WARC under another name.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from archiver.ledger.event import DELETION, Event, Segment
from archiver.ledger.losses import Losses
from archiver.model import FileRef

_CAPTURE = re.compile(r"(?:archive|sidecars)/(?:.*/)?(\d{8}T\d{6}Z-[a-z2-7]{10})\.[^/]*\Z")
_WARCS = "archive/"
_ERASABLE = (_WARCS, "sidecars/")
"""Where what a deletion may end lies. Ledger, descriptions, schemas and proofs of others stay, whatever a line says."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a collection holds, by path, and what it must not hold any more."""

    files: dict[str, FileRef]
    """Every file that counts."""
    gone: dict[str, FileRef]
    """Every file that some deletion ended."""
    erased: frozenset[str]
    """Ids of the captures that were erased."""
    lost: dict[str, Event] = field(default_factory=dict)
    """Of the files that count, those that people stated as lost, with the statement."""

    def ended(self, path: str) -> bool:
        """Whether a file of that name must not be here, also one that nobody has named before."""
        return path in self.gone or capture_of(path) in self.erased

    def is_ended_content(self, sha256: str) -> bool:
        """Whether a WARC with this digest, hex, was ended: it must not be taken in again under any name."""
        return any(file.sha256 == sha256 for file in self.gone.values() if file.path.startswith(_WARCS))


def fold(segments: Iterable[Segment]) -> Holdings:
    """The union of all chains. Needs the segments whole: see `naming` of `parse_segment`."""
    named: dict[str, FileRef] = {}
    gone: dict[str, FileRef] = {}
    erased: set[str] = set()
    contents: set[str] = set()
    losses = Losses()
    for segment in segments:
        for event in segment.events:
            named.update((file.path, file) for file in event.objects)
            losses.read(event)
            gone.update((file.path, file) for file in event.removed if file.path.startswith(_ERASABLE))
            if event.type == DELETION and event.capture:
                erased.add(event.capture)
                contents.update(file.sha256 for file in event.removed if file.path.startswith(_WARCS))
    if erased:
        gone |= {
            path: file
            for path, file in named.items()
            if capture_of(path) in erased or (file.sha256 in contents and path.startswith(_WARCS))
        }
    files = {path: file for path, file in named.items() if path not in gone} if gone else named
    lost = {path: event for path, event in losses.standing().items() if path in files}
    return Holdings(files, gone, frozenset(erased), lost)


def capture_of(path: str) -> str | None:
    """The capture that a file is of by its name: its WARC, a later product, a revision of its sidecar."""
    found = _CAPTURE.match(path)
    return found[1] if found else None
