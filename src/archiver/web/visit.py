"""What was fetched for a page, as its protocol (`urn:pageinfo:`) tells: each request, sums, and how far in time.

Ours and Browsertrix's are read (docs/pageinfo.md). Others may say anything: what makes no sense is left out.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from archiver.catalogue.records import named_payload
from archiver.collection import Collection
from archiver.sidecar import Sidecar

MOST_BYTES = 16 << 20
_BESIDE = "robots"
"""What was asked for beside the page, and is no part of it."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """One request."""

    url: str
    type: str
    method: str
    status: int | None
    bytes: int | None
    after: float | None
    """Seconds from the page's own record to when it was sent."""
    recorded: bool
    why: str
    """Why it was not recorded, or not whole."""


@dataclass(frozen=True, slots=True)
class Sum:
    """All requests of one type."""

    type: str
    count: int
    bytes: int
    missing: int
    """Those that are not recorded."""


@dataclass(frozen=True, slots=True)
class Visit:
    """All that was fetched, in the order of time."""

    fetches: list[Fetch]

    @property
    def sums(self) -> list[Sum]:
        """By type, the most bytes first."""
        found: dict[str, list[Fetch]] = {}
        for one in self.fetches:
            found.setdefault(one.type, []).append(one)
        sums = [
            Sum(kind, len(some), sum(one.bytes or 0 for one in some), sum(not one.recorded for one in some))
            for kind, some in found.items()
        ]
        return sorted(sums, key=lambda one: (-one.bytes, -one.count, one.type))

    @property
    def offset(self) -> float | None:
        """The greatest distance in time, in seconds, of what is recorded from the page; None if it is not told."""
        told = [abs(one.after) for one in self.fetches if one.recorded and one.after is not None]
        return max(told, default=None)


def visit(collection: Collection, sidecar: Sidecar) -> Visit | None:
    """The protocol of a capture; None where it has none, or none that can be read."""
    body = named_payload(collection, sidecar, "pageinfo", MOST_BYTES)
    if body is None:
        return None
    with body:
        try:
            told = json.loads(body.read())
        except (ValueError, RecursionError):
            return None
    fetches = list(_fetches(told, sidecar.captured_at)) if isinstance(told, dict) else []
    return Visit(sorted(fetches, key=lambda one: one.after or 0.0)) if fetches else None


def _fetches(told: dict[str, Any], page: str) -> Iterator[Fetch]:
    notes = told.get("requests")
    for one in notes if isinstance(notes, list) else ():
        if isinstance(one, dict) and isinstance(one.get("url"), str) and one.get("type") != _BESIDE:
            kind, method, why = (_text(one.get(name)) for name in ("type", "method", "why"))
            after, recorded = _after(one.get("started"), page), one.get("recorded") is True
            length = _number(one.get("bytes"))
            yield Fetch(one["url"], kind or "other", method, _number(one.get("status")), length, after, recorded, why)
    urls = told.get("urls")
    for url, one in urls.items() if isinstance(urls, dict) else ():
        if isinstance(one, dict):
            kind = _text(one.get("type")) or "other"
            yield Fetch(url, kind, "", _number(one.get("status")), None, None, recorded=True, why="")


def _text(value: Any) -> str:
    return value[:500] if isinstance(value, str) else ""


def _number(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < 1 << 53 else None


def _after(started: Any, page: str) -> float | None:
    try:
        return (datetime.fromisoformat(started) - datetime.fromisoformat(page)).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None
