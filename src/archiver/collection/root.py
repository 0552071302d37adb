"""A root folder: several collections side by side, and under `.archiver/` the state that is no truth."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
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

    def create(self, name: str, title: str, *, description: str = "", dedup: bool = False, agent: str) -> Collection:
        """A new collection; it appears whole or not at all. Raises `ConflictError` if the name is taken.

        `dedup`: its captures may refer to each other for what they have in common. `UsageError` without a title.
        """
        path = self.path / layout.check_name(name)
        if not title.strip():
            raise UsageError("A collection needs a title.", "Say in a few words what it collects, with --title.")
        disk.make_directory(self.path)
        with self.state.lock(name):
            if path.exists():
                raise ConflictError(f"{path} exists already.", "Nothing was changed; choose another name.")
            self._appear(path, _first_files(name, title, description, dedup=dedup), Event("creation", agent))
        return Collection(path)

    def copy(self, name: str, description: Mapping[str, bytes], *, agent: str) -> Collection:
        """A working copy of a collection elsewhere, to capture into: its description, by path, and nothing else yet."""
        path = self.path / layout.check_name(name)
        disk.make_directory(self.path)
        with self.state.lock(name):
            if not path.exists():
                self._appear(path, description, Event("replication", agent))
        return self.collection(name)

    def _appear(self, path: Path, files: Mapping[str, bytes], event: Event) -> None:
        """A collection with its first files: whole at once, by a rename."""
        draft = self.path / f"{disk.TEMPORARY}{path.name}"
        shutil.rmtree(draft, ignore_errors=True)
        with disk.writing(path):
            objects = []
            for name, content in files.items():
                disk.write_atomic(disk.within(draft, name), content)
                objects.append(FileRef(name, len(content), disk.sha256_file(draft / name)[0]))
            index.create(draft / "indexes")
            Chain(draft / "ledger", self.state.writer()).append(replace(event, objects=tuple(objects)))
            draft.rename(path)
            disk.sync_directory(self.path)

    def place(self, name: str) -> Collection:
        """Where a collection of that name is or will be: a place to pull into. Nothing is made yet."""
        return Collection(self.path / layout.check_name(name))

    def find(self, capture: str, name: str | None = None) -> tuple[Collection, Sidecar]:
        """The collection that holds a capture, and its current sidecar. Raises `UnknownCapture`."""
        for collection in self.chosen(name):
            if found := collection.sidecar(capture):
                return collection, found
        raise UnknownCapture(capture)


def _first_files(name: str, title: str, description: str, *, dedup: bool) -> dict[str, bytes]:
    """What a collection begins with, by path."""
    metadata: dict[str, Any] = {
        "$schema": schema.ids()["collection"],
        "name": name,
        "title": title,
        "created": timestamp(now()),
        "rights": {"access": "open"},
    }
    if description:
        metadata["description"] = description
    if dedup:
        metadata["policies"] = {"dedup": "collection"}
    content = dump(metadata)
    files = {"README.txt": README.encode(), layout.metadata_path(1, disk.sha256_bytes(content)): content}
    return files | {f"schemas/{file}": body for file, body in schema.schema_files().items()}
