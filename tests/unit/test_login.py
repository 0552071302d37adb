"""Who is let in: what must be told where other machines can read, tokens and signed passes, both servers' doors."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import ArchiverError, UsageError
from archiver.replay import login as signing
from archiver.replay.addresses import origin, origins
from archiver.replay.admission import admission
from archiver.replay.guard import Guard
from archiver.replay.login import Login, is_local
from archiver.web.app import create_app
from archiver.web.login import FREE_TRIES, Failures

TOKEN = "correct-horse-battery"
APP, REPLAY = "https://archive.example.org", "https://replay.example.org"
PORTS = 8080, 8081


def admitted(host: str = "0.0.0.0", login: str | None = None, **more: Any) -> tuple[Login, str | None]:
    told: dict[str, Any] = {"token_file": None, "proxies": (), "open_to_all": False} | more
    return admission(host, login, told["token_file"], told["proxies"], open_to_all=told["open_to_all"])


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "archive.example.org"])
def test_a_network_is_not_let_in_by_oversight(host: str) -> None:
    with pytest.raises(UsageError, match="other machines can read the whole archive") as error:
        admitted(host)
    assert error.value.exit_code == 2
    assert "--login token" in error.value.hint and "--open-to-all" in error.value.hint
    assert admitted(host, open_to_all=True) == (Login(), None)
    assert admitted("127.0.0.1") == admitted("::1") == admitted("localhost") == (Login(), None)


@pytest.mark.parametrize(
    ("login", "more"),
    [
        ("password", {}),
        ("token:abc", {}),
        ("header:", {"proxies": ("127.0.0.1",)}),
        ("header:X User", {"proxies": ("127.0.0.1",)}),
        ("header:X-Remote-User", {}),
        ("header:X-Remote-User", {"proxies": ("proxy.example",)}),
        ("token", {"open_to_all": True}),
        ("token", {"proxies": ("127.0.0.1",)}),
        (None, {"token_file": Path("t")}),
        ("header:X-Remote-User", {"proxies": ("127.0.0.1",), "token_file": Path("t")}),
    ],
)
def test_what_cannot_be_meant_is_refused(login: str | None, more: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as error:
        admitted(login=login, **more)
    assert error.value.hint


def test_a_token_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    login, token = admitted(login="token")
    assert token and len(token) >= 32 and login.accepts(token) and not login.accepts(token[:-1])
    assert token not in repr(login.told())
    path = tmp_path / "token.txt"
    login, told = admitted(login="token", token_file=path)
    assert told is None and path.stat().st_mode & 0o777 == 0o600
    assert admitted(login="token", token_file=path)[0].accepts(path.read_text().strip())
    path.chmod(0o644)
    with pytest.raises(UsageError, match="Others can read"):
        admitted(login="token", token_file=path)
    path.chmod(0o600)
    path.write_text("short\n")
    with pytest.raises(UsageError, match="5 characters"):
        admitted(login="token", token_file=path)
    with pytest.raises(ArchiverError):
        admitted(login="token", token_file=tmp_path)


@pytest.mark.parametrize(
    ("host", "app", "replay", "login", "why"),
    [
        ("0.0.0.0", None, None, True, "one name for the app and another"),
        ("0.0.0.0", APP, None, True, "one name for the app and another"),
        ("0.0.0.0", APP, f"{APP}:8443", True, "cannot both be at archive.example.org"),
        ("0.0.0.0", "http://ARCHIVE.example.org:1", "http://archive.example.org:2", False, "cookies ignore ports"),
        ("0.0.0.0", APP, "http://replay.example.org", True, "both be http, or both https"),
        ("0.0.0.0", "http://archive.lan", "http://replay.lan", True, "browsers do not bring a login"),
        ("0.0.0.0", "http://10.0.0.1", "http://10.0.0.2", True, "browsers do not bring a login"),
        ("0.0.0.0", f"{APP}/archive", REPLAY, True, "not the address of a host"),
        ("0.0.0.0", "archive.example.org", REPLAY, True, "not the address of a host"),
        ("0.0.0.0", "https://user@archive.example.org", REPLAY, True, "not the address of a host"),
        ("127.0.0.1", "http://127.0.0.1:8080", "http://127.0.0.1:8081", False, "cookies ignore ports"),
    ],
)
def test_two_names_that_would_share_cookies_are_refused(
    host: str, app: str | None, replay: str | None, login: bool, why: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(why)) as error:
        origins(host, PORTS, app, replay, login=login)
    assert error.value.exit_code == 2


def test_two_names_that_keep_cookies_apart() -> None:
    assert origins("127.0.0.1", PORTS, None, None, login=False) == ("http://127.0.0.1:8080", "http://localhost:8081")
    one_site = origins("127.0.0.1", PORTS, None, None, login=True)
    assert one_site == ("http://app.archive.localhost:8080", "http://replay.archive.localhost:8081")
    assert origins("::1", PORTS, None, None, login=False)[0] == "http://[::1]:8080"
    assert origins("0.0.0.0", PORTS, f"{APP}:443/", REPLAY, login=True) == (APP, REPLAY)
    lan = "http://archive.museum.lan:8080", "http://replay.museum.lan:8081"
    assert origins("0.0.0.0", PORTS, *lan, login=True) == lan
    assert origin("HTTP://[::1]:80/") == "http://[::1]"


KINDS = ("session", "ticket", "pass", "leave")


@pytest.mark.parametrize("kind", KINDS)
def test_a_signed_token_is_good_for_one_thing_and_a_while(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    login, other = Login.by_token(TOKEN), Login.by_token(TOKEN)
    token = login.sign(kind, "name")
    assert login.named(kind, token) == "name"
    assert other.named(kind, token) == ""  # another start, another key
    assert [login.named(one, token) for one in KINDS if one != kind] == ["", "", ""]  # type: ignore[arg-type]
    for changed in (token[:-1], token.replace("name", "eman"), "", "a.b.c", token + "x", "é" * 40, "\ud800"):
        assert login.named(kind, changed) == ""
    monkeypatch.setitem(signing.LASTS, kind, -1)
    assert login.named(kind, token) == ""


@given(st.text(max_size=60))
def test_only_this_host_is_gone_back_to(text: str) -> None:
    for path in (text, f"/{text}", f"//{text}", f"/\\{text}", f"\t/{text}"):
        if is_local(path):
            assert urlsplit(f"https://a.example{path}").hostname == "a.example"
            assert path.startswith("/") and not path.startswith(("//", "/\\"))
            assert not set(path) & set("\t\r\n\\ ")


def test_tries_grow_slow_for_one_address_and_not_for_others() -> None:
    now = [100.0]
    failures = Failures(lambda: now[0])
    waits = []
    for _ in range(FREE_TRIES + 8):
        waits.append(failures.wait("a"))
        now[0] += failures.wait("a")
        failures.add("a")
    assert waits[: FREE_TRIES + 1] == [0, 0, 0, 0, 0, 1]
    assert waits[FREE_TRIES:] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert failures.wait("b") == 0
    failures.forget("a")
    assert failures.wait("a") == 0


class Reader:
    """A browser of one reader, straight into the app; keeps the app's cookies."""

    def __init__(self, root: Path, login: Login, origin: str = APP, peer: str = "192.0.2.1") -> None:
        self.app = create_app(root, REPLAY, origin, login=login)
        self.host, self.peer = urlsplit(origin).netloc, peer
        self.cookies: dict[str, str] = {}

    def __call__(
        self, path: str, form: dict[str, str] | None = None, **headers: str
    ) -> tuple[int, dict[str, str], str]:
        path, _, query = path.partition("?")
        body = urlencode(form).encode() if form is not None else b""
        told = {"host": self.host, "accept": "text/html", "cookie": "; ".join(map("=".join, self.cookies.items()))}
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        messages: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "GET" if form is None else "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in told.items()],
            "server": ("127.0.0.1", 8080),
            "client": (self.peer, 1),
            "root_path": "",
        }
        asyncio.run(self.app(scope, receive, send))
        got = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        if cookie := got.get("set-cookie"):
            name, value = cookie.partition(";")[0].split("=", 1)
            self.cookies[name] = value.strip('"')
        return messages[0]["status"], got, b"".join(one.get("body", b"") for one in messages[1:]).decode()


