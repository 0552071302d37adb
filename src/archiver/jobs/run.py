"""Working a queue off: claim, capture, settle; one outcome for each page as it ends."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from archiver.capture import Captured, nothing
from archiver.errors import ArchiverError
from archiver.jobs.hosts import Hosts
from archiver.jobs.queue import Job, Queue
from archiver.jobs.retry import MOST_CUT_OFF, Patience, attempt, pause, worth_another
from archiver.model import Finding

TURN = 0.25
"""Seconds after which a run that waits looks again whether something is due."""
ASKED = 2.0
"""Seconds after which it asks again for pages that are in the hands of others."""


class Crew(Protocol):
    """Those who capture: threads of this process, or the workers of a cluster."""

    @property
    def free(self) -> int:
        """How many more pages can be taken in hand now."""
        ...

    def begin(self, job: Job) -> None:
        """Take a page in hand. Only while `free` is above 0."""
        ...

    def ended(self, seconds: float) -> list[tuple[Job, Captured | None]]:
        """The pages that have ended, after at most so many seconds; None for one whose worker went away.

        Raises what stops every capture, after the others have been told.
        """
        ...

    def recall(self, captures: Sequence[str]) -> dict[str, Captured | None]:
        """What became of captures begun by those who are gone; see `archiver.capture.recall`.

        Those that are not in the answer will never be entered, by nobody.
        """
        ...

    def unite(self) -> None:
        """Bring into the collection what workers hold in copies of their own, as far as they can be reached."""
        ...


def work_off(
    queue: Queue, batch: int, crew: Crew, patience: Patience, hosts: Hosts | None = None
) -> Iterator[Captured]:
    """Capture what waits in a batch; each outcome as it comes. Ends when nothing is due within `patience.longest`.

    Several processes may work at one batch. Raises what stops every capture; the queue then has all the rest.
    """
    in_hand: Counter[str] = Counter()
    hosts = hosts or Hosts()
    lost, asked = queue.take_over(batch), 0.0
    while True:
        if lost and time.monotonic() - asked > ASKED:
            lost, known = _recalled(queue, crew, lost)
            asked = time.monotonic()
            yield from _settled(queue, known, patience)
        while crew.free > 0 and (job := queue.claim(batch, hosts.busy(in_hand))):
            in_hand[job.host] += 1
            hosts.begun(job.host)
            crew.begin(job)
        if in_hand.total():
            ended = crew.ended(TURN)
            in_hand.subtract(job.host for job, _ in ended)
            lost += [job for job, outcome in ended if outcome is None]
            yield from _settled(queue, [(job, outcome) for job, outcome in ended if outcome], patience)
            continue
        lost += queue.take_over(batch)
        due = queue.next_due(batch)
        if not lost and (due is None or due > patience.longest):
            break
        time.sleep(min(TURN, due or TURN))
    crew.unite()
    if not queue.count(batch)["leased"]:
        queue.end(batch)


def _recalled(queue: Queue, crew: Crew, lost: list[Job]) -> tuple[list[Job], list[tuple[Job, Captured]]]:
    """Ask what became of pages whose holders or workers are gone: those still under way, and those that are done.

    What left nothing goes back to the queue; what always takes its worker with it is given up.
    """
    if not lost:
        return [], []
    crew.unite()
    found = crew.recall([job.capture for job in lost])
    under_way: list[Job] = []
    known: list[tuple[Job, Captured]] = []
    for job in lost:
        outcome = found.get(job.capture)
        if outcome is not None:
            known.append((job, replace(outcome, url=job.url)))
        elif job.capture in found:
            under_way.append(job)
        elif job.cut_off + 1 >= MOST_CUT_OFF:
            hint = "`archiver queue retry` gives it another chance."
            why = ArchiverError(f"Its capture was cut off {MOST_CUT_OFF} times; it is given up.", hint)
            known.append((job, nothing(job.url, "error", why, time.monotonic())))
        else:
            queue.give_back(job)
    return under_way, known


def _settled(queue: Queue, ended: list[tuple[Job, Captured]], patience: Patience) -> Iterator[Captured]:
    """Enter in the queue what became of pages; gives the outcomes that are to be told."""
    for job, outcome in ended:
        wait = pause(outcome, len(job.attempts), patience)
        later = wait is not None and wait > patience.longest
        if wait is None or (later and not queue.durable):
            failed = outcome.capture_id is None or worth_another(outcome)
            told = _told(job, outcome, wait, "it is not tried again")
            queue.finish(job, told.as_json(), failed=failed)
            yield told
            continue
        queue.postpone(job, attempt(outcome, wait), wait)
        if later:
            yield _told(job, outcome, wait, "it stays in the queue, and `archiver queue run` tries it then")


def _told(job: Job, outcome: Captured, wait: float | None, what: str) -> Captured:
    """The outcome with its earlier attempts; and a finding, if the site asks to `wait` longer than runs do."""
    findings = outcome.findings
    if wait is not None:
        message = f"the site asks to wait {wait:.0f} s; {what}"
        findings += (Finding("warning", "retry-later", outcome.url, message, "--wait lets a run wait longer."),)
    return replace(outcome, attempts=job.attempts, findings=findings)
