"""`sync verify` and `sync repair` on real servers: tampering, rot in the server's own disk, delete markers, locks."""

import hashlib
import os
from datetime import timedelta
from pathlib import Path

import pytest
import stamina

import s3server
from archiver import disk
from archiver.collection import Root
from archiver.collection.description import redescribe
from archiver.ledger import Event
from archiver.model import FileRef, now
from archiver.stores import open_store
from archiver.sync import pull, push
from archiver.sync.audit import audit
from archiver.sync.mending import repair
from faultproxy import Fault, fault_proxy, on, refusal

pytestmark = pytest.mark.servers
AGENT = "test/1"
VICTIM = "sidecars/3.json"


@pytest.fixture(scope="module")
def seaweedfs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seaweedfs")
    with s3server.seaweedfs(folder) as server:
        server.make_bucket("plain")
        server.client().create_bucket(Bucket="vault", ObjectLockEnabledForBucket=True)
        yield server, folder


@pytest.fixture(scope="module")
def rclone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rclone")
    with s3server.rclone(folder) as server:
        server.make_bucket("plain")
        yield server, folder


@pytest.fixture
def place(request, monkeypatch):
    """A server, its folder, a bucket, a fresh prefix, and the store there."""
    name, bucket = request.param
    server, folder = request.getfixturevalue(name)
    for variable in [variable for variable in os.environ if variable.startswith("AWS_")]:
        monkeypatch.delenv(variable)
    for variable, value in server.environment.items():
        monkeypatch.setenv(variable, value)
    prefix = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]
    store = open_store(f"s3://{bucket}/{prefix}", endpoint_url=server.endpoint_url)
    return server, folder, bucket, prefix, store


@pytest.fixture
def here(tmp_path):
    collection = Root(tmp_path / "here").create("news", "News", agent=AGENT)
    for number in range(6):
        add(collection, f"sidecars/{number}.json", os.urandom(3000))
    return collection


def add(collection, path, content):
    disk.write_atomic(collection.local(path), content)
    file = FileRef(path, len(content), disk.sha256_bytes(content))
    collection.record(Event("ingestion", AGENT, (file,)))


def at(name, bucket):
    return pytest.mark.parametrize("place", [(name, bucket)], indirect=True, ids=[f"{name}-{bucket}"])


EVERYWHERE = pytest.mark.parametrize(
    "place", [("seaweedfs", "plain"), ("seaweedfs", "vault"), ("rclone", "plain")], indirect=True, ids="-".join
)
VERSIONED = at("seaweedfs", "vault")


def codes(report, *levels):
    return [(one.code, one.where) for one in report.findings if one.level in (levels or ("error", "warning"))]


def assert_sound(here, store):
    report = audit(here, store, "deep")
    assert codes(report) == []
    assert len(report.read) == report.expected


@EVERYWHERE
@pytest.mark.parametrize("level", ["list", "head", "deep"])
def test_what_was_pushed_is_sound(place, here, level):
    store = place[-1]
    push(here, store)
    report = audit(here, store, level)
    assert (report.findings, report.present) == ((), report.expected)


@EVERYWHERE
def test_junk_of_the_same_size_with_copied_metadata_is_seen_by_reading_alone(place, here):
    server, _, bucket, prefix, store = place
    push(here, store)
    client, key = server.client(), f"{prefix}/{VICTIM}"
    metadata = client.head_object(Bucket=bucket, Key=key)["Metadata"]
    client.put_object(Bucket=bucket, Key=key, Body=b"x" * 3000, Metadata=metadata)
    assert codes(audit(here, store, "list")) == []
    overwritten = [("remote-overwritten", VICTIM)] if bucket == "vault" else []
    assert codes(audit(here, store, "head")) == overwritten
    assert codes(audit(here, store, "deep")) == [("remote-digest", VICTIM), *overwritten]
    report = repair(here, store)
    assert [(one.verb, one.key) for one in report.actions] == [("replace", VICTIM)]
    assert report.findings == ()
    kept = [path for path in (here.state.path / "quarantine").rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in kept] == [b"x" * 3000]
    assert_sound(here, store)


