"""Which values are secrets, and in what forms they may turn up."""

import base64
import html
import json
import re
from collections.abc import Iterator
from urllib.parse import quote_from_bytes, unquote_to_bytes

from ahocorasick_rs import BytesAhoCorasick

from archiver.redaction.places import NAMES, Span

SHORTEST = 8
"""Bytes of a value that is looked for wherever it may stand; a shorter one would be found in plain words."""
LONGEST = 16 * 1024
PIECE = 16
"""Bytes from which on a part of a composed value is looked for on its own, too."""

_OF_SESSIONS = re.compile(rf"(?:.*[-_.:@])?(?:{NAMES}|user|login|remember(?:[_-]me)?|account|member)\w{{0,4}}", re.I)
_NUMBER_OR_DATE = re.compile(rb"[\d:.TZ/+ -]{1,40}")
_RUNS = re.compile(rb"[a-z]+|[A-Z]+|[0-9]+")
_PARTS = re.compile(rb"[&|=:,;{}\"'\s]+|%(?:26|3D|3A|7C|2C|7B|7D|22|3B)", re.IGNORECASE)
_LONG_NUMBER = 12


def is_telling(value: bytes) -> bool:
    """Whether a value known to be secret can be looked for everywhere: no word, number or date that a text may have."""
    if not SHORTEST <= len(value) <= LONGEST or re.search(rb"\s|://", value):
        return False
    if _NUMBER_OR_DATE.fullmatch(value):
        return value.isdigit() and len(value) >= _LONG_NUMBER
    return len(value) >= PIECE or bool(re.search(rb"[0-9]|[a-z][A-Z]", value))


def is_random(value: bytes) -> bool:
    """Whether a value looks as if it was drawn by lot: small and capital letters and digits in quick change."""
    switches = sum(len(_RUNS.findall(run)) - 1 for run in re.findall(rb"[A-Za-z0-9]+", value))
    return is_telling(value) and bool(re.search(rb"[0-9]", value)) and switches >= max(3, len(value) // 5)


class Known:
    """The secrets of one visit."""

    def __init__(self) -> None:
        self._values: set[bytes] = set()
        self._fragments: dict[bytes, int] = {}

    def add(self, value: bytes) -> None:
        """Look for a secret everywhere, if it is telling, and for the parts of which it is composed."""
        if value in self._values:
            return
        if is_telling(value):
            self._values.add(value)
        for part in _PARTS.split(value):
            if is_random(part) or (len(part) >= PIECE and is_telling(part)):
                self._values.add(part)

    def add_password(self, password: bytes) -> None:
        """Look for a password, whatever word it is, if it is long enough."""
        if len(password) >= SHORTEST:
            self._values.add(password)

    def add_named(self, name: str, value: bytes, *, hidden: bool) -> None:
        """Learn a cookie or an entry of local storage: many are no secrets, but choices and addresses of pages."""
        if hidden or _OF_SESSIONS.fullmatch(name):
            self.add(value)
        for found in (value, *_texts(value)):
            self.add_random(found)

    def add_random(self, value: bytes) -> None:
        """Look for a value everywhere if it can be nothing but a secret, an identifier at least."""
        if is_random(value):
            self.add(value)

    def add_fragment(self, before: bytes, value: bytes) -> None:
        """Look for `value` where it follows `before`, which stays; the value alone may be a common word."""
        self._fragments[before + value] = len(before)

    def learn(self, text: bytes, span: Span) -> None:
        """Learn what stands at a place of a header or a URL."""
        value = text[span.start : span.end]
        match span.place:
            case "cookie":
                self.add_named(span.name, value, hidden=span.hidden)
            case "url":
                self.add(value)
                for before in (b"?", b"&", b";"):
                    self.add_fragment(before + span.name.encode() + b"=", value)
            case "user":
                self.add_password(unquote_to_bytes(value.partition(b":")[2]))
            case _:
                self.add(value)

    def matcher(self) -> "Matcher":
        """What finds all that is known by now."""
        needles = dict(self._fragments)
        for value in self._values:
            needles |= dict.fromkeys(forms(value), 0)
        return Matcher(needles)


class Matcher:
    """Finds secrets in bytes, all at once (Aho and Corasick 1975)."""

    def __init__(self, needles: dict[bytes, int]) -> None:
        self._needles = list(needles.items())
        self._automaton = BytesAhoCorasick(list(needles)) if needles else None
        self.overlap = max(map(len, needles), default=1) - 1
        """So many bytes may stand before a border with the rest of a secret behind it."""

    def find(self, text: bytes) -> Iterator[tuple[int, int]]:
        """Start and end of every secret, which may overlap."""
        if self._automaton:
            for number, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
                yield start + self._needles[number][1], end


def forms(value: bytes) -> set[bytes]:
    """The spellings of a value in URLs, JSON, HTML and base64, as itself too."""
    found: set[bytes] = set()
    for plain in {value, unquote_to_bytes(value)}:
        for safe in ("", "/", "!*'()", ";,/?:@&=+$!*'()"):
            quoted = quote_from_bytes(plain, safe)
            lower = re.sub("%..", lambda code: code[0].lower(), quoted)
            found |= {quoted.encode(), lower.encode(), quoted.replace("%", "%25").encode()}
        text = plain.decode("utf-8", "surrogateescape")
        for spelled in (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]):
            found |= {form.encode("utf-8", "surrogateescape") for form in (spelled, spelled.replace("/", "\\/"))}
        found |= {html.escape(text).encode("utf-8", "surrogateescape"), plain, *_in_base64(plain)}
    return {form for form in found if len(form) >= SHORTEST}


def _in_base64(value: bytes) -> Iterator[bytes]:
    """What base64 makes of it inside something longer, from each of the three places in a group where it may begin."""
    for before in range(3):
        bits = 8 * (before + len(value))
        coded = base64.b64encode(bytes(before) + value)[-(-8 * before // 6) : bits // 6]
        yield from (coded, coded.translate(bytes.maketrans(b"+/", b"-_")))


def _texts(value: bytes) -> Iterator[bytes]:
    """The strings in a value that is JSON, as much of local storage is."""
    if not value.startswith((b"{", b"[")):
        return
    try:
        open_values = [json.loads(value)]
    except (ValueError, RecursionError):
        return
    for found in open_values:
        match found:
            case str():
                yield found.encode("utf-8", "surrogatepass")
            case dict():
                open_values.extend(found.values())
            case list():
                open_values.extend(found)
