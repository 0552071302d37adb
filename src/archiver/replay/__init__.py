"""Replay for researchers: the web app and pywb, each a child process that ends with its parent.

Two hosts on purpose: cookies ignore ports, so the app is at `127.0.0.1` and archived pages are at `localhost`.
"""

import json
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

from archiver.errors import ArchiverError, PartMissing, UsageError

START_SECONDS = 120.0
"""pywb's imports take seconds, on a loaded machine many."""
END_SECONDS = 5.0
POLL_SECONDS = 0.2
WHAT = {"archiver.replay.server": "The replay server", "archiver.web": "The web app"}


Remote = tuple[str, str | None]
"""Where WARCs that are not here are read: the address of a store, with `{collection}` in it where it is to hold several
collections, and the endpoint of an S3 server that is not Amazon's."""


class Child:
    """One server process, at a socket that we listen on already: its address is known before it runs."""

    def __init__(self, module: str, listener: socket.socket, arguments: list[str]) -> None:
        self.what = WHAT[module]
        self.errors: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - closed in end()
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, "--socket", str(listener.fileno()), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            pass_fds=[listener.fileno()],
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

    def __init__(
        self,
        root: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 8080,
        replay_port: int = 8081,
        remote: Remote | None = None,
    ) -> None:
        """`root` holds the collections; a port of 0 takes any free one."""
        self.root = root.absolute()
        self.remote = remote
        self.host = host
        self.ports = port, replay_port
        self.children: list[Child] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            app_socket, replay_socket = (stack.enter_context(listen(self.host, port)) for port in self.ports)
            app_name, replay_name = public_names(self.host)
            self.app, self.replay = _origin(app_name, app_socket), _origin(replay_name, replay_socket)
            common = ["--root", str(self.root)]
            for module, listener, arguments in (
                (
                    "archiver.replay.server",
                    replay_socket,
                    ["--name", replay_name, "--app-origin", self.app, *read_from(self.remote)],
                ),
                ("archiver.web", app_socket, ["--name", app_name, "--replay-url", self.replay]),
            ):
                child = Child(module, listener, [*common, *arguments])
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


def serve(
    root: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    replay_port: int = 8081,
    remote: Remote | None = None,
    on_ready: Callable[[dict[str, str]], None],
) -> None:
    """Run both servers until SIGINT or SIGTERM, from the main thread.

    `on_ready` is called once with {"app": URL, "replay": URL}. Raises what `Replay` raises.
    """
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    with Replay(root, host=host, port=port, replay_port=replay_port, remote=remote) as servers:
        before = {number: signal.signal(number, ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            on_ready({"app": servers.app, "replay": servers.replay})
            servers.wait(stop)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def running_replay(root: Path, remote: Remote | None = None) -> Iterator[str]:
    """The replay server alone, at a free port of `localhost`; gives its address."""
    with listen("127.0.0.1", 0) as listener:
        child = Child("archiver.replay.server", listener, ["--root", str(root.absolute()), *read_from(remote)])
        try:
            yield child.wait_ready()
        finally:
            child.end()


def read_from(remote: Remote | None) -> list[str]:
    """The options that tell the replay server of a remote; credentials come to it by the environment."""
    url, endpoint_url = remote or (None, None)
    return (["--remote", url] if url else []) + (["--endpoint-url", endpoint_url] if endpoint_url else [])


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `UsageError` if the address cannot be had."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=256)
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"Cannot listen at {host}:{port}: {why.lower()}.", "Name other ports with --port and --replay-port."
        ) from error


def public_names(host: str) -> tuple[str, str]:
    """The names under which readers reach the app and the replay server when they listen at `host`.

    They differ where one machine has two names for itself. Elsewhere only the port tells them apart, which is
    enough as long as the app sets no cookies.
    """
    if host in ("127.0.0.1", "localhost"):
        return "127.0.0.1", "localhost"
    if host == "::1":
        return "[::1]", "localhost"
    name = socket.gethostname() if host in ("0.0.0.0", "::") else host
    name = f"[{name}]" if ":" in name else name
    return name, name


def _origin(name: str, listener: socket.socket) -> str:
    return f"http://{name}:{listener.getsockname()[1]}"
