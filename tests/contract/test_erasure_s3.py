"""Erasure at a real S3 server: every version goes, and what is locked goes when its lock ends."""

import hashlib
import os
from datetime import timedelta
from time import sleep

import pytest

import s3server
from archiver.collection import Root
from archiver.collection.erasure import erase
from archiver.model import now
from archiver.stores import Lock, open_store
from archiver.sync import pull, push
from archiver.sync.audit import audit
from archiver.verify import verify_collection
from material import collection_with

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with s3server.seaweedfs(tmp_path_factory.mktemp("seaweedfs")) as server:
        server.client().create_bucket(Bucket="vault", ObjectLockEnabledForBucket=True)
        yield server


@pytest.fixture
def store(server, request, monkeypatch):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    prefix = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]
    return open_store(f"s3://vault/{prefix}", endpoint_url=server.endpoint_url)


def erased(collection, capture):
    erase(collection, capture, "court-order", lambda gone: b"{}\n")
    collection.settle()


def versions(store, capture):
    return [one.key for one in store.versions("") if f"{capture}." in one.key]


def codes(report):
    return sorted(one.code for one in report.findings)


def test_every_version_goes_and_an_old_copy_brings_none_back(store, server, tmp_path):
    collection, (one, two) = collection_with(tmp_path / "here", 2)
    push(collection, store)
    other = Root(tmp_path / "there").place("news")
    pull(other, store)
    key = f"{store.url.removeprefix('s3://vault/')}/{one.warc}"
    server.client().put_object(Bucket="vault", Key=key, Body=b"other bytes")
    server.client().delete_object(Bucket="vault", Key=key)
    assert len(versions(store, one.capture_id)) == 4, "two states and a marker of the WARC, and the sidecar"
    erased(collection, one.capture_id)
    assert codes(push(collection, store)) == ["remote-erased"]
    assert versions(store, one.capture_id) == []
    push(other, store)
    assert versions(store, one.capture_id) == []
    pull(other, store)
    assert other.captures() == [two.capture_id] and not other.local(one.warc).exists()
    assert verify_collection(other).findings == ()
    assert codes(audit(collection, store, "head")) == []


def test_what_is_locked_goes_when_its_lock_ends(store, server, tmp_path):
    collection, (one,) = collection_with(tmp_path / "here", 1)
    push(collection, store)
    until = now() + timedelta(days=1)
    store.protect(one.warc, Lock(until, mode="governance"))
    erased(collection, one.capture_id)
    report = push(collection, store)
    (found,) = (each for each in report.findings if each.code == "erasure-locked")
    assert f"until {until:%Y-%m-%d}" in found.message and report.exit_code == 0
    assert versions(store, one.capture_id) == [one.warc]
    empty = Root(tmp_path / "there").place("news")
    assert pull(empty, store).exit_code == 0
    assert empty.captures() == [] and not empty.local(one.warc).exists(), "nobody is shown it"
    soon = now() + timedelta(seconds=1)
    place = {"Bucket": "vault", "Key": f"{store.url.removeprefix('s3://vault/')}/{one.warc}"}
    lock = {"Mode": "GOVERNANCE", "RetainUntilDate": soon}
    server.client().put_object_retention(**place, Retention=lock, BypassGovernanceRetention=True)
    while now() <= soon:
        sleep(0.2)
    assert codes(push(collection, store)) == ["remote-erased"]
    assert versions(store, one.capture_id) == []
