"""What is captured in measurements: a plain news page of twelve requests, served so fast that it hardly counts."""

import asyncio
import contextlib
import random
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import trustme

WORDS = ("river", "bridge", "pump", "water", "night", "city", "people", "light", "street", "winter")

MANY = """<!doctype html><title>Two thousand requests</title><p id=n>0<script>
(async () => {
  const ask = async n => { await (await fetch(`/n/${n}`)).text(); document.getElementById("n").textContent = n; };
  for (let n = 0; n < 2000; n += 40) await Promise.all(Array.from({ length: 40 }, (_, k) => ask(n + k)));
})();
</script>"""
LONG_BYTES = 300_000_000
LONG = """<!doctype html><title>A long body</title><p id=n>waiting<script>
(async () => {
  let bytes = 0;
  const reader = (await fetch("/300MB")).body.getReader();
  for (let piece; !(piece = await reader.read()).done;) bytes += piece.value.length;
  document.getElementById("n").textContent = `${bytes} bytes`;
})();
</script>"""


def answers() -> dict[str, bytes]:
    """Every answer by its path: HTML, two style sheets, a script, eight pictures of 100 kB."""
    chance = random.Random(1)
    text = "".join(f"<p>{' '.join(chance.choices(WORDS, k=60)).capitalize()}.</p>" for _ in range(15))
    pictures = "".join(f'<img src="/{n}.jpg" width="400" height="300" alt="">' for n in range(8))
    styles = '<link rel="stylesheet" href="/a.css"><link rel="stylesheet" href="/b.css"><script src="/a.js"></script>'
    page = f"<!doctype html><html lang=en><title>The river</title>{styles}<h1>The river</h1>{text}{pictures}</html>"
    files = {
        "/": ("text/html; charset=utf-8", page.encode()),
        "/a.css": ("text/css", b"p { color: #222 }\n" * 200),
        "/b.css": ("text/css", b"h1 { color: #223 }\n" * 200),
        "/a.js": ("text/javascript", b"var river = 1;\n" * 300),
    } | {f"/{n}.jpg": ("image/jpeg", jpeg(chance)) for n in range(8)}
    files |= {"/many": ("text/html", MANY.encode()), "/long": ("text/html", LONG.encode())}
    files |= {f"/n/{n}": ("text/plain", f"answer {n}\n".encode()) for n in range(2000)}
    head = "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n"
    return {path: head.format(kind, len(body)).encode() + body for path, (kind, body) in files.items()}


def jpeg(chance: random.Random) -> bytes:
    """A picture that browsers can decode, and that no coding makes smaller."""
    from io import BytesIO

    from PIL import Image

    out = BytesIO()
    Image.frombytes("RGB", (300, 225), chance.randbytes(300 * 225 * 3)).save(out, "JPEG", quality=72)
    return out.getvalue()


class Answering(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, GET only."""

    pages: dict[str, bytes] = {}  # noqa: RUF012

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.waiting = transport, b""
        self.flowing = asyncio.Event()
        self.flowing.set()

    def data_received(self, data: bytes) -> None:
        *heads, self.waiting = (self.waiting + data).split(b"\r\n\r\n")
        for head in heads:
            path = head.split(b" ", 2)[1].partition(b"?")[0].decode()
            if path == "/300MB":
                asyncio.get_running_loop().create_task(self.pour())
                continue
            self.transport.write(self.pages.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))

    def pause_writing(self) -> None:
        self.flowing.clear()

    def resume_writing(self) -> None:
        self.flowing.set()

    async def pour(self) -> None:
        """A body of `LONG_BYTES`, as fast as it is taken."""
        piece = random.Random(2).randbytes(1_000_000)
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {LONG_BYTES}\r\n\r\n"
        self.transport.write(head.encode())
        for _ in range(LONG_BYTES // len(piece)):
            await self.flowing.wait()
            if self.transport.is_closing():
                return
            self.transport.write(piece)


async def serve(authority: str) -> None:
    """Serve on a free port, whose address is printed, until stdin closes; over TLS if a folder for it is named."""
    Answering.pages = answers()
    loop, tls = asyncio.get_running_loop(), None
    if authority:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        made = trustme.CA()
        made.issue_cert("127.0.0.1").configure_cert(tls)
        made.cert_pem.write_to_path(authority)
    server = await loop.create_server(Answering, "127.0.0.1", 0, ssl=tls)
    print(f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


@contextlib.contextmanager
def plain_site(authority: Path | None = None) -> Iterator[str]:
    """The address of the plain page, served by a process of its own.

    Over TLS if `authority` is given: a PEM file that is written, with the authority to trust.
    """
    command = [sys.executable, __file__, *([str(authority)] if authority else [])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as done:
        assert done.stdin and done.stdout
        yield done.stdout.readline().strip()
        done.stdin.close()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1] if len(sys.argv) > 1 else ""))
