"""The replay host as it really answers, and a login through both hosts in Chromium."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from archiver.collection import Root
from archiver.replay import Replay
from archiver.replay.login import Login
from stockroom import Invented, add
from storing import STAMP, Stored, store

pytestmark = [pytest.mark.browser, pytest.mark.servers]

SITE = "https://news.example"
TOKEN = "a-token-for-readers-of-the-test"
MODIFIERS = [
    "mp_",
    "if_",
    "fr_",
    "im_",
    "cs_",
    "js_",
    "esm_",
    "oe_",
    "wkr_",
    "wkrm_",
    "id_",
    "ir_",
    "bn_",
    "wkrf_",
    "sw_",
    "vi_",
    "xx_",
    "$x",
]
STORED = [
    Stored(f"{SITE}/", "<p>page</p>", headers=(("Set-Cookie", "a=1"), ("X-Accel-Redirect", "/x"))),
    Stored(f"{SITE}/gone", "<p>gone</p>", status="404 Not Found"),
    Stored(f"{SITE}/broken", "<p>broken</p>", status="503 Busy", headers=(("Refresh", "0; url=http://out.example"),)),
    Stored(f"{SITE}/moved", "", status="302 Found", headers=(("Location", "http://out.example/"),)),
    Stored(f"{SITE}/odd", "<p>odd</p>", status="101 Switching Protocols"),
    Stored(f"{SITE}/film.mp4", bytes(3000), "video/mp4"),
    Stored(f"{SITE}/wide", "<script>1</script>".encode("utf-16"), "text/html; charset=utf-16"),
    Stored(f"{SITE}/drawing.svg", "<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "image/svg+xml"),
    Stored(f"{SITE}/x.xhtml", "<html xmlns='http://www.w3.org/1999/xhtml'><p>x</p></html>", "application/xhtml+xml"),
    Stored(f"{SITE}/app.js", "1", "text/javascript"),
]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    root = tmp_path_factory.mktemp("isolation")
    store(root, "news", STORED)
    with Replay(root, port=0, replay_port=0) as running:
        yield running


def raw(origin: str, line: str, *headers: str) -> tuple[int, dict[str, list[str]], bytes]:
    """One request as it is written; headers of the answer in lower case, each with all its values."""
    host, _, port = origin.removeprefix("http://").rpartition(":")
    with socket.create_connection(("127.0.0.1", int(port)), timeout=300) as connection:
        told = (
            headers if any(one.lower().startswith("host:") for one in headers) else (f"Host: {host}:{port}", *headers)
        )
        connection.sendall("\r\n".join([f"{line} HTTP/1.1", *told, "Connection: close", "", ""]).encode("latin-1"))
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    found: dict[str, list[str]] = {}
    for one in lines:
        name, _, value = one.partition(":")
        found.setdefault(name.lower(), []).append(value.strip())
    return int(first.split()[1]), found, body


def sealed(headers: dict[str, list[str]]) -> str:
    """The one policy of an answer that has all else that every answer has."""
    assert headers["x-robots-tag"] == ["noindex, noarchive"]
    assert not {"set-cookie", "refresh", "x-accel-redirect", "access-control-allow-origin"} & headers.keys()
    assert "out.example" not in str(
        {
            name: value
            for name, value in headers.items()
            if name != "location" and not name.startswith("x-archive-orig-") and name != "link"
        }
    )
    (policy,) = headers["content-security-policy"]
    assert "sandbox" in policy
    return policy


@pytest.mark.parametrize("modifier", ["", *MODIFIERS])
def test_every_answer_is_sealed(servers: Replay, modifier: str) -> None:
    may_run = set()
    for path in ("", "gone", "broken", "moved", "odd", "film.mp4", "wide", "drawing.svg", "x.xhtml", "app.js", "never"):
        for method in ("GET", "HEAD", "POST", "OPTIONS"):
            line = f"{method} /news/{STAMP}{modifier}/{SITE}/{path}"
            if "allow-scripts" in sealed(raw(servers.replay, line, "Content-Length: 0")[1]):
                may_run.add(path)
            status, headers, _ = raw(servers.replay, line, "Range: bytes=0-9", "Content-Length: 0")
            assert status != 206 or "allow-scripts" not in sealed(headers)  # a part is not rewritten
    pages = {"", "gone", "broken", "odd", "wide", "x.xhtml"} if modifier in ("", "mp_", "if_", "fr_") else set()
    pages |= {"x.xhtml"} if modifier == "oe_" else set()  # XHTML is one by its type
    scripts = {"app.js"} if modifier in ("", *MODIFIERS[:10]) else set()
    assert may_run - {"moved"} == pages | scripts  # what moved has nothing that could run


@pytest.mark.parametrize(
    "line",
    [
        f"GET /news/cdx?url={SITE}/",
        f"GET /news/timemap/link/{SITE}/",
        f"GET /news/timemap/json/{SITE}/",
        f"GET /news/timegate/{SITE}/",
        f"GET /nope/2026mp_/{SITE}/",
        "GET /static/wombat.js",
        "GET /static/nope.js",
        "GET /static/..%2f..%2fguard.py",
        "GET /robots.txt",
        "GET /collinfo.json",
        f"GET /news/{STAMP}mp_/{SITE}/%0d%0aSet-Cookie:%20a=1",
        f'GET /news/{STAMP}mp_/{SITE}/"><script>alert(1)</script>',
        f"GET //news//{STAMP}mp_/{SITE}/",
        f"GET /news;x/{STAMP}mp_/{SITE}/",
        f"GET /%6eews/{STAMP}%69d_/{SITE}/",
        f"GET /news/../news/{STAMP}mp_/{SITE}/",
    ],
)
def test_whatever_is_asked_for(servers: Replay, line: str) -> None:
    _, headers, body = raw(servers.replay, line)
    policy = sealed(headers)
    if b"<script>alert" in body:
        assert "allow-scripts" not in policy


@pytest.mark.parametrize("which", ["app", "replay"])
def test_no_other_name_is_answered(servers: Replay, which: str) -> None:
    origin = getattr(servers, which)
    own = origin.removeprefix("http://")
    for headers in (["Host: evil.example"], [f"Host: {own}", "Host: evil.example"], ["Host:"]):
        assert raw(origin, "GET /robots.txt", *headers)[0] in (400, 421)
    status, headers, body = raw(origin, "GET http://evil.example/robots.txt", f"Host: {own}")
    assert status in (400, 404, 421) and b"evil" not in body
    told = (
        "X-Forwarded-Host: evil.example",
        "X-Forwarded-Proto: https",
        "X-Pywb-ACL-User: staff",
        "Forwarded: host=evil.example",
    )
    path = f"/news/{STAMP}mp_/{SITE}/" if which == "replay" else "/"
    _, headers, body = raw(origin, f"GET {path}", *told)
    assert (
        b"evil.example" not in body and "evil.example" not in str(headers) and "https://localhost" not in str(headers)
    )


def listening(pid: int) -> set[tuple[str, int]]:
    """Addresses at which a process listens (proc(5), net/tcp)."""
    own = set()
    for one in Path(f"/proc/{pid}/fd").iterdir():
        try:
            own |= set(re.findall(r"socket:\[(\d+)\]", str(one.readlink())))
        except OSError:
            continue
    found = set()
    for kind in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{kind}").read_text().splitlines()[1:]:
            parts = line.split()
            if parts[3] == "0A" and parts[9] in own:
                address, port = parts[1].split(":")
                found.add((address, int(port, 16)))
    return found


def test_nothing_else_listens(servers: Replay) -> None:
    """pywb's own inner server, which knows no rule of ours, would be a way round the guard."""
    for child, origin in zip(servers.children, (servers.replay, servers.app), strict=True):
        assert listening(child.process.pid) == {("0100007F", int(origin.rpartition(":")[2]))}


