"""A site of nothing but bytes: what it says is written down here, octet by octet, and so is what it was asked."""

import base64
import contextlib
import gzip
import hashlib
import re
import socketserver
import ssl
import threading
from dataclasses import dataclass, field

WORDS = gzip.compress(b"What the reader saw, in chunks of odd sizes. " * 40, 9, mtime=0)
LONG = b"0123456789abcdef" * (1 << 16)  # 1 MiB


def chunks(body: bytes, size: int) -> bytes:
    """The body in chunks, framed as no library would: extensions, leading zeros, a trailer."""
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    framed = [b"00%X;part=%d\r\n%s\r\n" % (len(piece), number, piece) for number, piece in enumerate(pieces)]
    return b"".join(framed) + b"0\r\nX-Checked: yes\r\n\r\n"


PAGE = b"""<!doctype html><title>Raw</title><h1>Raw bytes</h1><p id="told"></p><script>
const told = text => document.getElementById("told").append(text + "; ");
(async () => {
  told("words " + (await (await fetch("/words")).text()).length);
  told("long " + (await (await fetch("/long")).text()).length);
  told("posted " + await (await fetch("/post", {method: "POST", body: new Uint8Array([0, 13, 10, 255])})).text());
  told("old " + await (await fetch("/old")).text());
  told("none " + (await fetch("/none")).status);
  const socket = new WebSocket(location.origin.replace("http", "ws") + "/socket");
  socket.onmessage = event => told("socket " + event.data);
  const stopped = new AbortController();
  const reader = (await fetch("/slow", {signal: stopped.signal})).body.getReader();
  await reader.read();
  stopped.abort();
  told("stopped");
})();
</script>"""

ANSWERS = {
    "/": b"HTTP/1.1 200 Quite  Fine\r\nx-LOWER-upper:   spaced  \r\nSet-Cookie: a=1\r\n"
    b"Content-Type: text/html; charset=utf-8\r\nSET-COOKIE: b=2\r\n"
    b"X-Note: \xd0\xb7\xd0\xb2\xd1\x96\xd1\x82 \xe9\r\nContent-Length: %d\r\n\r\n%s" % (len(PAGE), PAGE),
    "/words": b"HTTP/1.1 103 Early Hints\r\nLink: </x.css>; rel=preload\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
    + chunks(WORDS, 7),
    "/long": b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n\r\n%s" % (len(LONG), LONG),
    "/post": b"HTTP/1.1 201 Created\r\nContent-Length: 4\r\nContent-Type: text/plain\r\n\r\ngood",
    "/old": b"HTTP/1.0 200 OK\nContent-Type: text/plain\n\nuntil the end",
    "/none": b"HTTP/1.1 204 No Content\r\nX-Empty:\r\n\r\n",
    "/slow": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nContent-Type: text/plain\r\n\r\nonly this",
    "/favicon.ico": b"HTTP/1.1 404 No Picture\r\nContent-Length: 0\r\n\r\n",
}
"""What it says, by path. `/old` ends with its connection, `/slow` never."""


@dataclass
class RawSite:
    """The site while it runs, over TLS if it has the means."""

    tls: ssl.SSLContext | None = None
    asked: list[tuple[str, bytes]] = field(default_factory=list)
    """Path and bytes of each request."""

    def __enter__(self) -> "RawSite":
        site = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    site.serve(site.tls.wrap_socket(self.request, server_side=True) if site.tls else self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads, block_on_close = True, False

        self.server = Server(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def url(self, path: str = "/") -> str:
        scheme = "https" if self.tls else "http"
        return f"{scheme}://raw.localhost:{self.server.server_address[1]}{path}"

    def serve(self, connection) -> None:
        """One connection, request by request."""
        with connection, connection.makefile("rb") as stream:
            while head := head_of(stream):
                length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
                request = head + b"\r\n" + stream.read(int(length[1]) if length else 0)
                path = head.split(b" ")[1].decode("ascii")
                self.asked.append((path, request))
                answer = ANSWERS.get(path) or upgraded(request)
                for at in range(0, len(answer), 50_001):
                    connection.sendall(answer[at : at + 50_001])
                if path == "/old":
                    connection.shutdown(1) if not self.tls else connection.unwrap()
                    return


def head_of(stream) -> bytes:
    """The lines of the next request's head; nothing when the connection has ended."""
    lines: list[bytes] = []
    while (line := stream.readline()) not in (b"\r\n", b""):
        lines.append(line)
    return b"".join(lines)


def upgraded(request: bytes) -> bytes:
    """The answer to a WebSocket's handshake, and one message (RFC 6455)."""
    key = re.search(rb"(?i)sec-websocket-key: (\S+)", request)
    told = base64.b64encode(hashlib.sha1((key[1] if key else b"") + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    return head + b"Sec-WebSocket-Accept: " + told + b"\r\n\r\n\x81\x05hello"
