"""Verify: read every byte of a collection and compare it with everything that speaks of it.

Four checks, each a function that yields all its findings: the ledger's own chain; files against the ledger; WARC
structure and digests, with the sidecars' claims about them; the index against the WARCs. It only reads.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from archiver import __version__, disk, ledger, warc
from archiver.collection import Collection
from archiver.collection.collection import revisions
from archiver.collection.layout import DERIVED
from archiver.errors import ArchiverError, UnreadableInput
from archiver.ledger import Event, Segment
from archiver.model import FileRef, Finding, Progress, silent
from archiver.sidecar import Sidecar, problems

RESTORE = "Restore the file from a copy; `archiver sync pull` brings what the store still has."


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
    held = {file.path: file for segment in segments for file in segment.objects()}
    sound: list[str] = []
    for done, file in enumerate(held.values(), 1):
        trouble = check_file(collection, file)
        findings += [trouble] if trouble else []
        sound += [] if trouble else [file.path]
        progress(f"verifying {collection.name}", done, len(held))
    findings += check_unlisted(collection, set(held))
    findings += check_warcs(collection, sorted(sound), held)
    findings += check_index(collection, [path for path in sorted(sound) if path.startswith("archive/")])
    return Report(collection.name, len(held), sum(file.bytes for file in held.values()), tuple(findings))


def record_result(collection: Collection, report: Report) -> None:
    """Enter the result in the ledger as a PREMIS fixity check."""
    codes = sorted({one.code for one in report.findings if one.level == "error"})
    outcome = "success" if report.ok else "failure"
    collection.record(Event("fixity check", f"archiver/{__version__}", outcome=outcome, codes=tuple(codes)))


def read_chain(collection: Collection) -> tuple[list[Segment], list[Finding]]:
    """Every readable segment, and what is wrong with the chain."""
    folder = collection.path / "ledger"
    segments: list[Segment] = []
    findings: list[Finding] = []
    for path in ledger.sealed_files(folder):
        content = path.read_bytes()
        if not path.name.endswith(f"-{hashlib.sha256(content).hexdigest()[:16]}.jsonl"):
            findings.append(_error("ledger-digest", path, "its content is not what its name says", RESTORE))
        findings += _parse(content, path, segments)
    for own in sorted(path for path in folder.iterdir() if ledger.WRITER_NAME.match(path.name)):
        findings += _read_open(own, segments)
    findings += _check_links(folder, segments)
    return segments, findings


def _error(code: str, where: Path | str, message: str, hint: str = "") -> Finding:
    return Finding("error", code, str(where), message, hint)


def _parse(content: bytes, path: Path, segments: list[Segment]) -> Iterator[Finding]:
    try:
        segment = ledger.parse_segment(content, str(path))
        if segment.writer != path.parent.name:
            yield _error("ledger-writer", path, f"it lies in the folder of another writer than {segment.writer}")
        segments.append(segment)
    except UnreadableInput as error:
        yield _error("ledger-unreadable", error.path, error.why, RESTORE)


def _read_open(own: Path, segments: list[Segment]) -> Iterator[Finding]:
    path = own / ledger.OPEN
    content = path.read_bytes() if path.is_file() else b""
    whole = ledger.committed(content)
    if len(whole) < len(content):
        message = "the last line is not whole: a write was cut off before its commit"
        yield Finding("info", "ledger-partial-line", str(path), message, "The next capture removes it.")
    if (complaint := ledger.head_complaint(own, whole)) is not None:
        yield _error("ledger-head", path, complaint, RESTORE)
    if whole:
        yield from _parse(whole, path, segments)


def _check_links(folder: Path, segments: list[Segment]) -> Iterator[Finding]:
    digests = {segment.sha256 for segment in segments}
    names = {(segment.writer, segment.name) for segment in segments}
    for segment in segments:
        place = folder / segment.writer / segment.name
        if segment.previous is not None and segment.previous not in digests:
            yield _error("ledger-gap", place, f"its predecessor {segment.previous[:16]}… is not here", RESTORE)
        for writer, name in segment.seen.items():
            if (writer, name) not in names:
                yield _error("ledger-gap", place, f"the segment {writer}/{name} that it saw is not here", RESTORE)
    for (writer, _), heirs in ledger.successors(segments).items():
        if len(heirs) > 1:
            message = f"{len(heirs)} segments follow the same one: this working copy was cloned; all are kept"
            yield Finding("warning", "ledger-clone", str(folder / writer), message)


def check_file(collection: Collection, file: FileRef) -> Finding | None:
    """One file against its line in the ledger."""
    path = collection.local(file.path)
    try:
        sha256, size = disk.sha256_file(path)
    except FileNotFoundError:
        return _error("file-missing", path, "the ledger names it but it is not here", RESTORE)
    except OSError as error:
        return _error("file-unreadable", path, (error.strerror or str(error)).lower(), RESTORE)
    if size != file.bytes:
        return _error("file-size", path, f"it has {size} bytes, the ledger says {file.bytes}", RESTORE)
    if sha256 != file.sha256:
        return _error(
            "file-digest", path, f"its SHA-256 is {sha256[:16]}…, the ledger says {file.sha256[:16]}…", RESTORE
        )
    return None


def check_unlisted(collection: Collection, held: set[str]) -> Iterator[Finding]:
    """Files that no ledger line names, but for those that a living process is writing."""
    claims = collection.state.under_way(collection.name)
    chain = [path.relative_to(collection.path).as_posix() for path in ledger.sealed_files(collection.path / "ledger")]
    for path in sorted(path for path in collection.path.rglob("*") if path.is_file() or path.is_symlink()):
        name = path.relative_to(collection.path).as_posix()
        if name in held or name in chain or name.startswith(DERIVED):
            continue
        if name.startswith("ledger/") and path.name in (ledger.OPEN, ledger.HEAD):
            continue
        if _claimed(name, claims):
            continue
        if path.name.startswith(disk.TEMPORARY) or _claimed(name, collection.state.claims(collection.name)):
            message = "a capture was cut off before its commit"
            yield Finding("info", "leftover", str(path), message, "The next capture removes it.")
        else:
            yield Finding("warning", "file-unlisted", str(path), "no ledger line names it: it is not of the collection")


def _claimed(name: str, claims: list[str]) -> bool:
    return any(fnmatchcase(name, claim) for claim in claims)


def check_warcs(collection: Collection, sound: list[str], held: dict[str, FileRef]) -> Iterator[Finding]:
    """Structure and digests of each WARC, and what the sidecars claim of it."""
    claims: dict[str, list[Sidecar]] = {}
    for paths in revisions(sound).values():
        for path in paths:
            try:
                sidecar = Sidecar.parse(collection.local(path).read_bytes(), str(collection.local(path)))
            except ArchiverError as error:
                yield _error("sidecar-unreadable", collection.local(path), str(error), error.hint)
                continue
            for found in problems(sidecar):
                where = f"{collection.local(path)}#{found.pointer}"
                yield Finding(found.level, found.code, where, found.message, found.hint)
            claims.setdefault(sidecar.warc_file, []).append(sidecar)
    for path in (path for path in sound if path.startswith("archive/")):
        imported = path.startswith("archive/imported/")
        for one in (one for one in warc.check(collection.local(path)) if one.level != "info"):
            # A file made by others is kept as it came, its own faults with it; the ledger vouches for its bytes.
            yield Finding("warning", one.code, one.where, one.message, one.hint) if imported else one
        yield from _check_claims(collection, path, claims.pop(path, []), held[path])
    for path, sidecars in claims.items():
        if path not in held:
            yield _error("sidecar-warc", sidecars[0].id, f"the sidecar's WARC {path} is not in the ledger")


def _check_claims(collection: Collection, path: str, sidecars: list[Sidecar], file: FileRef) -> Iterator[Finding]:
    records = [one for sidecar in sidecars for one in sidecar.document["warc"]["records"].values()]
    wanted = {one["id"]: one for one in records if "id" in one}  # records of ARC files have no id
    for sidecar in sidecars:
        if sidecar.document["warc"]["sha256"] != file.sha256:
            yield _error("sidecar-warc-digest", sidecar.id, f"its SHA-256 of {path} is not the ledger's")
    if not wanted:
        return
    try:
        for record in warc.read_records(collection.local(path)):
            claim = wanted.pop(record.id, None)
            if claim and claim.get("payload_digest") not in (None, record.header("WARC-Payload-Digest")):
                yield _error("sidecar-record-digest", record.id, f"{path} has another payload digest for this record")
    except ArchiverError as error:
        yield Finding("warning", "warc-unreadable", str(collection.local(path)), str(error))
        return
    for identity in wanted:
        yield _error("sidecar-record", identity, f"a sidecar names this record but {path} does not have it")


def check_index(collection: Collection, paths: list[str]) -> list[Finding]:
    """The index against lines made afresh from the WARCs, compared as sets by an order-free digest.

    Lines of a WARC that is being entered, or whose writer was killed just after the commit, may be there or not yet.
    """
    entering = {path for path in paths if _claimed(path, collection.state.claims(collection.name))}
    pending = {line for path in entering for line in collection.lines_of(path)}
    present = _digest(line for line in collection.read_index() if line not in pending)
    settled = (line for path in paths if path not in entering for line in collection.lines_of(path))
    expected = _digest(line for line in settled if line not in pending)
    if present == expected:
        return []
    hint = f"Run `archiver reindex -c {collection.name}`; replay depends on it."
    lines = f"{present[0]} lines, the WARCs give {expected[0]}" if present[0] != expected[0] else "other lines"
    return [_error("index-differs", collection.path / "indexes", f"the index does not agree: it has {lines}", hint)]


def _digest(lines: Iterator[bytes]) -> tuple[int, int]:
    """Number and sum of the lines' digests: the same for the same lines in any order, in constant memory."""
    count = total = 0
    for line in lines:
        count += 1
        total += int.from_bytes(hashlib.sha256(line).digest(), "big")
    return count, total % (1 << 256)
