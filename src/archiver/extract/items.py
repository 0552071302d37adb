"""Microdata and RDFa made into schema.org items. Both nest in the same way and differ in the names of attributes.

Of RDFa only what publishers use (RDFa Lite). The library for both, extruct, would bring ten packages, reads RDFa as a
graph of triples in the order of seconds, and does not tell where a value stands.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from archiver.extract.jsonld import Item

_MAX_ELEMENTS = 5000
_MAX_DEPTH = 200
_TEXT = 5000
_ADDRESSES = frozenset(
    ("url", "image", "mainEntityOfPage", "logo", "contentUrl", "thumbnailUrl", "sameAs", "author.url")
)
"""Properties whose value is where an element leads; of others it is what it says."""
_SCHEMA_ORG = ("schema:", "http://schema.org/", "https://schema.org/")


@dataclass(frozen=True)
class Syntax:
    """The names of attributes."""

    item: str
    kind: str
    name: str
    id: str


MICRODATA = Syntax("itemscope", "itemtype", "itemprop", "itemid")
RDFA = Syntax("typeof", "typeof", "property", "resource")


def items(tree: Any, syntax: Syntax) -> Iterator[Item]:
    """Items of schema.org, those in others too, in the order of the page; each with a selector of where it stands.

    Beside its properties an item has `#h1`: whether the page's first heading stands in it.
    """
    made: dict[Any, dict[str, Any]] = {}
    headings = [ancestor for one in tree.xpath("//h1")[:1] for ancestor in islice(one.iterancestors(), _MAX_DEPTH)]
    for element in tree.xpath(f"//*[@{syntax.item} or @{syntax.name}]")[:_MAX_ELEMENTS]:
        around = (one for one in islice(element.iterancestors(), _MAX_DEPTH) if one in made)
        owner = made.get(next(around, None))
        value: Any = None
        if element.get(syntax.item) is not None:
            kinds = [kind.removeprefix("schema:") for kind in (element.get(syntax.kind) or "").split()]
            value = made[element] = {"@type": kinds, "@id": element.get(syntax.id), "#h1": element in headings}
        for name in _names(element.get(syntax.name) or ""):
            if owner is not None:
                owner.setdefault(name, []).append(value or _told(element, name))
    for element, item in made.items():
        yield f'{element.tag}[{syntax.kind}="{" ".join(item["@type"])}"]'[:200], item


def _names(names: str) -> Iterator[str]:
    """Names of schema.org; those of other vocabularies (`og:title`) are left out."""
    for name in names.split():
        prefix = next((one for one in _SCHEMA_ORG if name.startswith(one)), "")
        if ":" not in name[len(prefix) :]:
            yield name[len(prefix) :]


def _told(element: Any, name: str) -> str:
    if name in _ADDRESSES and (address := element.get("href") or element.get("src")):
        return str(address)
    told = element.get("content") or element.get("datetime")
    return str(told or element.text_content()[:_TEXT])
