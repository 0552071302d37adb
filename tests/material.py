"""Small captures made without a network, for tests of what happens to them afterwards."""

import gzip
import hashlib
import io
import json
import os
import shutil
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archiver.capture import AGENT, Captured, Terms, capture_url
from archiver.collection import Collection, Root
from archiver.engines import EngineOptions
from archiver.ledger import sealed_files
from archiver.model import Exchange, PageInfo, Request, RequestNote, Resource, Response, new_body, timestamp

URL = "https://news.example/bridge"
STARTED = datetime(2026, 11, 22, 14, 1, 12, 345678, UTC)

HTML = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>The bridge stands | The Lantern</title>
<script type="application/ld+json">{"@type": "NewsArticle", "headline": "The bridge stands",
 "datePublished": "2026-11-21T08:00:00+02:00", "author": {"@type": "Person", "name": "Olha Kovalenko"}}</script>
</head><body><h1>The bridge stands</h1><p>%s</p>
<p>The engineers who looked at it in the morning found no crack in its piers. Their report is number %s.</p>
</body></html>"""
IN_LETTERS = str.maketrans("0123456789", "abcdefghij")


PAGE = "https://news.example/a"
PICTURE = "https://cdn.example/a.png"
OTHER = "https://cdn.example/b.png"
BYTES = bytes(range(256)) * 16
AT = STARTED


def answer(url=PICTURE, body=BYTES, headers=(("Content-Type", "image/png"),), **more):
    asked = Request(more.pop("method", "GET"), ())
    told = Response(more.pop("status", 200), "OK", (*headers, ("Content-Length", str(len(body)))), io.BytesIO(body))
    return Exchange(url, more.pop("at", AT), asked, told, more.pop("role", "part"), **more)


class Site:
    """An engine whose page loads what it is told."""

    name, fidelity = "http", "entity"

    def __init__(self, *parts, days=0):
        self.parts, self.at = parts, AT + timedelta(days=days)

    def capture(self, url, limits):
        html = (("Content-Type", "text/html"),)
        yield answer(url, b"<title>A day</title>" + b"<p>word " * 300, html, role="main", at=self.at)
        for part in self.parts:
            part.response.body.seek(0)
            content = io.BytesIO(part.response.body.read())
            yield replace(part, started=self.at, response=replace(part.response, body=content))
        yield PageInfo(url, url, self.at, self.at, "http", "entity", "test", (AGENT,), ())


class PaperEngine:
    """An engine that needs nothing: it answers every URL with nearly the same small page."""

    name = "http"
    fidelity = "entity"

    def __init__(self, text: str = "It stood all night.", options: EngineOptions | None = None) -> None:
        self.text = text

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return None

    def capture(self, url, limits):
        html = (HTML % (self.text, url.rpartition("/")[2].translate(IN_LETTERS))).encode()
        headers = (("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(html))))
        request = Request("GET", (("Host", "news.example"),))
        response = Response(200, "OK", headers, new_body(html))
        yield Exchange(url, STARTED, request, response, role="main", ip="192.0.2.7", protocols=("h2",))
        yield Resource("text", url, "text/plain; charset=utf-8", new_body(b"It stood all night."), STARTED)
        note = RequestNote(url, "GET", 200, "document", timestamp(STARTED), 0.1, recorded=True)
        yield PageInfo(url, url, STARTED, STARTED, "http", "entity", "test", (AGENT,), (note,))


def collection_with(root: Path, captures: int = 1, name: str = "news") -> tuple[Collection, list[Captured]]:
    """A collection with so many captures."""
    collection = Root(root).create(name, "News", agent=AGENT)
    return collection, [capture_url(f"{URL}/{n}", collection, PaperEngine(), Terms()) for n in range(captures)]


def sealed(collection: Collection) -> dict[str, bytes]:
    """The sealed segments of its ledger, by path."""
    files = sealed_files(collection.path / "ledger")
    return {file.relative_to(collection.path).as_posix(): file.read_bytes() for file in files}


def copied(collection: Collection, place: Path) -> Collection:
    """The same collection on another machine."""
    shutil.copytree(collection.path.parent, place, ignore=shutil.ignore_patterns(".archiver"))
    return Root(place).collection(collection.name)


def bring(source: Collection, target: Collection) -> None:
    """What a pull does: files first, then sealed segments."""
    source.seal()
    have = sealed(target)
    for path in source.files():
        if not target.local(path).exists():
            shutil.copy(source.local(path), target.local(path))
    target.adopt([(path, content) for path, content in sealed(source).items() if path not in have])


def end_the_process(*_: object) -> None:
    """As a page does that breaks a parser written in C."""
    os._exit(9)


FOREIGN = "<html><head><title>Bridge {number}</title></head><body><h1>Bridge {number}</h1></body></html>"


def foreign_record(number, date="2020-01-02T03:04:05Z"):
    """A page as another archive keeps it."""
    block = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{FOREIGN.format(number=number)}"
    head = (
        f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{number}>\r\nWARC-Date: {date}\r\n"
        f"WARC-Target-URI: https://news.example/{number}\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return gzip.compress(f"{head}{block}\r\n\r\n".encode(), mtime=0)


def repacked(package, change):
    """The package with other files, and digests that agree with them: as a forger makes it."""
    if package.is_dir():
        files = {p.relative_to(package / "data").as_posix(): p.read_bytes() for p in package.rglob("data/**/*.*")}
        change(files)
        shutil.rmtree(package / "data")
        for path in package.glob("*manifest-*.txt"):
            path.unlink()
        (package / "bag-info.txt").unlink(missing_ok=True)
        for name, body in files.items():
            (package / "data" / name).parent.mkdir(parents=True, exist_ok=True)
            (package / "data" / name).write_bytes(body)
        lines = [f"{hashlib.sha256(body).hexdigest()}  data/{name}\n" for name, body in files.items()]
        (package / "manifest-sha256.txt").write_text("".join(lines))
        return package
    with zipfile.ZipFile(package) as made:
        described = json.loads(made.read("datapackage.json"))
        files = {n: made.read(n) for n in made.namelist() if not n.startswith("datapackage")}
    change(files)
    described["resources"] = [
        {"name": n, "path": n, "hash": f"sha256:{hashlib.sha256(b).hexdigest()}", "bytes": len(b)}
        for n, b in files.items()
    ]
    with zipfile.ZipFile(package, "w") as made:
        for name, body in (files | {"datapackage.json": json.dumps(described).encode()}).items():
            made.writestr(name, body)
    return package
