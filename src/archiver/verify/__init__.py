"""Verify: read every byte of a collection and compare it with everything that speaks of it.

Six checks, each a function that yields all its findings: the ledger's own chain; files against the ledger; WARC
structure and digests, with the sidecars' claims about them; the index against the WARCs; revisit records against
their originals; the proofs against the ledger. It only reads, and holds no locks: others may capture meanwhile, and
what they enter after the ledger was read is left to the next time.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Self

from archiver import __version__, disk, ledger, warc
from archiver.collection import Collection
from archiver.collection.collection import revisions
from archiver.collection.layout import DERIVED
from archiver.collection.originals import Originals
from archiver.errors import ArchiverError, UnreadableInput
from archiver.ledger import Event, Holdings
from archiver.model import FileRef, Finding, Level, Progress, silent
from archiver.proof import Keyring, Trust, judge
from archiver.sidecar import Sidecar, problems
from archiver.verify.chain import RESTORE, fault, read_chain

FILENAME = b'"filename": "'


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found."""

    collection: str
    files: int
    """Files that the ledger names."""
    bytes: int
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """No error among the findings."""
        return not any(one.level == "error" for one in self.findings)

    def as_json(self) -> dict[str, Any]:
        """The JSON line of `archiver verify`."""
        findings = [one.as_json() for one in self.findings]
        facts = {"collection": self.collection, "ok": self.ok, "files": self.files, "bytes": self.bytes}
        return facts | {"findings": findings}


def verify_collection(collection: Collection, progress: Progress = silent) -> Report:
    """Check everything there is; all findings, none left out."""
    segments, findings = read_chain(collection)
    holdings = ledger.fold(segments)
    held = holdings.files
    sound: list[str] = []
    for done, file in enumerate(held.values(), 1):
        trouble = check_file(collection, file)
        findings += [trouble] if trouble else []
        sound += [] if trouble else [file.path]
        progress(f"verifying {collection.name}", done, len(held))
    findings += check_unlisted(collection, holdings)
    findings += check_warcs(collection, sorted(sound), holdings)
    findings += check_index(collection, [path for path in sorted(sound) if path.startswith("archive/")], set(held))
    findings += check_revisits(collection)
    findings += judge(collection, segments, Trust.of(Keyring())).findings
    return Report(collection.name, len(held), sum(file.bytes for file in held.values()), tuple(findings))


def record_result(collection: Collection, report: Report) -> None:
    """Enter the result in the ledger as a PREMIS fixity check."""
    codes = sorted({one.code for one in report.findings if one.level == "error"})
    outcome = "success" if report.ok else "failure"
    collection.record(Event("fixity check", f"archiver/{__version__}", outcome=outcome, codes=tuple(codes)))


def check_file(collection: Collection, file: FileRef) -> Finding | None:
    """One file against its line in the ledger."""
    try:
        path = collection.local(file.path)
    except UnreadableInput as error:
        return fault("file-outside", error.path, error.why)
    try:
        sha256, size = disk.sha256_file(path)
    except FileNotFoundError:
        return fault("file-missing", path, "the ledger names it but it is not here", RESTORE)
    except OSError as error:
        return fault("file-unreadable", path, (error.strerror or str(error)).lower(), RESTORE)
    if size != file.bytes:
        return fault("file-size", path, f"it has {size} bytes, the ledger says {file.bytes}", RESTORE)
    if sha256 != file.sha256:
        return fault(
            "file-digest", path, f"its SHA-256 is {sha256[:16]}…, the ledger says {file.sha256[:16]}…", RESTORE
        )
    return None


