"""Dates for readers: what a publisher claims, as exact as the claim, and the instants that we know ourselves."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A date in words, and for machines (the `datetime` attribute of HTML §4.5.14; empty if it is no date)."""

    words: str
    machine: str


def claimed(value: str) -> Moment | None:
    """A publisher's date: a year, a month, a day or an instant, in the publisher's own time zone. None if empty."""
    if not value:
        return None
    try:
        if "T" in value:
            at = datetime.fromisoformat(value)
            return Moment(f"{_day(at.date())}, {at:%H:%M}{_zone(at)}", value)
        year, month, day = (*(int(part) for part in value.split("-")), 1, 1)[:3]
        exact = date(year, month, day)
        if len(value) == 4:
            return Moment(f"{year}", value)
        return Moment(_day(exact) if len(value) > 7 else f"{MONTHS[month - 1]} {year}", value)
    except (ValueError, OverflowError):
        return Moment(value, "")


def instant(value: str) -> Moment:
    """An instant of ours, in UTC."""
    at = datetime.fromisoformat(value).astimezone(UTC)
    return Moment(f"{_day(at.date())}, {at:%H:%M} UTC", value)


def _day(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _zone(at: datetime) -> str:
    offset = at.utcoffset()
    if offset is None:
        return ""
    return " UTC" if not offset else f" {at.isoformat()[-6:]}"
