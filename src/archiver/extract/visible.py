"""The voice of what a reader sees: the headline, the date beside it, the title of the tab, the address."""

import re
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import unquote, urlsplit

from lxml import etree

from archiver.extract.days import written_day
from archiver.extract.page import Page
from archiver.extract.values import Found, clean

_APART = frozenset(("aside", "nav", "footer", "figure", "script", "style", "noscript", "template", "form", "option"))
_OTHERS = re.compile(
    r"related|recommend|teaser|sidebar|comment|\bcard|feed|latest|popular|promo|newsletter|banner", re.I
)
_BODY_PARAGRAPH = 80
"""A paragraph of so many characters is the article's text, and no byline any more."""
_LINE = 60
"""A longer text is a sentence, which may name any day."""
_LINES, _LINES_BEFORE = 60, 12
"""So many elements are looked at around the headline, and so many before it."""
_URL_DAY = re.compile(r"(?<!\d)((?:19|20)\d{2})[/-](0?[1-9]|1[0-2])[/-](0?[1-9]|[12]\d|3[01])(?!\d)")
_MODIFIED = re.compile(r"modif|updat|edit|change|aktualisiert|оновлен", re.I)


def claims(page: Page) -> Iterator[Found]:
    """The only `<h1>`, or the title; and the `<time>` of the byline.

    A date counts as the byline's only between the headline and the second paragraph of the text (or shortly before
    the headline, within the same article), and never in a card, a sidebar, a feed, a link or another article.
    """
    headings = [(element, text) for element in page.tree.iter("h1") if (text := clean(element.text_content()))]
    if len(headings) == 1:
        yield Found("headline", headings[0][1], "h1", 0.6)
    for text in page.tree.xpath("//head/title/text() | //body/title/text()")[:1]:
        yield Found("headline", text, "title", 0.4)
    if headings:
        yield from _byline_dates(page, headings[0][0])
    if words := page.article.words:
        yield Found("wordCount", str(words), "text", 0.5)


def address(page: Page) -> Iterator[Found]:
    """What the URL itself tells: a day in its path, and at worst a name for the page."""
    path = unquote(urlsplit(page.url).path)
    if day := _URL_DAY.search(path):
        yield Found("datePublished", day[0], "path", 0.5)
    slug = re.sub(r"\.\w{1,5}$", "", path.rstrip("/").rpartition("/")[2])
    words = re.sub(r"[-_+]+", " ", slug).strip()
    yield Found("headline", words or page.url, "path", 0.1)


def _byline_dates(page: Page, heading: Any) -> Iterator[Found]:
    """The first dates beside the headline: those of `<time>`, else those written out in a short line."""
    near = list(islice(_near(page, heading), _LINES))
    timed = [(one, one.get("datetime"), "time[datetime]", 0.6) for one in near if one.tag == "time"]
    lines = [(one, line, one.tag, 0.4) for one in near for line in _lines(one) if written_day(line)]
    seen = set()
    for element, raw, path, confidence in timed or lines:
        name = "dateModified" if _MODIFIED.search(f"{_labels(element)} {raw}") else "datePublished"
        if name not in seen:
            seen.add(name)
            yield Found(name, raw, path, confidence)


def _lines(element: Any) -> list[str]:
    """The texts that stand in an element itself, as far as they are too short to be sentences."""
    own = [clean(text, 200) for text in (element.text, *(child.tail for child in element)) if text]
    return [text for text in own if 0 < len(text) <= _LINE]


def _near(page: Page, heading: Any) -> Iterator[Any]:
    """Elements around the headline that may date it, in reading order, up to the second paragraph of the text."""
    home = next(heading.iterancestors("article", "main"), None)
    scope = home if home is not None else page.tree
    before: deque[Any] = deque(maxlen=_LINES_BEFORE)
    passed, paragraphs = False, 0
    for element in scope.iter(etree.Element):
        if element is heading:
            passed = True
            yield from before
            continue
        if passed and element.tag == "p" and _is_body(element):
            paragraphs += 1
            if paragraphs == 2:
                return
        if (_lines(element) or element.get("datetime")) and not _elsewhere(page, element, home):
            if passed:
                yield element
            elif home is not None and home.tag == "article":
                before.append(element)


def _is_body(paragraph: Any) -> bool:
    dated = paragraph.find(".//time") is not None  # a byline, however long
    return not dated and len(clean(paragraph.text_content())) >= _BODY_PARAGRAPH


def _elsewhere(page: Page, element: Any, home: Any) -> bool:
    """Whether something belongs to another story than the one whose headline stands in `home`, or to none."""
    for one in (element, *element.iterancestors()):
        if one is home or one.tag == "body":
            return False
        link = one.get("href") if one.tag == "a" else None
        if one.tag in _APART or one.tag == "article" or (link and not page.same(link)) or _OTHERS.search(_labels(one)):
            return True
    return False


def _labels(element: Any) -> str:
    return " ".join(element.get(name) or "" for name in ("class", "id", "itemprop", "data-testid"))
