"""The tunnel that reads along: towards the browser it is the site, towards the site it is the browser.

Bytes go on as they come, none is changed and none held back. A site whose certificate is bad is not answered for: its
handshake comes first, and what it fails of is told as the reason.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Protocol, cast
from weakref import WeakSet

from archiver.engines.authorities import system_bundle
from archiver.engines.browser.tunnel import CHUNK, CONNECT_SECONDS, Place, Resolve, Streams, Tunnel, accept, place_of
from archiver.engines.browser.wire.authority import Authority
from archiver.engines.browser.wire.messages import Conversation, End, Pair
from archiver.engines.ciphers import BY_OPENSSL
from archiver.errors import FetchFailed

_HANDSHAKE = b"\x16"
"""The first byte of a TLS connection (RFC 8446 §5.1)."""
_OUT_OF_DATE, _OTHER_HOST = (9, 10), (62, 64)
"""OpenSSL's X509_V_ERR_… for certificates of another time, and of another place."""


class Listener(Protocol):
    """Whoever wants to know what goes over a tunnel."""

    @property
    def room(self) -> int:
        """Bytes that the next body may have."""
        ...

    def admits(self) -> bool:
        """Whether the browser may ask for more; each request is asked about once."""
        ...

    def answering(self, url: str, pair: Pair) -> None:
        """The head of an answer has come."""
        ...

    async def heard(self, url: str, pair: Pair) -> None:
        """A pair is complete, or will never be; its bodies belong to the listener."""
        ...


class Talk:
    """One connection that carries HTTP."""

    def __init__(self, origin: str, room: Callable[[], int], client: Streams, server: Streams) -> None:
        self.origin, self.client, self.server = origin, client, server
        self.conversation = Conversation(room)
        self.told: Pair | None = None
        """The last pair whose answer the listener knows to have begun."""

    def url(self, pair: Pair) -> str:
        """The absolute URL that the request of a pair is for."""
        return self.origin + pair.asked.target

    def end(self, by: End) -> None:
        """Close both sides; `by` whom counts the first time. What the server said last still reaches the browser."""
        self.conversation.ended = self.conversation.ended or by
        self.server[1].transport.abort()
        if by == "server":
            self.client[1].close()
        else:
            self.client[1].transport.abort()


def trusting(private: Iterable[bytes]) -> ssl.SSLContext:
    """The terms on which sites are believed: the system's authorities and these private ones, DER."""
    context = ssl.create_default_context(cafile=system_bundle())
    for authority in private:
        context.load_verify_locations(cadata=authority)
    context.set_alpn_protocols(["http/1.1"])
    return context


