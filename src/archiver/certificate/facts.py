"""What a certificate says: read off the sidecar, the ledger, the files themselves and the proofs."""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any, BinaryIO

from archiver import AGENT, disk, ledger, warc
from archiver.access import Decision
from archiver.catalogue import open_catalogue
from archiver.catalogue.account import Account, account
from archiver.collection import Collection, Root
from archiver.errors import ArchiverError, UnreadableInput
from archiver.ledger import Segment
from archiver.model import FileRef, Finding, now, timestamp
from archiver.proof import Signing, Trust, judge

PICTURE_BYTES = 256 << 10
"""A thumbnail up to this size is shown."""
_PICTURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png"}


@dataclass(frozen=True, slots=True)
class File:
    """A file of the capture, and whether it is what the ledger says."""

    file: FileRef
    state: str
    """`agrees`, `differs` or `missing`, now."""


@dataclass(frozen=True, slots=True)
class Part:
    """A record of the WARC that the sidecar names, as it was read."""

    name: str
    """main, text, view, fullPage …"""
    id: str
    date: str
    sha256: str
    """Of the payload, content coding undone; empty where it is not there or cannot be read."""
    bytes: int


@dataclass(frozen=True, slots=True)
class Line:
    """A ledger line about the capture."""

    segment: Segment
    path: str
    """The segment's file in the collection."""
    number: int
    """From 1."""
    lines: int
    """Of the segment."""
    event: dict[str, Any]
    sealed: bool


@dataclass(frozen=True, slots=True)
class Certificate:
    """Everything that is certified."""

    account: Account
    made_at: str
    files: list[File]
    parts: list[Part]
    lines: list[Line]
    """The first is the one that brought it in."""
    segments: list[Segment]
    signings: list[Signing]
    """Those whose signed heads the first line lies before."""
    findings: list[Finding]
    """What is wrong with the proofs."""
    picture: str
    """The page's small picture as a `data:` URL, or empty."""
    access: Decision
    """Who may see it, as of now."""

    @property
    def ok(self) -> bool:
        """Whether all its files are what the ledger says and no proof is wrong."""
        errors = any(one.level == "error" for one in self.findings)
        return bool(self.lines) and not errors and all(one.state == "agrees" for one in self.files)

    @property
    def incomplete(self) -> bool:
        """Whether nothing is wrong but that files are missing, which may be at a store."""
        return replace(self, files=[one for one in self.files if one.state != "missing"]).ok

    def as_json(self) -> dict[str, Any]:
        """The JSON of `archiver certificate`."""
        return {
            "capture": self.account.sidecar.id,
            "collection": self.account.collection.name,
            "made_at": self.made_at,
            "software": AGENT,
            "ok": self.ok,
            "access": {name: told for name, told in asdict(self.access).items() if told},
            "files": [
                {"path": one.file.path, "bytes": one.file.bytes, "sha256": one.file.sha256, "state": one.state}
                for one in self.files
            ],
            "records": [
                {"name": one.name, "id": one.id, "date": one.date, "sha256": one.sha256, "bytes": one.bytes}
                for one in self.parts
            ],
            "ledger": [
                {"path": one.path, "line": one.number, "sealed": one.sealed, "event": one.event} for one in self.lines
            ],
            "statements": [_told(one) for one in self.signings],
            "findings": [one.as_json() for one in self.findings],
            "sidecar": self.account.sidecar.document,
        }


def certificate(root: Root, capture: str, name: str | None, trust: Trust) -> Certificate:
    """Gather it; every file of the capture is read. Raises `UnknownCapture`, or `UnreadableInput` for a bad ledger."""
    found = account(root, capture, name)
    collection = found.collection
    segments = list(collection.history(naming=capture))
    lines = list(_lines(collection, capture, segments))
    judgement = judge(collection, segments, trust)
    files = [File(one, _state(collection, one)) for one in _files(found, collection, segments)]
    parts, picture = _parts(found)
    covering = [one for one in judgement.signings if lines and one.covers(lines[0].segment, segments)]
    with open_catalogue(collection) as catalogue:
        access = catalogue.decision(capture) or Decision()
    wrong = list(judgement.findings)
    return Certificate(found, timestamp(now()), files, parts, lines, segments, covering, wrong, picture, access)


