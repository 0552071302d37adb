"""The whole check: the ledger first, then all that it names, then what lies beside."""

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import replace

from archiver import ledger
from archiver.collection import Collection
from archiver.collection.loss import lost
from archiver.collection.originals import Originals
from archiver.errors import UnreadableInput
from archiver.fixity import LOCAL, Fixity
from archiver.ledger import Holdings, capture_of
from archiver.model import FileRef, Finding, Level, Progress, now, silent, timestamp
from archiver.proof import Keyring, Trust, judge
from archiver.verify.chain import fault, lost_segments, read_chain
from archiver.verify.crew import read_groups
from archiver.verify.index import check_index
from archiver.verify.reading import Reading, missing, read_archive
from archiver.verify.report import Report
from archiver.verify.rules import check_lifted
from archiver.verify.scope import ALL, IMPORTED, Group, Scope, grouped
from archiver.verify.sidecars import Claim
from archiver.verify.strays import check_unlisted

MB = 1_000_000


def verify_collection(
    collection: Collection, progress: Progress = silent, *, scope: Scope = ALL, processes: int | None = None
) -> Report:
    """Check everything there is, or what `scope` says; all findings, none left out.

    Ledger and index are always read whole, and every file is looked for. It only reads, and holds no locks: others
    may capture meanwhile, and what they enter after the ledger was read is left to the next time.
    """
    at = timestamp(now())
    last = Fixity(collection.state, collection.name).last_read(LOCAL)
    segments, findings = read_chain(collection)
    findings += lost_segments(collection, segments, last)
    holdings = ledger.fold(segments)
    groups, entered = grouped(segments, holdings)
    chosen = scope.choose(groups, entered, last)
    whole = len(chosen) == len(groups)
    total = _read(collection, chosen, findings, progress, processes)
    read = {file.path: file for group in chosen for file in group.files}
    if not whole:
        findings += _look_for(collection, holdings, read, total.damaged)
    findings += _of_strays(collection, holdings, total.strays)
    later = _later(collection)
    findings += check_unlisted(collection, holdings, later)
    findings += check_index(collection, total.lines, holdings.files, later)
    findings += check_revisits(collection, None if whole else total.lines.keys())
    findings += check_lifted(collection)
    findings += judge(collection, segments, Trust.of(Keyring())).findings
    findings = list(_as_stated(collection, findings, holdings, total))
    findings = list(_still_true(collection, _spread(findings, total), total, later))
    sound = tuple(sorted(file for path, file in read.items() if path not in total.damaged))
    dates = last | {file.path: at for file in sound}
    known = [dates[path] for path in holdings.files if path in dates and path not in total.damaged]
    return Report(
        collection.name,
        at,
        len(holdings.files),
        sum(file.bytes for file in holdings.files.values()),
        sound,
        tuple(sorted(file for path, file in holdings.files.items() if path in total.damaged)),
        tuple(segment.path for segment in segments if collection.local(segment.path).is_file()),
        len(holdings.files) - len(known),
        min(known, default=None),
        tuple(findings),
    )


