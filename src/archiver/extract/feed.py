"""The voice of the feed entry through which an article was found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from archiver.extract.values import Found


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """What an entry of an RSS, Atom or JSON feed says; texts as they stand there, empty where it says nothing."""

    title: str = ""
    authors: Sequence[str] = ()
    published: str = ""
    """A date in any form that feeds have, RFC 822 or ISO 8601."""
    updated: str = ""
    summary: str = ""
    language: str = ""
    """Of the feed, where the entry has none of its own."""
    publisher: str = ""
    """The feed's title."""
    keywords: Sequence[str] = ()


def claims(entry: FeedEntry) -> Iterator[Found]:
    """What it says of the article; its summary is often cut and its publisher a section."""
    said = (
        ("headline", entry.title, "title", 0.8),
        ("author", list(entry.authors), "author", 0.75),
        ("datePublished", entry.published, "published", 0.85),
        ("dateModified", entry.updated, "updated", 0.75),
        ("description", entry.summary, "summary", 0.6),
        ("inLanguage", entry.language, "language", 0.5),
        ("publisher", entry.publisher, "feed.title", 0.4),
        ("keywords", list(entry.keywords), "category", 0.6),
    )
    return (Found(name, raw, f"entry.{place}", confidence) for name, raw, place, confidence in said if raw)
