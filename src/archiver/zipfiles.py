"""ZIP files: what makes one from afar unfit to be read, reading the others, and writing. The only home of `zipfile`.

Two programs may read two different things out of one hostile ZIP file, and a small one may unpack to more than a disk
holds. Such files are refused whole; nothing in them is mended, and nothing is unpacked under a name of theirs.
"""

import hashlib
import lzma
import re
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal

from archiver.disk import CHUNK
from archiver.errors import UnreadableInput
from archiver.stores.keys import KeySet
from archiver.warc.decoding import stream_of

MAX_ENTRIES = 200_000
MAX_RATIO = 200
"""Times that a file may unpack to its size."""
MAX_UNPACKED = 64 << 30
"""Bytes that all files that are not merely stored may unpack to."""
END_RECORD = b"PK\x05\x06"
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, RuntimeError)
"""What zipfile raises for places that lead nowhere, and for files that are damaged, encrypted or oddly packed."""
_OUTSIDE = re.compile(r"/|~|[A-Za-z]:|(.*/)?\.\.(/|\Z)")
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True, slots=True)
class Fault:
    """What makes a ZIP file unfit to be read any further."""

    about: Literal["name", "zip"]
    message: str


class Archive:
    """A ZIP file open for reading. Until `faults` has found none, nothing of it may be read."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file
        self.sizes = {entry.filename: entry.file_size for entry in file.infolist() if not entry.is_dir()}
        """Its files with the bytes that each unpacks to."""

    def is_stored(self, name: str) -> bool:
        """Whether a file stands in it as it is."""
        return self._file.getinfo(name).compress_type == zipfile.ZIP_STORED

    def open(self, name: str) -> BinaryIO:
        """A file's bytes, never more than its entry says. Reading raises `UnreadableInput` where they are damaged."""
        return stream_of(self._pieces(name))

    def _pieces(self, name: str) -> Iterator[bytes]:
        with _translated(f"{self._file.filename}/{name}"), self._file.open(name) as stream:
            while piece := stream.read(CHUNK):
                yield piece

    def faults(self) -> Iterator[Fault]:
        """Everything that makes it unfit to be read."""
        entries = self._file.infolist()
        if len(entries) > MAX_ENTRIES:
            yield Fault("zip", f"it has more than {MAX_ENTRIES} files")
            return
        packed = sum(entry.file_size for entry in entries if entry.compress_type != zipfile.ZIP_STORED)
        if packed > MAX_UNPACKED:
            yield Fault("zip", f"it unpacks to more than {MAX_UNPACKED >> 30} GB")
        end = 0
        for entry in sorted(entries, key=lambda one: one.header_offset):
            if entry.header_offset < end or (end == 0 < entry.header_offset):
                message = "overlaps another file" if end else "has something before it"
                yield Fault("zip", f"{entry.orig_filename[:300]} {message}")
            end = entry.header_offset + 30 + len(entry.orig_filename.encode(errors="replace")) + entry.compress_size
            for message in _of_content(entry):
                yield Fault("zip", f"{entry.orig_filename[:300]} {message}")
        yield from _of_names(entries)


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """A ZIP file for the length of a `with` block. Raises `UnreadableInput` where it is none."""
    with _translated(str(path)):
        file = zipfile.ZipFile(path)
    with file:
        yield Archive(file)


@contextmanager
def _translated(where: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        raise UnreadableInput(where, f"it cannot be read as a ZIP file: {error}") from error


def is_zip(path: Path) -> bool:
    """Whether a file begins as a ZIP file does, whole or not."""
    with path.open("rb") as stream:
        return stream.read(4) in (b"PK\x03\x04", END_RECORD)


def _of_content(entry: zipfile.ZipInfo) -> Iterator[str]:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        yield "is a link or no plain file"
    if entry.flag_bits & 1:
        yield "is encrypted"
    if entry.compress_type not in _METHODS:
        yield "is packed in a way that few programs read"
    if entry.is_dir() and entry.file_size:
        yield "is a folder with content"
    if entry.compress_type == zipfile.ZIP_STORED and entry.file_size != entry.compress_size and not entry.flag_bits & 1:
        yield "is stored with two different sizes"
    if entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
        yield f"unpacks to more than {MAX_RATIO} times its size"


def _of_names(entries: list[zipfile.ZipInfo]) -> Iterator[Fault]:
    seen, keys = set[str](), KeySet()
    for entry in entries:
        name = entry.orig_filename.removesuffix("/")
        if why := unsafe(name):
            yield Fault("name", f"the name {name[:300]!r} {why}")
        elif name in seen:
            yield Fault("name", f"{name[:300]} stands twice in it")
        elif not entry.is_dir() and (twin := keys.add(name)):
            yield Fault("name", f"{name[:300]} and {twin[:300]} are one name on some systems")
        seen.add(name)


def unsafe(name: str) -> str:
    """Why a name, with forward slashes, could be that of another file than it seems; empty where it could not."""
    if _OUTSIDE.match(name):
        return "leads out of the package"
    if "\\" in name:
        return "has a backslash"
    if any(unicodedata.category(character) in _INVISIBLE for character in name):
        return "has control or invisible characters"
    return "" if all(part not in ("", ".") for part in name.split("/")) else "has an empty part"


class NewArchive:
    """A ZIP file that is being written. The same files in the same order give the same bytes."""

    def __init__(self, file: zipfile.ZipFile, at: datetime) -> None:
        self._file = file
        self._at = at.timetuple()[:6]

    def add(self, name: str, pieces: Iterable[bytes], size: int, *, stored: bool = False) -> str:
        """Write a file of `size` bytes, packed unless it is to be `stored`; returns its SHA-256.

        The size must be known before: fields for great files, put in for safety before a small one and not named in
        the directory, make replayweb.page 2.5 look for the file 20 bytes too early.
        """
        entry = zipfile.ZipInfo(name, self._at)
        entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        entry.create_system, entry.external_attr = 3, (stat.S_IFREG | 0o644) << 16
        digest = hashlib.sha256()
        with self._file.open(entry, "w", force_zip64=size > zipfile.ZIP64_LIMIT) as stream:
            for piece in pieces:
                digest.update(piece)
                stream.write(piece)
        return digest.hexdigest()


@contextmanager
def writing(stream: BinaryIO, at: datetime) -> Iterator[NewArchive]:
    """A new ZIP file in `stream`, whose files are of the time `at` (UTC); finished when the `with` block ends well."""
    with zipfile.ZipFile(stream, "w") as file:
        yield NewArchive(file, at)
