"""What a schema's refusals mean, in words: jsonschema's errors as problems with a pointer, a code and a hint."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from archiver.jsontext import pointer
from archiver.model import Level

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_SHOWN = 60
"""Characters of a faulty value that a message shows."""
_SUGGESTED = 20
"""Unknown keys of one object for which a known one is looked for: it takes time."""
_COUNTED = {
    "minLength": "{} is shorter than {} characters",
    "maxLength": "{} is longer than {} characters",
    "minItems": "the list has fewer than {1} items",
    "maxItems": "the list has more than {1} items",
    "minimum": "{} is less than {}",
    "maximum": "{} is more than {}",
    "minProperties": "it has fewer than {1} members",
}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One way in which a document is not what its schema says."""

    pointer: str
    """JSON Pointer of the faulty value; of a missing or unknown member, the member's own."""
    code: str
    """`schema-` and the schema's keyword, for example `schema-required`, `schema-unknown-key`, `schema-format`."""
    message: str
    hint: str = ""
    level: Level = "error"


def translated(error: "ValidationError", whole: dict[str, Any]) -> Iterator[Problem]:
    """One error of jsonschema as problems, one for each member that is missing or unknown."""
    path = tuple(error.absolute_path)
    wanted: Any = error.validator_value
    value: Any = error.instance
    rules: Any = error.schema
    match error.validator:
        case "required":
            for key in wanted:
                if key not in value:
                    hint = _explained(whole, (*path, key))
                    yield Problem(pointer(*path, key), "schema-required", f"{key} is missing", hint)
        case "additionalProperties" if wanted is False:
            known = list(rules["properties"])
            for count, key in enumerate(one for one in value if one not in rules["properties"]):
                near = get_close_matches(key[:_SHOWN], known, 1) if count < _SUGGESTED else []
                hint = f"Did you mean {near[0]}?" if near else "Keys of your own belong in /extensions."
                yield Problem(pointer(*path, key), "schema-unknown-key", f"{shown(key)} is not a known key", hint)
        case _:
            yield Problem(pointer(*path), f"schema-{error.validator}", _message(error), _explained(whole, path))


def _message(error: "ValidationError") -> str:
    value = shown(error.instance)
    wanted: Any = error.validator_value
    match error.validator:
        case "const":
            return f"{value} should be {shown(wanted)}"
        case "enum":
            return f"{value} is none of {', '.join(str(word) for word in wanted)}"
        case "type":
            return f"{value} is not of type {wanted if isinstance(wanted, str) else ' or '.join(wanted)}"
        case "format":
            return f"{value} is no {wanted}"
        case "pattern":
            return f"{value} does not have the form required here"
        case "uniqueItems":
            return "an item occurs twice"
        case "not":
            return f"{value} is not allowed here"
        case "anyOf" | "oneOf":
            return f"{value} has none of the forms allowed here"
    counted = _COUNTED.get(str(error.validator), "{} breaks the rule " + str(error.validator) + " {}")
    return counted.format(value, shown(wanted))


def _explained(whole: dict[str, Any], path: tuple[str | int, ...]) -> str:
    """What the schema says about the member at `path`, with its example; empty where it says nothing."""
    part = whole
    member: dict[str, Any] = {}
    for step in path:
        part = _followed(part, whole)
        member = part.get("items", {}) if isinstance(step, int) else part.get("properties", {}).get(step, {})
        part = member
    example = f" For example: {shown(member['examples'][0])}" if member.get("examples") else ""
    return f"{member.get('description', '')}{example}".strip()


def _followed(part: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        reference, part = part["$ref"], whole
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]
    return part


def shown(value: Any) -> str:
    """A value of a document as JSON, cut to a length that a message can have."""
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
