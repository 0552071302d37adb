"""One suite for every store: what `Store` promises, each must keep. Then what is S3's own."""

import errno
import hashlib
import os
import subprocess
import sys
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from threading import BoundedSemaphore, Thread
from urllib.parse import quote

import pytest
import stamina
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.utils import parse_timestamp

import s3server
from archiver import disk
from archiver.errors import ObjectConflict, StoreError, UsageError
from archiver.model import now
from archiver.stores import BodyMismatch, Lock, Retention, client, open_store, s3, uploads
from archiver.stores.curl import Curl
from archiver.stores.local import LocalStore
from archiver.stores.memory import MemoryStore
from archiver.stores.s3 import S3Store
from faultproxy import Fault, fault_proxy, on, refusal, with_header

ALL = [
    "memory",
    "local",
    pytest.param("seaweedfs", marks=pytest.mark.servers),
    pytest.param("rclone", marks=pytest.mark.servers),
]
CONDITIONAL = ALL[:3]
"""Stores that keep two writers of one key apart at the same instant; rclone does not know If-None-Match."""
BUCKET = "archive"


@pytest.fixture(scope="module")
def seaweedfs(tmp_path_factory):
    with s3server.seaweedfs(tmp_path_factory.mktemp("seaweedfs")) as server:
        server.make_bucket(BUCKET)
        yield server


@pytest.fixture(scope="module")
def rclone(tmp_path_factory):
    with s3server.rclone(tmp_path_factory.mktemp("rclone")) as server:
        server.make_bucket(BUCKET)
        yield server


@pytest.fixture
def keys(monkeypatch, tmp_path):
    """Sets whose credentials boto3's chain finds; nothing of this machine's own is looked at."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))

    def use(pair):
        for name, value in s3server.environment(pair).items():
            monkeypatch.setenv(name, value)

    return use


@pytest.fixture
def prefix(request):
    return "t/" + hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]


@pytest.fixture
def open_at(seaweedfs, keys, prefix):
    """Opens SeaweedFS's bucket, at another endpoint or with other keys if wanted."""

    def opener(endpoint_url=None, pair=None, bucket=BUCKET):
        keys(pair or seaweedfs.keys)
        return S3Store(bucket, prefix, endpoint_url=endpoint_url or seaweedfs.endpoint_url)

    return opener


@pytest.fixture(params=ALL)
def store(request, tmp_path, keys, prefix):
    if request.param == "memory":
        return MemoryStore()
    if request.param == "local":
        return LocalStore(tmp_path)
    server = request.getfixturevalue(request.param)
    keys(server.keys)
    return open_store(f"s3://{BUCKET}/{prefix}", endpoint_url=server.endpoint_url)


def put(store, key, content):
    return store.put(key, BytesIO(content), bytes=len(content), sha256=sha256(content))


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def read(store, key):
    with store.open(key) as stream:
        return stream.read()


def listed(store, prefix=""):
    return {info.key: info.bytes for info in store.list(prefix)}


# What every store promises


@pytest.mark.parametrize("content", [b"", b"words", os.urandom(3 << 20)], ids=["empty", "small", "3MiB"])
def test_what_was_put_is_there_and_the_same(store, content):
    assert store.stat("archive/a.warc.gz") is None
    assert put(store, "archive/a.warc.gz", content) is True
    assert read(store, "archive/a.warc.gz") == content
    info = store.stat("archive/a.warc.gz")
    assert (info.key, info.bytes) == ("archive/a.warc.gz", len(content))
    assert info.sha256 in (None, sha256(content))


def test_the_same_again_is_no_second_object_and_no_error(store):
    put(store, "a", b"one")
    assert put(store, "a", b"one") is False


@pytest.mark.parametrize("other", [b"two", b"longer"])
def test_other_bytes_under_a_taken_key_are_a_conflict_and_change_nothing(store, other):
    put(store, "a", b"one")
    with pytest.raises(ObjectConflict) as caught:
        put(store, "a", other)
    assert (caught.value.expected, caught.value.found) == (sha256(other), sha256(b"one"))
    assert read(store, "a") == b"one"


@pytest.mark.parametrize(("size", "digest"), [(4, sha256(b"one")), (3, sha256(b"two"))])
def test_a_body_that_is_not_what_was_announced_is_not_stored(store, size, digest):
    with pytest.raises(BodyMismatch):
        store.put("a", BytesIO(b"one"), bytes=size, sha256=digest)
    assert store.stat("a") is None
    assert listed(store) == {}


