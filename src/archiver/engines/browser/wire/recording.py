"""The recording of one page by the bytes of its connections.

The tunnel tells what was said, the browser only what for. It holds documents alone, and only until it is clear whether
they are the page's own; all else reaches it as it comes.
"""

import asyncio
from collections import defaultdict, deque
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import ClassVar

from archiver.browser import BrowserError, Session, Tab
from archiver.engines.browser import bodies
from archiver.engines.browser.exchanges import Paused
from archiver.engines.browser.recording import Put, Recording, Role
from archiver.engines.browser.router import STRANGER_SECONDS
from archiver.engines.browser.tunnel import Tunnel
from archiver.engines.browser.wire.messages import Pair, status_of
from archiver.engines.browser.wire.tunnel import WireTunnel
from archiver.model import Exchange, Fidelity, Limits, Request, Response, new_body, now
from archiver.warc.http import HttpHead, media_type_of

_KINDS = {
    "iframe": "document",
    "frame": "document",
    "style": "stylesheet",
    "video": "media",
    "audio": "media",
    "worker": "script",
    "sharedworker": "script",
    "serviceworker": "script",
    "empty": "fetch",
}
"""Values of Sec-Fetch-Dest in DevTools' words, where these are others."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A document that the browser told of when its head had come."""

    paused: Paused
    role: Role
    """What it is, unless another document follows."""


class WireRecording(Recording):
    """Every pair that goes over the page's tunnel becomes an exchange, byte for byte."""

    fidelity: ClassVar[Fidelity] = "wire"
    held: ClassVar[tuple[str, ...]] = ("Document",)

    def __init__(self, fetch: Session, tab: Tab, tunnel: Tunnel, limits: Limits, put: Put) -> None:
        assert isinstance(tunnel, WireTunnel)
        super().__init__(fetch, tab, tunnel, limits, put)
        self._wire, tunnel.listener = tunnel, self
        self._asked = 0
        self._shown: dict[tuple[str, str], deque[Shown]] = defaultdict(deque)
        self._news = asyncio.Event()
        self._latest: Paused | None = None
        self._wholes: set[str] = set()
        """What was recorded with its whole body."""

    # What goes on

    @property
    def answered(self) -> bool:
        """Whether any server gave any answer."""
        return any(note.status is not None for note in self.notes.lines)

    @property
    def flowing(self) -> bool:
        """Whether a body is coming that takes its time."""
        return any(self._age(pair) > 1 for pair in self._under_way)

    @property
    def idle(self) -> float:
        """For how many seconds nothing has been under way, neither in the tunnel nor in the browser."""
        if self._open or self._under_way or self._wire.connecting:
            return 0.0
        return asyncio.get_running_loop().time() - max(self._changed, self.log.changed, self._wire.changed)

    @property
    def _under_way(self) -> list[Pair]:
        """Pairs that are waited for: not what a player or a page takes as it likes, nor what has no end."""
        patience = self.limits.seconds / 3
        return [pair for pair in self._wire.pairs if not _at_leisure(pair) and self._age(pair) < patience]

    def _age(self, pair: Pair) -> float:
        return (now() - pair.started).total_seconds()

    async def finish(self, seconds: float) -> None:
        """See `Recording.finish`."""
        end = asyncio.get_running_loop().time() + seconds
        while self._under_way and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.02)
        self.stop.set()
        await self.streams.finish(seconds)
        await self._wire.finish()
        self._fault = self._fault or self._wire.fault
        await super().finish(seconds)

    def note_unanswered(self) -> None:
        """Note what never got as far as the tunnel's listener."""
        noted = {(note.method, note.url) for note in self.notes.lines}
        for hop, error in self.log.failed:
            if hop.sent and hop.started and (key := hop.key) not in noted:
                why = str(self.tunnel.failure(key[1]) or f"the browser reports {error}")
                self.notes.add(
                    key[1], key[0], hop.type or "", hop.started, why, served=False, **self.notes.met(key[1], hop)
                )

    # What the browser tells

    async def _record(self, paused: Paused) -> None:
        """Note what a document is for, and let it go unless the page would go elsewhere with it."""
        is_own, late = self._is_document(paused), self.settled.is_set()
        role: Role = "part" if late or not is_own else "redirect" if paused.redirects else "main"
        if role == "main":
            self.document = paused.url
            self._latest, held, self._held = paused, self._held, None
            if held:
                await self.put(replace(held, role="redirect"))
        self._shown[paused.method, paused.url].append(Shown(paused, role))
        self._news.set()
        if not (is_own and (late or paused.is_attachment)):
            await self.let_go(paused)
            return
        with suppress(BrowserError):
            if not paused.bodyless:  # read to its end, so that all of it comes
                cap, seconds = self.limits.body_bytes, self.limits.seconds / 3
                (await bodies.take_stream(self._fetch, paused.id, cap, seconds, self.stop)).stream.close()
        await self._fail(paused)

    async def _purpose(self, pair: Pair, url: str) -> Shown | None:
        """What the browser told of the document that a pair brought; None if it told nothing."""
        if not _navigates(pair.asked):
            return None
        key = (pair.asked.method, url)
        with suppress(TimeoutError):
            async with asyncio.timeout(STRANGER_SECONDS):
                while not self._shown[key] and not self.stop.is_set():
                    self._news.clear()
                    await self._news.wait()
        return self._shown[key].popleft() if self._shown[key] else None

    # What the tunnel tells

    def admits(self) -> bool:
        """See `Listener`."""
        if why := self._beyond(self._asked):
            self.reasons[why] = None
        self._asked += 1
        return not why

    def answering(self, url: str, pair: Pair) -> None:
        """See `Listener`. What a player takes in pieces is fetched whole besides, for replay shows no pieces."""
        if not _is_film(pair) or self.has_whole(url):
            return
        size = _whole_length(pair)
        if size is not None and size <= self.limits.body_bytes:
            self.streams.fetch(url)
        elif status_of(pair.told or pair.asked) == 206:
            self.reasons[f"{url} is kept in the ranges that were asked for, and cannot be replayed"] = None

    def has_whole(self, url: str) -> bool:
        """Whether a record holds all of what is at `url`."""
        return url in self._wholes

    async def keep_whole(self, exchange: Exchange) -> None:
        """What was fetched besides has gone through the tunnel, like all else."""
        exchange.response.body.close()

    async def heard(self, url: str, pair: Pair) -> None:
        """See `Listener`."""
        kind, status = self._kind(url, pair), status_of(pair.told) if pair.told else 0
        if status < 200:
            pair.close()
            if status != 101:  # that is a WebSocket, which is noted where it was opened
                why = "what came is no HTTP" if pair.answer.head else "no answer came"
                told = {"served": bool(pair.answer.head), "ip": self.tunnel.address(url)}
                self.notes.add(url, pair.asked.method, kind, pair.started, why, **told)
            return
        shown = await self._purpose(pair, url)
        exchange = self._exchange(url, pair, kind)
        by, met = self.log.initiators.get(url, ""), {"ip": exchange.ip, "protocols": exchange.protocols}
        self.notes.add(url, pair.asked.method, kind, pair.started, "", status=status, initiator=by, **met)
        if status == 200 and not exchange.truncated and pair.asked.method == "GET":
            self._wholes.add(url)
        if exchange.truncated and not pair.left and not _at_leisure(pair):
            self.reasons[f"{url} was cut ({exchange.truncated})"] = None
        if _is_film(pair):
            self.films.frames.add(self.log.frames.get(url, ""))
        self.films.look(exchange)
        self.sheets.look(exchange)
        await self._keep_as(shown, exchange)

    async def _keep_as(self, shown: Shown | None, exchange: Exchange) -> None:
        """Give an exchange to the caller, but hold the page's document back until it is clear that it stays."""
        role = shown.role if shown else "part"
        if shown and role == "main" and shown.paused is not self._latest:
            role = "redirect"
        if role == "main" and not self.settled.is_set():
            self._held = exchange
        else:
            await self.put(replace(exchange, role=role))

    def _exchange(self, url: str, pair: Pair, kind: str) -> Exchange:
        asked, told = pair.asked, pair.told
        assert told is not None
        body = pair.answer.stored() or new_body()
        self._size += pair.answer.size
        return Exchange(
            url=url,
            started=pair.started,
            request=Request(asked.method, asked.headers, pair.request.stored(), head=bytes(pair.request.head)),
            response=Response(status_of(told), told.reason, told.headers, body, head=bytes(pair.answer.head)),
            ip=self.tunnel.address(url),
            protocols=tuple(filter(None, (told.first_line.split(" ")[0].lower(), self.tunnel.tls(url)))),
            cipher=self.tunnel.cipher(url),
            client_ip=self.tunnel.client_address(url),
            resource_type=kind,
            truncated=pair.answer.truncated,
        )

    def _kind(self, url: str, pair: Pair) -> str:
        """What the browser wanted it for: as DevTools says, else as the request does."""
        wanted = pair.asked.get("Sec-Fetch-Dest") or ""
        return self.log.kinds.get((pair.asked.method, url)) or _KINDS.get(wanted, wanted)


