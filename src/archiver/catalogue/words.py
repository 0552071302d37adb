"""Words as the index holds them: one form for the many ways in which people write the same. And excerpts.

SQLite's tokenizer `unicode61` parts words at everything that is no letter or digit and takes the marks off Latin
letters. That is not enough for the news of the world, so text is brought into one form before, and queries are, too:

- case is folded as Unicode says (ß = ss, final sigma), compatibility forms are resolved (ﬁ, full width);
- Latin and Greek letters lose their marks; й, ї, ґ and the like are letters of their own and stay; ё counts as е;
- stress marks, soft hyphens and characters without width are dropped; the apostrophes of п'ять are all the same;
- scripts that part no words by spaces (Chinese, Japanese, Thai …) and Korean, which hangs its particles on, are
  taken letter by letter: a query in them is a phrase of letters, and finds them anywhere, also a single one.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

EXCERPT = 240
"""Characters of an excerpt."""
_LEAD = 60
_MOST_MARKS = 500

_APART = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
_LETTER = re.compile(f"[{_APART}]")
_MARKED = re.compile("([a-zα-ω])[\u0300-\u036f]+")
_NOTHING = re.compile("[\u00ad\u0300-\u036f\u200b-\u200f\u2060\ufeff]")
_APOSTROPHE = re.compile("[\u02b9\u02bb-\u02bd]")
_TOKEN = re.compile(r"[^\W_]+")
UNIT = re.compile(rf"[{_APART}]|[^\s{_APART}]+")
"""What a text is compared by: a word with its punctuation, or one letter of a script that parts no words."""


def fold(text: str) -> str:
    """`text` in the form in which it is indexed and looked for."""
    if text.isascii():
        return text.lower()
    plain = _MARKED.sub(r"\1", unicodedata.normalize("NFKD", text).casefold())
    composed = _NOTHING.sub("", unicodedata.normalize("NFKC", plain))
    return _LETTER.sub(r" \g<0> ", _APOSTROPHE.sub("'", composed).replace("ё", "е"))


def tokens(text: str) -> list[str]:
    """The words of `text`, folded: letters and digits only."""
    return _TOKEN.findall(fold(text))


def indexed(text: str) -> str:
    """`text` as it is given to the database: only words, so that its tokenizer cannot cut elsewhere than ours."""
    return " ".join(tokens(text))


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of a text that shows why it was found."""

    text: str
    """One line."""
    marks: tuple[tuple[int, int], ...]
    """Where the words looked for stand in it: first character, and the one behind the last."""


def excerpt(text: str, wanted: Sequence[tuple[str, bool]]) -> Excerpt:
    """The piece of `text` with the most of the words `wanted` (folded; True: only their beginning); else its start."""
    found = _found(text, wanted)
    best, most = 0, 0
    for number, (start, _, _) in enumerate(found):
        within = {word for begin, _, word in found[number : number + 40] if begin < start + EXCERPT - _LEAD}
        if len(within) > most:
            best, most = start, len(within)
    first = _word_start(text, best - _LEAD) if best > _LEAD else 0
    last = len(text) if len(text) - first <= EXCERPT else _word_start(text, first + EXCERPT)
    before, behind = "… " if first else "", " …" if last < len(text) else ""
    shift = len(before) - first
    marks = tuple((begin + shift, end + shift) for begin, end, _ in found if first <= begin and end <= last)
    return Excerpt(before + re.sub(r"\s", " ", text[first:last]) + behind, marks)


def _found(text: str, wanted: Sequence[tuple[str, bool]]) -> list[tuple[int, int, str]]:
    """Where words that are wanted stand in `text`, and which."""
    if not wanted:
        return []
    folded = fold(text)
    if len(folded) == len(text):
        return [(one.start(), one.end(), one[0]) for one in _standing(folded, wanted)]
    units = [(one.start(), one.end(), _fold_unit(one[0])) for one in UNIT.finditer(text)]
    starts, length = [], 0
    for _, _, unit in units:
        starts.append(length)
        length += len(unit) + 1
    hits = []
    for one in _standing(" ".join(unit for _, _, unit in units), wanted):
        begin, end, _ = units[bisect_right(starts, one.start()) - 1]
        hits.append((begin, end, one[0]))
    return hits


def _standing(folded: str, wanted: Sequence[tuple[str, bool]]) -> Iterator[re.Match[str]]:
    """The first whole words that are wanted. A pattern that began by looking back would be tried at every letter."""
    words = "|".join(re.escape(word) + (r"[^\W_]*" if prefix else "") for word, prefix in wanted)
    found = re.finditer(rf"(?:{words})(?![^\W_])", folded)
    return islice((one for one in found if not folded[one.start() - 1 : one.start()].isalnum()), _MOST_MARKS)


@lru_cache(maxsize=1 << 14)
def _fold_unit(unit: str) -> str:
    return fold(unit)


def _word_start(text: str, place: int) -> int:
    """The start of a word near `place`; `place` itself where there is none near."""
    space = re.compile(r"\s+").search(text, place, place + 30)
    return space.end() if space else place
