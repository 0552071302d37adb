"""The wall around replay: a WSGI application around pywb that decides what comes in and seals what goes out.

Archived pages are hostile. What a modifier says decides the policy, whatever the archived response said itself:
rewritten content may run, inside its own origin and nowhere else; raw content may be looked at and nothing more.
An opaque origin (no `allow-same-origin`) would break workers, storage and fetch of honest pages; `allow-popups`
would let a page out.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
Answer = tuple[str, Headers, bytes]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

REWRITTEN = frozenset({"", "mp_", "if_", "fr_", "js_", "esm_", "cs_", "im_", "oe_", "wkr_", "wkrm_"})
"""Modifiers whose content pywb rewrites. All others are raw, also those that do not exist."""

REPLAY_URL = re.compile(
    r"/(?P<name>[^/]+)/(?:(?P<at>\d*)(?P<modifier>[a-z]+_)?/+(?P<url>.+)|(?P<newest>https?:.+))", re.S
)
CALENDAR = re.compile(r"\d*[*-]\d*/.+", re.S)

STATIC = Path(__file__).parent / "static"
METHODS = ("GET", "HEAD", "POST", "OPTIONS")
OURS = frozenset({"content-security-policy", "x-frame-options", "access-control-allow-origin", "x-robots-tag"})
EVERYWHERE: Headers = [
    ("X-Robots-Tag", "noindex, noarchive"),
    ("Referrer-Policy", "same-origin"),
    ("X-DNS-Prefetch-Control", "off"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), display-capture=(), usb=(), serial=(), hid=()"),
    ("Cache-Control", "private, no-cache"),
]
RAW_POLICY = "default-src 'none'; sandbox"
DOCUMENTS = frozenset({"document", "iframe", "frame", "embed", "object"})
"""Values of Sec-Fetch-Dest for what a browser would lay out as a page."""


class Guard:
    """Wraps pywb. `origin` is the one address that this server answers to; `app` may show it in a frame."""

    def __init__(self, pywb: Application, origin: str, app: str | None) -> None:
        """Both origins as `http://host:port`."""
        self.pywb = pywb
        self.origin = origin
        self.host = urlsplit(origin).netloc
        self.app = app
        framers = f"'self' {app}" if app else "'self'"
        self.policy = (
            "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; form-action 'self'; base-uri 'self'; "
            f"frame-ancestors {framers}; sandbox allow-scripts allow-forms allow-same-origin"
        )

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """One request. The path is read here, because pywb changes it."""
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        refusal = self._refusal(environ, path) or self._own(path, environ.get("HTTP_REFERER", ""))
        if refusal:
            status, headers, body = refusal
            start_response(status, [*headers, *self._seal(RAW_POLICY), ("Content-Length", str(len(body)))])
            return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
        for name in [
            key for key in environ if key.startswith(("HTTP_X_FORWARDED", "HTTP_X_PYWB_ACL", "HTTP_X_WOMBAT"))
        ]:
            del environ[name]
        raw_path = environ.get("REQUEST_URI", path).partition("?")[0]
        asked = REPLAY_URL.fullmatch(raw_path)
        policy = self.policy if is_rewritten(path) and is_rewritten(raw_path) else RAW_POLICY

        def seal(status: str, headers: Headers, exc_info: Any = None) -> Any:
            kept = [(name, value) for name, value in headers if name.lower() not in OURS]
            if policy is RAW_POLICY and environ.get("HTTP_SEC_FETCH_DEST") in DOCUMENTS:
                kept = [(name, as_text(value) if name.lower() == "content-type" else value) for name, value in kept]
            kept = [(name, self._inside(value, asked) if name.lower() == "location" else value) for name, value in kept]
            return start_response(status, [*kept, *self._seal(policy)], exc_info)

        return self.pywb(environ, seal)

    def _refusal(self, environ: Environ, path: str) -> Answer | None:
        if environ.get("HTTP_HOST", "").lower() != self.host.lower():
            return _text("421 Misdirected Request", f"This is the replay host; its address is {self.origin}")
        if environ["REQUEST_METHOD"] not in METHODS:
            status, headers, body = _text("405 Method Not Allowed", "An archive is read only.")
            return status, [*headers, ("Allow", ", ".join(METHODS))], body
        asked = REPLAY_URL.fullmatch(path)
        if environ.get("HTTP_SERVICE_WORKER") or (asked and asked["modifier"] == "sw_"):
            return _text("403 Forbidden", "Service workers are not replayed: they would outlive the page.")
        return None

    def _own(self, path: str, referrer: str) -> Answer | None:
        """What is answered here: our scripts, the files that browsers ask for by themselves, pywb's front pages."""
        first, _, rest = path[1:].partition("/")
        if path == "/robots.txt":
            return _text("200 OK", "User-agent: *\nDisallow: /\n")
        if path == "/favicon.ico":
            return "204 No Content", [], b""
        if first == "static" and rest in ("archiver/seal.js", "archiver/scope.js"):
            body = (STATIC / rest.rpartition("/")[2]).read_bytes()
            return "200 OK", [("Content-Type", "text/javascript; charset=utf-8")], body
        if first.startswith(".") or (first == "static" and rest.startswith("_/")):
            return _text("404 Not Found", "There is no such collection here.")
        stray = referrer.startswith(f"{self.origin}/")  # a page's own address from its root; pywb finds its place
        if CALENDAR.match(rest) or (path.endswith("/") and not rest and not stray):
            return self._front()
        return None

    def _front(self) -> Answer:
        if self.app:
            return "302 Found", [("Location", f"{self.app}/")], b""
        return _text("404 Not Found", "This host replays archived pages: /COLLECTION/TIMESTAMPmp_/URL")

    def _inside(self, location: str, asked: re.Match[str] | None) -> str:
        """A redirect that cannot leave the archive (Memento: the raw form of a redirect leads to its raw target)."""
        location = location.strip().replace("\\", "/")
        modifier = (asked and asked["modifier"]) or ""
        ours = urlsplit(urljoin(self.origin, location)).netloc == self.host
        if ours and (modifier in REWRITTEN or location.startswith(f"{self.origin}/")):
            return location
        if asked is None:
            return "/"
        target = urljoin(asked["url"] or asked["newest"], location)
        return f"{self.origin}/{asked['name']}/{asked['at'] or ''}{modifier}/{target}"

    def _seal(self, policy: str) -> Headers:
        sniff = [("X-Content-Type-Options", "nosniff")] if policy is RAW_POLICY else []
        return [("Content-Security-Policy", policy), *sniff, *EVERYWHERE]


def is_rewritten(path: str) -> bool:
    """Whether pywb will rewrite what lies at `path`; anything unclear counts as raw."""
    asked = REPLAY_URL.fullmatch(path)
    return asked is not None and (asked["modifier"] or "") in REWRITTEN


def as_text(content_type: str) -> str:
    """The type under which a browser shows raw markup: as its source, because even a blocked frame is connected to."""
    kind, semicolon, parameters = content_type.partition(";")
    markup = "html" in kind.lower() or "xml" in kind.lower()
    return f"text/plain{semicolon}{parameters}" if markup else content_type


def _text(status: str, message: str) -> Answer:
    return status, [("Content-Type", "text/plain; charset=utf-8")], message.encode()
