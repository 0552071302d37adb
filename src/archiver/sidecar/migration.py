"""How a sidecar of an older version becomes one of the newest: pure steps, one from each version to the next.

Nothing is migrated where it lies: a file stays what it is and is judged by its own version. The next revision of an
old sidecar is written in the newest one, so what an old version could say, each later one can say as well.
"""

from collections.abc import Callable, Mapping
from typing import Any

from archiver import schema

Document = dict[str, Any]


def migrated(document: Mapping[str, Any]) -> Document:
    """`document` in the newest version; one of an unknown version, or of none, as it is. It is not changed itself."""
    current = dict(document)
    while step := STEPS.get(str(current.get("$schema"))):
        current = step(current)
    return current


def _to_1_1_0(document: Document) -> Document:
    """1.1.0 added members to `capture` and roles to `warc.records`."""
    return document | {"$schema": _name("1.1.0")}


def _to_1_2_0(document: Document) -> Document:
    """1.2.0 added members to `article`, `warc` and the assertions, and a fuller JSON-LD context."""
    return document | {"$schema": _name("1.2.0"), "@context": schema.context()}


def _name(version: str) -> str:
    return f"urn:archiver:schema:sidecar:{version}"


STEPS: dict[str, Callable[[Document], Document]] = {_name("1.0.0"): _to_1_1_0, _name("1.1.0"): _to_1_2_0}
"""`$schema` of a version → the step to the one after it."""
