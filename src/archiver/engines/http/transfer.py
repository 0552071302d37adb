"""One HTTP transfer with libcurl, byte for byte: a GET without redirects.

Bodies are the entities as they were sent: content codings stay on, chunk framing comes off.
"""

import math
import os
import re
import socket
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Literal
from urllib.parse import urlsplit

import pycurl

from archiver.engines import guard
from archiver.engines.http.handshake import Handshake
from archiver.errors import AddressRefused, ArchiverError, FetchFailed, StorageError
from archiver.model import Headers, new_body, now
from archiver.session import BasicAuth, Cookie
from archiver.warc.http import HttpHead, parse_head, reason_of, renamed

CONNECT_SECONDS = 10.0
AGENTS = tuple(part for part in pycurl.version.split() if part.startswith(("PycURL", "libcurl", "OpenSSL", "nghttp2")))
CODINGS = "gzip, deflate, br"
"""Asked for; zstd is not, because pywb cannot replay it."""

_CHUNKED, _SIZED = frozenset({"transfer-encoding"}), frozenset({"content-length"})

Truncated = Literal["length", "time", "disconnect"]

_VERSIONS = {
    pycurl.CURL_HTTP_VERSION_1_0: "http/1.0",
    pycurl.CURL_HTTP_VERSION_1_1: "http/1.1",
    pycurl.CURL_HTTP_VERSION_2_0: "h2",
}
_CUT: dict[int, Truncated] = {pycurl.E_WRITE_ERROR: "length", pycurl.E_OPERATION_TIMEDOUT: "time"}
_PREFIX = re.compile(r"SSL(?: certificate)?(?: problem| OpenSSL verify result)?: ")
_BROKE = "the connection broke before an answer"
_WHY = {
    pycurl.E_UNSUPPORTED_PROTOCOL: "the server does not speak HTTP",
    pycurl.E_COULDNT_RESOLVE_HOST: "the host name is not known",
    pycurl.E_GOT_NOTHING: "the server closed the connection without an answer",
    pycurl.E_SEND_ERROR: _BROKE,
    pycurl.E_RECV_ERROR: _BROKE,
    pycurl.E_PARTIAL_FILE: _BROKE,
    pycurl.E_HTTP2: _BROKE,
}


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which conditions everything of one visit is fetched."""

    user_agent: str
    ca_bundle: str
    """PEM file of the authorities that are trusted."""
    allow_private: bool
    body_bytes: int
    """A body is cut there."""
    deadline: float
    """`time.monotonic()` by which all must have ended."""
    cookies: "pycurl.CurlShare"
    seed: str = ""
    basic_auth: BasicAuth | None = None
    """Sent to the seed's own origin alone."""
    allowed: guard.Networks = ()
    """Networks that may be reached although they are not public."""


@dataclass(slots=True)
class Outcome:
    """What became of a transfer; without `answer`, `error` says why."""

    started: datetime
    seconds: float
    sent: Headers
    ip: str | None
    client_ip: str | None
    protocols: tuple[str, ...]
    handshake: Handshake
    body: BinaryIO
    answered: datetime | None = None
    """When the head of the answer began to come."""
    answer: HttpHead | None = None
    """The final answer's head; a header that does not describe the stored body is renamed to `X-Archive-Orig-…`."""
    truncated: Truncated | None = None
    error: ArchiverError | None = None
    unreachable: bool = False
    """Whether no connection came about, so that others to the same server will not either."""

    @property
    def status(self) -> int:
        """The answer's status, 0 without an answer."""
        return int(self.answer.code) if self.answer else 0

    @property
    def reason(self) -> str:
        """The reason phrase; HTTP/2 has none, so that the standard's stands in."""
        return (self.answer.reason if self.answer else "") or reason_of(self.status)


def new_cookies(given: Iterable[Cookie] = ()) -> "pycurl.CurlShare":
    """A cookie jar with these in it, for the transfers of one visit; the caller closes it after them."""
    share = pycurl.CurlShare()
    share.setopt(pycurl.SH_SHARE, pycurl.LOCK_DATA_COOKIE)
    filling = pycurl.Curl()
    filling.setopt(pycurl.SHARE, share)
    for cookie in given:
        filling.setopt(pycurl.COOKIELIST, cookie.as_line().encode())
    filling.close()
    return share


class _Socket(socket.socket):
    """A socket whose descriptor pycurl duplicates before it drops the object; that is no leak."""

    def __del__(self) -> None:
        self.close()


