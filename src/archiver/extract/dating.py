"""The voice of htmldate, which looks for a date all over a page; its only home. Loaded on first use.

By itself it finds the date of the next story too. It is therefore shown only what belongs to the article, and not the
document's head, of which other voices speak.
"""

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from importlib.metadata import version
from typing import Any

from lxml import etree

from archiver.extract.nearby import Nearby
from archiver.extract.page import Page
from archiver.extract.readable import too_large
from archiver.extract.values import Found
from archiver.sidecar import Agent


@cache
def agent() -> Agent:
    """Who speaks."""
    return Agent("software", "htmldate", version("htmldate"))


def claims(page: Page) -> Iterator[Found]:
    """The day on which the page was published, if it finds one in the article."""
    if too_large(page):
        return
    from htmldate import find_date

    found = find_date(_own_part(page), original_date=True, extensive_search=True)
    if found and not found.endswith("-01-01"):  # which it makes of a bare year
        yield Found("datePublished", found, "htmldate", 0.35)


def _own_part(page: Page) -> Any:
    """A copy of the page without its head, its scripts, what belongs to other stories, and what follows the text."""
    nearby = Nearby(page)
    copy = deepcopy(page.tree)
    pairs = zip(list(page.tree.iter(etree.Element)), list(copy.iter(etree.Element)), strict=True)
    foreign = [
        twin for one, twin in pairs if one.tag in ("head", "script") or nearby.follows(one) or nearby.is_other(one)
    ]
    for twin in foreign:
        if twin.getparent() is not None:
            twin.drop_tree()
    return copy
