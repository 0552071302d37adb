"""The queue alone: how fast pages are entered, and leased and settled, with every step on disk before the next."""

import tempfile
import time
from pathlib import Path

from archiver.jobs.queue import open_queue

SEEDS = 100_000
STEPS = 1_000


def entered_and_settled() -> tuple[float, float, float]:
    """Seeds entered per second; pages claimed and finished per second; bytes of the queue per page."""
    with tempfile.TemporaryDirectory() as folder, open_queue(Path(folder), "bench") as queue:
        begun = time.perf_counter()
        batch = queue.put((f"https://news.example/2026/11/25/article-{n}" for n in range(SEEDS)), {"engine": "http"})
        entered = SEEDS / (time.perf_counter() - begun)
        begun = time.perf_counter()
        for _ in range(STEPS):
            if job := queue.claim(batch):
                queue.finish(job, {"verdict": "ok", "capture_id": job.capture}, failed=False)
        settled = STEPS / (time.perf_counter() - begun)
        size = sum(path.stat().st_size for path in Path(folder).rglob("queue.sqlite*"))
    return entered, settled, size / SEEDS
