"""Replay for researchers: the web app and pywb, each a child process that ends with its parent.

Two hosts on purpose: cookies ignore ports, so the app is at `127.0.0.1` and archived pages are at `localhost`.
Where other machines can reach them, both have a name of their own, and readers log in.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import BinaryIO, Self

from archiver.access import Reader
from archiver.errors import ArchiverError, PartMissing
from archiver.replay.addresses import listen, origins
from archiver.replay.login import Login

START_SECONDS = 120.0
"""pywb's imports take seconds, on a loaded machine many."""
END_SECONDS = 5.0
POLL_SECONDS = 0.2
WHAT = {"archiver.replay.server": "The replay server", "archiver.web": "The web app"}
OPEN = Login()


Remote = tuple[str, str | None]
"""Where WARCs that are not here are read: the address of a store, with `{collection}` in it where it is to hold several
collections, and the endpoint of an S3 server that is not Amazon's."""


class Child:
    """One server process, at a socket that we listen on already: its address is known before it runs."""

    def __init__(self, module: str, listener: socket.socket, arguments: list[str], login: Login = OPEN) -> None:
        self.what = WHAT[module]
        self.errors: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - closed in end()
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, "--socket", str(listener.fileno()), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            pass_fds=[listener.fileno()],
            env=os.environ | login.told(),
            start_new_session=True,  # Ctrl-C is for the parent, which ends the children in order
        )

    def wait_ready(self) -> str:
        """The address that it announces. Raises `PartMissing` when it cannot start."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + START_SECONDS
        while not select.select([self.process.stdout], [], [], POLL_SECONDS)[0]:
            if time.monotonic() > deadline:
                raise PartMissing(self.what, f"it was not ready within {START_SECONDS:.0f} s", "Try again.")
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            raise PartMissing(
                self.what,
                f"it did not start ({self.last_words()})",
                "Run `archiver doctor` to see what is not installed.",
            )
        return str(next(iter(json.loads(line).values())))

    def check(self) -> None:
        """Raises `ArchiverError` with its last words if it has died."""
        if self.process.poll() is not None:
            raise ArchiverError(f"{self.what} ended by itself ({self.last_words()}).", "Start `archiver replay` again.")

    def last_words(self) -> str:
        """The last line that it wrote to stderr."""
        self.errors.seek(0)
        lines = self.errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1].strip().rstrip(".") if lines else f"it ended with code {self.process.returncode}"

    def end(self) -> None:
        """SIGTERM, and after a few seconds SIGKILL."""
        self.process.terminate()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            if stream is not None:
                stream.close()


class Replay:
    """The web app and the replay server, running while the context is open.

    Raises `UsageError` for a port or address that cannot be had, `PartMissing` when a server does not start.
    """

    app: str
    """`http://host:port` of the web app, known on entering."""
    replay: str
    """`http://host:port` of the replay server."""

    def __init__(  # noqa: PLR0913 - all that can be chosen of two servers
        self,
        root: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 8080,
        replay_port: int = 8081,
        remote: Remote | None = None,
        workers: int = 1,
        login: Login = OPEN,
        urls: tuple[str | None, str | None] = (None, None),
        reader: Reader = Reader(),  # noqa: B008 - frozen
    ) -> None:
        """`root` holds the collections; a port of 0 takes any free one; so many `workers` replay.

        `urls` are the app's and the replay host's public addresses, where they are not the loopback ones.
        """
        self.root = root.absolute()
        self.login = login
        self.urls = urls
        self.remote = remote
        self.workers = workers
        self.reader = reader
        self.host = host
        self.ports = port, replay_port
        self.children: list[Child] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            app_socket, replay_socket = (stack.enter_context(listen(self.host, port)) for port in self.ports)
            ports = app_socket.getsockname()[1], replay_socket.getsockname()[1]
            told = self.login.mode != "open"
            self.app, self.replay = origins(self.host, ports, *self.urls, login=told)
            common = ["--root", str(self.root), *(["--reading-room"] if self.reader.in_room else [])]
            for module, listener, arguments in (
                (
                    "archiver.replay.server",
                    replay_socket,
                    ["--origin", self.replay, "--app-origin", self.app, *_told(self.workers, self.remote)],
                ),
                ("archiver.web", app_socket, ["--origin", self.app, "--replay-url", self.replay]),
            ):
                child = Child(module, listener, [*common, *arguments], self.login)
                stack.callback(child.end)
                self.children.append(child)
            for child in self.children:
                child.wait_ready()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def wait(self, stop: threading.Event) -> None:
        """Return when `stop` is set. Raises `ArchiverError` if a server dies before."""
        while not stop.wait(POLL_SECONDS):
            for child in self.children:
                child.check()


def serve(replay: Replay, on_ready: Callable[[dict[str, str]], None]) -> None:
    """Run both servers until SIGINT or SIGTERM, from the main thread.

    `on_ready` is called once with {"app": URL, "replay": URL}. Raises what `Replay` raises.
    """
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    with replay as servers:
        before = {number: signal.signal(number, ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            on_ready({"app": servers.app, "replay": servers.replay})
            servers.wait(stop)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def running_replay(root: Path, remote: Remote | None = None, workers: int = 1) -> Iterator[str]:
    """The replay server alone, for archivists, at a free port of `localhost`; gives its address."""
    with listen("127.0.0.1", 0) as listener:
        arguments = ["--root", str(root.absolute()), "--archivists", *_told(workers, remote)]
        child = Child("archiver.replay.server", listener, arguments)
        try:
            yield child.wait_ready()
        finally:
            child.end()


def default_workers() -> int:
    """One for each core that we may use, at most four."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(4, cores)


def _told(workers: int, remote: Remote | None) -> list[str]:
    """The options that tell the replay server of both; credentials come to it by the environment."""
    url, endpoint_url = remote or (None, None)
    told = ["--workers", str(workers)]
    return told + (["--remote", url] if url else []) + (["--endpoint-url", endpoint_url] if endpoint_url else [])