def test_every_page_but_the_door_is_closed(tmp_path: Path) -> None:
    reader = Reader(tmp_path, Login.by_token(TOKEN))
    for path in (
        "/",
        "/news/",
        "/news/x/files/warc",
        "/feed.xml",
        "/-/api/collections",
        "/nope",
        "/-/pass",
        "/-/logout",
    ):
        status, headers, _ = reader(f"{path}?q=1")
        assert (status, headers["location"]) == (303, f"/-/login?next={quote(path, safe='')}%3Fq%3D1"), path
        status, headers, body = reader(path, accept="application/json")
        assert (status, body) == (401, "Log in first.\n")
        assert "content-security-policy" in headers
    for path in ("/-/login", "/robots.txt", "/static/app.css"):
        assert reader(path)[0] == 200


def test_a_token_opens_it_by_way_of_the_replay_host(tmp_path: Path) -> None:
    login = Login.by_token(TOKEN)
    reader = Reader(tmp_path, login)
    status, headers, body = reader("/-/login", {"token": "wrong-wrong-wrong-wrong", "next": "/news/"})
    assert (status, "That is not the token." in body, "set-cookie" in headers) == (403, True, False)
    status, headers, _ = reader("/-/login", {"token": f" {TOKEN} ", "next": "/news/?q=1"})
    assert status == 303
    target = urlsplit(headers["location"])
    asked = parse_qs(target.query)
    assert f"{target.scheme}://{target.netloc}{target.path}" == f"{REPLAY}/-/enter"
    assert asked["next"] == ["/news/?q=1"] and login.named("ticket", asked["ticket"][0])
    cookie = headers["set-cookie"].lower()
    assert cookie.startswith("__host-session=")
    assert {"httponly", "secure", "path=/", "samesite=lax", "max-age=43200"} <= set(cookie.split("; "))
    assert reader("/")[0] == 200
    assert login.named("ticket", reader.cookies["__Host-session"]) == ""


