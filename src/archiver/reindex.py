"""Making again what is derived: index levels and catalogue, from WARCs, sidecars and ledger.

WARCs that are not here can be indexed where they are: each is read once, and only bytes that agree with the ledger
give lines. The store is then as good a place to replay from as this disk.
"""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from archiver import catalogue, cdxj, disk
from archiver.collection import Collection, index
from archiver.errors import StoreError, UnreadableInput
from archiver.model import FileRef, Finding, Progress, silent
from archiver.stores import Store

AT_ONCE = 4
"""WARCs that are read from a store at the same time; each lies on the disk meanwhile."""
BATCH = 64
_HINT = "Its pages cannot be replayed from there. Another copy of the collection may have it."


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was made."""

    collection: str
    lines: int
    """Index lines."""
    captures: int
    """Captures in the catalogue."""
    read: int = 0
    """WARCs that were read at the store."""
    findings: tuple[Finding, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The JSON shape of `archiver reindex`."""
        return asdict(self) | {"findings": [one.as_json() for one in self.findings]}


def reindex(
    collection: Collection, remote: Store | None = None, progress: Progress = silent, *, packed: bool | None = None
) -> Rebuilt:
    """Rebuild index and catalogue; the truth is only read. Raises `UnreadableInput` if the ledger is damaged.

    Lines of WARCs that are not here stay; with `remote`, those that have none get them from the copies there, and the
    catalogue the texts. What was read there is kept if it breaks off: `StoreError` when the store as a whole fails.
    `packed`: the index as ZipNum, or not; None: as it was.
    """
    lines = collection.reindex(packed=packed)
    read, findings = _read_there(collection, remote, progress) if remote else (0, [])
    if read:
        lines = sum(1 for _ in collection.read_index())
    captures = catalogue.rebuild(collection)
    if remote:
        catalogue.fill_texts(collection, partial(_record, remote), progress)
    return Rebuilt(collection.name, lines, captures, read, tuple(findings))


def _record(store: Store, path: str, offset: int, length: int) -> BinaryIO:
    """The bytes of one record at the store; a file that cannot be read there is like one that cannot be read here."""
    try:
        return store.open(path, offset, length)
    except StoreError as error:
        if error.kind not in ("absent", "cold"):
            raise
        raise FileNotFoundError(path) from error


def _read_there(collection: Collection, store: Store, progress: Progress) -> tuple[int, list[Finding]]:
    """Index the WARCs that are neither here nor in the index; how many, and what was wrong with others."""
    known = {index.file_of(line) for line in collection.read_index()}
    wanted = [file for path, file in sorted(collection.absent_warcs().items()) if path not in known]
    left, done, read = iter(wanted), 0, 0
    findings: list[Finding] = []
    with _staging(collection) as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        while batch := list(islice(left, BATCH)):
            lines: list[bytes] = []
            for file, found in zip(batch, pool.map(lambda file: _lines(store, file, folder), batch), strict=True):
                if isinstance(found, Finding):
                    findings.append(found)
                else:
                    lines += found
                    read += 1
                done += file.bytes
                progress("indexing", done, sum(file.bytes for file in wanted))
            collection.add_lines(lines)
    return read, findings


@contextmanager
def _staging(collection: Collection) -> Iterator[Path]:
    """An empty folder on the root's disk; what a kill left there is removed first."""
    folder = collection.state.path / "reindex" / collection.name
    with collection.state.lock(f"{collection.name}.reindex"):
        shutil.rmtree(folder, ignore_errors=True)
        try:
            disk.make_directory(folder)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _lines(store: Store, file: FileRef, folder: Path) -> list[bytes] | Finding:
    """The index lines of one WARC at the store, or what is wrong with it."""
    staged = disk.within(folder, file.path)
    disk.make_directory(staged.parent)
    try:
        with store.open(file.path, 0, file.bytes + 1) as source, staged.open("xb") as target:
            shutil.copyfileobj(source, target, disk.CHUNK)
        digest, _ = disk.sha256_file(staged)
        if digest != file.sha256:
            message = f"its sha256 at {store.url} is {digest[:12]}…, the ledger says {file.sha256[:12]}…"
            return Finding("error", "remote-damaged", file.path, message, _HINT)
        with suppress(UnreadableInput):
            return [line.encode() for line in cdxj.index_lines(staged, folder / "archive")]
        return []
    except StoreError as error:
        if error.kind not in ("absent", "cold"):
            raise
        return Finding("error", f"remote-{error.kind}", file.path, f"{store.url}: {error.why}", error.hint or _HINT)
    finally:
        staged.unlink(missing_ok=True)
