"""Collections of invented articles, captured by the real use case from an engine that makes its pages up."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Literal, Self

from archiver.capture import Captured, Terms, capture_url
from archiver.collection import Collection
from archiver.model import (
    Exchange,
    Fidelity,
    Item,
    Limits,
    PageInfo,
    Request,
    RequestNote,
    Resource,
    Response,
    new_body,
    timestamp,
)

CAPTURED = datetime(2026, 11, 22, 14, 1, 12, 345678, tzinfo=UTC)
PARAGRAPH = "<p>" + "The lines that feed the eastern districts were repaired, and the grid held. " * 12 + "</p>"


@dataclass(frozen=True)
class Invented:
    """One article, and how its capture went."""

    url: str
    headline: str = "Lights are back in the east"
    author: str = "Olena Kovalenko"
    publisher: str = "The Dnipro Courier"
    section: str = "Energy"
    published: str = "2026-11-20T07:30:00+02:00"
    language: str = "en"
    description: str = "Repair crews restored two of three lines before midnight."
    text: str = ""
    """Paragraphs, a line each; left out: some of no interest."""
    days: float = 0
    """After CAPTURED."""
    status: int = 200
    thumbnail: bytes | None = None
    view: bytes | None = None
    """A screenshot, as PNG."""
    missing: tuple[str, ...] = ()

    @property
    def at(self) -> datetime:
        """When it is captured."""
        return CAPTURED + timedelta(days=self.days)

    @property
    def html(self) -> str:
        """The page as its site sends it."""
        claims = {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "headline": self.headline,
            "author": [{"@type": "Person", "name": self.author}],
            "publisher": {"@type": "Organization", "name": self.publisher},
            "datePublished": self.published,
            "articleSection": self.section,
            "description": self.description,
            "inLanguage": self.language,
        }
        said = json.dumps({key: value for key, value in claims.items() if value}).replace("</", "<\\/")
        head = f'<meta charset="utf-8"><title>{escape(self.headline)}</title>'
        head += f'<script type="application/ld+json">{said}</script>'
        told = "".join(f"<p>{escape(line)}</p>" for line in self.text.splitlines()) or PARAGRAPH * 4
        body = f"<article><h1>{escape(self.headline)}</h1>{told}</article>"
        return f'<!doctype html><html lang="{self.language}"><head>{head}</head><body>{body}</body></html>'


class Inventor:
    """An engine whose web is one invented article."""

    name: str = "browser"
    fidelity: Fidelity = "decoded"

    def __init__(self, article: Invented) -> None:
        self.article = article

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        return None

    def capture(self, url: str, limits: Limits) -> Iterator[Item]:
        """The page, what was made of it, and the account of the visit."""
        article, at = self.article, self.article.at
        body = article.html.encode()
        headers = (("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body))))
        response = Response(article.status, "OK", headers, new_body(body))
        yield Exchange(url, at, Request("GET", (("Host", "x"),)), response, "main", "127.0.0.1", ("h2",))
        shown = (article.text or "Text").encode()
        made: list[tuple[Literal["thumbnail", "text", "view"], str, bytes]] = [
            ("text", "text/plain; charset=utf-8", shown)
        ]
        if article.thumbnail:
            made.append(("thumbnail", "image/jpeg", article.thumbnail))
        if article.view:
            made.append(("view", "image/png", article.view))
        for name, kind, content in made:
            yield Resource(name, url, kind, new_body(content), at + timedelta(seconds=3))
        begun = timestamp(at)
        notes = [RequestNote(url, "GET", article.status, "document", begun, 0.3, True)]
        notes += [RequestNote(lost, "GET", 200, "image", begun, 1.0, False, "Too long") for lost in article.missing]
        agents = ("archiver/0.1.0", "chromium/156")
        yield PageInfo(url, url, at, at + timedelta(seconds=9), "browser", "decoded", "UA", agents, tuple(notes))


def add(collection: Collection, article: Invented) -> Captured:
    """Capture one invented article into `collection`."""
    captured = capture_url(article.url, collection, Inventor(article), Terms())
    assert captured.capture_id, captured
    return captured
