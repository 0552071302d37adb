"""The wall around replay, over a stand-in for pywb that answers what an archive might hold."""

import re
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.replay.guard import Guard, is_rewritten
from archiver.replay.outgoing import SEALED, Headers, as_text

ORIGIN = "http://localhost:8081"
APP = "http://127.0.0.1:8080"
PAGE = "https://news.example/story"
HOSTILE = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Security-Policy", "default-src *"),
    ("X-Frame-Options", "DENY"),
    ("Access-Control-Allow-Origin", "*"),
    ("X-Robots-Tag", "all"),
]


class Pywb:
    """Answers every request alike and remembers what it was asked."""

    def __init__(
        self, status: str = "200 OK", headers: list[tuple[str, str]] = HOSTILE, *, sealed: bool = True
    ) -> None:
        self.status, self.headers, self.sealed = status, headers, sealed
        self.environ: dict[str, Any] | None = None
        self.closed = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.environ = dict(environ)
        environ["PATH_INFO"] = "/changed"  # as pywb does
        environ[SEALED] = self.sealed  # as our rewriting does
        start_response(self.status, list(self.headers))
        return Body(self)


class Body(list[bytes]):
    """Tells when it is closed."""

    def __init__(self, pywb: "Pywb") -> None:
        super().__init__([b"body"])
        self.pywb = pywb

    def close(self) -> None:
        self.pywb.closed += 1


def ask(
    path: str, pywb: Pywb | None = None, *, app: str | None = APP, **more: str
) -> tuple[str, dict[str, str], bytes]:
    """Status, headers in lower case, and body."""
    got: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
        names = [name.lower() for name, _ in headers]
        assert len(names) == len(set(names)), names
        got.update(status=status, headers={name.lower(): value for name, value in headers})

    path = path.encode().decode("latin-1")  # PEP 3333
    environ = {"PATH_INFO": path, "REQUEST_URI": path, "REQUEST_METHOD": "GET", "HTTP_HOST": "localhost:8081"} | more
    body = b"".join(Guard(pywb or Pywb(), ORIGIN, app)(environ, start_response))
    return got["status"], got["headers"], body


@pytest.mark.parametrize("modifier", ["", "mp_", "if_", "js_", "esm_", "cs_", "im_", "oe_", "fr_", "wkr_", "wkrm_"])
def test_rewritten_content_runs_inside_its_own_origin_only(modifier: str) -> None:
    _, headers, _ = ask(f"/news/20261122140112{modifier}/{PAGE}")
    policy = headers["content-security-policy"]
    assert "sandbox allow-scripts allow-forms allow-same-origin" in policy
    assert "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:;" in policy
    assert f"frame-ancestors 'self' {APP};" in policy
    assert "form-action 'self'" in policy
    assert "allow-popups" not in policy
    assert "allow-top-navigation" not in policy


@pytest.mark.parametrize("modifier", ["id_", "ir_", "bn_", "wkrf_", "vi_", "uo_", "tf_", "xx_", "sw_x_"])
def test_raw_content_may_be_looked_at_and_nothing_more(modifier: str) -> None:
    _, headers, _ = ask(f"/news/20261122140112{modifier}/{PAGE}")
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        f"/news/20261122140112id_/{PAGE}",
        f"/news/{PAGE}",
        "/static/wombat.js",
        "/robots.txt",
        "/favicon.ico",
        "/",
        "/news/",
        "/.archiver/2026mp_/x",
    ],
)
def test_every_answer_is_sealed(path: str) -> None:
    _, headers, _ = ask(path)
    assert headers["x-robots-tag"] == "noindex, noarchive"
    assert "sandbox" in headers["content-security-policy"]
    assert not {"x-frame-options", "access-control-allow-origin"} & headers.keys()


@given(st.text(max_size=60))
def test_a_path_that_hides_a_raw_modifier_is_raw(path: str) -> None:
    """What pywb could read as raw, in the address as sent or decoded, must never get the permissive policy."""
    _, headers, _ = ask(f"/news/20261122140112id_/{path}")
    assert headers["content-security-policy"].startswith("default-src 'none'")
    _, headers, _ = ask("/news/20261122mp_/x", REQUEST_URI=f"/news/20261122id_/{path}")
    assert headers["content-security-policy"].startswith("default-src 'none'")
    _, headers, _ = ask(f"/news/20261122id_/{path}", REQUEST_URI="/news/20261122mp_/x")
    assert headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("path", ["//news/2026mp_/x", "/news/2026%6dp_/x", "/news/$x/x", "/news/mp_", "/static/x", ""])
