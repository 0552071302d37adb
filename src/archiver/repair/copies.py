"""Other copies of a collection: a store, a folder, a package. Nothing of theirs is believed before it is digested."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from archiver.errors import StoreError
from archiver.model import FileRef
from archiver.package.reading import Package, is_package, open_package
from archiver.stores import ObjectInfo, Store
from archiver.stores.local import LocalStore


class Copy(Protocol):
    """What is read from another copy. `StoreError` where it has no such file, or fails."""

    url: str
    """For people."""

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Every file whose path begins so."""
        ...

    def open(self, path: str) -> BinaryIO:
        """The file at a path of the collection, which the caller closes."""
        ...

    def find(self, file: FileRef) -> BinaryIO:
        """The bytes of that file, under whatever name."""
        ...


class _StoreCopy:
    def __init__(self, store: Store) -> None:
        self.url = store.url
        self._store = store

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        return self._store.list(prefix)

    def open(self, path: str) -> BinaryIO:
        return self._store.open(path)

    def find(self, file: FileRef) -> BinaryIO:
        return self._store.open(file.path)


class _PackageCopy:
    def __init__(self, package: Package) -> None:
        self.url = str(package.path)
        self._package = package
        self._by_digest = {sha256: name for name, (_, sha256) in package.files.items() if sha256}

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        for name, (size, sha256) in self._package.files.items():
            if name.startswith(prefix):
                yield ObjectInfo(name, size, sha256)

    def open(self, path: str) -> BinaryIO:
        if path not in self._package.files:
            raise StoreError(f"{self.url}/{path}", "the package has no such file", kind="absent")
        return self._package.open(path)

    def find(self, file: FileRef) -> BinaryIO:
        return self.open(self._by_digest.get(file.sha256, file.path))


def store_copy(store: Store) -> Copy:
    """A store as a copy."""
    return _StoreCopy(store)


@contextmanager
def open_copy(place: Path, name: str) -> Iterator[Copy]:
    """A WACZ file, a bag, the folder of the collection elsewhere, or a root that has it under `name`.

    Raises `UnreadableInput` where a package is not sound or a file is none, `StoreError` where there is nothing.
    """
    if is_package(place) or place.is_file():
        with open_package(place) as package:
            yield _PackageCopy(package)
    else:
        yield _StoreCopy(LocalStore(place / name if (place / name / "ledger").is_dir() else place))
