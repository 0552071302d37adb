"""Packages made by others come in here, byte for byte, each page with a sidecar of its own."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archiver import __version__, cdxj, disk, extract, verdict, warc
from archiver.collection import Collection
from archiver.collection.layout import derived_capture_id, imported_path
from archiver.errors import ArchiverError, ConflictError, UnreadableInput
from archiver.ledger import Event
from archiver.model import FileRef, Finding
from archiver.sidecar import Kept, Sidecar, Visit, new_sidecar
from archiver.warc import Page, RecordRef

AGENT = f"archiver/{__version__}"


@dataclass(frozen=True, slots=True)
class Imported:
    """What one file came to."""

    file: str
    path: str | None = None
    """Where it lies in the collection."""
    captures: tuple[str, ...] = ()
    """Ids of its pages."""
    findings: tuple[Finding, ...] = ()
    error: ArchiverError | None = None
    """Why it was not taken in."""

    def as_json(self) -> dict[str, Any]:
        """The JSON line of `archiver import`."""
        findings = [one.as_json() for one in self.findings]
        return {"file": self.file, "path": self.path, "captures": list(self.captures), "findings": findings}


def import_all(files: Iterable[Path], collection: Collection) -> Iterator[Imported]:
    """Import several files; one that cannot be taken in is an outcome, and the others go on."""
    for file in files:
        try:
            yield import_warc(file, collection)
        except ArchiverError as error:
            if error.exit_code not in (2, 4, 6):
                raise
            finding = Finding("error", "not-imported", str(file), str(error), error.hint)
            yield Imported(str(file), findings=(finding,), error=error)


def import_warc(file: Path, collection: Collection) -> Imported:
    """Take in one WARC or ARC file. The same file twice is no error: it is here already.

    Raises `UnreadableInput` if it is neither, `StorageError` if the disk refuses.
    """
    if file.is_dir():
        raise UnreadableInput(str(file), "this is a folder", "Name the WARC files in it.")
    if not file.is_file():
        raise UnreadableInput(str(file), "there is no such file")
    if file.suffix == ".wacz":
        raise UnreadableInput(
            str(file), "WACZ packages are not taken in yet", "Unpack it and import archive/*.warc.gz."
        )
    sha256, size = disk.sha256_file(file)
    place = imported_path(sha256, file.name)
    pages, findings = _pages(file)
    kept = FileRef(place, size, sha256)
    rights = collection.rights()
    sidecars = (_describe(page, kept, rights) for page in pages)
    captures = tuple(_capture_id(page, kept) for page in pages)
    try:
        with collection.copy_in(file, place) as draft:
            if draft.fixity() != kept:
                raise ConflictError(f"{file} changed while it was read.", "Import it again when nothing writes to it.")
            collection.commit(draft, sidecars, Event("ingestion", AGENT))
    except ConflictError:
        if place not in collection.files():
            raise
        findings = [Finding("info", "known", str(file), "this file is in the collection already")]
    return Imported(str(file), place, captures, tuple(findings))


def _pages(file: Path) -> tuple[list[Page], list[Finding]]:
    """The pages of a file; of a damaged one those before the damage, and a finding.

    Raises `UnreadableInput` if there is not one record in it that could be replayed or read.
    """
    cdxj.index_lines(file, file.parent)
    pages: list[Page] = []
    try:
        pages.extend(warc.find_pages(file))
    except UnreadableInput as error:
        return pages, [Finding("warning", "warc-damaged", str(file), f"{error.why}; what stands before it was read")]
    return pages, []


def _capture_id(page: Page, file: FileRef) -> str:
    return derived_capture_id(page.date, file.sha256, str(page.offset))


def _describe(page: Page, file: FileRef, rights: dict[str, str]) -> Sidecar:
    html = extract.page_of(_html(page), page.url, charset=page.charset)
    assertions = extract.assertions(html, page.url)
    facts = extract.facts(html, assertions) if html.text else None
    word, reasons = verdict.of_document(page.status, facts, page.url, page.url)
    visit = Visit(
        requested_url=page.url,
        final_url=page.url,
        captured_at=page.date,
        engine="import",
        fidelity="unknown",
        verdict=word,
        reasons=tuple(reasons),
        status=page.status,
        agents=(AGENT,),
        ip=page.ip or None,
    )
    main = RecordRef("main", page.record_id, page.url, page.type, page.payload_digest, page.date, page.status)
    return new_sidecar(
        capture_id=_capture_id(page, file),
        visit=visit,
        kept=Kept(file, [main], text=extract.article_text(html).summary()),
        assertions=assertions,
        rights=rights,
    )


def _html(page: Page) -> bytes:
    """The document, or nothing where its coding cannot be undone."""
    try:
        return page.html()
    except UnreadableInput:
        return b""
