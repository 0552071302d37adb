"""Where replay reads records: the file here first, else its copy in a store, and nothing beside them."""

import pytest

from archiver.errors import ArchiverError
from archiver.replay.sources import Sources, Unavailable
from archiver.stores import memory, open_store

HERE, THERE = b"0123456789 here", b"0123456789 there"
NAME = "2026/11/22/one.warc.gz"


@pytest.fixture
def remote(tmp_path):
    """A store with one archive file of each of two collections, and a secret beside them."""
    for collection in ("news", "more"):
        file = tmp_path / "store" / collection / "archive" / NAME
        file.parent.mkdir(parents=True)
        file.write_bytes(THERE + collection.encode())
    (tmp_path / "store" / "secret").write_bytes(b"secret")
    return (tmp_path / "store" / "{collection}").as_uri().replace("%7B", "{").replace("%7D", "}")


@pytest.fixture
def root(tmp_path):
    (tmp_path / "root" / "news" / "indexes").mkdir(parents=True)
    return tmp_path / "root"


def put(root, content=HERE):
    file = root / "news" / "archive" / NAME
    file.parent.mkdir(parents=True)
    file.write_bytes(content)


def read(sources, *place):
    with sources.open(*place) as stream:
        return stream.read()


def test_the_file_here_goes_first(root, remote):
    put(root)
    nowhere = Sources(root, "s3://bucket/{collection}", "http://127.0.0.1:9")  # asking it would fail
    assert read(nowhere, "news", NAME, 3, 4) == b"3456"
    assert read(nowhere, "news", NAME, 11, -1) == b"here"


def test_what_is_not_here_is_read_at_the_collections_own_place_in_the_store(root, remote):
    sources = Sources(root, remote, None)
    assert read(sources, "news", NAME, 11, 9) == b"therenews"
    assert read(sources, "more", NAME, 11, -1) == b"theremore"
    put(root)
    assert read(sources, "news", NAME, 11, 9) == b"here"


def test_without_a_store_a_file_that_is_not_here_is_none(root):
    with pytest.raises(FileNotFoundError):
        Sources(root, None, None).open("news", NAME, 0, 1)


@pytest.mark.parametrize(
    "name", ["../secret", "../../secret", "a/../../../secret", "/etc/passwd", "a//b", "", ".", "a\0"]
)
@pytest.mark.parametrize("collection", ["news", "..", "", ".archiver", "news/..", "../news"])
def test_nothing_beside_the_collection_is_read(root, remote, name, collection):
    (root / "news" / "archive").mkdir()
    for sources in (Sources(root, remote, None), Sources(root, None, None)):
        with pytest.raises((ArchiverError, OSError, Unavailable)):
            read(sources, collection, name, 0, -1)


@pytest.mark.parametrize("collection", ["..", "", ".archiver", "news/..", "../news"])
def test_a_name_that_is_no_collection_reaches_no_store(root, remote, collection):
    with pytest.raises(ArchiverError):
        Sources(root, remote, None).open(collection, NAME, 0, 1)


def test_links_are_not_followed(root, remote, tmp_path):
    (root / "news" / "archive").symlink_to(tmp_path / "store")
    with pytest.raises(ArchiverError):
        Sources(root, remote, None).open("news", "secret", 0, 1)


def test_readers_are_told_why_and_no_more(root, remote):
    with pytest.raises(Unavailable) as told:
        Sources(root, remote, None).open("news", "2026/none.warc.gz", 0, 1)
    assert (told.value.reason, str(told.value)) == ("absent", "absent")
    with pytest.raises(Unavailable) as told:
        Sources(root, "file:///nowhere/{collection}", None).open("news", NAME, 0, 1)
    assert told.value.reason == "unreadable"


def test_the_stores_that_ship_say_what_is_absent(remote):
    for store in (memory.MemoryStore(), open_store(remote.replace("{collection}", "news"))):
        with pytest.raises(ArchiverError) as told:
            store.open("archive/none")
        assert told.value.kind == "absent"


def test_a_remote_of_one_collection_is_refused_for_several(archiver, tmp_path):
    for name in ("news", "more"):
        assert archiver("init", name, "--title", "T").code == 0
    done = archiver("replay", "--remote", "s3://bucket/news", "--port", 0, "--replay-port", 0)
    assert (done.code, "{collection}" in done.err) == (2, True)
    done = archiver("reindex", "--remote", "s3://bucket/news")
    assert (done.code, "-c" in done.err) == (2, True)
    done = archiver("replay", "--remote", "vault")
    assert (done.code, "no remote 'vault'" in done.err) == (2, True)
    (tmp_path / "archiver.toml").write_text('[remotes.vault]\nurl = "s3://vault/{collection}"\n')
    settings = {"ARCHIVER_CONFIG": str(tmp_path / "archiver.toml")}
    nowhere = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/none", "AWS_SHARED_CREDENTIALS_FILE": "/none"}
    nowhere |= {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    done = archiver("replay", "--remote", "s3://bucket/{collection}", "--endpoint-url", "http://127.0.0.1:9", **nowhere)
    assert (done.code, "there are no S3 credentials" in done.err) == (5, True)
    done = archiver("replay", "--remote", "vault", **nowhere, **settings, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert (done.code, "s3://vault/" in done.err) == (5, True)