def test_listing_takes_any_beginning_of_keys(store, monkeypatch):
    monkeypatch.setattr(s3, "PAGE_KEYS", 5)
    wanted = {f"ledger/{writer}/{number:06}.jsonl" for writer in ("aa", "ab", "b") for number in range(9)}
    for key in [*wanted, "archive/x", "ledger-not"]:
        put(store, key, key.encode())
    assert listed(store, "ledger/") == {key: len(key) for key in wanted}
    assert set(listed(store, "ledger/a")) == {key for key in wanted if "/b/" not in key}
    assert len(listed(store)) == len(wanted) + 2
    assert listed(store, "nothing/here/") == {}


@pytest.mark.parametrize("key", ["Свята вечеря/a b.txt", "a+b&c=d?e#f%20~(1)'.gz", "x/" * 100 + "y"])
def test_keys_may_hold_any_letters(store, key):
    put(store, key, b"x")
    assert read(store, key) == b"x"
    assert listed(store) == {key: 1}


@pytest.mark.parametrize("key", ["../a", "/a", "a//b", "a\\b", ".tmp-1-a", "", "a\n"])
def test_unsafe_keys_are_refused_by_every_verb(store, key):
    for verb in (store.stat, store.open, store.erase, lambda key: put(store, key, b"x")):
        with pytest.raises(UsageError):
            verb(key)


def test_opening_nothing_is_a_store_error(store):
    with pytest.raises(StoreError, match="no such object") as caught:
        store.open("nothing")
    assert not caught.value.retryable


def test_an_erased_object_is_gone_and_nothing_there_is_no_error(store):
    put(store, "a/b", b"x")
    assert store.erase("a/b") is None
    assert store.erase("a/b") is None
    assert store.stat("a/b") is None


@pytest.mark.parametrize(
    ("start", "size", "expected"),
    [(0, 3, b"012"), (4, 3, b"456"), (8, 9, b"89"), (7, None, b"789"), (3, 0, b""), (10, 4, b"")],
)
def test_a_part_of_an_object_is_read_alone(store, start, size, expected):
    put(store, "a/b", b"0123456789")
    with store.open("a/b", start, size) as stream:
        assert stream.read() == expected


def test_of_an_empty_object_there_is_nothing_to_read(store):
    put(store, "a/b", b"")
    with store.open("a/b", 0, 1) as stream:
        assert stream.read() == b""


def test_a_part_of_what_is_not_there_is_a_sentence(store):
    with pytest.raises(StoreError, match="no such object"):
        store.open("a/b", 0, 5)


@pytest.mark.parametrize("key", ["a b+c", "ü/~(1)'!*", "100%25&x=y", "a,b;c:d@e$f"])
def test_a_part_is_read_whatever_its_name_has_in_it(store, key):
    put(store, key, b"0123456789")
    with store.open(key, 0, 11) as stream:
        assert stream.read() == b"0123456789"


def test_a_repair_may_put_other_bytes_in_the_place_of_damaged_ones(store):
    put(store, "a/b", b"damaged")
    store.replace("a/b", BytesIO(b"whole"), bytes=5, sha256=hashlib.sha256(b"whole").hexdigest())
    with store.open("a/b") as stream:
        assert stream.read() == b"whole"
    for size, digest in ((5, "0" * 64), (4, hashlib.sha256(b"other").hexdigest())):
        with pytest.raises(BodyMismatch):
            store.replace("a/b", BytesIO(b"other"), bytes=size, sha256=digest)
    with store.open("a/b") as stream:
        assert stream.read() == b"whole"


def test_threads_may_share_a_store(store):
    contents = {f"k/{number}": os.urandom(1000) for number in range(40)}
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda item: put(store, *item), contents.items()))
        assert list(pool.map(lambda key: read(store, key), contents)) == list(contents.values())


@pytest.mark.parametrize("store", CONDITIONAL, indirect=True)
def test_of_many_writers_one_wins_and_the_others_know(store):
    bodies = [f"writer {number}".encode() for number in range(16)]

    def write(body):
        try:
            return put(store, "k", body)
        except ObjectConflict:
            return None

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(write, bodies))
    assert sorted(outcomes, key=str) == [None] * 15 + [True]
    assert read(store, "k") == bodies[outcomes.index(True)]


def same_bytes_by_eight(store):
    with ThreadPoolExecutor(8) as pool:
        return sorted(pool.map(lambda _: put(store, "k", b"same"), range(8)))


def test_writers_of_the_same_bytes_all_succeed(store):
    """The last of them tells that something was stored, also where several took themselves for the first."""
    assert same_bytes_by_eight(store)[-1] is True
    assert read(store, "k") == b"same"
    assert put(store, "k", b"same") is False


@pytest.mark.parametrize("store", CONDITIONAL, indirect=True)
def test_of_many_writers_of_the_same_bytes_one_knows_that_it_stored_them(store):
    assert same_bytes_by_eight(store) == [False] * 7 + [True]


