"""The log of what the site sent: the truth that archives are compared with."""

import hashlib
import json
import threading
import zlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class Served:
    """One response, entered in the log the moment before its last bytes leave."""

    seq: int
    """From 1, in the order in which responses were completed."""
    method: str
    scheme: str
    host: str
    url: str
    protocol: str
    """The HTTP version of the connection: `1.1` or `2`."""
    status: int
    sha256: str
    """Of the entity body without content coding."""
    length: int
    sent_sha256: str
    """Of the entity body as sent, with its content coding, without transfer coding."""
    sent_length: int
    content_encoding: str
    """`gzip`, or empty."""
    request_sha256: str
    """Of the request's body."""
    request_length: int
    user_agent: str
    complete: bool
    """False when the client left, or the site stopped, before the end."""


class ServedLog:
    """A list of `Served`, kept in memory and, when asked, as JSON lines. Safe to read from other threads."""

    def __init__(self, path: Path | None = None) -> None:
        self._entries: list[Served] = []
        self._seq = 0
        self._path = path
        self._lock = threading.Lock()
        if path is not None:
            path.write_bytes(b"")

    def enter(self, **values: Any) -> None:
        """Append a response; the fields are those of `Served` but for `seq`."""
        with self._lock:
            self._seq += 1
            entry = Served(seq=self._seq, **values)
            self._entries.append(entry)
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")

    def entries(self) -> list[Served]:
        """What was served since the start or the last `clear`."""
        with self._lock:
            return list(self._entries)

    def clear(self) -> None:
        """Forget what is in memory; a log file keeps it all, and numbers go on."""
        with self._lock:
            self._entries.clear()


@dataclass
class Tally:
    """Digest and length of the bytes that passed."""

    digest: Any = field(default_factory=hashlib.sha256)
    length: int = 0

    def add(self, data: bytes) -> None:
        """Count `data`."""
        self.digest.update(data)
        self.length += len(data)


class Watched:
    """ASGI middleware around the whole site: enters every response in `log`."""

    def __init__(self, app: ASGIApp, log: ServedLog) -> None:
        self.app = app
        self.log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        watch = Watch(scope, self.log)

        async def hear() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                watch.asked.add(message.get("body", b""))
            return message

        async def tell(message: Message) -> None:
            watch.note(message)
            await send(message)

        try:
            await self.app(scope, hear, tell)
        finally:
            watch.finish(complete=False)


class Watch:
    """One exchange while it happens."""

    def __init__(self, scope: Scope, log: ServedLog) -> None:
        self.scope = scope
        self.log = log
        self.asked, self.plain, self.sent = Tally(), Tally(), Tally()
        self.status = 0
        self.encoding = ""
        self.gunzip = zlib.decompressobj(31)
        self.finished = False

    def note(self, message: Message) -> None:
        """Take in one message of the application."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.encoding = Headers(raw=message["headers"]).get("content-encoding", "")
        elif message["type"] == "http.response.body":
            body = b"" if self.scope["method"] == "HEAD" else message.get("body", b"")
            self.sent.add(body)
            self.plain.add(self.gunzip.decompress(body) if self.encoding == "gzip" else body)
            if not message.get("more_body", False):
                self.finish(complete=True)

    def finish(self, *, complete: bool) -> None:
        """Enter the response, once, if there is one."""
        if self.finished or not self.status:
            return
        self.finished = True
        scope, headers = self.scope, Headers(scope=self.scope)
        host = headers.get("host", "")
        path = scope["raw_path"].decode("ascii")
        query = f"?{scope['query_string'].decode('ascii')}" if scope["query_string"] else ""
        self.log.enter(
            method=scope["method"],
            scheme=scope["scheme"],
            host=host,
            url=f"{scope['scheme']}://{host}{path}{query}",
            protocol=scope["http_version"],
            status=self.status,
            sha256=self.plain.digest.hexdigest(),
            length=self.plain.length,
            sent_sha256=self.sent.digest.hexdigest(),
            sent_length=self.sent.length,
            content_encoding=self.encoding,
            request_sha256=self.asked.digest.hexdigest(),
            request_length=self.asked.length,
            user_agent=headers.get("user-agent", ""),
            complete=complete,
        )
