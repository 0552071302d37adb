"""What the ledger and the keepers' checks tell of a capture: what happened to it, its files, who has signed for it."""

from collections.abc import Iterator
from dataclasses import dataclass

from archiver import ledger
from archiver.catalogue import Catalogue, Row
from archiver.collection import Collection
from archiver.dates import Moment
from archiver.errors import ArchiverError
from archiver.fixity import LOCAL, Fixity
from archiver.ledger import RECOVERY, Event
from archiver.model import FileRef
from archiver.proof import Keyring, Signing, Trust, judge
from archiver.web.claims import moment
from archiver.words import phrase

EVENTS = {
    "capture": phrase("Captured"),
    "ingestion": phrase("Taken in"),
    "metadata modification": phrase("Metadata were corrected or read anew"),
    "modification": phrase("The file was written anew"),
    "fixity check": phrase("All bytes were read and compared"),
    "validation": phrase("Checked"),
    "replication": phrase("Copied"),
    "policy assignment": phrase("An access rule was set"),
    "quarantine": phrase("Damaged bytes were put aside"),
    "recovery": phrase("Brought back from a copy"),
}
"""PREMIS event types in words."""
LOST = phrase("Stated as lost: no whole copy is known")
OUTCOMES = {
    "success": phrase("it went well"),
    "warning": phrase("with warnings"),
    "failure": phrase("it failed"),
}


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of the ledger about the capture."""

    what: str
    at: Moment
    outcome: str
    agent: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of the capture."""

    file: FileRef
    here: bool
    read: Moment | None
    """When all its bytes were last read here and agreed with the ledger."""


@dataclass(frozen=True, slots=True)
class History:
    """All of it."""

    happenings: list[Happening]
    """Oldest first."""
    files: list[Kept]
    signings: list[Signing]
    """Statements that the ledger's first line about it lies before."""
    complaint: str
    """Why the ledger cannot be read; empty where it can."""


def history(collection: Collection, catalogue: Catalogue, row: Row) -> History:
    """What is told of a capture. A damaged ledger hides what it would have told, and nothing else."""
    files = _files(collection, catalogue.files(row))
    try:
        events = sorted(_events(collection, row.id), key=lambda event: event.at)
        signings = _signings(collection, row.id)
    except ArchiverError as error:
        return History([], files, [], str(error))
    told = [
        Happening(
            LOST if event.type == RECOVERY and event.outcome == "failure" else EVENTS.get(event.type, event.type),
            moment(event.at),
            OUTCOMES.get(event.outcome, event.outcome),
            event.agent,
            event.codes,
        )
        for event in events
    ]
    return History(told, files, signings, "")


def _files(collection: Collection, files: list[FileRef]) -> list[Kept]:
    fixity = Fixity(collection.state, collection.name)
    paths = [one.path for one in files]
    read = fixity.read_at(LOCAL, paths) if fixity.path.is_file() else {}
    return [
        Kept(one, collection.bytes_here(one.path) == one.bytes, moment(read[one.path]) if one.path in read else None)
        for one in files
    ]


def _events(collection: Collection, capture: str) -> Iterator[Event]:
    """The ledger's lines that name it. Segments that do not, nearly all of a large collection's, are not parsed."""
    folder = collection.path / "ledger"
    for path in (*ledger.sealed_files(folder), *ledger.open_files(folder)):
        content = ledger.open_content(path)
        if capture.encode() in content:
            yield from ledger.parse_segment(content, str(path), capture).events


def _signings(collection: Collection, capture: str) -> list[Signing]:
    """Only where there are proofs is anything judged."""
    if not collection.local("proofs").is_dir():
        return []
    segments = list(collection.history(naming=capture))
    first = min((one for one in segments if one.events), key=lambda one: one.events[0].at, default=None)
    if first is None:
        return []
    found = judge(collection, segments, Trust.of(Keyring())).signings
    return [one for one in found if one.covers(first, segments)]
