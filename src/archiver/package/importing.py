"""Import: WARC files, folders of them, WACZ files and bags. All is judged first; then each WARC file is one commit."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from archiver import AGENT, disk, warc
from archiver.collection import Collection, Root
from archiver.errors import ArchiverError, ConflictError, ErasedContent, UnreadableInput
from archiver.ledger import Event
from archiver.model import Finding, Progress, silent
from archiver.package.foreign import import_warc
from archiver.package.imported import Imported, Present, erased
from archiver.package.reading import Package, RefusedPackage, is_package, open_package
from archiver.package.returning import (
    CONFLICTS,
    WARCS,
    PackageConflict,
    Plan,
    Returning,
    borne_out,
    heads_of,
    planned,
    read_check,
    sidecars_of,
)
from archiver.package.ruling import Ruling, ruling_of

SIGNED = ("signer", "signature", "wacz-signature", "key-")
"""How codes begin that tell who signed a package."""


def import_all(paths: Iterable[Path], collection: Collection, progress: Progress = silent) -> Iterator[Imported]:
    """Import files, packages and folders; one that cannot be taken in is an outcome, and the others go on.

    Raises `StorageError` if the disk refuses; what came in by then is whole, and the same import brings the rest.
    """
    present = Present(collection)
    for path in paths:
        try:
            files = list(_within(path)) if path.is_dir() and not is_package(path) else [path]
        except ArchiverError as error:
            yield Imported.failed(str(path), error)
            continue
        for file in files:
            try:
                if is_package(file):
                    yield from import_package(file, collection, present, progress)
                else:
                    yield import_warc(file, collection, present)
            except ArchiverError as error:
                if error.exit_code not in (2, 4, 6):
                    raise
                yield Imported.failed(str(file), error)


def import_package(
    path: Path, collection: Collection, present: Present | None = None, progress: Progress = silent
) -> Iterator[Imported]:
    """Take in a WACZ file or a bag: a line for the package, then one for each WARC file.

    Captures of ours come back with their ids and all revisions; other WARC files as `import_warc` takes them. Raises
    `RefusedPackage` or `PackageConflict`, with all findings, before anything is taken in; `UnreadableInput` if there is
    no WARC file in it.
    """
    present = present or Present(collection)
    with ExitStack() as stack:
        package = stack.enter_context(open_package(path))
        unpacked = stack.enter_context(_unpacking(package, collection))
        plan = planned(package, present, _elsewhere(collection))
        if not plan.ours and not plan.others and not plan.findings:
            raise UnreadableInput(str(path), "it is sound, but there is no WARC file in it")
        ruling, wrong = ruling_of(package, present)
        findings = (*package.findings, *_unsigned(package), *plan.findings, *wrong)
        if all(one.level != "error" for one in findings):
            findings += tuple(_of_warcs(package, plan, ruling, unpacked, progress))
        _refuse(path, findings)
        yield Imported(str(path), findings=(*findings, *ruling.findings(str(path))))
        ruling.enter(collection)
        for file in sorted(plan.ours, key=lambda one: (bool(one.sidecars), one.checked_at)):
            with unpacked(file.name) as place:
                yield _take_in(file, package, place, collection)
        for name in plan.others:
            with unpacked(name) as place:
                try:
                    yield import_warc(place, collection, present, label=f"{path}/{name}", ruling=ruling)
                except ErasedContent:
                    yield Imported(f"{path}/{name}", findings=(erased(f"{path}/{name}"),))


def _within(folder: Path) -> Iterator[Path]:
    """The WARC files, WACZ files and bags in a folder. Links are given, too: to be refused."""
    if (folder / "ledger").is_dir():
        hint = "To bring it here whole, `archiver sync`; or export a bag there, and import that."
        raise UnreadableInput(str(folder), "this is a collection", hint)
    found = [path for path in _walk(folder) if path.is_dir() or path.name.endswith((*WARCS, ".wacz"))]
    for path in found:
        if path.is_symlink():
            raise UnreadableInput(str(path), "it is a link, and links are not followed", "Name the file itself.")
    if not found:
        raise UnreadableInput(str(folder), "there is no WARC file, WACZ file or bag in it")
    yield from found


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if not path.is_dir() or path.is_symlink() or is_package(path):
            yield path
        elif not path.name.startswith("."):
            yield from _walk(path)


Unpacked = Callable[[str], AbstractContextManager[Path]]


@contextmanager
def _unpacking(package: Package, collection: Collection) -> Iterator[Unpacked]:
    """Gives files of a package a place on the disk, for the length of a `with` block each; a kill's are cleared."""
    with collection.incoming() as prefix:

        @contextmanager
        def unpacked(name: str) -> Iterator[Path]:
            place = collection.path / f"{prefix}{disk.sha256_bytes(name.encode())[:12]}"
            try:
                with disk.writing(place), place.open("xb") as out, package.open(name) as stream:
                    while piece := stream.read(disk.CHUNK):
                        out.write(piece)
                yield place
            finally:
                place.unlink(missing_ok=True)

        yield unpacked


def _elsewhere(collection: Collection) -> Callable[[str], str | None]:
    others = [one for one in Root(collection.path.parent).collections() if one.name != collection.name]
    held: dict[str, str] = {}
    for other in others:
        held |= dict.fromkeys(other.captures(), other.name)
    return held.get


def _unsigned(package: Package) -> Iterator[Finding]:
    if not any(one.code.startswith(SIGNED) for one in package.findings):
        yield Finding("info", "package-unsigned", str(package.path), "nobody signed it")


def _of_warcs(
    package: Package, plan: Plan, ruling: Ruling, unpacked: Unpacked, progress: Progress
) -> Iterator[Finding]:
    """What is wrong with the WARC files: ours must bear out their sidecars, others must begin as such.

    The rules for ours are made on the way.
    """
    names = len(plan.ours) + len(plan.others)
    for number, file in enumerate(plan.ours, 1):
        with unpacked(file.name) as place:
            read_check(file, place)
            heads = heads_of(file, package)
            yield from borne_out(heads, place, str(package.path))
            ruling.reach([(one.id, (one.requested_url, one.final_url)) for one in heads], place)
        progress("checking", number, names)
    for number, name in enumerate(plan.others, len(plan.ours) + 1):
        with unpacked(name) as place:
            try:
                next(warc.read_records(place))
            except UnreadableInput as error:
                yield Finding("error", "warc-unreadable", f"{package.path}/{name}", error.why)
        progress("checking", number, names)


def _refuse(path: Path, findings: tuple[Finding, ...]) -> None:
    errors = [one for one in findings if one.level == "error"]
    if errors and all(one.code in CONFLICTS for one in errors):
        raise PackageConflict(path, findings)
    if errors:
        raise RefusedPackage(path, findings)


def _take_in(file: Returning, package: Package, place: Path, collection: Collection) -> Imported:
    where = f"{package.path}/{file.name}"
    with collection.copy_in(place, file.place) as draft:
        if draft.fixity().sha256 != file.sha256:
            raise ConflictError(f"{where} changed while it was read.", "Import it again when nothing writes to it.")
        capture = file.captures[0] if len(file.captures) == 1 else None
        event = Event("ingestion", AGENT, capture=capture, codes=file.codes)
        collection.commit(draft, sidecars_of(file, package), event)
    return Imported(where, file.place, tuple(file.captures))
