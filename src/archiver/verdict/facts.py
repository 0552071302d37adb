"""From what an engine or a parser found on a page to the facts that it is judged by."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Any

from archiver.model import PageFacts
from archiver.verdict import marks

TEXT = 20_000
"""Characters of the text that are kept for the rules to look at."""
OVERLAY = 1000

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]|[^\W_](?:[^\W_\u3040-\u30ff\u3400-\u9fff]|['’-](?=\w))*")
_ARTICLE = re.compile(r'"@type"\s*:\s*\[?\s*"[^"]{0,40}(Article|Posting|Report)"')


def count_words(text: str) -> int:
    """Words of a text; in scripts without spaces between words (Chinese, Japanese, Thai) every letter is one."""
    return sum(1 for _ in _WORD.finditer(text))


def page_facts(
    *,
    title: str,
    headings: Sequence[str],
    text: str,
    main_words: int,
    names: Iterable[str],
    sources: Sequence[str],
    **others: Any,
) -> PageFacts:
    """The facts of a page: `names` are its ids and classes, `sources` addresses of its scripts and frames, the
    beginnings of its inline scripts, and its JSON-LD; `others` are fields of `PageFacts` as they are.
    """
    named, sourced = "\n".join(names), "\n".join(sources)
    known = [word for word in re.findall(r"\w+", text.casefold()) if not re.search(r"\d", word)]
    overlay = "\n".join(line for line in others.pop("overlay", "").splitlines() if line.strip())
    return PageFacts(
        title=" ".join(title.split())[:OVERLAY],
        headings=tuple(" ".join(one.split())[:OVERLAY] for one in headings[:20]),
        text=text[:TEXT],
        words=count_words(text),
        main_words=main_words,
        digest=hashlib.sha256(" ".join(known).encode("utf-8", "replace")).hexdigest(),
        is_article=bool(others.pop("is_article", False) or _ARTICLE.search(sourced)),
        challenges=marks.products(marks.CHALLENGES, named, sourced),
        widgets=marks.products(marks.WIDGETS, named, sourced),
        paywalls=marks.products(marks.PAYWALLS, named, sourced),
        consents=marks.products(marks.CONSENTS, named, sourced),
        overlay=overlay[:OVERLAY],
        **others,
    )
