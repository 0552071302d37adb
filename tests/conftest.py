"""What several tests share: the newsroom, the command line run as people run it, and material made by others."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest

from newsroom import Newsroom

hypothesis.settings.register_profile("any machine", deadline=None)  # a busy machine is no fault of the program
hypothesis.settings.load_profile("any machine")

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
    """The `archiver` command over one root, in a process of its own."""

    root: Path

    def command(self, *arguments: object) -> list[str]:
        return [sys.executable, "-m", "archiver", "--root", str(self.root), *map(str, arguments)]

    def __call__(self, *arguments: object, timeout: float = 200, stdin: str | None = None, **environment: str) -> Done:
        done = subprocess.run(
            self.command(*arguments),
            capture_output=True,
            text=True,
            timeout=timeout,
            input=stdin,
            env=os.environ | environment,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: object) -> subprocess.Popen:
        """Start a command and leave it running; its output is thrown away."""
        return subprocess.Popen(self.command(*arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


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
