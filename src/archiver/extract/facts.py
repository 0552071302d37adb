"""The facts that a page is judged by, as far as its HTML alone tells them."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from archiver.extract import schemaorg
from archiver.extract.page import Page, join
from archiver.model import PageFacts
from archiver.sidecar import Assertion
from archiver.verdict import page_facts

_UNSEEN = frozenset(("head", "script", "style", "noscript", "template", "svg", "object", "select", "textarea"))
_INLINE = frozenset(
    ("a", "abbr", "b", "bdi", "bdo", "cite", "code", "dfn", "em", "font", "i", "kbd", "mark", "q", "s", "small", "span")
) | frozenset(("strong", "sub", "sup", "time", "u", "var", "wbr"))
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SCRIPT = 400
"""Characters of an inline script that are looked at."""
_NAMES = 5000


def facts(page: Page, assertions: Iterable[Assertion]) -> PageFacts:
    """What the HTML tells; `assertions` are what `extract.assertions` found on the same page."""
    claims = [claim for claim in assertions if claim.method not in ("page", "trafilatura")]
    free = [claim.value for claim in claims if claim.about == "/article/isAccessibleForFree"]
    counted = [claim.value for claim in claims if claim.about == "/article/wordCount"]
    tree = page.tree
    return page_facts(
        rendered=False,
        title=" ".join(tree.xpath("//head/title/text() | //body/title/text()")[:1]),
        headings=[one.text_content() for one in tree.xpath("//h1 | //h2")[:20] if not _is_hidden(one)],
        text=readable_text(tree),
        main_words=page.article.words,
        names=_names(tree),
        sources=list(_sources(tree)),
        pictures=len(tree.xpath("//body//img | //video | //iframe | //picture | //canvas")),
        is_article="article" in tree.xpath("//meta[@property='og:type']/@content"),
        login_form=any(not _is_hidden(one) for one in tree.xpath("//input[@type='password']")),
        noindex="noindex" in " ".join(tree.xpath("//meta[@name='robots']/@content")).lower(),
        canonical=next((join(page.base, one) for one in tree.xpath("//link[@rel='canonical']/@href")), ""),
        claimed_words=max((*counted, *schemaorg.body_words(page)), default=None),
        is_free=all(free) if free else None,
    )


def readable_text(tree: Any) -> str:
    """The words of a page that nothing hides, a block a line."""
    pieces: list[str] = []
    _collect(tree, pieces)
    lines = (" ".join(line.split()) for line in "".join(pieces).split("\0"))
    return "\n".join(line for line in lines if line)


def _collect(root: Any, pieces: list[str]) -> None:
    """Texts in reading order, blocks set off by NUL; without recursion, for pages may be nested without end."""
    waiting: list[Any] = [root]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            pieces.append(one)
            continue
        if isinstance(one.tag, str) and one.tag not in _UNSEEN and not _hides(one):
            edge = "" if one.tag in _INLINE else "\0"
            inside = [edge, one.text or ""]
            for child in one:
                inside += [child, child.tail or ""]
            waiting.extend(reversed([*inside, edge]))


def _hides(element: Any) -> bool:
    closed = element.tag == "dialog" and element.get("open") is None
    return closed or element.get("hidden") is not None or bool(_HIDDEN.search(element.get("style") or ""))


def _is_hidden(element: Any) -> bool:
    return any(_hides(one) for one in (element, *element.iterancestors()))


def _names(tree: Any) -> list[str]:
    found: dict[str, None] = {}
    for value in tree.xpath("//@id | //@class"):
        found.update(dict.fromkeys(value.split()))
        if len(found) > _NAMES:
            break
    return list(found)


def _sources(tree: Any) -> Iterator[str]:
    yield from tree.xpath("//script/@src | //iframe/@src | //form/@action | //link[@rel='stylesheet']/@href")
    for script in tree.xpath("//script[not(@src)]"):
        yield (script.text or "")[: _SCRIPT * (10 if "json" in (script.get("type") or "") else 1)]
