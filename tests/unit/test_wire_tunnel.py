"""The tunnel that reads along, against real sockets: who is believed, what is carried, what is told."""

import asyncio
import datetime
import ssl
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trustme

from archiver.engines.browser.wire import Authority, WireTunnel, trusting
from archiver.engines.browser.wire.messages import Pair

SAID = b"HTTP/1.1 200 OK\r\nX-Odd:   kept \r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"


class Ear:
    """A listener that remembers."""

    room = 1000

    def __init__(self) -> None:
        self.began: list[str] = []
        self.heard_of: list[tuple[str, bytes]] = []

    def admits(self) -> bool:
        return len(self.began) < 2

    def answering(self, url: str, _pair: Pair) -> None:
        self.began.append(url)

    async def heard(self, url: str, pair: Pair) -> None:
        body = pair.answer.stored()
        self.heard_of.append((url, bytes(pair.answer.head) + (body.read() if body else b"")))
        pair.close()


def site(authority: trustme.CA, name: str = "news.localhost", **how: object) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name, **how).configure_cert(context)
    return context


def der(certificate: trustme.Blob) -> bytes:
    return ssl.PEM_cert_to_DER_cert(certificate.bytes().decode())


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(SAID)
    except (asyncio.IncompleteReadError, OSError):
        pass
    finally:
        writer.close()


Talk = Callable[[WireTunnel, Ear, int, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def talk(own: Authority, trusted: ssl.SSLContext, theirs: ssl.SSLContext | None, then: Talk) -> None:
    """Let `then` speak through a tunnel to a site that answers every request with `SAID`."""

    async def go() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=theirs)
        port = server.sockets[0].getsockname()[1]
        async with WireTunnel(lambda *_: ["127.0.0.1"], own, trusted) as tunnel:
            tunnel.listener = ear = Ear()
            reader, writer = await asyncio.open_connection("127.0.0.1", tunnel.port)
            name = b"news.localhost"
            writer.write(b"\x05\x01\x00" + bytes((5, 1, 0, 3, len(name))) + name + struct.pack(">H", port))
            assert (await reader.readexactly(12))[:4] == b"\x05\x00\x05\x00"
            await then(tunnel, ear, port, reader, writer)
            writer.close()
        server.close()

    asyncio.run(asyncio.wait_for(go(), 20))


def browser(own: Authority) -> ssl.SSLContext:
    """How a browser believes that trusts nobody but the tunnel."""
    context = ssl.create_default_context(cadata=own.certificate)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


def test_tls_is_ended_and_begun_anew_and_what_was_said_is_told():
    authority, own = trustme.CA(), Authority()

    async def then(tunnel: WireTunnel, ear: Ear, port: int, reader, writer) -> None:
        await writer.start_tls(browser(own), server_hostname="news.localhost")
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
        for path in ("/a", "/b"):
            writer.write(f"GET {path} HTTP/1.1\r\nHost: news.localhost\r\n\r\n".encode())
            assert await reader.readexactly(len(SAID)) == SAID
        url = f"https://news.localhost:{port}"
        assert ear.began == [f"{url}/a", f"{url}/b"]
        assert ear.heard_of == [(f"{url}/a", SAID), (f"{url}/b", SAID)]
        assert (tunnel.tls(url), tunnel.address(url)) == ("tls/1.3", "127.0.0.1")
        assert tunnel.cipher(url).startswith("TLS_")
        assert tunnel.certificates(url) == (der(leaf.cert_chain_pems[0]),)
        writer.write(b"GET /c HTTP/1.1\r\n\r\n")  # one more than the listener admits
        assert await reader.read() == b""

    leaf = authority.issue_cert("news.localhost")
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    leaf.configure_cert(theirs)
    talk(own, trusting([der(authority.cert_pem)]), theirs, then)


def test_plain_http_is_told_as_well():
    async def then(tunnel: WireTunnel, ear: Ear, port: int, reader, writer) -> None:
        writer.write(b"GET /a HTTP/1.1\r\n\r\n")
        assert await reader.readexactly(len(SAID)) == SAID
        await tunnel.finish()
        assert ear.heard_of == [(f"http://news.localhost:{port}/a", SAID)]
        assert (tunnel.tls(f"http://news.localhost:{port}/a"), tunnel.certificates("http://x/")) == ("", ())

    talk(Authority(), trusting([]), None, then)


LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("name", "how", "known", "why"),
    [
        ("news.localhost", {}, False, "its certificate is not trusted"),
        ("other.localhost", {}, True, "its certificate is for another host"),
        ("news.localhost", {"not_after": LONG_AGO}, True, "its certificate is out of date"),
    ],
)
def test_a_bad_site_is_not_answered_for(name: str, how: dict, known: bool, why: str):
    authority, own = trustme.CA(), Authority()

    async def then(tunnel: WireTunnel, ear: Ear, port: int, _reader, writer) -> None:
        with pytest.raises((ssl.SSLError, OSError)):
            await writer.start_tls(browser(own), server_hostname="news.localhost")
        assert why in str(tunnel.failure(f"https://news.localhost:{port}/"))
        assert ear.heard_of == []

    talk(own, trusting([der(authority.cert_pem)] if known else []), site(authority, name, **how), then)


def test_hosts_of_every_kind_are_answered_for_by_one_key_in_no_file(tmp_path, monkeypatch: pytest.MonkeyPatch):
    def no_file(*_args: object, **_how: object) -> None:
        raise AssertionError("a file is opened")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", no_file)
    before = len(list(Path("/proc/self/fd").iterdir()))
    own = Authority()
    for host in ("news.example", "127.0.0.1", "::1", "xn--80akhbyknj4f.example", f"{'a' * 63}.{'b' * 63}.example"):
        assert own.context(host) is own.context(host)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert own.certificate != Authority().certificate
