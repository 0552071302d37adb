"""The voice of the document's head: OpenGraph, article:*, Twitter, Dublin Core, citation_*, `<html lang>`."""

from collections.abc import Iterator

from archiver.extract.page import Page
from archiver.extract.texts import clean
from archiver.extract.values import Found

_META: dict[str, tuple[tuple[str, float], ...]] = {
    "headline": (
        ("og:title", 0.85),
        ("citation_title", 0.85),
        ("twitter:title", 0.75),
        ("parsely-title", 0.8),
        ("sailthru.title", 0.75),
        ("dc.title", 0.7),
        ("dcterms.title", 0.7),
    ),
    "publisher": (
        ("og:site_name", 0.8),
        ("citation_journal_title", 0.8),
        ("dc.publisher", 0.7),
        ("dcterms.publisher", 0.7),
        ("publisher", 0.6),
        ("application-name", 0.5),
    ),
    "datePublished": (
        ("article:published_time", 0.9),
        ("og:article:published_time", 0.9),
        ("og:published_time", 0.85),
        ("article:published", 0.85),
        ("parsely-pub-date", 0.85),
        ("sailthru.date", 0.8),
        ("cxenseparse:recs:publishtime", 0.8),
        ("datepublished", 0.8),
        ("citation_publication_date", 0.75),
        ("publish-date", 0.75),
        ("publication_date", 0.75),
        ("pubdate", 0.75),
        ("dc.date.issued", 0.75),
        ("dcterms.issued", 0.75),
        ("dcterms.created", 0.7),
        ("dc.date.created", 0.7),
        ("citation_date", 0.65),
        ("dc.date", 0.65),
        ("date", 0.6),
    ),
    "dateModified": (
        ("article:modified_time", 0.9),
        ("og:updated_time", 0.8),
        ("article:updated", 0.8),
        ("datemodified", 0.8),
        ("dcterms.modified", 0.7),
        ("dc.date.modified", 0.7),
        ("lastmod", 0.7),
        ("last-modified", 0.5),
    ),
    "inLanguage": (
        ("og:locale", 0.7),
        ("dc.language", 0.6),
        ("citation_language", 0.6),
        ("language", 0.5),
        ("content-language", 0.5),
    ),
    "articleSection": (("article:section", 0.8), ("parsely-section", 0.8), ("section", 0.5)),
    "description": (
        ("og:description", 0.8),
        ("description", 0.75),
        ("dc.description", 0.7),
        ("twitter:description", 0.7),
    ),
    "image": (("og:image", 0.8), ("og:image:secure_url", 0.75), ("twitter:image", 0.7), ("thumbnail", 0.5)),
    "isAccessibleForFree": (("article:content_tier", 0.8), ("isaccessibleforfree", 0.8)),
    "url": (("og:url", 0.7), ("citation_public_url", 0.6), ("parsely-link", 0.6)),
    "timeRequired": (("twitter:data2", 0.4),),
}
"""Property → names of `<meta>` that may carry it, each with its confidence."""
_LISTS: dict[str, tuple[tuple[str, float], ...]] = {
    "author": (
        ("citation_author", 0.8),
        ("parsely-author", 0.8),
        ("sailthru.author", 0.75),
        ("author", 0.7),
        ("article:author", 0.7),
        ("article:author_name", 0.7),
        ("dc.creator", 0.7),
        ("dcterms.creator", 0.7),
        ("byl", 0.7),
        ("twitter:data1", 0.3),
    ),
    "keywords": (
        ("article:tag", 0.8),
        ("news_keywords", 0.75),
        ("parsely-tags", 0.7),
        ("sailthru.tags", 0.7),
        ("keywords", 0.6),
    ),
}
"""Properties whose every occurrence counts."""
_LABELLED = {"twitter:data1": ("twitter:label1", "by"), "twitter:data2": ("twitter:label2", "reading")}
"""Data that means what it does only beside a label that begins or has this word in it."""
_ATTRIBUTES = ("property", "name", "itemprop", "http-equiv")


def claims(page: Page) -> Iterator[Found]:
    """What the head says of the page as a whole."""
    said = _said(page)
    for name, keys in (*_META.items(), *_LISTS.items()):
        for key, confidence in keys:
            for attribute in _ATTRIBUTES:
                contents = said.get((attribute, key))
                if contents and (key not in _LABELLED or _is_labelled(said, attribute, key)):
                    yield Found(name, _raw(name, contents), f'meta[{attribute}="{key}"]', confidence)
    for language in page.tree.xpath("/html/@lang")[:1]:
        yield Found("inLanguage", language, "html[lang]", 0.8)
    for address in page.tree.xpath("//link[@rel='canonical']/@href")[:1]:
        yield Found("url", address, 'link[rel="canonical"]', 0.9)


def _is_labelled(said: dict[tuple[str, str], list[str]], attribute: str, key: str) -> bool:
    label, word = _LABELLED[key]
    return any(word in told.lower() for told in said.get((attribute, label), ()))


def _raw(name: str, contents: list[str]) -> str | list[str]:
    """The first of several tags of one name, but all of them where each is one author or key word."""
    return contents[0] if name in _META or len(contents) == 1 else contents[:100]


def _said(page: Page) -> dict[tuple[str, str], list[str]]:
    """(attribute, name in lower case) → contents, in the order of the page."""
    said: dict[tuple[str, str], list[str]] = {}
    for element in page.tree.xpath("//meta[@content]"):
        for attribute in _ATTRIBUTES:
            if (name := element.get(attribute)) and clean(element.get("content")):
                said.setdefault((attribute, name.strip().lower()), []).append(element.get("content"))
    return said
