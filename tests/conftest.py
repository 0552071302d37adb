"""What several tests share: the newsroom, the command line run as people run it, and material made by others."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import psutil
import pytest

from newsroom import Newsroom
from warmed import Running


def _memory_for_a_disk() -> None:
    """Nearly every test syncs files to the disk: where there is room in memory, temporary files lie there."""
    place = Path("/dev/shm")
    if "TMPDIR" not in os.environ and place.is_dir() and psutil.virtual_memory().available > 8 << 30:
        told = os.statvfs(place)
        if told.f_bavail * told.f_frsize > 4 << 30 and not told.f_flag & os.ST_NOEXEC:
            os.environ["TMPDIR"] = tempfile.tempdir = str(place)


_memory_for_a_disk()
_BUSY = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}  # no fault of the program
hypothesis.settings.register_profile("again", derandomize=True, **_BUSY)
hypothesis.settings.register_profile("search", **_BUSY)
hypothesis.settings.load_profile("again")  # the same cases on every machine; --hypothesis-profile=search tries others

CORPUS = Path(os.environ.get("ARCHIVER_CORPUS", Path(__file__).parents[2] / "shared" / "corpus"))


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict]:
        """stdout as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True)
class Program:
    """The `archiver` command over one root, in a process of its own: a warm one, if its environment is ours."""

    root: Path

    def command(self, *arguments: object) -> list[str]:
        return [sys.executable, "-m", "archiver", *self._arguments(arguments)]

    def __call__(self, *arguments: object, timeout: float = 800, stdin: str | None = None, **environment: str) -> Done:
        if environment:
            done = self._cold(arguments, timeout, stdin, environment)
        else:
            running = Running(self._arguments(arguments), os.environ, stdin)
            done = Done(running.wait(timeout), running.out, running.err)
        assert "Traceback" not in done.err, done.err
        return done

    def start(self, *arguments: object) -> Running:
        """Start a command and leave it running."""
        return Running(self._arguments(arguments), os.environ)

    def _arguments(self, arguments: tuple[object, ...]) -> list[str]:
        return ["--root", str(self.root), *map(str, arguments)]

    def _cold(
        self, arguments: tuple[object, ...], timeout: float, stdin: str | None, environment: dict[str, str]
    ) -> Done:
        told = subprocess.run(
            self.command(*arguments),
            capture_output=True,
            text=True,
            timeout=timeout,
            input=stdin or "",
            env=os.environ | environment,
            check=False,
        )
        return Done(told.returncode, told.stdout, told.stderr)


@pytest.fixture
def archiver(tmp_path: Path) -> Program:
    return Program(tmp_path / "collections")


@pytest.fixture(scope="session")
def newsroom() -> Iterator[Newsroom]:
    with Newsroom() as site:
        yield site


@pytest.fixture
def reach(newsroom: Newsroom) -> tuple[str, ...]:
    """The options that let a capture reach the newsroom."""
    return "--allow-private", "--ca-file", str(newsroom.ca_file)


@pytest.fixture(scope="session")
def corpus() -> Path:
    if not CORPUS.is_dir():
        pytest.skip("the corpus of real pages and WARC files is not here (set ARCHIVER_CORPUS)")
    return CORPUS
