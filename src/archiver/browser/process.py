"""Chromium as a child process: started with a profile and a pipe of its own, ended with nothing left behind."""

import asyncio
import fcntl
import os
import signal
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from archiver.browser.devtools import BrowserError, Connection

IN, OUT = 3, 4
"""Descriptors at which Chromium's `--remote-debugging-pipe` reads commands and writes answers."""
PIPE_BYTES = 1 << 20
"""Room in the pipe: bodies come through it."""
LOG = "stderr.txt"
ENDING = 5.0
"""Seconds in which the browser may end by itself."""


class Process:
    """A browser that runs; `connection` is the way to talk to it."""

    def __init__(self, pid: int, connection: Connection, profile: "tempfile.TemporaryDirectory[str]") -> None:
        self.connection = connection
        self._pid, self._profile = pid, profile

    @classmethod
    async def start(cls, program: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> "Process":
        """Start `program`. It leads a session of its own: Ctrl-C at the terminal is for us, who end it in order.

        Raises OSError if it cannot be run; one that ends at once is noticed by the first command.
        """
        profile = tempfile.TemporaryDirectory(prefix="archiver-chromium-", ignore_cleanup_errors=True)
        told, commands = _pipe()
        answers, tell = _pipe()
        command = [str(program), *arguments, f"--user-data-dir={profile.name}", "--remote-debugging-pipe"]
        log = str(Path(profile.name, LOG))
        try:
            pid = os.posix_spawn(
                program,
                command,
                environment,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 2, log, os.O_WRONLY | os.O_CREAT, 0o600),
                    (os.POSIX_SPAWN_DUP2, told, IN),
                    (os.POSIX_SPAWN_DUP2, tell, OUT),
                ],
                setsid=True,
            )
        except OSError:
            os.close(commands)
            os.close(answers)
            profile.cleanup()
            raise
        finally:
            os.close(told)
            os.close(tell)
        return cls(pid, await Connection.over(answers, commands), profile)

    def last_words(self) -> str:
        """The last line that it wrote on its error output."""
        with suppress(OSError):
            lines = Path(self._profile.name, LOG).read_text("utf-8", "replace").split("\n")
            return next((line.strip() for line in reversed(lines) if line.strip()), "")
        return ""

    async def end(self) -> None:
        """End it, by force if need be, and take its profile away."""
        with suppress(BrowserError, TimeoutError):
            await asyncio.wait_for(self.connection.browser.send("Browser.close"), ENDING)
        self.connection.close()
        ended = await self._ended(ENDING)
        with suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)  # itself, or children that have outlived it
        if not ended:
            await self._ended(ENDING)
        await asyncio.to_thread(self._profile.cleanup)

    async def _ended(self, seconds: float) -> bool:
        """Whether it has ended within so many seconds."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not _reaped(self._pid):
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(0.01)
        return True


def _reaped(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return True


def _pipe() -> tuple[int, int]:
    """A pipe's ends for reading and writing, above the numbers that the browser's own will have."""
    ends = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, OUT + 1) for end in ends)
    for end in ends:
        os.close(end)
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):  # beyond what this user may have
            fcntl.fcntl(high[0], fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return high[0], high[1]
