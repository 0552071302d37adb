"""JSON read strictly, and where in the text each value stands.

The standard parser keeps the last of two equal keys, takes NaN, turns 1e999 into infinity and breaks on deep
nesting. A document of record must mean one thing to every reader (RFC 8259 §4; I-JSON, RFC 7493), so all that
is refused.
"""

import json
import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from archiver.errors import UnreadableInput

MAX_BYTES = 16 << 20
MAX_DEPTH = 64

EXACT = 2**53 - 1
"""The greatest whole number that every reader takes exactly (RFC 7493 §2.2)."""

_SPACE = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"')
_SCALAR = re.compile(r"[^\s,\]}]+")
_TOKEN = re.compile(r'[][{}]|"(?:[^"\\]|\\.)*+"?|NaN|-?Infinity|-?[0-9][0-9.eE+-]*', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_FOREIGN = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_CONTAINERS = {dict, list}
_DECODER = json.JSONDecoder(strict=False)
_UTF_8 = "Save it as UTF-8 without a byte order mark."


class BadJSON(UnreadableInput):
    """The bytes are no strict JSON. `code` is stable; `line` and `column` count from 1 (0: unknown)."""

    def __init__(self, where: str, code: str, why: str, position: tuple[int, int] = (0, 0), hint: str = "") -> None:
        self.line, self.column = position
        super().__init__(f"{where}:{self.line}:{self.column}" if self.line else where, why, hint)
        self.code = code


def read(content: bytes, where: str) -> Any:
    """The value that `content` (UTF-8 without byte order mark) holds. Raises `BadJSON` naming `where`."""
    text = decode(content, where)
    repeated: list[int] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table = dict(pairs)
        if len(table) < len(pairs):
            repeated.append(len(pairs))
        return table

    try:
        value = json.loads(
            text, object_pairs_hook=members, parse_constant=_no_number, parse_float=_float, parse_int=_int
        )
    except json.JSONDecodeError as error:
        position = (error.lineno, error.colno)
        raise BadJSON(where, "json-syntax", error.msg[0].lower() + error.msg[1:], position) from error
    except ValueError as error:
        raise _bad_number(text, where) from error
    except RecursionError as error:
        raise _too_deep(text, where) from error
    if type(value) in _CONTAINERS and _depth(value) > MAX_DEPTH:
        raise _too_deep(text, where)
    if repeated:
        key, offset = Positions(text).duplicates[0]
        hint = "Programs differ in which of the two they take. Keep one."
        raise BadJSON(where, "json-duplicate-key", repeated_key(key), at(text, offset), hint)
    if _SURROGATE.search(text):
        _refuse_lone_surrogates(value, where)
    return value


def decode(content: bytes, where: str) -> str:
    """The text of `content`. Raises `BadJSON` when it is too large or not plain UTF-8."""
    if len(content) > MAX_BYTES:
        raise BadJSON(where, "json-size", f"it is larger than {MAX_BYTES >> 20} MB")
    if content.startswith(b"\xef\xbb\xbf"):
        raise BadJSON(where, "json-encoding", "it begins with a byte order mark", (1, 1), _UTF_8)
    if (other := _FOREIGN.get(content[:2])) or b"\0" in content[:2]:
        raise BadJSON(where, "json-encoding", f"it is {other or 'UTF-16 or UTF-32'}, not UTF-8", (1, 1), _UTF_8)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        position = at(content[: error.start].decode("utf-8"), error.start)
        why = f"it is not UTF-8: the byte 0x{content[error.start]:02x} stands for nothing there"
        raise BadJSON(where, "json-encoding", why, position, f"It may be Latin-1 or Windows-1251. {_UTF_8}") from error


def at(text: str, offset: int) -> tuple[int, int]:
    """Line and column, both from 1, of an offset."""
    return text.count("\n", 0, offset) + 1, min(offset, len(text)) - (text.rfind("\n", 0, offset) + 1) + 1


def repeated_key(key: str) -> str:
    """What is wrong with a key that its object has already."""
    return f"the key {key[:60]!r} stands twice in one object"


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _float(digits: str) -> float:
    if not math.isfinite(number := float(digits)):
        raise ValueError(digits)
    return number


def _int(digits: str) -> int:
    if len(digits) > 17 or abs(number := int(digits)) > EXACT:
        raise ValueError(digits)
    return number


def _bad_number(text: str, where: str) -> BadJSON:
    """The first number that not every reader takes for the same."""
    for token in _TOKEN.finditer(text):
        if token[0][0] in '[]{}"':
            continue
        try:
            (_no_number if "n" in token[0] else _float if set(token[0]) & set(".eE") else _int)(token[0])
        except ValueError:
            why = f"{token[0][:40]} is no number that every program reads as the same"
            return BadJSON(where, "json-number", why, at(text, token.start()), "Write large numbers as text.")
    return BadJSON(where, "json-number", "a number in it has no exact meaning")


def _depth(value: Any) -> int:
    """How deep a list or object nests; looks no further than one level beyond what is allowed."""
    level, depth = [value], -1
    while level and depth <= MAX_DEPTH:
        depth += 1
        level = [
            child
            for part in level
            for child in (part.values() if type(part) is dict else part)
            if type(child) in _CONTAINERS
        ]
    return depth + 1


def _too_deep(text: str, where: str) -> BadJSON:
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth > MAX_DEPTH:
            break
    return BadJSON(where, "json-depth", f"it nests deeper than {MAX_DEPTH} levels", at(text, token.start()))


def _refuse_lone_surrogates(value: Any, where: str) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise BadJSON(where, "json-encoding", "a \\u escape in it is half a character") from error


@dataclass(slots=True)
class Positions:
    """Where the values of a JSON text stand. The text is JSON, but may repeat keys."""

    text: str
    wanted: Sequence[str] = ()
    """Pointers that will be asked for: what none of them leads into is then passed over; without any, all is read."""
    values: dict[str, int] = field(default_factory=dict)
    """JSON Pointer (RFC 6901) → offset of the value, or of its key where it has one."""
    duplicates: list[tuple[str, int]] = field(default_factory=list)
    """Keys that their object has already, with their offsets."""
    _lines: list[int] = field(default_factory=list)
    """Where each line begins."""
    _around: set[str] = field(default_factory=set)
    """All that holds something wanted."""

    def __post_init__(self) -> None:
        for place in self.wanted:
            self._around |= {place[:end] for end, character in enumerate(place) if character == "/"}
        self._lines = [0, *(found.end() for found in re.finditer("\n", self.text))]
        self._value(self._skip(0), "")

    def find(self, place: str) -> tuple[int, int]:
        """Line and column of what the pointer `place` names, or of the nearest thing around it that exists."""
        while place and place not in self.values:
            place = place.rpartition("/")[0]
        offset = self.values.get(place, 0)
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def _skip(self, offset: int) -> int:
        return self._end(_SPACE, offset)

    def _end(self, token: re.Pattern[str], offset: int) -> int:
        found = token.match(self.text, offset)
        return found.end() if found else len(self.text)

    def _value(self, offset: int, place: str) -> int:
        """Note the value at `offset`; returns where it ends."""
        self.values.setdefault(place, offset)
        if self.wanted and place not in self._around:
            return _DECODER.raw_decode(self.text, offset)[1]
        match self.text[offset]:
            case "{":
                return self._members(offset, place)
            case "[":
                return self._items(offset, place)
            case '"':
                return self._end(_STRING, offset)
        return self._end(_SCALAR, offset)

    def _members(self, offset: int, place: str) -> int:
        offset, keys = self._skip(offset + 1), set[str]()
        while self.text[offset] != "}":
            end = self._end(_STRING, offset)
            key = str(json.loads(self.text[offset:end], strict=False))
            if key in keys:
                self.duplicates.append((key, offset))
            keys.add(key)
            child = place + pointer(key)
            self.values[child] = offset
            colon = self._skip(end)
            offset = self._next(self._value(self._skip(colon + 1), child))
        return offset + 1

    def _items(self, offset: int, place: str) -> int:
        offset, index = self._skip(offset + 1), 0
        while self.text[offset] != "]":
            offset = self._next(self._value(offset, f"{place}/{index}"))
            index += 1
        return offset + 1

    def _next(self, end: int) -> int:
        offset = self._skip(end)
        return self._skip(offset + 1) if self.text[offset] == "," else offset


def pointer(*path: str | int) -> str:
    """The JSON Pointer (RFC 6901) of a path of keys and indexes."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)
