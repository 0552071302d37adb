"""A crew of Dask workers. The queue stays the truth: a worker is sent a page and the capture id reserved for it.

Each page is given to one worker by name, so that the scheduler never starts it a second time somewhere else: when a
worker goes away, this side asks all the others and the copies within reach what became of its pages.
"""

import platform
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from archiver import ledger
from archiver.capture import Captured, Terms, recall
from archiver.collection import Collection, Root
from archiver.engines import EngineOptions
from archiver.errors import ArchiverError, ConflictError, RemoteError
from archiver.jobs import worker
from archiver.jobs.queue import Job, Queue
from archiver.jobs.security import CONNECTING, Tls, check_address, distributed
from archiver.jobs.worker import Sheet
from archiver.model import Finding
from archiver.stores.local import LocalStore
from archiver.sync import pull

LOCAL = re.compile(r"local(?::([1-9]\d?))?\Z")
WATCHED = 1.0
"""Seconds after which the list of workers is asked for again."""
UNITED = 1000
"""After so many captures the workers' copies are united."""


def sheet(collection: Collection, engine: str, options: EngineOptions, terms: Terms) -> Sheet:
    """What workers must know of a run into `collection`."""
    paths = (path for path in collection.files() if path.startswith("collection/"))
    description = {path: collection.local(path).read_bytes() for path in paths}
    root = collection.path.parent.absolute()
    return Sheet(
        collection.name, description, engine, options, terms, platform.node(), str(root), collection.state.writer()
    )


