"""Objects, and parts of them, that fit in memory: sent and fetched by libcurl, which also signs and needs no Python.

By urllib3 a GET takes about 0.9 ms of processor time, most of it under the interpreter's lock; so it takes 0.2 ms.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from io import BufferedIOBase, BytesIO
from typing import Any

import pycurl
from botocore import exceptions as boto
from botocore.parsers import RestXMLParser

from archiver.stores.client import CONNECT_SECONDS, READ_SECONDS

BUFFER_BYTES = 256 << 10
REFUSAL_BYTES = 64 << 10
"""What is read of an answer that says no."""
_CONNECT = {pycurl.E_COULDNT_CONNECT, pycurl.E_COULDNT_RESOLVE_HOST, pycurl.E_COULDNT_RESOLVE_PROXY}
_TLS = {pycurl.E_SSL_CACERT_BADFILE, pycurl.E_PEER_FAILED_VERIFICATION, pycurl.E_SSL_CONNECT_ERROR}
_TLS |= {pycurl.E_SSL_CERTPROBLEM, pycurl.E_SSL_CIPHER, pycurl.E_SSL_ISSUER_ERROR}


class NoParts(Exception):
    """The server sent another part of the object than was asked for."""


class Piece(BufferedIOBase):
    """What came. Where the line broke before its end, the break is raised once all that came is read."""

    def __init__(self, chunks: Iterable[bytes], broken: bool = False) -> None:
        self.broken = broken
        self._chunks = deque(chunks)
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """As of any stream; botocore's `IncompleteReadError` at the break."""
        left = sys.maxsize if size is None or size < 0 else size
        found: list[bytes] = []
        while left and (chunk := self.read1(left) if self._chunks or not found else b""):
            found.append(chunk)
            left -= len(chunk)
        return b"".join(found)

    def read1(self, size: int = -1, /) -> bytes:
        """As `read`, but no more than came at once: it is not copied."""
        if not self._chunks:
            if self.broken and size:
                raise boto.IncompleteReadError(actual_bytes=self._at, expected_bytes=self._at + 1)
            return b""
        chunk = self._chunks.popleft()
        if 0 <= size < len(chunk):
            self._chunks.appendleft(chunk[size:])
            chunk = chunk[:size]
        self._at += len(chunk)
        return chunk


