"""A collection as of a point in time: a consistent cut through the chains of all its writers. Pure.

A segment belongs to the cut if the last of its lines was written by then, by its writer's own clock, and so do all
segments before it in its chain, and all that its writer had seen when it began one of these, whatever their clocks
say. Segments are sealed at a push, so the cut is what any other copy could have had by then.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta

from archiver.errors import UsageError
from archiver.ledger import Segment

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_HINT = (
    "Write a date (2026-11-22: with that whole day, UTC), a time (2026-11-22T14:00:00Z), or a segment (WRITER/000012)."
)


def cut(segments: Mapping[str, Segment], until: str) -> dict[str, Segment]:
    """Of the segments, by path, those that belong to the cut at a date, a time or a segment.

    Raises `UsageError` if `until` is none of these, or names a segment that is not among them.
    """
    by_digest = {segment.sha256: segment for segment in segments.values()}
    wanted = list(_roots(segments, until))
    chosen: dict[str, Segment] = {}
    while wanted:
        segment = wanted.pop()
        if segment.path in chosen:
            continue
        chosen[segment.path] = segment
        before = [by_digest.get(segment.previous or "")]
        seen = [segments.get(f"ledger/{writer}/{name}") for writer, name in segment.seen.items()]
        wanted += [one for one in before + seen if one is not None]
    return chosen


def _roots(segments: Mapping[str, Segment], until: str) -> Iterable[Segment]:
    if "/" in until:
        named = until.removeprefix("ledger/").removesuffix(".jsonl")
        found = [one for path, one in segments.items() if _is_named(path, named)]
        if len(found) != 1:
            raise UsageError(f"{len(found) or 'No'} segments there are called {until!r}.", _HINT)
        return found
    instant = _instant(until)
    return [one for one in segments.values() if one.events and all(_by(event.at, instant) for event in one.events)]


def _is_named(path: str, named: str) -> bool:
    name = path.removeprefix("ledger/").removesuffix(".jsonl")
    return named in (name, name.rpartition("-")[0])


def _instant(text: str) -> datetime:
    try:
        if _DATE.match(text):
            return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), UTC) - timedelta.resolution
        instant = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is no point in time.", _HINT) from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _by(at: str, instant: datetime) -> bool:
    """Whether a line was written by then; what has no proper time was not."""
    try:
        return datetime.fromisoformat(at) <= instant
    except (ValueError, TypeError):
        return False