def test_a_neighbouring_host_cannot_put_its_cookie_before_ours(tmp_path: Path) -> None:
    login = Login.by_token(TOKEN)
    reader = Reader(tmp_path, login, "http://archive.museum.lan")
    mine = login.sign("session")
    assert reader("/", cookie=f"session=forged; session={mine}")[0] == 200
    assert reader("/", cookie=f"session=forged; session={login.sign('pass')}")[0] == 303


@pytest.mark.parametrize(
    "onward", ["//evil.example", "/\\evil.example", "https://evil.example/", "/\t/evil.example", ""]
)
def test_a_login_never_leads_to_another_site(tmp_path: Path, onward: str) -> None:
    reader = Reader(tmp_path, Login.by_token(TOKEN))
    assert "evil" not in reader(f"/-/login?next={quote(onward)}")[2].partition('<form method="post"')[2]
    location = reader("/-/login", {"token": TOKEN, "next": onward})[1]["location"]
    assert parse_qs(urlsplit(location).query)["next"] == ["/"]
    assert parse_qs(urlsplit(reader(f"/-/pass?to={quote(onward)}")[1]["location"]).query)["to"] == ["/"]


def test_guessing_is_slowed_down(tmp_path: Path) -> None:
    reader = Reader(tmp_path, Login.by_token(TOKEN))
    for _ in range(FREE_TRIES):
        assert reader("/-/login", {"token": "wrong"})[0] == 403
    status, headers, body = reader("/-/login", {"token": TOKEN})
    assert (status, headers["retry-after"]) == (429, "1")
    assert "Too many wrong tokens" in body
    assert reader("/", authorization=f"Bearer {TOKEN}")[0] == 429
    reader.peer = "192.0.2.2"
    assert reader("/-/login", {"token": TOKEN})[0] == 303


