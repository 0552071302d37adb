"""Who wrote the article and when, as its byline tells readers."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from archiver.extract.days import undated, written_day
from archiver.extract.nearby import Nearby, label_words, labels, lines
from archiver.extract.people import organization, people, said
from archiver.extract.texts import clean
from archiver.extract.values import Found
from archiver.extract.words import listed, pattern

_NAME = re.compile(r"(?:[^\W\d_](?:[\w.'’-]*[^\W_])?\.?)(?:[\s·]+(?:[^\W\d_](?:[\w.'’-]*[^\W_])?\.?)){0,4}")
_PARTICLES = frozenset(
    ("von", "van", "der", "den", "de", "del", "della", "di", "da", "dos", "du", "la", "el", "al", "bin", "zu")
)
_LATER = 0.75
"""Share of the confidence of what stands at the article's foot."""
_CANDIDATES = 3000
_PIECES = 100
_SIGNATURE = 80
_MUTE = frozenset(("time", "script", "style", "button", "svg", "img", "noscript"))
_BLOCKS = frozenset(("div", "p", "li", "br", "time", "dd", "dt"))
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NAMED = f"translate(concat(@class, ' ', @id, ' ', @data-testid), '{_CAPITALS}', '{_CAPITALS.lower()}')"
_STEMS = ("author", "autor", "auteur", "byline", "writer", "contributor", "reporter", "verfasser", "автор")
_AUTHORED = "//*[contains(@rel, 'author') or contains(@itemprop, 'author') or {}]".format(
    " or ".join(f"contains({_NAMED}, '{stem}')" for stem in _STEMS)
)


def authors(nearby: Nearby) -> Iterator[Found]:
    """The first byline around the headline; without one, the first elsewhere in the article."""
    near = dict.fromkeys(nearby.elements)
    later: list[Found] = []
    for element in nearby.page.tree.xpath(_AUTHORED)[:_CANDIDATES]:
        if not (found := _byline(nearby, element)):
            continue
        if element in near:
            yield found
            return
        later.append(found)
    for element, line in ((one, line) for one in nearby.elements for line in lines(one)):
        if nearby.elsewhere(element):
            continue
        if said(line) and (names := _names(line, nearby, strict=True)):
            yield Found("author", names, element.tag, 0.65)
            return
        rest = undated(line).strip(" |·•–—-,")
        if written_day(line) and " " in rest and (names := _names(rest, nearby, strict=True)):
            yield Found("author", names, element.tag, 0.45)  # `19.11.2026 - Olena Koval`
            return
    if later:
        yield Found("author", later[0].raw, later[0].path, later[0].confidence * _LATER)
        return
    yield from _signed(nearby)


def _byline(nearby: Nearby, element: Any) -> Found | None:
    """The names in an element that is marked as telling the author."""
    link = element.tag == "a" and "author" in (element.get("rel") or "").split()
    marked = link or "author" in (element.get("itemprop") or "").split()
    words = label_words(element)
    if not (marked or (words & listed("byline_marks") and not words & listed("beside_names"))) or nearby.elsewhere(
        element, linked=True, aside=True
    ):
        return None
    inner = element.xpath(".//a[contains(@rel, 'author')] | .//*[contains(@itemprop, 'name')]")
    inner = inner or [one for one in element.iter("*") if one is not element and label_words(one) >= {"author", "name"}]
    texts = [clean(one.text_content(), 200) for one in inner[:20]] or [_told(element)]
    names = list(dict.fromkeys(text for told in texts for text in _names(told, nearby, strict=not marked)))
    if marked and not inner:
        names += [
            name for one in _siblings(element) for name in _names(_told(one), nearby, strict=False) if name not in names
        ]
    kind = (
        'a[rel="author"]'
        if link
        else '[itemprop="author"]'
        if marked
        else f".{'.'.join(sorted(words & listed('byline_marks')))}"
    )
    return Found("author", names, kind, 0.8 if marked else 0.7) if names else None


