"""Instants told in UTC, and where the page shows what its own clock said: from both follows the newsroom's zone."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from archiver.sidecar import Assertion

_CLOCK = re.compile(r"(?<![\d:])(\d{1,2})[:.](\d{2})(?::(\d{2}))?(?![\d.])\s*([ap]\.?m\b)?", re.IGNORECASE)
_FARTHEST = timedelta(hours=14)


def placed(claims: Iterable[Assertion]) -> Iterator[Assertion]:
    """The page's own claims of a day, each with the instant that another voice tells in UTC, in the page's zone.

    The clock beside the day must differ from UTC by whole quarters of an hour. Where none is shown, the instant must be
    the day's midnight in a zone of whole hours, and on another day in UTC: such an instant is a day in disguise.
    """
    dates = [claim for claim in claims if claim.about.startswith("/article/date")]
    for shown in dates:
        if shown.method != "page" or len(shown.value) != len("2026-11-19"):
            continue
        instants = {one.value for one in dates if one.about == shown.about and one.value.endswith("Z")}
        for instant in sorted(instants):
            if zone := _zone(shown, datetime.fromisoformat(instant)):
                yield replace(shown, value=datetime.fromisoformat(instant).astimezone(zone).isoformat())


def _zone(shown: Assertion, instant: datetime) -> timezone | None:
    clock = _CLOCK.search(re.sub(r"\d{4}-\d{2}-\d{2}T?", " ", shown.raw or ""))
    day = datetime.fromisoformat(shown.value)
    there = instant.replace(tzinfo=None)
    if clock:
        hour = int(clock[1]) % 12 + 12 * (clock[4][0] in "pP") if clock[4] else int(clock[1])
        there = there.replace(second=there.second if clock[3] else 0)
        local = day + timedelta(hours=hour, minutes=int(clock[2]), seconds=int(clock[3] or 0))
        step = timedelta(minutes=15)
    elif there.date() == day.date():
        return None
    else:
        local, step = day, timedelta(hours=1)
    offset = local - there
    return timezone(offset) if offset and abs(offset) <= _FARTHEST and not offset % step else None
