"""A sidecar that has every member there is, made of the schema's own examples; and what stands where in a schema."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from archiver import schema

REPOSITORY = Path(__file__).parents[1]
EXAMPLE: dict[str, Any] = json.loads((REPOSITORY / "docs/sidecar.example.json").read_text("utf-8"))
SCHEMA = schema.loaded("sidecar", schema.VERSIONS["sidecar"][-1])


def followed(part: dict, whole: dict) -> dict:
    """What a `$ref` into the same file leads to."""
    while "$ref" in part:
        reference, part = part["$ref"], whole
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]
    return part


def sample(part: dict, whole: dict) -> Any:
    """A value with every member that a schema describes."""
    form = followed(part, whole)
    for one in (part, form):
        if "examples" in one:
            return one["examples"][0]
    if "const" in form:
        return form["const"]
    if "properties" in form:
        return {name: sample(member, whole) for name, member in form["properties"].items()}
    return [sample(form["items"], whole)] if "items" in form else form["enum"][0]


def full_sidecar() -> dict[str, Any]:
    """Every member; `article` and `assertions` are those of the documented example, which belong together."""
    made = sample(SCHEMA, SCHEMA)
    return made | {name: EXAMPLE[name] for name in ("article", "assertions")}


def rules(path: tuple, whole: dict = SCHEMA) -> dict:
    """The schema's part for what stands at `path`."""
    part = whole
    for step in path:
        part = followed(part, whole)
        part = part["items"] if isinstance(step, int) else part["properties"][step]
    return followed(part, whole)


def objects(value: Any, path: tuple = ()) -> Iterator[tuple[tuple, dict]]:
    """Every object of a sidecar that the schema describes, with its path."""
    if isinstance(value, dict | list):
        if isinstance(value, dict):
            yield path, value
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            free = key in ("@context", "extensions", "options", "counts")
            if not free and not (key == "value" and path[:1] == ("assertions",)):
                yield from objects(child, (*path, key))
