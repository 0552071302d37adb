"""The `archiver` command in processes of its own that begin with the libraries loaded, and so begin at once.

A server forks them (multiprocessing's), never the tests' own process, which has threads.
"""

import multiprocessing
import os
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from conftest import Done

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(
    ["archiver.cli", "archiver.sync", "archiver.stores.s3", "archiver.stores.local", "archiver.verify"]
)


class Running(AbstractContextManager["Running"]):
    """A command under way, as subprocess.Popen shows it."""

    out = err = ""
    """What it told, once it has ended."""

    def __init__(self, arguments: list[str], environment: Mapping[str, str]) -> None:
        self._told: tuple[IO[bytes], IO[bytes]] = TemporaryFile(), TemporaryFile()  # noqa: SIM115
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
        for name, stream in zip(("out", "err"), self._told, strict=True):
            if not stream.closed:
                stream.seek(0)
                setattr(self, name, stream.read().decode())
                stream.close()
        assert code is not None, f"it ran for more than {timeout} seconds"
        return code

    def __exit__(self, *_: object) -> None:
        self.wait()


def _run(arguments: list[str], environment: dict[str, str], folder: str, told: tuple[str, str]) -> None:
    for number, name in enumerate(told, 1):
        os.dup2(os.open(name, os.O_WRONLY), number)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["archiver", *arguments]
    from archiver.cli import main

    main()


@dataclass(frozen=True)
class Warmed:
    """Stands in for `conftest.Program`."""

    root: Path

    def __call__(self, *arguments: object, timeout: float = 200) -> Done:
        process = self.start(*arguments)
        done = Done(process.wait(timeout), process.out, process.err)
        assert "Traceback" not in done.err, done.err
        return done

    def start(self, *arguments: object) -> Running:
        return Running(["--root", str(self.root), *map(str, arguments)], os.environ)
