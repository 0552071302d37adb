"""Films, which are fetched whole beside the page.

A film arrives in ranges as the player likes; the ranges are let through and the whole is fetched once more, by the
browser itself with the page's cookies, when the page stands. What else a replay of its films needs is fetched in the
same way (`fetch`).
"""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from archiver.browser import BrowserError
from archiver.engines.browser import bodies
from archiver.engines.browser.exchanges import Paused, honest, utf8
from archiver.model import Exchange, Request, Response, now
from archiver.warc.http import reason_of, value_of

if TYPE_CHECKING:
    from archiver.engines.browser.recording import Recording

ONE_OF_A_WHOLE = "a range of what could not be fetched whole"
NO_ROOM = "no room was left for it among the films of the page"
A_DAY = 86_400.0
AT_ONCE = 4
"""Wholes that are fetched at the same time."""


class Streams:
    """Films of one recording. `room`: bytes that may be fetched beside the page."""

    def __init__(self, recording: "Recording", room: int) -> None:
        self._recording, self._room = recording, room
        self._wholes: dict[str, asyncio.Task[str]] = {}
        """Per URL the fetching of the whole; its result is why it failed, or ""."""
        self._ranges: list[Paused] = []
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def take(self, paused: Paused) -> bool:
        """Let an answer pass and record it beside, if it comes in ranges; False if it does not."""
        if not _comes_in_ranges(paused):
            return False
        await self._recording.let_go(paused)
        self._ranges.append(paused)
        self.fetch(paused.url)
        return True

    def fetch(self, url: str) -> None:
        """Fetch the whole of `url` and record it, when the page stands; once only."""
        if url not in self._wholes:
            self._wholes[url] = asyncio.ensure_future(self._fetch(url))

    async def arrive(self) -> None:
        """Wait until every whole that was asked for so far has come, or could not be had."""
        if self._wholes:
            await asyncio.wait(self._wholes.values())

    async def finish(self, seconds: float) -> None:
        """Wait `seconds` for wholes, note the ranges that were parts of them."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.arrive(), seconds)
        await self.close()
        for url, task in self._wholes.items():
            if task.cancelled():
                self._recording.notes.add(url, "GET", "media", now(), why="the visit ended before it was whole")
        whole = {url for url, task in self._wholes.items() if not task.cancelled() and not task.result()}
        for paused in self._ranges:
            self._recording.notes.answer(paused, "" if paused.url in whole else ONE_OF_A_WHOLE)

    async def close(self) -> None:
        """Drop whatever is still under way."""
        for task in self._wholes.values():
            task.cancel()
        await asyncio.gather(*self._wholes.values(), return_exceptions=True)

    async def _fetch(self, url: str) -> str:
        """Fetch and record the whole of `url`; gives why that failed, or ""."""
        recording, started = self._recording, now()
        standing = [asyncio.ensure_future(event.wait()) for event in (recording.settled, recording.stop)]
        await asyncio.wait(standing, return_when=asyncio.FIRST_COMPLETED)
        for waiting in standing:
            waiting.cancel()
        async with self._turns:
            if recording.has_whole(url):
                return ""
            try:
                if recording.stop.is_set():
                    raise BrowserError("the visit ended before it")
                exchange = await self._load(url)
            except BrowserError as error:
                recording.notes.add(url, "GET", "media", started, str(error))
                return str(error)
            await recording.keep_whole(exchange)
            return ""

    async def _load(self, url: str) -> Exchange:
        recording, started, limits = self._recording, now(), self._recording.limits
        session, options = recording.tab.session, {"disableCache": True, "includeCredentials": True}
        answer = await session.send(
            "Network.loadNetworkResource", frameId=recording.tab.target_id, url=url, options=options
        )
        resource = answer["resource"]
        status = int(resource.get("httpStatusCode", 0))
        if not resource["success"] or status != 200:
            raise BrowserError(f"The whole could not be fetched: {resource.get('netErrorName') or status}.")
        headers = tuple((utf8(name), utf8(value)) for name, value in resource["headers"].items())
        room = min(limits.body_bytes, self._room)
        if room <= 0:
            await session.send("IO.close", handle=resource["stream"])
            raise BrowserError(NO_ROOM)
        told = value_of(headers, "content-length")
        taken = min(int(told), room) if told.isdecimal() else 0
        self._room -= taken
        patience = A_DAY if told else limits.seconds / 3  # one of untold length may have no end
        body = await bodies.read_stream(session, resource["stream"], room, patience, recording.stop)
        self._room -= body.size - taken
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


def _comes_in_ranges(paused: Paused) -> bool:
    """Whether this is a film or sound too long to hand over in one piece, or a part of something longer."""
    if paused.method != "GET" or paused.status not in (200, 206):
        return False
    playing = paused.type == "media" or paused.content_type.startswith(("video/", "audio/"))
    short = paused.length is not None and paused.length <= bodies.WHOLE
    return not paused.whole or (playing and not short)
