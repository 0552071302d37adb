"""The Chrome DevTools Protocol over the browser's own pipe: commands with their answers, and events in their order.

Messages are JSON, each ended by a NUL (Chromium's `--remote-debugging-pipe`). Nothing but the pipe is open: no port
that other programs of the machine, or a page, could talk to.
"""

import asyncio
import json
import os
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Self

from archiver.errors import ArchiverError

Event = dict[str, Any]
Handler = Callable[[Event], None]

ENDED = "the browser has ended"
CLOSED = "its target is closed"


class BrowserError(ArchiverError):
    """The browser or one of its pages went away, or refused a command."""


class Session:
    """A session of the protocol: with the browser itself (`id` is ""), or with a page or worker."""

    def __init__(self, connection: "Connection", session_id: str) -> None:
        self.id = session_id
        self._connection = connection
        self._handlers: dict[str, list[Handler]] = defaultdict(list)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Done, with the reason, when nothing more can be asked."""

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Do a command and give its result; `BrowserError` if it is refused or its target is gone."""
        if self.closed.done():
            raise _refusal(method, self.closed.result())
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        number = self._connection.write(self.id, method, parameters)
        self._waiting[number] = answer
        try:
            told = await answer
        finally:
            self._waiting.pop(number, None)
        if error := told.get("error"):
            raise _refusal(method, str(error.get("message", error)).rstrip("."))
        return told.get("result", {})  # type: ignore[no-any-return]

    def on(self, event: str, handler: Handler) -> None:
        """Call `handler` with the parameters of each such event, beside those who listen already."""
        self._handlers[event].append(handler)

    def hear(self, message: dict[str, Any]) -> None:
        """Take a message of the browser's for this session."""
        if "id" in message:
            answer = self._waiting.get(message["id"])
            if answer and not answer.done():
                answer.set_result(message)
            return
        for handler in self._handlers.get(message["method"], ()):
            handler(message.get("params", {}))

    def close(self, why: str) -> None:
        """Nothing more will come: whoever waits for an answer is told so."""
        if not self.closed.done():
            self.closed.set_result(why)
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_result({"error": {"message": why}})


class Connection(asyncio.Protocol):
    """The pipe to one browser, and the sessions that share it."""

    def __init__(self) -> None:
        self.browser = Session(self, "")
        self._sessions = {"": self.browser}
        self._read = bytearray()
        self._searched = 0
        self._number = 0
        self._pipes: list[asyncio.BaseTransport] = []
        self._out: asyncio.WriteTransport | None = None
        self.browser.on("Target.detachedFromTarget", lambda event: self.forget(event["sessionId"]))

    @classmethod
    async def over(cls, reading: int, writing: int) -> Self:
        """A connection that reads and writes these file descriptors, and closes them in the end."""
        loop, connection = asyncio.get_running_loop(), cls()
        source, _ = await loop.connect_read_pipe(lambda: connection, os.fdopen(reading, "rb", 0))
        sink, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(writing, "wb", 0))
        connection._pipes, connection._out = [source, sink], sink
        return connection

    def session(self, session_id: str) -> Session:
        """The session that `Target.attachToTarget` has opened (flat: its messages carry this id)."""
        session = self._sessions[session_id] = Session(self, session_id)
        session.on("Target.detachedFromTarget", lambda event: self.forget(event["sessionId"]))
        return session

    def forget(self, session_id: str) -> None:
        """Its target is gone."""
        if session := self._sessions.pop(session_id, None):
            session.close(CLOSED)

    def write(self, session_id: str, method: str, parameters: dict[str, Any]) -> int:
        """Send a command; gives the number that its answer will carry."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session_id:
            message["sessionId"] = session_id
        if self._out:
            self._out.write(json.dumps(message).encode() + b"\0")
        return self._number

    def close(self) -> None:
        """Close the pipe, at which the browser ends."""
        for pipe in self._pipes:
            pipe.close()
        self._end()

    def data_received(self, data: bytes) -> None:
        """Deliver every message that is whole now."""
        self._read += data
        while (end := self._read.find(0, self._searched)) >= 0:
            message = json.loads(self._read[:end])
            del self._read[: end + 1]
            self._searched = 0
            if session := self._sessions.get(message.get("sessionId", "")):
                session.hear(message)
        self._searched = len(self._read)

    def connection_lost(self, exc: Exception | None) -> None:
        """The browser has ended."""
        self._end()

    def _end(self) -> None:
        for session in self._sessions.values():
            session.close(ENDED)


def _refusal(method: str, why: str) -> BrowserError:
    return BrowserError(f"The browser refused {method}: {why}.")
