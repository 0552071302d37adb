"""What a page says about itself, told by several independent voices: assertions, each with where it came from.

A voice reads a `Page` and yields `Found` values. None of them is trusted alone, and none may end the capture: one
that breaks on a page yields nothing and is reported. Which claim counts is `archiver.sidecar.choose`'s business.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from archiver import __version__
from archiver.extract import jsonld, meta, readable, visible
from archiver.extract.page import MAX_BYTES, Page, decode
from archiver.extract.values import Found, raw_text, value_of
from archiver.model import Finding, now, timestamp
from archiver.sidecar import Agent, Assertion

T = TypeVar("T")
Report = Callable[[Finding], None]

_VOICES: dict[str, Callable[[Page], Iterable[Found]]] = {
    "json-ld": jsonld.claims,
    "microdata": meta.microdata,
    "meta": meta.claims,
    "trafilatura": readable.claims,
    "page": visible.claims,
    "url": visible.address,
}
"""Method → who speaks by it."""


def _unheard(_finding: Finding) -> None:
    """The observer that listens to nothing."""


def assertions(
    html: bytes | str,
    url: str,
    *,
    charset: str | None = None,
    at: datetime | None = None,
    report: Report = _unheard,
) -> list[Assertion]:
    """What the page `html` from `url` says about its article; every value is one that the schema accepts.

    `charset` is what the HTTP header named. Never fails: a voice that breaks is told to `report` and is silent.
    There is always a headline, at worst the URL's own words.
    """
    page = _page(html, url, charset)
    moment = timestamp(at or now(), micro=True)
    claimed: list[Assertion] = []
    for method, voice in _VOICES.items():
        by = readable.agent() if method == "trafilatura" else Agent("software", "archiver", __version__)
        nothing: list[tuple[Found, Any]] = []
        for found, value in _guarded(partial(_heard, voice, page), nothing, method, url, report):
            raw = raw_text(found.raw)
            about = f"/article/{found.name}"
            claimed.append(Assertion(about, value, method, by, moment, raw, found.path[:500], found.confidence))
    return claimed


def main_text(html: bytes | str, url: str, *, charset: str | None = None) -> str:
    """The article's text without what surrounds it, a paragraph a line; empty where none is found. Never fails."""
    page = _page(html, url, charset)
    return _guarded(lambda: readable.main_text(page), "", "trafilatura", page.url, _unheard)


def _page(html: bytes | str, url: str, charset: str | None) -> Page:
    return Page(decode(html, charset) if isinstance(html, bytes) else html[:MAX_BYTES], url)


def _heard(voice: Callable[[Page], Iterable[Found]], page: Page) -> list[tuple[Found, Any]]:
    """What a voice found, each with its value for the article; what has none is left out."""
    valued = ((found, value_of(found, page.base)) for found in voice(page))
    return [(found, value) for found, value in valued if value is not None]


def _guarded(read: Callable[[], T], otherwise: T, method: str, url: str, report: Report) -> T:
    """`read()`, or `otherwise` and a finding if it breaks: voices lean on other people's parsers of hostile pages."""
    try:
        return read()
    except Exception as error:  # noqa: BLE001
        message = f"the page could not be read by {method} ({type(error).__name__})"
        report(Finding("warning", "extract-voice", url, message, "The other voices were heard; nothing else is lost."))
        return otherwise
