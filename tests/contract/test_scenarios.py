"""What befalls archives, played out by the real command against real servers; docs/scenarios.md tells each in words.

Ours must lose nothing and say what happened: exit codes, codes of findings and bytes on both sides are looked at.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

import s3server
from archiver.capture import AGENT, Terms, capture_url
from archiver.collection import Collection, Root
from archiver.model import Exchange, PageInfo, Request, Response, new_body
from conftest import Program
from faultproxy import Fault, fault_proxy, held, on, refusal
from material import collection_with, sealed
from warmed import TRIES

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("environment")]
BUCKET = "archive"
BIG = 96 << 20


@pytest.fixture(scope="module", params=["seaweedfs", "rclone"])
def server(request, tmp_path_factory):
    with getattr(s3server, request.param)(folder := tmp_path_factory.mktemp(request.param)) as server:
        server.make_bucket(BUCKET)
        yield Behind(request.param, folder, server)
    shutil.rmtree(folder)  # large bodies are in it


class Behind:
    """A server, and what lies behind it."""

    def __init__(self, kind: str, folder: Path, server: s3server.S3Server) -> None:
        self.kind, self.folder, self.url = kind, folder, server.endpoint_url
        self.environment, self.client = server.environment, server.client()

    def rot(self, content: bytes) -> None:
        """Turn over a bit of an object where the server keeps it: it is found by its content."""
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and (path.suffix == ".dat" or self.kind == "rclone"):
                kept = path.read_bytes()
                if (place := kept.find(content)) >= 0:
                    with path.open("r+b") as stream:
                        stream.seek(place + len(content) // 2)
                        stream.write(bytes([content[len(content) // 2] ^ 1]))
                    return
        raise AssertionError("the server keeps that object in another form")


@pytest.fixture
def prefix(request):
    return hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]


class Copy:
    """One working copy, used through the command line."""

    def __init__(self, program, server, prefix, name="news") -> None:
        self.program, self.server, self.name = program, server, name
        self.remote = ("-c", name, f"s3://{BUCKET}/{prefix}")

    @property
    def collection(self) -> Collection:
        return Root(self.program.root).place(self.name)

    def sync(self, verb, *options, endpoint=None):
        return Told(
            self.program("sync", verb, *self.remote, "--endpoint-url", endpoint or self.server.url, *options, "--json")
        )

    def start(self, verb, endpoint=None):
        return self.program.start("sync", verb, *self.remote, "--endpoint-url", endpoint or self.server.url)

    def verify(self):
        return Told(self.program("verify", "-c", self.name, "--json"))

    def repair(self):
        """`archiver sync repair`: both sides become what the ledger says."""
        return self.sync("repair")

    def contents(self):
        return {path: self.collection.local(path).read_bytes() for path in self.collection.files()}

    def warc(self):
        return min(path for path in self.collection.files() if path.startswith("archive/"))

    def capture(self, number, size=0):
        done = capture_url(f"https://news.example/{number}", self.collection, Film(size), Terms())
        assert done.capture_id
        return done


class Told:
    """How a command ended and what it told."""

    def __init__(self, done) -> None:
        self.code, self.err = done.code, done.err
        self.line = done.lines[0] if done.out else {}
        findings = self.line.get("findings", ())
        self.errors = {one["where"]: one["code"] for one in findings if one["level"] == "error"}
        self.codes = sorted(one["code"] for one in findings)

    def names(self, path) -> bool:
        return any(where.endswith(path) for where in self.errors)


class Film:
    """An engine whose page has a body of that size that no packing makes smaller."""

    name, fidelity = "http", "entity"

    def __init__(self, size: int) -> None:
        self.size = size

    def capture(self, url, limits):
        at = datetime(2026, 11, 22, 14, 1, 12, 345678, UTC)
        html = f"<title>{url}</title><p>{'It stood all night and nobody knew. ' * 20}".encode()
        bodies = [(url, "text/html", html, "main")]
        if self.size:
            bodies.append((f"{url}.mp4", "video/mp4", os.urandom(self.size), "part"))
        for address, kind, body, role in bodies:
            headers = (("Content-Type", kind), ("Content-Length", str(len(body))))
            response = Response(200, "OK", headers, new_body(body))
            yield Exchange(address, at, Request("GET", ()), response, role=role)
        yield PageInfo(url, url, at, at, "http", "entity", "test", (AGENT,), ())


@pytest.fixture
def here(tmp_path, server, prefix):
    """A working copy with three captures."""
    collection_with(tmp_path / "here", 3)
    return Copy(Program(tmp_path / "here"), server, prefix)


@pytest.fixture
def pushed(here):
    assert here.sync("push").code == 0
    return here


@pytest.fixture
def empty(server, prefix, tmp_path):
    """A root with nothing in it."""
    return Copy(Program(tmp_path / "empty"), server, prefix)


class Remote:
    """What the server gives."""

    def __init__(self, server, prefix) -> None:
        self.client, self.prefix = server.client, prefix

    def read(self, path) -> bytes:
        return self.client.get_object(Bucket=BUCKET, Key=f"{self.prefix}/{path}")["Body"].read()

    def write(self, path, content, **facts):
        self.client.put_object(Bucket=BUCKET, Key=f"{self.prefix}/{path}", Body=content, **facts)

    def metadata(self, path):
        return self.client.head_object(Bucket=BUCKET, Key=f"{self.prefix}/{path}")["Metadata"]

    def held(self):
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{self.prefix}/")
        return {one["Key"].removeprefix(f"{self.prefix}/") for page in pages for one in page.get("Contents", ())}

    def uploads(self):
        found = self.client.list_multipart_uploads(Bucket=BUCKET)
        return [one["Key"] for one in found.get("Uploads", ()) if one["Key"].startswith(self.prefix)]


@pytest.fixture
def remote(server, prefix):
    return Remote(server, prefix)


def flip(path: Path, *, new_mtime: bool) -> bytes:
    """Turn over a bit of a file; returns what it was."""
    before, content = path.stat(), path.read_bytes()
    path.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
    os.utime(path, **({} if new_mtime else {"ns": (before.st_atime_ns, before.st_mtime_ns)}))
    return content


def assert_same(*copies):
    """All copies hold the same, and all of it is sound."""
    first = copies[0].contents()
    assert first and all(copy.contents() == first for copy in copies)
    for copy in copies:
        told = copy.verify()
        assert (told.code, told.errors) == (0, {})


# An object at the remote is not what was sent


@pytest.mark.parametrize("disguised", [False, True], ids=["junk", "junk with our metadata"])
def test_an_object_replaced_by_junk_of_its_size(pushed, empty, remote, disguised):
    path = pushed.warc()
    good = remote.read(path)
    facts = {"Metadata": remote.metadata(path)} if disguised else {}
    remote.write(path, os.urandom(len(good)), **facts)
    told = pushed.sync("push")
    assert (told.code, told.line["files"]) == (0, 0), "a push does not look, and does not meddle"
    told = empty.sync("pull")
    assert (told.code, told.errors.get(path)) == (1, "remote-damaged")
    assert not empty.collection.local(path).exists()
    assert pushed.verify().code == 0
    assert pushed.contents()[path] == good


@pytest.mark.parametrize("disguised", [False, True], ids=["junk", "junk with our metadata"])
def test_junk_at_the_remote_is_found_and_made_good(pushed, empty, remote, disguised):
    path = pushed.warc()
    good, junk = remote.read(path), os.urandom(len(remote.read(path)))
    remote.write(path, junk, **({"Metadata": remote.metadata(path)} if disguised else {}))
    told = pushed.sync("verify", "--level", "deep")
    assert told.code == 1 and told.names(path)
    assert pushed.repair().code == 0
    assert remote.read(path) == good
    assert junk in quarantined(pushed), "what was there is evidence"
    assert pushed.sync("verify", "--level", "deep").code == 0
    assert empty.sync("pull").code == 0
    assert_same(pushed, empty)


def quarantined(copy):
    return [path.read_bytes() for path in (copy.program.root / ".archiver/quarantine").rglob("*") if path.is_file()]


def test_a_bit_turned_over_on_the_servers_own_disk(pushed, empty, remote, server, monkeypatch):
    monkeypatch.setenv(TRIES, "1")  # SeaweedFS itself tries for thirteen seconds before it tells that it cannot read
    path = pushed.warc()
    good = remote.read(path)
    server.rot(good)
    told = pushed.sync("verify", "--level", "deep")
    assert told.code == 1 and told.names(path)
    assert pushed.repair().code == 0
    assert remote.read(path) == good
    assert empty.sync("pull").code == 0
    assert_same(pushed, empty)


# A file here is not what was captured


@pytest.mark.parametrize("new_mtime", [False, True], ids=["old mtime", "new mtime"])
def test_rot_at_home_never_reaches_the_remote(pushed, remote, new_mtime):
    path = pushed.warc()
    good = flip(pushed.collection.local(path), new_mtime=new_mtime)
    pushed.sync("push")
    assert remote.read(path) == good
    told = pushed.verify()
    assert told.code == 1 and told.names(path)


@pytest.mark.parametrize("new_mtime", [False, True], ids=["old mtime", "new mtime"])
def test_rot_at_home_is_made_good_from_the_remote(pushed, remote, new_mtime):
    path = pushed.warc()
    good = flip(pushed.collection.local(path), new_mtime=new_mtime)
    assert pushed.repair().code == 0
    assert pushed.contents()[path] == good == remote.read(path)
    assert pushed.verify().code == 0


def test_rot_before_the_first_push_is_told_and_not_sent(here, empty, remote):
    path = here.warc()
    flip(here.collection.local(path), new_mtime=False)
    told = here.sync("push")
    assert (told.code, told.errors) == (1, {path: "local-damaged"})
    assert path not in remote.held()
    assert not [key for key in remote.held() if key.startswith("ledger/")]


def test_a_source_that_has_become_empty_empties_nothing(pushed, remote, empty):
    before = remote.held()
    good = pushed.contents()
    for folder in ("archive", "sidecars", "schemas", "collection"):
        shutil.rmtree(pushed.collection.path / folder)
    told = pushed.sync("push")
    assert (told.code, told.line["files"], told.codes) == (0, 0, ["local-absent"])
    assert pushed.verify().code == 1
    assert remote.held() == before
    told = pushed.sync("pull")
    assert (told.code, told.line["files"]) == (0, len(good) - 1), "README.txt was still there"
    assert pushed.contents() == good
    shutil.rmtree(pushed.program.root)
    assert pushed.sync("push").code == 2, "there is no such collection here"
    assert remote.held() == before
    assert pushed.sync("pull").code == 0
    assert pushed.contents() == good
    assert pushed.verify().code == 0


# Broken off


def wait_for(process, enough):
    deadline = time.monotonic() + 300
    while process.poll() is None and time.monotonic() < deadline and not enough():
        time.sleep(0.002)


def test_a_push_killed_in_the_midst_of_a_large_file(here, empty, remote, server):
    here.capture(99, size=BIG)
    large = max(here.collection.files().values(), key=lambda file: file.bytes)
    with fault_proxy(server.url) as proxy:
        with held(proxy, on("PUT", "partNumber="), after=2), here.start("push", proxy.endpoint_url) as process:
            wait_for(process, lambda: parts_of(proxy) >= 3)
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        assert large.path not in remote.held()
        assert not [key for key in remote.held() if key.startswith("ledger/")]
        sent = parts_of(proxy)
        told = here.sync("push", endpoint=proxy.endpoint_url)
        assert (told.code, told.errors) == (0, {}), told.err
        assert sent >= 3
    assert hashlib.sha256(remote.read(large.path)).hexdigest() == large.sha256
    assert empty.sync("pull").code == 0
    assert_same(here, empty)
    free(here, empty)


def test_a_killed_push_goes_on_where_it_was_and_leaves_no_orphan(here, remote, server):
    here.capture(99, size=BIG)
    with fault_proxy(server.url) as proxy:
        with held(proxy, on("PUT", "partNumber="), after=4), here.start("push", proxy.endpoint_url) as process:
            wait_for(process, lambda: parts_of(proxy) >= 6)
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        proxy.seen.clear()
        assert here.sync("push", endpoint=proxy.endpoint_url).code == 0
        again = parts_of(proxy)
    whole = -(-max(file.bytes for file in here.collection.files().values()) // (16 << 20))
    assert again < whole
    assert remote.uploads() == []
    free(here)


def parts_of(proxy):
    return sum("partNumber=" in path for method, path in proxy.seen if method == "PUT")


def free(*copies):
    for copy in copies:
        shutil.rmtree(copy.program.root)


def test_a_pull_killed_in_its_midst_goes_on(pushed, empty, server):
    for number in range(12):
        pushed.capture(number, size=300_000)
    assert pushed.sync("push").code == 0
    with (
        fault_proxy(server.url) as proxy,
        held(proxy, on("GET", "archive/"), after=6),
        empty.start("pull", proxy.endpoint_url) as process,
    ):
        wait_for(process, lambda: len(list(empty.collection.path.glob("archive/**/2*.warc.gz"))) > 2)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    told = empty.sync("pull")
    assert (told.code, told.errors) == (0, {})
    assert "leftover-removed" in told.codes or "leftover-finished" in told.codes
    assert told.line["files"] < len(pushed.collection.files())
    assert_same(pushed, empty)
    assert "leftover" not in empty.verify().codes


# Two at once


def test_two_writers_at_the_same_moment(pushed, empty, remote):
    other = empty
    assert other.sync("pull").code == 0
    for number in range(4):
        pushed.capture(f"ours/{number}", size=100_000)
        other.capture(f"theirs/{number}", size=100_000)
    for verb in ("push", "pull"):
        under_way = [copy.start(verb) for copy in (pushed, other) for _ in range(2)]
        assert [process.wait(300) for process in under_way] == [0] * 4
    assert_same(pushed, other)
    assert sealed(pushed.collection) == sealed(other.collection)
    assert len([path for path in pushed.collection.files() if path.startswith("archive/")]) == 11
    assert set(pushed.collection.files()) <= remote.held()


def test_capturing_goes_on_while_a_push_runs(pushed, empty):
    pushed.capture("before", size=3_000_000)
    process = pushed.start("push")
    for number in range(5):
        pushed.capture(number)
    assert process.wait(300) == 0
    assert pushed.sync("push").code == 0
    assert empty.sync("pull").code == 0
    assert_same(pushed, empty)


# A line that breaks, a server that fails


def test_answers_that_get_lost(here, empty, remote, server):
    """A retried write meets its own object: with conditional writes that is answered 412."""
    with fault_proxy(server.url) as proxy:
        proxy.faults += [Fault(on("PUT"), lost=True, times=4), Fault(on("PUT", "ledger/"), lost=True)]
        told = here.sync("push", endpoint=proxy.endpoint_url)
        assert (told.code, told.errors) == (0, {})
        proxy.faults += [Fault(on("GET", "archive/"), lost=True), Fault(on("GET", "list-type"), lost=True)]
        assert empty.sync("pull", endpoint=proxy.endpoint_url).code == 0
        assert not any(fault.times for fault in proxy.faults)
    assert_same(here, empty)


SLOW = refusal(503, "SlowDown")
BROKEN = refusal(500, "InternalError")


@pytest.mark.parametrize(
    "faults",
    [
        [Fault(on("PUT"), answer=SLOW, times=2), Fault(on("GET"), answer=SLOW, times=2)],
        [Fault(on("PUT"), answer=BROKEN, times=2), Fault(on("GET", "archive/"), answer=BROKEN, times=2)],
        [Fault(on("PUT"), answer=b"", times=2), Fault(on("GET"), answer=b"", times=2)],
        [Fault(on("PUT"), answer=b"HTTP/1.1 200 OK\r\nContent-Le", times=1)],
        [Fault(on("GET", "archive/"), keep=700), Fault(on("GET", "sidecars/"), keep=1)],
    ],
    ids=["503", "500", "reset", "answer cut in its head", "body cut"],
)
def test_a_server_that_fails_for_a_while(here, empty, server, faults):
    with fault_proxy(server.url) as proxy:
        proxy.faults += [Fault(one.fits, one.answer, one.lost, one.keep, one.flip, one.times) for one in faults]
        for copy, verb in ((here, "push"), (empty, "pull")):
            told = copy.sync(verb, endpoint=proxy.endpoint_url)
            assert (told.code, told.errors) == (0, {}), told.err
        assert not any(fault.times for fault in proxy.faults)
    assert_same(here, empty)


def test_a_bit_that_turns_over_on_the_line(pushed, empty, server):
    path = pushed.warc()
    with fault_proxy(server.url) as proxy:
        proxy.faults.append(Fault(on("GET", path), flip=True))
        told = empty.sync("pull", endpoint=proxy.endpoint_url)
        assert (told.code, told.errors.get(path)) == (1, "remote-damaged")
        assert not empty.collection.local(path).exists()
        assert empty.sync("pull", endpoint=proxy.endpoint_url).code == 0
    assert_same(pushed, empty)


@pytest.mark.parametrize("verb", ["push", "pull"])
def test_a_server_that_stays_away(pushed, empty, server, verb):
    pushed.capture("new")
    before = pushed.contents()
    with fault_proxy(server.url) as proxy:
        proxy.faults.append(Fault(lambda *_: True, answer=BROKEN, times=10_000))
        told = (pushed if verb == "push" else empty).sync(verb, endpoint=proxy.endpoint_url)
    assert told.code == 5
    assert "the server refused (500 InternalError)" in told.err
    assert pushed.contents() == before
    assert not empty.collection.path.exists()
    assert pushed.sync("push").code == 0


@pytest.mark.parametrize("verb", ["push", "pull"])
def test_a_clock_that_is_wrong(pushed, empty, server, verb):
    pushed.capture("new")
    with fault_proxy(server.url) as proxy:
        proxy.faults.append(Fault(lambda *_: True, answer=refusal(403, "RequestTimeTooSkewed"), times=10_000))
        told = (pushed if verb == "push" else empty).sync(verb, endpoint=proxy.endpoint_url)
    assert told.code == 5
    assert "this machine's clock differs too much from the server's" in told.err
    for copy, now in ((pushed, "push"), (empty, "pull")):
        assert copy.sync(now).code == 0
    assert_same(pushed, empty)


# No room


@contextmanager
def small_disk(folder, kilobytes):
    folder.mkdir(parents=True)
    options = ["-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", folder]
    if os.geteuid() != 0 or subprocess.run(["mount", *options], capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_disk_that_fills_up_during_a_restore(pushed, empty):
    for number in range(4):
        pushed.capture(number, size=900_000)
    assert pushed.sync("push").code == 0
    with small_disk(empty.program.root, 2048):
        told = empty.sync("pull")
        assert told.code == 1
        assert "no space left" in told.err
        assert empty.collection.files() == {}, "nothing counts that is not whole"
        assert not list(empty.collection.path.rglob(".tmp-*"))
        subprocess.run(["mount", "-o", "remount,size=16384k", empty.program.root], check=True)
        told = empty.sync("pull")
        assert (told.code, told.errors) == (0, {})
        assert_same(pushed, empty)
