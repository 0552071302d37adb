"""The browser engine: a page as a reader sees it, with everything that its visit loads.

One Chromium serves all captures of an engine, each page in a context and with a tunnel of its own. The browser lives
on an event loop in a thread of its own; `capture` is an ordinary generator that may be used from any thread.
"""

import asyncio
import tempfile
import threading
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

from archiver.browser import BrowserError, Chromium
from archiver.engines import EngineOptions, guard
from archiver.engines.authorities import read_authorities
from archiver.engines.browser.decoded import DecodedRecording
from archiver.engines.browser.media import Wish
from archiver.engines.browser.router import Router
from archiver.engines.browser.trust import home_trusting
from archiver.engines.browser.tunnel import Tunnel
from archiver.engines.browser.visit import Means, Visit
from archiver.errors import ArchiverError, CutOff, FetchFailed, StorageError
from archiver.model import Fidelity, Item, Limits, close_bodies

WAITING = 32
"""Items that may wait for their taker; a slower taker slows the recording down rather than filling the disk."""

T = TypeVar("T")


class BrowserEngine:
    """An `Engine` that captures with Chromium."""

    name = "browser"

    def __init__(self, options: EngineOptions) -> None:
        self._options = options
        self.fidelity: Fidelity = options.fidelity
        self._resources = ExitStack()
        self._home: Path | None = None
        self._visits: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            self._means, authorities = self._carried()
            if authorities:
                self._home = opening.enter_context(
                    home_trusting(authorities, str(self._options.ca_file or "wire mode"))
                )
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

    def _carried(self) -> tuple[Means, list[bytes]]:
        """How traffic is carried and recorded, and what authorities the browser is to trust for it."""
        options, ca_file = self._options, self._options.ca_file
        films = Wish(options.media, ca_file)
        means = partial(Means, consent=options.consent, session=options.session, behaving=options.behaving, films=films)
        private = read_authorities(ca_file) if ca_file else []
        if self.fidelity == "decoded":
            return means(partial(Tunnel, self._resolve), DecodedRecording), private
        from archiver.engines.browser import wire

        authority = wire.Authority()
        tunnel = partial(wire.WireTunnel, self._resolve, authority, wire.trusting(private))
        codings = {"Accept-Encoding": wire.CODINGS}
        return means(tunnel, wire.WireRecording, headers=codings), [authority.certificate]

    def __exit__(self, *exc: object) -> None:
        self._resources.close()

    def capture(self, url: str, limits: Limits) -> Iterator[Item]:
        """Visit `url` in the browser; see `Engine.capture`."""
        self._options.blocked.check(url)
        items = _Items(WAITING)
        visit = self._call(self._begin(url, limits, items))
        try:
            while (item := self._call(items.next(visit))) is not None:
                yield item
            if visit.cancelled():
                raise FetchFailed(url, "the engine was closed")
            visit.result()
        finally:
            if not self._loop.is_closed():
                self._call(_end(visit))
            while not items.empty():
                close_bodies(items.get_nowait())

    def _resolve(self, host: str, port: int) -> list[str]:
        """Where the tunnel may go for a host; what is blocked goes nowhere."""
        self._options.blocked.check_host(host)
        return guard.resolve(host, port, allow_private=self._options.allow_private, allowed=self._options.allowed)

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
        self._chromium = await Chromium.launch(self._home, self._options.session.user_agent)
        self._router = Router(self._chromium.session, self._means.recording.held, self._options.blocked)
        await self._router.start()

    async def _close(self) -> None:
        visits = list(self._visits)
        for visit in visits:
            visit.cancel()
        await asyncio.gather(*visits, return_exceptions=True)
        await self._chromium.close()

    async def _begin(self, url: str, limits: Limits, items: "_Items") -> asyncio.Task[None]:
        visit = asyncio.ensure_future(self._visit(url, limits, items))
        self._visits.add(visit)
        visit.add_done_callback(self._visits.discard)
        return visit

    async def _visit(self, url: str, limits: Limits, items: "_Items") -> None:
        """One visit, in its turn."""
        try:
            async with self._turns:
                async with self._starting:
                    if not self._chromium.connected:  # it died under an earlier page
                        await self._chromium.close()
                        await self._launch()
                chromium = self._chromium
                try:
                    await Visit(chromium, self._router, self._means, items.put).run(url, limits)
                except (BrowserError, FetchFailed) as error:
                    if chromium.connected:
                        raise
                    raise CutOff(url, "The browser") from error
                if not chromium.connected:  # what it brought is a piece, and no fault of the page
                    raise CutOff(url, "The browser")
        except BrowserError as error:
            raise FetchFailed(url, str(error).rstrip(".")) from error
        except OSError as error:
            raise StorageError(tempfile.gettempdir(), (error.strerror or str(error)).lower()) from error


async def _end(visit: asyncio.Task[None]) -> None:
    """End a visit, if it has not ended, and wait until it has let go of everything."""
    visit.cancel()
    await asyncio.wait((visit,))


class _Items(asyncio.Queue[Item]):
    """Items on their way from a visit to whoever takes them."""

    async def put(self, item: Item) -> None:
        """Add an item as soon as there is room; close it if that is too late."""
        try:
            await super().put(item)
        except asyncio.CancelledError:
            close_bodies(item)
            raise

    async def next(self, visit: asyncio.Task[None]) -> Item | None:
        """The next item, or None when the visit has ended and all are taken."""
        if self.empty():
            getting = asyncio.ensure_future(self.get())
            await asyncio.wait((getting, visit), return_when=asyncio.FIRST_COMPLETED)
            if getting.done():
                return getting.result()
            getting.cancel()
        return None if self.empty() else self.get_nowait()