class Curl:
    """Handles with their connections, each for one thread at a time. Raises botocore's exceptions."""

    def __init__(self, credentials: Callable[[], Any], region: str, bundle: str, proxies: Mapping[str, str]) -> None:
        """`bundle`: the PEM file of the authorities trusted; `proxies` by scheme."""
        self._credentials = credentials
        self._signature = f"aws:amz:{region}:s3"
        self._bundle = bundle
        self._proxies = proxies
        self._idle: list[pycurl.Curl] = []
        self._idle_senders: list[pycurl.Curl] = []

    def put(self, url: str, content: bytes, sha256: str, headers: Mapping[str, str]) -> dict[str, str]:
        """PutObject of `content`, whose digest in hex is `sha256`; the answer's headers, with names in lower case."""
        handle = self._idle_senders.pop() if self._idle_senders else self._sender(url)
        body, head, told = BytesIO(content), list[bytes](), list[bytes]()
        keys = self._credentials()
        named = {**headers, "x-amz-content-sha256": sha256} | (
            {"x-amz-security-token": keys.token} if keys.token else {}
        )
        handle.setopt(pycurl.URL, url)
        handle.setopt(pycurl.USERNAME, keys.access_key)
        handle.setopt(pycurl.PASSWORD, keys.secret_key)
        handle.setopt(pycurl.HTTPHEADER, [*(f"{name}: {value}" for name, value in named.items()), "Expect:"])
        handle.setopt(pycurl.INFILESIZE_LARGE, len(content))
        handle.setopt(pycurl.READFUNCTION, body.read)
        handle.setopt(pycurl.SEEKFUNCTION, lambda offset, origin: body.seek(offset, origin) * 0)
        handle.setopt(pycurl.HEADERFUNCTION, head.append)
        handle.setopt(pycurl.WRITEFUNCTION, told.append)
        try:
            handle.perform()
        except pycurl.error as error:
            raise _failure(url, error) from error
        self._idle_senders.append(handle)
        status = int(handle.getinfo(pycurl.RESPONSE_CODE))
        if not 200 <= status < 300:
            facts = {"status_code": status, "headers": {}, "body": b"".join(told)}
            raise boto.ClientError(RestXMLParser().parse(facts, None), "PUT")  # type: ignore[arg-type]
        lines = (line.decode("latin-1").partition(":") for line in head)
        return {name.lower(): value.strip() for name, _, value in lines}

    def get(self, url: str, start: int, most: int) -> Piece:
        """Up to `most` bytes from `start` on; none if that lies behind the end. Raises `NoParts`."""
        handle = self._idle.pop() if self._idle else self._handle(url)
        head: list[bytes] = []
        content: list[bytes] = []
        left = max(most, REFUSAL_BYTES)

        def take(chunk: bytes) -> int | None:
            nonlocal left
            content.append(chunk)
            left -= len(chunk)
            return 0 if left < 0 else None  # more than was asked for: that ends it

        keys = self._credentials()
        handle.setopt(pycurl.URL, url)
        handle.setopt(pycurl.USERNAME, keys.access_key)
        handle.setopt(pycurl.PASSWORD, keys.secret_key)
        handle.setopt(pycurl.HTTPHEADER, [f"x-amz-security-token: {keys.token}"] if keys.token else [])
        handle.setopt(pycurl.RANGE, f"{start}-{start + most - 1}")
        handle.setopt(pycurl.WRITEFUNCTION, take)
        if start:  # at 0 it does not matter, and each line of a head waits for the interpreter's lock
            handle.setopt(pycurl.HEADERFUNCTION, head.append)
        else:
            handle.unsetopt(pycurl.HEADERFUNCTION)
        broken = None
        try:
            handle.perform()
        except pycurl.error as error:
            broken = error if left >= 0 else None
        status = int(handle.getinfo(pycurl.RESPONSE_CODE))
        if not broken or status:
            self._idle.append(handle)
        return _told(url, start, most, status, head, content, broken)

    def _sender(self, url: str) -> pycurl.Curl:
        handle = self._handle(url)
        handle.setopt(pycurl.UPLOAD, 1)
        handle.setopt(pycurl.UPLOAD_BUFFERSIZE, BUFFER_BYTES)
        return handle

    def _handle(self, url: str) -> pycurl.Curl:
        handle = pycurl.Curl()
        handle.setopt(pycurl.NOSIGNAL, 1)
        handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        handle.setopt(pycurl.BUFFERSIZE, BUFFER_BYTES)
        handle.setopt(pycurl.AWS_SIGV4, self._signature)
        handle.setopt(pycurl.CAINFO, self._bundle)
        handle.setopt(pycurl.PROXY, self._proxies.get(url.partition(":")[0], ""))
        handle.setopt(pycurl.CONNECTTIMEOUT, CONNECT_SECONDS)
        handle.setopt(pycurl.LOW_SPEED_LIMIT, 1)
        handle.setopt(pycurl.LOW_SPEED_TIME, READ_SECONDS)
        return handle


def _told(  # noqa: PLR0917  the parts of an answer, in their order
    url: str, start: int, most: int, status: int, head: list[bytes], content: list[bytes], broken: pycurl.error | None
) -> Piece:
    """What an answer comes to."""
    if status == 416:
        return Piece(())
    if broken and not (200 <= status < 300 and content):
        raise _failure(url, broken)
    if not 200 <= status < 300:
        facts = {"status_code": status, "headers": {}, "body": b"".join(content)}
        raise boto.ClientError(RestXMLParser().parse(facts, None), "GET")  # type: ignore[arg-type]
    if start and not any(line.lower().startswith(b"content-range: bytes %d-" % start) for line in head):
        raise NoParts
    size = sum(map(len, content))
    if size > most:
        content = [b"".join(content)[:most]]
    return Piece(content, bool(broken) and size < most)


def _failure(url: str, error: pycurl.error) -> boto.BotoCoreError:
    code = error.args[0]
    if code in _CONNECT:
        return boto.EndpointConnectionError(endpoint_url=url, error=error)
    if code in _TLS:
        return boto.SSLError(endpoint_url=url, error=error)
    if code == pycurl.E_OPERATION_TIMEDOUT:
        return boto.ReadTimeoutError(endpoint_url=url, error=error)
    return boto.ConnectionClosedError(endpoint_url=url, error=error)
