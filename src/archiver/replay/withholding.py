"""What a reader may not see, decided again in the replay process: for each line of the index, whatever the app let by.

A line is judged by its capture, which the name of its file tells, and by its own address. Rules are read anew when the
ledger has changed, which a few `stat` calls tell. Where they cannot be read, nothing is shown.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from archiver import access
from archiver.access import Decision, Kind, Reader, Rules, Standing, strictest
from archiver.catalogue import Catalogue
from archiver.catalogue.restricting import load
from archiver.collection import Collection
from archiver.errors import ArchiverError
from archiver.ledger import capture_of
from archiver.model import now, timestamp

Line = Any
"""An index line as pywb has it: `filename`, `url`, `timestamp` …"""
STATUS: dict[Kind, str] = {
    "takedown": "451 Unavailable For Legal Reasons",
    "embargo": "403 Forbidden",
    "reading-room": "403 Forbidden",
}
"""Of what is said to be withheld. What is dark is as if it were not there."""
_keys = lru_cache(maxsize=1 << 14)(access.keys)


class Veil:
    """What of one collection is hidden from a reader, as of one state of its ledger."""

    def __init__(self, catalogue: Catalogue, reader: Reader) -> None:
        self.catalogue = catalogue
        self.shown = access.kinds_for(reader)
        self.rules: Rules = load(catalogue.collection, catalogue.database)
        self.is_thin = not self.rules.standing and not self.rules.described and not catalogue.restricted()
        """Whether it hides nothing."""
        self._files: dict[str, tuple[Standing, list[tuple[frozenset[str], Standing]]]] = {}

    def __del__(self) -> None:
        """Not before: a question that is under way may still ask it when the next one is made."""
        self.catalogue.database.close()

    def kind_of(self, line: Line, moment: str) -> Kind:
        """Who may see a record at that time."""
        whole, pages = self._file(str(line.get("filename", "")))
        keys = _keys(str(line.get("url", ""))) if pages or self.rules.by_address else frozenset[str]()
        found = [whole, *(one for page, one in pages if page & keys), *map(self.rules.at_address, keys)]
        return strictest(one.at(moment) for one in found)

    def _file(self, name: str) -> tuple[Standing, list[tuple[frozenset[str], Standing]]]:
        """What holds for all of a WARC, and for pages of it by their addresses."""
        if name not in self._files:
            self._files[name] = self._read(f"archive/{name}")
        return self._files[name]

    def _read(self, path: str) -> tuple[Standing, list[tuple[frozenset[str], Standing]]]:
        capture = capture_of(path) or ""
        found = self.catalogue.standings(path, capture)
        if capture or not found:
            return (found[0][1] if found else self.rules.comes_to(capture, (), None)), []
        alike = {one for _, one in found}
        return (alike.pop(), []) if len(alike) == 1 else (Standing(), found)

    def decision(self, line: Line) -> Decision:
        """Why a line is hidden: the strictest rule for its capture or its address."""
        path, decisions = f"archive/{line.get('filename', '')}", [self.rules.decide(urls=[str(line.get("url", ""))])]
        for capture in self.catalogue.captures_in(path, capture_of(path) or ""):
            decisions += filter(None, [self.catalogue.decision(capture)])
        decisions.append(self.rules.decide(capture=capture_of(path) or ""))
        kind = self.kind_of(line, timestamp(now()))
        return next((one for one in decisions if one.kind == kind), Decision(kind))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A line that a reader did not get."""

    collection: str
    line: Line
    kind: Kind

    @property
    def strictness(self) -> int:
        """The more, the stricter."""
        return access.KINDS.index(self.kind)


class Withheld(Exception):
    """A record that the reader may not see was asked for."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.kind)
        self.status = int(STATUS.get(decision.kind, "404").split()[0])
        told = {"kind": decision.kind, "reason": decision.reason, "since": decision.since, "until": decision.until}
        self.told = json.dumps(told)


class Veils:
    """The veils of a root's collections, each made anew when something new is in its ledger."""

    def __init__(self, root: Path, reader: Reader | None) -> None:
        """`reader`: whom this server serves; None: archivists, who see everything."""
        self.root = root
        self.reader = reader
        self._known: dict[str, tuple[object, Veil | None]] = {}

    def of(self, name: str) -> Veil | None:
        """What is hidden in a collection; None: nothing. Raises `ArchiverError` where that cannot be known."""
        if self.reader is None:
            return None
        folder = self.root / name
        if not (folder / "ledger").is_dir():
            return None
        state = _state(folder)
        known = self._known.get(name)
        if known is None or known[0] != state:
            veil = Veil(Catalogue(Collection(folder), None), self.reader)
            known = self._known[name] = (state, None if veil.is_thin else veil)
        return known[1]

    def is_dark(self, name: str) -> bool:
        """Whether a collection is, as a whole, as if it were not there; also where that cannot be known."""
        try:
            veil = self.of(name)
        except ArchiverError:
            return True
        return veil is not None and veil.rules.decide().kind == "dark"

    def lift(self, name: str, lines: Iterator[Line], left_out: list[LeftOut] | None) -> Iterator[Line]:
        """The lines of a collection that the reader may see. Those left out are noted, with their kind."""
        veil = self.of(name)
        if veil is None:
            yield from lines
            return
        moment = timestamp(now())
        for line in lines:
            kind = veil.kind_of(line, moment)
            if kind in veil.shown:
                yield line
            elif left_out is not None and kind in STATUS:
                left_out.append(LeftOut(name, line, kind))

    def withheld(self, left_out: LeftOut) -> Withheld:
        """What a reader is told of a line that was left out."""
        veil = self.of(left_out.collection)
        return Withheld(veil.decision(left_out.line) if veil else Decision(left_out.kind))


def _state(folder: Path) -> object:
    """What changes when something is written in the ledger, or a description is: stamps, and sizes of open segments."""
    stamps: list[object] = []
    for place in (folder / "ledger", *sorted((folder / "ledger").iterdir()), folder / "collection"):
        with suppress(OSError):
            stamps.append((place.name, place.stat().st_mtime_ns))
            stamps.append((place / "open.jsonl").stat().st_size)
    return stamps


def told_of(error: Any) -> dict[str, str] | None:
    """What `Withheld` told, in pywb's error about the answer; None if it was not that."""
    try:
        told = json.loads(error.msg["error"])
        return {str(name): str(value) for name, value in told.items()} if told["kind"] in STATUS else None
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
