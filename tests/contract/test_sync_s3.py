"""Replication over real S3 servers: restore from the bucket alone, rot, broken lines, kills."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest

import s3server
from archiver import disk, ledger
from archiver.collection import Root
from archiver.ledger import Event
from archiver.model import FileRef
from archiver.stores import open_store
from archiver.sync import pull, push, status
from archiver.verify import verify_collection
from faultproxy import Fault, fault_proxy, held, on
from material import sealed

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("environment")]
BUCKET = "archive"
AGENT = "test/1"


@pytest.fixture(scope="module", params=["seaweedfs", "rclone"])
def server(request, tmp_path_factory):
    with getattr(s3server, request.param)(tmp_path_factory.mktemp(request.param)) as server:
        server.make_bucket(BUCKET)
        yield server


@pytest.fixture
def url(request):
    return f"s3://{BUCKET}/{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]}"


@pytest.fixture
def store(server, url):
    return open_store(url, endpoint_url=server.endpoint_url)


@pytest.fixture
def here(tmp_path):
    collection = Root(tmp_path / "here").create("news", "News", agent=AGENT)
    for number in range(20):
        add(collection, f"sidecars/{number}.json", os.urandom(2000 * number))
    return collection


@pytest.fixture
def other(tmp_path):
    return Root(tmp_path / "other").place("news")


def add(collection, path, content):
    disk.write_atomic(collection.local(path), content)
    file = FileRef(path, len(content), hashlib.sha256(content).hexdigest())
    collection.record(Event("ingestion", AGENT, (file,)))


def contents(collection):
    return {path: collection.local(path).read_bytes() for path in collection.files()}


def archiver(*arguments):
    """A command, as a user would run it: exit code, JSON lines, standard error."""
    command = [sys.executable, "-m", "archiver", *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_a_collection_comes_back_from_the_bucket_alone(here, other, store):
    assert push(here, store).exit_code == 0
    report = pull(other, store)
    assert (report.exit_code, report.segments) == (0, 1)
    assert contents(other) == contents(here)
    assert sealed(other) == sealed(here)
    assert [one for one in verify_collection(other).findings if one.code in ("file-digest", "file-missing")] == []
    assert push(here, store).moved == ()
    assert pull(other, store).moved == ()


def test_two_archivists_meet_at_one_prefix(here, other, store):
    push(here, store)
    pull(other, store)
    add(here, "sidecars/ours.json", b"ours")
    add(other, "sidecars/theirs.json", b"theirs")
    for verb in (push, pull):
        for collection in (here, other):
            assert verb(collection, store).exit_code == 0
    assert contents(here) == contents(other)
    assert {action.verb for action in status(here, store).actions} == {"keep"}


def test_rot_on_either_side_stays_where_it_is(here, other, store, server, url):
    add(here, "sidecars/first.json", b"first")
    push(here, store)
    add(here, "sidecars/second.json", b"second")
    here.local("sidecars/first.json").write_bytes(b"FIRST")
    here.local("sidecars/second.json").write_bytes(b"SECOND")
    report = push(here, store)
    assert sorted(finding.code for finding in report.findings) == ["local-damaged", "segment-held-back"]
    with store.open("sidecars/first.json") as stream:
        assert stream.read() == b"first"
    assert store.stat("sidecars/second.json") is None
    key = f"{url.split('/')[-1]}/sidecars/first.json"
    server.client().put_object(Bucket=BUCKET, Key=key, Body=b"FIRST")
    report = pull(other, store)
    assert {finding.code for finding in report.findings} == {"remote-damaged"}
    assert not other.local("sidecars/first.json").exists()


def test_bits_that_turn_over_on_the_line_are_not_taken_over(here, other, server, url):
    push(here, open_store(url, endpoint_url=server.endpoint_url))
    with fault_proxy(server.endpoint_url) as proxy:
        proxy.faults.append(Fault(on("GET", "sidecars/7.json"), flip=True))
        store = open_store(url, endpoint_url=proxy.endpoint_url)
        report = pull(other, store)
        assert report.findings[0].where == "sidecars/7.json"
        assert pull(other, store).exit_code == 0
    assert contents(other) == contents(here)


def test_answers_that_get_lost_do_no_harm(here, other, server, url):
    with fault_proxy(server.endpoint_url) as proxy:
        proxy.faults += [
            Fault(on("PUT"), lost=True, times=3),
            Fault(on("HEAD"), lost=True),
            Fault(on("GET", "list-type"), lost=True),
            Fault(on("GET", "sidecars/19"), keep=10_000),
        ]
        store = open_store(url, endpoint_url=proxy.endpoint_url)
        assert push(here, store).exit_code == 0
        assert pull(other, store).exit_code == 0
        assert not any(fault.times for fault in proxy.faults)
    assert contents(other) == contents(here)


def test_a_killed_push_leaves_nothing_that_lies_and_goes_on(here, other, store, server, url):
    for number in range(60):
        add(here, f"sidecars/more-{number}.json", os.urandom(200_000))
    code = (
        "import sys; from pathlib import Path; from archiver.collection import Collection;"
        "from archiver.stores import open_store; from archiver.sync import push;"
        "push(Collection(Path(sys.argv[1])), open_store(sys.argv[2], endpoint_url=sys.argv[3]))"
    )
    with (
        fault_proxy(server.endpoint_url) as proxy,
        held(proxy, on("PUT", "sidecars/"), after=15),
        subprocess.Popen([sys.executable, "-c", code, str(here.path), url, proxy.endpoint_url]) as process,
    ):
        deadline = time.monotonic() + 300
        while process.poll() is None and time.monotonic() < deadline and len(list(store.list("sidecars/"))) < 10:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert list(store.list("ledger/")) == []
    report = push(here, store)
    assert report.exit_code == 0
    assert len(report.moved) < len(here.files())
    assert pull(other, store).exit_code == 0
    assert contents(other) == contents(here)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_a_great_file_cut_off_in_the_middle_goes_on_there(here, other, server, url, number, code):
    add(here, "archive/great.warc.gz", os.urandom(100 << 20))
    with fault_proxy(server.endpoint_url) as proxy:
        remote = ("-c", "news", url, "--endpoint-url", proxy.endpoint_url, "--root", here.path.parent)
        command = [sys.executable, "-m", "archiver", "sync", "push", *map(str, remote), "--bwlimit", "60M"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            deadline = time.monotonic() + 300
            while process.poll() is None and time.monotonic() < deadline and len(parts(proxy)) < 4:
                time.sleep(0.01)
            process.send_signal(number)
            assert process.wait(300) == code
        assert len(list((here.path.parent / ".archiver/uploads").iterdir())) == 1
        before = len(proxy.seen)
        done, (report,), _ = archiver("sync", "push", *remote)
        assert (done, report["ok"], report["segments"]) == (0, True, 1)
        del proxy.seen[:before]
        assert 0 < len(set(parts(proxy))) < 7
    assert list((here.path.parent / ".archiver/uploads").iterdir()) == []
    store = open_store(url, endpoint_url=server.endpoint_url)
    assert pull(other, store).exit_code == 0
    assert contents(other) == contents(here)


def parts(proxy):
    return [path.partition("partNumber=")[2][0] for method, path in proxy.seen if "partNumber=" in path]


def test_the_commands_push_restore_and_say_what_is_wrong(here, tmp_path, server, url):
    remote = ("-c", "news", url, "--endpoint-url", server.endpoint_url)
    code, (planned,), _ = archiver("sync", "push", *remote, "--root", here.path.parent, "--dry-run")
    assert (code, planned["files"], len(planned["actions"])) == (0, 0, len(here.files()) + 1)
    code, (done,), _ = archiver("sync", "push", *remote, "--root", here.path.parent)
    assert (code, done["files"], done["actions"]) == (0, len(here.files()), planned["actions"])
    code, (done,), _ = archiver("sync", "pull", *remote, "--root", tmp_path / "empty")
    assert (code, done["files"], done["segments"]) == (0, len(here.files()), 1)
    assert contents(Root(tmp_path / "empty").collection("news")) == contents(here)
    code, _, told = archiver("sync", "push", *remote[:2], "s3://nowhere/x", *remote[3:], "--root", here.path.parent)
    assert code == 5
    assert "there is no such bucket" in told
    assert "Traceback" not in told


def test_sealed_segments_at_the_store_are_read_by_their_names(here, store):
    push(here, store)
    (info,) = store.list("ledger/")
    with store.open(info.key) as stream:
        assert ledger.parse_segment(stream.read(), info.key).path == info.key