def _read(
    collection: Collection, chosen: list[Group], findings: list[Finding], progress: Progress, processes: int | None
) -> Reading:
    """Read the groups; all that came of them together. What was found is added in the order of the groups."""
    total, found = Reading(), dict[int, list[Finding]]()
    done, size = 0, sum(group.bytes for group in chosen)
    for number, reading in read_groups(collection, chosen, processes=processes):
        found[number] = reading.findings
        total.damaged |= reading.damaged
        total.lines |= reading.lines
        total.requires |= reading.requires
        total.strays += reading.strays
        done += chosen[number].bytes
        progress(f"verifying {collection.name}, MB", done // MB, size // MB)
    findings += (one for number in sorted(found) for one in found[number])
    return total


def _look_for(
    collection: Collection, holdings: Holdings, read: dict[str, FileRef], damaged: set[str]
) -> Iterator[Finding]:
    """Files that are not read this time: whether they are here, and of the right size."""
    for path, file in sorted(holdings.files.items()):
        if path in read:
            continue
        try:
            place = collection.local(path)
            size = place.stat().st_size
        except UnreadableInput as error:
            found = fault("file-outside", error.path, error.why)
        except OSError:
            found = missing(collection.path / path)
        else:
            if size == file.bytes:
                continue
            found = fault("file-size", place, f"it has {size} bytes, the ledger says {file.bytes}")
        damaged.add(path)
        yield found


def _of_strays(collection: Collection, holdings: Holdings, strays: list[Claim]) -> Iterator[Finding]:
    """Sidecars that tell of WARCs of other captures, or of none."""
    by_warc: dict[str, list[Claim]] = {}
    for claim in strays:
        by_warc.setdefault(claim.warc, []).append(claim)
    for path, claims in sorted(by_warc.items()):
        if path in holdings.files and path.startswith("archive/"):
            found, _ = read_archive(collection, holdings.files[path], claims)
            yield from (one for one in found if one.code.startswith("sidecar-"))
        elif not holdings.ended(path):
            for claim in claims:
                message = f"its WARC {path} is not in the ledger"
                yield fault("sidecar-warc", collection.path / claim.path, message, affects=(claim.capture,))


def _later(collection: Collection) -> Callable[[], Holdings]:
    """What the ledger says by the time of asking; nothing if it is damaged, which is told elsewhere."""

    def now_held() -> Holdings:
        try:
            return collection.holdings()
        except UnreadableInput:
            return Holdings({}, {}, frozenset())

    return now_held


def _as_stated(
    collection: Collection, findings: list[Finding], holdings: Holdings, total: Reading
) -> Iterator[Finding]:
    """What is missing and was stated as lost is known, as is who needed it; all else that is wrong stays an error."""
    places = {str(collection.path / path): event for path, event in holdings.lost.items()}
    gone = {capture_of(path) or path for path in holdings.lost if path.startswith("archive/")}
    for finding in findings:
        if finding.code == "file-missing" and finding.where in places:
            yield replace(lost(finding.where, places[finding.where]), affects=finding.affects)
        elif finding.code == "revisit-original" and any(
            gone.intersection(total.requires.get(x, ())) for x in finding.affects
        ):
            yield replace(finding, level="warning")
        else:
            yield finding


def _spread(findings: Iterable[Finding], total: Reading) -> Iterator[Finding]:
    """Damage to a WARC affects the captures, too, whose revisits need what is in it."""
    dependents: dict[str, set[str]] = {}
    for capture, required in total.requires.items():
        for one in required:
            dependents.setdefault(one, set()).add(capture)
    for finding in findings:
        further = {other for capture in finding.affects for other in dependents.get(capture, ())}
        if further and (finding.level == "error" or finding.code == "file-lost") and "/archive/" in finding.where:
            yield replace(finding, affects=tuple(sorted({*finding.affects, *further})))
        else:
            yield finding


def _still_true(
    collection: Collection, findings: Iterator[Finding], total: Reading, later: Callable[[], Holdings]
) -> Iterator[Finding]:
    """Without files that are missing because they were erased meanwhile."""
    if not total.damaged:
        return findings
    ended = {path for path in total.damaged if later().ended(path)}
    total.damaged -= ended
    places = {str(collection.path / path) for path in ended}
    return (one for one in findings if one.where not in places)


def check_revisits(collection: Collection, paths: Container[str] | None = None) -> Iterator[Finding]:
    """Revisit records whose body, which another record holds, is not in the collection: they cannot be replayed.

    `paths`: only those in these files.
    """
    for path, url in Originals(collection).unresolved():
        if paths is not None and path not in paths:
            continue
        where, message = str(collection.path / path), f"the original of its revisit record of {url} is not here"
        hint = "Bring the capture that holds it: `archiver sync pull`; its sidecar names it in relations.requires."
        level: Level = "warning" if path.startswith(IMPORTED) else "error"
        capture = capture_of(path)
        yield Finding(level, "revisit-original", where, message, hint, affects=(capture,) if capture else ())
