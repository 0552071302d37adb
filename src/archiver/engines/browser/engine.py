"""The browser engine: a page as a reader sees it, with everything that its visit loads.

One Chromium serves all captures of an engine, each page in a context and with a tunnel of its own. The browser lives
on an event loop in a thread of its own; `capture` is an ordinary generator that may be used from any thread.
"""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

from archiver.browser import BrowserError, Chromium
from archiver.engines import EngineOptions, guard
from archiver.engines.browser.router import Router
from archiver.engines.browser.trust import home_trusting
from archiver.engines.browser.visit import Visit
from archiver.errors import ArchiverError, FetchFailed
from archiver.model import Exchange, Fidelity, Item, Limits, Resource

WAITING = 32
"""Items that may wait for their taker; a slower taker slows the recording down rather than filling the disk."""

T = TypeVar("T")


class BrowserEngine:
    """An `Engine` that captures with Chromium. Bodies are as the browser decoded them."""

    name = "browser"
    fidelity: Fidelity = "decoded"

    def __init__(self, options: EngineOptions) -> None:
        self._options = options
        self._resolve = partial(guard.resolve, allow_private=options.allow_private)
        self._resources = ExitStack()
        self._home: Path | None = None
        self._visits: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            if self._options.ca_file:
                self._home = opening.enter_context(home_trusting(self._options.ca_file))
            self._loop = asyncio.new_event_loop()
            opening.callback(self._loop.close)
            thread = threading.Thread(target=self._loop.run_forever, name="browser", daemon=True)
            thread.start()
            opening.callback(thread.join)
            opening.callback(lambda: self._loop.call_soon_threadsafe(self._loop.stop))
            self._call(self._start())
            opening.callback(lambda: self._call(self._close()))
            self._resources = opening.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._resources.close()

    def capture(self, url: str, limits: Limits) -> Iterator[Item]:
        """Visit `url` in the browser; see `Engine.capture`."""
        belt = _Belt()
        visit = self._call(self._begin(url, limits, belt))
        try:
            while (item := self._call(belt.take())) is not None:
                yield item
            if visit.cancelled():
                raise FetchFailed(url, "the engine was closed")
            visit.result()
        finally:
            if self._loop.is_closed():
                belt.clear()
            else:
                self._loop.call_soon_threadsafe(visit.cancel)
                self._call(belt.discard())

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        """Do `work` on the browser's loop and wait for it."""
        if self._loop.is_closed():
            work.close()
            raise ArchiverError("The browser engine is closed.")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _start(self) -> None:
        self._turns = asyncio.Semaphore(max(1, self._options.jobs))
        self._starting = asyncio.Lock()
        await self._launch()

    async def _launch(self) -> None:
        self._chromium = await Chromium.launch(self._home)
        self._router = Router(self._chromium.session)
        await self._router.start()

    async def _close(self) -> None:
        visits = list(self._visits)
        for visit in visits:
            visit.cancel()
        await asyncio.gather(*visits, return_exceptions=True)
        await self._chromium.close()

    async def _begin(self, url: str, limits: Limits, belt: "_Belt") -> asyncio.Task[None]:
        visit = asyncio.ensure_future(self._visit(url, limits, belt))
        self._visits.add(visit)
        visit.add_done_callback(self._visits.discard)
        visit.add_done_callback(lambda _visit: belt.end())
        return visit

    async def _visit(self, url: str, limits: Limits, belt: "_Belt") -> None:
        """One visit, in its turn."""
        try:
            async with self._turns:
                async with self._starting:
                    if not self._chromium.connected:  # it died under an earlier page
                        await self._chromium.close()
                        await self._launch()
                await Visit(self._chromium, self._router, self._resolve, belt.put).run(url, limits)
        except BrowserError as error:
            raise FetchFailed(url, str(error).rstrip(".")) from error
        except asyncio.CancelledError:
            belt.clear()
            raise


class _Belt:
    """Items on their way from a visit to whoever takes them; it holds a few, and has an end."""

    def __init__(self) -> None:
        self._items: asyncio.Queue[Item | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(WAITING)
        self._ended = False

    async def put(self, item: Item) -> None:
        """Add an item as soon as there is room; an item that comes too late is closed."""
        try:
            await self._room.acquire()
        except asyncio.CancelledError:
            _close(item)
            raise
        self._items.put_nowait(item)

    def end(self) -> None:
        """Nothing more will come."""
        self._items.put_nowait(None)

    async def take(self) -> Item | None:
        """The next item, or None after the last."""
        if self._ended:
            return None
        item = await self._items.get()
        self._ended = item is None
        self._room.release()
        return item

    async def discard(self) -> None:
        """Take everything to the end, and close it."""
        while (item := await self.take()) is not None:
            _close(item)

    def clear(self) -> None:
        """Close what lies on the belt."""
        while not self._items.empty():
            if item := self._items.get_nowait():
                _close(item)


def _close(item: Item) -> None:
    """Close the bodies of an item that nobody takes."""
    if isinstance(item, Exchange):
        item.response.body.close()
        if item.request.body:
            item.request.body.close()
    elif isinstance(item, Resource):
        item.body.close()
