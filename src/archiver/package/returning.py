"""Captures of ours that come back in a package, with their own ids and revisions: what must be true of them first.

A package can say anything. Nothing that it says is believed but what follows from digests, from the schema and from the
WARC files themselves; and nothing that is here is changed by it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from archiver import jsontext, schema
from archiver.catalogue import checks
from archiver.collection import layout
from archiver.errors import ConflictError, UnreadableInput
from archiver.ledger import capture_of
from archiver.model import Finding
from archiver.package.imported import Present, erased
from archiver.package.reading import Package
from archiver.sidecar import Sidecar, problems
from archiver.validate.places import located
from archiver.validate.records import problems_with

FOLDER = "sidecars/"
WARCS = (".warc", ".warc.gz", ".arc", ".arc.gz")
"""Endings of what is taken for a WARC or ARC file."""
CONFLICTS = ("capture-conflict", "capture-elsewhere")


class PackageConflict(ConflictError):
    """A package has something else under a name that is taken. Nothing of it was taken in."""

    def __init__(self, path: Path, findings: tuple[Finding, ...]) -> None:
        super().__init__(f"{path}: something in it is here already and differs", "Nothing of it was taken in.")
        self.findings = findings


@dataclass(slots=True)
class Returning:
    """A WARC file of ours in a package, and what comes in with it by one line of the ledger."""

    name: str
    """In the package."""
    place: str
    """In the collection."""
    sha256: str
    captures: list[str] = field(default_factory=list)
    sidecars: list[str] = field(default_factory=list)
    """Names of the sidecars, all revisions, in the package."""
    checked_at: str = ""
    verdict: str = ""
    """Of a check of replay: when, and what it came to, as it says itself."""

    @property
    def codes(self) -> tuple[str, ...]:
        """What the line of the ledger tells."""
        return checks.codes(self.verdict) if self.verdict else ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What of a package is to be taken in, and how. An error among the findings: nothing may be."""

    ours: list[Returning]
    others: list[str]
    """Names of the WARC files that are nobody's captures yet."""
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Revision:
    """What has to be remembered of a sidecar: of many, the documents would be too much."""

    name: str
    capture: str
    file_name: str
    number: int
    parents: tuple[str, ...]
    requires: tuple[str, ...]
    place: str
    sha256: str


def planned(package: Package, present: Present, elsewhere: Callable[[str], str | None]) -> Plan:
    """What to take in, nothing of which is here or was erased.

    `elsewhere` gives the name of another collection of the root that has a capture, or None.
    """
    findings: list[Finding] = []
    warcs = [name for name in package.files if name.endswith(WARCS) and _may_be_warc(package, name)]
    captures: dict[str, list[_Revision]] = defaultdict(list)
    for name in sorted(package.files):
        if layout.SIDECAR_NAME.match(name.removeprefix(FOLDER)) and name.startswith(FOLDER):
            revision, wrong = _revision(package, name)
            findings += wrong
            if revision:
                captures[revision.capture].append(revision)
    files: dict[str, Returning] = {}
    table = _by_name(warcs)
    for revisions in captures.values():
        findings += _place(revisions, package, table, files)
    others = [name for name in warcs if name not in files]
    kept = [file for file in files.values() if _is_wanted(file, captures, present, elsewhere, findings)]
    return Plan(sorted(kept, key=lambda file: file.name), sorted(others), tuple(findings))


def borne_out(sidecars: Iterable[Sidecar], file: Path, where: str) -> Iterator[Finding]:
    """What these sidecars say and their WARC file, which lies at `file` for now, does not."""
    for sidecar in sidecars:
        for one in problems_with(sidecar, file):
            place = f"{where}/{FOLDER}{sidecar.file_name}"
            yield Finding("error", one.code, place, one.message, "One of the two was changed.", one.pointer)


def sidecars_of(file: Returning, package: Package) -> Iterator[Sidecar]:
    """The sidecars that come in with a WARC file; an earlier revision before those that follow it."""
    for name in sorted(file.sidecars, key=layout.revision_of):
        yield _read(package, name)


def heads_of(file: Returning, package: Package) -> list[Sidecar]:
    """Those of them that no other follows, and that say they are of this file."""
    found = list(sidecars_of(file, package))
    followed = {parent for one in found for parent in one.parents}
    return [one for one in found if one.file_name not in followed and one.warc_sha256 == file.sha256]


def read_check(file: Returning, place: Path) -> None:
    """Where `file`, which lies at `place` for now, is a check of replay: enter what it says, if that is sound."""
    if not checks.is_product(file.place):
        return
    try:
        told = jsontext.read(checks.document(place, file.name), file.name)
    except UnreadableInput:
        return
    if isinstance(told, dict) and not schema.problems(told, "qa") and [told["capture"]] == file.captures:
        file.checked_at, file.verdict = told["checked_at"], told["verdict"]


def _may_be_warc(package: Package, name: str) -> bool:
    return package.kind == "bag" or name.startswith("archive/")


def _read(package: Package, name: str) -> Sidecar:
    with package.open(name) as stream:
        return Sidecar.parse(stream.read(jsontext.MAX_BYTES + 1), f"{package.path}/{name}")


