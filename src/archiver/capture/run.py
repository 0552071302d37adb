"""Many pages: several at a time, each outcome as it ends."""

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice

from archiver.capture.outcome import Captured, nothing
from archiver.capture.page import Terms, capture_url
from archiver.collection import Collection
from archiver.engines import Engine
from archiver.errors import ArchiverError


def _capture_page(url: str, collection: Collection, engine: Engine, terms: Terms) -> Captured:
    """`capture_url`, where a fault that nobody foresaw is this page's outcome: it must not end the others."""
    begun = time.monotonic()
    try:
        return capture_url(url, collection, engine, terms)
    except (ArchiverError, OSError):
        raise
    except Exception as error:  # noqa: BLE001
        fault = ArchiverError(f"An unforeseen fault: {type(error).__name__}: {error}", "Report it, with the address.")
        return nothing(url, "error", fault, begun)


def capture_all(
    urls: Iterable[str], collection: Collection, engine: Engine, *, jobs: int, terms: Terms
) -> Iterator[Captured]:
    """Capture many pages, `jobs` at a time; each outcome as it ends. An error that stops all is raised at once."""
    seeds = iter(urls)
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="capture")
    running: set[Future[Captured]] = set()
    try:
        while True:
            for url in islice(seeds, jobs - len(running)):
                running.add(pool.submit(_capture_page, url, collection, engine, terms))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=lambda one: one.exception() is not None):  # what was kept is told first
                yield future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
