"""The recording of one page: every answer that the browser holds is read, kept as an `Exchange`, and let go.

Each held answer is answered on every path, or the page would hang. What cannot be recorded is noted with the reason.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar, Literal

from archiver.browser import BrowserError, Event, Session, Tab
from archiver.engines.browser import bodies
from archiver.engines.browser.exchanges import Paused, honest
from archiver.engines.browser.films import Films
from archiver.engines.browser.flows import Flow
from archiver.engines.browser.network import Hop, NetworkLog
from archiver.engines.browser.notes import Notes
from archiver.engines.browser.sheets import Sheets
from archiver.engines.browser.streams import Streams
from archiver.engines.browser.tunnel import Tunnel
from archiver.engines.heads import reason_of
from archiver.model import Exchange, Fidelity, Limits, Request, Response, new_body, now

Put = Callable[[Exchange], Awaitable[None]]
Role = Literal["main", "redirect", "part"]

WITHHELD = "the browser keeps the answer from the page, which may not read it"
ASKED_BY_SCRIPTS = frozenset(("fetch", "xhr", "script", "preflight"))
MADE_BY_BROWSER = "non-authoritative-reason"
"""The header of redirects that no server sent (HSTS)."""


class Recording:
    """Answers of one page and its workers, from the first request to `finish`."""

    fidelity: ClassVar[Fidelity] = "decoded"
    held: ClassVar[tuple[str, ...]] = ()
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
        self._flowing: set[Paused] = set()
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
        self._flowing.discard(self._tasks.pop(task))
        if not task.cancelled():
            self._fault = self._fault or task.exception()

    @property
    def _open(self) -> list[Paused]:
        """Answers that the page has not been given yet, or not to their end."""
        return [paused for paused in self._tasks.values() if not paused.answered or paused in self._flowing]

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

    async def _record(self, paused: Paused) -> None:
        if paused.plays:
            self.films.frames.add(paused.frame)
        if await self.streams.take(paused):
            return
        body = await self._read(paused)
        with body.dropped_if_cancelled():
            await self.log.completed(paused.network_id, paused.hop)
        if paused.withheld:
            self.notes.answer(paused, WITHHELD, served=False)
            body.stream.close()
            return
        if body.truncated:
            self.reasons[f"{paused.url} was cut ({body.truncated})"] = None
        if paused.type == "image":
            self.picture_bytes += body.size
        await self._keep(paused, self.exchange(paused, body))

    async def _read(self, paused: Paused) -> bodies.Body:
        """The body of an answer, which is then let go, unless the page would go elsewhere with it."""
        wandering = self._is_document(paused) and (self.settled.is_set() or paused.is_attachment)
        go_on = self._fail if wandering else self.let_go
        if paused.bodyless:
            await go_on(paused)
            return bodies.nothing()
        if paused.length is not None and paused.length <= bodies.WHOLE:
            body = await self._read_whole(paused)
            with body.dropped_if_cancelled():
                await go_on(paused)
            return body
        patience = self.limits.seconds / (1 if paused.header("content-length") else 3)  # the others may have no end
        if _is_long(paused) and (flow := await self._flow(paused)):
            await self.let_go(paused)
            body = await flow.end(patience, self.stop)
            self._changed = asyncio.get_running_loop().time()
            return body
        body = await bodies.take_stream(self._fetch, paused.id, self.room, patience, self.stop)
        with suppress(BrowserError), body.dropped_if_cancelled():
            if wandering or body.size > bodies.HANDED_BACK:
                await self._fail(paused)
            else:
                await bodies.fulfil(self._fetch, paused.id, paused.status, paused.told_headers, body)
        self._release(paused)
        return body

    async def _flow(self, paused: Paused) -> Flow | None:
        """A body that is kept in passing; None where that cannot be: of a document, or of what a worker asked for."""
        flow = Flow(self.log, paused.network_id, self.room)
        try:
            await flow.begin(self.tab.session)
        except BrowserError:
            flow.drop()
            return None
        self._flowing.add(paused)
        return flow

    async def _read_whole(self, paused: Paused) -> bodies.Body:
        """A body in one piece; one that broke off cannot be had in part."""
        try:
            body = await bodies.read_whole(self._fetch, paused.id, self.room)
        except BrowserError:
            if self.tab.gone.done() or self.stop.is_set():
                raise
            return bodies.Body(new_body(), 0, "disconnect")
        if body.truncated is None and body.size < (paused.length or 0):
            body.truncated = "disconnect"
        return body

    async def _keep(self, paused: Paused, exchange: Exchange) -> None:
        """Give an exchange to the caller, but hold the page's document back until it is clear that it stays."""
        self.notes.answer(paused)
        self.films.look(exchange)
        self.sheets.look(exchange)
        if not self._is_document(paused) or self.settled.is_set():
            await self.put(exchange)
        elif paused.redirects:
            await self.put(replace(exchange, role="redirect"))
        else:
            former, self._held, self.document = self._held, exchange, exchange.url
            if former:
                await self.put(replace(former, role="redirect"))

    def exchange(self, paused: Paused, body: bodies.Body) -> Exchange:
        """What is recorded of an answer and its body."""
        self._size += body.size
        ranged = paused.range is not None
        status, reason = (200, reason_of(200)) if ranged else (paused.status, paused.reason)
        posted = paused.posted()
        return Exchange(
            url=paused.url,
            started=paused.hop.started or paused.arrived,
            request=Request(paused.method, paused.request_headers(), None if posted is None else new_body(posted)),
            response=Response(status, reason, honest(paused.response_headers(), body.size, ranged=ranged), body.stream),
            ip=self.tunnel.address(paused.url),
            protocols=tuple(filter(None, (paused.hop.protocol, self.tunnel.tls(paused.url)))),
            cipher=self.tunnel.cipher(paused.url),
            client_ip=self.tunnel.client_address(paused.url),
            answered=paused.arrived,
            resource_type=paused.hop.type or paused.type,
            truncated=body.truncated,
        )

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


def _is_long(paused: Paused) -> bool:
    """Whether the body is too long to be held, or may be: of what scripts ask for, the length is often not told."""
    if paused.length is None:
        return paused.type in ("xhr", "fetch")
    return paused.length > bodies.HANDED_BACK and paused.type != "document"
