"""What the captures' current sidecars have and lack, counted. One pass, one sidecar in memory."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from archiver import sidecar
from archiver.access import Kind
from archiver.catalogue import open_catalogue
from archiver.collection import Collection
from archiver.errors import ArchiverError
from archiver.model import Progress
from archiver.sidecar import Sidecar

Has = Callable[[dict[str, Any]], object]

ARTICLE = ("headline", "author", "publisher", "datePublished", "dateModified", "inLanguage", "description")
"""Properties of schema.org that are counted."""
EXPECTED = ("headline", "datePublished", "inLanguage")
"""What an article that was really captured can hardly lack."""


def _record(name: str) -> Has:
    return lambda document: name in document["warc"]["records"]


def _property(name: str) -> Has:
    return lambda document: document["article"].get(name)


HAS: dict[str, Has] = {
    "url": lambda document: document["capture"]["final_url"],
    "html": _record("main"),
    "full_page": _record("fullPage"),
    "court_minimum": lambda document: {"main", "fullPage"} <= document["warc"]["records"].keys(),
    "text": lambda document: {"text", "articleText"} & document["warc"]["records"].keys(),
    "complete": lambda document: not document["capture"]["missing"],
    "time": lambda document: document["capture"]["captured_at"],
    "clock": lambda document: "clock" in document["capture"],
    "software": lambda document: document["capture"]["agents"],
    "our_address": lambda document: document["capture"].get("client", {}).get("ip"),
    "server_address": lambda document: "ip" in document["capture"],
    "certificate": lambda document: "tls" in document["capture"],
    "hash": lambda document: document["warc"]["sha256"],
    "reason": lambda document: document.get("selection", {}).get("reason"),
    "collector": lambda document: document.get("selection", {}).get("by"),
    "case": lambda document: document.get("selection", {}).get("case"),
    "corrected_by_people": lambda document: any(one["by"]["type"] == "person" for one in document["assertions"]),
    **{name: _property(name) for name in ARTICLE},
}
"""What is counted, and when a sidecar has it."""


@dataclass
class Coverage:
    """Counts over the captures of a collection."""

    captures: int = 0
    unreadable: int = 0
    """Captures whose sidecar could not be read; they are in no other count but `captures`."""
    invalid: int = 0
    """Sidecars that break their schema."""
    gaps: int = 0
    """Captures with verdict `ok` without a property of `EXPECTED`."""
    has: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    engines: Counter[str] = field(default_factory=Counter)
    fidelity: Counter[str] = field(default_factory=Counter)
    access: Counter[str] = field(default_factory=Counter)
    """Captures by who may see them now, as rules and descriptions come to."""
    months: Counter[str] = field(default_factory=Counter)
    """Captures by `YYYY-MM` of `captured_at`."""

    def as_json(self) -> dict[str, Any]:
        """As in `archiver report --json`."""
        facts: dict[str, Any] = {name: getattr(self, name) for name in ("captures", "unreadable", "invalid", "gaps")}
        facts["has"] = {name: self.has[name] for name in HAS}
        for name in ("verdicts", "engines", "fidelity", "access"):
            facts[name] = dict(getattr(self, name).most_common())
        return facts

    def count(self, one: Sidecar, access: str) -> None:
        """Count one more: in all counts, or, where it makes no sense, in none."""
        document = one.document
        present = [name for name, has in HAS.items() if has(document)]
        words = [one.verdict, *(str(document["capture"][name]) for name in ("engine", "fidelity")), access]
        month = one.captured_at[:7]
        invalid = any(problem.level == "error" for problem in sidecar.problems(one))
        self.has.update(present)
        for table, word in zip((self.verdicts, self.engines, self.fidelity, self.access), words, strict=True):
            table[word] += 1
        self.months[month] += 1
        self.invalid += invalid
        self.gaps += one.verdict == "ok" and not set(EXPECTED) <= set(present)


def coverage(collection: Collection, progress: Progress) -> Coverage:
    """Counts of all captures; a sidecar that cannot be read is counted as that."""
    found, captures, heads = Coverage(), collection.captures(), collection.lookup_heads()
    decided = _access(collection)
    for done, capture in enumerate(captures, 1):
        found.captures += 1
        try:
            found.count(sidecar.united(*heads(capture)), decided.get(capture, "unknown"))
        except (ArchiverError, OSError, ValueError, LookupError, TypeError, AttributeError):
            found.unreadable += 1
        if done % 50 == 0 or done == len(captures):
            progress(f"reading sidecars of {collection.name}", done, len(captures))
    return found


def _access(collection: Collection) -> dict[str, Kind]:
    """Who may see what; what the catalogue cannot take in is not known."""
    with open_catalogue(collection) as catalogue:
        return {row.id: row.kind for row in catalogue.captures()}
