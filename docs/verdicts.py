"""Writes the tables of docs/verdicts.md: which verdict each page of the newsroom's walls must get.

`make docs` runs it; a test compares, and another captures the very pages.
"""

import sys
from collections import Counter
from pathlib import Path
from typing import get_args

PAGE = Path(__file__).with_name("verdicts.md")
sys.path.insert(0, str(PAGE.parents[1] / "tests"))

from archiver.model import Verdict  # noqa: E402
from newsroom.walls import PAGES  # noqa: E402

WORDS = get_args(Verdict)
ENGINES = ("browser", "http")

MADE = "## Confusion matrix"
"""From this heading on the page is made; what stands above is written by hand."""


def matrix(engine: str) -> str:
    """What the pages are, against what the engine must say; every count is of pages captured by the test."""
    counts = Counter((page.word, page.expected(engine)) for page in PAGES.values())
    said = [word for word in WORDS if any(counts[row, word] for row in WORDS)]
    rows = [f"| the page is | {' | '.join(f'`{word}`' for word in said)} |", f"|---|{'---|' * len(said)}"]
    for row in WORDS:
        if cells := [str(counts[row, word] or "") for word in said if any(counts[row, one] for one in said)]:
            rows.append(f"| `{row}` | {' | '.join(cells)} |")
    return "\n".join(rows)


def page() -> str:
    """The whole page."""
    parts = [PAGE.read_text("utf-8").partition(MADE)[0] + f"{MADE}\n"]
    for engine in ENGINES:
        parts.append(f"By the {engine} engine, of {len(PAGES)} pages:\n\n{matrix(engine)}\n")
    parts.append("`offline` takes servers that are silent: three are captured beside the table, and pages cut short.\n")
    parts.append("## The pages\n\n| page | what stands there | browser | http |\n|---|---|---|---|")
    rows = [f"| {one.path} | {one.what} | `{one.word}` | `{one.expected('http')}` |" for one in PAGES.values()]
    return "\n".join([*parts, *rows]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
