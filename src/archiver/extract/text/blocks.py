"""A page cut into blocks: the runs of text that a reader sees as paragraphs, lines and labels, in reading order."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from archiver.extract.text.article import Kind
from archiver.extract.text.furniture import Trait, hides, trait_of

_UNSEEN = frozenset(
    ("head", "script", "style", "noscript", "template", "svg", "object", "select", "textarea", "button", "iframe")
) | frozenset(("math", "canvas", "audio", "video", "map", "datalist", "dialog", "menu", "input", "progress"))
_INLINE = frozenset(
    ("a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img", "ins")
) | frozenset(("kbd", "label", "mark", "picture", "q", "rp", "rt", "ruby", "s", "samp", "small", "source", "span"))
_INLINE |= frozenset(("strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr"))
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "heading"),
    **dict.fromkeys(("li", "dd", "dt"), "list-item"),
    "blockquote": "quote",
    "figcaption": "caption",
}
_TEXTS = ("blockquote", "table", "ul", "ol", "pre", "p")
"""What makes a figure more than a picture with words under it."""
_WORD = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|\w+")
"""A word; of scripts that set none apart, a character."""
MAX_DEPTH = 500
"""What is nested deeper is not looked at."""


@dataclass(slots=True, eq=False)
class Place:
    """An element that is a block, with what lies in it."""

    tag: str
    element: Any
    parent: "Place | None"
    trait: Trait | None
    """What its own tag, names and role tell of it."""
    kind: Kind
    depth: int
    voted: float = 0.0
    """Of the blocks in it that voices take for the article's."""

    def up(self) -> "Iterator[Place]":
        """The place and all around it, from the inside."""
        place: Place | None = self
        while place is not None:
            yield place
            place = place.parent


@dataclass(slots=True, eq=False)
class Block:
    """A run of text that no other block interrupts."""

    text: str
    place: Place
    linked: float
    """Share of its characters within links, 0 to 1."""
    strong: float
    """The same for what is set bold or italic."""
    words: tuple[str, ...] = field(init=False)
    """In lower case."""

    def __post_init__(self) -> None:
        self.words = words_of(self.text)

    @property
    def kind(self) -> Kind:
        """What sort of paragraph it is, by the elements around it."""
        return self.place.kind


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, as texts are compared by."""
    return tuple(_WORD.findall(text.casefold()))


def blocks_of(tree: Any) -> list[Block]:
    """The blocks of a page; what nothing shows is left out. Without recursion: pages may be nested without end."""
    return list(_Cutter(tree).cut(tree))


class _Cutter:
    """Walks the tree and gathers text until a block begins or ends."""

    def __init__(self, tree: Any) -> None:
        self._wrapping = _wrapping(tree)
        self._pieces: list[tuple[str, bool, bool]] = []
        self._breaks = 0

    def cut(self, tree: Any) -> Iterator[Block]:
        root = Place("html", tree, None, None, "paragraph", 0)
        waiting: list[Any] = [(tree, root, False, False)]
        while waiting:
            one, place, linked, strong = waiting.pop()
            if one is None:
                yield from self._flush(place)
            elif isinstance(one, str):
                yield from self._take(one, place, linked, strong)
            elif one.tag == "br":
                self._breaks += 1
            elif isinstance(one.tag, str) and one.tag not in _UNSEEN and not hides(one):
                inline = one.tag in _INLINE and one not in self._wrapping
                if not inline:
                    yield from self._flush(place)
                inside = place if inline else _inner(one, place)
                if inside.depth < MAX_DEPTH:
                    linked = linked or one.tag == "a"
                    strong = strong or one.tag in {"b", "strong", "em", "i"}
                    waiting.extend(reversed(list(_contents(one, inside, linked, strong, end=not inline))))

    def _take(self, text: str, place: Place, linked: bool, strong: bool) -> Iterator[Block]:
        if text and not text.isspace():
            if self._breaks > 1:
                yield from self._flush(place)
            self._pieces.append((f" {text}" if self._breaks else text, linked, strong))
            self._breaks = 0
        elif text and self._pieces:
            self._pieces.append((" ", linked, strong))

    def _flush(self, place: Place) -> Iterator[Block]:
        text = " ".join("".join(piece for piece, *_ in self._pieces).split())
        if text:
            total = sum(len(piece.strip()) for piece, *_ in self._pieces)
            linked = sum(len(piece.strip()) for piece, one, _ in self._pieces if one) / total
            strong = sum(len(piece.strip()) for piece, _, one in self._pieces if one) / total
            yield Block(text, place, linked, strong)
        self._pieces, self._breaks = [], 0


def _contents(element: Any, inside: Place, linked: bool, strong: bool, *, end: bool) -> Iterator[Any]:
    if element.text:
        yield element.text, inside, linked, strong
    for child in element:
        yield child, inside, linked, strong
        if child.tail:
            yield child.tail, inside, linked, strong
    if end:
        yield None, inside, linked, strong


def _wrapping(tree: Any) -> set[Any]:
    """The elements that should be inline but hold blocks: cards that are one link, spans around paragraphs."""
    found: set[Any] = set()
    for element in tree.iter(etree.Element):
        if element.tag not in _INLINE and element.tag != "br":
            around = element.getparent()
            while around is not None and around.tag in _INLINE and around not in found:
                found.add(around)
                around = around.getparent()
    return found


def _inner(element: Any, parent: Place) -> Place:
    kind = parent.kind if parent.kind != "heading" else "heading"
    kind = _KINDS.get(element.tag, kind)
    says_who = element.tag == "footer" and parent.kind == "quote"
    trait = None if says_who else trait_of(element)
    if trait is Trait.CAPTION or (element.tag == "figure" and next(element.iter(*_TEXTS), None) is None):
        kind = "caption"
    return Place(element.tag, element, parent, trait, kind, parent.depth + 1)