# Addresses


def test_addresses_are_opened_or_refused_with_a_sentence(tmp_path):
    assert open_store(tmp_path.as_uri()).url == tmp_path.as_uri()
    for url in (
        "",
        "bucket/x",
        "ftp://x/y",
        "s3://",
        "s3://b",
        "s3://bucket/../x",
        "s3://bucket/x?y",
        "s3://k:s@bucket",
    ):
        with pytest.raises(UsageError):
            open_store(url)
    with pytest.raises(UsageError) as refused:
        open_store("s3://key:secret@bucket")
    assert "secret" not in str(refused.value)
    with pytest.raises(UsageError):
        open_store("s3://bucket/x", endpoint_url="localhost:9000")
    with pytest.raises(StoreError, match="no such folder"):
        open_store((tmp_path / "unmounted").as_uri())


@pytest.mark.servers
def test_the_endpoint_may_come_from_the_environment(seaweedfs, keys, prefix, monkeypatch):
    keys(seaweedfs.keys)
    monkeypatch.setenv("AWS_ENDPOINT_URL", seaweedfs.endpoint_url.replace("127.0.0.1", "localhost"))
    store = open_store(f"s3://{BUCKET}/{prefix}")
    assert put(store, "a", b"x") is True


def test_a_local_store_never_shows_half_a_file(tmp_path):
    store = LocalStore(tmp_path)

    class Watched(BytesIO):
        def read(self, size=-1):
            assert not listed(store)
            return super().read(min(size, 3))

    assert store.put("a/b", Watched(b"abcdef"), bytes=6, sha256=sha256(b"abcdef"))
    assert listed(store) == {"a/b": 6}


def test_a_local_store_that_is_full_or_closed_is_a_store_error_and_leaves_nothing(tmp_path):
    (tmp_path / "a").write_bytes(b"a file, not a folder")
    with pytest.raises(StoreError, match="file exists"):
        put(LocalStore(tmp_path), "a/b", b"x")
    assert [path.name for path in tmp_path.rglob("*")] == ["a"]


# Parts


@pytest.mark.servers
@pytest.mark.parametrize("store", ALL[2:], indirect=True)
def test_a_great_body_goes_in_parts_within_bounded_memory(store, monkeypatch, tmp_path):
    monkeypatch.setattr(s3, "SINGLE_BYTES", 12 << 20)
    monkeypatch.setattr(uploads, "PART_BYTES", 5 << 20)
    monkeypatch.setattr(store._uploads, "_room", BoundedSemaphore(2))
    size, block = (37 << 20) + 5, os.urandom(1 << 20)
    path = tmp_path / "great"
    with path.open("wb") as stream:
        for number in range(38):
            stream.write((block + bytes([number]))[1:] if number < 37 else b"abcde")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    tracemalloc.start()
    try:
        with path.open("rb") as body:
            assert store.put("great", body, bytes=size, sha256=digest) is True
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20 << 20
    info = store.stat("great")
    assert (info.bytes, info.sha256) == (size, digest)
    assert sha256(read(store, "great")) == digest
    with path.open("rb") as body:
        assert store.put("great", body, bytes=size, sha256=digest) is False


@pytest.mark.servers
def test_parts_that_fail_leave_no_upload_behind(open_at, seaweedfs, monkeypatch):
    monkeypatch.setattr(s3, "SINGLE_BYTES", 1)
    monkeypatch.setattr(uploads, "PART_BYTES", 5 << 20)
    content = os.urandom(11 << 20)
    with fault_proxy(seaweedfs.endpoint_url) as proxy:
        store = open_at(proxy.endpoint_url)
        proxy.faults.append(Fault(on("PUT", "partNumber=2"), answer=refusal(403, "AccessDenied")))
        with pytest.raises(StoreError, match="access is denied"):
            put(store, "great", content)
    assert seaweedfs.client().list_multipart_uploads(Bucket=BUCKET).get("Uploads", []) == []
    assert open_at().stat("great") is None


@pytest.mark.servers
def test_an_answer_lost_at_the_end_of_the_parts_is_no_conflict(open_at, seaweedfs, monkeypatch):
    monkeypatch.setattr(s3, "SINGLE_BYTES", 1)
    content = os.urandom(1 << 20)
    with fault_proxy(seaweedfs.endpoint_url) as proxy:
        store = open_at(proxy.endpoint_url)
        proxy.faults.append(Fault(on("POST", "uploadId="), lost=True))
        assert put(store, "great", content) is False
        assert read(store, "great") == content


