"""What browsers may keep of replay, and how they ask whether it still stands (RFC 9110 §13, ADR 0024).

A record never changes, but whether a reader may see it does, and which record is the nearest. So a browser asks each
time, and is told by its tag that it has the answer already: once the index has been looked up and access was decided,
before any record is read.
"""

import hashlib
from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import Any

from pywb.apps.wbrequestresponse import WbResponse
from pywb.utils.wbexception import WbException
from warcio.statusandheaders import StatusAndHeaders

from archiver.replay.outgoing import DIGEST, FOREVER, Application, Environ, Headers

QUESTION = "archiver.question"
"""In the environ: what the tag of the answer depends on but for the record."""
TAG = "archiver.tag"
"""In the environ: the tag of the answer, as soon as its record is known."""
KEEP = ("Cache-Control", "private, no-cache")
DIFFER = (
    *("REQUEST_URI", "HTTP_HOST", "HTTP_USER_AGENT", "HTTP_ACCEPT_DATETIME", "HTTP_X_REQUESTED_WITH"),
    *("HTTP_X_PYWB_REQUESTED_WITH", "HTTP_SEC_FETCH_DEST", "HTTP_SEC_FETCH_MODE"),
)
"""Of a request, what rewriting and the guard look at."""


class Unchanged(WbException):  # type: ignore[misc]
    """The browser has the answer."""

    def response(self) -> Any:
        """304, with no policy in it: that of the answer that the browser has stands (RFC 9111 §4.3.4)."""
        return WbResponse(StatusAndHeaders("304 Not Modified", [KEEP, ("ETag", str(self.msg))], protocol="HTTP/1.1"))


class Tagging:
    """Puts tags on answers that are made of a record and nothing else. Stands between the guard and pywb."""

    def __init__(self, pywb: Application, circumstances: str) -> None:
        """`circumstances`: what answers depend on, and no request tells."""
        self.pywb = pywb
        self.circumstances = f"{version('archiver')} {version('pywb')} {circumstances}"

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """One request. Parts of a film have no tag: they are cut out of what the tag would be of."""
        asked = environ["PATH_INFO"]
        environ.pop(TAG, None)
        if environ["REQUEST_METHOD"] in ("GET", "HEAD") and "HTTP_RANGE" not in environ:
            environ[QUESTION] = "\n".join([self.circumstances, *(str(environ.get(name)) for name in DIFFER)])

        def tagged(status: str, headers: Headers, exc_info: Any = None) -> Any:
            if status.startswith("200") and asked.startswith(f"/static/{DIGEST}/"):
                headers = [*headers, ("Cache-Control", FOREVER)]
            if TAG in environ and status.startswith("200"):
                headers = [*headers, KEEP, ("ETag", environ[TAG])]
            return start_response(status, headers, exc_info)

        return self.pywb(environ, tagged)


def is_known(environ: Environ, line: Any) -> bool:
    """Whether the browser has the answer that is made of this index line; notes its tag."""
    if QUESTION not in environ:
        return False
    place = "\n".join(str(line.get(name)) for name in ("filename", "offset", "length", "timestamp", "url", "is_fuzzy"))
    digest = hashlib.sha256(f"{environ[QUESTION]}\n{place}".encode("utf-8", "surrogateescape")).hexdigest()[:32]
    environ[TAG] = f'"{digest}"'
    # A proxy that packs answers makes tags weak; the comparison of RFC 9110 §13.1.2 is the weak one.
    return environ[TAG] in environ.get("HTTP_IF_NONE_MATCH", "")
