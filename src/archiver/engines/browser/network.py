"""What a page's own DevTools session tells of its requests, and `Fetch` does not: true headers and times.

Its events come in any order, before and after the request is paused. A chain of redirects shares one id, so what
belongs together is told by order: the n-th answer of an id belongs to the n-th request of that id.
"""

import asyncio
import base64
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal
from urllib.parse import urldefrag, urlsplit

from archiver.browser import Event, Session
from archiver.model import Headers

Told = dict[str, Any]


COMPLETING = 0.25
"""Seconds that the rest of what is told of a request is waited for."""


@dataclass(slots=True)
class Hop:
    """One request of an id, as far as it has been told; None is what has not been, or never will be."""

    sent: Told | None = None
    """`requestWillBeSent`: when, what kind."""
    sent_headers: Told | None = None
    """`requestWillBeSentExtraInfo`: the headers that really went out."""
    got_headers: Told | None = None
    """`responseReceivedExtraInfo`: the header lines that really came in, with Set-Cookie."""

    @property
    def started(self) -> datetime | None:
        """When the request was made."""
        return datetime.fromtimestamp(self.sent["wallTime"], UTC) if self.sent else None

    @property
    def type(self) -> str | None:
        """What the page wanted it for, in lower case."""
        return str(self.sent["type"]).lower() if self.sent and self.sent.get("type") else None

    @property
    def initiator(self) -> str:
        """URL of the document, style sheet or script that asked, or ""."""
        told = (self.sent or {}).get("initiator", {})
        frames = told.get("stack", {}).get("callFrames", ())
        urls = (str(url) for url in (told.get("url", ""), *(frame["url"] for frame in frames)))
        return next((url for url in urls if url.startswith(("http:", "https:"))), "")

    @property
    def key(self) -> tuple[str, str]:
        """Method and URL, without a fragment."""
        asked = (self.sent or {"request": {"method": "", "url": ""}})["request"]
        return asked["method"], urldefrag(asked["url"]).url

    @property
    def status(self) -> int | None:
        """The status that came in."""
        return int(self.got_headers["statusCode"]) if self.got_headers and "statusCode" in self.got_headers else None

    @property
    def protocol(self) -> str:
        """How it was spoken, `h2` or `http/1.1`, or "" if nothing tells.

        Told by the heads themselves: what `responseReceived` says is untrue of answers that were fulfilled.
        """
        if self.sent_headers and any(name.startswith(":") for name in self.sent_headers["headers"]):
            return "h2"  # the only one with pseudo header fields, as QUIC is off
        head = str((self.got_headers or {}).get("headersText") or "")
        return head.split(" ", 1)[0].lower() if head.startswith("HTTP/1.") else ""

    @property
    def request_headers(self) -> Headers | None:
        """The header lines that went out."""
        return header_lines(self.sent_headers["headers"]) if self.sent_headers else None


@dataclass(slots=True)
class Request:
    """All that is told under one id."""

    hops: list[Hop] = field(default_factory=list)
    paused: int = 0
    """How many of its answers have been paused."""
    ended: Literal["", "finished", "failed"] = ""

    def hop(self, number: int) -> Hop:
        """The hop of that number, made when it is not known yet."""
        while len(self.hops) <= number:
            self.hops.append(Hop())
        return self.hops[number]

    def first_without(self, part: str) -> Hop:
        """The earliest hop that misses this part."""
        number = 0
        while getattr(self.hop(number), part) is not None:
            number += 1
        return self.hop(number)

    @property
    def over(self) -> bool:
        """At its end; none is told of a worker's own script, which has no loader: there, the answer's head counts."""
        last = self.hops[-1] if self.hops else Hop()
        return bool(self.ended or (last.sent and last.sent.get("loaderId") == "" and last.got_headers))

    @property
    def waiting(self) -> bool:
        """Asked for, and no answer has come."""
        return not self.over and sum(hop.sent is not None for hop in self.hops) > self.paused


