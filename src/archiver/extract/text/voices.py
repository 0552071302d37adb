"""The voices that say which words of a page are the article's."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from archiver.extract import readable
from archiver.extract.page import Page
from archiver.extract.text.blocks import Block, words_of

_RUN = 3
"""Words in a row that are compared."""


@dataclass(slots=True)
class Voice:
    """One text of the article, as somebody tells it."""

    text: str
    lines: frozenset[tuple[str, ...]] = field(init=False)
    runs: frozenset[tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        lines = self.text.split("\n")
        cells = (cell for line in lines if "|" in line for cell in line.split("|"))  # rows of tables
        self.lines = frozenset(map(words_of, (*lines, *cells)))
        self.runs = frozenset(_runs(words_of(self.text)))

    def agrees(self, block: Block) -> float:
        """Which share of a block it tells too, 0 to 1; a short one it must tell as a line of its own."""
        if len(block.words) < _RUN + 2:
            return float(block.words in self.lines)
        runs = list(_runs(block.words))
        return sum(run in self.runs for run in runs) / len(runs)


def _runs(words: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    return (words[at : at + _RUN] for at in range(len(words) - _RUN + 1))


def reader(page: Page) -> Voice:
    """Trafilatura's text."""
    return Voice(readable.main_text(page))
