"""A reader's request, straight into the web app, without a server."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lxml import html

from archiver.access import Reader
from archiver.web.app import create_app

REPLAY = "http://localhost:8081"
ORIGIN = "http://127.0.0.1:8080"


@dataclass
class Answer:
    """What a reader's browser got."""

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: list[str] = field(default_factory=list)
    """Each `Set-Cookie` as it stands."""

    @property
    def page(self) -> Any:
        """The parsed page."""
        return html.document_fromstring(self.body.decode())

    @property
    def text(self) -> str:
        """What is to be read on it, with single spaces."""
        return " ".join(self.page.find("body").text_content().split())


def get(
    root: Path,
    path: str,
    *,
    host: str = "127.0.0.1:8080",
    headers: Mapping[str, str] | None = None,
    reader: Reader = Reader(),  # noqa: B008 - frozen
    method: str = "GET",
) -> Answer:
    """One request of a reader of the collections under `root`; `path` may hold a query."""
    path, _, query = path.partition("?")
    messages: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        messages.append(message)

    told = {"host": host, **(headers or {})}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in told.items()],
        "server": ("127.0.0.1", 8080),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }
    asyncio.run(create_app(root, REPLAY, ORIGIN, reader)(scope, receive, send))
    pairs = [(name.decode().lower(), value.decode()) for name, value in messages[0]["headers"]]
    cookies = [value for name, value in pairs if name == "set-cookie"]
    return Answer(messages[0]["status"], dict(pairs), b"".join(one.get("body", b"") for one in messages[1:]), cookies)
