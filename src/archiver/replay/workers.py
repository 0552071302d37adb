"""Several processes that answer at one socket: forked from one that has loaded everything, replaced when one dies.

The process that forks them does nothing else. It runs no greenlets, so that a fork copies none; it waits by the
original functions, which gevent's patch has replaced.
"""

import os
import signal
import stat
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import gevent
from gevent import monkey

from archiver.replay.child import end_with_parent

END_SECONDS = 3.0
"""What a worker has to end its answers."""
DEATHS, WITHIN_SECONDS = 5, 60.0
"""So many deaths in so short a time are no accident."""
_ENDING = frozenset({signal.SIGTERM, signal.SIGINT})

Work = Callable[[Callable[[], object]], None]
"""Serves until SIGTERM in the process that calls it; calls what it is given as soon as it listens."""

_fork, _waitpid = monkey.get_original("os", ["fork", "waitpid"])
_select = monkey.get_original("select", "select")
_on_signal = monkey.get_original("signal", "signal")


class Workers:
    """The workers of one server, and the signals by which their parent hears of them."""

    def __init__(self, count: int, work: Work) -> None:
        self.count, self.work = count, work
        self.living: set[int] = set()
        self._deaths: deque[float] = deque(maxlen=DEATHS)
        self._woken, wake = os.pipe()
        self._ready, self._tell_ready = os.pipe()
        self._life, self._alive = os.pipe()
        """Its writing end is open in this process alone: workers read the end of the pipe when this process is gone."""
        for number in (self._woken, wake):
            os.set_blocking(number, False)
        signal.set_wakeup_fd(wake)
        for number in (signal.SIGCHLD, *_ENDING):
            _on_signal(number, _nothing)

    def run(self, on_ready: Callable[[], None]) -> int:
        """Serve until SIGTERM, SIGINT or the end of stdin; `on_ready` is called when all of them listen.

        Returns the exit code: 1 if workers die again and again.
        """
        try:
            for _ in range(self.count):
                self._start()
            heard = 0
            while True:
                readable = _select([self._woken, self._ready, *_stdin()], [], [])[0]
                if 0 in readable and not os.read(0, 4096):
                    return 0
                if self._ready in readable:
                    before, heard = heard, heard + len(os.read(self._ready, 4096))
                    if before < self.count <= heard:
                        on_ready()
                if self._woken in readable and _ENDING & set(os.read(self._woken, 4096)):
                    return 0
                if self._died() and not self._replace(heard >= self.count):
                    return 1
        finally:
            self._end()

    def _start(self) -> None:
        worker = _fork()
        if worker:
            self.living.add(worker)
            return
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, *_ENDING):
                _on_signal(number, signal.SIG_DFL)
            os.dup2(self._life, 0)
            os.close(self._alive)
            gevent.reinit()
            end_with_parent(monkey.get_original("_thread", "start_new_thread"))
            self.work(lambda: os.write(self._tell_ready, b"."))
            code = 0
        except BaseException as error:  # noqa: BLE001 - whatever it was, this process must not go on as its parent
            sys.stderr.write(f"A replay worker failed: {error!r}\n")
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _died(self) -> int:
        """How many have died since we last looked."""
        dead = 0
        for worker in list(self.living):
            if _waitpid(worker, os.WNOHANG)[0]:
                self.living.remove(worker)
                dead += 1
        return dead

    def _replace(self, ready: bool) -> bool:
        """New workers for those that died; False if that is of no use."""
        lack = self.count - len(self.living)
        now = time.monotonic()
        self._deaths.extend([now] * lack)
        if not ready or (len(self._deaths) == DEATHS and now - self._deaths[0] < WITHIN_SECONDS):
            sys.stderr.write("The replay server's workers ended by themselves\n")
            return False
        for _ in range(lack):
            self._start()
        return True

    def _end(self) -> None:
        for worker in self.living:
            os.kill(worker, signal.SIGTERM)
        deadline = time.monotonic() + END_SECONDS
        while self.living and time.monotonic() < deadline:
            _select([], [], [], 0.02)
            self._died()
        for worker in self.living:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
            _waitpid(worker, 0)


def _stdin() -> list[int]:
    """Where the parent's end is heard; nothing where stdin is no pipe."""
    return [0] if stat.S_ISFIFO(os.fstat(0).st_mode) else []


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """Signals are heard by what they write into the pipe."""
