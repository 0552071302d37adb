"""Bodies that pass to the page as they come, and are kept in passing.

For what is too long to be held, of unknown length, or without an end. The browser tells of each piece that the page
gets (`Network.streamResourceContent`, asked for while the answer is still held, so that no piece is missed), and
the page takes them at the pace at which they are told.
"""

import asyncio
from typing import Literal

from archiver.browser import BrowserError, Session
from archiver.engines.browser import bodies
from archiver.engines.browser.network import NetworkLog

LISTENING = 1.0
"""Seconds within which the page must say that it will tell."""


class Flow:
    """One such body. `begin` it before the answer is let go, then `end` it, or `cut` it."""

    def __init__(self, log: NetworkLog, network_id: str, cap: int) -> None:
        self._log, self._id, self._cap = log, network_id, cap
        self._body = bodies.nothing()
        self._full = asyncio.Event()

    async def begin(self, session: Session) -> None:
        """Keep what comes from now on. Raises `BrowserError` if this answer is none of the page's own, or the page
        does not listen: it may be standing still until it has this very answer.
        """
        self._log.pour(self._id, self._keep)
        try:
            await asyncio.wait_for(session.send("Network.streamResourceContent", requestId=self._id), LISTENING)
        except TimeoutError:
            raise BrowserError("The page does not listen.") from None

    async def end(self, seconds: float, stop: asyncio.Event) -> bodies.Body:
        """The body at its end, or as it is after `seconds`, at `stop`, or when it reaches the cap."""
        ends = [asyncio.ensure_future(event) for event in (self._log.ending(self._id), self._full.wait(), stop.wait())]
        try:
            with self._body.dropped_if_cancelled():
                await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiting in ends:
                waiting.cancel()
        return self.cut()

    def cut(self) -> bodies.Body:
        """The body as it is now; marked as cut unless it had come to its end."""
        body, ended = self._body, self._log.cut(self._id)
        cuts: dict[str, Literal["time", "disconnect"] | None] = {"": "time", "failed": "disconnect", "finished": None}
        body.truncated = body.truncated or cuts[ended]
        body.stream.seek(0)
        return body

    def drop(self) -> None:
        """Keep no more, and nothing of what came."""
        self._log.cut(self._id)
        self._body.stream.close()

    def _keep(self, piece: bytes) -> None:
        room = self._cap - self._body.size
        self._body.stream.write(piece[:room])
        self._body.size += min(len(piece), room)
        if len(piece) > room:
            self._body.truncated = "length"
            self._full.set()
