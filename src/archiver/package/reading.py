"""Packages from afar, WACZ files and bags: judged whole, and refused where anything is wrong, before they are read."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

from archiver import disk, zipfiles
from archiver.errors import UnreadableInput
from archiver.model import Finding
from archiver.stores.keys import KeySet
from archiver.validate import bagit, wacz
from archiver.warc.decoding import stream_of

PAYLOAD = "data/"
"""Where a bag has what it is about."""


class RefusedPackage(UnreadableInput):
    """A package in which something is wrong. Nothing of it may be used."""

    def __init__(self, path: Path, findings: tuple[Finding, ...]) -> None:
        faults = sum(one.level == "error" for one in findings)
        super().__init__(
            str(path),
            f"{faults} thing{'s are' if faults > 1 else ' is'} wrong with this package, and nothing of it was taken",
            "`archiver validate` tells what; ask whoever made it for a sound one.",
        )
        self.findings = findings


@dataclass(frozen=True, slots=True)
class Package:
    """A sound package, open for reading."""

    path: Path
    kind: Literal["wacz", "bag"]
    files: dict[str, tuple[int, str | None]]
    """Its files by name: bytes, and the SHA-256 where the package tells it. Of a bag the payload, without `data/`: in
    a bag of ours these are the paths of the collection."""
    findings: tuple[Finding, ...]
    """Warnings and infos: who signed it, what is strange about it."""
    _digests: dict[str, tuple[str, str]] = field(repr=False)
    """Algorithm and digest of each file."""
    _opening: Callable[[str], BinaryIO] = field(repr=False)

    def open(self, name: str) -> BinaryIO:
        """A file's bytes, from the first to the last. Reading raises `UnreadableInput` where they are not (any more)
        those that the package names; of a whole reading that ends well, every byte is right."""
        return stream_of(self._proven(name))

    def sha256(self, name: str) -> str:
        """A file's SHA-256; where the package does not tell it, the file is read."""
        return self.files[name][1] or disk.sha256_stream(self.open(name))[0]

    def _proven(self, name: str) -> Iterator[bytes]:
        algorithm, digest = self._digests[name]
        running, size = hashlib.new(algorithm, usedforsecurity=False), 0
        with self._opening(name) as stream:
            while piece := stream.read(disk.CHUNK):
                running.update(piece)
                size += len(piece)
                yield piece
        if size != self.files[name][0] or running.hexdigest() != digest:
            raise UnreadableInput(f"{self.path}/{name}", "it changed while it was read")


def is_package(path: Path) -> bool:
    """Whether this is (to be) read as a package: a ZIP file, or the folder of a bag."""
    return (path / "bagit.txt").exists() if path.is_dir() else path.is_file() and zipfiles.is_zip(path)


@contextmanager
def open_package(path: Path) -> Iterator[Package]:
    """A WACZ file or the folder of a bag, for the length of a `with` block; every byte of it was read and agrees.

    Raises `RefusedPackage`, with all findings, where anything is wrong with it, and `UnreadableInput` where it is
    neither.
    """
    if not is_package(path):
        raise UnreadableInput(str(path), "it is neither a WACZ file nor the folder of a bag")
    if path.is_dir():
        yield _bag(path)
        return
    findings = _refused(path, wacz.judge_wacz(path))
    with zipfiles.opened(path) as archive:
        digests = wacz.digests(archive)
        files = {
            name: (archive.sizes[name], digest if algorithm == "sha256" else None)
            for name, (algorithm, digest) in digests.items()
        }
        yield Package(path, "wacz", files, findings, digests, archive.open)


def _bag(folder: Path) -> Package:
    findings = _refused(folder, bagit.judge_bag(folder))
    listed = {name.removeprefix(PAYLOAD): found for name, found in bagit.digests(folder).items()}
    payload = folder / PAYLOAD
    _refused(folder, (*findings, *_strange(payload, listed)))
    files = {name: ((payload / name).stat().st_size, found.get("sha256")) for name, found in listed.items()}
    strongest = {name: max(found.items(), key=lambda one: len(one[1])) for name, found in listed.items()}
    return Package(folder, "bag", files, findings, strongest, lambda name: disk.within(payload, name).open("rb"))


def _strange(payload: Path, listed: dict[str, dict[str, str]]) -> Iterator[Finding]:
    """What a bag may have by its specification, and what is not taken all the same."""
    keys = KeySet()
    for name, digests in sorted(listed.items()):
        if why := zipfiles.unsafe(name):
            yield Finding("error", "bag-path", f"{payload}/{name}", f"its name {why}")
        elif twin := keys.add(name):
            yield Finding("error", "bag-path", f"{payload}/{name}", f"on some systems {twin} is the same name")
        if not digests.keys() & bagit.ALGORITHMS.keys():
            yield Finding(
                "error", "bag-algorithm", f"{payload}/{name}", "it has no digest of a kind that is known here"
            )


def _refused(path: Path, judged: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings on a package in which nothing is wrong. Raises `RefusedPackage` for any other."""
    findings = tuple(judged)
    if any(one.level == "error" for one in findings):
        raise RefusedPackage(path, findings)
    return findings
