"""Segments of the ledger: one canonical JSON line after another, the first of which opens the segment."""

from collections.abc import Iterator
from typing import BinaryIO

from archiver import ledger, schema
from archiver.model import Finding
from archiver.validate.places import located, told
from archiver.validate.streams import lines, parsed


def judge_ledger(stream: BinaryIO, where: str, size: int) -> Iterator[Finding]:
    """A segment of `size` bytes."""
    read = number = 0
    for line in lines(stream, where):
        if isinstance(line, Finding):
            yield line
            return
        number, content = line
        read += len(content) + 1
        if read > size:
            hint = "A writer that was killed leaves this; what is cut off never counted."
            yield told("warning", "ledger-tail", where, number, f"{len(content)} bytes end no line", hint=hint)
        else:
            yield from _judge_line(content, number, where)
    if not number:
        yield told("error", "kind-unknown", where, 1, "it has no line that opens a segment of a ledger")


def _judge_line(line: bytes, number: int, where: str) -> Iterator[Finding]:
    document = parsed(line, where, number)
    if isinstance(document, Finding):
        yield document
        return
    opens = isinstance(document, dict) and document.get("type") == "segment"
    if opens != (number == 1):
        why = "a segment opens in the midst of another" if opens else "the first line does not open a segment"
        yield told("error", "ledger-order", where, number, why)
    problems = schema.problems(document, "ledger")
    yield from located(problems, line.decode(), where, number)
    if not problems and ledger.canonical(document) != line + b"\n":
        why = "the line is not canonical JSON (sorted keys, no spaces)"
        yield told("error", "ledger-canonical", where, number, why)