def free_ports() -> tuple[int, int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


@pytest.mark.parametrize("named", [False, True], ids=["one machine", "two names"])
def test_a_reader_logs_in_reads_and_logs_out(tmp_path: Path, browser: Browser, named: bool) -> None:
    captured = add(Root(tmp_path).create("news", "News", agent="test/1"), Invented(f"{SITE}/story", headline="Lights"))
    port, replay_port = free_ports()
    names = f"http://archive.museum.localhost:{port}", f"http://replay.museum.localhost:{replay_port}"
    urls = names if named else (None, None)
    with Replay(tmp_path, port=port, replay_port=replay_port, login=Login.by_token(TOKEN), urls=urls) as servers:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{servers.app}/news/{captured.capture_id}/replay")
        assert page.url.startswith(f"{servers.app}/-/login?next=")
        page.fill("#token", "a-wrong-token-of-the-test")
        page.keyboard.press("Enter")
        page.get_by_role("alert").wait_for()
        page.fill("#token", TOKEN)
        page.keyboard.press("Enter")
        frame = page.frame_locator("iframe")
        frame.locator("h1").wait_for()
        assert page.url == f"{servers.app}/news/{captured.capture_id}/replay"

        # An archived page sees no cookie, of neither host; both hosts have one of their own that scripts cannot read.
        real = "Function('return th' + 'is')().document.cookie"
        assert page.frames[-1].evaluate(real) == ""
        kept = {(cookie["name"], cookie["domain"], cookie["httpOnly"]) for cookie in context.cookies()}
        hosts = [url.split("//")[1].partition(":")[0] for url in (servers.app, servers.replay)]
        assert kept >= {("session", hosts[0], True), ("pass", hosts[1], True)}
        assert len({domain for _, domain, _ in kept}) == 2

        # A replay address opened by itself, in a browser that only the app knows.
        context.clear_cookies(name="pass")
        alone = context.new_page()
        alone.goto(f"{servers.replay}/news/{STAMP}mp_/{SITE}/story#end")
        assert alone.url == f"{page.url}#end"
        alone.frame_locator("iframe").locator("h1").wait_for()
        assert alone.frames[-1].url == f"{servers.replay}/news/{STAMP}mp_/{SITE}/story#end"
        assert alone.locator(".onward span").is_hidden()

        alone.frames[-1].evaluate("localStorage.kept = 'by an archived page'")
        page.goto(f"{servers.app}/-/logout")
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url(f"{servers.app}/-/login")
        assert not [one for one in context.cookies() if one["name"] in ("session", "pass")]
        alone.goto(f"{servers.replay}/news/{STAMP}mp_/{SITE}/story")
        assert alone.url.startswith(f"{servers.app}/-/login")
        context.close()
