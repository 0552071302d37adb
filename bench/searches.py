"""Search over a catalogue of 100,000 articles in English and Ukrainian letters, their words as frequent as Zipf has it.

The tables are filled by the function that also fills them from sidecars, with rows made here instead of WARCs; so the
search is measured whole, from opening the catalogue to the excerpts, and the reading of WARCs is not measured.
"""

import random
import tempfile
import time
from bisect import bisect
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from archiver.catalogue import parse, path_of, tables
from archiver.catalogue.feeding import enter
from archiver.catalogue.searching import Asked, search
from archiver.catalogue.tables import Row
from archiver.collection import Collection, Root, layout

ARTICLES = 100_000
QUERIES = 200
TRIES = 3
"""Of each query, the quickest: neighbours on the machine are not measured. Each opens the catalogue anew."""
VOCABULARY = 60_000
BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
SYLLABLES = {
    "en": [a + b for a in ("b", "br", "d", "f", "gr", "h", "l", "m", "n", "p", "st", "t", "w") for b in "aeiou"],
    "uk": [a + b for a in ("б", "в", "гр", "д", "ж", "к", "л", "м", "н", "п", "ст", "т", "ш") for b in "аеиоуіюя"],
}
WEIGHTS = list(accumulate(1 / (rank + 2.7) for rank in range(VOCABULARY)))
"""Zipf's law with Mandelbrot's shift: the most frequent word is about every 30th."""
SECTIONS = ("City", "World", "Sport", "Culture", "Місто", "Світ", "Спорт", "Культура")


class Language:
    """Words of a language that does not exist, the most frequent first."""

    def __init__(self, name: str, chance: random.Random) -> None:
        self.name = name
        found: dict[str, None] = {}
        while len(found) < VOCABULARY:
            length = chance.choice((1, 2, 2, 3, 3, 4))
            found["".join(chance.choices(SYLLABLES[name], k=length)) + chance.choice(("", "", "n", "s"))] = None
        self.words = list(found)

    def text(self, chance: random.Random, count: int) -> list[str]:
        """So many words, each as frequent as it is in the language."""
        return chance.choices(self.words, cum_weights=WEIGHTS, k=count)

    def asked(self, chance: random.Random) -> str:
        """A word that somebody may look for: often a rare one, at times one that nearly every article has."""
        return self.words[bisect(WEIGHTS, chance.random() ** 0.7 * WEIGHTS[-1] * 0.999)]


Times = tuple[float, float]
"""Seconds by the clock, and of the processor."""


def searched() -> tuple[dict[str, list[Times]], float]:
    """What each query took, by kind; and the articles entered a second."""
    chance = random.Random(7)
    languages = [Language(name, chance) for name in SYLLABLES]
    with tempfile.TemporaryDirectory() as folder:
        collection = Root(Path(folder)).create("news", "News", agent="bench/1")
        begun = time.perf_counter()
        samples = _filled(collection, languages, chance)
        built = ARTICLES / (time.perf_counter() - begun)
        times: dict[str, list[Times]] = {kind: [] for kind in KINDS}
        for number in range(QUERIES):
            kind = list(KINDS)[number % len(KINDS)]
            query = KINDS[kind](chance, chance.choice(languages), chance.choice(samples))
            clock, worked = zip(*(_asked(collection, query) for _ in range(TRIES)), strict=True)
            times[kind].append((min(clock), min(worked)))
    return times, built


def _asked(collection: Collection, query: str) -> Times:
    begun, worked = time.perf_counter(), time.process_time()
    search([collection], Asked(parse(query), "relevance", limit=20))
    return time.perf_counter() - begun, time.process_time() - worked


def _filled(collection: Collection, languages: list[Language], chance: random.Random) -> list[list[str]]:
    """Fill the catalogue; returns the words of some of the texts."""
    database, samples = tables.connect(path_of(collection)), []
    with database:
        for number in range(ARTICLES):
            language = languages[number % len(languages)]
            words = language.text(chance, int(chance.lognormvariate(6.0, 0.5)) + 40)
            if number % 500 == 0:
                samples.append(words[40:])
            row = _row(number, language, words)
            article = {"keywords": words[35:40], "author": [{"@type": "Person", "name": row.authors}]}
            lines = (" ".join(words[start : start + 60]) for start in range(40, len(words), 60))
            enter(database, row, article, "\n".join(lines))
    database.close()
    return samples


def _row(number: int, language: Language, words: list[str]) -> Row:
    at = BEGAN + timedelta(minutes=7 * number)
    capture = layout.derived_capture_id(at, str(number))
    url = f"https://{language.name}{number % 40}.example/{at:%Y/%m/%d}/{words[0]}-{number}"
    return Row(
        id=capture,
        revision=1,
        sidecar=f"sidecars/{capture}.r1-{number:012x}.json",
        warc=layout.capture_path(capture),
        url=url,
        final_url=url,
        captured_at=f"{at:%Y-%m-%dT%H:%M:%S}.000000Z",
        verdict="ok" if number % 7 else "partial",
        status=200,
        engine="browser",
        headline=" ".join(words[:8]).capitalize(),
        section=SECTIONS[number % len(SECTIONS)],
        publisher=f"Paper {number % 40}",
        authors=f"{language.words[number % 300].title()} {language.words[300 + number % 900].title()}",
        published=f"{at - timedelta(days=number % 3):%Y-%m-%dT%H:%M:%S}+02:00",
        modified=f"{at:%Y-%m-%d}" if number % 4 == 0 else "",
        language=language.name,
        description=" ".join(words[8:35]),
        thumbnail=True,
    )


def _phrase(chance: random.Random, _language: Language, sample: list[str]) -> str:
    start, length = chance.randrange(len(sample) - 4), chance.choice((2, 3))
    return f'"{" ".join(sample[start : start + length])}"'


def _day(chance: random.Random) -> str:
    return f"{BEGAN + timedelta(days=chance.randrange(480)):%Y-%m-%d}"


KINDS: dict[str, Callable[[random.Random, Language, list[str]], str]] = {
    "one word": lambda chance, language, _: language.asked(chance),
    "two words": lambda chance, language, _: f"{language.asked(chance)} {language.asked(chance)}",
    "three words": lambda chance, _, sample: " ".join(chance.sample(sample, 3)),
    "phrase": _phrase,
    "beginning": lambda chance, language, _: f"{language.asked(chance)[:4]}*",
    "author": lambda chance, language, _: f"author:{language.words[chance.randrange(300)]} {language.asked(chance)}",
    "section, verdict": lambda chance, language, _: (
        f"section:{chance.choice(SECTIONS)} verdict:ok {language.asked(chance)}"
    ),
    "dates": lambda chance, language, _: (
        f"{language.asked(chance)} after:{_day(chance)} captured-before:{_day(chance)}"
    ),
    "language, site": lambda chance, language, _: (
        f"{language.asked(chance)} language:{language.name} -site:en3.example"
    ),
    "exclusion": lambda chance, language, _: f"{language.asked(chance)} -{language.asked(chance)}",
}
"""Kinds of queries, in turn."""
