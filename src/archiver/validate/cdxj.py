"""Indexes: sorted lines of key, time and JSON, as pywb reads them."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

from archiver import schema
from archiver.jsontext import BadJSON, decode
from archiver.model import Finding
from archiver.validate.places import located, told, unreadable
from archiver.validate.streams import lines, parsed

_LINE = re.compile(r"(?P<key>\S+) (?P<time>\S+) (?P<json>\{.*)", re.DOTALL)


def judge_cdxj(stream: BinaryIO, where: str) -> Iterator[Finding]:
    """All lines; those of headers (`!meta …`) are passed over."""
    before = b""
    for line in lines(stream, where):
        if isinstance(line, Finding):
            yield line
            return
        number, content = line
        content = content.removesuffix(b"\r")
        if content.startswith(b"!"):
            continue
        if content < before:
            hint = "A replay server looks lines up by halving the file. Sort it as bytes: `LC_ALL=C sort`."
            yield told("error", "cdxj-order", where, number, "the line sorts before the one above it", hint=hint)
        before = content
        yield from _judge_line(content, number, where)


def _judge_line(content: bytes, number: int, where: str) -> Iterator[Finding]:
    try:
        text = decode(content, where)
    except BadJSON as error:
        yield unreadable(error, where, number)
        return
    form = _LINE.fullmatch(text)
    if not form:
        hint = 'For example: com,example)/ 20261122140112 {"url": "https://example.com/", …}'
        yield told("error", "cdxj-line", where, number, "it is no line of key, time and JSON", hint=hint)
        return
    if not _is_time(form["time"]):
        why = f"{form['time'][:40]!r} is no time of 14 digits"
        yield Finding("error", "cdxj-time", f"{where}:{number}:{form.start('time') + 1}", why)
    column = form.start("json")
    fields = parsed(form["json"].encode(), where, number)
    found = (
        [fields]
        if isinstance(fields, Finding)
        else located(schema.problems(fields, "cdxj"), form["json"], where, number)
    )
    for one in found:
        place, _, inner = one.where.rpartition(":")
        yield Finding(one.level, one.code, f"{place}:{int(inner) + column}", one.message, one.hint, one.pointer)


def _is_time(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"[0-9]{14}", text)) and bool(datetime.strptime(text, "%Y%m%d%H%M%S"))
    except ValueError:
        return False
