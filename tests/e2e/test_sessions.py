"""Captures of signed-in readers: the page is what they see, and nothing of the collection tells their secrets."""

import base64
import gzip
import json
import os
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pyrage
import pytest
from warcio.archiveiterator import ArchiveIterator

from conftest import Done, Program
from newsroom import Newsroom, members

pytestmark = pytest.mark.browser

BROWSER_ONLY = (members.SCRIPTED, members.BEARER, members.STORED)
"""Known only to who runs the page's scripts."""
PLANTED = (members.SESSION, members.ROTATED, members.TOKEN, members.UNUSED)
ENGINES = pytest.mark.parametrize("engine", ["browser", "http", "wire"])
WAYS = {
    "browser": ("--engine", "browser"),
    "http": ("--engine", "http"),
    "wire": ("--engine", "browser", "--fidelity", "wire"),
}


def spellings(secret: str) -> Iterator[bytes]:
    plain = secret.encode()
    yield from {plain, quote(secret, safe="").encode(), quote_plus(secret).encode(), plain.replace(b"/", b"\\/")}
    for before in range(3):
        yield base64.b64encode(bytes(before) + plain)[4 : (before + len(plain)) // 3 * 4]


def contents(root: Path) -> Iterator[tuple[str, bytes]]:
    """All bytes under a root but the profiles: as stored, unpacked, and the bodies without their coding."""
    for path in sorted(root.rglob("*")):
        if not path.is_file() or "profiles" in path.parts:
            continue
        stored = path.read_bytes()
        yield str(path), stored
        if path.name.endswith(".gz"):
            yield f"{path} unpacked", gzip.decompress(stored)
            with path.open("rb") as stream:
                for record in ArchiveIterator(stream):
                    yield f"{path} {record.rec_headers.get_header('WARC-Target-URI')}", record.content_stream().read()


def leaks(root: Path, secrets: tuple[str, ...], *done: Done) -> set[tuple[str, str]]:
    """Which secrets are to be found, and where."""
    said = [("output", (one.out + one.err).encode()) for one in done]
    return {
        (secret, where)
        for where, content in (*contents(root), *said)
        for secret in secrets
        for spelled in spellings(secret)
        if spelled in content
    }


def sidecar(archiver: Program, line: dict) -> dict:
    return json.loads((archiver.root / "default" / line["sidecar"]).read_bytes())


def texts(archiver: Program, line: dict) -> bytes:
    return gzip.decompress((archiver.root / "default" / line["warc"]).read_bytes())


@pytest.fixture
def profile(archiver: Program, newsroom: Newsroom, tmp_path: Path) -> str:
    """A profile, in the form in which Playwright writes it."""
    cookie = {"name": "sid", "value": members.SESSION, "domain": "tricks.localhost", "path": "/", "httpOnly": True}
    stored = [{"name": "auth_token", "value": members.STORED}]
    state = {"cookies": [cookie], "origins": [{"origin": newsroom.url("tricks", ""), "localStorage": stored}]}
    file = tmp_path / "state.json"
    file.write_text(json.dumps(state))
    done = archiver("profile", "import", "subscriber", file, "--json")
    assert done.lines[0]["cookies"] == 1
    return "subscriber"


@ENGINES
def test_what_a_member_reads_is_kept_and_no_secret_is(
    archiver: Program, newsroom: Newsroom, reach: tuple[str, ...], profile: str, engine: str
) -> None:
    url = newsroom.url("tricks", f"/members/enter?token={members.TOKEN}")
    secrets = PLANTED + (BROWSER_ONLY if engine != "http" else ())
    done = archiver("capture", url, "--profile", profile, *WAYS[engine], *reach, "--json")
    assert done.lines[0]["warc"], done
    assert members.TEXT.encode() in texts(archiver, done.lines[0])
    assert leaks(archiver.root, secrets, done) == set()
    told = sidecar(archiver, done.lines[0])["capture"]
    assert told["session"].pop("redacted") > 5
    assert told["session"] == {"profile": profile, "secrets": "redact"}
    assert told["final_url"].endswith(f"/members/article?access_token={'x' * len(members.TOKEN)}")
    assert archiver("verify", "--json").code == 0

    shown = [archiver("show", done.lines[0]["capture_id"], "--json"), archiver("list", "--json")]
    shown += [archiver("profile", "show", profile), archiver("profile", "list", "--json")]
    assert leaks(archiver.root, secrets, *shown) == set()


@ENGINES
def test_kept_secrets_are_found_so_that_the_search_can_fail(
    archiver: Program, newsroom: Newsroom, reach: tuple[str, ...], profile: str, engine: str
) -> None:
    url = newsroom.url("tricks", f"/members/enter?token={members.TOKEN}")
    options = ("--profile", profile, "--secrets", "keep", *WAYS[engine])
    done = archiver("capture", url, *options, *reach, "--json")
    secrets = PLANTED + (BROWSER_ONLY if engine != "http" else ())
    assert {secret for secret, _ in leaks(archiver.root, secrets, done)} == set(secrets)
    assert sidecar(archiver, done.lines[0])["capture"]["session"] == {"profile": profile, "secrets": "keep"}


@ENGINES
def test_basic_authentication_is_for_the_seed_alone(
    archiver: Program, newsroom: Newsroom, reach: tuple[str, ...], engine: str
) -> None:
    members.WITNESSED.clear()
    urls = [newsroom.url("tricks", "/members/vault"), newsroom.url("tricks", "/members/leave")]
    environment = {"ARCHIVER_BASIC_AUTH_PASSWORD": members.PASSWORD}
    done = archiver("capture", *urls, "--basic-auth", members.USER, *WAYS[engine], *reach, "--json", **environment)
    vault = next(line for line in done.lines if line["url"] == urls[0])
    assert members.MINUTES.encode() in texts(archiver, vault)
    assert vault["status"] == 200
    served = {entry.url.rpartition("/")[2]: entry.status for entry in newsroom.log() if "/members/" in entry.url}
    assert served["own.svg"] == 200
    assert len(members.WITNESSED) >= 2
    assert set(members.WITNESSED) == {""}
    basic = base64.b64encode(f"{members.USER}:{members.PASSWORD}".encode()).decode()
    assert leaks(archiver.root, (members.PASSWORD, basic), done) == set()
    assert sidecar(archiver, vault)["capture"]["session"]["basic_auth"] is True
    assert members.USER not in json.dumps(sidecar(archiver, vault)["capture"]["options"])


def test_the_queue_knows_the_profile_and_forgets_the_password(
    archiver: Program, newsroom: Newsroom, reach: tuple[str, ...], profile: str, tmp_path: Path
) -> None:
    seeds = tmp_path / "seeds.txt"
    member = newsroom.url("tricks", "/members/enter")
    seeds.write_text(f"{member}\n{newsroom.trick('busy')}\n")  # which is to be tried again in an hour
    options = ("--profile", profile, "--basic-auth", members.USER, "--engine", "http", "--retries", 1, "--wait", 0)
    environment = {"ARCHIVER_BASIC_AUTH_PASSWORD": members.PASSWORD}
    done = archiver("capture", "--seeds", seeds, *options, *reach, "--json", **environment)
    assert members.TEXT.encode() in texts(archiver, next(line for line in done.lines if line["url"] == member))
    waiting = archiver("queue", "list", "--json")
    assert leaks(archiver.root, (*PLANTED, members.PASSWORD), done, waiting) == set()
    again = archiver("queue", "run", "--json", "--wait", 0)
    assert again.code == 2
    assert "--basic-auth" in again.err


def test_without_a_session_a_capture_is_nobodys_and_keeps_all(
    archiver: Program, newsroom: Newsroom, reach: tuple[str, ...]
) -> None:
    done = archiver("capture", newsroom.url("tricks", "/members/enter"), "--engine", "http", *reach, "--json")
    assert "session" not in sidecar(archiver, done.lines[0])["capture"]
    assert b"Sign in to read" in texts(archiver, done.lines[0])
    refused = archiver("capture", newsroom.url("tricks", "/members/vault"), "--engine", "browser", *reach, "--json")
    assert refused.lines[0]["status"] == 401


def test_sealed_originals_open_with_the_key_alone(
    archiver: Program, newsroom: Newsroom, reach: tuple[str, ...], profile: str, tmp_path: Path
) -> None:
    identity = pyrage.x25519.Identity.generate()
    key, recipient = tmp_path / "key.txt", tmp_path / "board.txt"
    key.write_text(f"# secret\n{identity}\n")
    recipient.write_text(f"{identity.to_public()}\n")
    url = newsroom.url("tricks", "/members/article")
    options = ("--profile", profile, "--seal-for", recipient, "--engine", "http")
    done = archiver("capture", url, *options, *reach, "--json")
    assert leaks(archiver.root, PLANTED, done) == set()
    told = sidecar(archiver, done.lines[0])["capture"]["session"]
    assert (told["secrets"], told["sealed_for"]) == ("seal", str(identity.to_public()))

    capture = done.lines[0]["capture_id"]
    opened = archiver("unseal", capture, "--identity", key, "--json").lines
    assert {members.SESSION} < {line["value"] for line in opened if line["place"] == "body"}
    assert f"sid={members.SESSION}" in {line["value"] for line in opened if line["place"] == "header Cookie"}

    key.write_text(str(pyrage.x25519.Identity.generate()))
    other = archiver("unseal", capture, "--identity", key)
    assert (other.code, other.out) == (2, "")
    assert "does not open" in other.err


def test_profiles_are_for_their_owner_alone(archiver: Program, profile: str) -> None:
    (file,) = (archiver.root / ".archiver" / "profiles").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    shown = archiver("profile", "show", profile, "--json").lines[0]
    assert [cookie["name"] for cookie in shown["cookies"]] == ["sid"]
    assert shown["origins"][0]["names"] == ["auth_token"]
    assert archiver("profile", "import", profile, file).code == 6
    assert archiver("profile", "delete", profile).code == 0
    assert archiver("profile", "show", profile).code == 2
    assert archiver("capture", "https://news.example/", "--profile", profile).code == 2


def test_a_browser_to_sign_in_with_needs_a_display(archiver: Program) -> None:
    done = archiver("profile", "create", "subscriber", DISPLAY="", WAYLAND_DISPLAY="")
    assert done.code == 3
    assert "profile import" in done.err


@pytest.fixture
def display() -> Iterator[str]:
    """A screen that nobody sees."""
    if not shutil.which("Xvfb"):
        pytest.skip("Xvfb is not installed (Debian: apt install xvfb)")
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        with os.fdopen(reading) as told:
            yield f":{told.readline().strip()}"
        server.terminate()


def test_a_reader_signs_in_with_a_browser_on_screen(archiver: Program, newsroom: Newsroom, display: str) -> None:
    url = newsroom.url("tricks", "/members/sign-in", "http")
    newsroom.clear_log()
    terminal, keyboard = os.openpty()
    try:
        with subprocess.Popen(
            archiver.command("profile", "create", "reader", url, "--json"),
            stdin=keyboard,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"DISPLAY": display},
        ) as process:
            while process.poll() is None and not any("/echo" in entry.url for entry in newsroom.log()):
                time.sleep(0.05)
            os.write(terminal, b"\n")
            out, err = process.communicate(timeout=300)
    finally:
        os.close(terminal)
        os.close(keyboard)
    assert process.returncode == 0, err
    assert json.loads(out) | {"created": ""} == {"name": "reader", "created": "", "cookies": 1, "origins": 1}
    kept = json.loads((archiver.root / ".archiver" / "profiles" / "reader.json").read_bytes())
    assert kept["cookies"][0]["value"].strip('"') == members.SESSION
    assert kept["origins"][0]["localStorage"] == [{"name": "auth_token", "value": members.STORED}]
    assert "Chrome/" in kept["userAgent"]
    assert "Headless" not in kept["userAgent"]


@pytest.mark.parametrize("user", ["reader:secret", "reader"])
def test_a_password_is_never_taken_from_the_command_line(archiver: Program, user: str) -> None:
    done = archiver("capture", "https://news.example/", "--basic-auth", user, stdin="")
    assert done.code == 2
    assert "ARCHIVER_BASIC_AUTH_PASSWORD" in done.err
    assert "secret" not in done.err
