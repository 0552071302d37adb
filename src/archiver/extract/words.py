"""The words by which pages tell what is what, in the languages of their readers; they are in `words.toml`."""

import re
import tomllib
from functools import cache
from importlib.resources import files


@cache
def _tables() -> dict[str, dict[str, list[str]]]:
    tables: dict[str, dict[str, list[str]]] = tomllib.loads(
        (files("archiver.extract") / "words.toml").read_text("utf-8")
    )
    return tables


@cache
def listed(kind: str) -> frozenset[str]:
    """The words of a kind, of all languages."""
    return frozenset(word for words in _tables()[kind].values() for word in words)


@cache
def pattern(kind: str, form: str) -> re.Pattern[str]:
    """`form` with `{}` standing for any of a kind's expressions, the longest first; case is no difference."""
    expressions = sorted(listed(kind), key=lambda one: (-len(one), one))
    return re.compile(form.replace("{}", f"(?:{'|'.join(expressions)})"), re.IGNORECASE)


@cache
def months() -> tuple[tuple[str, ...], ...]:
    """How the names of each month begin."""
    return tuple(tuple(names) for names in _tables()["months"].values())
