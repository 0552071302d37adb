"""JSON-LD as publishers write it, made into schema.org items; the only home of json_repair."""

import json
import re
from collections.abc import Iterator
from typing import Any

Item = tuple[str, dict[str, Any]]
"""Where it stands, and its members."""

_MAX_NODES = 5000
_MAX_DEPTH = 6
_BROKEN = 200_000
"""Characters of broken JSON on a page that are repaired: it takes time."""
_WRAPPING = re.compile(r"^\s*(?:<!--|/\*.*?\*/|//[^\n]*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//[^\n]*\]\]>|\]\]>)\s*;?\s*$")


def items(tree: Any) -> Iterator[Item]:
    """Items that stand for themselves: at the top, in lists, in `@graph`, or as the `mainEntity` of another.

    Not those elsewhere: lists of other stories, related links and comments hang there.
    """
    waiting: list[tuple[str, Any, int]] = []
    patience = _BROKEN
    for number, script in enumerate(tree.xpath("//script[contains(@type, 'ld+json')]")):
        text = script.text_content()
        value, spent = _loads(text, patience)
        patience -= spent
        waiting.append((f"ld+json[{number}]$", value, 0))
    for _ in range(_MAX_NODES):
        if not waiting:
            return
        path, value, depth = waiting.pop(0)
        if isinstance(value, dict):
            yield path, value
            inner = [(f"{path}.{name}", value.get(name)) for name in ("@graph", "mainEntity")]
        elif isinstance(value, list):
            inner = [(f"{path}[{index}]", item) for index, item in enumerate(value[:_MAX_NODES])]
        else:
            continue
        waiting += [(place, one, depth + 1) for place, one in inner if depth < _MAX_DEPTH]


def _loads(text: str, patience: int) -> tuple[Any, int]:
    """Publishers' JSON, leniently, and how much of the patience with broken JSON it took.

    Wrappings and raw line breaks in strings are forgiven. What is broken otherwise (quotation marks in texts, a comma
    too many or too few, cut off) is repaired by a library, as long as the patience lasts.
    """
    text = _WRAPPING.sub("", _WRAPPING.sub("", text))
    try:
        return json.loads(text, strict=False), 0
    except (ValueError, RecursionError):
        if len(text) > patience:
            return None, 0
    import json_repair

    try:
        return json_repair.loads(text, skip_json_loads=True), len(text)
    except (ValueError, RecursionError):
        return None, len(text)
