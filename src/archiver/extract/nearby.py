"""What stands around an article's headline on the page, and what belongs to other stories or to none."""

import re
from collections import deque
from collections.abc import Iterator
from copy import deepcopy
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from lxml import etree

from archiver.extract.headlines import without_site
from archiver.extract.texts import clean, fold
from archiver.extract.words import pattern

if TYPE_CHECKING:
    from archiver.extract.page import Page

_APART = frozenset(
    ("aside", "nav", "figure", "script", "style", "noscript", "template", "form", "option", "header", "dialog")
)
_BODY_PARAGRAPH = 80
"""A paragraph of so many characters is the article's text, and no byline any more."""
_LINE = 60
"""A longer text is a sentence, which may name any day."""
_AROUND, _BEFORE = 400, 12
"""So many elements are looked at around the headline; and so many with words before it."""
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_A-Za-z]+")
_DEPTH = 300
_CLOSE = 3
_FOOT = 60
"""So many elements below the text may still belong to it."""
_HEADINGS = frozenset(("h1", "h2", "h3", "h4"))
_LIKE = 0.5
"""Share of words in common from which on a heading is like a title."""
_SHORTEST = 8


class Nearby:
    """The neighbourhood of a page's headline."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        self.heading, self.likeness = _headline(page)
        self._around = set(islice(self.heading.iterancestors(), _DEPTH)) if self.heading is not None else set()
        if self.heading is not None and not any(one.tag == "article" for one in self._around):
            self._around.update(self._beneath())

    def _beneath(self) -> list[Any]:
        """The `<article>` that the heading stands above instead of in: the next one with a paragraph of text."""
        following = self.heading.xpath("following::article")[:20]
        return next(([one] for one in following if any(is_body(paragraph) for paragraph in one.iter("p"))), [])

    def elsewhere(self, element: Any, *, linked: bool = False, aside: bool = False) -> bool:
        """Whether something belongs to another story, or to none.

        What holds the headline too tells nothing of that. `linked`: it may be a link to another page, as authors'
        names are. `aside`: it may stand beside the text or at its foot, as boxes about authors do, or in `<noscript>`:
        readers without scripts see there what the scripts show.
        """
        for one in (element, *islice(element.iterancestors(), _DEPTH)):
            if one in self._around or one.tag in ("body", "html"):
                return False
            if self.is_other(one, linked=linked, aside=aside):
                return True
        return False

    def is_other(self, element: Any, *, linked: bool = False, aside: bool = False) -> bool:
        """Whether an element by itself, not by what it stands in, is the beginning of something else."""
        if element in self._around or element is self.heading or element.tag in ("body", "html"):
            return False
        if element.tag == "a" and not linked and element.get("href"):
            return not self.page.same(element.get("href"))
        if element.tag == "footer":
            return not any(one.tag == "article" and one in self._around for one in element.iterancestors())
        if (
            element.tag == "header"
            and self.heading is None
            and next(element.iterancestors("article"), None) is not None
        ):
            return False
        apart = element.tag in _APART and not (aside and element.tag in ("aside", "header", "form", "noscript"))
        another = element.tag == "article" and self.heading is not None
        return apart or another or bool(pattern("others", "{}").search(labels(element)))

    @cached_property
    def _places(self) -> dict[Any, int]:
        return {element: number for number, element in enumerate(self.page.tree.iter(etree.Element))}

    @cached_property
    def _end(self) -> int:
        """Where the article ends: at the next heading below its text's last paragraph, or soon after that."""
        paragraphs = [one for one in self.page.tree.iter("p") if is_body(one) and not self.elsewhere(one)]
        if not paragraphs or self.heading is None:
            return len(self._places)
        last = self._places[paragraphs[-1]]
        following = (place for one, place in self._places.items() if one.tag in _HEADINGS and place > last)
        return min(next(following, last + _FOOT), last + _FOOT)

    def follows(self, element: Any) -> bool:
        """Whether something stands below the article's text, where other stories are."""
        return self._places[element] >= self._end

    def own_part(self, *, data: bool = False) -> Any:
        """A copy of the page without what belongs to other stories.

        With `data`, its head and its scripts are left in, and what stands at the article's foot; else they are out.
        """
        copy = deepcopy(self.page.tree)
        foreign = [
            twin
            for one, twin in zip(list(self._places), list(copy.iter(etree.Element)), strict=True)
            if self.is_other(one, linked=data, aside=data)
            or not (data or (one.tag not in ("head", "script") and not self.follows(one)))
        ]
        for twin in foreign:
            if twin.getparent() is not None and not (data and twin.tag in ("head", "script", "style", "noscript")):
                twin.drop_tree()
        return copy

    @cached_property
    def elements(self) -> list[Any]:
        """Elements around the headline, in reading order, up to the second paragraph of the text.

        Some before it too, as far as they belong to it.
        """
        if self.heading is None:
            return []
        home = next((one for one in self.heading.iterancestors("article", "main")), None)
        return list(islice(self._walk(home), _AROUND))

    def _precedes(self, element: Any, home: Any) -> bool:
        """Whether something above the headline belongs to it: in the same article, or in what closely holds both."""
        if home is not None and home.tag == "article":
            return True
        close = [one for one in islice(self.heading.iterancestors(), _CLOSE) if one.tag not in ("main", "body", "html")]
        return any(one in close for one in islice(element.iterancestors(), _DEPTH))

    def _walk(self, home: Any) -> Iterator[Any]:
        before: deque[Any] = deque(maxlen=_BEFORE)
        passed, paragraphs = False, 0
        for element in (home if home is not None else self.page.tree).iter(etree.Element):
            if element is self.heading:
                passed = True
                yield from before
            elif passed:
                paragraphs += element.tag == "p" and is_body(element)
                if paragraphs == 2:
                    return
                if element.getparent() is not self.heading:
                    yield element
            elif (lines(element) or element.get("datetime")) and self._precedes(element, home):
                before.append(element)


