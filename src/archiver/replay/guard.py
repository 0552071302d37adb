"""The wall around replay: a WSGI application around pywb that decides what comes in and seals what goes out.

Archived pages are hostile. What was asked for, and whether it has our seal, decides the policy, whatever the archived
response said itself: a sealed page and a script may run, inside their own origin and nowhere else; what is rewritten
and no page may be looked at, with its styles; raw content may be looked at and nothing more.
An opaque origin (no `allow-same-origin`) would break workers, storage and fetch of honest pages; `allow-popups`
would let a page out. Frames of `blob:` and `data:` would be pages without a seal.
"""

import re
import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from archiver.replay import outgoing
from archiver.replay.gate import Gate
from archiver.replay.login import Login
from archiver.replay.outgoing import RAW, SEALED, Answer, Application, Environ, Headers, text

REWRITTEN = frozenset({"", "mp_", "if_", "fr_", "js_", "esm_", "cs_", "im_", "oe_", "wkr_", "wkrm_"})
"""Modifiers whose content pywb rewrites. All others are raw, also those that do not exist."""

REPLAY_URL = re.compile(
    r"/(?P<name>[^/]+)/(?:(?P<at>\d*)(?P<modifier>[a-z]+_)?/+(?P<url>.+)|(?P<newest>https?:.+))", re.S
)
CALENDAR = re.compile(r"\d*[*-]\d*/.+", re.S)

STATIC = Path(__file__).parent / "static"
METHODS = ("GET", "HEAD", "POST", "OPTIONS")
TRUSTED = ("HTTP_X_FORWARDED", "HTTP_FORWARDED", "HTTP_X_PYWB_", "HTTP_X_WOMBAT", "HTTP_PREFER", "HTTP_X_ORIGINAL_")
"""What would tell pywb who asks, or that another form of the page is meant than its address says."""
EVERYWHERE: Headers = [
    ("X-Robots-Tag", "noindex, noarchive"),
    ("Referrer-Policy", "same-origin"),
    ("X-DNS-Prefetch-Control", "off"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), display-capture=(), usb=(), serial=(), hid=()"),
]
POLICY = ("Content-Security-Policy", "X-Content-Type-Options")
DOCUMENTS = frozenset({"document", "iframe", "frame", "embed", "object"})
"""Values of Sec-Fetch-Dest for what a browser would lay out as a page."""
ALONE = "document"
"""The one for what is to have a window of its own, which no frame's policy would hold (Fetch Metadata §2.1)."""
LED = "archiver.led"
"""In the environ: that the browser is led to the app's frame instead."""


