"""Our replay server beside pywb as it comes, over one collection: latency, requests a second, and the start.

pywb as it comes is its `FrontEndApp` in its own server, with its own settings and without our guard. Both are asked
the same addresses by the same client, in turns: each turn some hundred requests over connections that stay open.
"""

import json
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pycurl

from archiver.collection import Root, index
from archiver.replay import running_replay
from stockroom import Invented, add
from storing import STAMP, Stored, store

SITE = "https://news.example"
PAGES, CAPTURES = 12, 6
TURNS, REQUESTS, CONNECTIONS = 5, 400, 8
LINES, MANY_CAPTURES, TRIES = 1_000_000, 20_000, 12
BIN = Path(sys.executable).parent
COMMENTS = b'{"page": 1}'

PLAIN = """
import sys
from pywb.apps.frontendapp import FrontEndApp
from pywb.utils.geventserver import GeventServer, RequestURIWSGIHandler
app = FrontEndApp(custom_config={"collections_root": sys.argv[1], "debug": False})
server = GeventServer(app, port=int(sys.argv[2]), hostname="127.0.0.1", handler_class=RequestURIWSGIHandler)
server.join()
"""
"""What pywb's `wayback` command does (pywb.apps.cli), at an address of this machine alone."""


@dataclass
class Side:
    """One server's figures: seconds of single requests by kind, and requests a second of each turn."""

    latencies: dict[str, list[float]] = field(default_factory=dict)
    rates: list[float] = field(default_factory=list)

    def p50(self, kind: str) -> float:
        return statistics.median(self.latencies[kind]) * 1000

    def all_p50(self) -> float:
        return statistics.median(one for of_kind in self.latencies.values() for one in of_kind) * 1000


def stored() -> list[Stored]:
    """A site's mix: pages, style sheets, scripts, pictures, and answers to a script's POST; six captures of each."""
    chance = random.Random(5)
    words = ["light", "bridge", "council", "river", "engineer", "winter", "station", "harbour"]

    def page(number: int) -> str:
        text = "".join(
            f'<p class="text"><a href="/story/{chance.randrange(99)}">{" ".join(chance.choices(words, k=60))}</a></p>'
            f'<img src="/img/{chance.randrange(PAGES)}.jpg" srcset="/img/{number}.jpg 2x" alt="">'
            for _ in range(60)
        )
        head = f'<link rel="stylesheet" href="/css/{number}.css"><script src="/js/{number}.js"></script>'
        return f"<!doctype html><html><head><title>Story {number}</title>{head}</head><body>{text}</body></html>"

    found = []
    for capture in range(CAPTURES):
        for n in range(PAGES):
            at = capture * 86_400
            style = "".join(f".a{i} {{ background: url(/img/{i % PAGES}.jpg); margin: {i}px }}\n" for i in range(300))
            script = "".join(f"function f{i}(a) {{ return window.location.href + a * {i}; }}\n" for i in range(800))
            found += [
                Stored(f"{SITE}/story/{n}", page(n), seconds=at),
                Stored(f"{SITE}/css/{n}.css", style, "text/css", at),
                Stored(f"{SITE}/js/{n}.js", script, "text/javascript", at),
                Stored(f"{SITE}/img/{n}.jpg", chance.randbytes(40_000), "image/jpeg", at),
            ]
        found.append(Stored(f"{SITE}/api/comments", '{"text": "one"}', "application/json", at, post=COMMENTS))
    return found


def addresses() -> list[tuple[str, str]]:
    """Kind and path of what a reader's browser asks for, in the order of pages."""
    found = []
    for n in range(PAGES):
        found.append(("HTML", f"/news/{STAMP}mp_/{SITE}/story/{n}"))
        found.append(("CSS", f"/news/{STAMP}cs_/{SITE}/css/{n}.css"))
        found.append(("JavaScript", f"/news/{STAMP}js_/{SITE}/js/{n}.js"))
        found += [("image", f"/news/{STAMP}im_/{SITE}/img/{(n + more) % PAGES}.jpg") for more in range(4)]
        found.append(("POST", f"/news/{STAMP}mp_/{SITE}/api/comments"))
    return found


def prepare(curl: pycurl.Curl, origin: str, kind: str, path: str) -> BytesIO:
    """Make `curl` ask for an address; the body goes into what is returned."""
    body = BytesIO()
    curl.reset()
    curl.setopt(pycurl.URL, f"{origin}{path}")
    curl.setopt(pycurl.PROXY, "")
    curl.setopt(pycurl.WRITEDATA, body)
    if kind == "POST":
        curl.setopt(pycurl.POSTFIELDS, COMMENTS)
        curl.setopt(pycurl.HTTPHEADER, ["Content-Type: application/json"])
    return body


def one_by_one(origin: str, side: Side) -> None:
    """Each address once, over one connection that stays open."""
    curl = pycurl.Curl()
    for kind, path in addresses():
        body = prepare(curl, origin, kind, path)
        begun = time.perf_counter()
        curl.perform()
        side.latencies.setdefault(kind, []).append(time.perf_counter() - begun)
        assert curl.getinfo(pycurl.RESPONSE_CODE) == 200, (path, body.getvalue()[:500])
    curl.close()


