"""The NDSA Levels of Digital Preservation, version 2.0 (2019), for one collection.

Five areas, four levels. A level of an area is reached when all that it and those below it ask for is met. Much of it is
the institution's to answer (where a disk stands, who has the keys to the room): that is `open` here, and is never taken
for yes. The wording is ours; the matrix is at https://ndsa.org/publications/levels-of-digital-preservation/.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from archiver.report.coverage import EXPECTED, Coverage
from archiver.report.facts import Facts
from archiver.report.formats import Formats
from archiver.report.requirement import Requirement, State, of

Row = tuple[int, str, State, str]
"""Level, what is asked for, the answer, and the evidence."""


@dataclass(frozen=True, slots=True)
class Area:
    """One row of the matrix."""

    name: str
    levels: dict[int, list[Requirement]]

    @property
    def reached(self) -> int:
        """The level that the evidence shows; 0: not even the first."""
        return self._reached(("met", "none"))

    @property
    def possible(self) -> int:
        """The level reached if the institution can answer all open questions with yes."""
        return self._reached(("met", "none", "open"))

    @property
    def missing(self) -> list[Requirement]:
        """What the next level still lacks, open questions included."""
        rows = self.levels.get(self.reached + 1, [])
        return [one for one in rows if one.state not in ("met", "none")]

    def _reached(self, enough: tuple[State, ...]) -> int:
        reached = 0
        for level, rows in sorted(self.levels.items()):
            if not all(one.state in enough for one in rows):
                break
            reached = level
        return reached

    def as_json(self) -> dict[str, Any]:
        """As in `archiver report --json`."""
        levels = [
            {"level": level, "requirements": [one.as_json() for one in rows]} for level, rows in self.levels.items()
        ]
        return {"area": self.name, "reached": self.reached, "possible": self.possible, "levels": levels}


def areas(facts: Facts, coverage: Coverage, formats: Formats, days: int) -> list[Area]:
    """The whole matrix."""
    rows = {
        "Storage": _storage(facts),
        "Integrity": _integrity(facts, days),
        "Control": _control(facts),
        "Metadata": _metadata(facts, coverage),
        "Content": _content(facts, formats),
    }
    return [Area(name, _by_level(found)) for name, found in rows.items()]


def _by_level(rows: Iterator[Row]) -> dict[int, list[Requirement]]:
    table: dict[int, list[Requirement]] = {1: [], 2: [], 3: [], 4: []}
    for level, asks, state, evidence in rows:
        table[level].append(Requirement(asks, state, evidence))
    return table


def _at_least(enough: bool, *, told: bool = True) -> State:
    """What follows from a number; `open` where more would have to be known."""
    return "unmet" if not enough else "met" if told else "open"


def _storage(facts: Facts) -> Iterator[Row]:
    whole = len(facts.whole)
    places = "; ".join(copy.place for copy in facts.whole) or "none"
    copies = f"{whole} of {len(facts.copies)} known copies are complete: {places}"
    place = "where the copies stand is the institution's to say"
    yield 1, "Two complete copies in separate places", _at_least(whole >= 2), f"{copies}; {place}"
    yield 1, "Every storage medium in use is documented", "open", "stores are listed here, media are not known"
    yield 1, "Content lies in stable storage", _at_least(whole >= 1), copies
    yield 2, "Three complete copies, one of them elsewhere geographically", _at_least(whole >= 3, told=False), copies
    yield 2, "What storage needs to work is documented", "open", "README.txt tells how to read the files, not the media"
    yield 3, "One copy where a different disaster threatens", _at_least(whole >= 2, told=False), place
    yield 3, "One copy on another kind of medium", _at_least(whole >= 2, told=False), "media are not known"
    yield 3, "Ageing of storage is watched", "open", "nothing here can tell"
    yield 4, "Three copies, each under a different threat", _at_least(whole >= 3, told=False), copies
    yield 4, "No single point of failure in storage", _at_least(whole >= 2, told=False), "providers are not known"
    yield 4, "A plan for obsolete storage, carried out", "open", "nothing here can tell"


def _integrity(facts: Facts, days: int) -> Iterator[Row]:
    count = len(facts.files)
    ingested = facts.events.get("ingestion", 0)
    taken = f"{ingested} ingestions; what comes with digests is refused where they do not agree"
    yield 1, "Digests that come with content are verified", "met", taken
    digests = f"the ledger has the SHA-256 of all {count} files"
    yield 1, "Digests are made where none came", _at_least(count > 0), digests
    virus = "archiver looks for no viruses; damaged files are set apart, and archived pages run sealed off"
    yield 1, "All content is checked for viruses, and isolated if need be", "open", virus
    yield 2, "Digests are verified when content is moved or copied", "met", _moved(facts)
    yield 2, "Original media are read through write blockers", "none", "content comes from the web, not from media"
    away = [copy.place for copy in facts.remotes if copy.complete]
    apart = f"the ledger, with all digests, is at {', '.join(away)}" if away else "no complete copy elsewhere is known"
    yield 2, "Digests are kept in a separate place as well", _at_least(bool(away)), apart
    unread = [copy for copy in facts.copies if copy.lately < copy.held]
    late = [f"{copy.place}: {copy.held - copy.lately} of {copy.held} files" for copy in unread]
    read = f"not read whole within {days} days: {'; '.join(late)}" if late else f"every byte was, within {days} days"
    yield 3, "Digests are verified at fixed intervals", _at_least(not late and count > 0), read
    checks = facts.checks
    recorded = f"{len(checks)} fixity checks in the ledger" + (f", the last on {checks[-1].at}" if checks else "")
    hint = "" if checks else "; archiver verify --record enters them"
    yield 3, "How and with what result is documented", _at_least(bool(checks)), recorded + hint
    yield 3, "Digests can be audited on demand", "met", "by archiver verify and archiver sync verify"
    yield 4, "Digests are verified when something happens", "met", "at each capture, push, pull, import and repair"
    yield 4, "Damaged content is replaced or repaired", *_repaired(facts)


def _moved(facts: Facts) -> str:
    told = [f"{copy.place}: {copy.last.kind} on {copy.last.at}" for copy in facts.remotes if copy.last]
    return "files are hashed as they are sent and brought; last: " + ("; ".join(told) or "none yet")


def _repaired(facts: Facts) -> tuple[State, str]:
    told = f"{facts.events.get('quarantine', 0)} set apart, {facts.events.get('recovery', 0)} brought back"
    told += f", {len(facts.holdings.lost)} files stated as lost" if facts.holdings.lost else ""
    if not any(copy.last for copy in facts.copies) and not facts.checks:
        return "open", f"nothing was checked yet; {told}"
    return ("unmet", f"{facts.failed}; {told}") if facts.failed else ("met", f"the last checks found no errors; {told}")


def _control(facts: Facts) -> Iterator[Row]:
    rights = facts.description.get("rights", {}).get("access", "not stated")
    wrote = f"working copies that wrote here: {len(facts.writers)}; who sits at them is not known"
    lock = facts.lock
    locked = f"objects at remotes are to be locked ({lock['mode']}, {lock['days']} days)" if lock else "no lock is set"
    yield 1, "Who and what may read, write, move and delete is decided", "open", wrote
    yield 2, "That is documented, and put into force", "open", f"access: {rights}; {locked}{_servers(facts)}"
    agents = ", ".join(facts.agents) or "nobody yet"
    total = sum(facts.events.values())
    logged = f"{total} events in the ledger, by {agents}; people are named in corrections and erasure records"
    yield 3, "Actions are logged, with the people and software that took them", _at_least(total > 0), logged
    yield 4, "Logs of actions and access are reviewed regularly", "open", "nothing here can tell"


def _servers(facts: Facts) -> str:
    told = [f"; {copy.place}: {copy.server or 'server not looked at by remote doctor'}" for copy in facts.remotes]
    told += [f"; {copy.place}: locks end on {copy.locks_end}" for copy in facts.remotes if copy.locks_end]
    return "".join(told)


def _metadata(facts: Facts, coverage: Coverage) -> Iterator[Row]:
    count, known = coverage.captures, coverage.captures - coverage.unreadable
    away = [copy.place for copy in facts.remotes if copy.complete]
    places = ", ".join(copy.place for copy in facts.copies)
    named = f"the ledger names {len(facts.files)} files of {count} captures; places: {places}"
    yield 1, "An inventory of the content and where it is", _at_least(count > 0), named
    kept = f"it is at {', '.join(away)}" if away else "no complete copy elsewhere is known"
    yield 1, "A copy of the inventory apart from the content", _at_least(bool(away)), kept
    described = f"{of(known, count)} have a sidecar that can be read; {of(coverage.has['headline'], count)} a headline"
    yield 2, "Enough metadata to know what it is", _at_least(count > 0 and known == count), described
    standards = "WARC 1.1, schema.org NewsArticle, PREMIS event types, RFC 3339, BCP 47"
    yield 3, "Metadata standards are chosen", "met", standards
    gaps = f"{coverage.gaps} captures with verdict ok lack one of {', '.join(EXPECTED)}"
    yield 3, "Gaps are found and filled", _at_least(count > 0 and not coverage.gaps), gaps
    kinds = ", ".join(f"{name} {number}" for name, number in facts.events.items())
    yield 4, "Preservation actions are recorded, with their dates", _at_least(bool(kinds)), f"in the ledger: {kinds}"
    broken = f"{coverage.invalid} sidecars break their schema, {coverage.unreadable} cannot be read"
    whole = count > 0 and not coverage.invalid and not coverage.unreadable
    yield 4, "The chosen standards are followed", _at_least(whole), broken


def _content(facts: Facts, formats: Formats) -> Iterator[Row]:
    looked = f"by signature ({formats.as_json()['by']}): {of(formats.files_read, formats.files_total, 'files')}"
    looked += f", payloads of {of(formats.warcs_read, formats.warcs_total, 'WARCs')}"
    yield 1, "File formats are documented, with how and when they were found", _at_least(formats.files_read > 0), looked
    last, held = facts.local.last, facts.local.held
    verified = last is not None and not last.errors and last.files >= held
    told = "no verify is noted here"
    if last:
        told = f"the last verify here, on {last.at}, looked at {last.files} files and found {last.errors} errors"
    yield 2, "Formats are verified", _at_least(verified), f"{told}; it checks the structure of WARCs, not of payloads"
    yield 2, "Creators are asked for lasting formats", "open", "nothing here can tell"
    watched = "this report lists formats; to watch them is a task of people"
    yield 3, "Obsolescence of formats is watched", "open", watched
    shown = "nothing is migrated; replay rewrites for today's browsers, and pictures and texts lie beside each page"
    yield 4, "Content is migrated or emulated where access needs it", "open", shown
