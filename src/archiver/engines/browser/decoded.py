"""The recording of one page by what the browser gives of it: whole bodies without their codings.

Every answer is held until its body has been read, but for those that the page must get as they come.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import ClassVar

from archiver.browser import BrowserError, Session, Tab
from archiver.engines.browser import bodies
from archiver.engines.browser.exchanges import Paused, honest
from archiver.engines.browser.flows import Flow
from archiver.engines.browser.recording import WITHHELD, Put, Recording
from archiver.engines.browser.tunnel import Tunnel
from archiver.model import Exchange, Fidelity, Limits, Request, Response, new_body
from archiver.warc.http import reason_of


class DecodedRecording(Recording):
    """Every answer that the browser holds becomes an exchange, and is let go."""

    fidelity: ClassVar[Fidelity] = "decoded"
    held: ClassVar[tuple[str, ...]] = ()

    def __init__(self, fetch: Session, tab: Tab, tunnel: Tunnel, limits: Limits, put: Put) -> None:
        super().__init__(fetch, tab, tunnel, limits, put)
        self._events: list[tuple[Paused, Flow]] = []
        """Event streams, which have no end, while they flow."""

    async def finish(self, seconds: float) -> None:
        """See `Recording.finish`."""
        await super().finish(seconds)
        while self._events:
            paused, flow = self._events.pop()
            self.notes.answer(paused)
            await self.put(self._exchange(paused, flow.cut()))

    async def close(self) -> None:
        """See `Recording.close`."""
        await super().close()
        while self._events:
            self._events.pop()[1].drop()

    async def _record(self, paused: Paused) -> None:
        if paused.plays:
            self.films.frames.add(paused.frame)
        if (
            await self._follow(paused)
            if paused.content_type == "text/event-stream"
            else await self.streams.take(paused)
        ):
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
        await self._keep(paused, self._exchange(paused, body))

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
        if _is_long(paused) and (flow := await self._flow(paused, self.room)):
            paused.flowing = True
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

    async def _flow(self, paused: Paused, cap: int) -> Flow | None:
        """A body that is kept in passing; None where that cannot be: of a document, or of what a worker asked for."""
        flow = Flow(self.log, paused.network_id, cap)
        try:
            await flow.begin(self.tab.session)
        except BrowserError:
            flow.drop()
            return None
        return flow

    async def _follow(self, paused: Paused) -> bool:
        """Let an event stream flow to the page and keep what flows; False if it is not the page's own."""
        flow = await self._flow(paused, self.limits.body_bytes)
        if flow:
            self._events.append((paused, flow))
            await self.let_go(paused)
        return flow is not None

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

    def _exchange(self, paused: Paused, body: bodies.Body) -> Exchange:
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


def _is_long(paused: Paused) -> bool:
    """Whether the body is too long to be held, or may be: of what scripts ask for, the length is often not told."""
    if paused.length is None:
        return paused.type in ("xhr", "fetch")
    return paused.length > bodies.HANDED_BACK and paused.type != "document"
