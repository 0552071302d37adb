"""A collection's own description: its revisions, and following them by another."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archiver import disk, jsontext, schema
from archiver.collection import layout
from archiver.collection.entry import Entry
from archiver.errors import UnreadableInput, UsageError
from archiver.ledger import Event
from archiver.sidecar import dump

if TYPE_CHECKING:
    from archiver.collection.collection import Collection
    from archiver.model import FileRef

Document = dict[str, Any]


def heads(folder: Path) -> dict[str, Document]:
    """The revisions that no other follows, by file name: several where two people changed it apart.

    `folder` is the collection's. Raises `UnreadableInput` at one that is malformed.
    """
    paths = {path.name: disk.within(folder, f"collection/{path.name}") for path in folder.glob("collection/*.json")}
    loaded = {name: _read(path) for name, path in sorted(paths.items())}
    parents = {parent for one in loaded.values() for parent in one.get("parents", ())}
    return {name: one for name, one in loaded.items() if name not in parents}


def redescribe(collection: "Collection", change: Callable[[Document], Document], event: Event) -> "FileRef":
    """Enter a further revision of the description, which follows all current ones, by one line of the ledger.

    `change` makes it of the current one; it is called with the lock held. Returns the new file. Raises `UsageError` if
    what it makes does not fit the schema, `UnreadableInput` if there is no description; then nothing is entered.
    """
    with Entry.revisions(collection.path, collection.state) as entry, collection.state.lock(collection.name):
        current = heads(collection.path)
        if not current:
            raise UnreadableInput(str(collection.path / "collection"), "there is no description to change")
        document = change(dict(list(current.values())[-1]))
        document |= {"$schema": schema.ids()["collection"], "parents": list(current)}
        if wrong := schema.problems(document, "collection"):
            raise UsageError(f"{wrong[0].pointer}: {wrong[0].message}.", wrong[0].hint)
        content = dump(schema.ordered(document, "collection"))
        number = max(_number(path.name) for path in (collection.path / "collection").iterdir()) + 1
        file = entry.write(layout.metadata_path(number, disk.sha256_bytes(content)), content)
        entry.enter(event, file, *entry.schemas())
    return file


def _number(name: str) -> int:
    digits = name.partition("-")[0].removeprefix("r")
    return int(digits) if digits.isdecimal() and digits.isascii() else 0


def _read(path: Path) -> Document:
    document = jsontext.read(path.read_bytes(), str(path))
    if isinstance(document, dict):
        blocks = (document.get("rights", {}), document.get("policies", {}))
        if all(isinstance(one, dict) for one in blocks) and _are_texts(document.get("parents", [])):
            return document
    raise UnreadableInput(
        str(path), "it does not describe a collection", "`archiver validate` tells all that is wrong."
    )


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)
