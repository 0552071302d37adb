"""A crew of threads in this process, which share one engine."""

import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Self

from archiver.capture import Captured, Terms, capture_url, nothing, recall
from archiver.collection import Collection
from archiver.engines import Engine
from archiver.errors import ArchiverError
from archiver.jobs.queue import Job


def capture_job(job: Job, collection: Collection, engine: Engine, terms: Terms) -> Captured:
    """Capture a job's page. A fault that nobody foresaw is this page's outcome: it must not end the others."""
    begun = time.monotonic()
    try:
        return capture_url(job.url, collection, engine, terms, identity=job.capture, attempts=job.attempts)
    except (ArchiverError, OSError):
        raise
    except Exception as error:  # noqa: BLE001
        fault = ArchiverError(f"An unforeseen fault: {type(error).__name__}: {error}", "Report it, with the address.")
        outcome, redactor = nothing(job.url, "error", fault, begun), terms.secrecy.redactor()
        return outcome.told(redactor.text) if redactor else outcome


class Threads:
    """See `archiver.jobs.run.Crew`."""

    def __init__(self, collection: Collection, engine: Engine, terms: Terms, jobs: int) -> None:
        """`engine` is open; `jobs` pages are captured at a time."""
        self._with = (collection, engine, terms)
        self._places = jobs
        self._pool = ThreadPoolExecutor(jobs, thread_name_prefix="capture")
        self._running: dict[Future[Captured], Job] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def free(self) -> int:
        """See `Crew.free`."""
        return self._places - len(self._running)

    def begin(self, job: Job) -> None:
        """See `Crew.begin`."""
        self._running[self._pool.submit(capture_job, job, *self._with)] = job

    def ended(self, seconds: float) -> list[tuple[Job, Captured | None]]:
        """See `Crew.ended`."""
        done, _ = wait(self._running, timeout=seconds, return_when=FIRST_COMPLETED)
        fine = [future for future in done if future.exception() is None]
        for future in [] if fine else done:  # what was kept is told first
            raise future.exception() or AssertionError
        return [(self._running.pop(future), future.result()) for future in fine]

    def recall(self, captures: Sequence[str]) -> dict[str, Captured | None]:
        """See `Crew.recall`."""
        return recall(self._with[0], captures)

    def unite(self) -> None:
        """See `Crew.unite`: what threads capture is in the collection already."""
