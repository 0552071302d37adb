"""Texts of pages made comparable: one line, no tags, or letters alone. Pure, and never failing."""

import html
import re
from typing import Any

from archiver.sidecar import plain

_TAG = re.compile(r"</?[A-Za-z][^<>]{0,500}>")


def clean(raw: Any, length: int = 1000) -> str:
    """One line of text: entities resolved, tags dropped, white space single; empty if it is no text."""
    if not isinstance(raw, str):
        return ""
    text = _TAG.sub(" ", html.unescape(raw[: 20 * length]))
    return " ".join(plain(text).split())[:length].strip()


def fold(text: str) -> str:
    """Letters and digits alone: case, spacing and punctuation are no difference."""
    return "".join(character for character in text.casefold() if character.isalnum())
