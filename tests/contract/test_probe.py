"""`remote doctor` on real servers: what it finds, that it leaves nothing, and what is made of it afterwards."""

import hashlib
import json
import os
import re
from datetime import timedelta
from io import BytesIO

import pytest

import s3server
from archiver.cli import run
from archiver.errors import StoreError, UsageError
from archiver.model import now
from archiver.stores import capability, open_store
from archiver.stores.capability import Capability, Trait
from archiver.stores.probe import probe
from faultproxy import Fault, fault_proxy, on, refusal, with_header

BUCKET = "archive"
GOOD = {"put": "allowed", "list": "allowed", "get": "allowed", "delete": "allowed", "overwrite": "possible"}
GOOD |= {"content-md5": "checked", "multipart": "listed", "ranges": "served", "encryption": "none"}
SEAWEEDFS = {"sha256": "checked", "crc32": "checked", "crc32-trailer": "checked", "if-none-match": "honoured"}
RCLONE = {"sha256": "ignored", "crc32": "ignored", "crc32-trailer": "ignored", "if-none-match": "ignored"}
PLAIN = {"versioning": "off", "object-lock": "absent"}
LOCKED = {"versioning": "on", "object-lock": "enforced", "bypass": "allowed", "default-retention": "none"}


@pytest.fixture(scope="module")
def seaweedfs(tmp_path_factory):
    with s3server.seaweedfs(tmp_path_factory.mktemp("seaweedfs")) as server:
        server.make_bucket(BUCKET)
        server.client().create_bucket(Bucket="vault", ObjectLockEnabledForBucket=True)
        yield server


@pytest.fixture(scope="module")
def rclone(tmp_path_factory):
    with s3server.rclone(tmp_path_factory.mktemp("rclone")) as server:
        server.make_bucket(BUCKET)
        yield server


