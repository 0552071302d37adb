"""The preservation report: what a collection has against loss, with evidence, and what is not known of it.

It reads the ledger, the sidecars, the dates of checks, and a sample of WARCs; it checks nothing and asks no store.
docs/report.md tells what each line means, and what it cannot know.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from archiver import AGENT, __version__, html
from archiver.amounts import size
from archiver.collection import Collection
from archiver.model import Progress, now, silent, timestamp
from archiver.report import berkeley, levels
from archiver.report.coverage import Coverage, coverage
from archiver.report.facts import Facts, facts
from archiver.report.formats import Formats, formats
from archiver.report.growth import Month, growth
from archiver.report.requirement import STATES

__all__ = ["DAYS", "SAMPLE", "Report", "page", "report"]

DAYS = 90
"""So long ago a byte may have been read to count as read lately."""
SAMPLE = 100
"""WARCs whose payloads are looked at."""
FORMAT = "archiver-report/1"


@dataclass(frozen=True, slots=True)
class Report:
    """All of it, for one collection."""

    at: str
    """When, RFC 3339 UTC."""
    days: int
    facts: Facts
    coverage: Coverage
    formats: Formats
    growth: list[Month]

    @property
    def areas(self) -> list[levels.Area]:
        """The NDSA matrix."""
        return levels.areas(self.facts, self.coverage, self.formats, self.days)

    @property
    def collected(self) -> list[berkeley.Named]:
        """The Berkeley Protocol on collection."""
        return berkeley.collected(self.coverage)

    @property
    def preserved(self) -> list[berkeley.Named]:
        """The Berkeley Protocol on preservation."""
        return berkeley.preserved(self.facts, self.coverage, self.formats)

    @property
    def title(self) -> str:
        """The collection's own, else its name."""
        return str(self.facts.description.get("title") or self.facts.name)

    def as_json(self) -> dict[str, Any]:
        """The JSON of `archiver report`; docs/report.md describes it."""
        known = self.facts
        checks = [{"at": one.at, "outcome": one.outcome, "codes": list(one.codes)} for one in known.checks]
        return {
            "format": FORMAT,
            "collection": known.name,
            "title": self.title,
            "at": self.at,
            "agent": AGENT,
            "days": self.days,
            "files": len(known.files),
            "bytes": known.bytes,
            "ndsa": [area.as_json() for area in self.areas],
            "berkeley": {
                "collection": berkeley.as_json(self.collected),
                "preservation": berkeley.as_json(self.preserved),
            },
            "copies": [copy.as_json() for copy in known.copies],
            "fixity_checks": checks,
            "events": known.events,
            "writers": known.writers,
            "agents": known.agents,
            "lock": known.lock,
            "erasures": known.erasures,
            "proofs": asdict(known.proven),
            "coverage": self.coverage.as_json(),
            "formats": self.formats.as_json(),
            "growth": [asdict(month) for month in self.growth],
        }


def report(
    collection: Collection,
    *,
    days: int = DAYS,
    sample: int = SAMPLE,
    at: datetime | None = None,
    progress: Progress = silent,
) -> Report:
    """Make it. Only reads. Raises `UnreadableInput` if the ledger is damaged."""
    at = at or now()
    segments = list(collection.history())
    known = facts(collection, segments, at, days)
    counted = coverage(collection, progress)
    seen = formats(collection, known.files, sample, progress)
    return Report(timestamp(at), days, known, counted, seen, growth(segments, dict(counted.months)))


def page(reports: Sequence[Report]) -> str:
    """One HTML page with all of them: no script, nothing loaded."""
    templates = html.environment(Path(__file__).parent / "templates")
    templates.globals.update(states=STATES, size=size)
    return templates.get_template("report.html").render(reports=reports, version=__version__)