def test_what_is_unclear_counts_as_raw(path: str) -> None:
    assert not is_rewritten(path)


@pytest.mark.parametrize(
    ("modifier", "location", "expected"),
    [
        ("mp_", f"{ORIGIN}/news/20261122140113mp_/{PAGE}", f"{ORIGIN}/news/20261122140113mp_/{PAGE}"),
        ("mp_", "/news/20261122140113mp_/https://a.example/", "/news/20261122140113mp_/https://a.example/"),
        ("mp_", "http://out.example/x", f"{ORIGIN}/news/20261122140112mp_/http://out.example/x"),
        ("mp_", " http://out.example/x", f"{ORIGIN}/news/20261122140112mp_/http://out.example/x"),
        ("mp_", "//out.example/x", f"{ORIGIN}/news/20261122140112mp_/https://out.example/x"),
        ("mp_", "/\\out.example/x", f"{ORIGIN}/news/20261122140112mp_/https://out.example/x"),
        ("id_", "/other", f"{ORIGIN}/news/20261122140112id_/https://news.example/other"),
        ("id_", "https://out.example/", f"{ORIGIN}/news/20261122140112id_/https://out.example/"),
        ("id_", f"{ORIGIN}/news/2026id_/x", f"{ORIGIN}/news/2026id_/x"),
    ],
)
def test_a_redirect_stays_inside(modifier: str, location: str, expected: str) -> None:
    pywb = Pywb("302 Found", [("Location", location)])
    _, headers, _ = ask(f"/news/20261122140112{modifier}/{PAGE}", pywb)
    assert headers["location"] == expected


def test_a_redirect_from_elsewhere_stays_inside() -> None:
    _, headers, _ = ask("/static/x", Pywb("302 Found", [("Location", "http://out.example/")]))
    assert headers["location"] == "/"


@pytest.mark.parametrize("host", ["127.0.0.1:8081", "evil.example", "localhost", "localhost:8080", ""])
def test_only_its_own_host_is_answered(host: str) -> None:
    pywb = Pywb()
    status, _, body = ask(f"/news/2026mp_/{PAGE}", pywb, HTTP_HOST=host)
    assert status.startswith("421")
    assert ORIGIN.encode() in body
    assert pywb.environ is None


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "CONNECT"])
def test_an_archive_is_read_only(method: str) -> None:
    status, headers, _ = ask(f"/news/2026mp_/{PAGE}", REQUEST_METHOD=method)
    assert (status[:3], headers["allow"]) == ("405", "GET, HEAD, POST, OPTIONS")


def test_service_workers_are_refused() -> None:
    assert ask(f"/news/2026mp_/{PAGE}", HTTP_SERVICE_WORKER="script")[0].startswith("403")
    assert ask(f"/news/2026sw_/{PAGE}")[0].startswith("403")


def test_headers_that_pywb_would_trust_are_dropped() -> None:
    pywb = Pywb()
    trusted = {
        "HTTP_X_PYWB_ACL_USER": "staff",
        "HTTP_X_FORWARDED_PROTO": "https",
        "HTTP_X_FORWARDED_HOST": "evil.example",
        "HTTP_X_WOMBAT_HISTORY_PAGE": "x",
    }
    ask(f"/news/2026mp_/{PAGE}", pywb, HTTP_RANGE="bytes=0-", **trusted)
    assert pywb.environ is not None
    assert not trusted.keys() & pywb.environ.keys()
    assert pywb.environ["HTTP_RANGE"] == "bytes=0-"


def test_front_pages_lead_to_the_app() -> None:
    for path in ("/", "/news/", f"/news/*/{PAGE}", f"/news/2026*/{PAGE}"):
        status, headers, _ = ask(path)
        assert (status[:3], headers["location"]) == ("302", f"{APP}/"), path
    assert ask("/", app=None)[0].startswith("404")


def test_hidden_folders_and_files_of_collections_are_not_served() -> None:
    assert ask(f"/.archiver/2026mp_/{PAGE}")[0].startswith("404")
    assert ask("/static/_/news/evil.js")[0].startswith("404")
    assert ask("/static/archiver/seal.js")[2].startswith(b"//")
    assert ask("/static/archiver/../guard.py")[2] == b"body"  # pywb's to refuse; not ours


def test_a_browser_is_shown_raw_markup_as_its_source() -> None:
    _, headers, _ = ask(f"/news/2026id_/{PAGE}", HTTP_SEC_FETCH_DEST="document")
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert ask(f"/news/2026id_/{PAGE}")[1]["content-type"] == "text/html; charset=utf-8"
    assert ask(f"/news/2026mp_/{PAGE}", HTTP_SEC_FETCH_DEST="iframe")[1]["content-type"].startswith("text/html")
    assert as_text("image/svg+xml") == "text/plain"
    assert as_text("image/png") == "image/png"