def _told(signing: Signing) -> dict[str, Any]:
    stamps = [{"at": one.at, "authority": one.authority, "trusted": one.trusted} for one in signing.stamps]
    signer = signing.signer.name if signing.signer else None
    facts = {"path": f"proofs/{signing.statement.file_name}", "at": signing.statement.at, "key": signing.statement.key}
    return facts | {"signer": signer, "holds": signing.holds, "stamps": stamps}


def _files(found: Account, collection: Collection, segments: Sequence[Segment]) -> list[FileRef]:
    """As the ledger names them. The WARC of an import stands in lines that name the capture beside others."""
    held = ledger.fold(segments).files
    named = {file.path: file for file in found.files} | {
        path: file for path, file in held.items() if ledger.capture_of(path) == found.sidecar.id
    }
    if found.sidecar.warc_file in held:
        named[found.sidecar.warc_file] = held[found.sidecar.warc_file]
    return sorted(named.values())


def _state(collection: Collection, file: FileRef) -> str:
    try:
        sha256, size = disk.sha256_file(collection.local(file.path))
    except (OSError, UnreadableInput):
        return "missing"
    return "agrees" if (sha256, size) == (file.sha256, file.bytes) else "differs"


def _lines(collection: Collection, capture: str, segments: Sequence[Segment]) -> Iterator[Line]:
    """Every line that names the capture, in the order of time."""
    known = {one.sha256: one for one in segments}
    found = []
    folder = collection.path / "ledger"
    for path in (*ledger.sealed_files(folder), *ledger.open_files(folder)):
        content = ledger.open_content(path)
        segment = known.get(disk.sha256_bytes(content))
        texts = content.splitlines()
        for number, text in enumerate(texts, 1):
            if segment and number > 1 and capture.encode() in text:
                place = path.relative_to(collection.path).as_posix()
                sealed = path.name != ledger.OPEN
                found.append(Line(segment, place, number, len(texts), json.loads(text), sealed))
    yield from sorted(found, key=lambda line: (str(line.event["at"]), line.path, line.number))


def _parts(found: Account) -> tuple[list[Part], str]:
    """The records that the sidecar names, read from the WARC, and the page's picture."""
    roles = found.sidecar.document["warc"]["records"].items()
    listed = ((name, one) for name, role in roles for one in (role if isinstance(role, list) else [role]))
    named = {str(one["id"]): name for name, one in listed if isinstance(one, dict) and "id" in one}
    parts, picture = {}, ""
    try:
        for record in warc.read_records(found.collection.local(found.sidecar.warc_file)):
            if (name := named.get(record.id)) is None:
                continue
            with record.payload() as body:
                digest, size, kept = _measured(body)
            parts[record.id] = Part(name, record.id, record.header("WARC-Date") or "", digest, size)
            if name == "thumbnail":
                picture = _picture(kept, size)
    except (ArchiverError, OSError):
        pass  # what the file's own digest tells, and `verify` in full
    for identity, name in named.items():
        parts.setdefault(identity, Part(name, identity, "", "", 0))
    return [parts[identity] for identity in named], picture


def _measured(body: BinaryIO) -> tuple[str, int, bytes]:
    """Digest, length, and the first bytes."""
    digest, size, kept = sha256(), 0, b""
    while piece := body.read(disk.CHUNK):
        digest.update(piece)
        size += len(piece)
        kept += piece[: PICTURE_BYTES - len(kept)]
    return digest.hexdigest(), size, kept


def _picture(content: bytes, size: int) -> str:
    kind = next((kind for magic, kind in _PICTURES.items() if content.startswith(magic)), "")
    whole = kind and size == len(content)
    return f"data:{kind};base64,{base64.b64encode(content).decode()}" if whole else ""
