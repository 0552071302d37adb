"""Raw text made into values that the sidecar's schema accepts, or into nothing. Pure, and never failing."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from archiver.extract.days import day_or_instant
from archiver.extract.headlines import without_site
from archiver.extract.page import Page, join
from archiver.extract.people import people
from archiver.extract.texts import clean, fold
from archiver.sidecar import plain

RAW_LENGTH = 2000
_UNNAMED = 0.5
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*\Z")


@dataclass(frozen=True, slots=True)
class Found:
    """What a voice has found for one property."""

    name: str
    """The property of the article."""
    raw: Any
    """As it stands there: a text, or what JSON says."""
    path: str
    """Where: a JSON path or a CSS-like selector."""
    confidence: float


def value_of(found: Found, page: Page) -> Any:
    """The value for the article of `page`, or None when there is none in it."""
    return _READERS[found.name](found.raw, page)


def confidence_of(found: Found, value: Any) -> float:
    """How sure the voice is. Where only the newsroom is named as the author, that is often for want of a person."""
    unnamed = found.name == "author" and all(one["@type"] == "Organization" for one in value)
    return round(found.confidence * (_UNNAMED if unnamed else 1.0), 4)


def raw_text(raw: Any) -> str:
    """What was found, as text of bearable length."""
    return plain(raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False))[:RAW_LENGTH]


def _text(length: int) -> Callable[[Any, Page], str | None]:
    return lambda raw, _page: clean(_first(raw), length) or None


def _headline(raw: Any, page: Page) -> str | None:
    return without_site(clean(_first(raw)), page) or None


def _date(raw: Any, _page: Page) -> str | None:
    return day_or_instant(clean(_first(raw), 100))


def _language(raw: Any, _page: Page) -> str | None:
    raw = _first(raw)
    text = clean(raw.get("alternateName") or raw.get("name") if isinstance(raw, dict) else raw, 35).replace("_", "-")
    return _language_tag(text) if _LANGUAGE.match(text) else None


def _language_tag(text: str) -> str:
    """A language tag in the letters that BCP 47 §2.1.1 recommends: `zh-Hant-TW`."""
    first, *rest = text.split("-")
    cased = (part.title() if len(part) == 4 else part.upper() if len(part) == 2 else part.lower() for part in rest)
    return "-".join((first.lower(), *cased))


def _authors(raw: Any, page: Page) -> list[dict[str, str]] | None:
    agents = [agent for one in _list(raw)[:50] for agent in _agents(one, page)]
    if any(one["@type"] == "Person" for one in agents):  # beside them the site is but the publisher
        agents = [one for one in agents if fold(one["name"]) not in page.site_names]
    return list({fold(agent["name"]): agent for agent in reversed(agents)}.values())[::-1] or None


def _agents(raw: Any, page: Page) -> list[dict[str, str]]:
    """The authors in a text, or in a schema.org Person or Organization whose name may hold several."""
    given = raw if isinstance(raw, dict) else {"name": raw}
    name = clean(_first(given.get("name")), 500)
    if not name and (given.get("givenName") or given.get("familyName")):
        name = clean(f"{given.get('givenName', '')} {given.get('familyName', '')}")
    if join("", name):  # an address is no name
        return []
    organized = _is_organization(given)
    agents = [{"@type": "Organization", "name": name}] if organized and name else people(name, page.site_names)
    if isinstance(raw, dict) and len(agents) == 1:
        role, address = clean(_first(given.get("jobTitle")), 300), _address(given.get("url"), page)
        return [agents[0] | ({"jobTitle": role} if role else {}) | ({"url": address} if address else {})]
    return agents


def _is_organization(given: dict[str, Any]) -> bool:
    return any(str(kind).endswith(("Organization", "Corporation")) for kind in _list(given.get("@type")))


_SLOGAN = re.compile(r"(?<=\S\S)\s+[-–—|•·]\s+\S+(?:\s+\S+){2,}\Z")
"""What sites say of themselves behind their name, for search engines: three words or more."""


def _publisher(raw: Any, page: Page) -> dict[str, str] | None:
    raw = _first(raw)
    given = raw if isinstance(raw, dict) else {"name": raw}
    name = _SLOGAN.sub("", clean(_first(given.get("name")), 300))
    if not name or join("", name):
        return None
    address = _address(given.get("url"), page)
    return {"@type": "Organization", "name": name} | ({"url": address} if address else {})


def _keywords(raw: Any, _page: Page) -> list[str] | None:
    parts = raw.split(",") if isinstance(raw, str) else [_named(part) for part in _list(raw)]
    words = [word for part in parts[:200] if (word := clean(part, 300))]
    return list(dict.fromkeys(words))[:100] or None


def _images(raw: Any, page: Page) -> list[str] | None:
    texts = [part.get("url") or part.get("contentUrl") if isinstance(part, dict) else part for part in _list(raw)]
    joined = [join(page.base, text) for text in texts[:20] if isinstance(text, str) and text]
    return list(dict.fromkeys(address for address in joined if _is_address(address))) or None


def _truth(raw: Any, _page: Page) -> bool | None:
    word = str(_first(raw)).strip().lower().rpartition("/")[2]
    words = {
        True: ("true", "yes", "1", "free", "none"),
        False: ("false", "no", "0", "locked", "metered", "paid", "premium"),
    }
    return next((truth for truth, known in words.items() if word in known), None)


def _address(raw: Any, page: Page) -> str | None:
    text = _named(_first(raw), "@id", "url")
    joined = join(page.base, text) if isinstance(text, str) and text else ""
    return joined if _is_address(joined) else None


def _count(raw: Any, _page: Page) -> int | None:
    text = str(_first(raw)).strip()
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,6}", text) else None


def _duration(raw: Any, _page: Page) -> str | None:
    """Minutes of reading, however written, as an ISO 8601 duration."""
    text = clean(_first(raw), 60) if not isinstance(raw, int) else f"{raw} min"
    if told := re.fullmatch(r"PT(?:(\d{1,2})H)?(?:(\d{1,4})M)?(?:\d{1,5}(?:\.\d+)?S)?", text):
        return text if any(told.groups()) or text != "PT" else None
    minutes = re.search(r"(?<!\d)([1-9]\d?)(?![\d:.])", text)
    return f"PT{minutes[1]}M" if minutes else None


def _corrections(raw: Any, _page: Page) -> list[dict[str, str]] | None:
    found = []
    for one in _list(raw)[:20]:
        given = one if isinstance(one, dict) else {"text": one}
        if text := clean(given.get("text") or given.get("description"), 5000):
            at = day_or_instant(clean(given.get("datePublished"), 100))
            found.append({"@type": "CorrectionComment", "text": text} | ({"datePublished": at} if at else {}))
    return found or None


def _is_address(text: str) -> bool:
    return 0 < len(text) <= RAW_LENGTH and plain(text) == text


def _list(raw: Any) -> list[Any]:
    return raw if isinstance(raw, list) else [raw]


def _first(raw: Any) -> Any:
    return next(iter(raw), None) if isinstance(raw, list) else raw


def _named(raw: Any, *keys: str) -> Any:
    if not isinstance(raw, dict):
        return raw
    return next((raw[key] for key in keys or ("name",) if key in raw), None)


_READERS: dict[str, Callable[[Any, Page], Any]] = {
    "headline": _headline,
    "alternativeHeadline": _text(1000),
    "author": _authors,
    "publisher": _publisher,
    "datePublished": _date,
    "dateModified": _date,
    "inLanguage": _language,
    "articleSection": _text(300),
    "keywords": _keywords,
    "description": _text(10_000),
    "image": _images,
    "isAccessibleForFree": _truth,
    "url": _address,
    "wordCount": _count,
    "timeRequired": _duration,
    "correction": _corrections,
}
