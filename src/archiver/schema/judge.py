"""Whether a document is what its schema says: jsonschema-rs for the yes or no, jsonschema for the words of the no.

Both are imported on first use. jsonschema is slow to load and slow to judge; where all is well it is never needed.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from archiver.errors import PartMissing
from archiver.schema.shipped import VERSIONS, Foreign, Kind, loaded, version_of
from archiver.schema.words import Problem, translated

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema_rs import Draft202012Validator as QuickValidator

FORMATS = {"date": "2026-02-30", "date-time": "yesterday", "ipv4": "192.0.2.256", "ipv6": "2001::db8::1"}
"""Every format that our schemas name, and what must not pass for it."""

OLDER = ("1.0.0", "1.1.0")
"""Versions whose patterns leave it to the format that a minute has no sixty-first second."""


def problems(document: Any, kind: Kind | Foreign) -> list[Problem]:
    """Everything in `document` that its schema forbids, in the order of the pointers; empty when all is well.

    A document of a version that is not known here gives that one problem, since nothing else can be said.
    """
    version = ""
    if kind in VERSIONS:
        version = version_of(document, kind)
        if version not in VERSIONS[kind]:
            message = f"version {version[:60]} of the {kind} schema is not known here"
            return [Problem("/$schema", "schema-version", message, "Upgrade archiver.")]
    if _is_valid(document, kind, version):
        return []
    errors = _validator(kind, version).iter_errors(document)
    return sorted({problem for error in errors for problem in translated(error, loaded(kind, version))})


def _is_valid(document: Any, kind: Kind | Foreign, version: str) -> bool:
    try:
        return _quick_validator(kind, version).is_valid(document)
    except ValueError:  # half a character, or a value that is none of JSON's: jsonschema finds words for it
        return False


@cache
def _quick_validator(kind: Kind | Foreign, version: str) -> "QuickValidator":
    from jsonschema_rs import Draft202012Validator

    formats: dict[str, Callable[[str], bool]] = {"date-time": _is_instant}
    _refuse_blindness("jsonschema-rs", lambda schema: Draft202012Validator(schema, validate_formats=True).is_valid)
    rules = _plain(loaded(kind, version))
    return Draft202012Validator(rules, validate_formats=True, formats=formats if version in OLDER else {})


@cache
def _validator(kind: Kind | Foreign, version: str) -> "Draft202012Validator":
    from jsonschema import Draft202012Validator

    checker = Draft202012Validator.FORMAT_CHECKER
    _refuse_blindness("jsonschema", lambda schema: Draft202012Validator(schema, format_checker=checker).is_valid)
    return Draft202012Validator(_plain(loaded(kind, version)), format_checker=checker)


def _refuse_blindness(library: str, judging: Callable[[dict[str, str]], Callable[[Any], bool]]) -> None:
    """Without its extras jsonschema silently checks almost no format. Raises `PartMissing`."""
    for name, wrong in FORMATS.items():
        if judging({"format": name})(wrong):
            raise PartMissing(
                f"The format checker of {library}", f"it takes {wrong!r} for a {name}", "Run `make setup` again."
            )


def _is_instant(text: str) -> bool:
    """For texts that have the form of one already, by the pattern beside the format."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _plain(part: Any) -> Any:
    """A schema with `additionalProperties: false` for `unevaluatedProperties: false`, which is judged much faster.

    In our schemas they mean the same: each object names all its members in its own `properties`, as a test proves.
    """
    if isinstance(part, dict):
        names = {"unevaluatedProperties": "additionalProperties"} if part.get("unevaluatedProperties") is False else {}
        return {names.get(key, key): _plain(value) for key, value in part.items()}
    return [_plain(item) for item in part] if isinstance(part, list) else part
