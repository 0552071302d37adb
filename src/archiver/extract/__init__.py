"""What a page says about itself, told by several independent voices: assertions, each with where it came from.

A voice reads a `Page` and yields `Found` values. None of them is trusted alone, and none may end the capture: one
that breaks on a page yields nothing and is reported. Which claim counts is `archiver.sidecar.choose`'s business.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Literal

from archiver import __version__
from archiver.extract import dating, meta, readable, schemaorg, visible, zones
from archiver.extract.facts import facts as html_facts
from archiver.extract.feed import FeedEntry
from archiver.extract.feed import claims as feed_claims
from archiver.extract.page import MAX_BYTES, Page, decode
from archiver.extract.text import ArticleText
from archiver.extract.values import Found, confidence_of, raw_text, value_of
from archiver.model import Finding, PageFacts, now, timestamp
from archiver.sidecar import Agent, Assertion

Report = Callable[[Finding], None]
Voice = Callable[[], Iterable[Found]]
Source = Literal["served", "rendered"]

_VOICES: dict[str, Callable[[Page], Iterable[Found]]] = {
    "json-ld": schemaorg.json_ld,
    "microdata": schemaorg.microdata,
    "rdfa": schemaorg.rdfa,
    "meta": meta.claims,
    "page": visible.claims,
    "trafilatura": readable.claims,
    "htmldate": dating.claims,
    "url": visible.address,
}
"""Method → who speaks by it."""
_RENDERED = ("json-ld", "microdata", "rdfa", "meta", "page")
_OF_STORIES = ("articleSection", "author", "correction", "dateModified", "datePublished", "timeRequired", "wordCount")
"""What a page that is but a list of stories has none of itself."""
_OTHER_SOFTWARE = {"trafilatura": readable.agent, "htmldate": dating.agent}


def unheard(_finding: Finding) -> None:
    """The listener that does not care."""


def page_of(html: bytes | str, url: str, *, charset: str | None = None) -> Page:
    """The page `html` from `url`, to be read by several of the functions here without parsing it again."""
    return Page(decode(html, charset) if isinstance(html, bytes) else html[:MAX_BYTES], url)


def assertions(
    html: bytes | str | Page,
    url: str,
    *,
    charset: str | None = None,
    feed: FeedEntry | None = None,
    at: datetime | None = None,
    source: Source | None = None,
    report: Report = unheard,
) -> list[Assertion]:
    """What the page `html` from `url` says about its article; every value is one that the schema accepts.

    `charset` is what the HTTP header named, `feed` the entry through which the page was found, if any. Never fails: a
    voice that breaks on the page is a finding, given to `report`. There is always a headline, at worst the URL's own
    words; so a document that is no HTML is described by passing `""`.
    """
    page = html if isinstance(html, Page) else page_of(html, url, charset=charset)
    voices: dict[str, Voice] = {method: partial(voice, page) for method, voice in _VOICES.items()}
    if feed:
        voices["feed"] = partial(feed_claims, feed)
    return _heard(page, voices, timestamp(at or now(), micro=True), source, report)


def rendered(page: Page, served: Iterable[Assertion], *, report: Report = unheard) -> list[Assertion]:
    """What the page says beyond `served` once its scripts have run: `page` is what they left of it.

    Only the voices of data and of what a reader sees are heard again. All is claimed at the time of `served`.
    """
    known = list(served)
    told = {(one.about, one.method, json.dumps(one.value)) for one in known}
    moment = max((one.at for one in known), default=timestamp(now(), micro=True))
    voices = {method: partial(_VOICES[method], page) for method in _RENDERED}
    heard = _heard(page, voices, moment, "rendered", report)
    return [one for one in heard if (one.about, one.method, json.dumps(one.value)) not in told]


def _heard(page: Page, voices: Mapping[str, Voice], at: str, source: Source | None, report: Report) -> list[Assertion]:
    claimed: list[Assertion] = []
    for method, voice in voices.items():
        by = _OTHER_SOFTWARE[method]() if method in _OTHER_SOFTWARE else Agent("software", "archiver", __version__)
        found: list[tuple[Found, Any]] = []
        _guarded(partial(_hear, voice, page, found), method, page.url, report)
        for one, value in found:
            about, path, sure = f"/article/{one.name}", one.path[:500], confidence_of(one, value)
            claimed.append(Assertion(about, value, method, by, at, raw_text(one.raw), path, sure, source=source))
    _guarded(lambda: claimed.extend(list(zones.placed(claimed))), "zones", page.url, report)
    return claimed


def article_text(page: Page, *, report: Report = unheard) -> ArticleText:
    """The article's paragraphs without its headline and what surrounds it; empty where none are found. Never fails."""
    text: list[ArticleText] = []
    _guarded(lambda: text.append(page.article), "text", page.url, report)
    return text[0] if text else ArticleText()


def facts(page: Page, claims: Iterable[Assertion], *, report: Report = unheard) -> PageFacts | None:
    """What the page is judged by, as far as its HTML tells; `claims` are its assertions.

    Never fails: what would is reported, and gives None.
    """
    found: list[PageFacts] = []
    _guarded(lambda: found.append(html_facts(page, list(claims))), "facts", page.url, report)
    return found[0] if found else None


def _hear(voice: Voice, page: Page, heard: list[tuple[Found, Any]]) -> None:
    """Add what a voice finds, each with its value for the article; what has none is left out."""
    for found in voice():
        if page.is_list and found.name in _OF_STORIES:
            continue
        if (value := value_of(found, page)) is not None:
            heard.append((found, value))


def _guarded(read: Callable[[], None], method: str, url: str, report: Report) -> None:
    """Run `read`; if it breaks, report that: voices lean on other people's parsers of hostile pages."""
    try:
        read()
    except Exception as error:  # noqa: BLE001
        message = f"the page could not be read to its end by {method} ({type(error).__name__})"
        report(Finding("warning", "extract-voice", url, message, "What else was found stands; nothing is lost."))
