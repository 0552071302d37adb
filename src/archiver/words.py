"""The words of our pages in the languages that they speak: English in the templates, others in a table beside them.

Babel's only home: which form of a noun goes with a number, and how numbers are written (Unicode CLDR).
"""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from babel import Locale, UnknownLocaleError
from babel.numbers import format_decimal

from archiver.dates import Moment

Language = Literal["en", "uk"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


def phrase(english: str) -> str:
    """Mark a text that a template says later, by a name: so it is known that it needs a line in every language."""
    return english


@dataclass(frozen=True, slots=True)
class Words:
    """One language's. What it has no word for stays English."""

    language: Language = "en"
    table: dict[str, str] = field(default_factory=dict)
    """By the English text."""
    months: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By the English name: alone, and after a day."""
    counted: dict[str, dict[str, str]] = field(default_factory=dict)
    """What is counted, by the English singular: its forms by CLDR's plural category (one, few, many, other)."""

    @classmethod
    def of(cls, language: Language, *folders: Path) -> "Words":
        """Those of a language, from `<language>.toml` in `folders`: tables `words`, `months`, `counted`."""
        told = cls(language)
        for folder in folders if language != "en" else ():
            tables = tomllib.loads((folder / f"{language}.toml").read_text("utf-8"))
            told.table.update(tables["words"])
            told.months.update(tables.get("months", {}))
            told.counted.update(tables.get("counted", {}))
        return told

    def say(self, english: str, **values: Any) -> str:
        """A text of the page; `{name}` in it is replaced. Not escaped: the template does that."""
        told = self.table.get(english, english)
        for name, value in values.items():
            told = told.replace(f"{{{name}}}", str(value))
        return told

    def count(self, number: int, one: str, many: str) -> str:
        """A number and what is counted: `count(2, "capture", "captures")`."""
        from babel import Locale  # which takes a moment to load: queries use this module for its texts alone

        category = Locale(self.language).plural_form(number)
        forms = self.counted.get(one, {})
        noun = forms.get(category) or forms.get("other") or (one if number == 1 else many)
        return f"{self.number(number)} {noun}"

    def number(self, value: float) -> str:
        """A number as the language writes it; no language parts three digits, and most numbers have no more."""
        if isinstance(value, int) and 0 <= value < 1000:
            return str(value)
        return str(format_decimal(value, locale=self.language))

    def tongue(self, tag: str) -> str:
        """The name of a language by its tag (RFC 5646); what is none stays as it was claimed."""
        try:
            name = Locale.parse(tag, sep="-").get_display_name(self.language)
        except (ValueError, UnknownLocaleError):
            return tag
        return f"{name[:1].upper()}{name[1:]}" if name else tag

    def date(self, moment: Moment) -> str:
        """A date; one that is none stays as it was claimed."""
        first, *rest = parts = moment.words.split(" ")
        if first in self.months and moment.machine:
            return " ".join([self.months[first][0], *rest])
        return " ".join(self.months[one][1] if one in self.months and moment.machine else one for one in parts)
