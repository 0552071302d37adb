"""The browser's only way out: a SOCKS5 server on loopback that checks every address before it connects.

Each visit has a tunnel of its own. It is a plain pipe below TLS and HTTP, so nothing is intercepted and nothing is
added: what travels is what the browser said. Host names reach it unresolved, are resolved once, checked, and kept;
redirects, workers, WebSockets and a changed DNS answer all meet the same check. It also knows to which address a
connection really went, which the browser, seeing only its proxy, cannot tell, and reads in passing which version of
TLS and which cipher suite the server chose, which the browser does not tell of every answer.

SOCKS5 (RFC 1928) rather than an HTTP proxy, because an HTTP proxy must answer in the server's place when it refuses,
and such an answer would be recorded as the site's.
"""

import asyncio
import ipaddress
import struct
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit

from archiver.engines import ciphers
from archiver.errors import ArchiverError, FetchFailed, PolicyRefusal

Resolve = Callable[[str, int], list[str]]
"""Host and port to the addresses that may be connected to; raises `AddressRefused` or `FetchFailed`."""

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Place = tuple[str, int]
Hello = tuple[str, str]
"""Version of TLS, as in WARC-Protocol, and cipher suite."""

CONNECT_SECONDS = 10.0
"""For one address to answer; all addresses of a host together get twice as long."""
CHUNK = 1 << 16

_VERSIONS = {b"\x03\x04": "tls/1.3", b"\x03\x03": "tls/1.2", b"\x03\x02": "tls/1.1", b"\x03\x01": "tls/1.0"}
_VERSION = 5
_CONNECT = 1
_NO_AUTHENTICATION = b"\x05\x00"
_SUCCEEDED, _NOT_ALLOWED, _UNREACHABLE, _REFUSED, _NOT_SUPPORTED = 0, 2, 4, 5, 7


