"""The voice of htmldate, which looks for a date all over a page; its only home. Loaded on first use.

By itself it finds the date of the next story too. It is therefore shown only what belongs to the article, and not the
document's head, of which other voices speak.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version

from archiver.extract.dateline import dates
from archiver.extract.days import day_or_instant, written_day
from archiver.extract.page import Page
from archiver.extract.readable import too_large
from archiver.extract.values import Found
from archiver.sidecar import Agent

MONTHS = 12


@cache
def agent() -> Agent:
    """Who speaks."""
    return Agent("software", "htmldate", version("htmldate"))


def claims(page: Page) -> Iterator[Found]:
    """The day on which the page was published, if it finds one in the article.

    Its guesses are left out: what it makes of a bare year, of a date that can be read in two ways, and of a date that
    the page gives as that of a change.
    """
    if too_large(page):
        return
    from htmldate import find_date

    part = page.nearby.own_part()
    found = find_date(part, original_date=True, extensive_search=True)
    if not found or found.endswith("-01-01") or _is_ambiguous(found, part.text_content()):
        return
    changed = [day_or_instant(one.raw) or "" for one in dates(page.nearby) if one.name == "dateModified"]
    if not any(one.startswith(found) for one in changed):
        yield Found("datePublished", found, "htmldate", 0.35)


def _is_ambiguous(found: str, text: str) -> bool:
    """Whether a day stands there as `03/04/2026` and no day is written in full."""
    year, month, day = (int(part) for part in found.split("-"))
    two_ways = rf"(?<!\d)(?:0?{month}[/.-]0?{day}|0?{day}[/.-]0?{month})[/.-](?:{year}|{year % 100})(?!\d)"
    return day <= MONTHS and written_day(text) != found and bool(re.search(two_ways, text))
