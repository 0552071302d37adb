"""A proxy between a client and a real server that does what bad networks and odd servers do.

    with fault_proxy(server.endpoint_url) as proxy:
        proxy.faults.append(lose_answer("PUT"))      # each fault is used up by the first request it fits

It forwards headers as they came, the Host too, so that S3 signatures stay valid.
"""

import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from urllib.parse import urlsplit

Fits = Callable[[str, str, Message], bool]
"""Whether a fault concerns this request: method, path with query, headers."""


@dataclass
class Fault:
    fits: Fits
    answer: bytes | None = None
    """Instead of the server's: status line, headers and body; the request does not reach the server."""
    lost: bool = False
    """The server acts, its answer is dropped."""
    keep: int | None = None
    """Of the answer's body only so many bytes arrive."""
    flip: bool = False
    """A bit of the answer's body is turned over."""
    held: Event | None = None
    """The request waits for it, and does not reach the server."""
    times: int = 1


def on(method: str, part: str = "") -> Fits:
    """Requests of a method whose path or query contains `part`."""
    return lambda verb, path, _headers: verb == method and part in path


def with_header(name: str) -> Fits:
    """Requests that carry a header."""
    return lambda _verb, _path, headers: name in headers


@contextmanager
def held(proxy: "FaultProxy", fits: Fits, *, after: int = 0) -> Iterator[None]:
    """Requests that fit wait until the block ends, and are lost then; so many of them go through before."""
    end = Event()
    faults = [Fault(fits, times=after), Fault(fits, held=end, times=10_000)]
    proxy.faults += faults
    try:
        yield
    finally:
        for fault in faults:
            proxy.faults.remove(fault)
        end.set()


def refusal(status: int, code: str, message: str = "") -> bytes:
    """An S3 error answer."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
    return b"HTTP/1.1 %d X\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


@dataclass
class FaultProxy:
    endpoint_url: str
    faults: list[Fault] = field(default_factory=list)
    seen: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of every request."""
    lock: Lock = field(default_factory=Lock)

    def take(self, method: str, path: str, headers: Message) -> Fault | None:
        with self.lock:
            self.seen.append((method, path))
            for fault in self.faults:
                if fault.times and fault.fits(method, path, headers):
                    fault.times -= 1
                    return fault
        return None


@contextmanager
def fault_proxy(upstream: str) -> Iterator[FaultProxy]:
    proxy = FaultProxy("")

    class Handler(_Handler):
        faults = proxy
        address = urlsplit(upstream).netloc

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        proxy.endpoint_url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 300
    faults: FaultProxy
    address: str

    def forward(self) -> None:
        with suppress(ConnectionError):  # the client was killed, or has lost patience
            self._forward()

    def _forward(self) -> None:
        fault = self.faults.take(self.command, self.path, self.headers) or Fault(on(""))
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        self.close_connection = True
        if len(body) < length:
            return  # the client was killed; the server would wait for the rest
        if fault.answer is not None:
            self.wfile.write(fault.answer)
            return
        if fault.held:
            fault.held.wait()
            return
        status, headers, content = self._ask(body)
        if fault.lost:
            return
        if fault.flip:
            content = bytes([content[0] ^ 1]) + content[1:]
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding", "date", "server"):
                self.send_header(name, value)
        if self.command != "HEAD" and not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content[: fault.keep])

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = forward

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(self.address, timeout=300)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in ("expect", "connection"):
                    connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def log_message(self, *_: object) -> None:
        """Say nothing."""
