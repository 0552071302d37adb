"""Cards of other stories on a page, and whether it is but a list of such, as front pages and pages of sections are."""

from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lxml import etree

from archiver.extract import schemaorg
from archiver.extract.nearby import is_body
from archiver.extract.page import join
from archiver.extract.texts import clean

if TYPE_CHECKING:
    from archiver.extract.page import Page

_FEWEST = 3
"""Other stories that a list names at least."""
_HEADINGS = 500
_SHORTEST, _LONG = 8, 80
"""Letters of a headline, and of a paragraph that is none by its name."""
_BESIDE = frozenset(("head", "footer", "nav", "aside", "form", "dialog", "script", "style", "noscript", "template"))
_ARTICLE = (
    "//meta[@property='og:type' or @name='og:type'][contains(@content, 'article')] | "
    "//meta[@property='article:published_time']"
)


def is_list(page: "Page") -> bool:
    """Whether a page names several other stories and tells none: no data describe it as an article, and outside the
    cards there is no paragraph of text (on the front page itself, hardly one).
    """
    found = linked(page)
    stories = len(set(found.values()))
    if stories < _FEWEST or page.tree.xpath(_ARTICLE):
        return False
    is_front = len(urlsplit(page.url).path.strip("/")) <= len("uk")
    return _paragraphs(page, found) <= (stories // 4 if is_front else 0) and not schemaorg.is_described(page)


def linked(page: "Page") -> dict[Any, str]:
    """The headings that lead to other pages, and their addresses."""
    found = {}
    for heading in page.tree.xpath("//h1 | //h2 | //h3 | //h4")[:_HEADINGS]:
        links = (one for one in chain(heading.iter("a"), heading.iterancestors("a")) if one.get("href"))
        address = next((join(page.base, one.get("href")) for one in links), "")
        if address and not page.same(address) and len(clean(heading.text_content())) >= _SHORTEST:
            found[heading] = address
    return found


def _paragraphs(page: "Page", found: dict[Any, str]) -> int:
    """How many texts as long as an article's paragraphs stand outside the cards, and not beside or below it all."""
    cards = _cards(found)
    long = (one for one in page.tree.iter(etree.Element) if _is_long(one))
    return sum(not any(up in cards or up.tag in _BESIDE for up in chain([one], one.iterancestors())) for one in long)


def _cards(found: dict[Any, str]) -> set[Any]:
    """For each heading the largest element in which no other story is named."""
    named: defaultdict[Any, set[str]] = defaultdict(set)
    for heading, address in found.items():
        for around in heading.iterancestors():
            named[around].add(address)
    cards = set()
    for heading in found:
        cards.add(heading)
        for around in heading.iterancestors():
            if len(named[around]) > 1 or around.tag in ("main", "body", "html"):
                break
            cards.add(around)
    return cards


def _is_long(element: Any) -> bool:
    own = " ".join(filter(None, (element.text, *(child.tail for child in element))))
    return is_body(element) if element.tag == "p" else len(clean(own)) >= _LONG
