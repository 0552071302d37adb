"""The voice of what a reader sees: the headline, its byline, the title of the tab, the address."""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any
from urllib.parse import unquote, urlsplit

from archiver.extract import byline, dateline
from archiver.extract.headlines import without_site
from archiver.extract.nearby import Nearby, label_words, lines
from archiver.extract.page import Page
from archiver.extract.readable import too_large
from archiver.extract.texts import clean, fold
from archiver.extract.values import Found
from archiver.extract.words import listed, pattern

_SECTION = 40
"""Letters that the name of a section has at most."""
_URL_DAY = re.compile(r"(?<!\d)((?:19|20)\d{2})[/-](0?[1-9]|1[0-2])[/-](0?[1-9]|[12]\d|3[01])(?!\d)")


def claims(page: Page) -> Iterator[Found]:
    """The headline, and what stands around it; the title of the tab."""
    if too_large(page):
        return
    nearby = page.nearby
    yield from _headlines(nearby)
    for text in page.tree.xpath("//head/title/text() | //body/title/text()")[:1]:
        yield Found("headline", text, "title", 0.3)
    yield from chain(
        byline.authors(nearby), dateline.dates(nearby), _reading_time(nearby), _corrections(nearby), _tags(nearby)
    )
    if words := page.article.words:
        yield Found("wordCount", str(words), "text", 0.5)


def address(page: Page) -> Iterator[Found]:
    """What the URL itself tells: a day in its path, and at worst a name for the page."""
    path = unquote(urlsplit(page.url).path)
    if day := _URL_DAY.search(path):
        yield Found("datePublished", day[0], "path", 0.5)
    slug = re.sub(r"\.\w{1,5}$", "", path.rstrip("/").rpartition("/")[2])
    words = re.sub(r"[-_+]+", " ", slug).strip()
    yield Found("headline", words or page.url, "path", 0.05)


def _headlines(nearby: Nearby) -> Iterator[Found]:
    """The heading as readers see it: more to be trusted the more it is like the page's titles."""
    if nearby.heading is None:
        return
    tag, whole = nearby.heading.tag, clean(nearby.heading.text_content())
    confidence = 0.98 if nearby.likeness >= 0.5 else 0.7 if nearby.likeness > 0 else 0.45
    alone = _without_kicker(nearby, whole)
    yield Found("headline", alone, tag, confidence)
    if alone != whole:
        yield Found("headline", whole, tag, confidence * 0.6)


def _without_kicker(nearby: Nearby, whole: str) -> str:
    """The headline without the line above or below it that stands in the same heading.

    That is a part marked as such, or what is left over beside a part that is the page's title.
    """
    titles = {fold(without_site(title, nearby.page)) for title in nearby.page.titles if title != whole}
    parts = [clean(one.text_content()) for one in nearby.heading.iter("*") if one is not nearby.heading][:20]
    parts += [clean(text) for text in (nearby.heading.text, *(child.tail for child in nearby.heading)) if text]
    if fold(whole) not in titles and (
        same := next((part for part in parts if len(fold(part)) > 8 and fold(part) in titles), "")
    ):
        return same
    kickers = [
        one for one in nearby.heading.iter("*") if one is not nearby.heading and label_words(one) & listed("kickers")
    ]
    rest = whole
    for kicker in kickers:
        rest = rest.replace(clean(kicker.text_content()), "", 1)
    return rest.strip(" :|–—-") if fold(rest) else whole


def _reading_time(nearby: Nearby) -> Iterator[Found]:
    for element in nearby.elements:
        named = {"reading", "read", "readtime", "lesezeit"} & label_words(element)
        for line in lines(element):
            if (
                (minutes := pattern("minutes", r"(?<!\d)\d{1,2}[\s-]*{}").search(line))
                and (named or pattern("reading", "{}").search(line))
                and not nearby.elsewhere(element)
            ):
                yield Found("timeRequired", minutes[0], element.tag, 0.6)
                return


def _corrections(nearby: Nearby) -> Iterator[Found]:
    """Notes of corrections within the article."""
    found: list[dict[str, Any]] = []
    for element in nearby.page.tree.xpath("//p | //aside | //div[@class or @id] | //section")[:5000]:
        marked = bool(label_words(element) & listed("correction_marks"))
        if not marked and element.tag != "p":
            continue
        text = clean(element.text_content(), 2000)
        label = pattern("corrections", r"{}\b[^.:：]{0,40}[.:：]\s*").match(text)
        if (marked or label) and 20 < len(text) < 1500 and not nearby.elsewhere(element, aside=True):
            at = next((one.get("datetime") for one in element.iter("time")), None)
            note = text[label.end() :] if label else text
            if not any(note in one["text"] for one in found):
                found.append({"text": note} | ({"datePublished": at} if at else {}))
    if found:
        yield Found("correction", found[:20], ".correction", 0.7)


def _tags(nearby: Nearby) -> Iterator[Found]:
    links = [
        one
        for one in nearby.page.tree.xpath("//a[contains(@rel, 'tag')]")[:200]
        if not nearby.elsewhere(one, linked=True)
    ]
    words = [clean(one.text_content(), 100) for one in links if "category" not in (one.get("rel") or "")]
    if words:
        yield Found("keywords", words, 'a[rel="tag"]', 0.5)
    for element in nearby.elements:
        parent = element.getparent()
        named = label_words(element) | (label_words(parent) if parent is not None else frozenset())
        text = clean(element.text_content(), 100)
        marks = named & listed("sections")
        if marks and 0 < len(text) <= _SECTION and not nearby.elsewhere(element, linked=True):
            yield Found("articleSection", text, f".{min(marks)}", 0.4)
            return
