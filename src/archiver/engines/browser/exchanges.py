"""From what the browser tells to what is recorded: pure functions, no sessions.

The browser gives bodies without content and transfer coding, and heads of HTTP/2 or 3 without a status line. The
record says HTTP/1.1 throughout (the true protocol stands in WARC-Protocol), and a header field that is no longer true
of the stored body is kept under the name `X-Archive-Orig-…`.
"""

import base64
import re
from collections import Counter
from http import HTTPStatus
from typing import Any
from urllib.parse import urldefrag

from archiver.browser import Event
from archiver.engines.browser.network import Hop, header_lines
from archiver.model import Headers, now
from archiver.warc.http import REDIRECTS, reason_of, renamed, values_of

CODINGS = frozenset(("content-encoding", "transfer-encoding", "content-length"))
BODYLESS = frozenset((204, 205, 304))
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


class Paused:
    """An answer held at the response stage (`Fetch.requestPaused`), read."""

    def __init__(self, event: Event, hop: Hop) -> None:
        self.hop = hop
        self.id: str = event["requestId"]
        self.network_id: str = event.get("networkId", "")
        self.frame: str = event["frameId"]
        self.url: str = urldefrag(event["request"]["url"]).url
        self.method: str = event["request"]["method"]
        self.type: str = event["resourceType"].lower()
        self.error: str = event.get("responseErrorReason", "")
        self.status: int = event.get("responseStatusCode", 0)
        self.request: dict[str, Any] = event["request"]
        self.told_headers: list[dict[str, str]] = event.get("responseHeaders", [])
        self.arrived = now()
        self.answered = False
        """Whether the browser has been told to go on with it."""
        self.flowing = False
        """Whether its body is kept while the page gets it."""
        self._status_text: str = event.get("responseStatusText", "")

    def header(self, name: str) -> str:
        """The first value of a response header, or ""."""
        return next((told["value"] for told in self.told_headers if told["name"].lower() == name), "")

    @property
    def withheld(self) -> bool:
        """Whether the browser keeps the answer from the page, with head and body (opaque response blocking)."""
        return not self.told_headers and bool(self.hop.got_headers and self.hop.got_headers["headers"])

    @property
    def is_attachment(self) -> bool:
        """Whether the server wants it saved rather than shown."""
        return self.header("content-disposition").strip().lower().startswith("attachment")

    @property
    def content_type(self) -> str:
        """The media type without parameters, in lower case."""
        return self.header("content-type").partition(";")[0].strip().lower()

    @property
    def redirects(self) -> bool:
        """Whether the browser will go elsewhere; such answers have no body that it would give out."""
        return self.status in REDIRECTS and bool(self.header("location"))

    @property
    def bodyless(self) -> bool:
        """Whether there is, by HTTP or by DevTools, no body to be had."""
        return self.redirects or self.status in BODYLESS or self.method == "HEAD"

    @property
    def range(self) -> tuple[int, int, int] | None:
        """First byte, last byte and whole length of a 206 answer; None if it is no single range."""
        found = (
            _RANGE.fullmatch(self.header("content-range").strip())
            if self.status == HTTPStatus.PARTIAL_CONTENT
            else None
        )
        return (int(found[1]), int(found[2]), int(found[3])) if found else None

    @property
    def whole(self) -> bool:
        """False for a part of something longer."""
        if self.status != HTTPStatus.PARTIAL_CONTENT:
            return True
        return self.range is not None and self.range[0] == 0 and self.range[1] == self.range[2] - 1

    @property
    def length(self) -> int | None:
        """Bytes of the body, where that is known before it is read: a plain Content-Length and no coding."""
        text = self.header("content-length").strip()
        coded = self.header("content-encoding").strip().lower() not in ("", "identity") or self.header(
            "transfer-encoding"
        )
        return int(text) if text.isdecimal() and not coded else None

    @property
    def plays(self) -> bool:
        """Whether this is a film or a sound, or a part of one."""
        return self.type == "media" or self.content_type.startswith(("video/", "audio/"))

    @property
    def reason(self) -> str:
        """The reason phrase; HTTP/2 has none, so that the standard's stands in."""
        return self._status_text or reason_of(self.status)

    def response_headers(self) -> Headers:
        """The header lines that came, as truly as they are told."""
        return response_headers(self.told_headers, self.hop.got_headers)

    def request_headers(self) -> Headers:
        """The header lines that went out: all of them, or those that the page set where the rest is not told."""
        sent = self.hop.request_headers
        told = sent or tuple((name, utf8(value)) for name, value in self.request["headers"].items())
        return tuple((name, value) for name, value in told if not name.startswith(":"))

    def posted(self) -> bytes | None:
        """The request's body, byte for byte; None if there is none or it is not told in full."""
        entries = self.request.get("postDataEntries", [])
        if not entries or any("bytes" not in entry for entry in entries):
            return None
        return b"".join(base64.b64decode(entry["bytes"]) for entry in entries)


def response_headers(told: list[dict[str, str]], extra: dict[str, Any] | None) -> Headers:
    """Header lines in the server's order and spelling, with Set-Cookie, values byte for byte.

    `told` (Fetch) has the order but neither cookies nor exact bytes; `extra` (ExtraInfo) has all values, joined per
    name, and for HTTP/1 the text of the head, with the order of all lines.
    """
    names = [line["name"] for line in told]
    values = [utf8(line["value"]) for line in told]
    if extra is None:
        return _without_pseudo(zip(names, values, strict=True))
    exact = list(header_lines(extra["headers"]))
    if head := extra.get("headersText"):
        lines = [line.partition(":") for line in head.split("\r\n")[1:] if ":" in line]
        names, values = [line[0] for line in lines], [utf8(line[2].strip()) for line in lines]
    else:
        cookies = [(name, value) for name, value in exact if name.lower() == "set-cookie"]
        names += [name for name, _ in cookies]
        values += [value for _, value in cookies]
    return _without_pseudo(_exactly(list(zip(names, values, strict=True)), exact))


def _exactly(lines: list[tuple[str, str]], exact: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """`lines` with the values of `exact`, for every name that occurs equally often in both."""
    want, have = Counter(name.lower() for name, _ in lines), Counter(name.lower() for name, _ in exact)
    queues = {name: [value for key, value in exact if key.lower() == name] for name in want if want[name] == have[name]}
    return [(name, queues[name.lower()].pop(0) if name.lower() in queues else value) for name, value in lines]


def _without_pseudo(lines: Any) -> Headers:
    return tuple((name, value) for name, value in lines if not name.startswith(":"))


def utf8(text: str) -> str:
    """The bytes, as Latin-1, of header text that DevTools has read as UTF-8."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def honest(headers: Headers, length: int, *, ranged: bool = False) -> Headers:
    """`headers` made true of a stored body of `length` bytes without any coding.

    What is no longer true gets the prefix `X-Archive-Orig-`; `ranged`: the record is of a whole, the answer was of a
    range.
    """
    stale = CODINGS | ({"content-range"} if ranged else frozenset())
    lengths = values_of(headers, "content-length")
    if lengths == [str(length)] or (not lengths and not length):
        return renamed(headers, stale - {"content-length"})
    return (*renamed(headers, stale), ("Content-Length", str(length)))