PLAIN = [("Content-Type", "text/html; charset=utf-8")]


@pytest.mark.parametrize("modifier", ["", "mp_", "if_", "fr_", "oe_"])
@pytest.mark.parametrize("status", ["200 OK", "404 Not Found"])
def test_a_page_that_wants_a_window_of_its_own_is_shown_in_the_apps_frame(modifier: str, status: str) -> None:
    pywb, query = Pywb(status), {"QUERY_STRING": "a=1&b=%26", "HTTP_SEC_FETCH_DEST": "document"}
    path = f"/news/20261122140112{modifier}/{PAGE}"
    got, headers, body = ask(path, pywb, **query)
    url = quote(f"{PAGE}?a=1&b=%26", safe="")
    assert (got[:3], headers["location"]) == ("303", f"{APP}/-/replay?in=news&at=20261122140112&url={url}")
    assert (body, headers["content-length"], headers["cache-control"]) == (b"", "0", "no-store")
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert (pywb.closed, ask(path, Pywb(status), app=None, **query)[2]) == (1, b"body")  # no app, no frame


@pytest.mark.parametrize("asked", [None, "iframe", "frame", "object", "empty", "script", "image"])
def test_a_program_and_a_part_get_the_page_itself(asked: str | None) -> None:
    told = {"HTTP_SEC_FETCH_DEST": asked} if asked else {}
    status, _, body = ask(f"/news/20261122140112mp_/{PAGE}", **told)
    assert (status, body) == ("200 OK", b"body")


def test_what_runs_no_script_may_have_a_window_of_its_own() -> None:
    for pywb in (Pywb(headers=[("Content-Type", "application/pdf")]), Pywb("302 Found", [("Location", "/news/x")])):
        assert ask(f"/news/2026mp_/{PAGE}", pywb, HTTP_SEC_FETCH_DEST="document")[0] == pywb.status
    assert ask(f"/news/2026id_/{PAGE}", HTTP_SEC_FETCH_DEST="document")[2] == b"body"


@pytest.mark.parametrize("modifier", ["", "mp_", "if_", "js_", "im_", "oe_"])
@pytest.mark.parametrize(
    ("headers", "sealed"),
    [
        (PLAIN, False),
        ([("Content-Type", "text/html; charset=utf-16le")], True),
        ([("Content-Type", "text/html"), ("Content-Encoding", "zstd")], True),
        ([("Content-Type", "image/svg+xml")], True),
        ([("Content-Type", "text/xml")], True),
        ([("Content-Type", "application/xhtml+xml")], True),
        ([("Content-Type", "multipart/related")], True),
        ([], True),
    ],
)
def test_what_has_no_seal_is_looked_at_and_does_not_run(modifier: str, headers: Headers, sealed: bool) -> None:
    _, got, _ = ask(f"/news/2026{modifier}/{PAGE}", Pywb(headers=headers, sealed=sealed))
    policy = got["content-security-policy"]
    assert "script-src 'none'" in policy and policy.endswith("; sandbox")


