"""What a page says about itself, told by several independent voices: assertions, each with where it came from.

A voice reads a `Page` and yields `Found` values. None of them is trusted alone, and none may end the capture: one
that breaks on a page yields nothing and is reported. Which claim counts is `archiver.sidecar.choose`'s business.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

from archiver import __version__
from archiver.extract import dating, meta, readable, schemaorg, visible, zones
from archiver.extract.facts import facts as html_facts
from archiver.extract.page import MAX_BYTES, Page, decode
from archiver.extract.text import ArticleText
from archiver.extract.values import Found, confidence_of, raw_text, value_of
from archiver.model import Finding, PageFacts, now, timestamp
from archiver.sidecar import Agent, Assertion

Report = Callable[[Finding], None]

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
    at: datetime | None = None,
    report: Report = unheard,
) -> list[Assertion]:
    """What the page `html` from `url` says about its article; every value is one that the schema accepts.

    `charset` is what the HTTP header named. Never fails: a voice that breaks on the page is a finding, given to
    `report`. There is always a headline, at worst the URL's own words; so a document that is no HTML is described
    by passing `""`.
    """
    page = html if isinstance(html, Page) else page_of(html, url, charset=charset)
    moment = timestamp(at or now(), micro=True)
    claimed: list[Assertion] = []
    for method, voice in _VOICES.items():
        by = _OTHER_SOFTWARE[method]() if method in _OTHER_SOFTWARE else Agent("software", "archiver", __version__)
        heard: list[tuple[Found, Any]] = []
        _guarded(partial(_hear, voice, page, heard), method, url, report)
        for found, value in heard:
            about, raw = f"/article/{found.name}", raw_text(found.raw)
            confidence = confidence_of(found, value)
            claimed.append(Assertion(about, value, method, by, moment, raw, found.path[:500], confidence))
    _guarded(lambda: claimed.extend(list(zones.placed(claimed))), "zones", url, report)
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


def _hear(voice: Callable[[Page], Iterable[Found]], page: Page, heard: list[tuple[Found, Any]]) -> None:
    """Add what a voice finds, each with its value for the article; what has none is left out."""
    for found in voice(page):
        if (value := value_of(found, page)) is not None:
            heard.append((found, value))


def _guarded(read: Callable[[], None], method: str, url: str, report: Report) -> None:
    """Run `read`; if it breaks, report that: voices lean on other people's parsers of hostile pages."""
    try:
        read()
    except Exception as error:  # noqa: BLE001
        message = f"the page could not be read to its end by {method} ({type(error).__name__})"
        report(Finding("warning", "extract-voice", url, message, "What else was found stands; nothing is lost."))
