"""How one text became another: paragraphs are matched first, then the words within those that changed.

The time is bounded whatever the texts are. Where words cannot be compared for that, whole paragraphs are.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import groupby, takewhile
from typing import Literal

from archiver.catalogue.words import UNIT

MOST_STEPS = 20_000_000
"""So many steps difflib may take at worst for one text; about two seconds."""
MOST_WORDS = 2_000_000
"""So many words of paragraphs are held against each other to see which of them are alike."""
ALIKE = 0.5
"""Share of words in common from which a paragraph is the other one, changed."""

Step = tuple[str, int, int, int, int]
"""As difflib's opcodes: equal, replace, delete or insert, and where in either text."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage of the text."""

    kind: Literal["same", "removed", "added"]
    text: str
    apart: bool = True
    """Whether white space stands before it: scripts that part no words have none."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of one text or of both."""

    kind: Literal["same", "changed", "removed", "added"]
    pieces: tuple[Piece, ...]
    moved: bool = False
    """Whether what was removed here was added elsewhere as it is, or the other way round."""

    @property
    def before(self) -> list[Piece]:
        """What the older text has of it."""
        return [piece for piece in self.pieces if piece.kind != "added"]

    @property
    def after(self) -> list[Piece]:
        """What the newer text has of it."""
        return [piece for piece in self.pieces if piece.kind != "removed"]


@dataclass(slots=True)
class Patience:
    """What may still be spent."""

    left: int = MOST_STEPS

    def affords(self, old: Sequence[str], new: Sequence[str]) -> bool:
        """Whether the two can be given to difflib, which looks at all pairs of equals once for each match at worst."""
        there = Counter(new)
        cost = sum(count * there[one] for one, count in Counter(old).items()) * min(len(old), len(new))
        if cost > self.left:
            return False
        self.left -= cost
        return True


def paragraphs(old: str, new: str) -> list[Paragraph]:
    """The paragraphs of both texts (a line each), in one order that both can be read in."""
    words = Patience()
    lines, others = ([line for line in text.splitlines() if line.strip()] for text in (old, new))
    found: list[Paragraph] = []
    for verb, a, b, c, d in _steps(lines, others, Patience()):
        if verb == "equal":
            found += [Paragraph("same", (Piece("same", line),)) for line in others[c:d]]
        else:
            found += [_paragraph(left, right, words) for left, right in _paired(lines[a:b], others[c:d])]
    return _with_moves(found)


def flat(found: Iterable[Paragraph]) -> Iterator[Piece]:
    """The pieces of all paragraphs, one text: what stayed, went and came, in order."""
    every = (piece for one in found for piece in (*one.pieces, Piece("same", "\n", apart=False)))
    for kind, run in groupby(every, lambda piece: piece.kind):
        if kind == "same":
            first = next(run)
            yield replace(first, text=first.text + "".join(one.text for one in run))
        else:
            yield from run


def _with_moves(found: list[Paragraph]) -> list[Paragraph]:
    """The same, with those marked that only stand elsewhere."""
    counted = [Counter(one.pieces[0].text for one in found if one.kind == kind) for kind in ("removed", "added")]
    both = counted[0] & counted[1]
    left = {"removed": both.copy(), "added": both.copy()}
    marked = []
    for one in found:
        if one.kind in left and left[one.kind][text := one.pieces[0].text]:
            left[one.kind][text] -= 1
            one = replace(one, moved=True)
        marked.append(one)
    return marked


def _paired(old: list[str], new: list[str]) -> Iterator[tuple[str, str]]:
    """Paragraphs of both that are alike, in order, as many and as much so as can be; an empty text where one is alone.

    Longest common subsequence, each pair weighing as much as it is alike (Dice's coefficient of the words).
    """
    left, right = ([Counter(UNIT.findall(line)) for line in lines] for lines in (old, new))
    if sum(map(len, left)) * len(right) + sum(map(len, right)) * len(left) > MOST_WORDS:
        yield from [*((line, "") for line in old), *(("", line) for line in new)]
        return
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    pairs = set()
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            alone = max(best[i + 1][j], best[i][j + 1])
            alike = 2 * (left[i] & right[j]).total() / (left[i].total() + right[j].total())
            if alike >= ALIKE and alike + best[i + 1][j + 1] > alone:
                pairs.add((i, j))
                alone = alike + best[i + 1][j + 1]
            best[i][j] = alone
    i = j = 0
    while i < len(old) or j < len(new):
        paired = (i, j) in pairs
        from_old = paired or j == len(new) or (i < len(old) and best[i + 1][j] >= best[i][j + 1])
        from_new = paired or not from_old
        yield old[i] if from_old else "", new[j] if from_new else ""
        i, j = i + from_old, j + from_new


