"""A site that does what is hard to record, and remembers what it served: the ground truth for the browser engine.

One threading server answers every `*.localhost` name; `Lab.served` holds a line per answer that went out.
"""

import gzip
import hashlib
import io
import ssl
import threading
import wave
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

BIG = b"big body " * (1 << 20)  # 9 MiB of text


def tone() -> bytes:
    """A minute of quiet: 5 MB that a player takes in ranges."""
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(44100)
        sound.writeframes(bytes(2 * 44100 * 60))
    return out.getvalue()


SOUND = tone()


def svg(colour: str) -> bytes:
    """A small picture."""
    box = f'<rect width="300" height="200" fill="{colour}"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200">{box}</svg>'.encode()


ARTICLE = """<!doctype html><html lang="uk"><head><meta charset="utf-8"><title>Стаття {n}</title>
<link rel="stylesheet" href="/style.css?{n}"><link rel="icon" href="/favicon.ico?{n}">
<script src="/app.js?{n}" defer></script></head><body>
<div style="position:sticky;top:0;background:gold">Members: <span id="count">?</span></div>
<h1>Заголовок {n}</h1><p>Перший абзац статті.</p>
<img src="/eager.svg?{n}" alt=""><img src="/gone.png?{n}" alt=""><img src="/hop1?{n}" alt="">
<img srcset="/wide.svg?{n} 2000w, /small.svg?{n} 300w" sizes="300px" alt="">
<iframe src="/frame.html?{n}"></iframe><iframe src="{other}/frame.html?{n}"></iframe>
<div style="height:3000px">…</div>
<img loading="lazy" width="300" height="200" src="/lazy1.svg?{n}"><div style="height:3000px">…</div>
<img loading="lazy" width="300" height="200" src="/lazy2.svg?{n}">
<audio src="/tone.wav?{n}" controls preload="none"></audio>
<div id="feed"></div><button id="more" class="load-more">Показати більше</button>
<form action="/submitted"><button type="submit">Show more results</button></form>
<a href="/elsewhere">Show more stories</a>
</body></html>"""
"""`{n}` tells the requests of one page from those of another."""

SCRIPT = """
const n = location.search.slice(1), other = "OTHER";
const bytes = new Uint8Array(3000).map((_, i) => i * 7);
fetch("/api/count?" + n, {method: "POST", body: bytes}).then(r => r.json()).then(v => {
  document.getElementById("count").textContent = v.members; });
fetch(other + "/cors?" + n, {
  method: "PUT", headers: {"X-Mine": "1", "Content-Type": "application/json"}, body: "{}"}).catch(() => {});
navigator.sendBeacon("/beacon?" + n, "seen");
fetch("/nothing?" + n);
fetch("/twice?" + n).then(() => fetch("/twice?" + n));
fetch("/big.txt?" + n).then(r => r.text()).then(t => { document.body.dataset.big = t.length; });
new Worker("/worker.js?" + n);
try { new SharedWorker("/shared.js?" + n); } catch (e) {}
navigator.serviceWorker?.register("/sw.js?" + n).catch(() => {});
let page = 0;
document.getElementById("more").addEventListener("click", event => {
  page += 1;
  fetch("/items?page=" + page + "&" + n).then(r => r.text()).then(html => {
    document.getElementById("feed").insertAdjacentHTML("beforeend", html);
    if (page >= 3) event.target.remove();
  });
});
"""


@dataclass
class Served:
    """One answer as it left: the body is the whole entity, without codings and ranges."""

    method: str
    url: str
    status: int
    sha1: str
    posted: str


@dataclass
class Lab:
    """A running site; `origin("www")` is one of its names."""

    tls: ssl.SSLContext | None = None
    served: list[Served] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> "Lab":
        lab = self

        class Handler(LabHandler):
            site = lab

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if self.tls:
            self.server.socket = self.tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def origin(self, name: str = "www") -> str:
        return f"{'https' if self.tls else 'http'}://{name}.localhost:{self.port}"

    def article(self, n: int) -> str:
        return f"{self.origin()}/article?{n}"

    def of_page(self, n: int) -> list[Served]:
        with self.lock:
            return [
                line for line in self.served if str(n) in parse_qs(urlsplit(line.url).query, keep_blank_values=True)
            ]