def _revision(package: Package, name: str) -> tuple[_Revision | None, list[Finding]]:
    where = f"{package.path}/{name}"
    try:
        sidecar = _read(package, name)
    except UnreadableInput as error:
        return None, [Finding("error", "sidecar-unreadable", where, error.why, error.hint)]
    found = [one for one in located(problems(sidecar), sidecar.content.decode(), where) if one.level == "error"]
    if not found and sidecar.file_name != name.removeprefix(FOLDER):
        message = f"by its content it would be called {sidecar.file_name}"
        found = [Finding("error", "sidecar-name", where, message, "It was changed, or given another's name.")]
    if found:
        return None, found
    told = (tuple(sidecar.parents), tuple(sidecar.requires), sidecar.warc_file, sidecar.warc_sha256)
    return _Revision(name, sidecar.id, sidecar.file_name, sidecar.revision, *told), []


def _place(
    revisions: list[_Revision], package: Package, warcs: dict[str, list[str]], files: dict[str, Returning]
) -> Iterator[Finding]:
    """Enter the WARC files of one capture into `files`, its sidecars with the one that the latest revision names."""
    capture = revisions[0].capture
    followed = {parent for revision in revisions for parent in revision.parents}
    heads = [one for one in revisions if one.file_name not in followed]
    latest = max(heads, default=revisions[0], key=lambda one: (one.number, one.file_name))
    named = {(one.place.rpartition("/")[2], one.sha256): one.place for one in revisions}
    held = set[tuple[str, str]]()
    for name in sorted({*warcs.get(capture, ()), *(name for last, _ in named for name in warcs.get(last, ()))}):
        last, sha256 = name.rpartition("/")[2], package.sha256(name)
        place = named.get((last, sha256), f"{layout.capture_path(capture).rpartition('/')[0]}/{last}")
        if not _is_place(place, capture, sha256):
            message = f"{place} is no place for it in a collection, or for other bytes"
            yield Finding("error", "warc-name", f"{package.path}/{name}", message)
        elif (place, sha256) not in held:
            held.add((place, sha256))
            file = files.setdefault(name, Returning(name, place, sha256))
            file.captures.append(capture)
            file.sidecars += [one.name for one in revisions if place == latest.place]
    for head in heads:
        if (head.place, head.sha256) not in held:
            message = f"{head.place}, which it is about, is not in the package as it should be"
            yield Finding("error", "warc-absent", f"{package.path}/{head.name}", message)


def _by_name(warcs: Iterable[str]) -> dict[str, list[str]]:
    """WARC files by their bare names, and by the capture whose id that begins with."""
    table: dict[str, list[str]] = {}
    for name in warcs:
        last = name.rpartition("/")[2]
        for key in filter(None, (last, capture_of(f"archive/{last}"))):
            table.setdefault(key, []).append(name)
    return table


def _is_place(place: str, capture: str, sha256: str) -> bool:
    """Whether a WARC with that digest can have that path in a collection, and be of that capture."""
    own = layout.capture_path(capture)
    if place == own:
        return True
    stem, kind = own.removesuffix(".warc.gz"), place.rpartition("/")[2].removesuffix(".warc.gz").rpartition(".")[2]
    if layout.PRODUCT.match(kind) and place == f"{stem}.{kind}.warc.gz":
        return kind.endswith(f"-{sha256[:12]}")
    return place == layout.imported_path(sha256, place.rpartition("/")[2].partition("-")[2])


def _is_wanted(
    file: Returning,
    captures: dict[str, list[_Revision]],
    present: Present,
    elsewhere: Callable[[str], str | None],
    findings: list[Finding],
) -> bool:
    """Whether a file is to be taken in; why not is added to the findings."""
    revisions = [one for capture in file.captures for one in captures[capture]]
    required = [capture for one in revisions for capture in one.requires]
    if present.was_erased(file.sha256, *file.captures) or present.holdings.ended(file.place):
        findings.append(erased(file.name))
    elif lost := sorted(present.holdings.erased.intersection(required)):
        message = f"it refers to what {lost[0]} holds, which was erased from this collection"
        findings.append(Finding("warning", "original-erased", file.name, message, "It was left out; capture it again."))
    else:
        taken = list(_taken(file, revisions, present, elsewhere))
        findings += taken
        return not taken
    return False


def _taken(
    file: Returning, revisions: list[_Revision], present: Present, elsewhere: Callable[[str], str | None]
) -> Iterator[Finding]:
    """What of it is here already, in this collection or in another one."""
    here = present.holdings.files.get(file.place)
    known = [capture for capture in file.captures if capture in present.captures]
    if here and here.sha256 == file.sha256:
        yield Finding("info", "known", file.name, "it is in the collection already")
        held = {path for capture in known for path in present.captures[capture]}
        if new := [one for one in revisions if f"{FOLDER}{one.file_name}" not in held]:
            message = f"it comes with {len(new)} revisions of its sidecar that are not here; they were left out"
            hint = "What is here is not changed by a package. `archiver sync pull` unites two copies of a collection."
            yield Finding("warning", "revisions-differ", file.name, message, hint)
        return
    if here or known:
        message = f"{', '.join(known) or file.place} is here already with other bytes"
        yield Finding(
            "error", "capture-conflict", file.name, message, "`archiver verify` tells whether ours are right."
        )
    for capture in file.captures:
        if other := elsewhere(capture):
            message = f"{capture} is in the collection {other} of the same root"
            yield Finding(
                "error", "capture-elsewhere", file.name, message, "Ids are unique in a root; use another one."
            )
