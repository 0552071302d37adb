"""Moving files, several at a time. A file that is not what the ledger says becomes a finding and goes nowhere."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from hashlib import sha256
from typing import BinaryIO

from archiver import disk
from archiver.collection import Collection
from archiver.errors import ConflictError, ObjectConflict, StoreError
from archiver.model import FileRef, Finding, Progress
from archiver.stores import BodyMismatch, Store

TRANSFERS = 8
"""Objects under way at the same time."""

Work = Callable[[FileRef], Finding | bool]
"""Moves one file: True if it did, False if the file was there already, or what is wrong with it."""

_RESTORE = "Nothing was sent. Bring the file back from a copy, then push again."
_KEEP = "Nothing was taken over. Another copy of the collection may have it whole."


def each(
    files: Sequence[FileRef], work: Work, what: str, progress: Progress
) -> tuple[tuple[FileRef, ...], list[Finding]]:
    """Do `work` for all files; returns those moved and the findings. An exception ends it, after what is under way."""
    total, done = sum(file.bytes for file in files), 0
    moved: list[FileRef] = []
    findings: list[Finding] = []
    with ThreadPoolExecutor(TRANSFERS) as pool:
        futures = {pool.submit(work, file): file for file in files}
        try:
            for future in as_completed(futures):
                file, outcome = futures[future], future.result()
                if isinstance(outcome, Finding):
                    findings.append(outcome)
                elif outcome:
                    moved.append(file)
                done += file.bytes
                progress(what, done, total)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return tuple(sorted(moved)), sorted(findings)


def upload(collection: Collection, store: Store, file: FileRef) -> Finding | bool:
    """Send one file as the ledger names it."""
    try:
        with collection.local(file.path).open("rb") as body:
            return store.put(file.path, body, bytes=file.bytes, sha256=file.sha256)
    except BodyMismatch as error:
        message = f"its sha256 is {error.found[:12]}…, the ledger says {file.sha256[:12]}…"
        return Finding("error", "local-damaged", file.path, message, _RESTORE)
    except OSError as error:
        return Finding("error", "local-damaged", file.path, f"it cannot be read ({error.strerror or error})", _RESTORE)
    except ObjectConflict as error:
        return Finding("error", "conflict", file.path, str(error), error.hint)


def download(collection: Collection, store: Store, file: FileRef, prefix: str) -> Finding | bool:
    """Bring one file under its final name, once size and digest agree with the ledger; until then with a `prefix`."""
    path = collection.local(file.path)
    if path.is_file():
        return _in_the_way(collection, file) or False
    disk.make_directory(path.parent)
    temporary = path.with_name(f"{prefix}{path.name}")
    try:
        with store.open(file.path) as source, disk.writing(path), temporary.open("xb") as target:
            found = _copy(source, target, file.bytes)
            disk.sync_file(target)
        if found != file.sha256:
            message = f"its sha256 is {found[:12]}…, the ledger says {file.sha256[:12]}…"
            return Finding("error", "remote-damaged", file.path, message, _KEEP)
        disk.publish(temporary, path)
        return True
    except StoreError as error:
        still_there(store)
        return Finding("error", "remote-damaged", file.path, error.why, _KEEP)
    except ConflictError:
        return _in_the_way(collection, file) or False
    finally:
        temporary.unlink(missing_ok=True)


def still_there(store: Store) -> None:
    """Tell a store that failed at one object from one that has failed altogether: raises `StoreError` if so."""
    next(store.list("ledger/"), None)


def _in_the_way(collection: Collection, file: FileRef) -> Finding | None:
    """None if the file that lies there already is the one wanted."""
    found, _ = disk.sha256_file(collection.local(file.path))
    if found == file.sha256:
        return None
    error = ObjectConflict(file.path, file.sha256, found)
    return Finding("error", "conflict", file.path, str(error), error.hint)


def _copy(source: BinaryIO, target: BinaryIO, size: int) -> str:
    """Copy at most one byte more than `size`; returns the hex digest of what came."""
    digest, left = sha256(), size + 1
    while chunk := source.read(min(disk.CHUNK, left)):
        digest.update(chunk)
        target.write(chunk)
        left -= len(chunk)
    return digest.hexdigest()
