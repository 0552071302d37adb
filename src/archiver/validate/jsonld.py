"""Articles described in JSON-LD with the words of schema.org, alone or among others (lists, `@graph`)."""

import re
from collections.abc import Iterator
from typing import Any

from archiver import schema
from archiver.jsontext import pointer
from archiver.model import Finding
from archiver.schema import Problem
from archiver.validate.places import located

ARTICLES = frozenset((
    "Article", "NewsArticle", "AnalysisNewsArticle", "AskPublicNewsArticle", "BackgroundNewsArticle",
    "OpinionNewsArticle", "Report", "ReportageNewsArticle", "ReviewNewsArticle", "BlogPosting", "LiveBlogPosting",
    "SocialMediaPosting",
))  # fmt: skip
"""Types of schema.org that news sites give their articles."""
_EXPECTED = ("datePublished", "author", "publisher")
_PREFIXES = ("http://schema.org/", "https://schema.org/", "schema:")


def is_schema_org(document: Any) -> bool:
    """Whether it is JSON-LD whose words are those of schema.org."""
    first = document[0] if isinstance(document, list) and document else document
    context = first.get("@context") if isinstance(first, dict) else None
    for one in context if isinstance(context, list) else [context]:
        vocabulary = one.get("@vocab") if isinstance(one, dict) else one
        if isinstance(vocabulary, str) and re.match("https?://(www[.])?schema[.]org(/|$)", vocabulary):
            return True
    return False


def judge_jsonld(document: Any, content: bytes, where: str) -> list[Finding]:
    """Every article in it; what is not told but should be is a warning."""
    problems = [problem for path, node in _articles(document, ()) for problem in _of_article(node, path)]
    if not any(True for _ in _articles(document, ())):
        hint = "Articles are, for example, of @type NewsArticle."
        problems = [Problem("", "jsonld-no-article", "no article is described in it", hint, "warning")]
    return located(problems, content.decode(), where)


def _articles(node: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _articles(item, (*path, index))
    elif isinstance(node, dict):
        types = node.get("@type")
        if {_word(one) for one in (types if isinstance(types, list) else [types])} & ARTICLES:
            yield path, node
        yield from _articles(node.get("@graph"), (*path, "@graph"))


def _of_article(node: dict[str, Any], path: tuple[str | int, ...]) -> Iterator[Problem]:
    place = pointer(*path)
    for problem in schema.problems(node, "news-article"):
        yield Problem(place + problem.pointer, problem.code, problem.message, problem.hint, problem.level)
    for name in _EXPECTED:
        if name not in node:
            yield Problem(f"{place}/{name}", "jsonld-expected", f"{name} is not told", "", "warning")
    published, modified = node.get("datePublished"), node.get("dateModified")
    if isinstance(published, str) and isinstance(modified, str) and modified[:10] < published[:10]:
        message = f"{modified[:40]} is earlier than datePublished, {published[:40]}"
        yield Problem(f"{place}/dateModified", "date-modified-before-published", message, "", "warning")


def _word(term: Any) -> str:
    text = term if isinstance(term, str) else ""
    return next((text.removeprefix(prefix) for prefix in _PREFIXES if text.startswith(prefix)), text)
