"""Answers that the page must get as they come, and that are therefore recorded beside it.

A film arrives in ranges as the player likes; the ranges are let through and the whole is fetched once more, by the
browser itself with the page's cookies, when the page stands. An event stream never ends; it is recorded as it flows.
"""

import asyncio
from typing import TYPE_CHECKING

from archiver.browser import BrowserError
from archiver.engines.browser import bodies
from archiver.engines.browser.exchanges import Paused, honest, utf8
from archiver.engines.heads import reason_of
from archiver.model import Exchange, Request, Response, now

if TYPE_CHECKING:
    from archiver.engines.browser.recording import Recording

ONE_OF_A_WHOLE = "a range of what could not be fetched whole"


class Streams:
    """Films and event streams of one recording."""

    def __init__(self, recording: "Recording") -> None:
        self._recording = recording
        self._wholes: dict[str, asyncio.Task[str]] = {}
        """Per URL the fetching of the whole; its result is why it failed, or ""."""
        self._ranges: list[Paused] = []
        self._flows: list[tuple[Paused, bodies.Body]] = []
        """Event streams while they flow."""
        self._one_at_a_time = asyncio.Lock()

    @property
    def busy(self) -> bool:
        """Whether something whole is still being fetched. Event streams do not count: they have no end."""
        return any(not task.done() for task in self._wholes.values())

    async def take(self, paused: Paused) -> bool:
        """Let an answer pass and record it beside, if it is of these kinds; False if it is not."""
        if paused.content_type == "text/event-stream" and paused.network_id in self._recording.log:
            await self._follow(paused)
            return True
        if not _comes_in_ranges(paused) or (paused.whole and not self._fits(paused)):
            return False
        await self._recording.let_go(paused)
        self._ranges.append(paused)
        if paused.url not in self._wholes and self._fits(paused):
            self._wholes[paused.url] = asyncio.ensure_future(self._fetch(paused.url))
        return True

    async def finish(self, seconds: float) -> None:
        """End the event streams, wait `seconds` for wholes, note the ranges that were parts of them."""
        while self._flows:
            await self._end(*self._flows.pop())
        if self._wholes:
            await asyncio.wait(self._wholes.values(), timeout=seconds)
        await self.close()
        whole = {url for url, task in self._wholes.items() if not task.cancelled() and not task.result()}
        for paused in self._ranges:
            self._recording.note_answer(paused, "" if paused.url in whole else ONE_OF_A_WHOLE)

    async def close(self) -> None:
        """Drop whatever is still under way."""
        for task in self._wholes.values():
            task.cancel()
        await asyncio.gather(*self._wholes.values(), return_exceptions=True)
        while self._flows:
            paused, body = self._flows.pop()
            self._recording.log.cut(paused.network_id)
            body.stream.close()

    def _fits(self, paused: Paused) -> bool:
        """Whether the whole is known to be within the cap."""
        size = paused.range[2] if paused.range else paused.length
        return size is not None and size <= self._recording.limits.body_bytes

    async def _fetch(self, url: str) -> str:
        """Fetch and record the whole of `url`; gives why that failed, or ""."""
        recording, started = self._recording, now()
        standing = [asyncio.ensure_future(event.wait()) for event in (recording.settled, recording.stop)]
        await asyncio.wait(standing, return_when=asyncio.FIRST_COMPLETED)
        for waiting in standing:
            waiting.cancel()
        async with self._one_at_a_time:
            try:
                exchange = await self._load(url)
            except BrowserError as error:
                recording.note(url, "GET", "media", started, str(error))
                return str(error)
            told = {"status": exchange.response.status, "ip": exchange.ip, "protocols": exchange.protocols}
            recording.note(url, "GET", "media", exchange.started, "", **told)
            await recording.put(exchange)
            return ""

    async def _load(self, url: str) -> Exchange:
        recording, started = self._recording, now()
        session, options = recording.tab.session, {"disableCache": True, "includeCredentials": True}
        told = await session.send(
            "Network.loadNetworkResource", frameId=recording.tab.target_id, url=url, options=options
        )
        resource = told["resource"]
        status = int(resource.get("httpStatusCode", 0))
        if not resource["success"] or status != 200:
            raise BrowserError(f"The whole could not be fetched: {resource.get('netErrorName') or status}.")
        limits = recording.limits
        body = await bodies.read_stream(session, resource["stream"], limits.body_bytes, limits.seconds, asyncio.Event())
        headers = tuple((utf8(name), utf8(value)) for name, value in resource["headers"].items())
        return Exchange(
            url=url,
            started=started,
            request=Request("GET", ()),  # DevTools does not tell what headers it sent
            response=Response(status, reason_of(status), honest(headers, body.size), body.stream),
            ip=recording.tunnel.address(url),
            protocols=tuple(filter(None, (recording.tunnel.tls(url),))),
            cipher=recording.tunnel.cipher(url),
            client_ip=recording.tunnel.client_address(url),
            resource_type="media",
            truncated=body.truncated,
        )

    async def _follow(self, paused: Paused) -> None:
        """Let an event stream flow to the page and keep what flows."""
        recording = self._recording
        body = bodies.nothing()

        def keep(piece: bytes) -> None:
            room = recording.limits.body_bytes - body.size
            body.stream.write(piece[:room])
            body.size += min(len(piece), room)

        await recording.let_go(paused)
        recording.log.pour(paused.network_id, keep)
        self._flows.append((paused, body))
        await recording.tab.session.send("Network.streamResourceContent", requestId=paused.network_id)

    async def _end(self, paused: Paused, body: bodies.Body) -> None:
        body.truncated = None if self._recording.log.cut(paused.network_id) else "time"
        body.stream.seek(0)
        self._recording.note_answer(paused)
        await self._recording.put(self._recording.exchange(paused, body))


def _comes_in_ranges(paused: Paused) -> bool:
    """Whether this is a film or sound too long to hand over in one piece, or a part of something longer."""
    if paused.method != "GET" or paused.status not in (200, 206):
        return False
    playing = paused.type == "media" or paused.content_type.startswith(("video/", "audio/"))
    short = paused.length is not None and paused.length <= bodies.WHOLE
    return not paused.whole or (playing and not short)
