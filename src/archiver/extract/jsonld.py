"""The voice of the publisher's own JSON-LD (schema.org), as long as it speaks of this article and no other."""

import json
import re
from collections.abc import Iterator
from typing import Any

from archiver.extract.page import Page
from archiver.extract.values import Found, clean
from archiver.verdict import count_words

_ARTICLE = re.compile(r"(.*/)?((\w+)?(Article|BlogPosting)|Report|SocialMediaPosting)\Z")
"""The types of schema.org that are articles, bare or as addresses."""
_PROPERTIES = (
    "headline",
    "author",
    "publisher",
    "datePublished",
    "dateModified",
    "inLanguage",
    "articleSection",
    "keywords",
    "description",
    "image",
    "isAccessibleForFree",
    "url",
    "wordCount",
)
_MAX_NODES = 5000
_WRAPPING = re.compile(r"^\s*(?:<!--|/\*.*?\*/|//[^\n]*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//[^\n]*\]\]>|\]\]>)\s*;?\s*$")


def claims(page: Page) -> Iterator[Found]:
    """What the node that describes this very article says.

    Only top-level nodes, `@graph` and `mainEntity` are looked at: lists of other stories, related links and comments
    hang elsewhere. A node is this article's if its address is the page's, or its headline the page's title; a sole
    node that says neither is believed a little less; one that says another address and headline is not believed.
    """
    nodes = list(_nodes(page))
    known = {node["@id"]: node for _, node in nodes if isinstance(node.get("@id"), str) and len(node) > 1}
    articles = [(path, node) for path, node in nodes if _is_article(node)]
    path, node, confidence = _this_one(page, articles)
    for name in _PROPERTIES:
        raw = node.get(name) if name != "headline" else node.get("headline") or node.get("name")
        if raw is not None:
            yield Found(name, _resolved(raw, known), f"{path}.{name}", confidence)


def bodies(page: Page) -> Iterator[str]:
    """The article's text, where the node that describes it brings the text along."""
    articles = [(path, node) for path, node in _nodes(page) if _is_article(node)]
    body = _this_one(page, articles)[1].get("articleBody")
    if isinstance(body, str):
        yield body


def body_words(page: Page) -> Iterator[int]:
    """How many words that text has."""
    return map(count_words, bodies(page))


def _this_one(page: Page, articles: list[tuple[str, dict[str, Any]]]) -> tuple[str, dict[str, Any], float]:
    for path, node in articles:
        if any(page.same(address) for address in _addresses(node)):
            return path, node, 0.95
    known = titles(page)
    for path, node in articles:
        headline = clean(node.get("headline") or node.get("name")).casefold()
        if headline and any(headline in title or title in headline for title in known):
            return path, node, 0.9
    if len(articles) == 1 and not _addresses(articles[0][1]):
        return *articles[0], 0.7
    return "", {}, 0.0


def titles(page: Page) -> list[str]:
    """What the page is called, in lower case: OpenGraph's title, that of the tab, the first-rank headings."""
    found = page.tree.xpath("//meta[@property='og:title']/@content | //title/text() | //h1")
    texts = [one if isinstance(one, str) else one.text_content() for one in found[:10]]
    return [title for text in texts if len(title := clean(text).casefold()) > 8]


def _addresses(node: dict[str, Any]) -> list[Any]:
    found: list[Any] = []
    for name in ("url", "mainEntityOfPage", "@id"):
        value = node.get(name)
        found += [value.get("@id"), value.get("url")] if isinstance(value, dict) else [value]
    return [address for address in found if isinstance(address, str) and "//" in address]


def _is_article(node: dict[str, Any]) -> bool:
    kinds = node.get("@type")
    names = kinds if isinstance(kinds, list) else [kinds]
    return any(isinstance(name, str) and _ARTICLE.match(name) for name in names)


def _nodes(page: Page) -> Iterator[tuple[str, dict[str, Any]]]:
    """Nodes that stand for themselves, each with its path; at most `_MAX_NODES`."""
    waiting = []
    for number, script in enumerate(page.tree.xpath("//script[contains(@type, 'ld+json')]")):
        waiting.append((f"ld+json[{number}]$", _loads(script.text_content()), 0))
    for _ in range(_MAX_NODES):
        if not waiting:
            return
        path, value, depth = waiting.pop(0)
        if isinstance(value, dict):
            yield path, value
            inner = [(f"{path}.{name}", value.get(name)) for name in ("@graph", "mainEntity")]
        elif isinstance(value, list):
            inner = [(f"{path}[{index}]", item) for index, item in enumerate(value[:_MAX_NODES])]
        else:
            continue
        waiting += [(place, one, depth + 1) for place, one in inner if depth < 6]


def _loads(text: str) -> Any:
    """Publishers' JSON, leniently: wrapped in comments, with raw line breaks in strings, with a comma too many."""
    text = _WRAPPING.sub("", _WRAPPING.sub("", text))
    for candidate in (text, re.sub(r",(\s*[}\]])", r"\1", text)):
        try:
            return json.loads(candidate, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _resolved(raw: Any, known: dict[str, dict[str, Any]]) -> Any:
    """`raw` with bare references to other nodes replaced by those nodes."""
    if isinstance(raw, list):
        return [_resolved(one, known) for one in raw[:200] if not isinstance(one, list)]
    if isinstance(raw, dict) and isinstance(raw.get("@id"), str) and "name" not in raw:
        return known.get(raw["@id"], raw)
    return raw