@contextmanager
def connected(address: str, tls: Tls | None, jobs: int) -> Iterator[Any]:
    """A client of the scheduler at `address`; `local` or `local:3` starts a cluster of so many workers for this run.

    Raises `RemoteError` if it does not answer, and what `check_address` raises.
    """
    dask = distributed()
    if local := LOCAL.match(address):
        count = int(local[1] or 2)
        ports = {"dashboard_address": "127.0.0.1:0", "worker_dashboard_address": "127.0.0.1:0"}
        with (
            dask.LocalCluster(
                n_workers=count, threads_per_worker=-(-jobs // count), host="127.0.0.1", memory_limit=0, **ports
            ) as cluster,
            dask.Client(cluster, set_as_default=False) as client,
        ):
            yield client
            with suppress(OSError):
                client.run(worker.close_desk, on_error="ignore")
        return
    place = check_address(address, tls)
    security = tls.security() if tls else None
    try:
        client = dask.Client(place, security=security, timeout=CONNECTING, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise RemoteError(f"The scheduler at {address} does not answer.", "Start it, or check the address.") from error
    with client:
        yield client


class Cluster:
    """See `archiver.jobs.run.Crew`. `tell` is told what copies could not be united."""

    def __init__(
        self, client: Any, queue: Queue, collection: Collection, sheet: Sheet, tell: Callable[[Finding], None]
    ) -> None:
        """`client` is of `connected`."""
        self._client, self._queue, self._collection, self._sheet, self._tell = client, queue, collection, sheet, tell
        self._running: dict[Any, tuple[Job, str]] = {}
        self._done: SimpleQueue[Any] = SimpleQueue()
        self._places: dict[str, int] = {}
        self._looked = 0.0
        self._captured = 0
        self._look()

    @property
    def free(self) -> int:
        """See `Crew.free`."""
        return sum(max(0, count) for count in self._room().values())

    def begin(self, job: Job) -> None:
        """See `Crew.begin`."""
        room = self._room()
        chosen = max(room, key=lambda address: room[address])
        with self._reaching():
            future = self._client.submit(
                worker.take, self._sheet, job, key=f"capture-{job.capture}", pure=False, workers=[chosen], retries=0
            )
        self._running[future] = (job, chosen)
        future.add_done_callback(self._done.put)

    def ended(self, seconds: float) -> list[tuple[Job, Captured | None]]:
        """See `Crew.ended`."""
        ended = []
        with suppress(Empty):
            future = self._done.get(timeout=seconds)
            while True:
                if future in self._running:
                    ended.append(self._outcome(future))
                future = self._done.get_nowait()
        if time.monotonic() - self._looked > WATCHED:
            self._look()
            for future, (job, address) in list(self._running.items()):
                if address not in self._places:
                    del self._running[future]
                    future.cancel()
                    ended.append((job, None))
        self._captured += len(ended)
        if self._captured >= UNITED:
            self.unite()
        return ended

    def recall(self, captures: Sequence[str]) -> dict[str, Captured | None]:
        """See `Crew.recall`. A worker that gives no answer may still be at any of them."""
        with self._reaching():
            answers = self._client.run(worker.asked, self._sheet, captures, on_error="return")
        found: dict[str, Captured | None] = {}
        for answer in answers.values():
            found |= dict.fromkeys(captures) if isinstance(answer, BaseException) else answer
        for copy in self._copies():  # also of workers that live but have lost the scheduler
            found |= recall(copy, captures)
        return found | recall(self._collection, captures)

    def unite(self) -> None:
        """See `Crew.unite`. Raises `ConflictError` if a copy contradicts the collection."""
        self._captured = 0
        for copy in self._copies(self._tell):
            copy.clear_leftovers()
            copy.seal()
            sealed = [file.relative_to(copy.path) for file in ledger.sealed_files(copy.path / "ledger")]
            if all((self._collection.path / file).exists() for file in sealed):
                continue
            report = pull(self._collection, LocalStore(copy.path))
            for finding in report.findings:
                if finding.code != "remote-unknown":  # the segment that the worker has begun since
                    self._tell(finding)
            if report.conflict:
                raise ConflictError(f"{copy.path} contradicts {self._collection.path}.", "Nothing was overwritten.")

    def _copies(self, tell: Callable[[Finding], None] | None = None) -> Iterator[Collection]:
        """The workers' copies within reach; `tell` is told of the others."""
        for host, place in self._queue.copies():
            root = Root(Path(place))
            path = root.path / self._collection.name
            if path == self._collection.path.absolute():
                continue
            if host == platform.node():
                if (path / "ledger").is_dir():  # else it has captured nothing yet
                    yield root.collection(self._collection.name)
            elif tell:
                hint = "Push it there to a store and pull it here: `archiver sync`."
                tell(Finding("info", "copy-elsewhere", f"{host}:{place}", "its captures are not here yet", hint))

    def _outcome(self, future: Any) -> tuple[Job, Captured | None]:
        """What came of a page; None if its worker went away before it could say."""
        job, _ = self._running.pop(future)
        if future.status == "finished":
            with suppress(Exception):  # whatever kept it from coming: the capture itself will be asked for
                return job, future.result(timeout=CONNECTING)
        elif future.status == "error" and isinstance(error := future.exception(), ArchiverError | OSError):
            raise error
        self._look()
        return job, None

    def _room(self) -> dict[str, int]:
        busy = Counter(address for _, address in self._running.values())
        return {address: count - busy[address] for address, count in self._places.items()}

    def _look(self) -> None:
        """Ask which workers there are; where new ones keep their copies is noted before they get a page."""
        with self._reaching():
            places = self._client.nthreads()
            if new := [address for address in places if address not in self._places]:
                answers = self._client.run(worker.whereabouts, self._sheet, workers=new, on_error="return")
                for address, answer in answers.items():
                    if isinstance(answer, ArchiverError):
                        raise answer
                    if isinstance(answer, BaseException):
                        places.pop(address)  # gone again
                    else:
                        self._queue.note_copies([answer])
        self._places = places
        self._looked = time.monotonic()

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """What the scheduler's end means."""
        hint = "What was captured is kept; once it is back, `archiver queue run --cluster …` does the rest."
        try:
            yield
            if self._client.status != "running":
                raise RemoteError("The cluster's scheduler went away.", hint)
        except OSError as error:
            raise RemoteError("The cluster's scheduler went away.", hint) from error
