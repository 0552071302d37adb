"""Reading response bodies out of the browser, whole or as streams, always into spooled files."""

import asyncio
import base64
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal

from archiver.browser import BrowserError, Session
from archiver.model import new_body

PIECE = 1 << 20
"""Bytes per read: smaller ones are slower, larger ones too."""
WHOLE = 4 << 20
"""A body that is known to be no longer is read in one piece."""
HANDED_BACK = 24 << 20
"""A streamed body no longer than this is given to the page; a longer one would be too much for one message."""

Truncated = Literal["length", "time", "disconnect"]


@dataclass(slots=True)
class Body:
    """A body as it was read, positioned at its start."""

    stream: BinaryIO
    size: int
    truncated: Truncated | None = None

    @contextmanager
    def dropped_if_cancelled(self) -> Iterator[None]:
        """Close the body if what follows is cancelled: nobody will take it then."""
        try:
            yield
        except asyncio.CancelledError:
            self.stream.close()
            raise


def nothing() -> Body:
    """The body of an answer that has none."""
    return Body(new_body(), 0)


async def read_whole(fetch: Session, paused_id: str, cap: int) -> Body:
    """The body of a paused answer in one piece, of which `cap` bytes are kept. Raises `BrowserError`."""
    told = await fetch.send("Fetch.getResponseBody", requestId=paused_id)
    content = _bytes(told, "body")
    return Body(new_body(content[:cap]), min(len(content), cap), "length" if len(content) > cap else None)


async def take_stream(fetch: Session, paused_id: str, cap: int, seconds: float, stop: asyncio.Event) -> Body:
    """The body of a paused answer as a stream; after this, the answer can only be fulfilled or failed."""
    handle = (await fetch.send("Fetch.takeResponseBodyAsStream", requestId=paused_id))["stream"]
    return await read_stream(fetch, handle, cap, seconds, stop)


async def read_stream(session: Session, handle: str, cap: int, seconds: float, stop: asyncio.Event) -> Body:
    """Read a DevTools stream until its end, `cap` bytes, `seconds` or `stop`, and close it.

    A stream that breaks ends as `disconnect` with what had come.
    """
    body, deadline = nothing(), asyncio.get_running_loop().time() + seconds
    stopping = asyncio.ensure_future(stop.wait())
    try:
        with body.dropped_if_cancelled():
            while await _read_piece(session, handle, body, cap, (stopping, deadline)):
                pass
    except BrowserError:
        body.truncated = "disconnect"
    finally:
        stopping.cancel()
        asyncio.ensure_future(session.send("IO.close", handle=handle)).add_done_callback(_swallow)
    body.stream.seek(0)
    return body


async def _read_piece(
    session: Session, handle: str, body: Body, cap: int, until: tuple["asyncio.Future[Any]", float]
) -> bool:
    """Append the stream's next piece to `body`; False if there will be no more."""
    stopping, deadline = until
    reading = asyncio.ensure_future(session.send("IO.read", handle=handle, size=PIECE))
    reading.add_done_callback(_swallow)
    patience = max(deadline - asyncio.get_running_loop().time(), 0)
    await asyncio.wait((reading, stopping), timeout=patience, return_when=asyncio.FIRST_COMPLETED)
    if not reading.done():
        body.truncated = "time"
        return False
    told = await reading
    piece = _bytes(told, "data")
    body.stream.write(piece[: cap - body.size])
    if len(piece) > cap - body.size or (body.size + len(piece) == cap and not told["eof"]):
        body.truncated = "length"
    body.size = min(body.size + len(piece), cap)
    return not told["eof"] and body.truncated is None


async def fulfil(fetch: Session, paused_id: str, status: int, headers: list[dict[str, str]], body: Body) -> None:
    """Give the page a body that was read as a stream; its headers no longer tell of codings and lengths."""
    told = [line for line in headers if line["name"].lower() not in _NOT_OF_FULFILLED]
    content = base64.b64encode(body.stream.read()).decode("ascii")
    body.stream.seek(0)
    await fetch.send(
        "Fetch.fulfillRequest", requestId=paused_id, responseCode=status, responseHeaders=told, body=content
    )


_NOT_OF_FULFILLED = frozenset(("content-encoding", "transfer-encoding", "content-length"))


def _bytes(told: dict[str, Any], name: str) -> bytes:
    return base64.b64decode(told[name]) if told.get("base64Encoded") else str(told[name]).encode()


def _swallow(task: "asyncio.Future[Any]") -> None:
    """Look at the result of a command that nobody waits for, so that asyncio does not complain of it."""
    with suppress(BrowserError, asyncio.CancelledError):
        task.result()
