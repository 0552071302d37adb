"""A root folder: several collections side by side, and under `.archiver/` the state that is no truth."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from archiver import disk, schema
from archiver.collection import index, layout
from archiver.collection.collection import Collection
from archiver.collection.readme import README
from archiver.collection.state import State
from archiver.errors import ConflictError, UnknownCapture, UnknownCollection, UsageError
from archiver.ledger import Chain, Event
from archiver.model import FileRef, now, timestamp
from archiver.sidecar import Sidecar, dump


class Root:
    """The folder that holds all collections; made on first writing."""

    def __init__(self, path: Path) -> None:
        """`path` need not exist yet."""
        self.path = path.absolute()
        self.state = State(self.path)

    def collections(self) -> list[Collection]:
        """Every collection, by name."""
        if not self.path.is_dir():
            return []
        folders = sorted(path for path in self.path.iterdir() if (path / "ledger").is_dir())
        return [Collection(path) for path in folders if layout.COLLECTION_NAME.match(path.name)]

    def collection(self, name: str) -> Collection:
        """The collection of that name. Raises `UnknownCollection`."""
        path = self.path / layout.check_name(name)
        if not (path / "ledger").is_dir():
            raise UnknownCollection(name, str(self.path))
        return Collection(path)

    def chosen(self, name: str | None) -> list[Collection]:
        """The one named, or all of them."""
        return self.collections() if name is None else [self.collection(name)]

    def create(self, name: str, title: str, *, description: str = "", agent: str) -> Collection:
        """A new collection; it appears whole or not at all. Raises `ConflictError` if the name is taken."""
        path = self.path / layout.check_name(name)
        if not title.strip():
            raise UsageError("A collection needs a title.", "Say in a few words what it collects, with --title.")
        disk.make_directory(self.path)
        with self.state.lock(name):
            if path.exists():
                raise ConflictError(f"{path} exists already.", "Nothing was changed; choose another name.")
            draft = self.path / f"{disk.TEMPORARY}{name}"
            shutil.rmtree(draft, ignore_errors=True)
            with disk.writing(path):
                objects = _write_first_files(draft, name, title, description)
                Chain(draft / "ledger", self.state.writer()).append(Event("creation", agent, tuple(objects)))
                draft.rename(path)
                disk.sync_directory(self.path)
        return Collection(path)

    def place(self, name: str) -> Collection:
        """Where a collection of that name is or will be: a place to pull into. Nothing is made yet."""
        return Collection(self.path / layout.check_name(name))

    def find(self, capture: str, name: str | None = None) -> tuple[Collection, Sidecar]:
        """The collection that holds a capture, and its current sidecar. Raises `UnknownCapture`."""
        for collection in self.chosen(name):
            if found := collection.sidecar(capture):
                return collection, found
        raise UnknownCapture(capture)


def _write_first_files(folder: Path, name: str, title: str, description: str) -> Iterator[FileRef]:
    metadata: dict[str, Any] = {
        "$schema": schema.ids()["collection"],
        "name": name,
        "title": title,
        "created": timestamp(now()),
        "rights": {"access": "reading-room"},
    }
    if description:
        metadata["description"] = description
    content = dump(metadata)
    files = {"README.txt": README.encode(), layout.metadata_path(1, disk.sha256_bytes(content)): content}
    files |= {f"schemas/{file}": body for file, body in schema.schema_files().items()}
    for path, body in files.items():
        disk.write_atomic(folder / path, body)
        sha256, size = disk.sha256_file(folder / path)
        yield FileRef(path, size, sha256)
    index.create(folder / "indexes")
