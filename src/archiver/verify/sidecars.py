"""Sidecars: against their schema, their name, and each other; and what they claim of their WARC."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from archiver import schema
from archiver.collection.layout import SIDECAR_NAME
from archiver.errors import ArchiverError
from archiver.jsontext import read
from archiver.model import FileRef, Finding
from archiver.sidecar import Sidecar, problems
from archiver.verify.chain import RESTORE, fault
from archiver.warc import Record

_TOLD = {"url": "address", "type": "type", "payload_digest": "payload digest"}


@dataclass(frozen=True, slots=True)
class Claim:
    """What a sidecar says of its WARC and of other captures."""

    path: str
    """The sidecar's own."""
    capture: str
    warc: str
    sha256: str
    bytes: int | None
    count: int | None
    """Records in the file."""
    records: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """Ids, and what is told of each. Records of ARC files have no id and are not among them."""
    parents: tuple[str, ...]
    requires: tuple[str, ...]

    @classmethod
    def of(cls, path: str, sidecar: Sidecar) -> Self:
        """The claim of a sidecar read from `path`."""
        told = sidecar.document["warc"]
        records = tuple(
            (record["id"], tuple((name, str(record[name])) for name in _TOLD if name in record))
            for record in sidecar.records
        )
        size, count = (told.get(name) if isinstance(told.get(name), int) else None for name in ("bytes", "count"))
        parents, requires = tuple(map(str, sidecar.parents)), tuple(_requires(sidecar))
        return cls(path, sidecar.id, sidecar.warc_file, sidecar.warc_sha256, size, count, records, parents, requires)


def _requires(sidecar: Sidecar) -> list[str]:
    try:
        return sidecar.requires
    except (AttributeError, TypeError):  # malformed, which its schema tells
        return []


def read_sidecar(place: Path, file: FileRef) -> tuple[Claim | None, list[Finding]]:
    """What one says, and what is wrong with it; its bytes are those of the ledger."""
    try:
        sidecar = Sidecar.parse(place.read_bytes(), str(place))
    except ArchiverError as error:
        return None, [fault("sidecar-unreadable", place, str(error), error.hint)]
    findings = [
        Finding(one.level, one.code, f"{place}#{one.pointer}", one.message, one.hint) for one in problems(sidecar)
    ]
    named = SIDECAR_NAME.match(place.name)
    if named is not None and (named[1] != sidecar.id or named[3] != file.sha256[:12]):
        message = "its name does not fit: that has the capture's id and the beginning of the file's SHA-256"
        findings.append(fault("sidecar-name", place, message, RESTORE))
    return Claim.of(file.path, sidecar), findings


def read_description(place: Path) -> list[Finding]:
    """What is wrong with a description of the collection, by its schema."""
    try:
        found = schema.problems(read(place.read_bytes(), str(place)), "collection")
    except ArchiverError as error:
        return [fault("collection-unreadable", place, str(error), error.hint)]
    return [Finding(one.level, one.code, f"{place}#{one.pointer}", one.message, one.hint) for one in found]


def lineage(collection: Path, claims: Iterable[Claim], known: set[str]) -> Iterator[Finding]:
    """Whether what the revisions of one capture follow is known, and only one of them is followed by none."""
    followed = {claim.path: claim.parents for claim in claims}
    for path, names in followed.items():
        for name in (name for name in names if f"sidecars/{name}" not in known):
            message = f"it follows {name}, which is not in the ledger"
            yield fault("sidecar-parent", collection / path, message, RESTORE)
    parents = {f"sidecars/{name}" for names in followed.values() for name in names}
    heads = sorted(path for path in followed if path not in parents)
    if len(heads) > 1:
        both = " and ".join(path.removeprefix("sidecars/") for path in heads)
        capture = heads[0].removeprefix("sidecars/").partition(".")[0]
        message = f"it was edited apart: {both} count together"
        hint = f"`archiver edit {capture} --unite` makes them one."
        yield Finding("warning", "sidecar-fork", str(collection / heads[0]), message, hint)


class Wanted:
    """What sidecars claim of one WARC, compared with its records as they are read."""

    def __init__(self, collection: Path, file: FileRef, claims: Iterable[Claim]) -> None:
        self._collection, self._file, self._claims = collection, file, list(claims)
        self._by_id: dict[str, list[tuple[Claim, Mapping[str, str]]]] = {}
        for claim in self._claims:
            for identity, told in claim.records:
                self._by_id.setdefault(identity, []).append((claim, dict(told)))
        self._findings: list[Finding] = []

    def see(self, record: Record) -> None:
        """Compare a record; its block is not touched."""
        if not record.id:
            return
        for claim, told in self._by_id.pop(record.id, ()):
            found = {"url": record.url.strip("<>"), "type": record.type, "payload_digest": record.payload_digest or ""}
            for name in (name for name in told if told[name] != found[name]):
                message = f"{record.id}: it has another {_TOLD[name]} for this record than {self._file.path}"
                self._findings.append(self._told("sidecar-record-digest", claim, message))

    def findings(self, records: int | None) -> list[Finding]:
        """All that does not agree, after the last of so many records; None: the WARC could not be read to its end."""
        for claim in self._claims:
            if claim.sha256 != self._file.sha256 or claim.bytes not in (None, self._file.bytes):
                message = f"its size or SHA-256 of {self._file.path} is not the ledger's"
                self._findings.append(self._told("sidecar-warc-digest", claim, message))
            if records is not None and claim.count not in (None, records):
                message = f"{self._file.path} has {records} records, it says {claim.count}"
                self._findings.append(self._told("sidecar-count", claim, message))
        for identity, left in self._by_id.items() if records is not None else ():
            for claim, _ in left:
                message = f"it names the record {identity}, but {self._file.path} does not have it"
                self._findings.append(self._told("sidecar-record", claim, message))
        return self._findings

    def _told(self, code: str, claim: Claim, message: str) -> Finding:
        return Finding("error", code, str(self._collection / claim.path), message, affects=(claim.capture,))
