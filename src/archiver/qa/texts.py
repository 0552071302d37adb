"""Texts compared: what a reader could read at the capture, and in replay. Pure.

Words are compared in lower case, in Unicode's compatibility form, and every number counts as the same word: clocks and
counters go on, and are no fault of the copy.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

SHINGLE = 4
"""Words that follow each other, of which a paragraph has so many that a few changed ones do not make it absent."""
PRESENT = 0.8
"""Share of a paragraph's shingles that replay must have for the paragraph to be there."""
_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"\d+")


def words(text: str) -> list[str]:
    """The words of a text, in order."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return [_NUMBER.sub("0", word) for word in _WORD.findall(plain)]


def similarity(one: str, other: str) -> float:
    """Sørensen–Dice coefficient of the two bags of words: 1 for the same words in any order, 0 for none in common."""
    left, right = Counter(words(one)), Counter(words(other))
    total = left.total() + right.total()
    return 2 * (left & right).total() / total if total else 1.0


def shares(paragraphs: Sequence[str], text: str) -> list[float]:
    """Of each paragraph the share of its shingles that `text` has."""
    found = _shingles(words(text))
    return [_share(words(one), found) for one in paragraphs]


def contained(paragraphs: Sequence[str], text: str) -> float | None:
    """The share of the paragraphs' words that stand in `text` as they do there; None where there are no words."""
    counts = [len(words(one)) for one in paragraphs]
    if not sum(counts):
        return None
    return sum(count * share for count, share in zip(counts, shares(paragraphs, text), strict=True)) / sum(counts)


def says(phrase: str, text: str) -> bool:
    """Whether the words of `phrase` stand in `text`, one after the other."""
    wanted = " ".join(words(phrase))
    return f" {wanted} " in f" {' '.join(words(text))} "


def _share(paragraph: list[str], found: set[tuple[str, ...]]) -> float:
    own = _runs(paragraph, min(SHINGLE, len(paragraph)))
    return len(own & found) / len(own) if paragraph else 1.0


def _shingles(text: list[str]) -> set[tuple[str, ...]]:
    """Runs of SHINGLE words, and shorter ones, for paragraphs that have no more."""
    return {run for size in range(1, SHINGLE + 1) for run in _runs(text, size)}


def _runs(text: list[str], size: int) -> set[tuple[str, ...]]:
    return {tuple(text[at : at + size]) for at in range(len(text) - size + 1)}
