"""Who wrote the article, as its byline tells readers."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any
from urllib.parse import unquote, urlsplit

from archiver.extract.days import undated, written_day
from archiver.extract.nearby import Nearby, label_words, lines
from archiver.extract.people import is_label, organization, people, said, says_written
from archiver.extract.texts import clean
from archiver.extract.values import Found
from archiver.extract.words import listed, pattern

_NAME = re.compile(r"(?:[^\W\d_](?:[\w.'’-]*[^\W_])?\.?)(?:[\s·]+(?:[^\W\d_](?:[\w.'’-]*[^\W_])?\.?)){0,4}")
_PARTICLES = frozenset(
    ("von", "van", "der", "den", "de", "del", "della", "di", "da", "dos", "du", "la", "el", "al", "bin", "zu")
)
_PEN_NAME = re.compile(r"[^\W\d_][\w.-]{2,}")
_LATER = 0.75
"""Share of the confidence of what stands at the article's foot."""
_CANDIDATES = 3000
_PIECES = 100
_SIGNATURE = 80
_LABEL = 30
_WORDS = 6
_BESIDE = 30
"""So many elements are looked at in what holds the date."""
_MUTE = frozenset(("time", "script", "style", "button", "svg", "img", "noscript"))
_INLINE = frozenset(("a", "span", "b", "strong", "em", "i", "small", "cite", "u"))
_APART = {"li": "; "} | dict.fromkeys(("div", "p", "br", "time", "dd", "dt"), " | ")
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NAMED = f"translate(concat(@class, ' ', @id, ' ', @data-testid), '{_CAPITALS}', '{_CAPITALS.lower()}')"
_STEMS = ("author", "autor", "auteur", "byline", "writer", "contributor", "reporter", "verfasser", "user", "автор")
_MARKED = "//address | //*[contains(@rel, 'author') or contains(@itemprop, 'author') or {}]".format(
    " or ".join(f"contains({_NAMED}, '{stem}')" for stem in _STEMS)
)


def authors(nearby: Nearby) -> Iterator[Found]:
    """The byline around the headline: marked as one, saying so, or the name beside the date.

    Without one, what is marked elsewhere in the article; without that, a label with a name or a signature below its
    text, or the agency that its first words name.
    """
    near, later = dict.fromkeys(nearby.elements), None
    for element in nearby.page.tree.xpath(_MARKED)[:_CANDIDATES]:
        found = _byline(nearby, element)
        if found and element in near:
            yield found
            return
        later = later or found
    beside = chain(_spoken(nearby), _labelled(nearby, nearby.elements, 0.65), _beside_date(nearby))
    if found := next(beside, None):
        yield found
    elif later:
        yield Found("author", later.raw, later.path, later.confidence * _LATER)
    else:
        yield from islice(chain(_labelled(nearby, nearby.page.tree.iter("*"), 0.5), _signed(nearby), _wired(nearby)), 1)


def _byline(nearby: Nearby, element: Any) -> Found | None:
    """The names in an element that is marked as telling the author."""
    how = _mark(element)
    if not how or nearby.elsewhere(element, linked=True, aside=True):
        return None
    sure = not how.startswith(".")
    inner = element.xpath(".//a[contains(@rel, 'author')] | .//*[contains(@itemprop, 'name')]")
    inner = inner or [one for one in element.iter("*") if one is not element and _mark(one)]
    sections = _sections(nearby, element)
    inner = [one for one in inner if sections.isdisjoint((one, *one.iterancestors("a")))]
    told = [_told(one, sections) for one in inner[:20] or ([element] if not sure else _alike(element))]
    names = list(dict.fromkeys(name for text in told for name in _names(text, nearby, strict=not sure)))
    whole = _names(_told(element, sections), nearby, strict=True) if inner else []
    names = whole if set(names) < set(whole) else names  # only some of them are linked
    return Found("author", names, how, 0.8 if sure else 0.7) if names else None


def _mark(element: Any) -> str:
    """How an element is marked as telling the author; empty if it is not."""
    if "author" in (element.get("rel") or "").split():
        return '[rel="author"]'
    if "author" in (element.get("itemprop") or "").split():
        return '[itemprop="author"]'
    if {"author", "vcard"} <= set((element.get("class") or "").split()):
        return "hcard.author"  # microformats: whatever stands there is the author
    words = label_words(element)
    marks = words & listed("byline_marks")
    if (marks and not words & listed("beside_names")) or words >= {"author", "name"}:
        return f".{'.'.join(sorted(marks))}"
    return ".address" if element.tag == "address" else ""


def _alike(element: Any) -> list[Any]:
    """An element and others of its kind beside it: an article may have several authors."""

    def kind(one: Any) -> tuple[Any, ...]:
        return one.tag, one.get("rel"), one.get("itemprop"), one.get("class")

    parent = element.getparent()
    return [one for one in parent if kind(one) == kind(element)][:20] if parent is not None else [element]


def _sections(nearby: Nearby, element: Any) -> frozenset[Any]:
    """Links to the page's sections in a byline: behind another link, in words that the page's own path has."""

    def words(text: str) -> set[str]:
        return set(re.findall(r"[^\W_]+", text.casefold()))

    above = words(unquote(urlsplit(nearby.page.url).path).rpartition("/")[0])
    return frozenset(one for one in element.xpath(".//a")[1:_PIECES] if words(one.text_content()) <= above)


