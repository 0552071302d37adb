"""Dates as pages write them, made into what a sidecar may claim: never more than was said. Pure, never failing."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from archiver.extract.words import months, pattern

_PARTIAL = re.compile(r"[12]\d{3}(-(0[1-9]|1[0-2]))?\Z")
_SPACED_ZONE = re.compile(r"\s+(?=[+-]\d{2}:?\d{2}\Z)")
_WORD = r"([^\W\d_]{3,12})"
_TH, _OF = r"(?:\.|st|nd|rd|th|er|º)?", r"(?:(?:de|del|of)\s)?"
_YEAR = r"((?:19|20)\d{2})(?!\d)"
_WRITTEN = (
    (re.compile(rf"(?<!\d){_YEAR}[-/.](\d{{1,2}})[-/.](\d{{1,2}})(?!\d)"), (1, 2, 3)),
    (re.compile(rf"(?<!\d){_YEAR}\s?[年년]\s?(\d{{1,2}})\s?[月월]\s?(\d{{1,2}})\s?[日일]"), (1, 2, 3)),
    (re.compile(rf"(?<![\d.])(\d{{1,2}})\.\s?(\d{{1,2}})\.\s?{_YEAR}"), (3, 2, 1)),
    (re.compile(rf"(?<!\d)(1[3-9]|2\d|3[01])[/-](\d{{1,2}})[/-]{_YEAR}"), (3, 2, 1)),
    (re.compile(rf"(?<!\d)(\d{{1,2}})[/-](1[3-9]|2\d|3[01])[/-]{_YEAR}"), (3, 1, 2)),
    (
        re.compile(rf"(?<!\d)(\d{{1,2}}){_TH}\s{{1,3}}{_OF}{_WORD}\.?,?\s{{1,3}}{_OF}{_YEAR}"),
        (3, 2, 1),
    ),
    (re.compile(rf"{_WORD}\.?\s{{1,3}}(\d{{1,2}})(?:st|nd|rd|th)?,?\s{{1,3}}{_YEAR}"), (3, 1, 2)),
    (re.compile(r"(?<![\d.])(0?[1-9]|[12]\d|3[01])\.\s?(0?[1-9]|1[0-2])\.([012]\d)(?![\d.])"), (3, 2, 1)),
)
"""Forms of a day that can be read in one way only (not `03/04/2020`), with the groups of its year, month and day."""
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹０１２３４５６７８９", "0123456789" * 3)
_CLOCK = r"(?:[\s,|·-]*(?:um|at|à|о|в|kl\.?)?\s*\d{1,2}[:.h]\d{2}(?::\d{2})?\s*(?:uhr|a\.?m\.?|p\.?m\.?|[A-Z]{2,4})?)?"
_TIME = re.compile(_CLOCK, re.IGNORECASE)


def day_or_instant(text: str) -> str | None:
    """A claimed date: an instant when its zone is told, else the day, the month or the year.

    A time without a zone is an unknown instant, so only its day is taken. Defaults of machines (the year 1, the
    first second of 1970) are no dates.
    """
    if _PARTIAL.match(text):
        return text
    moment = _moment(text)
    if moment is None:
        return written_day(text)
    if moment.year < 1000 or moment.replace(tzinfo=UTC).timestamp() == 0:
        return None
    offset = moment.utcoffset()
    if offset is None or offset.total_seconds() % 60:
        return moment.date().isoformat()
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def written_day(text: str) -> str | None:
    """The first day that a text names in full, or None."""
    text = text.translate(_DIGITS)
    for form, groups in _WRITTEN:
        if found := form.search(text):
            year, month, day = (found[group] for group in groups)
            century = 2000 if len(year) == 2 else 0
            return _real_day(int(year) + century, int(month) if month.isdecimal() else _month(month), int(day))
    return None


def dated_parts(text: str) -> list[tuple[str, str]]:
    """The days of a text that names several: what leads to each, and the day with its time of day; else none."""
    found = sorted((day.start(), day.end()) for form, _ in _WRITTEN[:-1] for day in form.finditer(text))
    days = [one for number, one in enumerate(found) if number == 0 or one[0] >= found[number - 1][1]]
    parts, before = [], 0
    for start, end in days if len(days) > 1 else ():
        clock = _TIME.match(text, end)
        stop = clock.end() if clock else end
        parts.append((text[before:start], text[start:stop]))
        before = stop
    return parts


def undated(text: str) -> str:
    """A text with a bar in the place of each day that it names, with its weekday, its time, and what leads to it."""
    weekday = rf"(?:(?<!\w){pattern('weekdays', '{}').pattern}\.?,?\s+)?"
    for form, _ in _WRITTEN[:-1]:
        text = pattern("before_days", rf"(?:(?<!\w){{}}\s*:?\s+)?{weekday}{form.pattern}{_CLOCK}").sub(" | ", text)
    return text


def _moment(text: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return read(_SPACED_ZONE.sub("", text))
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def _month(word: str) -> int:
    return next((number for number, known in enumerate(months(), 1) if word.casefold().startswith(known)), 0)


def _real_day(year: int, month: int, day: int) -> str | None:
    try:
        return datetime(year, month, day).date().isoformat()
    except ValueError:
        return None