@EVERYWHERE
def test_each_side_lends_the_other_what_it_lost(place, here):
    server, _, bucket, prefix, store = place
    push(here, store)
    server.client().delete_object(Bucket=bucket, Key=f"{prefix}/{VICTIM}")
    here.local("sidecars/1.json").write_bytes(b"rot")
    here.local("sidecars/2.json").unlink()
    marked = bucket == "vault"
    code = "remote-delete-marker" if marked else "remote-missing"
    for level in ("list", "head", "deep"):
        assert codes(audit(here, store, level)) == [(code, VICTIM)]
    report = repair(here, store)
    assert sorted((one.verb, one.key[-6:-5]) for one in report.actions) == [
        ("download", "2"),
        ("restore", "1"),
        ("undelete" if marked else "upload", "3"),
    ]
    assert report.findings == ()
    assert_sound(here, store)
    assert repair(here, store).actions == ()


@at("seaweedfs", "plain")
def test_rot_in_the_servers_own_disk(place, here):
    """It goes on telling size and digest, and fails only when it is read."""
    _, folder, *_, store = place
    push(here, store)
    content = here.local(VICTIM).read_bytes()
    assert _rotted(folder, content)
    for level in ("list", "head"):
        assert codes(audit(here, store, level)) == []
    with stamina.set_testing(True, attempts=1):
        assert codes(audit(here, store, "deep")) == [("remote-unreadable", VICTIM)]
        report = repair(here, store)
    assert [(one.verb, one.key) for one in report.actions] == [("replace", VICTIM)]
    assert codes(report) == [("remote-not-kept", VICTIM)]
    assert_sound(here, store)


def _rotted(folder: Path, content: bytes) -> bool:
    """Turn a bit over where a volume of the server holds `content`."""
    for volume in folder.rglob("*.dat"):
        if (start := volume.read_bytes().find(content)) >= 0:
            with volume.open("r+b") as stream:
                stream.seek(start + 100)
                stream.write(bytes([content[100] ^ 4]))
            return True
    return False


@at("seaweedfs", "plain")
def test_one_answer_that_is_damaged_on_the_way_is_a_finding_and_does_no_harm(place, here):
    server, _, bucket, prefix, store = place
    push(here, store)
    with fault_proxy(server.endpoint_url) as proxy:
        far = open_store(f"s3://{bucket}/{prefix}", endpoint_url=proxy.endpoint_url)
        proxy.faults.append(Fault(on("GET", VICTIM), flip=True))
        assert codes(audit(here, far, "deep")) == [("remote-digest", VICTIM)]
        proxy.faults.append(Fault(on("GET", VICTIM), flip=True))
        repair(here, far)
    assert_sound(here, store)


@at("seaweedfs", "plain")
def test_a_store_that_stops_answering_ends_an_audit_and_a_repair_with_one_sentence(place, here):
    server, _, bucket, prefix, store = place
    push(here, store)
    here.local(VICTIM).write_bytes(b"rot")
    with fault_proxy(server.endpoint_url) as proxy, stamina.set_testing(True, attempts=1):
        far = open_store(f"s3://{bucket}/{prefix}", endpoint_url=proxy.endpoint_url)
        answer = refusal(403, "AccessDenied")
        proxy.faults.append(Fault(on("GET", "sidecars"), answer=answer, times=99))
        proxy.faults.append(Fault(on("GET", "README"), answer=answer, times=99))
        proxy.faults.append(Fault(on("GET", "schemas"), answer=answer, times=99))
        report = audit(here, far, "deep")
        assert {code for code, _ in codes(report)} == {"remote-unreadable"}
        assert [where for _, where in codes(repair(here, far)) if where == VICTIM] == [VICTIM]
    assert here.local(VICTIM).read_bytes() == b"rot"