def _told(element: Any, without: frozenset[Any] = frozenset()) -> str:
    """The text of a byline without dates, roles and buttons, its pieces set apart."""
    pieces: list[str] = []
    waiting = [element]
    while waiting and len(pieces) < _PIECES:
        one = waiting.pop()
        if isinstance(one, str):
            pieces.append(one)
        elif one is element or (_speaks(one) and one not in without):
            inside: list[Any] = [one.text or ""]
            for child in one:
                apart = _APART.get(child.tag, " ")
                inside += [apart, child, apart, child.tail or ""]
            waiting.extend(reversed(inside))
    return clean("".join(pieces), 400)


def _speaks(element: Any) -> bool:
    return element.tag not in _MUTE and not label_words(element) & listed("beside_names")


def _names(text: str, nearby: Nearby, *, strict: bool) -> list[str]:
    """The names in the first piece of a byline that has any; strictly only what looks like names.

    What a byline in full words names alone looks like one even in small letters: blogs' authors have pseudonyms.
    """
    for piece in undated(text).split(" | "):
        found = [one["name"] for one in people(piece, nearby.page.site_names)]
        names = [name for name in found if len(name.split()) <= _WORDS and not re.search(r"\d{2}", name)]
        if strict:
            pen_name = len(found) == 1 and says_written(piece) and _PEN_NAME.fullmatch(found[0])
            names = [name for name in names if pen_name or _is_name(name) or organization(name, nearby.page.site_names)]
        if names:
            return names
    return []


def _is_name(text: str) -> bool:
    """One to five words with a capital, in scripts that have capitals; particles apart."""
    words = [word for word in text.split() if word not in _PARTICLES]
    return bool(_NAME.fullmatch(text)) and all(
        word[0] != word[0].lower() or word[0] == word[0].upper() for word in words
    )


def _spoken(nearby: Nearby) -> Iterator[Found]:
    """Lines around the headline that say that a name comes."""
    for element in nearby.elements:
        for line in lines(element):
            if said(line) and not nearby.elsewhere(element) and (names := _names(line, nearby, strict=True)):
                yield Found("author", names, element.tag, 0.65)


def _labelled(nearby: Nearby, elements: Iterable[Any], confidence: float) -> Iterator[Found]:
    """Names behind a label that stands by itself: `<h5>Author:</h5>Jane Doe`, `<dt>By</dt><dd>Jane Doe</dd>`."""
    short = ((one, label) for one in elements if 0 < len(label := (one.text or "").strip()) <= _LABEL)
    for element, label in islice(((one, text) for one, text in short if is_label(text)), _PIECES):
        text = _following(element).strip(" |") if not nearby.elsewhere(element) else ""
        told = f"{label.rstrip(' :：')}: {text}" if 0 < len(text) < _SIGNATURE else ""
        if names := _names(told, nearby, strict=True):
            yield Found("author", names, element.tag, confidence)


def _following(label: Any) -> str:
    """The rest of the line behind a label; of the next one, if the label fills its own."""
    inside = list(label)
    while not inside and not clean(label.tail) and label.getnext() is None and label.getprevious() is None:
        if label.getparent() is None or clean(label.getparent().text):
            return ""
        label = label.getparent()
    pieces = [] if inside else [label.tail or ""]
    for one in islice(inside or label.itersiblings(), _BESIDE):
        if one.tag not in _INLINE and clean("".join(pieces)):
            break
        tail = one.tail or ""
        pieces += [_told(one) if _speaks(one) else "", tail if clean(tail) else " | "]
    return clean("".join(pieces), 400)


def _beside_date(nearby: Nearby) -> Iterator[Found]:
    """Names of two words and more that stand, unlinked, beside the article's date: `19.11.2026 - Olena Koval`."""
    for element in nearby.elements:
        dated = element.tag == "time" or any(written_day(line) for line in lines(element))
        if not dated or nearby.elsewhere(element):
            continue
        holder = element.getparent() if element.getparent() is not None else element
        for one in islice((element, *holder.iter("*")), _BESIDE):
            if one.tag == "a" or nearby.elsewhere(one) or one is nearby.heading:
                continue
            for line in lines(one):
                names = _names(line.strip(" |·•–—-,"), nearby, strict=True)
                if names and all(" " in name and not organization(name) for name in names):
                    yield Found("author", names, one.tag, 0.4)


def _signed(nearby: Nearby) -> Iterator[Found]:
    """A name after the text, on a line of its own that says so."""
    for element in nearby.page.tree.xpath("//p | //em | //strong | //i | //div[not(*)]")[-400:]:
        text = _told(element).split(" | ")[0]
        spoken = len(text) < _SIGNATURE and said(text) and not nearby.elsewhere(element)
        if spoken and (names := _names(text, nearby, strict=True)):
            yield Found("author", names, element.tag, 0.5)


def _wired(nearby: Nearby) -> Iterator[Found]:
    """The agency that a text's first words name, behind the place: `Kyiv (Reuters) - …`."""
    for element in nearby.elements:
        text = clean(element.text_content(), 200) if element.tag == "p" else ""
        if agency := pattern("agencies", r"[^\W\d_][\w .,'’-]{1,40}\s\(({}(?:/\w{1,10})?)\)\s*[-–—:]").match(text):
            yield Found("author", [agency[1]], "p", 0.4)
