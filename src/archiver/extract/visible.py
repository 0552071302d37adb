"""The voice of what a reader sees: the headline, the date at its side, the title of the tab, the address."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from archiver.extract.page import Page
from archiver.extract.values import Found, clean

_APART = "ancestor-or-self::*[self::aside or self::nav or self::footer or self::figure or self::li]"
_OTHERS = re.compile(
    r"related|recommend|teaser|sidebar|comment|\bcard|feed|latest|popular|promo|newsletter|banner", re.I
)
_BODY_PARAGRAPH = 80
"""A paragraph of so many characters is the article's text, and no byline any more."""
_URL_DAY = re.compile(r"(?<!\d)((?:19|20)\d{2})[/-](0?[1-9]|1[0-2])[/-](0?[1-9]|[12]\d|3[01])(?!\d)")
_MODIFIED = re.compile(r"modif|updat|edit|change", re.I)


def claims(page: Page) -> Iterator[Found]:
    """The only `<h1>`, or the title; and the `<time>` of the byline.

    A date counts as the byline's only between the headline and the first paragraphs of the text (or shortly before
    the headline, within the same article), and never in a card, list, sidebar, feed item or other article.
    """
    headings = [(element, text) for element in page.tree.iter("h1") if (text := clean(element.text_content()))]
    if len(headings) == 1:
        yield Found("headline", headings[0][1], "h1", 0.6)
    for text in page.tree.xpath("//head/title/text() | //body/title/text()")[:1]:
        yield Found("headline", text, "title", 0.4)
    if headings:
        yield from _byline_dates(page, headings[0][0])


def address(page: Page) -> Iterator[Found]:
    """What the URL itself tells: a day in its path, and at worst a name for the page."""
    path = unquote(urlsplit(page.url).path)
    if day := _URL_DAY.search(path):
        yield Found("datePublished", day[0], "path", 0.5)
    slug = re.sub(r"\.\w{1,5}$", "", path.rstrip("/").rpartition("/")[2])
    words = re.sub(r"[-_+]+", " ", slug).strip()
    yield Found("headline", words or page.url, "path", 0.1)


def _byline_dates(page: Page, heading: Any) -> Iterator[Found]:
    seen = set()
    for element in _near(page, heading):
        name = "dateModified" if _MODIFIED.search(_labels(element)) else "datePublished"
        if name not in seen:
            seen.add(name)
            yield Found(name, element.get("datetime"), "time[datetime]", 0.6)


def _near(page: Page, heading: Any) -> Iterator[Any]:
    """`<time datetime>` elements around the headline, in reading order."""
    home = next(heading.iterancestors("article", "main"), None)
    scope = home if home is not None else page.tree
    before: list[Any] = []
    passed, paragraphs = False, 0
    for element in scope.iter("h1", "p", "time"):
        if element is heading:
            passed = True
            yield from before if home is not None and home.tag == "article" else ()
        elif element.tag == "p" and passed:
            paragraphs += len(clean(element.text_content())) >= _BODY_PARAGRAPH
            if paragraphs >= 2:
                return
        elif element.tag == "time" and element.get("datetime") and not _elsewhere(page, element, home):
            if passed:
                yield element
            else:
                before.append(element)


def _elsewhere(page: Page, element: Any, home: Any) -> bool:
    """Whether a date belongs to something else than the article whose headline stands in `home`."""
    if element.xpath(_APART):
        return True
    for ancestor in element.iterancestors():
        if ancestor is home:
            return False
        link = ancestor.get("href") if ancestor.tag == "a" else None
        if ancestor.tag == "article" or (link and not page.same(link)) or _OTHERS.search(_labels(ancestor)):
            return True
    return False


def _labels(element: Any) -> str:
    return " ".join(element.get(name) or "" for name in ("class", "id", "itemprop", "data-testid"))