@pytest.fixture
def use(monkeypatch):
    """Sets whose credentials boto3's chain finds."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)

    def using(keys):
        for name, value in s3server.environment(keys).items():
            monkeypatch.setenv(name, value)

    return using


def answers(found):
    return {trait.name: trait.answer for trait in found.traits if trait.name != "clock"}


def remains(server, bucket):
    client = server.client()
    listed = client.list_objects_v2(Bucket=bucket).get("Contents", [])
    try:
        versions = client.list_object_versions(Bucket=bucket)
    except client.exceptions.ClientError:
        return listed
    return [*listed, *versions.get("Versions", []), *versions.get("DeleteMarkers", [])]


@pytest.mark.servers
@pytest.mark.parametrize(
    ("name", "bucket", "wanted"),
    [
        ("seaweedfs", BUCKET, SEAWEEDFS | PLAIN),
        ("seaweedfs", "vault", SEAWEEDFS | LOCKED),
        ("rclone", BUCKET, RCLONE | PLAIN),
    ],
)
def test_what_servers_really_do(request, use, name, bucket, wanted):
    server = request.getfixturevalue(name)
    use(server.keys)
    found = probe(f"s3://{bucket}/news", server.endpoint_url, "probe-1")
    assert answers(found) == GOOD | wanted
    assert found.exit_code == 0
    assert remains(server, bucket) == []


@pytest.mark.servers
def test_verdicts_are_plain_words(seaweedfs, rclone, use):
    said = []
    for server, bucket in ((seaweedfs, "vault"), (rclone, BUCKET)):
        use(server.keys)
        said.append(probe(f"s3://{bucket}", server.endpoint_url, "probe-1").verdicts())
    assert [line.partition(":")[0] for line in said[0]] == [line.partition(":")[0] for line in said[1]]
    assert "kept apart by the server (If-None-Match)" in said[0][0]
    assert "kept apart by names alone" in said[1][0]
    assert "withstands it until an object's retention ends, but not with these credentials" in said[0][3]
    assert "nothing withstands it" in said[1][3]


@pytest.mark.servers
def test_a_lock_that_is_only_said_is_found_out(seaweedfs, use):
    """As servers did that took the words and deleted all the same."""
    use(seaweedfs.keys)
    with fault_proxy(seaweedfs.endpoint_url) as proxy:
        proxy.faults.append(Fault(on("DELETE", "locked"), answer=b"HTTP/1.1 204 No Content\r\n\r\n"))
        found = probe("s3://vault/news", proxy.endpoint_url, "probe-2")
    assert answers(found)["object-lock"] == "not enforced"
    assert found.exit_code == 1
    assert "rely on nothing" in found.verdicts()[3]


@pytest.mark.servers
@pytest.mark.parametrize("mode", ["GOVERNANCE", "COMPLIANCE"])
def test_what_a_bucket_locks_by_itself_is_told_and_what_cannot_be_removed_with_its_day(seaweedfs, use, mode):
    use(seaweedfs.keys)
    client, bucket = seaweedfs.client(), f"default-{mode.lower()}"
    client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    rule = {"DefaultRetention": {"Mode": mode, "Days": 2}}
    config = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    client.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=config)
    begun = now()
    found = probe(f"s3://{bucket}/news", seaweedfs.endpoint_url, "probe-1")
    assert answers(found)["default-retention"] == f"{mode.lower()} 2 days"
    if mode == "GOVERNANCE":
        assert "scratch" not in answers(found)
        assert remains(seaweedfs, bucket) == []
    else:
        (left,) = [trait for trait in found.traits if trait.name == "scratch"]
        assert any(f"{at + timedelta(days=2):%Y-%m-%d}" in left.detail for at in (begun, now()))


@pytest.mark.servers
def test_credentials_that_may_not_bypass_are_told_apart(seaweedfs, use):
    use(seaweedfs.keys)
    with fault_proxy(seaweedfs.endpoint_url) as proxy:
        proxy.faults.append(
            Fault(with_header("x-amz-bypass-governance-retention"), answer=refusal(403, "AccessDenied"))
        )
        found = probe("s3://vault/news", proxy.endpoint_url, "probe-5")
    assert (answers(found)["object-lock"], answers(found)["bypass"]) == ("enforced", "refused")
    assert found.verdicts()[3] == "Deletion for good: the server withstands it until an object's retention ends."


@pytest.mark.servers
def test_who_may_only_read_is_told_and_nothing_else_is_tried(seaweedfs, use):
    use(seaweedfs.reader)
    found = probe(f"s3://{BUCKET}/news", seaweedfs.endpoint_url, "probe-3")
    assert answers(found)["put"] == "refused"
    assert "if-none-match" not in answers(found)
    assert found.exit_code == 1


@pytest.mark.servers
def test_a_place_that_cannot_be_asked_is_an_error(seaweedfs, use):
    use(seaweedfs.keys)
    with pytest.raises(StoreError, match="no such bucket"):
        probe("s3://nowhere-at-all", seaweedfs.endpoint_url, "probe-4")
    with pytest.raises(UsageError):
        probe("file:///tmp", None, "probe-4")


@pytest.mark.servers
def test_what_a_server_refuses_is_remembered_and_left_out(seaweedfs, use, tmp_path, capfd):
    use(seaweedfs.keys)
    refused = refusal(400, "InvalidArgument", "Unsupported header 'x-amz-checksum-sha256'")
    with fault_proxy(seaweedfs.endpoint_url) as proxy:
        proxy.faults.append(Fault(with_header("x-amz-checksum-sha256"), answer=refused, times=99))
        url, root = f"s3://{BUCKET}/news", str(tmp_path / "root")
        assert run(["--root", root, "remote", "doctor", url, "--endpoint-url", proxy.endpoint_url, "--json"]) == 0
        report = json.loads(capfd.readouterr().out)
        assert {one["name"]: one["answer"] for one in report["traits"]}["sha256"] == "refused"
        known = tmp_path / "root" / ".archiver" / "remotes"
        store = open_store(url, endpoint_url=proxy.endpoint_url, known=known)
        before = len(proxy.seen)
        assert store.put("a", BytesIO(b"0"), bytes=1, sha256=hashlib.sha256(b"0").hexdigest())
        assert [method for method, _ in proxy.seen[before:]] == ["HEAD", "PUT"]


@pytest.mark.servers
def test_the_command_says_it_in_a_table(rclone, use, tmp_path, capfd):
    use(rclone.keys)
    arguments = ["remote", "doctor", f"s3://{BUCKET}/x", "--endpoint-url", rclone.endpoint_url]
    assert run(["--root", str(tmp_path), *arguments]) == 0
    out = re.sub(r"\x1b\[\d+m", "", capfd.readouterr().out)
    assert re.search(r"^if-none-match +ignored +the second write was taken$", out, re.MULTILINE)
    assert "Two writers at one instant: kept apart by names alone" in out
    assert len(list((tmp_path / ".archiver" / "remotes").iterdir())) == 1


# What is kept of it


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"traits": 3}', b'{"traits": [{"name": "sha256"}]}'])
def test_a_damaged_record_is_as_good_as_none(tmp_path, content):
    found = Capability("s3://b/x", "http://s3.example", "2026-11-30T00:00:00Z", (Trait("sha256", "refused", "weak"),))
    path = capability.remember(tmp_path, found)
    assert capability.declined(tmp_path, "s3://b/else", "http://s3.example") == {"ChecksumSHA256"}
    assert capability.declined(tmp_path, "s3://c/x", "http://s3.example") == frozenset()
    assert capability.declined(tmp_path, "s3://b/x", "http://other.example") == frozenset()
    path.write_bytes(content)
    assert capability.declined(tmp_path, "s3://b/x", "http://s3.example") == frozenset()
