"""What walls say. The phrases are in `phrases.toml`, by verdict and language.

Titles are matched whole (a site's name may stand beside them), and lines only where they are short: so a story about
captchas, cookies or error pages is none of these.
"""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

LINE = 150
"""Characters; a longer line is a paragraph of a story."""
MESSAGE = 500
"""The same, on a page that has little more than its message."""
BESIDE = 3
"""So many words may stand in a title beside the phrase, as the site's name."""

_SEPARATOR = re.compile(r"\s*[|·•»]\s*|\s+[-–—:]\s+")
_EDGES = " .,:;!?…\"'“”«»()[]"


@cache
def _patterns(kind: str) -> dict[str, re.Pattern[str]]:
    """`titles`, `lines` or `topics`: one pattern for each word."""
    table = tomllib.loads((files("archiver.verdict") / "phrases.toml").read_text("utf-8"))[kind]
    joined = {
        word: "|".join(phrase for some in languages.values() for phrase in some) for word, languages in table.items()
    }
    return {word: re.compile(pattern) for word, pattern in joined.items()}


def plain(text: str) -> str:
    """Lower case, single spaces, plain apostrophes."""
    return " ".join(text.replace("’", "'").replace("\u02bc", "'").casefold().split())


def titled(word: str, title: str) -> bool:
    """Whether a title or heading is one that pages of this verdict have, with the site's name beside it at most."""
    parts = [part for part in _SEPARATOR.split(plain(title)) if part.strip(_EDGES)]
    for part in parts:
        beside = sum(len(other.split()) for other in parts if other is not part)
        if beside <= BESIDE and _patterns("titles")[word].fullmatch(part.strip(_EDGES)):
            return True
    return False


def lines(word: str, text: str, longest: int = LINE) -> Iterator[str]:
    """The short lines of `text` that say what pages of this verdict say."""
    pattern = _patterns("lines")[word]
    return (one for one in text.splitlines() if len(one) <= longest and pattern.search(plain(one)))


def speaks_of(topic: str, text: str) -> bool:
    """Whether a text has words of a topic: `paywall`, `login`, `newsletter`."""
    return bool(_patterns("topics")[topic].search(plain(text)))
