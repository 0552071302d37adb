"""The recording of one page, as far as it does not matter where the bytes come from.

The browser gives them without their codings (`decoded`), the tunnel as they are (`wire.recording`). Each answer that
the browser holds is let go on every path, or the page would hang. What cannot be recorded is noted with the reason.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar, Literal

from archiver.browser import BrowserError, Event, Session, Tab
from archiver.engines.browser.exchanges import Paused
from archiver.engines.browser.films import Films
from archiver.engines.browser.network import Hop, NetworkLog
from archiver.engines.browser.notes import Notes
from archiver.engines.browser.sheets import Sheets
from archiver.engines.browser.streams import Streams
from archiver.engines.browser.tunnel import Tunnel
from archiver.model import Exchange, Fidelity, Limits, now

Put = Callable[[Exchange], Awaitable[None]]
Role = Literal["main", "redirect", "part"]

WITHHELD = "the browser keeps the answer from the page, which may not read it"
ASKED_BY_SCRIPTS = frozenset(("fetch", "xhr", "script", "preflight"))
MADE_BY_BROWSER = "non-authoritative-reason"
"""The header of redirects that no server sent (HSTS)."""


class Recording(ABC):
    """Answers of one page and its workers, from the first request to `finish`."""

    fidelity: ClassVar[Fidelity]
    held: ClassVar[tuple[str, ...]]
    """Resource types whose answers the browser is to hold; all, if there are none."""

    def __init__(self, fetch: Session, tab: Tab, tunnel: Tunnel, limits: Limits, put: Put) -> None:
        self.tab, self.tunnel, self.limits = tab, tunnel, limits
        self.log = NetworkLog()
        self.notes = Notes(tunnel)
        self.reasons: dict[str, None] = {}
        """Caps that were hit, each once, in order."""
        self.failed: Paused | None = None
        """The last navigation of the page itself that got no answer."""
        self.document = ""
        """URL of the page's document: of the latest one, until the page has settled."""
        self.settled = asyncio.Event()
        """The page stands: from now on it is not let go elsewhere."""
        self.stop = asyncio.Event()
        """Streams are cut, and nothing new is begun."""
        self.picture_bytes = 0
        """Of all pictures that came."""
        self.put = put
        self.streams = Streams(self, limits.media_bytes)
        self.films, self.sheets = Films(), Sheets()
        self._fetch = fetch
        self._held: Exchange | None = None  # the document, until it is clear that no other follows
        self._seen: set[str] = set()
        self._changed = 0.0
        self._taken = self._size = 0
        self._tasks: dict[asyncio.Task[None], Paused] = {}
        self._fault: BaseException | None = None

    # What goes on

    def take(self, event: Event) -> None:
        """Record a paused answer and let it go."""
        if event["requestId"] in self._seen:
            return  # it was let go before, and the page has now given it up
        self._seen.add(event["requestId"])
        paused = Paused(event, self.log.pause(event.get("networkId") or event["requestId"]))
        task = asyncio.ensure_future(self.let_go(paused) if self.stop.is_set() else self._take(paused))
        self._tasks[task] = paused
        task.add_done_callback(self._done)

    def refuse(self, event: Event, why: str) -> None:
        """Keep a request, paused before it left, from leaving."""
        paused = Paused(event, Hop())
        if self._is_document(paused):
            self.failed = paused
        self.notes.answer(paused, why, served=False)
        task = asyncio.ensure_future(self._fail(paused, "BlockedByClient"))
        self._tasks[task] = paused
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task)
        if not task.cancelled():
            self._fault = self._fault or task.exception()

    @property
    def _open(self) -> list[Paused]:
        """Answers that the page has not been given yet, or not to their end."""
        return [paused for paused in self._tasks.values() if not paused.answered or paused.flowing]

    @property
    def flowing(self) -> bool:
        """Whether a body is being read that takes its time."""
        return any((now() - paused.arrived).total_seconds() > 1 for paused in self._open)

    @property
    def answered(self) -> bool:
        """Whether any server gave any answer."""
        return self._taken > 0

    @property
    def room(self) -> int:
        """Bytes that a body may have now."""
        return max(0, min(self.limits.body_bytes, self.limits.total_bytes - self._size))

    @property
    def idle(self) -> float:
        """For how many seconds nothing of the page's has been under way: neither a body nor a request unanswered."""
        if self._open or self.log.waiting():
            return 0.0
        return asyncio.get_running_loop().time() - max(self._changed, self.log.changed)

    def asking(self, seconds: float) -> bool:
        """Whether scripts wait for what they asked for in the last `seconds`."""
        since = now() - timedelta(seconds=seconds)
        hops = [*self.log.waiting(), *(paused.hop for paused in self._open)]
        return any(hop.type in ASKED_BY_SCRIPTS and (hop.started or since) > since for hop in hops)

    # What comes of it

    async def settle(self) -> None:
        """The page is as it will stay: its document is recorded as the main one."""
        self.settled.set()
        if self._held:
            held, self._held = self._held, None
            await self.put(replace(held, role="main"))

    async def freeze(self) -> None:
        """Let the page ask for nothing more; what it has asked for still comes."""
        await self.tab.session.send("Network.setBlockedURLs", urls=["*"])

    async def finish(self, seconds: float) -> None:
        """Cut what still streams, wait `seconds` for what is being read, and note what was dropped.

        Raises what kept an answer from being recorded, a full disk for instance.
        """
        self.stop.set()
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=seconds)
        if self._fault:
            raise self._fault
        for paused in self._tasks.values():
            self.notes.answer(paused, "the visit ended before it was whole")
        await self.streams.finish(seconds)
        if not self.settled.is_set():
            await self.settle()
        self.note_unanswered()
        for url, opened in self.log.sockets:
            why = "WARC has no form for a WebSocket's messages"
            self.notes.add(url, "GET", "websocket", opened, why, status=101, **self.notes.met(url))

    def note_unanswered(self) -> None:
        """Note what was asked for and got no answer."""
        for hop in self.log.waiting():
            if hop.sent and hop.started:
                (method, url), why = hop.key, "no answer came"
                self.notes.add(url, method, hop.type or "", hop.started, why, served=False, **self.notes.met(url, hop))

    async def close(self) -> None:
        """Drop whatever is still under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.streams.close()
        if self._held:
            self._held.response.body.close()

    # What is fetched besides

    def has_whole(self, url: str) -> bool:
        """Whether a record holds all of what is at `url`, so that it need not be fetched besides."""
        return False

    async def keep_whole(self, exchange: Exchange) -> None:
        """Record what was fetched besides."""
        if exchange.truncated:
            self.reasons[f"{exchange.url} was cut ({exchange.truncated})"] = None
        told = {"status": exchange.response.status, "ip": exchange.ip, "protocols": exchange.protocols}
        self.notes.add(exchange.url, "GET", "media", exchange.started, "", **told)
        self.films.look(exchange)
        await self.put(exchange)

    # One answer

    async def _take(self, paused: Paused) -> None:
        try:
            if why := self._unwanted(paused):
                self.notes.answer(paused, why, served=False)
            elif why := self._beyond(self._taken):
                self.notes.answer(paused, why)
                await self._fail(paused)
                if why not in self.reasons:
                    self.reasons[why] = None
                    await self.freeze()
            else:
                self._taken += 1
                await self._record(paused)
        except BrowserError:
            if not self.stop.is_set():
                self.notes.answer(paused, "the page let it go before it was whole")
        finally:
            if not paused.answered:
                await self.let_go(paused)

    def _unwanted(self, paused: Paused) -> str:
        """Why there is nothing to record, or ""."""
        if paused.error:
            if self._is_document(paused):
                self.failed = paused
            if paused.hop.got_headers:
                return WITHHELD
            failure = self.tunnel.failure(paused.url)
            return str(failure) if failure else f"the browser reports {paused.error}"
        if paused.header(MADE_BY_BROWSER):
            return "the browser itself went to https, as this host has told it to"
        return ""

    def _beyond(self, requests: int) -> str:
        """The cap that the page has reached with so many requests, or ""."""
        if requests >= self.limits.requests:
            return f"the page made more than {self.limits.requests} requests"
        return f"the page is larger than {self.limits.total_bytes} bytes" if self.room == 0 else ""

    def _is_document(self, paused: Paused) -> bool:
        return paused.type == "document" and paused.frame == self.tab.target_id

    @abstractmethod
    async def _record(self, paused: Paused) -> None:
        """Record an answer that is held, and let it go. Raises `BrowserError` if the page has given it up."""

    async def let_go(self, paused: Paused) -> None:
        """Give an answer to the page as it came."""
        self._release(paused)
        with suppress(BrowserError):  # the page did not wait
            await self._fetch.send("Fetch.continueRequest", requestId=paused.id)

    async def _fail(self, paused: Paused, reason: str = "Aborted") -> None:
        self._release(paused)
        with suppress(BrowserError):
            await self._fetch.send("Fetch.failRequest", requestId=paused.id, errorReason=reason)

    def _release(self, paused: Paused) -> None:
        """Note that the page has, or is about to get, what it waits for."""
        paused.answered = True
        self._changed = asyncio.get_running_loop().time()
