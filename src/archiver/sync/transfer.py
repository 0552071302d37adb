"""Moving files, several at a time. A file that is not what the ledger says becomes a finding and goes nowhere."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from hashlib import sha256
from itertools import islice
from typing import BinaryIO, Protocol

from archiver import disk
from archiver.collection import Collection
from archiver.errors import ConflictError, ObjectConflict, StoreError
from archiver.model import Bytes, FileRef, Finding, Progress
from archiver.stores import BodyMismatch, ObjectInfo, Store
from archiver.sync.line import Line

PIECE_BYTES = 8 << 20
"""What of a great file is fetched, and held in memory, at a time."""
PIECES_AHEAD = 3
"""So many pieces of a file are fetched while one is digested and written."""
REPORT_SECONDS = 0.25

Work = Callable[[FileRef], Finding | bool]
"""Moves one file: True if it did, False if the file was there already, or what is wrong with it."""

_RESTORE = (
    "It was not sent. `archiver repair --from` brings it back; if no copy has it, `--give-up` says so. Then push again."
)
_AGAIN = "Let no other program write in the collection; `archiver verify` tells what the file is now. Then push again."
_KEEP = "It was not taken over. If another copy has it whole, `archiver sync repair` there mends the store."


def each(
    files: Sequence[FileRef], work: Work, what: str, progress: Progress, line: Line | None = None
) -> tuple[tuple[FileRef, ...], list[Finding]]:
    """Do `work` for all files; returns those moved and the findings. An exception ends it, and what is under way."""
    line = line or Line()
    total, done, waiting = Bytes(sum(file.bytes for file in files)), 0, iter(files)
    moved: list[FileRef] = []
    findings: list[Finding] = []
    under_way: dict[Future[Finding | bool], FileRef] = {}
    with ThreadPoolExecutor(line.jobs) as pool:
        try:
            while True:
                for file in islice(waiting, 2 * line.jobs - len(under_way)):
                    under_way[pool.submit(work, file)] = file
                if not under_way:
                    return tuple(sorted(moved)), sorted(findings)
                finished, _ = wait(under_way, REPORT_SECONDS, FIRST_COMPLETED)
                for future in finished:
                    file, outcome = under_way.pop(future), future.result()
                    done += file.bytes
                    if isinstance(outcome, Finding):
                        findings.append(outcome)
                    elif outcome:
                        moved.append(file)
                progress(what, min(total, done + line.under_way), total)
        except BaseException:
            line.cut()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def upload(
    collection: Collection, store: Store, file: FileRef, line: Line | None = None, *, free: bool = False
) -> Finding | bool:
    """Send one file as the ledger names it. `free`: the store has just listed that there is nothing of that name."""
    try:
        with collection.local(file.path).open("rb") as stream, (line or Line()).through(stream) as body:
            before = os.fstat(stream.fileno())
            try:
                stored = store.put(file.path, body, bytes=file.bytes, sha256=file.sha256, free=free)
            except BodyMismatch as error:
                message = f"its sha256 is {error.found[:12]}…, the ledger says {file.sha256[:12]}…"
                changed = _changed(stream, before)
                return Finding("error", "local-damaged", file.path, changed or message, _AGAIN if changed else _RESTORE)
            changed = _changed(stream, before)
            return Finding("error", "local-changed", file.path, changed, _AGAIN) if changed else stored
    except OSError as error:
        return Finding("error", "local-damaged", file.path, f"it cannot be read ({error.strerror or error})", _RESTORE)
    except ObjectConflict as error:
        return Finding("error", "conflict", file.path, str(error), error.hint)


def _changed(stream: BinaryIO, before: os.stat_result) -> str:
    """What to say of a file that was written to while it was read."""
    after = os.fstat(stream.fileno())
    same = (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    return "" if same else "it was changed while it was being sent"


def download(
    collection: Collection, store: Store, file: FileRef, prefix: str, line: Line | None = None
) -> Finding | bool:
    """Bring one file under its final name, once size and digest agree with the ledger; until then with a `prefix`.

    The name is durable once its folder was synced, which the caller does before the ledger says that it is there.
    """
    path = collection.local(file.path)
    if path.is_file():
        return _in_the_way(collection, file) or False
    disk.make_directory(path.parent)
    temporary = path.with_name(f"{prefix}{path.name}")
    try:
        with disk.writing(path), temporary.open("xb", buffering=0) as target:
            digest = sha256()
            for chunk in chunks(store, file, line or Line()):
                digest.update(chunk)
                disk.write_whole(target, chunk)
            os.fsync(target.fileno())
        if digest.hexdigest() != file.sha256:
            message = f"its sha256 is {digest.hexdigest()[:12]}…, the ledger says {file.sha256[:12]}…"
            return Finding("error", "remote-damaged", file.path, message, _KEEP)
        disk.publish(temporary, path, durable=False)
        return True
    except StoreError as error:
        still_there(store)
        return Finding("error", "remote-damaged", file.path, error.why, _KEEP)
    except ConflictError:
        return _in_the_way(collection, file) or False
    finally:
        temporary.unlink(missing_ok=True)


class Listed(Protocol):
    """What can tell whether it is there at all."""

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """As of a store."""
        ...


def still_there(store: Listed) -> None:
    """Tell a store that failed at one object from one that has failed altogether: raises `StoreError` if so."""
    next(store.list("ledger/"), None)


def _in_the_way(collection: Collection, file: FileRef) -> Finding | None:
    """None if the file that lies there already is the one wanted."""
    found, _ = disk.sha256_file(collection.local(file.path))
    if found == file.sha256:
        return None
    error = ObjectConflict(file.path, file.sha256, found)
    return Finding("error", "conflict", file.path, str(error), error.hint)


def chunks(store: Store, file: FileRef, line: Line) -> Iterator[bytes]:
    """An object's bytes in their order, at most one more than the ledger says; of a great one several pieces ahead."""
    if file.bytes <= PIECE_BYTES or line.limited:
        left = file.bytes + 1
        stream = store.open(file.path) if line.limited else store.open(file.path, 0, left)
        with line.through(stream) as source:
            while chunk := source.read(min(disk.CHUNK, left)):
                yield chunk
                left -= len(chunk)
        return
    ahead: deque[Future[list[bytes]]] = deque()
    with ThreadPoolExecutor(PIECES_AHEAD) as pool:
        try:
            for start in range(0, file.bytes, PIECE_BYTES):
                last = start + PIECE_BYTES >= file.bytes
                ahead.append(pool.submit(_piece, store, file.path, start, PIECE_BYTES + last, line))
                if len(ahead) > PIECES_AHEAD:
                    yield from ahead.popleft().result()
            while ahead:
                yield from ahead.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _piece(store: Store, key: str, start: int, size: int, line: Line) -> list[bytes]:
    """A part of an object in the chunks in which it came: joining them would hold up the other threads."""
    found = []
    with line.through(store.open(key, start, size)) as source:
        while size and (chunk := source.read1(size)):
            found.append(chunk)
            size -= len(chunk)
    return found