@pytest.fixture(params=["seaweedfs", "rclone"])
def cut_off(request, keys, prefix, monkeypatch, tmp_path):
    """A store with a journal, an upload of 21 MiB in parts of 5 MiB that broke off after the third, and its content."""
    monkeypatch.setattr(s3, "SINGLE_BYTES", 1)
    monkeypatch.setattr(uploads, "PART_BYTES", 5 << 20)
    monkeypatch.setattr(uploads, "THREADS", 1)
    server = request.getfixturevalue(request.param)
    keys(server.keys)
    content = os.urandom(21 << 20)

    class Breaking(BytesIO):
        def read(self, size=-1):
            if self.tell() >= 15 << 20:
                while len(parts_sent(proxy)) < 3:
                    time.sleep(0.01)
                raise KeyboardInterrupt
            return super().read(size)

    with fault_proxy(server.endpoint_url) as proxy:
        store = S3Store(BUCKET, prefix, endpoint_url=proxy.endpoint_url, uploads=tmp_path / "uploads")
        with pytest.raises(KeyboardInterrupt):
            store.put("great", Breaking(content), bytes=len(content), sha256=sha256(content))
        proxy.seen.clear()
        yield store, content, proxy, server.client()


def parts_sent(proxy):
    return sorted(path.partition("partNumber=")[2][0] for method, path in proxy.seen if "partNumber=" in path)


def under_way(client, prefix):
    try:
        return client.list_multipart_uploads(Bucket=BUCKET, Prefix=prefix).get("Uploads", [])
    except client.exceptions.NoSuchUpload:
        return []  # so rclone says that there is none


@pytest.mark.servers
def test_an_upload_that_was_cut_off_goes_on_with_the_parts_that_are_missing(cut_off, tmp_path):
    store, content, proxy, client = cut_off
    (journal,) = (tmp_path / "uploads").iterdir()
    assert not journal.stat().st_mode & 0o077
    assert put(store, "great", content) is True
    assert parts_sent(proxy) == ["3", "4", "5"]  # the last one there tells whether the server keeps checksums
    assert read(store, "great") == content
    assert store.stat("great").sha256 == sha256(content)
    assert list((tmp_path / "uploads").iterdir()) == []
    assert under_way(client, "t/") == []


@pytest.mark.servers
@pytest.mark.parametrize("cut_off", ["seaweedfs"], indirect=True)
def test_a_part_that_is_not_the_local_one_does_not_get_in(cut_off, prefix):
    """SeaweedFS keeps all that were sent under a number, lists any of them, and takes the one that is asked for."""
    store, content, _proxy, client = cut_off
    (upload,) = under_way(client, prefix)
    foreign = content[5 << 20 : 10 << 20][:-1] + b"?"
    place = {"Bucket": BUCKET, "Key": f"{prefix}/great", "UploadId": upload["UploadId"]}
    client.upload_part(**place, PartNumber=2, Body=foreign)
    client.upload_part(**place, PartNumber=1, Body=b"short")
    assert put(store, "great", content) is True
    assert read(store, "great") == content


@pytest.mark.servers
@pytest.mark.parametrize("cut_off", ["seaweedfs"], indirect=True)
@pytest.mark.parametrize("journal", ["lost", "damaged", "stale"])
def test_without_its_journal_an_upload_is_found_by_its_key_or_begun_anew(cut_off, prefix, tmp_path, journal):
    store, content, proxy, client = cut_off
    (file,) = (tmp_path / "uploads").iterdir()
    if journal == "lost":
        file.unlink()
    elif journal == "damaged":
        file.write_text('{"id": 7}')
    else:
        (upload,) = under_way(client, prefix)
        client.abort_multipart_upload(Bucket=BUCKET, Key=f"{prefix}/great", UploadId=upload["UploadId"])
    assert put(store, "great", content) is True
    assert ("1" in parts_sent(proxy)) is (journal == "stale")
    assert read(store, "great") == content
    assert under_way(client, prefix) == []


@pytest.mark.servers
@pytest.mark.parametrize("cut_off", ["seaweedfs"], indirect=True)
def test_an_upload_that_is_given_up_meanwhile_is_begun_anew(cut_off, prefix):
    store, content, _proxy, client = cut_off

    class Meddled(BytesIO):
        times = 1

        def read(self, size=-1):
            if self.tell() == 20 << 20 and self.times:
                self.times = 0
                for upload in under_way(client, prefix):
                    client.abort_multipart_upload(Bucket=BUCKET, Key=f"{prefix}/great", UploadId=upload["UploadId"])
            return super().read(size)

    assert store.put("great", Meddled(content), bytes=len(content), sha256=sha256(content)) is True
    assert read(store, "great") == content


