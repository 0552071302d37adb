"""Bad input ends in one plain sentence, a hint and the right exit code, and loses nothing."""

import os
import socket
import subprocess
from contextlib import contextmanager

import pytest


def complaint(done, code):
    """The sentence and the hint of a failed command, checked for form."""
    assert done.code == code, done.err
    assert done.err.strip(), "it said nothing"
    assert "Traceback" not in done.err
    return done.err


@pytest.fixture
def closed_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize(
    "url", ["not a url", "ftp://example.org/a", "http://", "https://exa mple.org/", "file:///etc/passwd"]
)
def test_a_malformed_url(archiver, url):
    err = complaint(archiver("capture", url, "--engine", "http"), 2)
    assert "web address" in err


def test_a_host_that_refuses(archiver, closed_port):
    done = archiver("capture", f"http://127.0.0.1:{closed_port}/", "--engine", "http", "--allow-private", "--json")
    assert "refused" in complaint(done, 5)
    assert (done.lines[0]["verdict"], done.lines[0]["capture_id"]) == ("offline", None)


def test_an_unknown_host(archiver):
    assert "known" in complaint(archiver("capture", "http://no-such-host.invalid/", "--engine", "http"), 5)


def test_a_page_that_is_not_there_is_kept_and_never_called_success(archiver, newsroom, reach):
    done = archiver("capture", newsroom.trick("missing"), *reach, "--engine", "http", "--json")
    assert done.code == 1
    assert (done.lines[0]["verdict"], done.lines[0]["status"]) == ("not-found", 404)
    assert (archiver.root / "default" / done.lines[0]["warc"]).is_file()


def test_a_private_address_without_leave(archiver):
    assert "--allow-private" in complaint(archiver("capture", "http://127.0.0.1/", "--engine", "http"), 4)


def test_a_mixture_of_outcomes_is_1_and_keeps_what_went_well(archiver, newsroom, reach, closed_port):
    gone = f"http://127.0.0.1:{closed_port}/"
    done = archiver("capture", newsroom.article, gone, "nonsense", *reach, "--engine", "http", "--json")
    assert done.code == 1
    assert sorted(line["verdict"] for line in done.lines) == ["error", "offline", "ok"]
    assert len(archiver("list", "--json").lines) == 1


def test_an_unknown_collection(archiver):
    for command in (["verify"], ["list"], ["validate"], ["reindex"], ["capture", "https://example.org/"]):
        assert "archiver init nowhere" in complaint(archiver(*command, "-c", "nowhere"), 2)


def test_an_unknown_capture(archiver):
    assert "archiver list" in complaint(archiver("show", "20260101T000000Z-aaaaaaaaaa"), 2)


def test_a_name_that_is_none(archiver):
    assert complaint(archiver("init", "../evil", "--title", "T"), 2)


def test_a_collection_made_twice(archiver):
    assert archiver("init", "news", "--title", "News").code == 0
    assert complaint(archiver("init", "news", "--title", "Other"), 6)


def test_a_root_that_cannot_be_written(archiver, tmp_path):
    archiver.root.write_text("a file stands where the root should be")
    assert complaint(archiver("init", "news", "--title", "News"), 2)


def test_a_corrupt_sidecar(archiver, newsroom, reach):
    captured = archiver("capture", newsroom.article, *reach, "--engine", "http", "--json").lines[0]
    sidecar = archiver.root / "default" / captured["sidecar"]
    whole = sidecar.read_bytes()
    sidecar.write_bytes(whole[: len(whole) // 2])
    validated = archiver("validate")
    assert validated.code == 1
    assert f"{sidecar.name}:" in validated.out
    assert archiver("verify").code == 1
    assert complaint(archiver("show", captured["capture_id"]), 2)
    assert archiver("list", "--json").code == 0
    sidecar.write_bytes(whole)
    assert archiver("verify").code == 0


def test_a_collection_without_a_title(archiver):
    assert complaint(archiver("init", "news", "--title", " "), 2)
    assert not (archiver.root / "news").exists()


@pytest.mark.parametrize("text", ['rooot = "x"', "[capture]\nspeed = 3", "[sync]\npush = 1", "list = 1"])
def test_a_setting_that_is_none(archiver, tmp_path, text):
    (tmp_path / "odd.toml").write_text(text)
    assert "odd.toml" in complaint(archiver("doctor", ARCHIVER_CONFIG=str(tmp_path / "odd.toml")), 2)


@pytest.mark.parametrize("seconds", ["nan", "inf", "0", "-1"])
def test_a_timeout_that_is_none(archiver, seconds):
    assert complaint(archiver("capture", "http://127.0.0.1/", "--timeout", seconds), 2)


def test_a_settings_file_that_is_none(archiver, tmp_path):
    (tmp_path / "bad.toml").write_text("root = [")
    assert "bad.toml" in complaint(archiver("list", ARCHIVER_CONFIG=str(tmp_path / "bad.toml")), 2)


def test_an_import_of_something_else(archiver, tmp_path):
    other = tmp_path / "letter.txt"
    other.write_text("Dear archive,")
    assert "letter.txt" in complaint(archiver("import", other), 2)
    assert complaint(archiver("import", tmp_path / "absent.warc.gz"), 2)


@contextmanager
def small_disk(folder, kilobytes):
    """A tmpfs of that size over `folder`; needs the right to mount."""
    folder.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("this user may not mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_full_disk_loses_nothing(archiver, newsroom, reach):
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    with small_disk(archiver.root, 4096):
        assert archiver("capture", newsroom.article, *reach, "--engine", "http").code == 0
        full = []
        for _ in range(40):
            done = archiver("capture", newsroom.article, *reach, "--engine", "http")
            if done.code:
                full.append(complaint(done, 1))
            if len(full) == 3:
                break
        assert all("no space left" in err for err in full) and full
        assert archiver("verify").code == 0
        assert len(archiver("list", "--json").lines) >= 1
