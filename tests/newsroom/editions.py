"""What the newspaper says, in its two languages; read from `content/*.toml`."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

CONTENT = Path(__file__).parent / "content"
LANGUAGES = ("en", "uk")
ITEMS_A_PAGE = 3

MONTHS = {
    "en": "January, February, March, April, May, June, July, August, September, October, November, December",
    "uk": "січня, лютого, березня, квітня, травня, червня, липня, серпня, вересня, жовтня, листопада, грудня",
}


@dataclass(frozen=True, slots=True)
class Story:
    """A short story of the feed."""

    slug: str
    scene: str
    section: str
    title: str
    published: datetime
    text: Sequence[str]


@dataclass(frozen=True, slots=True)
class Edition:
    """The newspaper in one language. The tables are those of the TOML file."""

    language: str
    site: dict[str, str]
    words: dict[str, Any]
    author: dict[str, Any]
    article: dict[str, Any]
    comments: list[dict[str, Any]]
    stories: tuple[Story, ...]

    def story(self, slug: str) -> Story:
        """The story `slug`; raises KeyError when there is none."""
        return {story.slug: story for story in self.stories}[slug]

    def section_path(self, section: str) -> str:
        """Where the stories of `section` are."""
        return f"/{self.language}/sections/{self.words['sections'].index(section) + 1}"

    def feed_page(self, number: int) -> tuple[Story, ...]:
        """Page `number` of the feed, from 1; the item that the article page itself shows is on none of them."""
        first = 1 + (number - 1) * ITEMS_A_PAGE
        return self.stories[first : first + ITEMS_A_PAGE]

    def written(self) -> Iterator[tuple[str, str]]:
        """Kind and text of each paragraph of the article, as its editors wrote them."""
        yield "paragraph", self.article["standfirst"]
        yield "caption", self.article["caption"]
        for part in self.article["parts"]:
            if part["kind"] == "chart":
                yield "caption", f"{self.words['chart']} {self.words['chart_note']}"
            elif part["kind"] == "video":
                yield "caption", part["caption"]
            elif part["kind"] != "card":
                yield part["kind"], re.sub("<.*?>", "", part["text"])
            if part["kind"] == "quote":
                yield "quote", part["by"]

    def day(self, at: datetime) -> str:
        """`at` as a reader of this edition writes a day."""
        return f"{at.day} {MONTHS[self.language].split(', ')[at.month - 1]} {at.year}"


@cache
def edition(language: str) -> Edition:
    """The edition in `language`, one of LANGUAGES; raises KeyError for another."""
    if language not in LANGUAGES:
        raise KeyError(language)
    tables = tomllib.loads((CONTENT / f"{language}.toml").read_text(encoding="utf-8"))
    stories = tuple(Story(**story) for story in tables.pop("stories"))
    return Edition(language=language, stories=stories, **tables)