@pytest.mark.servers
@pytest.mark.parametrize("cut_off", ["seaweedfs"], indirect=True)
def test_bytes_that_rot_while_an_upload_rests_never_come_to_stand(cut_off, prefix, tmp_path):
    store, content, _proxy, client = cut_off
    rotten = content[:100] + bytes([content[100] ^ 1]) + content[101:]
    with pytest.raises(BodyMismatch):
        store.put("great", BytesIO(rotten), bytes=len(content), sha256=sha256(content))
    assert store.stat("great") is None
    assert under_way(client, prefix) == []
    assert list((tmp_path / "uploads").iterdir()) == []


@pytest.mark.servers
@pytest.mark.parametrize("cut_off", ["seaweedfs"], indirect=True)
def test_uploads_that_nobody_will_finish_are_given_up_and_no_others(cut_off, prefix, monkeypatch):
    store, _content, _proxy, client = cut_off
    client.create_multipart_upload(Bucket=BUCKET, Key=f"{prefix}/foreign")
    client.create_multipart_upload(Bucket=BUCKET, Key="t/elsewhere")
    assert store.clear_uploads({"great"}) == []
    assert store.clear_uploads(set()) == ["great"]
    monkeypatch.setattr(uploads, "FORSAKEN", timedelta(0))
    assert store.clear_uploads(set()) == ["foreign"]
    (left,) = under_way(client, "t/elsewhere")
    client.abort_multipart_upload(Bucket=BUCKET, Key="t/elsewhere", UploadId=left["UploadId"])
    assert under_way(client, prefix) == []


def test_a_store_without_uploads_has_none_to_give_up(tmp_path):
    for store in (MemoryStore(), LocalStore(tmp_path)):
        put(store, "a/b", b"one")
        assert store.clear_uploads(set()) == []
        assert read(store, "a/b") == b"one"


class Watched(BytesIO):
    """A body that calls somebody when it is read."""

    def __init__(self, content, called):
        super().__init__(content)
        self.called = called

    def read(self, *size):
        self.called()
        return super().read(*size)


def test_what_a_killed_writer_left_in_a_folder_goes_and_what_another_is_writing_stays(tmp_path):
    store, seen = LocalStore(tmp_path), []
    (tmp_path / "archive").mkdir()
    left = disk.temporary_beside(tmp_path / "archive" / "gone.warc.gz")
    left.write_bytes(b"half of what is to be eras")
    (tmp_path / f"{disk.TEMPORARY}link").symlink_to(left)
    body = Watched(b"new", lambda: seen.append(store.clear_uploads(set())))
    assert store.put("archive/new.warc.gz", body, bytes=3, sha256=sha256(b"new"))
    assert seen[0] == ["archive/gone.warc.gz"]
    assert not any(seen[1:])
    assert not left.exists()
    assert (tmp_path / f"{disk.TEMPORARY}link").is_symlink()
    assert read(store, "archive/new.warc.gz") == b"new"


