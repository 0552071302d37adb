"""What a page tells of its article elsewhere than in the text: titles, description, authors."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from archiver.extract.page import Page
from archiver.extract.text.blocks import words_of
from archiver.extract.text.voices import Voice

Words = tuple[str, ...]

_TITLES = "//meta[@property='og:title' or @name='twitter:title']/@content | //head/title/text() | //body/title/text()"
_DESCRIPTIONS = "//meta[@name='description' or @property='og:description']/@content"
_AUTHORS = (
    "//meta[@name='author' or @property='article:author' or @name='parsely-author']/@content"
    " | //*[@rel='author']//text() | //*[@itemprop='author']//text()"
)
_NAMED = re.compile(r'"author"\s*:\s*[\[{]{1,2}[^}\]]{0,300}?"name"\s*:\s*"([^"]{3,80})"')
_MANY = 30


@dataclass(frozen=True, slots=True)
class About:
    """In words, as blocks have them."""

    titles: frozenset[Words]
    headline: Words
    """The first heading of the first rank."""
    described: Voice
    authors: frozenset[Words]

    def is_title(self, words: Words) -> bool:
        """Whether a block only says what the page is called."""
        return words in self.titles or words == self.headline

    def likeness(self, words: Words) -> float:
        """How much of a title is found in a block, or of the block in a title, 0 to 1: whichever is longer counts."""
        own = set(words)
        return max((len(own & set(title)) / max(len(own), len(set(title)), 1) for title in self.titles), default=0.0)


def about(page: Page) -> About:
    """What `page` tells; empty parts where it tells nothing."""
    tree = page.tree
    named = [*tree.xpath(_AUTHORS)[:_MANY]]
    for script in tree.xpath("//script[@type='application/ld+json']/text()")[:_MANY]:
        named += _NAMED.findall(script[:200_000])[:_MANY]
    return About(
        titles=_all(tree.xpath(_TITLES)[:_MANY]),
        headline=next((words_of(one.text_content()) for one in tree.iter("h1")), ()),
        described=Voice("\n".join(tree.xpath(_DESCRIPTIONS)[:_MANY])),
        authors=_all(named),
    )


def _all(texts: Iterable[str]) -> frozenset[Words]:
    return frozenset(words for text in texts if 0 < len(words := words_of(text)) < 60)
