"""pages.jsonl and extraPages.jsonl of WACZ: a line that says what the list is, then a line for each page."""

from collections.abc import Iterator
from typing import BinaryIO

from archiver import schema
from archiver.model import Finding
from archiver.validate.places import located, told
from archiver.validate.streams import lines, parsed


def judge_pages(stream: BinaryIO, where: str) -> Iterator[Finding]:
    """All lines; empty ones are passed over."""
    pages, seen, headed = 0, set[str](), False
    for line in lines(stream, where):
        if isinstance(line, Finding):
            yield line
            return
        number, content = line
        if not content.strip():
            continue
        document = parsed(content, where, number)
        if isinstance(document, Finding):
            yield document
            continue
        header, headed = not headed, True
        pages += not header
        yield from located(
            schema.problems(document, "pages-header" if header else "page"), content.decode(), where, number
        )
        identity = document.get("id") if isinstance(document, dict) and not header else None
        if isinstance(identity, str) and identity in seen:
            yield told("warning", "page-id", where, number, "another page of the list has the same id")
        seen.add(str(identity))
    if not headed:
        yield told("error", "pages-empty", where, 1, "it has no line that says what the list is")
    elif not pages:
        yield told("warning", "pages-empty", where, 1, "it lists no page")