def test_on_a_share_without_locks_only_what_is_old_goes(tmp_path, monkeypatch):
    def no_locks(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("archiver.stores.local.fcntl.flock", no_locks)
    store, left = LocalStore(tmp_path), disk.temporary_beside(tmp_path / "a")
    put(store, "b", b"one")
    left.write_bytes(b"half")
    assert store.clear_uploads(set()) == []
    os.utime(left, (1, 1))
    assert store.clear_uploads(set()) == ["a"]
    assert read(store, "b") == b"one"


@pytest.mark.parametrize("store", CONDITIONAL, indirect=True)
def test_a_key_that_was_listed_as_free_and_is_not_is_a_conflict_where_writes_are_conditional(store):
    put(store, "a", b"one")
    with pytest.raises(ObjectConflict):
        store.put("a", BytesIO(b"two"), bytes=3, sha256=sha256(b"two"), free=True)
    assert store.put("a", BytesIO(b"one"), bytes=3, sha256=sha256(b"one"), free=True) is False
    assert read(store, "a") == b"one"


# Bad networks and odd servers


@pytest.mark.servers
def test_a_lost_answer_is_no_conflict_with_oneself(open_at, seaweedfs):
    with fault_proxy(seaweedfs.endpoint_url) as proxy:
        store = open_at(proxy.endpoint_url)
        proxy.faults.append(Fault(on("PUT"), lost=True))
        assert put(store, "a", b"one") is False
        assert [method for method, _ in proxy.seen] == ["HEAD", "PUT", "PUT", "HEAD"]


@pytest.mark.servers
def test_a_busy_server_is_asked_again(open_at, seaweedfs):
    with fault_proxy(seaweedfs.endpoint_url) as proxy:
        store = open_at(proxy.endpoint_url)
        proxy.faults.append(Fault(on("PUT"), answer=refusal(503, "SlowDown"), times=2))
        assert put(store, "a", b"one") is True


@pytest.mark.servers
def test_a_fault_that_stays_is_told_as_retryable(open_at, seaweedfs):
    with fault_proxy(seaweedfs.endpoint_url) as proxy:
        store = open_at(proxy.endpoint_url)
        proxy.faults.append(Fault(on("GET"), answer=refusal(500, "InternalError"), times=99))
        with pytest.raises(StoreError, match="500 InternalError") as caught:
            store.open("a")
    assert caught.value.retryable


@pytest.mark.servers
def test_a_download_that_breaks_off_goes_on_where_it_was(open_at, seaweedfs):
    content = os.urandom(3 << 20)
    with fault_proxy(seaweedfs.endpoint_url) as proxy, stamina.set_testing(True, attempts=4):
        store = open_at(proxy.endpoint_url)
        put(store, "a", content)
        proxy.faults += [Fault(on("GET"), keep=1_500_000), Fault(on("GET"), keep=700_000)]
        assert read(store, "a") == content
        assert [method for method, _ in proxy.seen].count("GET") == 3


@pytest.mark.servers
@pytest.mark.parametrize("start", [0, 7])
def test_a_piece_that_breaks_off_goes_on_where_it_was(open_at, seaweedfs, start):
    content = os.urandom(1 << 20)
    with fault_proxy(seaweedfs.endpoint_url) as proxy, stamina.set_testing(True, attempts=4):
        store = open_at(proxy.endpoint_url)
        put(store, "a", content)
        proxy.faults.append(Fault(on("GET"), keep=300_000, times=2))
        with store.open("a", start, len(content)) as stream:
            assert stream.read() == content[start:]
        assert len([method for method, _ in proxy.seen if method == "GET"]) == 3


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-22T14:01:12Z",
        "2026-11-22T14:01:12.345Z",
        "2026-11-22T14:01:12+01:00",
        "2026-11-22T14:01:12",
        "20261122",
        "1795356072",
        "Sun, 22 Nov 2026 14:01:12 GMT",
        1795356072,
        1795356072.5,
    ],
)
def test_a_date_is_read_as_botocore_reads_it(written):
    assert client._instant(written) == parse_timestamp(written)


@pytest.mark.servers
def test_where_gevent_works_nothing_is_read_by_libcurl(seaweedfs, keys, prefix, monkeypatch):
    """Replay would stand still for all readers while one waits for the bucket."""
    keys(seaweedfs.keys)
    store = open_store(f"s3://{BUCKET}/{prefix}", endpoint_url=seaweedfs.endpoint_url, streamed=True)
    put(store, "a", b"0123456789")
    monkeypatch.setattr(store._wire._curl, "get", None)
    with store.open("a", 2, 3) as stream:
        assert stream.read() == b"234"


