"""How a server process of ours lives: one JSON line on stdout when it is ready, and an end with its parent."""

import _thread
import json
import os
import signal
import stat
from collections.abc import Callable
from typing import TextIO


def announce(what: str, url: str, out: TextIO) -> None:
    """Say that `what` answers at `url`."""
    out.write(json.dumps({what: url}) + "\n")
    out.flush()


def end_with_parent(start_thread: Callable[..., object] = _thread.start_new_thread) -> None:
    """Send ourselves SIGTERM when stdin closes, if it is a pipe: then the parent is gone, even if it was killed.

    `start_thread` must start a real thread; a process that gevent has patched passes the original function.
    """
    if not stat.S_ISFIFO(os.fstat(0).st_mode):
        return

    def watch() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    start_thread(watch, ())