class NetworkLog:
    """The requests of one page, by id."""

    def __init__(self) -> None:
        self.changed = 0.0
        """When the loop's clock last saw any of the page's requests get on."""
        self.sockets: list[tuple[str, datetime]] = []
        """WebSockets opened: URL and time."""
        self.urls: set[str] = set()
        """What has been asked for."""
        self._key_exchanges: dict[str, set[str]] = defaultdict(set)
        self.frames: dict[str, str] = {}
        """Ids of the frames that asked, by URL."""
        self.kinds: dict[tuple[str, str], str] = {}
        """What the page wanted each method and URL for, in lower case."""
        self.initiators: dict[str, str] = {}
        """URL of what asked for each URL, where that is told."""
        self.failed: list[tuple[Hop, str]] = []
        """Requests that failed, neither given up by the page nor blocked, with the browser's name for why."""
        self._requests: dict[str, Request] = {}
        self._sinks: dict[str, Callable[[bytes], None]] = {}
        self._news: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def attach(self, session: Session) -> None:
        """Listen to a page's session from now on."""
        for name, handler in (
            ("requestWillBeSent", self._sent),
            ("requestWillBeSentExtraInfo", self._sent_headers),
            ("responseReceivedExtraInfo", self._got_headers),
            ("responseReceived", self._received),
            ("dataReceived", self._data),
            ("loadingFinished", partial(self._ended, "finished")),
            ("loadingFailed", self._failed),
            ("webSocketCreated", self._socket),
        ):
            session.on(f"Network.{name}", handler)
        # The renderer need not keep bodies for this session: they are read where they are paused.
        await session.send("Network.enable", maxTotalBufferSize=0, maxResourceBufferSize=0)
        await session.send("Network.setCacheDisabled", cacheDisabled=True)

    def __contains__(self, request_id: str) -> bool:
        return request_id in self._requests

    def key_exchange(self, url: str) -> str:
        """Group, or method, of the key exchange with the host of `url`; "" where its connections differ."""
        agreed = self._key_exchanges.get(urlsplit(url).netloc, {""})
        return next(iter(agreed)) if len(agreed) == 1 else ""

    def waiting(self) -> list[Hop]:
        """Requests of the web that have had no answer so far."""
        return [request.hops[-1] for request in self._requests.values() if request.waiting]

    def unfinished(self) -> list[Hop]:
        """Requests of the web whose last answer has not come to its end, or has not come at all."""
        return [request.hops[-1] for request in self._requests.values() if request.hops and not request.over]

    def pause(self, request_id: str) -> Hop:
        """The hop that the answer now paused under this id belongs to."""
        request = self._requests.setdefault(request_id, Request())
        request.paused += 1
        return request.hop(request.paused - 1)

    async def completed(self, request_id: str, hop: Hop) -> None:
        """Wait until all is told of a hop whose answer has gone on its way, but not for long.

        A worker's requests are never told in full, and some not at all.
        """
        try:
            async with asyncio.timeout(COMPLETING):
                while hop.sent is None or hop.got_headers is None:
                    self._news[request_id].clear()
                    await self._news[request_id].wait()
        except TimeoutError:
            pass

    def pour(self, request_id: str, sink: Callable[[bytes], None]) -> None:
        """Give `sink` the body's further pieces as they arrive (after `Network.streamResourceContent`)."""
        self._sinks[request_id] = sink

    def cut(self, request_id: str) -> Literal["", "finished", "failed"]:
        """Pour no more; tells how the last answer of that id has ended, or "" if it has not."""
        self._sinks.pop(request_id, None)
        return self._requests[request_id].ended

    async def ending(self, request_id: str) -> None:
        """Wait until the last answer of that id has come to its end."""
        while not self._requests[request_id].ended:
            self._news[request_id].clear()
            await self._news[request_id].wait()

    def _request(self, event: Event) -> Request:
        request_id = event["requestId"]
        self.changed = asyncio.get_running_loop().time()
        self._news[request_id].set()
        return self._requests.setdefault(request_id, Request())

    def _sent(self, event: Event) -> None:
        if not event["request"]["url"].startswith(("http:", "https:")):
            return
        request = self._request(event)
        hop = request.first_without("sent")
        if "redirectResponse" in event and not event.get("redirectHasExtraInfo", True):
            before = request.hops[request.hops.index(hop) - 1]  # the browser's own redirect: no more will be told of it
            before.sent_headers = before.sent_headers or {"headers": {}}
            before.got_headers = before.got_headers or {"headers": {}}
        hop.sent = event
        self.urls.add(event["request"]["url"])
        self.kinds[hop.key] = hop.type or ""
        self.frames[hop.key[1]] = event.get("frameId", "")
        self.initiators[hop.key[1]] = hop.initiator

    def _sent_headers(self, event: Event) -> None:
        self._request(event).first_without("sent_headers").sent_headers = event

    def _got_headers(self, event: Event) -> None:
        self._request(event).first_without("got_headers").got_headers = event

    def _received(self, event: Event) -> None:
        response = event["response"]
        if security := response.get("securityDetails"):  # absent where an answer was fulfilled by us
            agreed = security.get("keyExchangeGroup") or security.get("keyExchange") or ""
            self._key_exchanges[urlsplit(response["url"]).netloc].add(str(agreed))

    def _data(self, event: Event) -> None:
        if (sink := self._sinks.get(event["requestId"])) and "data" in event:
            sink(base64.b64decode(event["data"]))

    def _ended(self, how: Literal["finished", "failed"], event: Event) -> None:
        if event["requestId"] in self._requests:
            self._request(event).ended = how

    def _failed(self, event: Event) -> None:
        self._ended("failed", event)
        request = self._requests.get(event["requestId"])
        if request and request.hops and not event.get("canceled") and not event.get("blockedReason"):
            self.failed.append((request.hops[-1], str(event.get("errorText", "")).removeprefix("net::")))

    def _socket(self, event: Event) -> None:
        self.sockets.append((event["url"], datetime.now(UTC)))


def header_lines(told: dict[str, str]) -> Headers:
    """Header lines from DevTools' ExtraInfo, where repeated ones are joined by line feeds."""
    return tuple((wire(name), wire(value)) for name, joined in told.items() for value in joined.split("\n"))


def wire(text: str) -> str:
    """The wire's bytes, as Latin-1, of header text that ExtraInfo has read as windows-1252.

    (The WHATWG's windows-1252, in which the five bytes without a character are C1 controls.)
    """
    if text.isascii():
        return text
    return b"".join(_byte(character) for character in text).decode("latin-1")


def _byte(character: str) -> bytes:
    try:
        return character.encode("latin-1")
    except UnicodeEncodeError:
        return character.encode("cp1252", "replace")