class Tunnel:
    """A SOCKS5 server for one visit; an async context manager that ends all its connections on leaving.

    `addresses` maps each (host, port) that was reached to its address, `failures` each that was not to the reason.
    """

    def __init__(self, resolve: Resolve) -> None:
        self.port = 0
        self.addresses: dict[Place, str] = {}
        self.failures: dict[Place, ArchiverError] = {}
        self._hellos: dict[Place, set[Hello]] = defaultdict(set)
        self._own: dict[Place, str] = {}
        self._resolve = resolve
        self._lookups: dict[Place, asyncio.Task[list[str]]] = {}
        self._open: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        tasks = [*self._open, *self._lookups.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def proxy(self) -> str:
        """How Chromium names it."""
        return f"socks5://127.0.0.1:{self.port}"

    def address(self, url: str) -> str | None:
        """The address that the host of `url` was reached at, or None."""
        return self.addresses.get(place_of(url))

    def tls(self, url: str) -> str:
        """The version of TLS that the host of `url` chose, as `tls/1.3`, or "".

        Which of its connections an answer came through is not told: where they differ, this is "", and so is `cipher`.
        """
        return self._unanimous(url, 0)

    def cipher(self, url: str) -> str:
        """The cipher suite that the host of `url` chose, by its IANA name, or ""."""
        return self._unanimous(url, 1)

    def _unanimous(self, url: str, part: int) -> str:
        hellos = self._hellos.get(place_of(url), ()) if url.startswith(("https:", "wss:")) else ()
        chosen = {hello[part] for hello in hellos}
        return chosen.pop() if len(chosen) == 1 else ""

    def client_address(self, url: str) -> str | None:
        """Our own address on the connection to the host of `url`, or None."""
        return self._own.get(place_of(url))

    def certificates(self, url: str) -> tuple[bytes, ...]:
        """The certificates of the host of `url`, DER, its own first, as it sent them; none where TLS passes as it is.

        Then the browser knows them (`Network.getCertificate`); where it does not, they are told here.
        """
        return ()

    def failure(self, url: str) -> ArchiverError | None:
        """Why the host of `url` could not be reached, or None."""
        return self.failures.get(place_of(url))

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve((reader, writer)))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _serve(self, client: Streams) -> None:
        """One connection of the browser, from greeting to end."""
        server: Streams | None = None
        try:
            place = await _greet(client)
            if place is None:
                _reply(client[1], _NOT_SUPPORTED)
                return
            try:
                server = await self._connect(*place)
            except ArchiverError as error:
                self.failures[place] = error
                _reply(client[1], _code(error))
                return
            await self._carry(place, client, server)
        except (OSError, EOFError):
            pass  # one side hung up; the browser knows what that means
        finally:
            for _, writer in filter(None, (client, server)):
                await _close(writer)

    async def _carry(self, place: Place, client: Streams, server: Streams) -> None:
        """Tell the browser that it is connected, and carry what both sides say until they have done."""
        accept(client[1])
        await asyncio.gather(_pump(client[0], server[1]), self._answer(place, server[0], client[1]))

    async def _answer(self, place: Place, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry what the server says, with an eye on its first words."""
        first = await reader.read(CHUNK)
        if hello := server_hello(first):
            self._hellos[place].add(hello)
        writer.write(first)
        await _pump(reader, writer)

    async def _connect(self, host: str, port: int) -> Streams:
        """A connection to the first good address of `host` that answers; later ones go to the same address."""
        known = self.addresses.get((host, port))
        addresses = [known] if known else await self._look_up(host, port)
        why = "the host has no address"
        deadline = asyncio.get_running_loop().time() + 2 * CONNECT_SECONDS
        for address in addresses:
            patience = min(CONNECT_SECONDS, deadline - asyncio.get_running_loop().time())
            try:
                streams = await asyncio.wait_for(asyncio.open_connection(address, port), patience)
            except TimeoutError:
                why = f"{address} port {port} did not answer"
            except ConnectionRefusedError:
                why = f"connection refused by {address} port {port}"
            except OSError:
                why = f"{address} port {port} cannot be reached"
            else:
                self.addresses[host, port] = address
                self._own[host, port] = streams[1].get_extra_info("sockname")[0]
                return streams
        raise FetchFailed(host, why)

    async def _look_up(self, host: str, port: int) -> list[str]:
        """Resolve once per visit: a second answer of the name servers is never asked for."""
        if (host, port) not in self._lookups:
            self._lookups[host, port] = asyncio.ensure_future(asyncio.to_thread(self._resolve, host, port))
        return await asyncio.shield(self._lookups[host, port])


def server_hello(first: bytes) -> Hello | None:
    """What a ServerHello (RFC 8446 §4.1.3) chooses; None if these bytes begin with none.

    What it names and we do not know is "".
    """
    if len(first) < 44 or first[0] != 22 or first[5] != 2:
        return None
    version, at = first[9:11], 43 + 1 + first[43]  # after random and session id
    cipher = ciphers.BY_NUMBER.get(int.from_bytes(first[at : at + 2]), "")
    at += 3  # the suite, and the compression
    end = at + 2 + int.from_bytes(first[at : at + 2])
    at += 2
    while at + 4 <= min(end, len(first)):
        kind, length = int.from_bytes(first[at : at + 2]), int.from_bytes(first[at + 2 : at + 4])
        if kind == 43:  # supported_versions; the fixed field says 1.2 for ever
            version = first[at + 4 : at + 6]
        at += 4 + length
    return _VERSIONS.get(version, ""), cipher


def place_of(url: str) -> Place:
    """Host and port of a URL, as the browser names them to the tunnel."""
    parts = urlsplit(url)
    return (parts.hostname or "", parts.port or {"https": 443, "wss": 443}.get(parts.scheme, 80))


async def _greet(client: Streams) -> Place | None:
    """The place that the client asks for (RFC 1928 §3 and §4), or None if it asks for something else."""
    reader, writer = client
    version, methods = await reader.readexactly(2)
    await reader.readexactly(methods)
    if version != _VERSION:
        return None
    writer.write(_NO_AUTHENTICATION)
    version, command, _, kind = await reader.readexactly(4)
    match kind:
        case 1:
            host = str(ipaddress.IPv4Address(await reader.readexactly(4)))
        case 3:
            (length,) = await reader.readexactly(1)
            host = (await reader.readexactly(length)).decode("ascii", "replace").lower().strip("[]")
        case 4:
            host = str(ipaddress.IPv6Address(await reader.readexactly(16)))
        case _:
            return None
    (port,) = struct.unpack(">H", await reader.readexactly(2))
    return (host, port) if (version, command) == (_VERSION, _CONNECT) else None


def accept(writer: asyncio.StreamWriter) -> None:
    """Tell the browser that it is connected."""
    _reply(writer, _SUCCEEDED)


def _reply(writer: asyncio.StreamWriter, code: int) -> None:
    """Answer a request (RFC 1928 §6). The bound address is of no use to anyone and is left zero."""
    with suppress(OSError):
        writer.write(bytes((_VERSION, code, 0, 1)) + bytes(6))


def _code(error: ArchiverError) -> int:
    if isinstance(error, PolicyRefusal):
        return _NOT_ALLOWED
    return _REFUSED if "refused" in str(error) else _UNREACHABLE


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes until the end, then pass the end on; the other direction stays open (TCP half-close)."""
    while chunk := await reader.read(CHUNK):
        writer.write(chunk)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
