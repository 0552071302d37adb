"""Replication beside rclone: the same files to and from one SeaweedFS, and plans of a great collection."""

import contextlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import s3server
from archiver import disk, ledger
from archiver.collection import Collection, Root
from archiver.ledger import Event
from archiver.model import FileRef

BIN = Path(sys.executable).parent
AGENT = "bench/1"
WRITER = "bbbbbbbbbb"
LINES = 500
ROUNDS = 3


def enter(collection: Collection, events: Iterable[Event]) -> None:
    """Sealed segments of a writer, each of so many lines, without the fsyncs of real commits."""
    previous, seq, lines = None, 0, []

    def seal() -> None:
        nonlocal previous, seq
        seq += 1
        head = {"type": "segment", "format": ledger.FORMAT, "writer": WRITER, "seq": seq, "at": "2026-11-22T14:00:00Z"}
        content = ledger.canonical(head | {"previous": previous, "seen": {}}) + b"".join(lines)
        segment = ledger.parse_segment(content, "bench")
        place = collection.path / segment.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        previous = segment.sha256
        lines.clear()

    for event in events:
        lines.append(event.as_line())
        if len(lines) == LINES:
            seal()
    if lines:
        seal()


def with_files(root: Path, sizes: list[int]) -> Collection:
    """A collection that holds a file of each size; their bytes are chance, and no WARCs."""
    collection, chance = Root(root).create("news", "News", agent=AGENT), random.Random(1)
    files = []
    for number, size in enumerate(sizes):
        path = f"archive/imported/{number // 100:03d}/{number:06d}.warc.gz"
        place = collection.path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as stream:
            for start in range(0, size, 1 << 20):
                stream.write(chance.randbytes(min(1 << 20, size - start)))
        files.append(FileRef(path, size, disk.sha256_file(place)[0]))
    enter(collection, (Event("ingestion", AGENT, (file,)) for file in files))
    return collection


def with_captures(root: Path, captures: int) -> Collection:
    """A collection whose ledger names so many captures; their files have names and no bytes."""
    collection = Root(root).create("news", "News", agent=AGENT)

    def events() -> Iterator[Event]:
        for number in range(captures):
            capture = f"202611{number % 28 + 1:02d}T140112Z-{_letters(number)}"
            digest = disk.sha256_bytes(capture.encode())
            day = f"archive/2026/11/{number % 28 + 1:02d}"
            files = (f"{day}/{capture}.warc.gz", f"sidecars/{capture}.r1-{digest[:12]}.json")
            for path in files:
                place = collection.path / path
                place.parent.mkdir(parents=True, exist_ok=True)
                os.close(os.open(place, os.O_CREAT | os.O_WRONLY))
            yield Event("capture", AGENT, tuple(FileRef(path, 0, disk.sha256_bytes(b"")) for path in files), capture)

    enter(collection, events())
    return collection


def _letters(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in f"{number:010d}")


@dataclass
class Sides:
    """Seconds of the same work, ours and rclone's, as whole commands."""

    ours: list[float]
    rclone: list[float]


@contextlib.contextmanager
def server() -> Iterator[s3server.S3Server]:
    with tempfile.TemporaryDirectory() as folder, s3server.seaweedfs(Path(folder)) as running:
        running.make_bucket("archive")
        yield running


def beside_rclone(sizes: list[int], rounds: int = ROUNDS) -> dict[str, Sides]:
    """Push, push again, read all that is there, and pull to an empty disk, in turn; each round to its own prefix."""
    done = {what: Sides([], []) for what in ("push", "no change", "deep verify", "pull")}
    with tempfile.TemporaryDirectory() as folder, server() as running:
        collection = with_files(Path(folder, "here"), sizes)
        environment = os.environ | running.environment | _remote(running)
        for number in range(rounds):
            ours, theirs = f"s3://archive/ours{number}", f"bench:archive/theirs{number}"
            sync = [BIN / "archiver", "sync"]
            where = ["-c", "news", ours, "--endpoint-url", running.endpoint_url, "--json"]
            push = [*sync, "push", *where, "--root", collection.path.parent]
            deep = [*sync, "verify", *where, "--level", "deep", "--root", collection.path.parent]
            empty = Path(folder, f"ours{number}")
            there = Path(folder, f"theirs{number}")
            rclone = [BIN / "rclone"]
            for what, mine, other in (
                ("push", push, [*rclone, "copy", collection.path, theirs]),
                ("no change", push, [*rclone, "sync", "--checksum", collection.path, theirs]),
                ("deep verify", deep, [*rclone, "check", "--download", collection.path, theirs]),
                ("pull", [*sync, "pull", *where, "--root", empty], [*rclone, "copy", theirs, there]),
            ):
                pairs = [(done[what].ours, mine), (done[what].rclone, other)]
                for times, command in pairs if number % 2 else reversed(pairs):
                    times.append(_seconds(command, environment))
            subprocess.run(["rm", "-rf", empty, there], check=True)
    return done


def _remote(running: s3server.S3Server) -> dict[str, str]:
    facts = {"type": "s3", "provider": "SeaweedFS", "env_auth": "true", "region": "us-east-1"}
    facts |= {"endpoint": running.endpoint_url}
    return {"RCLONE_CONFIG": os.devnull} | {f"RCLONE_CONFIG_BENCH_{name.upper()}": text for name, text in facts.items()}


def _seconds(command: list, environment: dict[str, str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def planned(captures: int) -> tuple[float, float, float]:
    """Seconds of a dry run of the first push, and of one without a change; megabytes of memory at most."""
    with tempfile.TemporaryDirectory() as folder:
        collection = with_captures(Path(folder, "here"), captures)
        there = Path(folder, "there")
        there.mkdir()
        first = _plan(collection, there)
        subprocess.run(["cp", "-a", collection.path / "ledger", there], check=True)
        again = _plan(collection, there)
    return first[0], again[0], max(first[1], again[1])


def _plan(collection: Collection, there: Path) -> tuple[float, float]:
    """In a process of its own, so that its memory can be told."""
    code = (
        "import resource, sys, time; from pathlib import Path; from archiver.collection import Collection;"
        "from archiver.stores import open_store; from archiver.sync import push; begun = time.perf_counter();"
        "push(Collection(Path(sys.argv[1])), open_store(sys.argv[2]), dry_run=True);"
        "print(time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)"
    )
    command = [sys.executable, "-c", code, collection.path, there.as_uri()]
    seconds, megabytes = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(seconds), float(megabytes)