def _navigates(asked: HttpHead) -> bool:
    """Whether a request is for a document (Sec-Fetch-Dest is sent to trustworthy origins only)."""
    wanted = asked.get("Sec-Fetch-Dest")
    return wanted in ("document", "iframe", "frame") if wanted else asked.get("Upgrade-Insecure-Requests") == "1"


def _is_film(pair: Pair) -> bool:
    """Whether an answer is what players take in ranges."""
    if pair.told is None or pair.asked.method != "GET" or status_of(pair.told) not in (200, 206):
        return False
    playing = (pair.asked.get("Sec-Fetch-Dest") or "") in ("video", "audio")
    return status_of(pair.told) == 206 or playing or _media_type(pair).startswith(("video/", "audio/"))


def _whole_length(pair: Pair) -> int | None:
    """Bytes of the whole that an answer is, or is a range of; None if it does not tell."""
    told = pair.told.get("Content-Range" if status_of(pair.told) == 206 else "Content-Length") if pair.told else None
    text = (told or "").rpartition("/")[2].strip()
    return int(text) if text.isdecimal() else None


def _at_leisure(pair: Pair) -> bool:
    """Whether an answer comes as slowly as a player likes, or for ever."""
    return pair.told is not None and (_is_film(pair) or _media_type(pair) == "text/event-stream")


def _media_type(pair: Pair) -> str:
    return media_type_of(pair.told.get("Content-Type"))[0] if pair.told else ""