def check_unlisted(collection: Collection, holdings: Holdings) -> Iterator[Finding]:
    """Files that must not be here: no ledger line names them, or a deletion does. Not those being written just now."""
    held = set(holdings.files)
    strays = [name for name in _files_in(collection.path) if name not in held and not name.startswith(DERIVED)]
    living = collection.state.under_way(collection.name)
    claims = collection.state.claims(collection.name)
    chain = {path.relative_to(collection.path).as_posix() for path in ledger.sealed_files(collection.path / "ledger")}
    held |= _entered(collection) if set(strays) - chain else set()
    for name in strays:
        path = collection.path / name
        if holdings.ended(name):
            hint = f"`archiver erase -c {collection.name} --settle` carries the deletion out."
            yield fault("erased-present", path, "it was erased, and lies here still", hint)
            continue
        growing = name.startswith("ledger/") and path.name in (ledger.OPEN, ledger.HEAD)
        if name in held or name in chain or growing or _claimed(name, living) or not os.path.lexists(path):
            continue
        if path.name.startswith(disk.TEMPORARY) or _claimed(name, claims):
            message = "a capture or an edit was cut off before its commit"
            yield Finding("info", "leftover", str(path), message, "The next one removes it.")
        else:
            yield Finding("warning", "file-unlisted", str(path), "no ledger line names it: it is not of the collection")


def _files_in(folder: Path) -> list[str]:
    paths = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(path.relative_to(folder).as_posix() for path in paths)


def _entered(collection: Collection) -> set[str]:
    """What the ledger names by now; nothing if it is damaged, which is told elsewhere."""
    try:
        return set(collection.files())
    except UnreadableInput:
        return set()


def _claimed(name: str, claims: list[str]) -> bool:
    return any(fnmatchcase(name, claim) for claim in claims)


def check_warcs(collection: Collection, sound: list[str], holdings: Holdings) -> Iterator[Finding]:
    """Structure and digests of each WARC, and what the sidecars claim of it."""
    held = holdings.files
    claims: dict[str, list[_Claim]] = {}
    for paths in revisions(sound).values():
        followed: dict[str, list[str]] = {}
        for path in paths:
            try:
                sidecar = Sidecar.parse(collection.local(path).read_bytes(), str(collection.local(path)))
            except ArchiverError as error:
                yield fault("sidecar-unreadable", collection.local(path), str(error), error.hint)
                continue
            for found in problems(sidecar):
                where = f"{collection.local(path)}#{found.pointer}"
                yield Finding(found.level, found.code, where, found.message, found.hint)
            claims.setdefault(sidecar.warc_file, []).append(_Claim.of(sidecar))
            followed[path] = sidecar.parents
        yield from _check_lineage(collection, followed, holdings)
    for path in (path for path in sound if path.startswith("archive/")):
        imported = path.startswith("archive/imported/")
        for one in (one for one in warc.check(collection.local(path)) if one.level != "info"):
            # A file made by others is kept as it came, its own faults with it; the ledger vouches for its bytes.
            yield Finding("warning", one.code, one.where, one.message, one.hint) if imported else one
        yield from _check_claims(collection, path, claims.pop(path, []), held[path])
    for path, made in claims.items():
        if not _known(holdings, path):
            yield fault("sidecar-warc", made[0].capture, f"the sidecar's WARC {path} is not in the ledger")


def _check_lineage(collection: Collection, followed: dict[str, list[str]], holdings: Holdings) -> Iterator[Finding]:
    """Whether what the revisions of a sidecar follow (path → names) is here, and only one is followed by none."""
    for path, names in followed.items():
        for name in (name for name in names if not _known(holdings, f"sidecars/{name}")):
            yield fault(
                "sidecar-parent", collection.local(path), f"it follows {name}, which is not in the ledger", RESTORE
            )
    parents = {f"sidecars/{name}" for names in followed.values() for name in names}
    heads = sorted(path for path in followed if path not in parents)
    if len(heads) > 1:
        both = " and ".join(path.removeprefix("sidecars/") for path in heads)
        capture = heads[0].removeprefix("sidecars/").partition(".")[0]
        message, hint = (
            f"it was edited apart: {both} count together",
            f"`archiver edit {capture} --unite` makes them one.",
        )
        yield Finding("warning", "sidecar-fork", str(collection.local(heads[0])), message, hint)


