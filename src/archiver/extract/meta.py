"""The voice of the document's head (OpenGraph, article:*, Dublin Core, `<html lang>`) and of its microdata."""

from collections.abc import Iterator

from archiver.extract.page import Page
from archiver.extract.values import Found, clean

_META: dict[str, tuple[tuple[str, float], ...]] = {
    "headline": (("og:title", 0.8), ("twitter:title", 0.7), ("dc.title", 0.7), ("parsely-title", 0.8)),
    "publisher": (("og:site_name", 0.8), ("dc.publisher", 0.7), ("application-name", 0.5)),
    "datePublished": (
        ("article:published_time", 0.9),
        ("og:published_time", 0.85),
        ("parsely-pub-date", 0.85),
        ("sailthru.date", 0.8),
        ("cxenseparse:recs:publishtime", 0.8),
        ("datepublished", 0.8),
        ("publish-date", 0.75),
        ("pubdate", 0.75),
        ("dc.date.issued", 0.75),
        ("dcterms.created", 0.7),
        ("dc.date", 0.65),
        ("date", 0.6),
    ),
    "dateModified": (
        ("article:modified_time", 0.9),
        ("og:updated_time", 0.8),
        ("datemodified", 0.8),
        ("dcterms.modified", 0.7),
        ("lastmod", 0.7),
        ("last-modified", 0.5),
    ),
    "inLanguage": (("og:locale", 0.7), ("dc.language", 0.6), ("language", 0.5), ("content-language", 0.5)),
    "articleSection": (("article:section", 0.8), ("parsely-section", 0.8), ("section", 0.5)),
    "description": (("og:description", 0.8), ("description", 0.75), ("twitter:description", 0.7)),
    "image": (("og:image", 0.8), ("twitter:image", 0.7)),
    "url": (("og:url", 0.7),),
}
"""Property → names of `<meta>` that may carry it, each with its confidence."""
_LISTS: dict[str, tuple[tuple[str, float], ...]] = {
    "author": (("parsely-author", 0.8), ("author", 0.75), ("article:author", 0.7), ("dc.creator", 0.7)),
    "keywords": (("article:tag", 0.8), ("news_keywords", 0.75), ("keywords", 0.6)),
}
"""Properties whose every occurrence counts."""
_ATTRIBUTES = ("property", "name", "itemprop", "http-equiv")
_ITEM = (
    "//*[@itemscope][contains(@itemtype, 'schema.org/') and "
    "(contains(@itemtype, 'Article') or contains(@itemtype, 'BlogPosting') or contains(@itemtype, 'Report'))]"
)
_ITEM_PROPERTIES = ("headline", "datePublished", "dateModified", "articleSection", "inLanguage")


def claims(page: Page) -> Iterator[Found]:
    """What the head says of the page as a whole."""
    said = _said(page)
    for name, keys in (*_META.items(), *_LISTS.items()):
        for key, confidence in keys:
            for attribute in _ATTRIBUTES:
                if contents := said.get((attribute, key)):
                    yield Found(name, _raw(name, contents), f'meta[{attribute}="{key}"]', confidence)
    for language in page.tree.xpath("/html/@lang")[:1]:
        yield Found("inLanguage", language, "html[lang]", 0.8)
    for address in page.tree.xpath("//link[@rel='canonical']/@href")[:1]:
        yield Found("url", address, 'link[rel="canonical"]', 0.9)


def _raw(name: str, contents: list[str]) -> str | list[str]:
    """The first of several tags of one name, but all of them where each is one author or key word."""
    return contents[0] if name in _META or len(contents) == 1 else contents[:100]


def microdata(page: Page) -> Iterator[Found]:
    """What a schema.org item that holds the page's first `<h1>`, or is the only one, says of itself."""
    items = page.tree.xpath(_ITEM)
    holding = [item for item in items if item.xpath(".//h1")]
    if not (len(items) == 1 or len(holding) == 1):
        return
    item = (holding or items)[0]
    for name in _ITEM_PROPERTIES:
        for element in item.xpath(f".//*[@itemprop='{name}']"):
            if _owner(element) is item:
                raw = element.get("content") or element.get("datetime") or element.text_content()
                yield Found(name, raw, f'[itemprop="{name}"]', 0.8)
                break


def _owner(element: object) -> object:
    """The item that an `itemprop` belongs to: the nearest `itemscope` around it."""
    for ancestor in element.iterancestors():  # type: ignore[attr-defined]
        if ancestor.get("itemscope") is not None:
            return ancestor
    return None


def _said(page: Page) -> dict[tuple[str, str], list[str]]:
    """(attribute, name in lower case) → contents, in the order of the page."""
    said: dict[tuple[str, str], list[str]] = {}
    for element in page.tree.xpath("//meta[@content]"):
        for attribute in _ATTRIBUTES:
            if (name := element.get(attribute)) and clean(element.get("content")):
                said.setdefault((attribute, name.strip().lower()), []).append(element.get("content"))
    return said
