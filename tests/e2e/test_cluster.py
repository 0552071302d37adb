"""Many machines, here as processes: a scheduler, workers with roots of their own, and a run; each is killed midway."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter

import pytest

from archiver.collection import Root

PAGES = 200


@pytest.fixture
def processes():
    """Processes that end with the test, whatever happens."""
    started = []
    yield started
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


class Fleet:
    """A scheduler and three workers, each of which can be killed and started again."""

    def __init__(self, archiver, folder, processes):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.archiver, self.folder, self.processes = archiver, folder, processes
        self.start_scheduler()
        self.workers = [self.start_worker(number) for number in range(3)]

    def start_scheduler(self):
        command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--no-dashboard"]
        command += ["--port", str(self.port), "--dashboard-address", "127.0.0.1:0"]
        self.scheduler = self.run(command)
        wait_for(self.listens)  # workers give up on one that takes long to begin

    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def start_worker(self, number):
        root = self.folder / f"worker{number}"
        command = [sys.executable, "-m", "archiver", "worker", self.address, "--root", str(root), "--jobs", "2"]
        return self.run(command)

    def run(self, command, **pipes):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} | pipes
        process = subprocess.Popen(command, **quiet)
        self.processes.append(process)
        return process


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def wait_for(condition, seconds=300):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def states(archiver):
    return Counter(line["state"] for line in archiver("queue", "list", "--json").lines)


def test_worker_scheduler_and_run_are_killed_and_nothing_is_lost_or_done_twice(
    archiver, newsroom, reach, tmp_path, processes
):
    urls = [newsroom.url("tricks", f"/walls/ok/short?page={number}") for number in range(PAGES)]
    seeds = tmp_path / "seeds.txt"
    seeds.write_text("\n".join(urls))
    fleet = Fleet(archiver, tmp_path, processes)
    assert archiver("init", "default", "--title", "Default").code == 0

    def run(*arguments):
        command = archiver.command(*arguments, "--cluster", fleet.address, "--json")
        with (tmp_path / "lines").open("ab") as lines, (tmp_path / "err").open("wb") as errors:
            return fleet.run(command, stdout=lines, stderr=errors)

    def end(process):
        code = process.wait(timeout=300)
        return code, (tmp_path / "err").read_text()

    def lines():
        return (tmp_path / "lines").read_bytes().count(b"\n")

    first = run("capture", "--seeds", seeds, *reach, "--engine", "http")
    wait_for(lambda: lines() >= 30)
    kill(fleet.workers[0])
    fleet.workers[0] = fleet.start_worker(0)
    wait_for(lambda: lines() >= 80)
    kill(fleet.scheduler)
    code, err = end(first)
    assert code == 5, err
    assert "scheduler went away" in err and len(err.splitlines()) == 2, err
    for worker in fleet.workers:
        assert worker.wait(timeout=300) == 5
    fleet.start_scheduler()
    fleet.workers = [fleet.start_worker(number) for number in range(3)]

    second = run("queue", "run")
    wait_for(lambda: lines() >= 130)
    kill(second)
    third = run("queue", "run")
    code, err = end(third)
    assert code == 0, err

    assert states(archiver) == {"done": PAGES}
    captured = [sidecar.requested_url for sidecar in Root(archiver.root).collection("default").sidecars()]
    assert Counter(captured) == Counter(urls)
    told = [json.loads(line) for line in (tmp_path / "lines").read_bytes().splitlines()]
    assert {line["verdict"] for line in told} == {"ok"}
    assert archiver("verify", "--json").lines[0]["findings"] == []
    writers = list((archiver.root / "default" / "ledger").iterdir())
    assert len(writers) == 4, "each worker is a writer of its own"
    for number in range(3):
        copy = subprocess.run(
            [sys.executable, "-m", "archiver", "--root", str(tmp_path / f"worker{number}"), "verify", "--json"],
            capture_output=True,
            check=True,
        )
        assert json.loads(copy.stdout)["findings"] == []


def test_a_cluster_of_this_machine_captures_into_the_collection_itself(archiver, newsroom, reach):
    urls = [newsroom.url("tricks", f"/walls/ok/short?page={number}") for number in range(6)]
    done = archiver("capture", *urls, *reach, "--engine", "http", "--cluster", "local:2", "--json")
    assert done.code == 0, done.err
    assert sorted(line["url"] for line in done.lines) == sorted(urls)
    assert archiver("verify", "--json").lines[0]["findings"] == []
    assert len(list((archiver.root / "default" / "ledger").iterdir())) == 1


@pytest.mark.parametrize(
    ("address", "code", "word"),
    [
        ("tcp://192.0.2.1:8786", 4, "TLS"),
        ("scheduler.example:8786", 4, "TLS"),
        ("tls://127.0.0.1:8786", 2, "three files"),
        ("nonsense", 2, "address"),
        ("local:x", 2, "address"),
        ("tcp://127.0.0.1:9", 5, "does not answer"),
    ],
)
def test_addresses_that_are_not_safe_or_not_there(archiver, address, code, word):
    assert archiver("init", "default", "--title", "Default").code == 0
    done = archiver("capture", "https://a.example/", "--cluster", address)
    assert done.code == code, done.err
    assert word in done.err
    if not address.startswith("local"):
        done = archiver("worker", address, "--root", archiver.root / "copy")
        assert done.code == code, done.err


def test_without_dask_the_remedy_is_told(archiver, tmp_path):
    (tmp_path / "distributed.py").write_text("raise ImportError('not here')")
    done = archiver(
        "capture",
        "https://a.example/",
        "--cluster",
        "local",
        PYTHONPATH=f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}",
    )
    assert done.code == 3 and "archiver[cluster]" in done.err
