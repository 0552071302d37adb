"""What is read off real article pages, ours beside trafilatura's, against what people have noted down for them.

Run alone it prints a line for each score; `--misses headline` (or another) prints the pages where ours is not the
gold's, of the half that rules may be made from: the other half is only counted, so that a rule which fits but the
pages it was made from is seen.
"""

import argparse
import gzip
import json
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CORPUS = Path(os.environ.get("ARCHIVER_CORPUS", Path(__file__).parents[2] / "shared" / "corpus")) / "articles"


@dataclass(frozen=True)
class Answer:
    """What one of the two sides says about a page."""

    headline: str
    authors: frozenset[str]
    """Folded."""
    day: str
    text: str
    """White space single."""


def fold(text: str) -> str:
    """Letters and digits alone: case, spacing and punctuation are no difference."""
    return "".join(character for character in text.casefold() if character.isalnum())


def people(names: list[str]) -> frozenset[str]:
    return frozenset(folded for name in names if (folded := fold(name)))


def share(found: list[bool]) -> float:
    """How many are true; all, if there are none."""
    return sum(found) / len(found) if found else 1.0


def told(answer: Answer, segments: list[str]) -> list[bool]:
    """Which of the segments stand in the text."""
    return [" ".join(segment.split()) in answer.text for segment in segments]


def ours(content: bytes, url: str) -> Answer:
    from archiver import extract
    from archiver.sidecar import choose

    page = extract.page_of(content, url)
    article = choose(extract.assertions(page, url))
    names = [one["name"] for one in article.get("author", [])]
    text = " ".join(extract.article_text(page).plain.split())
    return Answer(article.get("headline", ""), people(names), article.get("datePublished", "")[:10], text)


def theirs(content: bytes, url: str) -> Answer:
    from trafilatura import bare_extraction

    found = bare_extraction(content, url=url, with_metadata=True)
    fields: dict[str, Any] = found.as_dict() if found else {}
    names = (fields.get("author") or "").split(";")
    text = " ".join((fields.get("text") or "").split())
    return Answer(fields.get("title") or "", people(names), (fields.get("date") or "")[:10], text)


SCORES: dict[str, tuple[str, Callable[[Answer, dict[str, Any]], float]]] = {
    "headline": ("0.93", lambda answer, gold: fold(answer.headline) == fold(gold["title"])),
    "authors": ("0.80", lambda answer, gold: answer.authors == people(gold["authors"])),
    "day": ("0.93", lambda answer, gold: answer.day == gold["date"]),
    "text told": ("ahead", lambda answer, gold: share(told(answer, gold["must"]))),
    "furniture left out": ("ahead", lambda answer, gold: 1 - share(told(answer, gold["mustnot"]) or [False])),
}
"""What is scored → the target, and the score of one page, 0 to 1."""


def read(gold: dict[str, Any]) -> tuple[dict[str, Any], Answer, Answer]:
    content = gzip.decompress((CORPUS / gold["file"]).read_bytes())
    return gold, ours(content, gold["url"]), theirs(content, gold["url"])


def pages() -> list[tuple[dict[str, Any], Answer, Answer]]:
    """Each page with both answers; read on all cores."""
    with ProcessPoolExecutor() as pool:
        return list(pool.map(read, json.loads((CORPUS / "gold.json").read_text("utf-8")), chunksize=4))


def is_open(gold: dict[str, Any]) -> bool:
    """Whether a page belongs to the half that rules may be made from."""
    return int(gold["file"][0], 16) % 2 == 0


def scored(answers: list[tuple[dict[str, Any], Answer, Answer]]) -> Iterator[tuple[str, str, str, str, str]]:
    """Lines for `report`: the mean of each score, ours with that of each half, theirs, the ratio, the target."""

    def mean(values: list[float]) -> float:
        return sum(values) / len(values)

    for name, (target, score) in SCORES.items():
        a = [(score(mine, gold), is_open(gold)) for gold, mine, _ in answers]
        b = mean([score(other, gold) for gold, _, other in answers])
        halves = [mean([value for value, seen in a if seen is half]) for half in (True, False)]
        value = mean([value for value, _ in a])
        figures = f"{value:.3f} ({halves[0]:.2f}/{halves[1]:.2f})"
        yield f"articles: {name}", figures, f"trafilatura {b:.3f}", f"{value / b:.2f}x", target


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--misses", choices=SCORES, help="print the pages where ours is not the gold's")
    asked = options.parse_args()
    answers = pages()
    for line in scored(answers):
        print("  ".join(line))
    if asked.misses:
        for gold, mine, other in answers:
            if is_open(gold) and SCORES[asked.misses][1](mine, gold) < 1:
                print(
                    f"\n{gold['file']} {gold['url']}",
                    f"gold {gold}"[:300],
                    f"ours {mine}",
                    f"theirs {other}",
                    sep="\n  ",
                )


if __name__ == "__main__":
    sys.exit(main())