def test_a_program_brings_the_token_in_a_header(tmp_path: Path) -> None:
    reader = Reader(tmp_path, Login.by_token(TOKEN))
    assert reader("/", accept="*/*", authorization=f"Bearer {TOKEN}")[0] == 200
    assert reader("/", accept="*/*", authorization="Bearer wrong")[0] == 401
    assert reader("/", accept="*/*", authorization=f"Basic {TOKEN}")[0] == 401


def test_logging_out_needs_this_readers_own_form(tmp_path: Path) -> None:
    login = Login.by_token(TOKEN)
    reader = Reader(tmp_path, login)
    reader("/-/login", {"token": TOKEN})
    session = dict(reader.cookies)
    for forged in ({}, {"leave": "x"}, {"leave": login.sign("leave", "somebody else")}):
        assert reader("/-/logout", forged)[0] == 403
    assert reader("/")[0] == 200
    leave = re.search(r'name="leave" value="([^"]+)"', reader("/-/logout")[2])
    assert leave
    status, headers, _ = reader("/-/logout", {"leave": leave[1]})
    assert (status, headers["location"].partition("?")[0]) == (303, f"{REPLAY}/-/leave")
    assert "max-age=0" in headers["set-cookie"].lower()
    reader.cookies = session  # kept by somebody
    assert reader("/")[0] == 303


def test_a_large_form_is_not_read(tmp_path: Path) -> None:
    assert Reader(tmp_path, Login.by_token(TOKEN))("/-/login", {"token": "x" * 5000})[0] == 413


def test_a_header_is_believed_from_the_trusted_proxy_alone(tmp_path: Path) -> None:
    login = Login.by_header("X-Remote-User", ["192.0.2.1"])
    reader = Reader(tmp_path, login)
    assert reader("/", x_remote_user="olena")[0] == 200
    assert reader("/")[0] == reader("/", x_remote_user=" ")[0] == 403
    assert reader("/static/app.css")[0] == 403
    reader.peer = "192.0.2.9"
    for headers in ({}, {"x_forwarded_for": "192.0.2.1"}, {"forwarded": "for=192.0.2.1"}):
        assert reader("/", x_remote_user="olena", **headers)[0] == 403
    assert reader("/-/login")[0] == 403


