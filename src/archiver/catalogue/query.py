"""The query language of `search` and `list`, and of the web app's search box. docs/catalogue.md explains it to people.

    bridge "grid held" коле*  author:kovalenko  verdict:ok  published-after:2026-11  -language:en

What a query becomes is made only of folded letters and digits in quotes (for FTS5) and of bound values (for SQL), so
no query can be a syntax error of either, or do anything but find.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import get_args

from archiver.catalogue.rows import ANY, label
from archiver.catalogue.words import tokens
from archiver.errors import UsageError
from archiver.model import Verdict
from archiver.words import Words as Tongue
from archiver.words import phrase

MOST_CHARACTERS = 2_000
MOST_PARTS = 50
LESS = phrase("Ask for less at a time.")
HINT = phrase('Words, "phrases", beginn*, field:value and -exclusions are understood; docs/catalogue.md explains them.')

COLUMNS = {
    "headline": "headline",
    "author": "author",
    "section": "section",
    "publisher": "publisher",
    "keyword": "keyword",
    "description": "description",
    "text": "text",
}
"""Fields whose words are looked for in one column."""
DATES = {"published": "published", "modified": "modified", "captured": "captured_at"}
QA = ("pass", "warn", "fail", "none")
"""What `qa:` may be asked for."""
_SIDES = {"after": ">=", "before": "<"}

_PART = re.compile(
    r'(?P<minus>-?)(?:(?P<field>[A-Za-z][A-Za-z-]*):)?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+))(?P<star>\*?)'
)
_DAY = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?\Z")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*\Z")


class BadQuery(UsageError):
    """The query cannot be understood; the message says which part of it, in a sentence."""

    def __init__(self, why: str, hint: str = HINT, **parts: str) -> None:
        """`why` and `hint` are phrases; `{name}` in them stands for one of `parts`, which may be anybody's text."""
        self.why, self.advice, self.parts = why, hint, parts
        super().__init__(*(Tongue().say(one, **parts) for one in (why, hint)))


@dataclass(frozen=True, slots=True)
class Words:
    """Words in this order, side by side."""

    words: tuple[str, ...]
    """Folded."""
    prefix: bool = False
    """Whether the last is only the beginning of a word."""
    column: str = ""
    """The only column to look in; empty: any."""
    is_label: bool = False
    """Whether it is a label, which no other word can be."""

    def expression(self) -> str:
        """As FTS5 reads it (its `fts5_phrase` with a column filter)."""
        column = f"{{{self.column}}} : " if self.column else ""
        return f'{column}"{" ".join(self.words)}"{" *" if self.prefix else ""}'


@dataclass(frozen=True, slots=True)
class Where:
    """A condition in SQL on the rows of a capture in `keys` and `captures`."""

    sql: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One condition of a query."""

    condition: Words | Where
    excluded: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A query as understood: all its parts must hold."""

    parts: tuple[Part, ...] = ()

    @property
    def match(self) -> str:
        """The FTS5 expression; empty where it asks for no words."""
        words: dict[bool, list[str]] = {False: [], True: []}
        for part in self.parts:
            if isinstance(part.condition, Words):
                words[part.excluded].append(f"({part.condition.expression()})")
        if not any(words.values()):
            return ""
        wanted = " AND ".join(words[False]) or f'"{ANY}"'
        return f"({wanted}) NOT ({' OR '.join(words[True])})" if words[True] else wanted

    @property
    def weighed(self) -> str:
        """The FTS5 expression of only the words that matches are weighed by; empty where there are none."""
        words = [part.condition for part in self.parts if isinstance(part.condition, Words) and not part.excluded]
        return " AND ".join(f"({one.expression()})" for one in words if not one.is_label)

    @property
    def where(self) -> tuple[list[str], list[str]]:
        """Conditions in SQL and the values for their question marks."""
        wheres = [(part.condition, part.excluded) for part in self.parts if isinstance(part.condition, Where)]
        conditions = [f"{'NOT ' if excluded else ''}({where.sql})" for where, excluded in wheres]
        return conditions, [value for where, _ in wheres for value in where.values]

    @property
    def marks(self) -> list[tuple[str, bool]]:
        """Words to mark in an excerpt: folded, and whether only their beginning counts."""
        found = []
        for part in self.parts:
            if isinstance(part.condition, Words) and not part.excluded and not part.condition.is_label:
                *whole, last = part.condition.words
                found += [*((word, False) for word in whole), (last, part.condition.prefix)]
        return list(dict.fromkeys(found))


EVERYTHING = Query()


def parse(text: str) -> Query:
    """Understand a query. Raises `BadQuery` where that is not possible."""
    if len(text) > MOST_CHARACTERS and len(text := " ".join(dict.fromkeys(text.split()))) > MOST_CHARACTERS:
        raise BadQuery(phrase("The query is longer than {most} characters."), LESS, most=str(MOST_CHARACTERS))
    parts = tuple(dict.fromkeys(_parts(text.translate(_QUOTES))))
    if len(parts) > MOST_PARTS:
        raise BadQuery(phrase("The query has more than {most} parts."), LESS, most=str(MOST_PARTS))
    return Query(parts)


_QUOTES = str.maketrans("“”„‟", '""""')


