"""WARC files made by others: kept byte for byte, each page with a sidecar of its own."""

from pathlib import Path

from archiver import AGENT, cdxj, disk, extract, verdict, warc
from archiver.collection import Collection
from archiver.collection.layout import derived_capture_id, imported_path
from archiver.errors import ConflictError, ErasedContent, UnreadableInput
from archiver.ledger import Event
from archiver.model import FileRef, Finding
from archiver.package.imported import Imported, Present
from archiver.package.ruling import Ruling
from archiver.sidecar import Kept, Sidecar, Visit, new_sidecar
from archiver.warc import Page, RecordRef


def import_warc(
    file: Path, collection: Collection, present: Present | None = None, *, label: str = "", ruling: Ruling | None = None
) -> Imported:
    """Take in one WARC or ARC file. The same file twice is no error: it is here already.

    `label`: what it is called, where that is not its path. `ruling`: of the package that it comes with. Raises
    `UnreadableInput` if it is neither, `ErasedContent` if it, or a page of it, was erased, `ConflictError` if it
    changed meanwhile, `StorageError` if the disk refuses.
    """
    where, present = label or str(file), present or Present(collection)
    if file.is_dir():
        raise UnreadableInput(where, "this is a folder", "Name the WARC files in it.")
    if not file.is_file():
        raise UnreadableInput(where, "there is no such file")
    sha256, size = disk.sha256_file(file)
    place = imported_path(sha256, where.rpartition("/")[2])
    pages, findings = _pages(file, where)
    kept = FileRef(place, size, sha256)
    captures = tuple(_capture_id(page, kept) for page in pages)
    if present.was_erased(sha256, *captures):
        raise ErasedContent(where, collection.name)
    if ruling and place not in present.holdings.files:
        ruling.reach([(one, (page.url,)) for one, page in zip(captures, pages, strict=True)], file)
        ruling.enter(collection)
    rights = collection.rights()
    sidecars = (_describe(page, kept, rights) for page in pages)
    try:
        with collection.copy_in(file, place) as draft:
            if draft.fixity() != kept:
                raise ConflictError(f"{where} changed while it was read.", "Import it again when nothing writes to it.")
            collection.commit(draft, sidecars, Event("ingestion", AGENT))
    except ConflictError:
        if place not in collection.files():
            raise
        findings = [Finding("info", "known", where, "this file is in the collection already")]
    return Imported(where, place, captures, tuple(findings))


def _pages(file: Path, where: str) -> tuple[list[Page], list[Finding]]:
    """The pages of a file; of a damaged one those before the damage, and a finding.

    Raises `UnreadableInput` if there is not one record in it that could be replayed or read.
    """
    cdxj.index_lines(file, file.parent)
    pages: list[Page] = []
    try:
        pages.extend(warc.find_pages(file))
    except UnreadableInput as error:
        return pages, [Finding("warning", "warc-damaged", where, f"{error.why}; what stands before it was read")]
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
