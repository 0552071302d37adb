"""Manners towards hosts: how many pages of one host are in hand at once, and how soon after each other they begin."""

import time
from collections import Counter
from collections.abc import Callable


class Hosts:
    """Says which hosts get no further page now; the pages of others go on meanwhile.

    `delay`: seconds between the beginnings of two pages of one host. `jobs`: pages of one host at the same time, any
    number if 0. `clock` gives seconds that never go back.
    """

    def __init__(self, delay: float = 0.0, jobs: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self._delay, self._jobs, self._clock = delay, jobs, clock
        self._next: dict[str, float] = {}
        """When a host may get its next page."""

    def busy(self, in_hand: Counter[str]) -> set[str]:
        """The hosts that must wait, given how many pages of each are in hand."""
        now = self._clock()
        self._next = {host: at for host, at in self._next.items() if at > now}
        full = {host for host, count in in_hand.items() if count >= self._jobs} if self._jobs else set()
        return full | set(self._next)

    def begun(self, host: str) -> None:
        """A page of this host has begun."""
        if self._delay:
            self._next[host] = self._clock() + self._delay
