"""Which pages are tried again, and when. Pure arithmetic.

Tried again is what may go better without anybody's doing: no answer, a server that is busy or broken behind its
front (429, 502, 503, 504), a block page. Every attempt that got an answer is a capture of its own and stays.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from archiver.capture import Captured
from archiver.errors import CutOff
from archiver.model import now

BUSY = frozenset({429, 502, 503, 504})
FIRST_PAUSE = 1.0
"""Seconds before the second attempt, when the site names no time; doubled for each further one."""
LONGEST_WISH = 30 * 86_400.0
"""Seconds; no `Retry-After` is taken to mean longer."""
MOST_CUT_OFF = 10
"""A page that so often took its browser or its machine with it is given up."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How much trouble a run takes over a page."""

    retries: int = 2
    """Attempts beside the first."""
    longest: float = 60.0
    """Seconds that a run waits for a page to be due; what is due later is left in the queue."""


def worth_another(outcome: Captured) -> bool:
    """Whether the same may go better later."""
    passing = outcome.verdict in ("offline", "blocked") or outcome.status in BUSY
    return passing and "certificate" not in str(outcome.error)


def pause(outcome: Captured, attempts: int, patience: Patience) -> float | None:
    """Seconds to wait before the next attempt, after `attempts` earlier ones and this; None when it was the last.

    A browser that died under a page was not one of the page's attempts, the first time.
    """
    if isinstance(outcome.error, CutOff):
        return FIRST_PAUSE if attempts <= patience.retries else None
    if attempts >= patience.retries or not worth_another(outcome):
        return None
    if (wish := wished(outcome.retry_after, now())) is not None:
        return min(wish, LONGEST_WISH)
    return min(FIRST_PAUSE * 2.0**attempts, 3600.0) * random.uniform(0.75, 1.25)  # not all of them at once


def wished(retry_after: str, at: datetime) -> float | None:
    """Seconds from `at` that a `Retry-After` asks for (RFC 9110 §10.2.3: seconds or a date); None for anything else."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - at).total_seconds())


def attempt(outcome: Captured, waited: float) -> Mapping[str, Any]:
    """An attempt as later sidecars tell of it; `waited` seconds went by before the next."""
    told = {"at": outcome.at, "verdict": outcome.verdict, "status": outcome.status, "capture": outcome.capture_id}
    return {key: value for key, value in told.items() if value is not None} | {"waited_seconds": round(waited, 3)}
