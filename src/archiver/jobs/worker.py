"""A worker's side of a cluster: pages are captured in this process, into this machine's own copy of the collection.

The copy lies under the root that `archiver worker` was given; it is a writer of its own, and `sync` unites it with
the others. A worker whose root is that of the run itself (the cluster on one machine) captures straight into it.
"""

import asyncio
import pickle
import platform
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from archiver import AGENT
from archiver.capture import Captured, Terms, recall
from archiver.collection import Collection, Root
from archiver.engines import Engine, EngineOptions
from archiver.engines.choice import open_engine
from archiver.errors import ConflictError, PartMissing, RemoteError, UnknownCollection
from archiver.jobs.queue import Job
from archiver.jobs.security import CONNECTING, Tls, bound_to, distributed
from archiver.jobs.threads import capture_job


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a worker must know of a run, beside the page."""

    name: str
    """The collection's."""
    description: Mapping[str, bytes]
    """The collection's description, by path: a copy begins with it."""
    engine: str
    options: EngineOptions
    """Files that they name must be at the same place on each machine."""
    terms: Terms
    host: str
    root: str
    writer: str
    """Where the run itself writes: host, root folder and writer id."""


@dataclass
class Desk:
    """What this process holds: its root, its open engines, the captures in its hands."""

    root: Path | None = None
    """None: that of the run, if it is on this machine."""
    jobs: int = 0
    """Pages at a time; 0: as the run says."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    engines: dict[bytes, Engine] = field(default_factory=dict)
    in_hand: dict[str, bytes] = field(default_factory=dict)
    """Capture id → key of the engine that is at it."""
    void: set[str] = field(default_factory=set)
    """Captures that were asked for and never begun here: they never will be."""

    def place(self, sheet: Sheet) -> Root:
        """The root that this worker captures into. Raises `PartMissing` if it has none."""
        if self.root is not None:
            return Root(self.root)
        root = Root(Path(sheet.root))
        if platform.node() != sheet.host or not root.path.is_dir() or root.state.writer() != sheet.writer:
            why = f"the worker on {platform.node()} was not told where to put captures"
            raise PartMissing("A root folder", why, "Start workers with `archiver worker ADDRESS --root DIR`.")
        return root

    @contextmanager
    def holding(self, capture: str, sheet: Sheet) -> Iterator[Engine | None]:
        """The engine for a capture; None if the capture was given up meanwhile. Engines stay open for the next."""
        key = pickle.dumps((sheet.engine, sheet.options))
        with self.lock:
            if capture in self.void:
                key = b""
            self.in_hand[capture] = key
        try:
            yield self._engine(key, sheet) if key else None
        finally:
            with self.lock:
                del self.in_hand[capture]

    def _engine(self, key: bytes, sheet: Sheet) -> Engine:
        with self.lock:
            for other in self.engines.keys() - {key} - set(self.in_hand.values()):
                self.engines.pop(other).__exit__(None, None, None)
            if key not in self.engines:
                options = replace(sheet.options, jobs=self.jobs or sheet.options.jobs)
                self.engines[key] = open_engine(sheet.engine, options).__enter__()
            return self.engines[key]

    def close(self) -> None:
        """End every engine."""
        with self.lock:
            while self.engines:
                self.engines.popitem()[1].__exit__(None, None, None)


DESK = Desk()
"""Tasks of a cluster are plain functions: what they find here is all that they have of their process."""


def take(sheet: Sheet, job: Job) -> Captured | None:
    """Capture a job's page; None if others have it or it was given up. What was committed is not redone."""
    collection = _copy(DESK.place(sheet), sheet)
    with DESK.holding(job.capture, sheet) as engine:
        if engine is None:
            return None
        known = recall(collection, [job.capture])
        if job.capture in known:
            return known[job.capture]
        return capture_job(job, collection, engine, sheet.terms)


def asked(sheet: Sheet, captures: Sequence[str]) -> dict[str, Captured | None]:
    """What this worker knows of captures; see `Crew.recall`. Those it does not know it will never begin."""
    with DESK.lock:
        under_way: dict[str, Captured | None] = {one: None for one in captures if one in DESK.in_hand}
        others = [one for one in captures if one not in under_way]
        DESK.void.update(others)
    root = DESK.place(sheet)
    try:
        return under_way | recall(root.collection(sheet.name), others)
    except UnknownCollection:
        return under_way


def whereabouts(sheet: Sheet) -> tuple[str, str]:
    """The host of this worker, and the root it captures into."""
    return platform.node(), str(DESK.place(sheet).path)


def close_desk() -> None:
    """End this worker's engines."""
    DESK.close()


def _copy(root: Root, sheet: Sheet) -> Collection:
    """This worker's copy of the collection, begun with its description. Raises `ConflictError` if it is none."""
    try:
        copy = root.collection(sheet.name)
    except UnknownCollection:
        return root.copy(sheet.name, sheet.description, agent=AGENT)
    if sheet.description and not any((copy.path / path).is_file() for path in sheet.description):
        raise ConflictError(f"{copy.path} is another collection than the one to be captured into.")
    return copy


def serve(address: str, root: Path, jobs: int, tls: Tls | None) -> None:
    """Work for the scheduler at `address` until it goes away, which is a `RemoteError`, or until interrupted."""
    dask = distributed()
    DESK.root, DESK.jobs = root.absolute(), jobs
    binding: dict[str, Any] = {"host": bound_to(address), "dashboard_address": "127.0.0.1:0"}
    binding |= {"memory_limit": 0, "death_timeout": CONNECTING}

    async def work(folder: str) -> None:
        security = tls.security() if tls else None
        worker = dask.Worker(address, nthreads=jobs, security=security, local_directory=folder, **binding)
        async with worker:
            await worker.finished()

    try:
        with tempfile.TemporaryDirectory(prefix="archiver-worker-") as folder:
            asyncio.run(work(folder))
    except (OSError, TimeoutError) as error:
        raise RemoteError(f"The scheduler at {address} does not answer.", "Start it, or check the address.") from error
    finally:
        DESK.close()
    raise RemoteError(f"The scheduler at {address} went away.", "Start this worker again once it is back.")