@pytest.mark.parametrize("token", [None, "tok/en=="])
@pytest.mark.parametrize("verb", ["GET", "PUT"])
def test_what_libcurl_asks_has_the_signature_that_botocore_makes(verb, token, monkeypatch):
    asked = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, dict(self.headers), self.rfile.read(int(self.headers.get("Content-Length", 0)))))
            self.send_response(200)
            self.send_header("Content-Length", "1")
            self.send_header("ETag", '"e"')
            self.end_headers()
            self.wfile.write(b"x")

        do_PUT = do_GET

        def log_message(self, *_words): ...

    noted = {"x-amz-meta-sha256": sha256(b"body"), "If-None-Match": "*", "Content-MD5": "hBotaJrYa9FhFEdFPCLG/A=="}
    with HTTPServer(("127.0.0.1", 0), Server) as server:
        Thread(target=server.handle_request).start()
        keys = Credentials("AKID", "secret:/+", token)
        url = f"http://127.0.0.1:{server.server_port}/bucket/" + quote("a b/ü~+'(1)", safe="/~")
        curl = Curl(lambda: keys, "eu-test-1", "", {})
        if verb == "GET":
            assert curl.get(url, 0, 9).read() == b"x"
        else:
            assert curl.put(url, b"body", sha256(b"body"), noted)["etag"] == '"e"'
    path, headers, body = asked[0]
    given = {name.lower(): value for name, value in headers.items()}
    at = datetime.strptime(given["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: at)
    signed = given["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    request = AWSRequest(verb, url, {name: given[name] for name in signed}, body)
    S3SigV4Auth(keys, "s3", "eu-test-1").add_auth(request)
    ours, botocores = (text.rpartition("=")[2] for text in (given["authorization"], request.headers["Authorization"]))
    assert ours == botocores
    assert {"host", "x-amz-date", "x-amz-content-sha256"} <= set(signed)
    assert verb == "GET" or ({name.lower() for name in noted} <= set(signed) and body == b"body")
    assert given["x-amz-content-sha256"] == sha256(body)
    assert url.endswith(path)
    assert given.get("x-amz-security-token") == token


@pytest.mark.servers
def test_a_download_that_keeps_breaking_ends_in_a_sentence(open_at, seaweedfs):
    with fault_proxy(seaweedfs.endpoint_url) as proxy, stamina.set_testing(True, attempts=2):
        store = open_at(proxy.endpoint_url)
        put(store, "a", b"0123456789")
        proxy.faults.append(Fault(on("GET"), keep=0, times=99))
        with store.open("a") as stream, pytest.raises(StoreError, match="broke off"):
            stream.read()


@pytest.mark.servers
@pytest.mark.parametrize(
    ("header", "answer"),
    [
        ("If-None-Match", refusal(501, "NotImplemented", "A header you provided implies functionality not there.")),
        ("x-amz-checksum-sha256", refusal(400, "InvalidArgument", "Unsupported header 'x-amz-checksum-sha256'")),
    ],
)
def test_a_header_that_the_server_declines_is_left_out_from_then_on(open_at, seaweedfs, header, answer):
    with fault_proxy(seaweedfs.endpoint_url) as proxy:
        store = open_at(proxy.endpoint_url)
        proxy.faults.append(Fault(with_header(header), answer=answer, times=99))
        assert put(store, "a", b"one") is True
        before = len(proxy.seen)
        assert put(store, "b", b"two") is True
        assert [method for method, _ in proxy.seen[before:]] == ["HEAD", "PUT"]
    assert read(open_at(), "a") == b"one"


@pytest.mark.servers
@pytest.mark.parametrize("name", ["seaweedfs", "rclone"])
def test_bytes_that_change_on_the_way_are_refused_by_the_server(name, request, keys, prefix, monkeypatch):
    server = request.getfixturevalue(name)
    keys(server.keys)
    store = S3Store(BUCKET, prefix, endpoint_url=server.endpoint_url)
    send = store._wire._curl.put

    def bent(url, content, digest, headers):
        return send(url, content.replace(b"one", b"eno"), digest, headers)  # as a bad memory does, after the digesting

    monkeypatch.setattr(store._wire._curl, "put", bent)
    with pytest.raises(StoreError, match=r"BadDigest|ContentSHA256Mismatch"):
        put(store, "a", b"one")
    assert store.stat("a") is None


@pytest.mark.servers
def test_an_object_whose_digest_nobody_noted_is_compared_by_reading(open_at, seaweedfs, prefix):
    client = seaweedfs.client()
    client.put_object(Bucket=BUCKET, Key=f"{prefix}/a", Body=b"one")
    client.put_object(Bucket=BUCKET, Key=f"{prefix}/b", Body=b"longer", Metadata={"sha256": sha256(b"one")})
    store = open_at()
    assert store.stat("a").sha256 is None
    assert put(store, "a", b"one") is False
    for key in "ab":
        with pytest.raises(ObjectConflict):
            put(store, key, b"two" if key == "a" else b"one")


# Each refusal is one plain sentence with a hint


@pytest.mark.servers
def test_wrong_credentials(open_at, seaweedfs):
    for pair in (s3server.Keys.fresh(), s3server.Keys(seaweedfs.keys.access, "wrong" * 8)):
        refused(open_at(pair=pair), "does not accept these credentials", pair)


@pytest.mark.servers
def test_access_denied(open_at, seaweedfs):
    store = open_at(pair=seaweedfs.reader)
    assert listed(store) == {}
    with pytest.raises(StoreError, match="access is denied") as caught:
        put(store, "a", b"x")
    assert caught.value.hint
    assert caught.value.exit_code == 5


@pytest.mark.servers
def test_a_missing_bucket(open_at):
    store = open_at(bucket="nowhere-at-all")
    refused(store, "there is no such bucket")
    with pytest.raises(StoreError, match="there is no such bucket"):
        put(store, "a", b"x")


def test_an_unreachable_server(keys):
    keys(s3server.Keys.fresh())
    (port,) = s3server.free_ports(1)
    refused(S3Store(BUCKET, endpoint_url=f"http://127.0.0.1:{port}"), "cannot be reached")


def test_no_credentials_and_no_metadata_service_is_asked(keys, monkeypatch):
    with fault_proxy("http://127.0.0.1:1") as proxy:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", proxy.endpoint_url)
        with pytest.raises(StoreError, match="there are no S3 credentials") as caught:
            S3Store(BUCKET, endpoint_url=proxy.endpoint_url)
        assert proxy.seen == []
    assert "AWS_ACCESS_KEY_ID" in caught.value.hint


def test_an_unknown_profile(keys, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(StoreError, match="no such profile"):
        S3Store(BUCKET, endpoint_url="http://127.0.0.1:1")


def refused(store, sentence, pair=None):
    with pytest.raises(StoreError, match=sentence) as caught:
        listed(store)
    told = f"{caught.value} {caught.value.hint}"
    assert caught.value.hint
    assert caught.value.exit_code == 5
    assert "\n" not in told
    assert pair is None or (pair.access not in told and pair.secret not in told)


def test_s3_is_loaded_only_when_wanted():
    code = "import sys, archiver.stores; sys.exit('boto3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False).returncode == 0


# Locks and versions


@pytest.fixture(scope="module")
def locked_bucket(seaweedfs):
    seaweedfs.client().create_bucket(Bucket="vault", ObjectLockEnabledForBucket=True)
    return "vault"


@pytest.fixture
def vault(locked_bucket, open_at):
    return open_at(bucket=locked_bucket)


@pytest.mark.servers
@pytest.mark.parametrize("parts", [False, True])
def test_what_is_put_is_locked_from_its_first_instant(vault, monkeypatch, parts):
    if parts:
        monkeypatch.setattr(s3, "SINGLE_BYTES", 1)
    vault.retention = Retention("governance", 2)
    put(vault, "a", b"one")
    lock = vault.stat("a").lock
    assert (lock.mode, lock.hold) == ("governance", False)
    assert timedelta(days=1, hours=23) < lock.until - now() <= timedelta(days=2)
    kept = vault.erase("a")
    assert kept.until == lock.until
    assert read(vault, "a") == b"one"


@pytest.mark.servers
def test_a_lock_is_made_longer_and_a_hold_is_put_on(vault):
    put(vault, "a", b"one")
    assert vault.stat("a").lock is None
    until = now().replace(microsecond=0) + timedelta(days=3)
    vault.protect("a", Lock(until, hold=True, mode="governance"))
    assert vault.stat("a").lock == Lock(until, hold=True, mode="governance")
    with pytest.raises(StoreError, match="access is denied"):
        vault.protect("a", Lock(until - timedelta(days=1), mode="governance"))


@pytest.mark.servers
def test_a_deleted_object_comes_back_when_its_marker_goes(vault, seaweedfs, prefix):
    put(vault, "a", b"one")
    put(vault, "ab", b"two")
    assert vault.undelete("a") is False
    seaweedfs.client().delete_object(Bucket="vault", Key=f"{prefix}/a")
    assert vault.stat("a") is None
    assert sorted((one.key, one.latest, one.marker) for one in vault.versions("")) == [
        ("a", False, False),
        ("a", True, True),
        ("ab", True, False),
    ]
    assert vault.undelete("a") is True
    assert read(vault, "a") == b"one"


@pytest.mark.servers
def test_every_version_of_an_erased_object_goes(vault):
    put(vault, "a", b"one")
    vault.replace("a", BytesIO(b"two"), bytes=3, sha256=sha256(b"two"))
    assert len(list(vault.versions("a"))) == 2
    assert vault.erase("a") is None
    assert list(vault.versions("")) == []


def test_a_store_without_locks_says_so(tmp_path):
    store = LocalStore(tmp_path)
    put(store, "a", b"one")
    assert (list(store.versions("")), store.undelete("a")) == ([], False)
    with pytest.raises(StoreError, match="no locks"):
        store.protect("a", Lock(None, hold=True))


@pytest.mark.servers
@pytest.mark.parametrize("store", ["seaweedfs", "rclone"], indirect=True)
def test_nothing_is_locked_or_harmed_in_a_bucket_without_locks(store):
    """`rclone serve s3` takes the words of a lock for the object's new bytes."""
    put(store, "a", b"one")
    with pytest.raises(StoreError, match="no Object Lock"):
        store.protect("a", Lock(now() + timedelta(days=1), mode="governance"))
    assert read(store, "a") == b"one"
    store.retention = Retention("governance", 1)
    with pytest.raises(StoreError, match="no Object Lock") as caught:
        put(store, "b", b"two")
    assert "remote lock" in caught.value.hint
    assert store.stat("b") is None


@pytest.mark.servers
@pytest.mark.parametrize("store", ["rclone"], indirect=True)
def test_a_server_without_versions_has_none_beneath(store):
    put(store, "a", b"one")
    assert [one.key for one in store.versions("")] in ([], ["a"])
    assert store.stat("a").lock is None
