"""The tunnel against real sockets: what it carries, what it refuses, and that it ends."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from archiver.engines import guard
from archiver.engines.browser.tunnel import Tunnel, server_hello
from archiver.engines.ciphers import BY_NUMBER
from archiver.errors import AddressRefused, FetchFailed


def loopback(host: str, port: int) -> list[str]:
    return guard.resolve(host, port, allow_private=True)


def public(host: str, port: int) -> list[str]:
    return guard.resolve(host, port, allow_private=False)


@asynccontextmanager
async def server(handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], **options: object):
    """A TCP server on loopback; gives its port."""
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        try:
            await handle(reader, writer)
        finally:
            writer.close()

    listening = await asyncio.start_server(accept, "127.0.0.1", 0, **options)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        await asyncio.gather(*tasks, return_exceptions=True)


async def ask(tunnel: Tunnel, host: str, port: int, command: int = 1):
    """Open a way to host:port through the tunnel; gives the reply code and the streams."""
    reader, writer = await asyncio.open_connection("127.0.0.1", tunnel.port)
    name = host.encode()
    writer.write(b"\x05\x01\x00")
    assert await reader.readexactly(2) == b"\x05\x00"
    writer.write(bytes((5, command, 0, 3, len(name))) + name + struct.pack(">H", port))
    reply = await reader.readexactly(10)
    assert (reply[0], reply[3]) == (5, 1)
    return reply[1], reader, writer


async def shut(writer: asyncio.StreamWriter) -> None:
    writer.close()
    await writer.wait_closed()


async def http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request with its own head."""
    head = await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(head), head))
    await writer.drain()


def test_plain_http_goes_through_untouched():
    async def go() -> None:
        async with server(http) as port, Tunnel(loopback) as tunnel:
            code, reader, writer = await ask(tunnel, "news.localhost", port)
            request = f"GET /a HTTP/1.1\r\nHost: news.localhost:{port}\r\nX-Odd:  kept \r\n\r\n".encode()
            writer.write(request)
            answer = await reader.read()
            await shut(writer)
            assert code == 0
            assert answer.endswith(request)
            assert tunnel.address(f"http://news.localhost:{port}/a") == "127.0.0.1"
            assert tunnel.failures == {}

    asyncio.run(go())