class Transfer:
    """One GET on its way. `headers` are lines beside Host, User-Agent and Accept-Encoding."""

    def __init__(self, url: str, headers: list[str], terms: Terms) -> None:
        self.url = url
        self.secured = b""  # curl's note of how, told to the transfer that opened the connection
        self.easy = pycurl.Curl()
        self.body = new_body()
        self._terms = terms
        self._received = 0
        self._started = now()
        self._answered_at: datetime | None = None
        self._sent, self._head = bytearray(), bytearray()
        self._head_complete = False
        self._refused: AddressRefused | None = None
        self._spoilt: OSError | None = None
        self._set_up(headers)

    def _set_up(self, headers: list[str]) -> None:
        remaining = max(self._terms.deadline - time.monotonic(), 0.001)
        for option, value in (
            (pycurl.URL, self.url),
            (pycurl.PATH_AS_IS, 1),
            (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
            (pycurl.PROXY, ""),  # a proxy of the environment would hide the address from the guard
            (pycurl.FOLLOWLOCATION, 0),
            (pycurl.HTTP_CONTENT_DECODING, 0),
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS),
            (pycurl.PIPEWAIT, 1),
            (pycurl.USERAGENT, self._terms.user_agent),
            (pycurl.HTTPHEADER, [f"Accept-Encoding: {CODINGS}", *headers]),
            (pycurl.CAINFO, self._terms.ca_bundle),
            (pycurl.OPT_CERTINFO, 1),
            (pycurl.SHARE, self._terms.cookies),
            (pycurl.COOKIEFILE, ""),
            (pycurl.NOSIGNAL, 1),
            (pycurl.CONNECTTIMEOUT_MS, math.ceil(min(CONNECT_SECONDS, remaining) * 1000)),
            (pycurl.TIMEOUT_MS, math.ceil(remaining * 1000)),
            (pycurl.OPENSOCKETFUNCTION, self._open_socket),
            (pycurl.HEADERFUNCTION, self._take_header),
            (pycurl.WRITEFUNCTION, self._take_body),
            (pycurl.VERBOSE, 1),
            (pycurl.DEBUGFUNCTION, self._take_note),
        ):
            self.easy.setopt(option, value)
        auth = self._terms.basic_auth
        if auth and auth.is_for(self.url, self._terms.seed):
            self.easy.setopt(pycurl.USERNAME, auth.user.encode())
            self.easy.setopt(pycurl.PASSWORD, auth.password.encode())

    def _open_socket(self, _purpose: int, address: Any) -> "socket.socket | int":
        """Called with the very address that is about to be connected to."""
        try:
            guard.check_address(
                urlsplit(self.url).hostname or self.url,
                str(address.addr[0]),
                self._terms.allow_private,
                self._terms.allowed,
            )
            return _Socket(address.family, address.socktype, address.protocol)
        except AddressRefused as error:
            self._refused = error
        except OSError:
            pass  # this family of addresses is not to be had here
        return pycurl.SOCKET_BAD

    def _take_note(self, kind: int, data: bytes) -> None:
        if kind == pycurl.INFOTYPE_HEADER_OUT:
            if self._sent.endswith(b"\r\n\r\n"):  # a kept connection was dead, and curl asks again on a new one
                self._sent.clear()
            if not self._sent:
                self._started = now()
            self._sent += data
        elif kind == pycurl.INFOTYPE_TEXT and data.startswith(b"SSL connection using"):
            self.secured = data

    def _take_header(self, line: bytes) -> None:
        if self._head_complete:
            if self._answered:
                return  # a trailer
            self._head.clear()
        if not self._head:
            self._answered_at = now()
        self._head += line
        self._head_complete = line in (b"\r\n", b"\n")

    @property
    def _answered(self) -> bool:
        """Whether a whole head has come that is not an interim answer (1xx)."""
        return self._head_complete and not self._head.split()[1].startswith(b"1")

    def _take_body(self, data: bytes) -> int:
        try:
            taken = self.body.write(data[: self._terms.body_bytes - self._received])
        except OSError as error:
            self._spoilt, taken = error, 0
        self._received += taken
        return taken  # less than given makes curl end the transfer with E_WRITE_ERROR

    def finish(self, code: int, message: str, handshake: Handshake) -> Outcome:
        """The outcome after curl's result `code`, over a connection that was secured so.

        Raises `StorageError` if the body could not be kept.
        """
        if self._spoilt:
            self.discard()
            raise StorageError(tempfile.gettempdir(), (self._spoilt.strerror or "no space").lower()) from self._spoilt
        self.body.seek(0)
        outcome = Outcome(
            started=self._started,
            seconds=round(self.easy.getinfo(pycurl.TOTAL_TIME), 3),
            sent=parse_head(bytes(self._sent)).headers,
            ip=self.easy.getinfo(pycurl.PRIMARY_IP) or None,
            client_ip=self.easy.getinfo(pycurl.LOCAL_IP) or None,
            protocols=tuple(filter(None, (_VERSIONS.get(self.easy.getinfo(pycurl.INFO_HTTP_VERSION)), handshake.tls))),
            handshake=handshake,
            body=self.body,
            answered=self._answered_at,
        )
        if self._answered:
            outcome.truncated = None if code == pycurl.E_OK else _CUT.get(code, "disconnect")
            head = parse_head(bytes(self._head))
            headers = _honest(head.headers, self._received, cut=outcome.truncated is not None)
            outcome.answer = HttpHead(head.first_line, headers)
        else:
            outcome.unreachable = not self._connected
            outcome.error = self._refused_or_failed(code, message)
        self.easy.close()
        return outcome

    def discard(self) -> None:
        """Free what it holds, without an outcome."""
        self.easy.close()
        self.body.close()

    @property
    def _connected(self) -> bool:
        """Whether a connection, with TLS where it belongs, came about."""
        phase = pycurl.APPCONNECT_TIME if self.url.startswith("https:") else pycurl.CONNECT_TIME
        return bool(self._sent or self.easy.getinfo(phase))

    def _refused_or_failed(self, code: int, message: str) -> ArchiverError:
        if self._refused and not self._connected:
            return self._refused
        if code == pycurl.E_OPERATION_TIMEDOUT:
            why = "it did not answer in time" if self._connected else "no connection came about in time"
        elif code == pycurl.E_COULDNT_CONNECT:
            number = self.easy.getinfo(pycurl.OS_ERRNO)
            why = os.strerror(number).lower() if number else "no connection came about"
        elif code == pycurl.E_PEER_FAILED_VERIFICATION:
            why = f"the certificate is not trusted: {_PREFIX.sub('', message)}"
        else:
            why = _WHY.get(code, message)
        return FetchFailed(self.url, why)


def _honest(headers: Headers, stored: int, *, cut: bool) -> Headers:
    """The headers of a stored body: no chunk framing, and the length that it has if it was cut."""
    lines = renamed(headers, _CHUNKED | _SIZED if cut else _CHUNKED)
    return (*lines, ("Content-Length", str(stored))) if cut else lines
