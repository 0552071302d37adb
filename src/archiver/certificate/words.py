"""The certificate's words in the languages that it speaks."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from archiver.dates import Moment

Language = Literal["en", "uk"]


@dataclass(frozen=True, slots=True)
class Words:
    """One language's. What it has no word for stays English."""

    language: Language = "en"
    table: dict[str, str] = field(default_factory=dict)
    months: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By the English name: alone, and after a day."""

    @classmethod
    def of(cls, language: Language) -> "Words":
        """Those of a language."""
        if language == "en":
            return cls()
        told = tomllib.loads(Path(__file__).with_name(f"{language}.toml").read_text("utf-8"))
        return cls(language, told["words"], told["months"])

    def say(self, english: str) -> str:
        """A text of the page."""
        return self.table.get(english, english)

    def date(self, moment: Moment) -> str:
        """A date; one that is none stays as it was claimed."""
        first, *rest = parts = moment.words.split(" ")
        if first in self.months and moment.machine:
            return " ".join([self.months[first][0], *rest])
        return " ".join(self.months[one][1] if one in self.months and moment.machine else one for one in parts)
