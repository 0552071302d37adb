"""Raw text made into values that the sidecar's schema accepts, or into nothing. Pure, and never failing."""

import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from archiver.extract.days import day_or_instant
from archiver.extract.page import join
from archiver.sidecar import plain

RAW_LENGTH = 2000
_BY = re.compile(r"^by\s+", re.IGNORECASE)
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


def value_of(found: Found, base: str) -> Any:
    """The value for the article, or None when there is none in it. Addresses are taken from `base`."""
    return _READERS[found.name](found.raw, base)


def raw_text(raw: Any) -> str:
    """What was found, as text of bearable length."""
    return plain(raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False))[:RAW_LENGTH]


def clean(raw: Any, length: int = 1000) -> str:
    """One line of text: entities resolved, tags dropped, white space single; empty if it is no text."""
    if not isinstance(raw, str):
        return ""
    text = html.unescape(raw[: 20 * length])
    text = re.sub(r"</?[A-Za-z][^<>]{0,500}>", " ", text)
    return " ".join(plain(text).split())[:length].strip()


def _text(length: int) -> Callable[[Any, str], str | None]:
    return lambda raw, _base: clean(_first(raw), length) or None


def _date(raw: Any, _base: str) -> str | None:
    return day_or_instant(clean(_first(raw), 100))


def _language(raw: Any, _base: str) -> str | None:
    raw = _first(raw)
    text = clean(raw.get("alternateName") if isinstance(raw, dict) else raw, 35).replace("_", "-")
    return text if _LANGUAGE.match(text) else None


def _authors(raw: Any, base: str) -> list[dict[str, str]] | None:
    people = [person for one in _list(raw)[:50] if (person := _agent(one, base))]
    return list({person["name"].casefold(): person for person in people}.values()) or None


def _publisher(raw: Any, base: str) -> dict[str, str] | None:
    agent = _agent(_first(raw), base)
    return agent | {"@type": "Organization"} if agent else None


def _agent(raw: Any, base: str) -> dict[str, str] | None:
    """A schema.org Person or Organization; a bare text is a person's name."""
    given = raw if isinstance(raw, dict) else {"name": raw}
    name = _BY.sub("", clean(_first(given.get("name")), 300))
    if not name or join("", name):  # an address is no name
        return None
    kinds = [kind for kind in _list(given.get("@type")) if isinstance(kind, str)]
    organized = any(kind.endswith(("Organization", "Corporation")) for kind in kinds)
    agent = {"@type": "Organization" if organized else "Person", "name": name}
    address = join(base, text) if isinstance(text := _first(given.get("url")), str) else ""
    return agent | ({"url": address} if _is_address(address) else {})


def _keywords(raw: Any, _base: str) -> list[str] | None:
    parts = raw.split(",") if isinstance(raw, str) else [_named(part) for part in _list(raw)]
    words = [word for part in parts[:200] if (word := clean(part, 300))]
    return list(dict.fromkeys(words))[:100] or None


def _images(raw: Any, base: str) -> list[str] | None:
    texts = [part.get("url") or part.get("contentUrl") if isinstance(part, dict) else part for part in _list(raw)]
    joined = [join(base, text) for text in texts[:20] if isinstance(text, str) and text]
    return list(dict.fromkeys(address for address in joined if _is_address(address))) or None


def _truth(raw: Any, _base: str) -> bool | None:
    word = str(_first(raw)).strip().lower().rpartition("/")[2]
    return {"true": True, "false": False, "yes": True, "no": False}.get(word)


def _address(raw: Any, base: str) -> str | None:
    text = _named(_first(raw), "@id", "url")
    joined = join(base, text) if isinstance(text, str) and text else ""
    return joined if _is_address(joined) else None


def _count(raw: Any, _base: str) -> int | None:
    text = str(_first(raw)).strip()
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,6}", text) else None


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


_READERS: dict[str, Callable[[Any, str], Any]] = {
    "headline": _text(1000),
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
}