class WireTunnel(Tunnel):
    """A tunnel whose listener gets to know all that HTTP says.

    `authority` answers the browser; `trusted` are the terms on which a site is believed.
    """

    listener: Listener

    def __init__(self, resolve: Resolve, authority: Authority, trusted: ssl.SSLContext) -> None:
        super().__init__(resolve)
        self.changed = 0.0
        """When the loop's clock last saw anything move."""
        self.fault: OSError | None = None
        """Why what went by could not be kept, a full disk for instance."""
        self._authority, self._trusted = authority, trusted
        self._chains: dict[Place, tuple[bytes, ...]] = {}
        self._still: WeakSet[asyncio.Task[Any]] = WeakSet()
        """Connections over which the browser has said nothing so far, or will say nothing more."""
        self._talks: dict[asyncio.Task[Any], Talk] = {}

    def certificates(self, url: str) -> tuple[bytes, ...]:
        """The certificates of the host of `url`, DER, its own first, as it sent them."""
        return self._chains.get(place_of(url), ())

    @property
    def pairs(self) -> list[Pair]:
        """What is under way."""
        talks = (talk.conversation for talk in self._talks.values())
        return [pair for conversation in talks if not conversation.lost for pair in conversation.pairs]

    @property
    def connecting(self) -> bool:
        """Whether a connection is being made that the browser waits for."""
        return any(task not in self._still and task not in self._talks for task in self._open)

    async def finish(self) -> None:
        """Take no more connections, end those there are, and wait until the listener knows all that was said."""
        self._server.close()
        for task in [task for task in self._open if task not in self._talks]:
            task.cancel()
        for talk in self._talks.values():
            talk.end("us")
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _carry(self, place: Place, client: Streams, server: Streams) -> None:
        reading = cast(asyncio.Transport, client[1].transport)
        reading.pause_reading()
        accept(client[1])
        first = await self._first_byte(client[1])
        secure = first == _HANDSHAKE
        if secure:
            if not await self._handshake(place, server[1]):
                return
            await client[1].start_tls(self._authority.context(place[0]), ssl_handshake_timeout=CONNECT_SECONDS)
        else:
            reading.resume_reading()
        if first:
            await self._converse(Talk(_origin(place, secure), lambda: self.listener.room, client, server))

    async def _first_byte(self, writer: asyncio.StreamWriter) -> bytes:
        """The first byte that the browser says, left where it is for whoever will read it."""
        task, come = asyncio.current_task(), asyncio.Event()
        assert task is not None
        loop = asyncio.get_running_loop()
        self._still.add(task)
        with socket.socket(fileno=os.dup(writer.get_extra_info("socket").fileno())) as twin:
            loop.add_reader(twin, come.set)
            try:
                await come.wait()
                return twin.recv(1, socket.MSG_PEEK)
            finally:
                loop.remove_reader(twin)
                self._still.discard(task)

    async def _handshake(self, place: Place, writer: asyncio.StreamWriter) -> bool:
        """Speak TLS with a site; False if it cannot be believed, and why is noted."""
        try:
            await writer.start_tls(self._trusted, server_hostname=place[0], ssl_handshake_timeout=CONNECT_SECONDS)
        except OSError as error:  # SSLError is one
            self.failures[place] = FetchFailed(place[0], _reason(error))
            return False
        agreed: Any = writer.get_extra_info("ssl_object")
        self._chains[place] = _chain(agreed)
        version, cipher = agreed.version().lower().replace("tlsv", "tls/"), agreed.cipher()[0]
        self._hellos[place].add((version, BY_OPENSSL.get(cipher, "")))
        return True

    async def _converse(self, talk: Talk) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks[task] = talk
        try:
            await asyncio.gather(self._ask(talk), self._tell(talk))
            for pair in talk.conversation.rest():
                await self.listener.heard(talk.url(pair), pair)
        finally:
            talk.end("us")
            self._still.add(task)
            del self._talks[task]
            for pair in talk.conversation.rest():
                pair.close()

    async def _ask(self, talk: Talk) -> None:
        """Carry what the browser says until it hangs up."""
        reader, writer = talk.client[0], talk.server[1]
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                before = len(talk.conversation.pairs)
                self._noted(talk.conversation.ask, data)
                if len(talk.conversation.pairs) > before and not self.listener.admits():
                    break
                writer.write(data)
                await writer.drain()
        talk.end("browser")

    async def _tell(self, talk: Talk) -> None:
        """Carry what the server says until it hangs up. The browser has it before the listener has."""
        reader, writer = talk.server[0], talk.client[1]
        while data := await _read(reader):
            if not writer.is_closing():
                writer.write(data)
            self._noted(talk.conversation.tell, data)
            self._announce(talk)
            with suppress(OSError):
                await writer.drain()
            for pair in talk.conversation.finished():
                await self.listener.heard(talk.url(pair), pair)
        talk.end("server")

    def _announce(self, talk: Talk) -> None:
        for pair in talk.conversation.pairs:
            if pair.told and pair is not talk.told:
                talk.told = pair
                self.listener.answering(talk.url(pair), pair)

    def _noted(self, take: Callable[[bytes], None], data: bytes) -> None:
        self.changed = asyncio.get_running_loop().time()
        try:
            take(data)
        except OSError as fault:
            self.fault = self.fault or fault
            raise


async def _read(reader: asyncio.StreamReader) -> bytes:
    """The next bytes, none when it has hung up in whatever manner."""
    try:
        return await reader.read(CHUNK)
    except OSError:
        return b""


def _chain(agreed: Any) -> tuple[bytes, ...]:
    """The certificates that the other side sent; before Python 3.13, only the object inside tells them."""
    if hasattr(agreed, "get_unverified_chain"):
        return tuple(agreed.get_unverified_chain())
    return tuple(ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in agreed._sslobj.get_unverified_chain() or ())


def _origin(place: Place, secure: bool) -> str:
    scheme, usual = ("https", 443) if secure else ("http", 80)
    host = f"[{place[0]}]" if ":" in place[0] else place[0]
    return f"{scheme}://{host}" if place[1] == usual else f"{scheme}://{host}:{place[1]}"


def _reason(error: OSError) -> str:
    """Why a site cannot be believed, as of a browser's refusal."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _OUT_OF_DATE:
            return "its certificate is out of date"
        return (
            "its certificate is for another host"
            if error.verify_code in _OTHER_HOST
            else "its certificate is not trusted"
        )
    if isinstance(error, ConnectionAbortedError | TimeoutError):
        return "the server did not answer in time"
    return "it does not speak TLS" if isinstance(error, ssl.SSLError) else "the server broke the connection off"