class LabHandler(BaseHTTPRequestHandler):
    """Answers by path; each `_NAME` method is a page."""

    protocol_version = "HTTP/1.1"
    site: ClassVar[Lab]
    twice: ClassVar[dict[str, int]] = {}

    def log_message(self, *_args: object) -> None:
        pass

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError, ssl.SSLError):
            self.close_connection = True

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.posted = self.rfile.read(length) if length else b""
        parts = urlsplit(self.path)
        self.query = parts.query
        name = parts.path.strip("/").translate(str.maketrans("/.-", "___"))
        page = getattr(self, f"do_page_{name}", None)
        if page is None:
            kind = {"svg": self.picture, "css": self.style}.get(parts.path.rpartition(".")[2], self.missing)
            kind(parts.path)
        else:
            page()

    do_GET = do_POST = do_PUT = do_OPTIONS = do_HEAD = answer

    def note(self, status: int, body: bytes) -> None:
        url = f"{'https' if self.site.tls else 'http'}://{self.headers['Host']}{self.path}"
        line = Served(self.command, url, status, hashlib.sha1(body).hexdigest(), hashlib.sha1(self.posted).hexdigest())
        with self.site.lock:
            self.site.served.append(line)

    def send(
        self,
        body: bytes,
        kind: str = "text/html; charset=utf-8",
        status: int = 200,
        *,
        packed: bool = False,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.send_response(status)
        wire = gzip.compress(body, 1) if packed else body
        for name, value in (("Content-Type", kind), *headers):
            self.send_header(name, value)
        if packed:
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Transfer-Encoding", "chunked")
            wire = b"%x\r\n%s\r\n0\r\n\r\n" % (len(wire), wire)
        elif status not in (204, 304):
            self.send_header("Content-Length", str(len(wire)))
        self.end_headers()
        self.note(status, body)
        self.wfile.write(wire)

    def redirect(self, where: str, status: int = 302) -> None:
        self.send(b"moved", "text/plain", status, headers=(("Location", where), ("Set-Cookie", f"hop={status}")))

    def picture(self, path: str) -> None:
        self.send(svg("teal") + path.encode().replace(b"/", b"<!--") + b"-->", "image/svg+xml")

    def style(self, _path: str) -> None:
        self.send(b"body { font: 16px sans-serif; max-width: 60rem }", "text/css", packed=True)

    def missing(self, _path: str) -> None:
        self.send(b"no such page", "text/plain", 404)

    def do_page_article(self) -> None:
        other = self.site.origin("other")
        cookies = (
            ("Set-Cookie", "a=1; Path=/"),
            ("Set-Cookie", "b=2; Path=/"),
            ("X-Note", "звіт".encode().decode("latin-1")),
        )
        self.send(ARTICLE.format(n=self.query, other=other).encode(), packed=True, headers=cookies)

    def do_page_app_js(self) -> None:
        self.send(SCRIPT.replace("OTHER", self.site.origin("other")).encode(), "text/javascript", packed=True)

    def do_page_favicon_ico(self) -> None:
        self.send(svg("red"), "image/svg+xml")

    def do_page_frame_html(self) -> None:
        self.send(
            f"<p>frame</p><img src='/inframe.svg?{self.query}'><script>fetch('/framed?{self.query}')</script>".encode()
        )

    def do_page_framed(self) -> None:
        self.send(b"framed", "text/plain")

    def do_page_api_count(self) -> None:
        self.send(b'{"members": 1234}', "application/json")

    def do_page_beacon(self) -> None:
        self.send(b"", "text/plain", 204)

    do_page_nothing = do_page_beacon

    def do_page_cors(self) -> None:
        allow = (
            ("Access-Control-Allow-Origin", "*"),
            ("Access-Control-Allow-Headers", "x-mine, content-type"),
            ("Access-Control-Allow-Methods", "PUT"),
        )
        self.send(b"" if self.command == "OPTIONS" else b'{"put": 1}', "application/json", headers=allow)

    def do_page_twice(self) -> None:
        with self.site.lock:
            time_of = self.twice[self.path] = self.twice.get(self.path, 0) + 1
        self.send(f"answer {time_of}".encode(), "text/plain", headers=(("Cache-Control", "max-age=600"),))

    def do_page_big_txt(self) -> None:
        self.send(BIG, "text/plain")

    def do_page_worker_js(self) -> None:
        self.send(
            f"importScripts('/imported.js?{self.query}'); fetch('/from-worker?{self.query}')".encode(),
            "text/javascript",
        )

    def do_page_imported_js(self) -> None:
        self.send(b"self.imported = 1", "text/javascript")

    def do_page_shared_js(self) -> None:
        self.send(f"fetch('/from-shared?{self.query}')".encode(), "text/javascript")

    def do_page_sw_js(self) -> None:
        self.send(
            f"self.addEventListener('install', e => e.waitUntil(fetch('/precached?{self.query}')))".encode(),
            "text/javascript",
        )

    def do_page_from_worker(self) -> None:
        self.send(b"from a worker", "text/plain")

    do_page_from_shared = do_page_precached = do_page_from_worker

    def do_page_hop1(self) -> None:
        self.redirect(f"/hop2?{self.query}")

    def do_page_hop2(self) -> None:
        self.redirect(f"/landed.svg?{self.query}", 301)

    def do_page_items(self) -> None:
        page = int(parse_qs(self.query)["page"][0])
        self.send(
            f"<p>Новина {page}</p><img loading=lazy width=300 height=200 src='/item{page}.svg?{self.query}'>".encode()
        )

    def do_page_tone_wav(self) -> None:
        wanted = self.headers.get("Range", "")
        if not wanted.startswith("bytes="):
            return self.send(SOUND, "audio/wav", headers=(("Accept-Ranges", "bytes"),))
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last or len(SOUND) - 1), len(SOUND) - 1)
        self.send_response(206)
        self.send_header("Content-Type", "audio/wav")
        self.send_header("Content-Range", f"bytes {start}-{end}/{len(SOUND)}")
        self.send_header("Content-Length", str(end - start + 1))
        self.end_headers()
        self.note(206, SOUND)
        self.wfile.write(SOUND[start : end + 1])

    # Pages that do not behave.

    def do_page_moved(self) -> None:
        self.redirect(f"/moved-again?{self.query}")

    def do_page_moved_again(self) -> None:
        self.send(f"<script>location = '/article?{self.query}'</script>".encode())

    def do_page_loop(self) -> None:
        self.redirect("/loop")

    def do_page_private(self) -> None:
        self.redirect("http://169.254.169.254/latest/meta-data/")

    def do_page_reaches(self) -> None:
        way, port = self.query.split("&")
        inside = f"http://rebound.example:{port}/x"
        body = {
            "fetch": f"<script>fetch('{inside}', {{mode: 'no-cors'}}).catch(() => 0)</script>",
            "worker": f"<script>new Worker(`data:text/javascript,fetch('{inside}').catch(() => 0)`)</script>",
            "websocket": f"<script>new WebSocket('{inside.replace('http', 'ws')}')</script>",
            "redirect": f"<img src='/leads?{port}'>",
            "frame": f"<iframe src='{inside}'></iframe>",
        }
        self.send(f"<h1>Reaches</h1>{body[way]}".encode())

    def do_page_leads(self) -> None:
        self.redirect(f"http://rebound.example:{self.query}/x")

    def do_page_attachment(self) -> None:
        self.send(
            b"%PDF-1.4 not really" * 1000,
            "application/octet-stream",
            headers=(("Content-Disposition", "attachment; filename=report.bin"),),
        )

    def do_page_restless(self) -> None:
        self.send(b"""<h1>Restless</h1><p>A live page.</p><script>
            alert('one'); confirm('two'); onbeforeunload = () => 'stay';
            new EventSource('/events'); fetch('/endless'); fetch('/silent'); window.open('/popup');
            setInterval(() => fetch('/tick'), 200);</script>""")

    def do_page_popup(self) -> None:
        self.send(b"<h1>popup</h1>")

    def do_page_tick(self) -> None:
        self.send(b"tick", "text/plain")

    def do_page_events(self) -> None:
        self.stream("text/event-stream", b"data: news\n\n")

    def do_page_endless(self) -> None:
        self.stream("application/octet-stream", b"0123456789abcdef" * 1024)

    def stream(self, kind: str, piece: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        while not self.site.stop.wait(0.05):
            self.wfile.write(piece)

    def do_page_silent(self) -> None:
        self.site.stop.wait(120)
        self.close_connection = True

    def do_page_opaque(self) -> None:
        self.send(f"<h1>Opaque</h1><img src='{self.site.origin('other')}/api/count?opaque'>".encode())

    def do_page_wanders(self) -> None:
        self.send(b"""<h1>Wanders</h1><p>Text.</p><button onclick="location='/article?99'">Show more</button>""")
