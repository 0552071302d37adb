"""What the catalogue holds of a sidecar: the row of a list, and the words that it is found by."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from archiver.access import Rule
from archiver.catalogue.tables import Row
from archiver.catalogue.words import indexed
from archiver.collection.layout import revision_of
from archiver.sidecar import Sidecar


def words_of(row: Row, article: dict[str, Any], text: str) -> tuple[str, ...]:
    """What goes into each column of the index of words."""
    also = _text(article.get("alternativeHeadline"))
    told = (f"{row.headline}\n{also}", row.authors, row.section, row.publisher, _text(article.get("keywords")))
    description = f"{row.description}\n{_text(article.get('correction'))}"
    words = (*told, description, f"{row.final_url} {row.url}")
    return (*map(indexed, words), _labels(row), indexed(text))


def label(name: str, value: str) -> str:
    """One word that says that a property has a value, for questions that must match the whole of it.

    No other word begins with a character for private use: `words.tokens` takes it for no letter, FTS5 for one.
    """
    return MARK + name + value.lower().encode("utf-8", "replace").hex()


MARK = "\ue000"
ANY = f"{MARK}any"
"""The label that every capture has."""


def _labels(row: Row) -> str:
    language = row.language.lower().split("-")
    languages = ["-".join(language[: length + 1]) for length in range(len(language))]
    hosts = {suffix for url in (row.final_url, row.url) for suffix in _suffixes(url)}
    labels = [label("language", one) for one in languages] + [label("site", one) for one in sorted(hosts)]
    return " ".join([ANY, label("verdict", row.verdict), *labels])


def _suffixes(url: str) -> list[str]:
    """The host of a URL and every domain above it."""
    try:
        parts = (urlsplit(url).hostname or "").split(".")
    except ValueError:
        return []
    return [".".join(parts[place:]) for place in range(min(len(parts), 20))]


def instant(claimed: str) -> str:
    """What a date is ordered by: an instant in UTC, else the date as it stands."""
    try:
        at = datetime.fromisoformat(claimed) if "T" in claimed else None
        return at.astimezone(UTC).isoformat() if at and at.tzinfo else claimed
    except (ValueError, OverflowError):
        return claimed


def authors_of(article: dict[str, Any]) -> set[str]:
    """The name of each author."""
    told = article.get("author")
    return {name for one in (told if isinstance(told, list) else [told]) if (name := _text(one))}


def _text(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("name") or value.get("text")
    if isinstance(value, list):
        return ", ".join(filter(None, (_text(item) for item in value)))
    return value if isinstance(value, str) else ""


def row_of(sidecar: Sidecar, path: str) -> Row:
    """Raises ValueError if the capture's own date or status is none."""
    article = sidecar.article
    stated = Rule.described(sidecar.document["rights"], path)
    datetime.fromisoformat(sidecar.captured_at)
    if sidecar.status is not None and not 0 <= sidecar.status <= 999:
        raise ValueError("no HTTP status")
    return Row(
        id=sidecar.id,
        revision=revision_of(path)[0],
        sidecar=path,
        warc=sidecar.warc_file,
        url=sidecar.requested_url,
        final_url=sidecar.final_url,
        captured_at=sidecar.captured_at,
        verdict=sidecar.verdict,
        status=sidecar.status,
        engine=sidecar.document["capture"]["engine"],
        headline=_text(article.get("headline")),
        section=_text(article.get("articleSection")),
        publisher=_text(article.get("publisher")),
        authors=_text(article.get("author")),
        published=_text(article.get("datePublished")),
        modified=_text(article.get("dateModified")),
        language=_text(article.get("inLanguage")),
        description=_text(article.get("description")),
        thumbnail="thumbnail" in sidecar.document["warc"]["records"],
        access=stated.access,
        embargo=stated.until,
    )