def _paragraph(old: str, new: str, patience: Patience) -> Paragraph:
    if not old:
        return Paragraph("added", (Piece("added", new),))
    if not new:
        return Paragraph("removed", (Piece("removed", old),))
    return Paragraph("changed", tuple(_words(old, new, patience)))


def _words(old: str, new: str, patience: Patience) -> Iterator[Piece]:
    left, right = list(UNIT.finditer(old)), list(UNIT.finditer(new))
    for verb, a, b, c, d in _steps([one[0] for one in left], [one[0] for one in right], patience):
        if b > a and verb != "equal":
            start = left[a].start()
            yield Piece("removed", old[start : left[b - 1].end()], old[start - 1 : start].isspace())
        if d > c:
            start = right[c].start()
            kind: Literal["same", "added"] = "same" if verb == "equal" else "added"
            yield Piece(kind, new[start : right[d - 1].end()], new[start - 1 : start].isspace())


def _steps(old: Sequence[str], new: Sequence[str], patience: Patience) -> list[Step]:
    """How `new` comes of `old`: as difflib tells it; of what is too long for that, between what stands once in both."""
    if patience.affords(old, new):
        return list(SequenceMatcher(None, old, new, autojunk=False).get_opcodes())
    steps: list[Step] = []
    a = c = 0
    for i, j in [*_anchors(old, new), (len(old), len(new))]:
        if i > a or j > c:
            left, right = old[a:i], new[c:j]
            whole: list[Step] = [("replace", 0, len(left), 0, len(right))]
            within = patience.affords(left, right)
            inner = SequenceMatcher(None, left, right, autojunk=False).get_opcodes() if within else whole
            steps += [(verb, a + p, a + q, c + r, c + s) for verb, p, q, r, s in inner]
        if i < len(old):
            steps.append(("equal", i, i + 1, j, j + 1))
        a, c = i + 1, j + 1
    return _joined(steps)


def _joined(steps: Iterable[Step]) -> list[Step]:
    """Neighbours that are equal, as one step."""
    joined: list[Step] = []
    for step in steps:
        if joined and joined[-1][0] == step[0] == "equal":
            joined[-1] = ("equal", joined[-1][1], step[2], joined[-1][3], step[4])
        else:
            joined.append(step)
    return joined


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Places of what is the same in both without doubt: how they begin and end, and what stands once in either.

    Of the latter the longest run in one order (Cohen's patience difference).
    """
    first = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    rest = min(len(old), len(new)) - first
    ends = zip(reversed(old[-rest:] if rest else ()), reversed(new[-rest:] if rest else ()), strict=True)
    last = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], ends))
    a, c = range(first, len(old) - last), range(first, len(new) - last)
    counts, others = Counter(old[i] for i in a), Counter(new[j] for j in c)
    places = {new[j]: j for j in c if others[new[j]] == 1}
    common = [(i, places[old[i]]) for i in a if counts[old[i]] == 1 and old[i] in places]
    tail = [(len(old) - n, len(new) - n) for n in range(last, 0, -1)]
    return [*((n, n) for n in range(first)), *_rising(common), *tail]


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest choice of `pairs` in which the second number rises as well (patience sorting)."""
    tops: list[int] = []
    piles: list[int] = []
    before: list[int] = []
    for number, (_, place) in enumerate(pairs):
        pile = bisect_left(tops, place)
        tops[pile : pile + 1] = [place]
        piles[pile : pile + 1] = [number]
        before.append(piles[pile - 1] if pile else -1)
    chosen, number = [], piles[-1] if piles else -1
    while number >= 0:
        chosen.append(pairs[number])
        number = before[number]
    return chosen[::-1]
