"""Writes the tables of docs/sidecar.md from the newest schemas' own descriptions and examples.

A table stands under a comment that says of what it is: `<!-- sidecar capture -->` is all of `/capture`. What stands
between the tables is written by hand. `make docs` runs it; a test compares.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from archiver import schema

PAGE = Path(__file__).with_name("sidecar.md")
TABLE = re.compile(r"<!-- (\w+)(?: ([\w ]+))? -->\n(?:\|.*\n)*")
ALIKE = {"warc.records.*": "main"}
"""Members that all have the same form → the one that stands for them."""


def table(kind: str, blocks: str) -> str:
    """The table of what is in some blocks of a document; without any, of its own members."""
    whole = json.loads((PAGE.parents[1] / "schemas" / kind / f"{schema.VERSIONS[kind][-1]}.json").read_bytes())
    rows = ["| field | what it says | example |", "|---|---|---|"]
    if not blocks:
        rows += members(whole, whole, "", deep=kind in ("collection", "erasure", "loss", "qa", "access"))
    for block in blocks.split():
        if kind == "ledger":
            rows += members(whole["$defs"][block], whole, "")
        else:
            rows += members(followed(whole["properties"][block], whole), whole, block)
    return "\n".join(rows) + "\n"


def members(part: dict[str, Any], whole: dict[str, Any], path: str, *, deep: bool = True) -> Iterator[str]:
    """A row for each member of an object, and of what it holds."""
    if part.get("type") == "array":
        part, path = followed(part["items"], whole), f"{path}[]"
    for name, member in part.get("properties", {}).items():
        inner, target = f"{path}.{name}".lstrip("."), followed(member, whole)
        required = " *" if name in part.get("required", ()) else ""
        yield f"| `{inner}`{required} | {member['description']} | {example(member, target)} |"
        if f"{path}.*" not in ALIKE and deep:
            yield from members(target, whole, inner)
    for alike, name in ALIKE.items():
        if alike == f"{path}.*":
            yield from members(followed(part["properties"][name], whole), whole, alike)


def followed(part: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """What a `$ref` into the same file leads to."""
    while "$ref" in part:
        reference, part = part["$ref"], whole
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]
    return part


def example(member: dict[str, Any], target: dict[str, Any]) -> str:
    """An example as it stands in a document; strings without their quotes."""
    shown = member.get("examples", [target["const"]] if isinstance(target.get("const"), str) else [])
    return f"`{text(shown[0])}`" if shown else ""


def text(value: Any) -> str:
    """One value, at most as wide as a column can be."""
    whole = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return re.sub(r"([0-9a-f]{12})[0-9a-f]{52}", r"\1…", whole).replace("|", "\\|")


def page() -> str:
    """The whole page."""

    def made(found: re.Match[str]) -> str:
        return found[0].partition("\n")[0] + "\n" + table(found[1], found[2] or "")

    return TABLE.sub(made, PAGE.read_text("utf-8"))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
