"""What an answer of the replay host may say to a browser: a short list of headers, and a policy for what it holds."""

import hashlib
import re
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

HERE = Path(__file__).parent

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
Answer = tuple[str, Headers, bytes]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

ARCHIVED = frozenset(
    {"accept-ranges", "allow", "content-disposition", "content-language", "content-length", "content-range"}
    | {"content-encoding", "content-type", "location"}
)
"""Headers of the archived answer that stay what they were: they describe it."""
OURS = frozenset(
    {
        "cache-control",
        "content-location",
        "date",
        "etag",
        "expires",
        "last-modified",
        "link",
        "memento-datetime",
        "vary",
    }
    | {"preference-applied", "retry-after"}
)
"""What only this server says; the archived ones go by another name (`archiver.replay.rewriting`)."""
ACTING = (
    *("x-accel-", "x-sendfile", "x-lighttpd-", "x-reproxy-"),  # a reverse proxy in front would obey
    *("x-frame-options", "x-robots-tag", "x-dns-prefetch-control", "x-xss-protection", "x-ua-compatible"),
    *("x-content-", "x-webkit-csp", "x-permitted-", "x-sourcemap", "x-forwarded-", "x-pingback"),
)
"""How names of `X-` headers begin that something acts on. The others are for scripts of the page to read."""
SEALED = "archiver.sealed"
"""In the environ: whether `archiver.replay.rewriting` put its seal in front of the page."""

FOREVER = "public, max-age=31536000, immutable"
"""Of what has its digest in its address."""
DIGEST = hashlib.sha256(
    b"\0".join([version("pywb").encode(), *(file.read_bytes() for file in sorted((HERE / "static").iterdir()))])
).hexdigest()[:16]
"""Of pywb's scripts and ours: a segment of their addresses."""

RAW = "default-src 'none'; sandbox"
SCRIPTS = frozenset(
    {"text/javascript", "application/javascript", "application/x-javascript", "text/ecmascript"}
    | {"application/ecmascript", "text/x-javascript"}
)
WIDE = re.compile(r"utf-?16|utf-?32|ucs-?[24]|unicode|10646", re.I)
"""Encodings in which what we put in front of a page would not be read as markup."""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]+")
_RELATIONS = "original|timegate|timemap|memento|self|first|last|prev|next|blocked-by"
_LINK = re.compile(
    rf"""<[^<>\s]*>(?:\s*;\s*(?:rel="(?:(?:{_RELATIONS})\s?)+"|(?:datetime|from|until|type|collection)="[^"<>]*"))+"""
)
_COMMA = re.compile(r"\s*,\s*")


def is_harmless(name: str) -> bool:
    """Whether an archived header may keep its name (in lower case)."""
    return name in ARCHIVED or (name.startswith("x-") and not name.startswith(ACTING))


def status_line(status: str) -> str:
    """What may stand there; an interim status (RFC 9110 §15.2) would leave the browser waiting."""
    code, _, reason = _CONTROL.sub(" ", status).partition(" ")
    if not re.fullmatch(r"[2-5]\d\d", code):
        return "502 Bad Gateway"
    return f"{code} {reason.encode('latin-1', 'replace').decode('latin-1') or 'None'}"


def cleaned(headers: Headers, status: str) -> Headers:
    """Those that may go out, with nothing in their values that ends a line."""
    bodyless = status.startswith(("204", "304"))
    kept = []
    for name, value in headers:
        plain = name.lower()
        if not _TOKEN.fullmatch(name) or not (plain in OURS or is_harmless(plain)):
            continue
        value = _CONTROL.sub(" ", value).strip().encode("latin-1", "replace").decode("latin-1")
        if plain == "link" and not is_memento(value):
            continue
        if plain == "content-length" and (bodyless or not value.isdecimal()):
            continue
        kept.append((name, value))
    return kept


def is_memento(link: str) -> bool:
    """Whether a Link header holds Memento's relations alone (RFC 7089 §2.2.4): others make a browser fetch."""
    end = 0
    while found := _LINK.match(link, end):
        end = found.end()
        comma = _COMMA.match(link, end)
        if end == len(link) or not comma:
            break
        end = comma.end()
    return end == len(link) and bool(link)


def content_type(headers: Headers) -> str:
    """Its value, in lower case; empty if there is none, or more than one."""
    found = [value for name, value in headers if name.lower() == "content-type"]
    return found[0].strip().lower() if len(found) == 1 else ""


def runs(headers: Headers, *, sealed: bool) -> bool:
    """Whether scripts may run in this answer: a page that has our seal in front, or a script (workers are one)."""
    kind, _, parameters = content_type(headers).partition(";")
    if kind.strip() in SCRIPTS:
        return True
    coded = any(name.lower() == "content-encoding" for name, _ in headers)
    return sealed and kind.strip() == "text/html" and not coded and not WIDE.search(parameters)


def inside(location: str, origin: str, asked: re.Match[str] | None, rewritten: frozenset[str]) -> str:
    """A redirect that cannot leave the archive (Memento: the raw form of a redirect leads to its raw target)."""
    location = location.strip().replace("\\", "/")
    modifier = (asked and asked["modifier"]) or ""
    try:
        ours = urlsplit(urljoin(origin, location)).netloc == urlsplit(origin).netloc
        if ours and (modifier in rewritten or location.startswith(f"{origin}/")):
            return location
        if asked is None:
            return "/"
        target = urljoin(asked["url"] or asked["newest"], location)
    except ValueError:  # an address that cannot be taken apart
        return "/"
    return f"{origin}/{asked['name']}/{asked['at'] or ''}{modifier}/{target}"


def as_text(kind: str) -> str:
    """The type under which a browser shows raw markup: as its source, because even a blocked frame is connected to."""
    kind, semicolon, parameters = kind.partition(";")
    markup = "html" in kind.lower() or "xml" in kind.lower()
    return f"text/plain{semicolon}{parameters}" if markup else f"{kind}{semicolon}{parameters}"


def text(status: str, message: str) -> Answer:
    """An answer in plain words."""
    return status, [("Content-Type", "text/plain; charset=utf-8")], message.encode()