@VERSIONED
def test_an_overwritten_object_comes_back_from_its_older_version_also_for_an_empty_disk(place, here, tmp_path):
    server, _, bucket, prefix, store = place
    push(here, store)
    good = here.local(VICTIM).read_bytes()
    server.client().put_object(Bucket=bucket, Key=f"{prefix}/{VICTIM}", Body=b"ransom")
    here.local(VICTIM).unlink()
    report = repair(here, store)
    assert [one.verb for one in report.actions] == ["revert", "download"]
    assert report.findings == ()
    assert here.local(VICTIM).read_bytes() == good
    assert_sound(here, store)
    other = Root(tmp_path / "other").place("news")
    assert pull(other, store).exit_code == 0
    assert other.local(VICTIM).read_bytes() == good


@VERSIONED
def test_locks_are_audited_and_made_longer(place, here):
    _, _, _, _, store = place
    push(here, store)
    lock = {"mode": "governance", "days": 30, "legal_hold": False}
    redescribe(here, lambda one: one | {"policies": {"lock": lock}}, Event("policy assignment", AGENT))
    push(here, store)
    report = audit(here, store, "head")
    assert {code for code, _ in codes(report)} == {"remote-lock-short"}
    assert (report.exit_code, report.locked) == (0, len(report.findings))
    again = audit(here, store, "deep")
    assert (again.findings, again.locked) == ((), 0)
    locked = store.stat(VICTIM).lock
    assert locked.until > now() + timedelta(days=29)
    assert store.erase(VICTIM) is not None
    assert_sound(here, store)


@VERSIONED
def test_a_push_makes_locks_longer_that_are_near_their_end(place, here, monkeypatch):
    _, _, _, _, store = place
    lock = {"mode": "governance", "days": 30, "legal_hold": False}
    redescribe(here, lambda one: one | {"policies": {"lock": lock}}, Event("policy assignment", AGENT))
    push(here, store)
    before = store.stat(VICTIM).lock.until
    assert push(here, store).locked == 0
    for module in ("rolling", "locking"):
        monkeypatch.setattr(f"archiver.sync.{module}.now", lambda: now() + timedelta(days=20))
    report = push(here, store)
    assert (report.exit_code, report.findings) == (0, ())
    assert report.locked > 0
    assert store.stat(VICTIM).lock.until > before + timedelta(days=19)
    assert store.erase(VICTIM) is not None, "the store keeps to it"


@pytest.mark.parametrize("place", [("seaweedfs", "plain"), ("rclone", "plain")], indirect=True, ids="-".join)
def test_a_bucket_without_locks_is_told_once_and_harmed_in_nothing(place, here):
    store = place[-1]
    push(here, store)
    lock = {"mode": "governance", "days": 30}
    redescribe(here, lambda one: one | {"policies": {"lock": lock}}, Event("policy assignment", AGENT))
    report = audit(here, store, "head")
    assert [one.where for one in report.findings if one.code == "remote-lock-refused"] == [store.url]
    assert report.exit_code == 1
    store.retention = None
    deep = audit(here, store, "deep")
    assert not {"remote-digest", "remote-size", "remote-missing"} & {code for code, _ in codes(deep)}


@VERSIONED
def test_what_was_erased_and_is_locked_is_told_with_the_day(place, here):
    _, _, _, _, store = place
    capture = "20261122T140112Z-k3v7q2mzpa"
    path = f"sidecars/{capture}.r1-0123456789ab.json"
    add(here, path, b"secret")
    lock = {"mode": "governance", "days": 2}
    redescribe(here, lambda one: one | {"policies": {"lock": lock}}, Event("policy assignment", AGENT))
    begun = now()
    push(here, store)
    file = here.files()[path]
    here.record(Event("deletion", AGENT, capture=capture, basis="court-order", removed=(file,)))
    report = audit(here, store, "list")
    (found,) = [one for one in report.findings if one.code == "remote-erased-present"]
    assert (found.level, found.where) == ("warning", path)
    days = {f"{at + timedelta(days=2):%Y-%m-%d}" for at in (begun, now())}
    assert any(day in found.message for day in days)
