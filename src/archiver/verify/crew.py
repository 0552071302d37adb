"""Groups read by as many processes as there are cores: inflating and digesting is all that takes time.

Workers are forked, which costs nothing, unless this process has threads, whose locks they would inherit: then they are
started afresh. Ctrl-C reaches the parent alone, which ends them.
"""

import gc
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from pathlib import Path
from threading import active_count

from archiver.collection import Collection
from archiver.errors import ArchiverError
from archiver.verify.reading import Reading, read_group
from archiver.verify.scope import Group

WORTH_BYTES = 64 << 20
"""Bytes for which a process on each core is worth its start."""
WORTH_GROUPS = 2_000
BATCH_BYTES = 8 << 20
BATCH_GROUPS = 200


def read_groups(
    collection: Collection, groups: Sequence[Group], *, processes: int | None = None
) -> Iterator[tuple[int, Reading]]:
    """Every group's number and what came of it, in no order. `processes`: one, or if it is worth it, one a core.

    Raises `ArchiverError` when a file ends the process that reads it.
    """
    if processes is None:
        much = len(groups) >= WORTH_GROUPS or sum(group.bytes for group in groups) >= WORTH_BYTES
        processes = len(os.sched_getaffinity(0)) if much else 1
    if processes == 1 or len(groups) < 2:
        for number, group in enumerate(groups):
            yield number, read_group(collection, group)
        return
    with _pool(processes) as pool:
        with _undisturbed():  # workers start as there is something for them
            futures = [
                pool.submit(_read, collection.path, [(number, groups[number]) for number in batch])
                for batch in _batches(groups, 4 * processes)
            ]
        try:
            for future in as_completed(futures):
                yield from future.result()
        except BrokenProcessPool as error:
            raise ArchiverError("A file ended the process that read it.", "Look at the system's log.") from error


def _batches(groups: Sequence[Group], least: int) -> list[list[int]]:
    """Numbers of groups that are worth a task together; about so many tasks or more, the largest first."""
    most = min(BATCH_BYTES, sum(group.bytes for group in groups) // least)
    batches: list[tuple[int, list[int]]] = []
    batch, size = list[int](), 0
    for number, group in enumerate(groups):
        batch.append(number)
        size += group.bytes
        if size >= most or len(batch) >= BATCH_GROUPS or number == len(groups) - 1:
            batches.append((size, batch))
            batch, size = [], 0
    return [batch for _, batch in sorted(batches, key=lambda one: -one[0])]


def _read(path: Path, groups: list[tuple[int, Group]]) -> list[tuple[int, Reading]]:
    collection = Collection(path)
    return [(number, read_group(collection, group)) for number, group in groups]


def _settle() -> None:
    """A worker reads one record after another and keeps none: looking for garbage so often is wasted on it."""
    gc.freeze()
    gc.set_threshold(100_000)


@contextmanager
def _pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """A pool that ends at once when anything goes wrong here, whatever its workers are at."""
    others = set(active_children())
    way = "fork" if active_count() == 1 else "spawn"
    pool = ProcessPoolExecutor(processes, get_context(way), _settle)
    try:
        yield pool
    except BaseException:
        for child in set(active_children()) - others:
            child.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Processes begun here never see Ctrl-C; it is only put off for this one."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