class Guard:
    """Wraps pywb. `origin` is the one address that this server answers to; `app` may show it in a frame."""

    def __init__(self, pywb: Application, origin: str, app: str | None, login: Login = Login()) -> None:  # noqa: B008
        """Both origins as `http://host:port`."""
        self.pywb = pywb
        self.origin = origin
        self.scheme, self.host = urlsplit(origin)[:2]
        self.app = app
        self.gate = Gate(login, origin, app)
        framers = f"'self' {app}" if app else "'self'"
        self.active = (
            "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-src 'self'; form-action 'self'; "
            f"base-uri 'self'; frame-ancestors {framers}; sandbox allow-scripts allow-forms allow-same-origin"
        )
        self.passive = (
            "default-src 'self' 'unsafe-inline' data: blob:; script-src 'none'; frame-src 'none'; form-action 'none'; "
            f"base-uri 'none'; frame-ancestors {framers}; sandbox"
        )

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """One request. The path is read here, because pywb changes it."""
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        refusal = self._refusal(environ, path) or self._own(path, environ.get("HTTP_REFERER", ""))
        if refusal:
            return self._answer(refusal, environ, start_response)
        for name in [key for key in environ if key.startswith(TRUSTED)]:
            del environ[name]
        environ["wsgi.url_scheme"] = self.scheme
        environ.pop(SEALED, None)
        environ.pop(LED, None)
        try:
            body = self.pywb(environ, self._sealing(environ, path, start_response))
            return _unread(body) if LED in environ else body
        except Exception:  # noqa: BLE001 - the server's own answer would come without a seal
            traceback.print_exc(file=sys.stderr)
            return self._answer(text("500 Internal Server Error", "This cannot be shown."), environ, start_response)

    def _answer(self, answer: Answer, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        status, headers, body = answer
        start_response(status, [*headers, *self._seal(RAW, headers), ("Content-Length", str(len(body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _sealing(self, environ: Environ, path: str, start_response: Callable[..., Any]) -> Callable[..., Any]:
        raw_path = environ.get("REQUEST_URI", path).partition("?")[0]
        asked = REPLAY_URL.fullmatch(raw_path)
        rewritten = is_rewritten(path) and is_rewritten(raw_path)

        def seal(status: str, headers: Headers, exc_info: Any = None) -> Any:
            status = outgoing.status_line(status)
            kept = outgoing.cleaned(headers, status)
            policy = self._policy(kept, environ, rewritten=rewritten)
            if policy is self.active and asked and self.app and environ.get("HTTP_SEC_FETCH_DEST") == ALONE:
                environ[LED] = True
                kept = self._framed(asked, environ)
                return start_response("303 See Other", [*kept, *self._seal(RAW, kept)], exc_info)
            if policy is RAW and environ.get("HTTP_SEC_FETCH_DEST") in DOCUMENTS:
                kept = [
                    (name, outgoing.as_text(value) if name.lower() == "content-type" else value) for name, value in kept
                ]
            kept = [
                (name, outgoing.inside(value, self.origin, asked, REWRITTEN) if name.lower() == "location" else value)
                for name, value in kept
            ]
            if self.gate.login.mode != "open":  # no cache between is to show others what a reader may see
                kept = [(name, _private(value) if name.lower() == "cache-control" else value) for name, value in kept]
            sealed = self._seal(policy, kept)
            if status.startswith("304"):  # headers of the answer that the browser has stand, unless we name others
                sealed = [one for one in sealed if one[0] not in POLICY]
            return start_response(status, [*kept, *sealed], exc_info)

        return seal

    def _framed(self, asked: re.Match[str], environ: Environ) -> Headers:
        """The way to the app's page that shows what was asked for in a frame."""
        query = environ.get("QUERY_STRING", "")
        url = (asked["url"] or asked["newest"]) + (f"?{query}" if query else "")
        name = quote(asked["name"], safe="%")
        place = f"{self.app}/-/replay?in={name}&at={asked['at'] or ''}&url={quote(url, safe='')}"
        return [("Location", place), ("Cache-Control", "no-store"), ("Vary", "Sec-Fetch-Dest"), ("Content-Length", "0")]

    def _policy(self, headers: Headers, environ: Environ, *, rewritten: bool) -> str:
        if not rewritten:
            return RAW
        return self.active if outgoing.runs(headers, sealed=environ.get(SEALED, False)) else self.passive

    def _refusal(self, environ: Environ, path: str) -> Answer | None:
        if environ.get("HTTP_HOST", "").lower() != self.host.lower():
            return text("421 Misdirected Request", f"This is the replay host; its address is {self.origin}")
        if not path.startswith("/") or not environ.get("REQUEST_URI", "/").startswith("/"):
            return text("400 Bad Request", "This is no proxy.")
        if environ["REQUEST_METHOD"] not in METHODS:
            status, headers, body = text("405 Method Not Allowed", "An archive is read only.")
            return status, [*headers, ("Allow", ", ".join(METHODS))], body
        asked = REPLAY_URL.fullmatch(path)
        if environ.get("HTTP_SERVICE_WORKER") or (asked and asked["modifier"] == "sw_"):
            return text("403 Forbidden", "Service workers are not replayed: they would outlive the page.")
        return self.gate.answer(environ, path)

    def _own(self, path: str, referrer: str) -> Answer | None:
        """What is answered here: our scripts, the files that browsers ask for by themselves, pywb's front pages."""
        first, _, rest = path[1:].partition("/")
        if path == "/robots.txt":
            return text("200 OK", "User-agent: *\nDisallow: /\n")
        if path == "/favicon.ico":
            return "204 No Content", [], b""
        if first == "static" and rest.endswith(("archiver/seal.js", "archiver/scope.js")):
            return self._script(rest)
        if first.startswith((".", "-")) or (first == "static" and rest.startswith("_/")):
            return text("404 Not Found", "There is no such collection here.")
        stray = referrer.startswith(f"{self.origin}/")  # a page's own address from its root; pywb finds its place
        if CALENDAR.match(rest) or (path.endswith("/") and not rest and not stray):
            return self._front()
        return None

    def _script(self, rest: str) -> Answer:
        """One of our scripts; at the address that holds the digest of all of them, for ever."""
        place, _, name = rest.rpartition("archiver/")
        if place not in ("", f"{outgoing.DIGEST}/"):
            return text("404 Not Found", "There is no such script here.")
        forever = [("Cache-Control", outgoing.FOREVER)] if place else []
        body = (STATIC / name).read_bytes()
        return "200 OK", [("Content-Type", "text/javascript; charset=utf-8"), *forever], body

    def _front(self) -> Answer:
        if self.app:
            return "302 Found", [("Location", f"{self.app}/")], b""
        return text("404 Not Found", "This host replays archived pages: /COLLECTION/TIMESTAMPmp_/URL")

    def _seal(self, policy: str, headers: Headers) -> Headers:
        sniff = [("X-Content-Type-Options", "nosniff")] if policy is RAW else []
        cached = any(name.lower() == "cache-control" for name, _ in headers)
        cache = [] if cached else [("Cache-Control", "private, no-cache")]
        return [("Content-Security-Policy", policy), *sniff, *EVERYWHERE, *cache]


def is_rewritten(path: str) -> bool:
    """Whether pywb will rewrite what lies at `path`; anything unclear counts as raw."""
    asked = REPLAY_URL.fullmatch(path)
    return asked is not None and (asked["modifier"] or "") in REWRITTEN


def _unread(body: Iterable[bytes]) -> list[bytes]:
    """No body, instead of one that is not wanted."""
    if close := getattr(body, "close", None):
        close()
    return []


def _private(cache: str) -> str:
    return "no-store" if "private" not in (told := cache.replace("public", "private")) else told