@pytest.mark.parametrize(
    "status", ["200 OK", "206 Partial Content", "404 Not Found", "451 Gone", "500 Oh", "503 Busy", "999"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_every_status_and_method_is_sealed(status: str, method: str) -> None:
    for modifier, begins in (("mp_", "default-src 'self'"), ("id_", "default-src 'none'")):
        got, headers, _ = ask(f"/news/2026{modifier}/{PAGE}", Pywb(status), REQUEST_METHOD=method)
        assert headers["content-security-policy"].startswith(begins)
        assert headers["x-robots-tag"] == "noindex, noarchive"
        assert got == ("502 Bad Gateway" if status == "999" else status)


def test_what_breaks_is_sealed_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    def broken(_environ: dict[str, Any], _start_response: Any) -> list[bytes]:
        raise RuntimeError("no answer")

    status, headers, body = ask(f"/news/2026mp_/{PAGE}", broken)  # type: ignore[arg-type]
    assert (status[:3], headers["content-security-policy"]) == ("500", "default-src 'none'; sandbox")
    assert b"RuntimeError" not in body
    assert "no answer" in capsys.readouterr().err


ACTING = [
    ("Set-Cookie", "a=1"),
    ("Refresh", "0; url=http://out.example"),
    ("Link", "<http://out.example>; rel=preconnect"),
    ("Alt-Svc", 'h2="out.example:443"'),
    ("Clear-Site-Data", '"*"'),
    ("Service-Worker-Allowed", "/"),
    ("Report-To", '{"endpoints": [{"url": "http://out.example"}]}'),
    ("Reporting-Endpoints", 'a="http://out.example"'),
    ("NEL", '{"report_to": "a"}'),
    ("Content-Security-Policy", "default-src *"),
    ("Content-Security-Policy-Report-Only", "report-uri http://out.example"),
    ("Strict-Transport-Security", "max-age=9"),
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Credentials", "true"),
    ("Speculation-Rules", '"http://out.example"'),
    ("SourceMap", "http://out.example"),
    ("X-SourceMap", "http://out.example"),
    ("X-Accel-Redirect", "/secret"),
    ("X-Sendfile", "/etc/passwd"),
    ("WWW-Authenticate", "Basic"),
    ("Permissions-Policy", "camera=*"),
    ("Origin-Agent-Cluster", "?1"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
    ("X-Frame-Options", "ALLOWALL"),
    ("Something-New", "http://out.example"),
]


@pytest.mark.parametrize(("name", "value"), ACTING)
def test_a_header_that_acts_does_not_go_out(name: str, value: str) -> None:
    _, headers, _ = ask(f"/news/2026mp_/{PAGE}", Pywb(headers=[*PLAIN, (name, value)]))
    assert "out.example" not in str(headers)
    assert headers.get(name.lower(), "") != value


def test_a_header_that_describes_goes_out() -> None:
    told = [*PLAIN, ("Content-Language", "uk"), ("X-Total-Count", "7"), ("X-Archive-Orig-Set-Cookie", "a=1")]
    link = f'<{PAGE}>; rel="original", <{ORIGIN}/news/{PAGE}>; rel="timegate"'
    told += [("Memento-Datetime", "Sun, 22 Nov 2026 14:01:12 GMT"), ("Link", link)]
    _, headers, _ = ask(f"/news/2026mp_/{PAGE}", Pywb(headers=told))
    assert {name.lower(): value for name, value in told}.items() <= headers.items()


@given(st.text(), st.text())
def test_nothing_in_a_header_ends_a_line(name: str, value: str) -> None:
    for told in (
        (f"X-{name}", value),
        ("X-Name", value),
        ("Content-Type", value),
        ("Link", value),
        ("Location", value),
    ):
        _, headers, _ = ask(f"/news/2026mp_/{PAGE}", Pywb("302 Found", [told]))
        for key, text in headers.items():
            assert not set(key + text) & set("\r\n\0")
            (key + text).encode("latin-1")
            assert key.isascii() and not set(key) & set(" :\t")


PARTS = (
    "/ // news 2026 mp_ id_ bn_ %69d_ %2f %2e%2e .. ; ? # \\ * - timemap/link/ timegate/ https://news.example/ %00 é $x"
)
PATH = st.lists(st.sampled_from([*PARTS.split(), " ", "static", "_", "%25", "@"]), max_size=9).map("".join)


@given(PATH, PATH, st.booleans())
def test_no_two_readings_of_an_address_open_what_is_raw(path: str, raw: str, same: bool) -> None:
    """pywb reads the address as sent, routes by the decoded one; whichever it takes for raw, scripts do not run."""
    raw = f"/{path}" if same else f"/{raw}"
    decoded = unquote(f"/{path}".partition("?")[0])
    pywb = Pywb()
    status, headers, _ = ask(decoded, pywb, REQUEST_URI=raw)
    policy = headers["content-security-policy"]
    assert "sandbox" in policy
    if "allow-scripts" in policy:
        for form in (decoded, raw.partition("?")[0]):
            found = re.fullmatch(r"/[^/]+/(?:\d*([a-z]+_)?/{1,9}.+|https?:.+)", form, re.S)
            assert found and (found[1] or "") in ("", "mp_", "if_", "js_", "im_", "oe_"), (form, status)


@pytest.mark.parametrize(
    ("path", "raw"),
    [
        ("http://evil.example/news/2026mp_/x", "http://evil.example/news/2026mp_/x"),
        ("/news/2026mp_/x", "http://localhost:8081/news/2026mp_/x"),
        ("*", "*"),
        ("news/2026mp_/x", "news/2026mp_/x"),
    ],
)
def test_it_is_no_proxy(path: str, raw: str) -> None:
    pywb = Pywb()
    assert ask(path, pywb, REQUEST_URI=raw)[0].startswith("400")
    assert pywb.environ is None


def test_two_hosts_are_none_of_ours() -> None:
    assert ask(f"/news/2026mp_/{PAGE}", HTTP_HOST="localhost:8081,localhost:8081")[0].startswith("421")
