"""Feeds of new captures: RSS 2.0 for all collections and for each."""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator
from datetime import datetime
from email.utils import format_datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from archiver.catalogue import searching
from archiver.catalogue.citations import names
from archiver.catalogue.query import EVERYTHING
from archiver.catalogue.searching import Asked, Found
from archiver.dates import claimed, instant
from archiver.web import cards
from archiver.web.conditional import answer
from archiver.web.language import language_of
from archiver.web.site import Site
from archiver.words import Words, phrase

NEWEST = 50
TYPE = "application/rss+xml"
SPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "dc": "http://purl.org/dc/elements/1.1/",
}
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 §2.2 has no place for, escaped or not."""
ABOUT = phrase("New captures, newest first. The date of an item is when it was captured, not when it was published.")
DATED = phrase("Captured {captured}.")
PUBLISHED = phrase("Published {published}, says the publisher. Captured {captured}.")

for prefix, space in SPACES.items():
    ElementTree.register_namespace(prefix, space)


def routes(site: Site) -> list[Route]:
    """`/feed.xml` and `/{name}/feed.xml`."""

    def written(name: str | None, words: Words) -> bytes:
        chosen = cards.chosen(site.root, site.reader, name)
        found = searching.captures(chosen, Asked(EVERYTHING, limit=NEWEST, reader=site.reader), articles=True)
        title = words.say("News archive")
        if name is not None:
            title = f"{dict(cards.collections(site.root, site.reader))[name]} – {title}"
        feed = ElementTree.Element("rss", version="2.0")
        channel = ElementTree.SubElement(feed, "channel")
        place = f"{site.app}/{name}/" if name else f"{site.app}/"
        told = [("title", title), ("link", place), ("description", words.say(ABOUT)), ("language", words.language)]
        _add(channel, [*told, *((("lastBuildDate", _date(found[0])),) if found else ())])
        self = {"href": f"{place}feed.xml", "rel": "self", "type": TYPE}
        ElementTree.SubElement(channel, f"{{{SPACES['atom']}}}link", self)
        for one in found:
            item = ElementTree.SubElement(channel, "item")
            _add(item, _item(site, one, words))
            ElementTree.SubElement(item, "guid", isPermaLink="false").text = one.row.id
        return bytes(ElementTree.tostring(feed, "utf-8", xml_declaration=True))

    async def feed(request: Request) -> Response:
        """The newest captures."""
        words = site.words[language_of(request)]
        body = await run_in_threadpool(written, request.path_params.get("name"), words)
        headers = {"Content-Language": words.language, "Vary": "Cookie, Accept-Language"}
        return answer(request, body, f"{TYPE}; charset=utf-8", headers)

    return [Route("/feed.xml", feed), Route("/{name}/feed.xml", feed)]


def _item(site: Site, one: Found, words: Words) -> Iterator[tuple[str, str]]:
    """The elements of a capture (RSS 2.0, Dublin Core).

    What the publisher says of dates is text only: readers take `dcterms:issued` for the date of the item.
    """
    row = one.row
    yield "title", row.headline or row.final_url
    yield "link", f"{site.app}/{one.collection}/{row.id}"
    captured, published = words.date(instant(row.captured_at)), claimed(row.published)
    said = words.say(PUBLISHED, published=words.date(published), captured=captured) if published else ""
    yield "description", f"{row.description} {said or words.say(DATED, captured=captured)}".strip()
    yield "pubDate", _date(one)
    for name in names((one.article or {}).get("author")):
        yield f"{{{SPACES['dc']}}}creator", name
    if row.section:
        yield "category", row.section


def _date(one: Found) -> str:
    """When it was captured (RFC 5322)."""
    return format_datetime(datetime.fromisoformat(one.row.captured_at))


def _add(parent: ElementTree.Element, told: Iterable[tuple[str, str]]) -> None:
    for name, text in told:
        ElementTree.SubElement(parent, name).text = _ILLEGAL.sub("", text)
