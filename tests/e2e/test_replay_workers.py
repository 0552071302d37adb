"""Several processes that replay at one socket: one that dies is replaced, and all of them end with their parent."""

import os
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver.errors import ArchiverError, PartMissing
from archiver.replay import Child, listen
from storing import STAMP, Stored, store

pytestmark = pytest.mark.servers
PAGE = "https://news.example/"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Child, str]]:
    store(tmp_path, "news", [Stored(PAGE, "<p>here</p>")])
    with listen("127.0.0.1", 0) as listener:
        child = Child("archiver.replay.server", listener, ["--root", str(tmp_path), "--workers", "2"])
        try:
            yield child, f"{child.wait_ready()}/news/{STAMP}mp_/{PAGE}"
        finally:
            child.end()


def workers(child: Child) -> set[int]:
    listed = Path(f"/proc/{child.process.pid}/task/{child.process.pid}/children")
    return {int(one) for one in listed.read_text().split()} if listed.exists() else set()


def asked(address: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=300) as answer:
        return b"here" in answer.read()


def until(true: object) -> bool:
    for _ in range(4000):
        if true():  # type: ignore[operator]
            return True
        time.sleep(0.05)
    return False


def test_a_worker_that_dies_is_replaced(server: tuple[Child, str]) -> None:
    child, address = server
    before = workers(child)
    assert len(before) == 2
    for dead in before:
        os.kill(dead, signal.SIGKILL)
        assert until(lambda dead=dead: len(workers(child)) == 2 and dead not in workers(child))
        assert asked(address)
    assert not workers(child) & before
    child.check()


def test_workers_end_with_the_process_that_forked_them(server: tuple[Child, str]) -> None:
    child, _ = server
    found = workers(child)
    child.process.kill()
    assert until(lambda: not any(Path(f"/proc/{one}").exists() for one in found))


def test_they_all_end_when_they_are_asked_to(server: tuple[Child, str]) -> None:
    child, address = server
    found = workers(child)
    assert asked(address)
    child.end()
    assert child.process.returncode == 0
    assert not any(Path(f"/proc/{one}").exists() for one in found)


def test_workers_that_die_again_and_again_are_told(server: tuple[Child, str]) -> None:
    child, _ = server

    def ended() -> bool:
        for one in workers(child):
            os.kill(one, signal.SIGKILL)
        return child.process.poll() is not None

    assert until(ended)
    with pytest.raises(ArchiverError, match=r"ended by itself \(The replay server's workers ended by themselves\)"):
        child.check()


def test_a_worker_that_cannot_listen_is_told_at_once(tmp_path: Path) -> None:
    with (tmp_path / "none").open("wb") as no_socket:
        child = Child("archiver.replay.server", no_socket, ["--root", str(tmp_path), "--workers", "2"])  # type: ignore[arg-type]
        with pytest.raises(PartMissing, match="it did not start"):
            child.wait_ready()
        child.end()