def _parts(text: str) -> Iterator[Part]:
    if text.count('"') % 2:
        raise BadQuery(phrase("A quotation mark in the query is not closed."))
    place = 0
    while rest := text[place:].lstrip():
        place = len(text) - len(rest)
        part = _PART.match(rest)
        if part is None:
            raise BadQuery(phrase("{part} in the query says nothing to look for."), part=repr(rest.split()[0]))
        place += part.end()
        yield _part(part)


def _part(part: re.Match[str]) -> Part:
    field, value, prefix = (part["field"] or "").lower(), part["phrase"], bool(part["star"])
    excluded = bool(part["minus"])
    if value is None:
        value = part["word"]
        if value in ("AND", "OR", "NOT") and not field:
            hint = phrase("All words of a query must be there; - before a word excludes it; a word OR goes in quotes.")
            raise BadQuery(phrase("{part} between words is not understood."), hint, part=value)
        if not field and re.fullmatch("[A-Za-z-]+:", value):
            raise BadQuery(phrase("{part} in the query is not followed by what to look for."), part=value)
        if field in ("http", "https") and value.startswith("//"):
            field, value = "url", f"{field}:{value}"
        stripped = value.rstrip("*")
        prefix, value = prefix or stripped != value, stripped
    return Part(_condition(field, value, prefix), excluded)


def _condition(field: str, value: str, prefix: bool) -> Words | Where:
    if not field or field in COLUMNS:
        return _words(value, prefix, COLUMNS.get(field, ""))
    if prefix and field != "url":
        raise BadQuery(phrase("{field}: takes a whole value, not the beginning of one."), field=field)
    if field in _WHOLE:
        return _WHOLE[field](value)
    if field == "url":
        return _url(value, prefix)
    which, _, side = field.rpartition("-")
    if side in _SIDES and which in ("", *DATES):
        return _date(DATES[which or "published"], side, value)
    fields = ", ".join([*COLUMNS, *_WHOLE, "url", "after", "before", *(f"{name}-after" for name in DATES)])
    raise BadQuery(
        phrase("There is no field {field} to search in."),
        phrase("Fields are: {fields} and so on."),
        field=repr(field),
        fields=fields,
    )


def _words(value: str, prefix: bool, column: str) -> Words:
    if "*" in value:
        raise BadQuery(phrase("{part}: a * can only stand at the end."), part=repr(value))
    words = tuple(tokens(value))
    if not words:
        raise BadQuery(phrase("{part} in the query holds no letter and no digit."), part=repr(value))
    if prefix and len(words[-1]) < 2 and words[-1].isascii():
        raise BadQuery(
            phrase("{part}: the beginning of a word must have two letters at least."), part=repr(value + "*")
        )
    return Words(words, prefix, column)


def _verdict(value: str) -> Words:
    if value.lower() not in get_args(Verdict):
        raise BadQuery(
            phrase("{part} is no verdict."),
            phrase("Verdicts are: {all}."),
            part=repr(value),
            all=", ".join(get_args(Verdict)),
        )
    return Words((label("verdict", value),), is_label=True)


def _language(value: str) -> Words:
    if not _LANGUAGE.match(value):
        raise BadQuery(
            phrase("{part} is no language."), phrase("Write it as pages do: en, uk, pt-BR."), part=repr(value)
        )
    return Words((label("language", value.replace("_", "-")),), is_label=True)


def _site(value: str) -> Words:
    host = value.lower().removeprefix("https://").removeprefix("http://").strip("/.")
    try:
        host = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        host = ""
    if not re.fullmatch(r"[a-z0-9_.:\[\]-]+", host):
        raise BadQuery(
            phrase("{part} is no site."), phrase("Name a host or a domain, such as news.example."), part=repr(value)
        )
    return Words((label("site", host.partition(":")[0]),), is_label=True)


def _url(value: str, prefix: bool) -> Where:
    if not prefix:
        return Where("captures.final_url = ? OR captures.url = ?", (value, value))
    within = "captures.{0} >= ? AND captures.{0} < ?"
    last = value + "\U0010ffff"
    return Where(f"{within.format('final_url')} OR {within.format('url')}", (value, last, value, last))


def _identity(value: str) -> Where:
    return Where("keys.id = ?", (value,))


def _qa(value: str) -> Where:
    """Of captures whose replay was checked, or of those where it was not: `none`."""
    if value.lower() not in QA:
        raise BadQuery(
            phrase("{part} is nothing that a check of replay comes to."),
            phrase("It comes to: {all}."),
            part=repr(value),
            all=", ".join(QA),
        )
    return Where("keys.qa = ?", (value.lower().replace("none", ""),))


def _date(column: str, side: str, value: str) -> Where:
    """Compared as text: a date that is less exact counts as its beginning, and none is neither before nor after."""
    if not _DAY.match(value):
        raise BadQuery(
            phrase("{part} is no date."),
            phrase("Write a year, a month or a day: 2026, 2026-11 or 2026-11-22."),
            part=repr(value),
        )
    present = "" if side == "after" else f"keys.{column} != '' AND "
    return Where(f"{present}keys.{column} {_SIDES[side]} ?", (value,))


_WHOLE: dict[str, Callable[[str], Words | Where]] = {
    "language": _language,
    "verdict": _verdict,
    "site": _site,
    "id": _identity,
    "qa": _qa,
}
"""Fields that are asked for a whole value."""