def _known(holdings: Holdings, path: str) -> bool:
    """Whether a file is here, or was erased: then it may still be spoken of."""
    return path in holdings.files or holdings.ended(path)


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a sidecar says of its WARC; all that is kept of it until the WARC is read."""

    capture: str
    sha256: str
    records: tuple[tuple[str, str | None], ...]
    """Ids and payload digests. Records of ARC files have no id and are not among them."""

    @classmethod
    def of(cls, sidecar: Sidecar) -> Self:
        records = tuple((record["id"], record.get("payload_digest")) for record in sidecar.records)
        return cls(sidecar.id, sidecar.warc_sha256, records)


def _check_claims(collection: Collection, path: str, claims: list[_Claim], file: FileRef) -> Iterator[Finding]:
    wanted = dict(record for claim in claims for record in claim.records)
    for claim in claims:
        if claim.sha256 != file.sha256:
            yield fault("sidecar-warc-digest", claim.capture, f"its SHA-256 of {path} is not the ledger's")
    if not wanted:
        return
    try:
        for record in warc.read_records(collection.local(path)):
            if wanted.pop(record.id, None) not in (None, record.header("WARC-Payload-Digest")):
                yield fault("sidecar-record-digest", record.id, f"{path} has another payload digest for this record")
    except ArchiverError as error:
        yield Finding("warning", "warc-unreadable", str(collection.local(path)), str(error))
        return
    for identity in wanted:
        yield fault("sidecar-record", identity, f"a sidecar names this record but {path} does not have it")


def check_index(collection: Collection, paths: list[str], held: set[str]) -> list[Finding]:
    """The index against lines made afresh from the WARCs at `paths`, compared as sets by an order-free digest.

    Lines of a WARC that is being entered, or whose writer was killed just after the commit, may be there or not yet.
    Lines of other files are right if the ledger names these (`held`, and what was entered since).
    """
    claims = collection.state.claims(collection.name)
    settled = {path for path in paths if not _claimed(path, claims)}
    others: set[str] = set()

    def of_settled(lines: Iterator[bytes]) -> Iterator[bytes]:
        for line in lines:
            if (path := _archive_file(line)) in settled:
                yield line
            else:
                others.add(path)

    present = _digest(of_settled(collection.read_index()))
    expected = _digest(line for path in sorted(settled) for line in collection.lines_of(path))
    claims += collection.state.claims(collection.name)
    unknown = {path for path in others - held if not _claimed(path, claims)}
    if present == expected and (not unknown or unknown <= _entered(collection)):
        return []
    hint = f"Run `archiver reindex -c {collection.name}`; replay depends on it."
    lines = f"{present[0]} lines, the WARCs give {expected[0]}" if present[0] != expected[0] else "other lines"
    return [fault("index-differs", collection.path / "indexes", f"the index does not agree: it has {lines}", hint)]


def check_revisits(collection: Collection) -> Iterator[Finding]:
    """Revisit records whose body, which another record holds, is not in the collection: they cannot be replayed."""
    for path, url in Originals(collection).unresolved():
        where, message = str(collection.local(path)), f"the original of its revisit record of {url} is not here"
        hint = "Bring the capture that holds it: `archiver sync pull`; its sidecar names it in relations.requires."
        level: Level = "warning" if path.startswith("archive/imported/") else "error"
        yield Finding(level, "revisit-original", where, message, hint)


def _archive_file(line: bytes) -> str:
    """The file that an index line points into; empty if it is no such line."""
    start = line.rfind(FILENAME) + len(FILENAME)
    try:
        end = line.index(b'"', start)
        return f"archive/{json.loads(line[start - 1 : end + 1])}"
    except ValueError:
        return ""


def _digest(lines: Iterator[bytes]) -> tuple[int, int]:
    """Number and sum of the lines' digests: the same for the same lines in any order, in constant memory."""
    count = total = 0
    for line in lines:
        count += 1
        total += int.from_bytes(hashlib.sha256(line).digest(), "big")
    return count, total % (1 << 256)
