"""When the article was published and changed, as its byline tells readers."""

from collections.abc import Iterator
from typing import Any

from archiver.extract.days import dated_parts, written_day
from archiver.extract.nearby import Nearby, label_words, labels, lines
from archiver.extract.texts import clean
from archiver.extract.values import Found
from archiver.extract.words import listed, pattern

_CANDIDATES = 3000
_DATED = "//*[self::time or self::abbr or @class or @id or @itemprop][not(self::meta or self::link or self::html)]"


def dates(nearby: Nearby) -> Iterator[Found]:
    """The first dates beside the headline: those of `<time>`, else those written out in a short line.

    Without either, one in the article that is marked as its date.
    """
    near = [element for element in nearby.elements if not nearby.elsewhere(element)]
    timed = [(one, one.get("datetime") or one.text_content(), "time", 0.75) for one in near if one.tag == "time"]
    written = [(one, line, one.tag, 0.6) for one in near for line in lines(one) if written_day(line)]
    seen = set()
    for element, told, path, confidence in timed or written or _marked(nearby):
        for before, raw in dated_parts(told) or [("", told)]:
            changed = pattern("modified", "{}").search(f"{labels(element)} {before or _before(element)} {raw}")
            name = "dateModified" if changed else "datePublished"
            if name not in seen:
                seen.add(name)
                yield Found(name, raw, path, confidence)
        if "updated" in (element.get("class") or "").split() and "datePublished" not in seen:
            yield Found("datePublished", told, f"{path}.updated", 0.3)  # hAtom: without `published` it is this


def _before(element: Any) -> str:
    """The words right before an element, which say what it is."""
    previous, parent = element.getprevious(), element.getparent()
    told = previous.tail if previous is not None else parent.text if parent is not None else ""
    return (told or "")[-40:]


def _marked(nearby: Nearby) -> Iterator[tuple[Any, str, str, float]]:
    for element in nearby.page.tree.xpath(_DATED)[:_CANDIDATES]:
        if element.tag != "time" and not label_words(element) & listed("date_marks"):
            continue
        raw = element.get("datetime") or element.get("title") or element.get("content") or ""
        text = raw if written_day(raw) else clean(element.text_content(), 200)
        if len(text) <= 80 and written_day(text) and not (nearby.follows(element) or nearby.elsewhere(element)):
            yield element, text, element.tag, 0.45
