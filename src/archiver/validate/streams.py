"""Files read line by line, however large, whatever is in them."""

import json
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from archiver import jsontext
from archiver.jsontext import BadJSON
from archiver.model import Finding
from archiver.validate.places import told, unreadable

MAX_LINE = jsontext.MAX_BYTES
MAX_STREAM = 4 << 30
MAX_LINES = 10_000_000
"""Bytes and lines after which the rest is left unread: a few packed kilobytes can hold more than one has time for."""


def lines(stream: BinaryIO, where: str) -> Iterator[tuple[int, bytes] | Finding]:
    """The number and content of each line, without its line end; a finding where the rest cannot be read."""
    number = total = 0
    while True:
        number += 1
        try:
            line = stream.readline(MAX_LINE + 1)
        except (OSError, EOFError, ValueError, zlib.error) as error:  # a damaged gzip or zip member
            yield told("error", "file-unreadable", where, number, f"the rest cannot be read: {error}")
            return
        total += len(line)
        if len(line) > MAX_LINE or total > MAX_STREAM or number > MAX_LINES:
            yield told(
                "error", "file-size", where, number, "it is larger than what is read here; the rest was not read"
            )
            return
        if not line:
            return
        yield number, line.removesuffix(b"\n")


def parsed(line: bytes, where: str, number: int) -> Any | Finding:
    """The JSON value of a line, or why it is none."""
    try:
        return jsontext.read(line, where)
    except BadJSON as error:
        return unreadable(error, where, number)


def first_value(stream: BinaryIO) -> Any:
    """The JSON value of the first line, to tell what a file is; None where it is none. The stream is put back."""
    line = stream.readline(1 << 16)
    stream.seek(0)
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
