"""What documents must look like: the JSON Schemas (Draft 2020-12) that Archiver ships; the only home of jsonschema.

A published schema never changes; its `$id` is a plain name (`urn:archiver:schema:KIND:VERSION`) that is never
fetched, and no schema refers to anything outside itself. `jsonschema` is imported on first use: it is slow to load.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from archiver.errors import PartMissing
from archiver.jsontext import pointer
from archiver.model import Level

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

Kind = Literal["sidecar", "collection", "ledger"]
VERSIONS: dict[Kind, tuple[str, ...]] = {
    "sidecar": ("1.0.0", "1.1.0", "1.2.0"),
    "collection": ("1.0.0", "1.1.0", "1.2.0"),
    "ledger": ("1.0.0", "1.1.0"),
}
"""The versions of each kind, the newest last. Documents of an older one stay what they are and are judged by it."""

CONTEXT = "1.0.0"
"""The version of the JSON-LD context that sidecars carry."""

_SHOWN = 60
"""Characters of a faulty value that a message shows."""


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


def ids() -> dict[Kind, str]:
    """The `$id` of the newest schema of each kind; sidecars and collections carry it as `$schema`."""
    return {kind: f"urn:archiver:schema:{kind}:{versions[-1]}" for kind, versions in VERSIONS.items()}


def kind_of(document: Any) -> Kind | None:
    """The kind that a document's `$schema` claims, of whatever version; None when it claims none."""
    named = document.get("$schema") if isinstance(document, dict) else None
    return next((kind for kind in VERSIONS if str(named).startswith(f"urn:archiver:schema:{kind}:")), None)


def schema_files() -> dict[str, bytes]:
    """The schemas as files to lie in a collection's `schemas/`: `sidecar-1.0.0.json` → its bytes; and the context."""
    every = ((kind, version) for kind, versions in VERSIONS.items() for version in versions)
    schemas = {f"{kind}-{version}.json": _content(kind, version) for kind, version in every}
    return schemas | {f"context-{CONTEXT}.jsonld": _context_file()}


def context() -> dict[str, Any]:
    """The JSON-LD context of new sidecars: what their names mean in schema.org, Dublin Core, PREMIS and PROV.

    It is the value of `@context`, so reading a sidecar as linked data needs no network.
    """
    loaded: dict[str, Any] = json.loads(_context_file())["@context"]
    return loaded


def problems(document: Any, kind: Kind) -> list[Problem]:
    """Everything in `document` that its schema forbids, in the order of the pointers; empty when all is well.

    A document of a version that is not known here gives that one problem, since nothing else can be said.
    """
    if (newer := _unknown_version(document, kind)) is not None:
        return [newer]
    judging = _validator(kind, _version(document, kind))
    found = {problem for error in judging.iter_errors(document) for problem in _translated(error)}
    return sorted(found)


def ordered(document: Any, kind: Kind) -> Any:
    """A copy of `document` whose members stand in the order of the schema; unknown ones after, as they were."""
    whole = _schema(kind, _version(document, kind))
    return _ordered(document, whole, whole)


def _version(document: Any, kind: Kind) -> str:
    """The version that a document names, if it is known here; otherwise the newest."""
    named = str(document.get("$schema")).rpartition(":")[2] if kind_of(document) == kind else ""
    return named if named in VERSIONS[kind] else VERSIONS[kind][-1]


def _unknown_version(document: Any, kind: Kind) -> Problem | None:
    if kind_of(document) != kind or (named := str(document["$schema"]).rpartition(":")[2]) in VERSIONS[kind]:
        return None  # a wrong or missing `$schema` is the schema's own business
    message = f"version {named[:_SHOWN]} of the {kind} schema is not known here"
    return Problem("/$schema", "schema-version", message, "Upgrade archiver.")


def _folder() -> Traversable:
    """`archiver/schemas` in an installed wheel, the repository's `schemas/` in an editable install."""
    packaged, repository = files("archiver") / "schemas", Path(__file__).parents[2] / "schemas"
    for folder in (packaged, repository):
        if folder.is_dir():
            return folder
    raise PartMissing("The folder of schemas", f"it is not at {packaged}", "Install archiver again.")


@cache
def _content(kind: Kind, version: str) -> bytes:
    return (_folder() / kind / f"{version}.json").read_bytes()


@cache
def _context_file() -> bytes:
    return (_folder() / "context" / f"{CONTEXT}.jsonld").read_bytes()


@cache
def _schema(kind: Kind, version: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(_content(kind, version))
    return loaded


@cache
def _validator(kind: Kind, version: str) -> "Draft202012Validator":
    from jsonschema import Draft202012Validator

    checker = Draft202012Validator.FORMAT_CHECKER
    dates = Draft202012Validator({"format": "date-time"}, format_checker=checker)
    if dates.is_valid("yesterday"):  # without its extras jsonschema silently checks almost no format
        raise PartMissing("The format checker of jsonschema", "it takes any text for a date", "Run `make setup` again.")
    return Draft202012Validator(_schema(kind, version), format_checker=checker)


def _translated(error: "ValidationError") -> Iterator[Problem]:
    """One error of jsonschema as problems, one for each member that is missing or unknown."""
    path = tuple(error.absolute_path)
    wanted: Any = error.validator_value
    value: Any = error.instance
    rules: Any = error.schema
    match error.validator:
        case "required":
            for key in wanted:
                if key not in value:
                    yield Problem(pointer(*path, key), "schema-required", f"{key} is missing")
        case "additionalProperties" | "unevaluatedProperties" if wanted is False:
            for key in value:
                if key not in rules["properties"]:
                    yield _unknown_key(path, key, list(rules["properties"]))
        case _:
            yield Problem(pointer(*path), f"schema-{error.validator}", _message(error))


def _unknown_key(path: tuple[str | int, ...], key: str, known: list[str]) -> Problem:
    near = get_close_matches(key, known, 1)
    hint = f"Did you mean {near[0]}?" if near else "Keys of your own belong in /extensions."
    return Problem(pointer(*path, key), "schema-unknown-key", f"{_shown(key)} is not a known key", hint)


def _message(error: "ValidationError") -> str:
    value = _shown(error.instance)
    wanted: Any = error.validator_value
    match error.validator:
        case "const":
            return f"{value} should be {_shown(wanted)}"
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
    return f"{value} breaks the rule {error.validator} {_shown(wanted)}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _ordered(value: Any, part: Any, whole: dict[str, Any]) -> Any:
    part = _resolved(part, whole)
    if isinstance(value, list):
        return [_ordered(item, part.get("items", {}), whole) for item in value]
    known = part.get("properties", {})
    if not isinstance(value, dict) or not known:
        return value
    keys = [*(key for key in known if key in value), *(key for key in value if key not in known)]
    return {key: _ordered(value[key], known.get(key, {}), whole) for key in keys}


def _resolved(part: Any, whole: dict[str, Any]) -> dict[str, Any]:
    """The schema that `part` stands for: a `$ref` into the same file is followed, `true` and `false` say nothing."""
    if not isinstance(part, dict):
        return {}
    if "$ref" not in part:
        return part
    target: Any = whole
    for step in part["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return _resolved(target, whole)
