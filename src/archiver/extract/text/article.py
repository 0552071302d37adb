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
        """The texts without the captions, which are no part of what the article says; a paragraph a line."""
        return "\n".join(one.text for one in self.paragraphs if one.kind != "caption")

    @property
    def words(self) -> int:
        """How many words the plain text has, as verdicts count them."""
        return count_words(self.plain)

    def as_json(self) -> dict[str, Any]:
        """The document of the record `urn:article:URL`."""
        return {"paragraphs": [{"kind": one.kind, "text": one.text} for one in self.paragraphs]}

    def encoded(self) -> bytes:
        """That document as the record's body."""
        return json.dumps(self.as_json(), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")

    def summary(self) -> dict[str, Any]:
        """The sidecar's `warc.articleText`; empty where there is no text."""
        if not self.paragraphs:
            return {}
        sha256 = hashlib.sha256(self.plain.encode("utf-8", "replace")).hexdigest()
        return {"sha256": sha256, "paragraphs": len(self.paragraphs), "words": self.words}
