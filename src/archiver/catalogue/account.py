"""All that is known of one capture: what it says, who says so, its revisions and its files."""

from dataclasses import dataclass
from typing import Any

from archiver.catalogue.catalogue import open_catalogue
from archiver.collection import Collection, Root
from archiver.model import FileRef
from archiver.sidecar import METHODS, Assertion, Sidecar


@dataclass(frozen=True, slots=True)
class Value:
    """One property of the article, and who claims what of it."""

    name: str
    value: Any
    sources: list[Assertion]
    """Those that claim this value, the most trusted first."""
    others: list[Assertion]
    """Those that claim another."""

    def as_json(self) -> dict[str, Any]:
        """Its place in the JSON of `show`."""
        sources, others = ([one.as_json() for one in side] for side in (self.sources, self.others))
        return {"name": self.name, "value": self.value, "sources": sources, "others": others}


@dataclass(frozen=True, slots=True)
class Account:
    """One capture in full."""

    collection: Collection
    sidecar: Sidecar
    """The current revision."""
    values: list[Value]
    files: list[FileRef]
    """As the ledger names them: the WARC, later products, and all revisions of the sidecar."""

    @property
    def revisions(self) -> list[FileRef]:
        """The revisions of the sidecar, oldest first."""
        return [file for file in self.files if file.path.startswith("sidecars/")]

    def as_json(self) -> dict[str, Any]:
        """The JSON of `archiver show`."""
        return {
            "collection": self.collection.name,
            "warc": str(self.collection.local(self.sidecar.warc_file)),
            "values": [value.as_json() for value in self.values],
            "revisions": [file.path for file in self.revisions],
            "files": [
                {"path": one.path, "bytes": one.bytes, "sha256": one.sha256, "present": self.is_present(one)}
                for one in self.files
            ],
            "sidecar": self.sidecar.document,
        }

    def is_present(self, file: FileRef) -> bool:
        """Whether the file is here, in its size; whether it is whole is told by `verify`."""
        place = self.collection.local(file.path)
        return place.is_file() and place.stat().st_size == file.bytes


def find(root: Root, capture: str, name: str | None = None) -> tuple[Collection, Sidecar, list[FileRef]]:
    """A capture's collection, current sidecar and files, from the catalogue, which spares reading the whole ledger.

    Raises `UnknownCapture`, or `UnreadableInput` if its sidecar is damaged.
    """
    for collection in root.chosen(name):
        with open_catalogue(collection) as catalogue:
            if (sidecar := catalogue.sidecar(capture)) and (row := catalogue.capture(capture)):
                return collection, sidecar, catalogue.files(row)
    return *root.find(capture, name), []


def account(root: Root, capture: str, name: str | None = None) -> Account:
    """All that is known of a capture. Raises as `find` does."""
    collection, sidecar, files = find(root, capture, name)
    return Account(collection, sidecar, values_of(sidecar), files)


def values_of(sidecar: Sidecar) -> list[Value]:
    """What the article is said to be, property by property, and by whom. Raises as `Sidecar.assertions` does."""
    claims = sorted(sidecar.assertions, key=lambda one: METHODS.index(one.method))
    values = []
    for name, value in sidecar.article.items():
        about = [one for one in claims if one.about == f"/article/{name}"]
        if not name.startswith("@"):
            sources = [one for one in about if one.value == value]
            values.append(Value(name, value, sources, [one for one in about if one.value != value]))
    return values
