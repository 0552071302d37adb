"""Sidecars, descriptions, records of erasures and losses, access rules: by schema, and by what makes sense."""

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from archiver import schema, sidecar
from archiver.access import Rule
from archiver.errors import UnreadableInput
from archiver.model import Finding
from archiver.proof import Statement
from archiver.sidecar import Sidecar
from archiver.validate import records
from archiver.validate.places import located

_DIGEST_NAME = re.compile(r"(?:.*[.]|)(?:r\d+|\d+|\d{8}T\d{6}Z-[a-z2-7]{10})-([0-9a-f]{12,16})[.]jsonl?\Z")


def judge_sidecar(document: dict[str, Any], content: bytes, where: str, collection: Path | None) -> list[Finding]:
    """A sidecar by its schema, then by itself; then, when its collection is given, by its WARC."""
    problems = schema.problems(document, "sidecar")
    if not problems:
        read = Sidecar(document, content)
        problems = sidecar.sense(read)
        if collection is not None:
            problems += records.problems(read, collection)
    return located(problems, content.decode(), where) if problems else []


def judge_plain(document: dict[str, Any], kind: schema.Kind, content: bytes, where: str) -> list[Finding]:
    """A description of a collection, a record of an erasure or of a loss: its schema says all."""
    return located(schema.problems(document, kind), content.decode(), where)


def judge_rule(document: dict[str, Any], content: bytes, where: str) -> list[Finding]:
    """An access rule, and its pattern of addresses."""
    if problems := schema.problems(document, "access"):
        return located(problems, content.decode(), where)
    try:
        Rule.parse(content, where)
    except UnreadableInput as error:
        return [Finding("error", "rule-pattern", where, error.why, error.hint)]
    return []


def judge_name(path: Path, content: bytes) -> Iterator[Finding]:
    """Whether a name that carries a digest carries this file's."""
    named = _DIGEST_NAME.match(path.name)
    if named and not sha256(content).hexdigest().startswith(named[1]):
        message = f"its name says that its SHA-256 begins with {named[1]}, which it does not"
        hint = "It was changed after it was written. Restore it from a copy; corrections are made with `archiver edit`."
        yield Finding("error", "name-digest", str(path), message, hint)


def judge_statement(content: bytes, where: str) -> list[Finding]:
    """A signed statement by itself: its form. Whose signature it bears is judged with what it is about."""
    try:
        Statement.parse(content, where)
    except UnreadableInput as error:
        return [Finding("error", "statement-unreadable", where, error.why)]
    return []