class Visitor:
    """The same for the replay host: WSGI, with a stand-in for pywb."""

    def __init__(self, login: Login, origin: str = REPLAY, app: str = APP, peer: str = "192.0.2.1") -> None:
        self.replayed: list[str] = []
        self.guard = Guard(self.pywb, origin, app, login)
        self.host, self.peer = urlsplit(origin).netloc, peer

    def pywb(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        self.replayed.append(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Type", "image/png"), ("Cache-Control", "public, max-age=31536000")])
        return [b"x"]

    def __call__(self, path: str, **headers: str) -> tuple[str, dict[str, str]]:
        got: dict[str, Any] = {}
        path, _, query = path.partition("?")
        environ = {
            "PATH_INFO": path,
            "REQUEST_URI": f"{path}?{query}" if query else path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": "GET",
            "REMOTE_ADDR": self.peer,
            "HTTP_HOST": self.host,
        } | {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        self.guard(environ, lambda status, pairs, _=None: got.update(status=status, headers=pairs))
        return got["status"], {name.lower(): value for name, value in got["headers"]}


PAGE = "/news/20261122140112mp_/https://a.example/?q=1"


def test_the_replay_host_sends_a_reader_to_the_app_and_back() -> None:
    login = Login.by_token(TOKEN)
    visitor = Visitor(login)
    status, headers = visitor(PAGE, accept="text/html", sec_fetch_dest="document")
    assert (status[:3], headers["location"]) == ("303", f"{APP}/-/pass?to={quote(PAGE, safe='')}")
    for kind in ("iframe", "image", "empty", "script"):
        assert visitor(PAGE, accept="text/html", sec_fetch_dest=kind)[0].startswith("401")
    assert visitor("/static/wombat.js")[0].startswith("401")
    assert visitor.replayed == []
    status, headers = visitor(f"/-/enter?ticket={login.sign('ticket')}&to={quote(PAGE, safe='')}")
    assert (status[:3], headers["location"]) == ("303", PAGE)
    cookie, _, attributes = headers["set-cookie"].partition("; ")
    assert cookie.startswith("__Host-pass=")
    assert set(attributes.split("; ")) == {"Path=/", "Max-Age=43200", "HttpOnly", "SameSite=Lax", "Secure"}
    status, headers = visitor(PAGE, cookie=f"__Host-pass=forged; {cookie}")
    assert status == "200 OK"
    assert headers["cache-control"] == "private, max-age=31536000"
    assert "set-cookie" not in headers


@pytest.mark.parametrize("kind", ["session", "pass", "leave"])
def test_nothing_but_a_ticket_opens_the_replay_host(kind: Any) -> None:
    login = Login.by_token(TOKEN)
    visitor = Visitor(login)
    for way in ("enter", "leave"):
        status, headers = visitor(f"/-/{way}?ticket={login.sign(kind)}&to=/")
        assert status.startswith("403") and "set-cookie" not in headers
    if kind != "pass":
        assert visitor(PAGE, cookie=f"__Host-pass={login.sign(kind)}")[0].startswith("401")
    assert visitor(PAGE, cookie=f"__Host-session={login.sign('session')}")[0].startswith("401")


def test_leaving_takes_away_what_archived_pages_stored() -> None:
    login = Login.by_token(TOKEN)
    status, headers = Visitor(login)(f"/-/leave?ticket={login.sign('ticket')}&next=/-/login")
    assert (status[:3], headers["location"]) == ("303", f"{APP}/-/login")
    assert "Max-Age=0" in headers["set-cookie"]
    assert '"storage"' in headers["clear-site-data"]


def test_a_ticket_leads_nowhere_else() -> None:
    login = Login.by_token(TOKEN)
    for onward in ("//evil.example", "/\\evil.example", "https://evil.example/"):
        for name in ("to", "next"):
            _, headers = Visitor(login)(f"/-/enter?ticket={login.sign('ticket')}&{name}={quote(onward, safe='')}")
            assert headers["location"] == f"{APP}/"


def test_the_replay_host_believes_the_trusted_proxy_alone() -> None:
    login = Login.by_header("X-Remote-User", ["192.0.2.1"])
    assert Visitor(login)(PAGE, x_remote_user="olena")[0] == "200 OK"
    assert Visitor(login)(PAGE)[0].startswith("403")
    stranger = Visitor(login, peer="192.0.2.9")
    assert stranger(PAGE, x_remote_user="olena", x_forwarded_for="192.0.2.1")[0].startswith("403")
    assert stranger.replayed == []


def test_on_one_machine_the_cookie_goes_into_the_frame_of_another_site() -> None:
    login = Login.by_token(TOKEN)
    visitor = Visitor(login, "http://localhost:8081", "http://127.0.0.1:8080")
    cookie = visitor(f"/-/enter?ticket={login.sign('ticket')}&to=/")[1]["set-cookie"]
    assert cookie.startswith("pass=") and cookie.endswith("SameSite=None; Secure")


def test_nothing_is_answered_that_could_write(tmp_path: Path) -> None:
    """Beside it, a contract of import-linter keeps what writes collections out of the app."""
    app: Any = create_app(tmp_path, REPLAY, APP)
    assert {method for route in app.app.routes for method in getattr(route, "methods", None) or ()} == {"GET", "HEAD"}
    reader = Reader(tmp_path, Login())
    for path in ("/", "/news/", "/news/x", "/-/api/collections", "/feed.xml", "/-/language", "/static/app.css"):
        assert reader(path, {"q": "x"})[0] == 405, path
    reader = Reader(tmp_path, Login.by_token(TOKEN))
    reader("/-/login", {"token": TOKEN})
    assert reader("/", {"q": "x"})[0] == reader("/-/pass", {"to": "/"})[0] == 405