def all_at_once(origin: str, side: Side, count: int = REQUESTS) -> None:
    """Requests a second over connections that stay open, asked for by one process."""
    asked = addresses()
    waiting = [asked[n % len(asked)] for n in range(count)]
    multi = pycurl.CurlMulti()
    idle, bodies = [pycurl.Curl() for _ in range(CONNECTIONS)], {}
    begun = time.perf_counter()
    while waiting or bodies:
        while waiting and idle:
            curl = idle.pop()
            bodies[curl] = prepare(curl, origin, *waiting.pop())
            multi.add_handle(curl)
        multi.perform()
        _, ended, failed = multi.info_read()
        assert not failed, failed
        for curl in ended:
            assert curl.getinfo(pycurl.RESPONSE_CODE) == 200, curl.getinfo(pycurl.EFFECTIVE_URL)
            multi.remove_handle(curl)
            del bodies[curl]
            idle.append(curl)
        if not ended:
            multi.select(1.0)
    side.rates.append(count / (time.perf_counter() - begun))


@contextmanager
def plain_pywb(root: Path) -> Iterator[str]:
    """pywb as it comes, in a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-c", PLAIN, str(root), str(port)]
    nowhere = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=nowhere, stderr=nowhere, cwd=root) as process:
        try:
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    assert process.poll() is None, "pywb did not start"
                    time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def beside_pywb(root: Path) -> tuple[Side, Side]:
    """Ours and pywb's, in turns."""
    store(root, "news", stored())
    ours, theirs = Side(), Side()
    with running_replay(root, workers=2) as replay, plain_pywb(root) as pywb:
        sides = ((replay, ours), (pywb, theirs))
        for origin, _ in sides:  # both have read what they read once
            one_by_one(origin, Side())
            all_at_once(origin, Side(), 100)
        for _ in range(TURNS):
            for origin, side in sides:
                one_by_one(origin, side)
                all_at_once(origin, side)
    return ours, theirs


def among_many(root: Path) -> dict[str, tuple[float, float]]:
    """Milliseconds for one page, ours and pywb's: in an index of 1,000,000 lines, and as one of 20,000 captures."""
    store(root, "news", [Stored(f"{SITE}/page", "<p>here</p>")])
    level = index.level(root / "news" / "indexes", 4)
    told = '"mime": "text/html", "status": "200", "digest": "sha1:A", "length": "9", "offset": "0", "filename": "no"'
    line = '%s %s {"url": "%s", ' + told + "}\n"
    with level.open("w") as stream:
        for n in range(MANY_CAPTURES):
            at = f"{datetime(2015, 1, 1, tzinfo=UTC) + timedelta(hours=n):%Y%m%d%H%M%S}"
            stream.write(line % ("example,news)/page", at, f"{SITE}/page"))
        for n in range(LINES):
            stream.write(line % (f"example,other)/{n:07}", "20260101000000", f"https://other.example/{n:07}"))
    asked = {
        "one of 20,000 captures of a page": f"/news/{STAMP}mp_/{SITE}/page",
        "a miss among 1,000,000 lines": f"/news/{STAMP}mp_/https://other.example/{LINES // 2:07}/none",
        "TimeMap of 20,000 captures": f"/news/timemap/link/{SITE}/page",
    }
    with running_replay(root) as replay, plain_pywb(root) as pywb:
        return {what: (_median(f"{replay}{path}"), _median(f"{pywb}{path}")) for what, path in asked.items()}


def _median(address: str) -> float:
    times, curl = [], pycurl.Curl()
    for _ in range(TRIES):
        prepare(curl, address, "", "")
        begun = time.perf_counter()
        curl.perform()
        times.append(time.perf_counter() - begun)
    return statistics.median(times[1:]) * 1000


def started(root: Path) -> tuple[float, float]:
    """Seconds from the command to the first article page, and to the first replayed page."""
    collection = Root(root).create("news", "News", agent="bench/1")
    capture = add(collection, Invented(f"{SITE}/story", headline="Story")).capture_id
    command = [str(BIN / "archiver"), "--root", str(root), "replay", "--port", "0", "--replay-port", "0", "--json"]
    begun = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            urls = json.loads(process.stdout.readline())
            _fetched(f"{urls['app']}/news/{capture}")
            app = time.perf_counter() - begun
            _fetched(f"{urls['replay']}/news/{capture[:8]}{capture[9:15]}mp_/{SITE}/story")
            return app, time.perf_counter() - begun
        finally:
            process.terminate()


def _fetched(address: str) -> None:
    curl = pycurl.Curl()
    body = prepare(curl, address, "", "")
    curl.setopt(pycurl.FOLLOWLOCATION, True)
    curl.perform()
    assert curl.getinfo(pycurl.RESPONSE_CODE) == 200, (address, body.getvalue()[:300])
