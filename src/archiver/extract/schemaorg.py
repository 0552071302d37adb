"""The voices of the publisher's own schema.org data, as long as it speaks of this article and no other."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from archiver.extract import items
from archiver.extract.jsonld import Item
from archiver.extract.page import Page
from archiver.extract.texts import clean, fold
from archiver.extract.values import Found
from archiver.verdict import count_words

_ARTICLE = re.compile(r"(.*/)?(\w*(Article|Posting)|Report|\w*Review|Recipe|HowTo)\Z")
"""The types of schema.org that are articles, bare or as addresses."""
_PAGE = re.compile(r"(.*/)?(\w*Page|WebContent|CreativeWork)\Z")
PROPERTIES: dict[str, tuple[tuple[str, float], ...]] = {
    "headline": (("headline", 1.0), ("name", 0.9)),
    "alternativeHeadline": (("alternativeHeadline", 1.0),),
    "author": (("author", 0.93), ("creator", 0.85)),
    "publisher": (("publisher", 1.0), ("sourceOrganization", 0.7)),
    "datePublished": (("datePublished", 1.0), ("dateCreated", 0.6)),
    "dateModified": (("dateModified", 1.0),),
    "inLanguage": (("inLanguage", 1.0),),
    "articleSection": (("articleSection", 1.0),),
    "keywords": (("keywords", 1.0),),
    "description": (("description", 1.0),),
    "image": (("image", 1.0), ("thumbnailUrl", 0.8)),
    "isAccessibleForFree": (("isAccessibleForFree", 1.0),),
    "url": (("url", 1.0), ("mainEntityOfPage", 0.9)),
    "wordCount": (("wordCount", 1.0),),
    "timeRequired": (("timeRequired", 1.0),),
    "correction": (("correction", 1.0),),
}
"""Property → where an item may tell it, with the share of the item's confidence that it has."""
_OF_PAGES = ("author", "datePublished", "dateModified", "inLanguage", "description")
"""What an item about the page as such tells of its article."""
_SHORTEST = 8
"""Letters of a headline from which on it can be told from another by being part of it."""


def json_ld(page: Page) -> Iterator[Found]:
    """What JSON-LD says."""
    return _claims(page, page.linked, "{path}.{key}")


def microdata(page: Page) -> Iterator[Found]:
    """What microdata says."""
    return _claims(page, list(items.items(page.tree, items.MICRODATA)), '{path} [itemprop="{key}"]')


def rdfa(page: Page) -> Iterator[Found]:
    """What RDFa says."""
    return _claims(page, list(items.items(page.tree, items.RDFA)), '{path} [property="{key}"]')


def bodies(page: Page) -> Iterator[str]:
    """The article's text, where JSON-LD brings it along."""
    for _, item in _described(page, page.linked)[0]:
        if isinstance(body := item.get("articleBody"), str):
            yield body


def body_words(page: Page) -> Iterator[int]:
    """How many words that text has."""
    return map(count_words, bodies(page))


def is_described(page: Page) -> bool:
    """Whether JSON-LD or microdata name this page as an article, by its address or by its title."""
    articles = _articles(chain(page.linked, items.items(page.tree, items.MICRODATA)))
    return bool(_at(page, articles) or _titled(articles, page.titles))


def _claims(page: Page, found: list[Item], form: str) -> Iterator[Found]:
    known = {item["@id"]: item for _, item in found if isinstance(item.get("@id"), str) and len(item) > 1}
    about, confidence = _described(page, found)
    names: Iterable[str] = PROPERTIES
    if not about:
        about, confidence, names = _own_page(page, found), 0.8, _OF_PAGES
    for name in names:
        for path, item, key, share in ((p, i, k, s) for p, i in about for k, s in PROPERTIES[name]):
            if (raw := item.get(key)) is not None:
                yield Found(name, _resolved(raw, known), form.format(path=path, key=key), confidence * share)
                break


def _described(page: Page, found: list[Item]) -> tuple[list[Item], float]:
    """The items that describe this article, and how surely they do.

    Their address is the page's, or their headline its title, or the page's first heading stands in them; a sole one
    that says neither is believed a little less. One that names another address and another headline is not believed,
    nor one that is told by a list.
    """
    if page.is_list:
        return [], 0.0
    articles = _articles(found)
    if own := _at(page, articles):
        return own, 0.95
    if titled := _titled(articles, page.all_titles):
        return titled, 0.9
    if within := [one for one in articles if one[1].get("#h1")]:
        return within[-1:], 0.85
    if len(articles) == 1 and not _addresses(articles[0][1]):
        return articles, 0.7
    return [], 0.0


def _articles(found: Iterable[Item]) -> list[Item]:
    return [(path, item) for path, item in found if _is(item, _ARTICLE)]


def _at(page: Page, found: list[Item]) -> list[Item]:
    """Those that name the page's address as theirs."""
    return [one for one in found if any(page.same(address) for address in _addresses(one[1]))]


def _titled(articles: list[Item], titles: list[str]) -> list[Item]:
    """The first whose headline is one of the titles, or part of one, or the other way round."""
    known = [title for text in titles if len(title := fold(text)) >= _SHORTEST]
    for one in articles:
        headline = fold(_headline(one[1]))
        if headline and any(headline in title or title in headline for title in known):
            return [one]
    return []


def _own_page(page: Page, found: list[Item]) -> list[Item]:
    """Items about the page itself."""
    return _at(page, [one for one in found if _is(one[1], _PAGE)])[:1]


def _headline(item: dict[str, Any]) -> str:
    raw = item.get("headline") or item.get("name")
    return clean(raw[0] if isinstance(raw, list) and raw else raw)


def _addresses(item: dict[str, Any]) -> list[str]:
    found: list[Any] = []
    for name in ("url", "mainEntityOfPage", "@id"):
        for value in item[name] if isinstance(item.get(name), list) else [item.get(name)]:
            found += [value.get("@id"), value.get("url")] if isinstance(value, dict) else [value]
    return [address for address in found if isinstance(address, str) and "//" in address]


def _is(item: dict[str, Any], kind: re.Pattern[str]) -> bool:
    kinds = item.get("@type")
    return any(isinstance(one, str) and kind.match(one) for one in (kinds if isinstance(kinds, list) else [kinds]))


def _resolved(raw: Any, known: dict[str, dict[str, Any]]) -> Any:
    """`raw` with bare references to other items replaced by those items; lists in lists made flat."""
    if isinstance(raw, list):
        flat = chain.from_iterable(one if isinstance(one, list) else [one] for one in raw[:200])
        return [_resolved(one, known) for one in flat if not isinstance(one, list)]
    if isinstance(raw, dict) and isinstance(raw.get("@id"), str) and "name" not in raw:
        return known.get(raw["@id"], raw)
    return raw