def _siblings(element: Any) -> Iterable[Any]:
    """Others of the same kind beside it: an article may have several authors."""
    parent = element.getparent()
    like = (element.tag, element.get("rel"), element.get("itemprop"), element.get("class"))
    return (
        [one for one in parent if (one.tag, one.get("rel"), one.get("itemprop"), one.get("class")) == like][:20]
        if parent is not None
        else []
    )


def _told(element: Any) -> str:
    """The text of a byline without dates, roles and buttons, its pieces set apart."""
    pieces: list[str] = []
    waiting = [element]
    while waiting and len(pieces) < _PIECES:
        one = waiting.pop()
        if isinstance(one, str):
            pieces.append(one)
        elif one is element or _speaks(one):
            inside: list[Any] = [one.text or ""]
            for child in one:
                apart = " | " if child.tag in _BLOCKS else " "
                inside += [apart, child, apart, child.tail or ""]
            waiting.extend(reversed(inside))
    return clean("".join(pieces), 400)


def _speaks(element: Any) -> bool:
    return element.tag not in _MUTE and not label_words(element) & listed("beside_names")


def _names(text: str, nearby: Nearby, *, strict: bool) -> list[str]:
    """The names that a byline's text has; strictly only what looks like names of people or organizations."""
    found = people(text, nearby.page.site_names)
    names = [one["name"] for one in found if not written_day(one["name"]) and not re.search(r"\d{2}", one["name"])]
    names = [name for name in names if len(name.split()) <= 6]
    return [name for name in names if _is_name(name) or organization(name, nearby.page.site_names)] if strict else names


def _is_name(text: str) -> bool:
    """One to five words with a capital, in scripts that have capitals; particles apart."""
    words = [word for word in text.split() if word not in _PARTICLES]
    return bool(_NAME.fullmatch(text)) and all(
        word[0] != word[0].lower() or word[0] == word[0].upper() for word in words
    )


def _signed(nearby: Nearby) -> Iterator[Found]:
    """A name after the text, on a line of its own that says so."""
    for element in nearby.page.tree.xpath("//p | //em | //strong | //i | //div[not(*)]")[-400:]:
        text = _told(element).split(" | ")[0]
        spoken = len(text) < _SIGNATURE and said(text) and not nearby.elsewhere(element)
        if spoken and (names := _names(text, nearby, strict=True)):
            yield Found("author", names, element.tag, 0.5)
            return


def dates(nearby: Nearby) -> Iterator[Found]:
    """The first dates beside the headline: those of `<time>`, else those written out in a short line.

    Without either, one in the article that is marked as its date.
    """
    near = [element for element in nearby.elements if not nearby.elsewhere(element)]
    timed = [(one, one.get("datetime") or one.text_content(), "time", 0.75) for one in near if one.tag == "time"]
    written = [(one, line, one.tag, 0.6) for one in near for line in lines(one) if written_day(line)]
    seen = set()
    for element, raw, path, confidence in timed or written or _marked(nearby):
        name = (
            "dateModified"
            if pattern("modified", "{}").search(f"{labels(element)} {raw} {_before(element)}")
            else "datePublished"
        )
        if name not in seen:
            seen.add(name)
            yield Found(name, raw, path, confidence)
        if "updated" in (element.get("class") or "").split() and "datePublished" not in seen:
            yield Found("datePublished", raw, f"{path}.updated", 0.3)  # hAtom: without `published` it is this


def _before(element: Any) -> str:
    """The words right before an element, which say what it is."""
    previous, parent = element.getprevious(), element.getparent()
    told = previous.tail if previous is not None else parent.text if parent is not None else ""
    return (told or "")[-40:]


def _marked(nearby: Nearby) -> Iterator[tuple[Any, str, str, float]]:
    for element in nearby.page.tree.xpath("//body//*[self::time or self::abbr or @class or @id or @itemprop]")[
        :_CANDIDATES
    ]:
        if element.tag != "time" and not label_words(element) & listed("date_marks"):
            continue
        raw = element.get("datetime") or element.get("title") or element.get("content") or ""
        text = raw if written_day(raw) else clean(element.text_content(), 200)
        if len(text) <= 80 and written_day(text) and not (nearby.follows(element) or nearby.elsewhere(element)):
            yield element, text, element.tag, 0.45
