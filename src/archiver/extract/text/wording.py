"""Lines that are no part of an article by what they say, in the languages that news is mostly written in. Pure.

Each rule wants more than the words: the line must also be short, or a link, or stand at the edge of the text, for an
article may speak of newsletters and photographs too.
"""

import re

from archiver.extract import words
from archiver.extract.days import written_day

_BEGINS, _ENDS = r"[\W_]*{}", r"(?:(?<=[\u3000-\u9fff\uac00-\ud7af])|(?!\w))"
"""The end is that of a word, or a character of a script that sets no words apart."""
_STARTS = {
    kind: words.pattern(kind, _BEGINS + ("" if kind == "offers" else _ENDS))
    for kind in ("read_also", "offers", "credits", "tags", "signatures", "changed")
}
_ANYWHERE = {kind: words.pattern(kind, r"(?<!\w){}") for kind in ("offers", "rights")}
_LABEL = words.pattern("labels", r"{}\Z")
_HERE = words.pattern("here", r"(?<!\w){}\W*\Z")
_NAMES = re.compile(r"[\s,;:&|/.–—-]+")
_SMALL_WORDS = frozenset(
    ("and", "und", "et", "y", "e", "og", "och", "i", "та", "і", "von", "van", "de", "der", "den", "da")
)
_SMALL_WORDS |= frozenset(("di", "la", "le", "für", "at", "in", "dpa", "afp"))
_SENTENCE = re.compile(r"[.!?…:;。！？।؟][\"'»«”“’)\]]*\Z")
_NUMBERED = re.compile(r"\d{1,3}(?:\s*(?:/|of|von|de|из|з)\s*\d{1,3})?\Z")
_TOLD = re.compile(r"[:|/©(–-]|\b(?:by|via|courtesy|von|par|por)\b", re.I)
"""How a credit names somebody."""

SHORT = 12
"""Words of a line that is no sentence of an article's."""
_PROMPT = 45
"""Words of an offer."""


def is_sentence(text: str) -> bool:
    """Whether a text ends as sentences do."""
    return bool(_SENTENCE.search(text))


def is_invitation(text: str) -> bool:
    """Whether a text begins as lines do that lead to other stories."""
    return bool(_STARTS["read_also"].match(text))


def furniture(text: str, count: int, linked: float, *, at_edge: bool) -> str:
    """Which sort of furniture a line is by its wording, or the empty string.

    `count` is its number of words, `linked` the share of links in it; `at_edge` says that no longer paragraph of the
    article stands before it, or none after it.
    """
    if _LABEL.match(text.strip(" :.-–—[]()")) or _NUMBERED.match(text):
        return "label"
    if _STARTS["read_also"].match(text) and (linked >= 0.3 or (count <= SHORT and text.rstrip().endswith(":"))):
        return "read also"
    if count <= SHORT and _STARTS["credits"].match(text) and _TOLD.search(text[:60]):
        return "credit"
    if count <= _PROMPT and linked > 0.05 and _STARTS["offers"].match(text):
        return "offer"
    return _at_edge(text, count, linked) if at_edge else ""


def _at_edge(text: str, count: int, linked: float) -> str:
    is_line = count <= SHORT and not (is_sentence(text) and count > SHORT / 2)
    if count <= _PROMPT and _ANYWHERE["rights"].search(text):
        return "rights"
    if count <= _PROMPT and linked > 0.05 and _ANYWHERE["offers"].search(text):
        return "offer"
    if _STARTS["tags"].match(text) and (linked > 0.3 or is_line):
        return "tags"
    if _STARTS["read_also"].match(text) and count <= SHORT / 2 and linked == 0:
        return "read also"
    if count <= SHORT and linked > 0 and _HERE.search(text):
        return "read also"
    if is_line and (_STARTS["changed"].match(text) or (count <= SHORT - 4 and written_day(text))):
        return "date"
    if count <= SHORT + 4 and (found := _STARTS["signatures"].match(text)) and _is_signed(text[found.end() :]):
        return "byline"
    return ""


def _is_signed(rest: str) -> bool:
    return are_names(rest) or bool(written_day(rest))


def are_names(text: str) -> bool:
    """Whether a text is but names and places: each word begins with a capital, but for `and` and its like."""
    parts = [part for part in _NAMES.split(text.strip(" .:")) if part]
    return bool(parts) and all(part[0].isupper() or part.casefold() in _SMALL_WORDS for part in parts)