@pytest.mark.parametrize(
    ("version", "spoken", "suite"),
    [
        (ssl.TLSVersion.TLSv1_2, "tls/1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
        (ssl.TLSVersion.TLSv1_3, "tls/1.3", "TLS_AES_256_GCM_SHA384"),
    ],
)
def test_tls_goes_through_end_to_end(version: ssl.TLSVersion, spoken: str, suite: str):
    authority = trustme.CA()
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("news.localhost").configure_cert(theirs)
    ours = ssl.create_default_context()
    authority.configure_trust(ours)
    ours.maximum_version = version

    async def go() -> None:
        async with server(http, ssl=theirs) as port, Tunnel(loopback) as tunnel:
            _, reader, writer = await ask(tunnel, "news.localhost", port)
            await writer.start_tls(ours, server_hostname="news.localhost")
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            assert (await reader.read()).startswith(b"HTTP/1.1 200 OK")
            await shut(writer)
            secure, plain = f"https://news.localhost:{port}/", f"http://news.localhost:{port}/"
            assert tunnel.address(secure) == tunnel.client_address(secure) == "127.0.0.1"
            assert (tunnel.tls(secure), tunnel.cipher(secure)) == (spoken, suite)
            assert (tunnel.tls(plain), tunnel.cipher(plain)) == ("", "")
            _, _, writer = await ask(tunnel, "news.localhost", port)
            ours.set_ciphers("ECDHE+AESGCM+AES128")
            ours.maximum_version = ssl.TLSVersion.TLSv1_2
            await writer.start_tls(ours, server_hostname="news.localhost")
            await shut(writer)
            assert tunnel.cipher(secure) == "", "which connection an answer came through is not told"

    asyncio.run(go())


@given(st.binary(max_size=120), st.booleans())
def test_no_first_words_of_a_server_confuse_the_tunnel(said: bytes, as_hello: bool):
    first = b"\x16\x03\x03\x00\x50\x02\x00\x00\x4c" + said if as_hello else said
    version, cipher = server_hello(first) or ("", "")
    assert version in ("", "tls/1.0", "tls/1.1", "tls/1.2", "tls/1.3")
    assert cipher in ("", *BY_NUMBER.values())


@pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:127.0.0.1", "x.localhost"])
def test_private_addresses_are_refused_before_any_connection(host: str):
    async def go() -> None:
        touched: list[bool] = []

        async def handle(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            touched.append(True)
            await reader.read()

        async with server(handle) as port, Tunnel(public) as tunnel:
            code, reader, writer = await ask(tunnel, host, port)
            assert (code, await reader.read()) == (2, b"")
            await shut(writer)
            assert isinstance(tunnel.failures[host, port], AddressRefused)
            assert tunnel.addresses == {}
        assert touched == []

    asyncio.run(go())


def test_an_unknown_host_and_a_closed_port_are_told_apart():
    def nowhere(host: str, port: int) -> list[str]:
        if host == "nowhere.example":
            raise FetchFailed(host, "the host name is not known")
        return ["127.0.0.1"]

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]

        async def go() -> None:
            async with Tunnel(nowhere) as tunnel:
                unknown, _, first = await ask(tunnel, "nowhere.example", 80)
                refused, _, second = await ask(tunnel, "shut.example", port)
                await shut(first)
                await shut(second)
                assert (unknown, refused) == (4, 5)
                assert "not known" in str(tunnel.failure("http://nowhere.example/"))
                assert "connection refused" in str(tunnel.failure(f"http://shut.example:{port}/x"))
                assert tunnel.address(f"http://shut.example:{port}/x") is None

        asyncio.run(go())


def test_half_close_lets_the_answer_come_after_the_question_ended():
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        question = await reader.read()  # until the client's end of stream
        writer.write(b"heard " + question)
        await writer.drain()

    async def go() -> None:
        async with server(handle) as port, Tunnel(loopback) as tunnel:
            _, reader, writer = await ask(tunnel, "a.localhost", port)
            writer.write(b"all of this")
            writer.write_eof()
            assert await reader.read() == b"heard all of this"
            await shut(writer)

    asyncio.run(go())


def test_a_name_is_resolved_once_however_often_it_is_asked_for():
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    async def go() -> None:
        async with server(http) as port, Tunnel(rebinding) as tunnel:
            ways = await asyncio.gather(*(ask(tunnel, "twice.example", port) for _ in range(4)))
            for _, _, writer in ways:
                writer.write(b"\r\n\r\n")
                await shut(writer)
            assert [code for code, _, _ in ways] == [0] * 4
            assert tunnel.addresses == {("twice.example", port): "127.0.0.1"}
        assert asked == ["twice.example"]

    asyncio.run(go())


def test_the_next_address_is_tried_when_the_first_does_not_listen():
    async def go() -> None:
        async with server(http) as port, Tunnel(lambda _host, _port: ["127.0.0.9", "127.0.0.1"]) as tunnel:
            code, _, writer = await ask(tunnel, "two.example", port)
            writer.write(b"\r\n\r\n")
            await shut(writer)
            assert code == 0
            assert tunnel.addresses["two.example", port] == "127.0.0.1"

    asyncio.run(go())


def test_udp_and_bind_are_not_offered():
    async def go() -> None:
        async with Tunnel(loopback) as tunnel:
            for command in (2, 3):
                code, _, writer = await ask(tunnel, "a.localhost", 80, command)
                assert code == 7
                await shut(writer)

    asyncio.run(go())


def test_leaving_ends_connections_that_would_go_on_for_ever():
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        await reader.read()

    async def go() -> None:
        async with server(handle) as port:
            async with Tunnel(loopback) as tunnel:
                _, reader, writer = await ask(tunnel, "a.localhost", port)
                assert await reader.readexactly(5) == b"hello"
            assert await asyncio.wait_for(reader.read(), 300) == b""
            await shut(writer)

    asyncio.run(asyncio.wait_for(go(), 20))


def test_rubbish_and_early_hang_ups_do_no_harm():
    async def go() -> None:
        async with server(http) as port, Tunnel(loopback) as tunnel:
            for greeting in (b"", b"\x05", b"GET / HTTP/1.1\r\n\r\n", b"\x05\x01\x00\x05\x01\x00\x09"):
                _, writer = await asyncio.open_connection("127.0.0.1", tunnel.port)
                writer.write(greeting)
                await writer.drain()
                await shut(writer)
            code, _, writer = await ask(tunnel, "a.localhost", port)
            writer.write(b"\r\n\r\n")
            await shut(writer)
            assert code == 0

    asyncio.run(go())
