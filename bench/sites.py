"""What is captured in measurements: a plain news page of twelve requests, served so fast that the server does not count."""

import asyncio
import contextlib
import random
import subprocess
import sys
from collections.abc import Iterator

WORDS = ("river", "bridge", "pump", "water", "night", "city", "people", "light", "street", "winter")


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

    def data_received(self, data: bytes) -> None:
        *heads, self.waiting = (self.waiting + data).split(b"\r\n\r\n")
        for head in heads:
            path = head.split(b" ", 2)[1].partition(b"?")[0].decode()
            self.transport.write(self.pages.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))


async def serve() -> None:
    """Serve on a free port, whose address is printed, until stdin closes."""
    Answering.pages = answers()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Answering, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


@contextlib.contextmanager
def plain_site() -> Iterator[str]:
    """The address of the plain page, served by a process of its own."""
    with subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as done:
        assert done.stdin and done.stdout
        yield done.stdout.readline().strip()
        done.stdin.close()


if __name__ == "__main__":
    asyncio.run(serve())
