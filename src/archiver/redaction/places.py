"""Where secrets stand by rule: in header fields of certain names, and in the query of a URL. Pure functions on text.

A place is told as a `Span` of the text, so that the same rules serve to learn a secret and to take it out.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple


class Span(NamedTuple):
    """A secret value from `start` to `end` of a text."""

    start: int
    end: int
    name: str = ""
    """Of the cookie or the parameter."""
    hidden: bool = False
    """Whether the server keeps it from scripts (`HttpOnly`), which it does with what is really secret."""
    place: str = "header"
    """`cookie`, `header`, `url` or `user` (user name and password of a URL)."""


_OF_TOKENS = (
    r"(?:access|auth|bearer|csrf|csrf_?middleware|id|jwt|oauth|refresh|request_?verification|session|user|xsrf)"
)
NAMES = (
    rf"(?:__)?(?:{_OF_TOKENS}[_-]?)?token(?:__)?|[ax]?csrf|xsrf|jwt|sig|signature|auth|authorization|assertion|ticket"
    r"|session(?:[_-]?id)?|sid|phpsessid|jsessionid|asp\.net_sessionid|aspsessionid\w*|connect\.sid"
    r"|api[_-]?key|secret|client[_-]?secret|password|passwd|pwd|samlresponse|hdnts|hdnea|key-pair-id|policy"
    r"|x-(?:amz|goog)-(?:signature|credential|security-token)"
)
"""Parameters whose values open something."""

_HEADER = re.compile(
    r"(?:.*[-_])?(?:token|api-?key|apikey|access-?key|secret|password|auth|authorization|jwt|csrf|xsrf"
    r"|credentials?|session(?:-?id)?|signature)",
    re.IGNORECASE | re.ASCII,
)
_ORIGINAL = "x-archive-orig-"
_BEFORE = r"(?:[?&#]|&amp;|%3F|%26|%23|\\u0026)"
_VALUE = r"(?:(?!%26|%23|&amp;|\\u0026)[^&;#\s\"'<>\\])+"
_URL = re.compile(rf"{_BEFORE}(?P<name>{NAMES}|code|state)(?:=|%3D)(?P<value>{_VALUE})", re.IGNORECASE | re.ASCII)
_PATH = re.compile(rf";(?P<name>{NAMES})=(?P<value>[^;/?&#\s\"'<>\\]+)", re.IGNORECASE | re.ASCII)
_USER = re.compile(r"//(?P<value>[^/?#@\s\"'<>]+)@", re.ASCII)
_OAUTH = frozenset(("code", "state"))


def in_header(name: str, value: str) -> Iterator[Span]:
    """The secrets of a header line: all of it by the field's name, or what its URLs carry."""
    bare = name.lower().removeprefix(_ORIGINAL)
    if bare in ("cookie", "cookie2"):
        yield from _cookies(value, value.split(";"))
    elif bare == "set-cookie":
        first, _, attributes = value.partition(";")
        for span in _cookies(value, [first]):
            yield span._replace(hidden="httponly" in attributes.lower())
    elif _HEADER.fullmatch(bare):
        scheme = re.match(r"[A-Za-z]+\s+", value) if "authorization" in bare else None
        yield Span(scheme.end() if scheme else 0, len(value), bare, hidden=True)
    else:
        yield from in_urls(value)


def _cookies(value: str, parts: list[str]) -> Iterator[Span]:
    """The values of `name=value` parts; a cookie without a name is all value."""
    offset = 0
    for part in parts:
        name, mark, _ = part.partition("=")
        start = offset + (len(name) + 1 if mark else 0)
        text = value[start : offset + len(part)]
        start += len(text) - len(text.lstrip())
        yield Span(start, start + len(text.strip()), name.strip() if mark else "", place="cookie")
        offset += len(part) + 1


def in_urls(text: str) -> Iterator[Span]:
    """The tokens in all the URLs of a text; `code` and `state` only together, as OAuth has them (RFC 6749 §4.1.2)."""
    found = [*_URL.finditer(text), *_PATH.finditer(text)]
    is_oauth = {match["name"].lower() for match in found} >= _OAUTH
    for match in found:
        if is_oauth or match["name"].lower() not in _OAUTH:
            yield Span(*match.span("value"), match["name"], place="url")
    for match in _USER.finditer(text):
        yield Span(*match.span("value"), place="user")


_QUOTED = rb"(?P<value>[\w.~+/=%|:-]{8,4096})"
_NAME = NAMES.encode()
IN_BODIES = re.compile(
    rb"(?:%(before)s(?:%(name)s)=|[\"']?\b(?:%(name)s)[\"']?\s{0,4}[:=]\s{0,4}\\?[\"']"
    rb"|name=[\"'][\w.-]{0,40}?(?:%(name)s)[\"'][^>]{0,200}?(?:value|content)=[\"'])%(quoted)s"
    % {b"before": _BEFORE.encode(), b"name": _NAME, b"quoted": _QUOTED},
    re.IGNORECASE,
)
"""A token that a document tells: in a URL, as a quoted string under such a name, in a form's hidden field."""
