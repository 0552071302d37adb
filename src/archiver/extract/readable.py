"""The voice of trafilatura, which reads pages as people do; its only home. Slow to load, so loaded on first use.

Its dates are not used: it looks for one anywhere on the page, and finds that of the next story too.
"""

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from importlib.metadata import version
from typing import Any

from archiver.extract.page import Page
from archiver.extract.values import Found
from archiver.sidecar import Agent

MAX_CHARACTERS = 4 << 20
"""Longer pages are not read by this voice: it walks a tree many times."""
_FIELDS = {"title": ("headline", 0.6), "author": ("author", 0.5), "sitename": ("publisher", 0.5)}


@cache
def agent() -> Agent:
    """Who speaks."""
    return Agent("software", "trafilatura", version("trafilatura"))


def claims(page: Page) -> Iterator[Found]:
    """Title, author, site and the number of words."""
    if len(page.text) > MAX_CHARACTERS:
        return
    from trafilatura.metadata import extract_metadata

    found = extract_metadata(deepcopy(page.tree), page.url, {"extensive_search": False, "original_date": True}, False)
    for field, (name, confidence) in _FIELDS.items():
        if raw := getattr(found, field, None):
            people = [part.strip() for part in raw.split(";")] if name == "author" else raw
            yield Found(name, people, f"trafilatura.{field}", confidence)
    if words := len(main_text(page).split()):
        yield Found("wordCount", str(words), "trafilatura.text", 0.5)


def main_text(page: Page) -> str:
    """The article's text, a paragraph a line; empty where none is found."""
    if len(page.text) > MAX_CHARACTERS:
        return ""
    from trafilatura import extract

    text: Any = extract(deepcopy(page.tree), url=page.url, include_comments=False, include_tables=True)
    return text or ""
