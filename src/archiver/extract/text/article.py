"""The article's text as the archive keeps it: paragraphs, each with its kind."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal

from archiver.verdict import count_words

Kind = Literal["paragraph", "heading", "quote", "list-item", "caption"]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of the article."""

    kind: Kind
    text: str
    """On one line, white space single."""


@dataclass(frozen=True, slots=True)
class ArticleText:
    """What the article says, without its headline and what surrounds it; empty where none was found."""

    paragraphs: tuple[Paragraph, ...] = ()

    @property
    def plain(self) -> str:
        """The texts, a paragraph a line."""
        return "\n".join(one.text for one in self.paragraphs)

    @property
    def words(self) -> int:
        """How many words, as verdicts count them."""
        return count_words(self.plain)

    def as_json(self) -> dict[str, Any]:
        """The document of the record `urn:article:URL`."""
        return {"paragraphs": [{"kind": one.kind, "text": one.text} for one in self.paragraphs]}

    def encoded(self) -> bytes:
        """That document as the record's body: UTF-8, the same bytes for the same paragraphs."""
        return json.dumps(self.as_json(), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")

    @property
    def sha256(self) -> str:
        """Of `encoded()`, in hexadecimal."""
        return hashlib.sha256(self.encoded()).hexdigest()
