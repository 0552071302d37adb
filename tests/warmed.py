"""The `archiver` command in processes of its own that begin with the libraries loaded, and so begin at once.

A server forks them (multiprocessing's), never the tests' own process, which has threads.
"""

import multiprocessing
import os
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import stamina

TRIES = "TRIES_OF_A_TEST"
"""In the environment: what fails is tried at most so often, and at once."""
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(
    [
        "archiver.cli",
        "archiver.capture",
        "archiver.editing",
        "archiver.engines.browser",
        "archiver.engines.http",
        "archiver.erasing",
        "archiver.extract",
        "archiver.jobs.queue",
        "archiver.package",
        "archiver.stores.local",
        "archiver.stores.s3",
        "archiver.sync",
        "archiver.verify",
        "trafilatura",
    ]
)


class Running(AbstractContextManager["Running"]):
    """A command under way, as subprocess.Popen shows it."""

    out = err = ""
    """What it told, once it has ended."""

    def __init__(self, arguments: list[str], environment: Mapping[str, str], stdin: str | None = None) -> None:
        self._told: tuple[IO[bytes], ...] = TemporaryFile(), TemporaryFile(), TemporaryFile()  # noqa: SIM115
        self._told[0].write((stdin or "").encode())
        self._told[0].flush()
        names = tuple(f"/proc/{os.getpid()}/fd/{one.fileno()}" for one in self._told)
        self._process = _processes.Process(target=_run, args=(arguments, dict(environment), str(Path.cwd()), names))
        self._process.start()

    def poll(self) -> int | None:
        return self._process.exitcode

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self._process.pid and self.poll() is None:
            os.kill(self._process.pid, number)

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if (code := self._process.exitcode) is None:
            self._process.kill()
            self._process.join()
        for name, stream in zip(("in", "out", "err"), self._told, strict=True):
            if not stream.closed:
                stream.seek(0)
                setattr(self, name, stream.read().decode())
                stream.close()
        assert code is not None, f"it ran for more than {timeout} seconds"
        return code

    def __exit__(self, *_: object) -> None:
        self.wait()


def _run(arguments: list[str], environment: dict[str, str], folder: str, told: tuple[str, ...]) -> None:
    for number, (name, mode) in enumerate(zip(told, (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY), strict=True)):
        os.dup2(os.open(name, mode), number)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(number, mode, closefd=False) for number, mode in enumerate(("r", "w", "w"))
    )
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["archiver", *arguments]
    if tries := environment.get(TRIES):
        stamina.set_testing(True, attempts=int(tries), cap=True)
    from archiver.cli import main

    main()
