"""The voice of trafilatura, which reads pages as people do; its only home. Slow to load, so loaded on first use.

Its dates are not used: it looks for one anywhere on the page, and finds that of the next story too.
"""

import logging
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from importlib.metadata import version
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from archiver.extract.headlines import names_site
from archiver.extract.page import Page
from archiver.extract.values import Found
from archiver.sidecar import Agent

MAX_ELEMENTS = 50_000
"""Larger pages are not read by this voice: it takes time by the square of their size."""
for _name in ("trafilatura", "htmldate", "courlan", "justext", "charset_normalizer"):
    logging.getLogger(_name).addHandler(logging.NullHandler())  # they would write to stderr by themselves

_FIELDS = {
    "title": ("headline", 0.3),
    "author": ("author", 0.4),
    "sitename": ("publisher", 0.4),
    "description": ("description", 0.3),
    "tags": ("keywords", 0.3),
}


@cache
def agent() -> Agent:
    """Who speaks."""
    return Agent("software", "trafilatura", version("trafilatura"))


def claims(page: Page) -> Iterator[Found]:
    """Title, author, site, summary and key words."""
    if too_large(page):
        return
    from trafilatura.metadata import extract_metadata

    part = page.nearby.own_part(data=True)
    found = extract_metadata(part, page.url, {"extensive_search": False, "original_date": True}, False)
    host = urlsplit(page.url).netloc.removeprefix("www.")
    for field, (name, confidence) in _FIELDS.items():
        raw = getattr(found, field, None)
        if field == "sitename" and raw and _is_title(raw, page):
            continue  # for want of a site's name it takes the document's title, or the end of it
        # or the host's, with whatever stands before the first slash
        if raw and str(raw).casefold().removeprefix("www.").partition("?")[0] != host:
            people = [part.strip() for part in raw.split(";")] if name == "author" else raw
            yield Found(name, people, f"trafilatura.{field}", confidence)


def _is_title(name: str, page: Page) -> bool:
    return any(name in title or title in name for title in page.titles) and not names_site(name, page)


def main_text(page: Page) -> str:
    """The article's text, a paragraph a line; empty where none is found."""
    if too_large(page):
        return ""
    from trafilatura import extract

    text: Any = extract(deepcopy(page.tree), url=page.url, include_comments=False, include_tables=True)
    return text or ""


def too_large(page: Page) -> bool:
    """Whether readers that take time by the square of a page's size leave it alone."""
    return sum(1 for _ in islice(page.tree.iter(), MAX_ELEMENTS + 1)) > MAX_ELEMENTS
