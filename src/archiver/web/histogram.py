"""Captures over time: bars that lead to what was captured then, and the same as a table."""

from dataclasses import dataclass
from datetime import date

from archiver.dates import claimed
from archiver.web.asking import Asked
from archiver.words import Words

MOST_DAYS, MOST_MONTHS, MOST_BARS = 62, 60, 120


@dataclass(frozen=True, slots=True)
class Bar:
    """One day, month or year."""

    label: str
    count: int
    share: float
    """Of the highest, in per cent."""
    address: str


def bars(days: dict[str, int], asked: Asked, words: Words) -> list[Bar]:
    """A bar for each day, else month, else year from the first capture to the last, also for those without any."""
    days = {day: number for day, number in days.items() if len(day) == 10}
    if len(days) < 2:
        return []
    first, last = min(days), max(days)
    length = 10 if _days(last) - _days(first) < MOST_DAYS else 7 if _months(last) - _months(first) < MOST_MONTHS else 4
    counts: dict[str, int] = {}
    for day, number in days.items():
        counts[day[:length]] = counts.get(day[:length], 0) + number
    every = [one for one in _every(first, last, length) if one in counts or length > 4][-MOST_BARS:]
    most = max(counts.values())
    return [_bar(one, counts.get(one, 0), most, asked, words) for one in every]


def _bar(one: str, number: int, most: int, asked: Asked, words: Words) -> Bar:
    moment = claimed(one)
    label = words.date(moment) if moment else one
    return Bar(label, number, round(100 * number / most, 1), asked.choosing("captured", one).address if number else "")


def _every(first: str, last: str, length: int) -> list[str]:
    if length == 10:
        return [date.fromordinal(one).isoformat() for one in range(_days(first), _days(last) + 1)]
    if length == 7:
        return [f"{one // 12:04d}-{one % 12 + 1:02d}" for one in range(_months(first), _months(last) + 1)]
    return [f"{one:04d}" for one in range(int(first[:4]), int(last[:4]) + 1)]


def _days(day: str) -> int:
    return date.fromisoformat(day).toordinal()


def _months(day: str) -> int:
    return int(day[:4]) * 12 + int(day[5:7]) - 1