def _headline(page: "Page") -> tuple[Any, float]:
    """The heading that is the article's headline, and its likeness to the page's titles, 0 to 1; (None, 0) for none.

    Of those of the first rank it is the one that has most in common with what the page calls itself. One that only
    names the site, or is the rest of a title that names or begins with another heading, is none. Without such a one it
    is a lower heading that a title names or begins with.
    """
    from archiver.extract.stories import linked

    titles = [fold(title) for title in page.titles]
    others = linked(page) if page.is_list else {}
    headings = [(element, text) for element, text in page.headings if element not in others]
    known = [(element, fold(text)) for element, text in headings]
    named = (
        [one for one in known if one[1] in titles]
        or [one for one in known if _leads(one[1], titles)]
        or [one for one in known if any(title in one[1] for title in _own_titles(page))]
    )
    own = [words for title in page.titles if (words := set(_words(title)))]
    best, likeness = None, -1.0
    for element, text in headings:
        words, folded = set(_words(text)), fold(text)
        other = (
            bool(named)
            and folded != named[0][1]
            and any(title.startswith(folded) or title.endswith(folded) for title in titles)
        )
        if element.tag != "h1" or not words or folded in page.site_names or other or _is_hidden(element):
            continue
        alike = max(
            (len(words & title) / max(len(words), min(len(title), len(words) + 2)) for title in own), default=0.0
        )
        if alike > likeness:
            best, likeness = element, alike
    if named and (best is None or likeness < _LIKE) and named[0][1] not in page.site_names:
        return named[0][0], 0.9
    return best, max(likeness, 0.0)


def _own_titles(page: "Page") -> list[str]:
    """The titles without the site's name, folded; the short ones left out."""
    return [title for text in page.titles if len(title := fold(without_site(text, page))) >= _SHORTEST]


def _leads(folded: str, titles: list[str]) -> bool:
    return (len(folded) >= _SHORTEST and any(title.startswith(folded) for title in titles)) or folded in titles


def _words(text: str) -> list[str]:
    return [folded for word in text.split() if (folded := fold(word))]


def _is_hidden(element: Any) -> bool:
    return any(
        "display:none" in (one.get("style") or "").replace(" ", "") for one in (element, *element.iterancestors())
    )


def is_body(paragraph: Any) -> bool:
    """Whether a paragraph is one of the text: long enough, and without a `<time>`."""
    dated = paragraph.find(".//time") is not None  # a byline, however long
    return not dated and len(clean(paragraph.text_content())) >= _BODY_PARAGRAPH


def lines(element: Any) -> list[str]:
    """The texts that stand in an element itself, as far as they are too short to be sentences."""
    own = [clean(text, 200) for text in (element.text, *(child.tail for child in element)) if text]
    return [text for text in own if 0 < len(text) <= _LINE]


def labels(element: Any) -> str:
    """How a page's makers call an element."""
    return " ".join(element.get(name) or "" for name in ("class", "id", "itemprop", "data-testid", "data-qa"))


def label_words(element: Any) -> frozenset[str]:
    """The words in these names, in small letters: `author-name`, `authorName` and `author_name` are the same."""
    return frozenset(word.lower() for word in _WORD.findall(labels(element)))
