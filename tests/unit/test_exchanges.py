"""What the browser tells, made true of what is stored; and the order in which it tells."""

import asyncio
import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.engines.browser.exchanges import Paused, honest, response_headers
from archiver.engines.browser.network import Hop, NetworkLog, wire

TOKEN = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12)
VALUE = st.binary(max_size=30).map(lambda b: b.replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b"").strip())


def windows_1252(raw: bytes) -> str:
    """Bytes as Chromium's ExtraInfo shows them: the WHATWG's windows-1252."""
    return "".join(bytes([b]).decode("cp1252") if b not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(b) for b in raw)


@given(st.binary())
def test_wire_bytes_come_back_from_what_extra_info_shows(raw: bytes):
    assert wire(windows_1252(raw)).encode("latin-1") == raw


@given(st.lists(st.tuples(TOKEN, VALUE), max_size=8))
def test_header_lines_survive_in_order_and_to_the_byte(lines: list[tuple[str, bytes]]):
    joined: dict[str, str] = {}
    for name, value in lines:
        shown = windows_1252(value)
        joined[name] = f"{joined[name]}\n{shown}" if name in joined else shown
    head = "HTTP/1.1 200 OK\r\n" + "".join(f"{name}: {value.decode('utf-8', 'ignore')}\r\n" for name, value in lines)
    found = response_headers([], {"headers": joined, "headersText": head})
    assert [(name, value.encode("latin-1")) for name, value in found] == lines


def test_cookies_of_http2_are_put_back_and_pseudo_headers_are_not():
    told = [{"name": "content-type", "value": "text/html"}, {"name": "x-a", "value": "1"}]
    extra = {"headers": {":status": "200", "content-type": "text/html", "set-cookie": "a=1\nb=2", "x-a": "1"}}
    assert response_headers(told, extra) == (
        ("content-type", "text/html"),
        ("x-a", "1"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
    )
    assert response_headers(told, None) == (("content-type", "text/html"), ("x-a", "1"))


@pytest.mark.parametrize(
    ("given_headers", "length", "expected"),
    [
        ((("Content-Length", "5"),), 5, (("Content-Length", "5"),)),
        ((), 0, ()),
        ((), 3, (("Content-Length", "3"),)),
        ((("Content-Length", "9"),), 0, (("X-Archive-Orig-Content-Length", "9"), ("Content-Length", "0"))),
        (
            (("content-encoding", "br"), ("Transfer-Encoding", "chunked"), ("Vary", "x")),
            7,
            (
                ("X-Archive-Orig-content-encoding", "br"),
                ("X-Archive-Orig-Transfer-Encoding", "chunked"),
                ("Vary", "x"),
                ("Content-Length", "7"),
            ),
        ),
        (
            (("Content-Length", "5"), ("content-length", "5")),
            5,
            (
                ("X-Archive-Orig-Content-Length", "5"),
                ("X-Archive-Orig-content-length", "5"),
                ("Content-Length", "5"),
            ),
        ),
    ],
)
def test_headers_are_honest_about_the_stored_body(given_headers, length, expected):
    assert honest(given_headers, length) == expected


def paused(**changes: object) -> Paused:
    request = {"url": "https://a.example/x#part", "method": "GET", "headers": {}, **changes.pop("request", {})}
    headers = [{"name": name, "value": value} for name, value in changes.pop("headers", {}).items()]
    event = {
        "requestId": "1",
        "frameId": "f",
        "request": request,
        "resourceType": "Media",
        "responseStatusCode": 206,
        "responseHeaders": headers,
        **changes,
    }
    return Paused(event, Hop())


@pytest.mark.parametrize(
    ("content_range", "found", "whole"),
    [
        ("bytes 0-9/10", (0, 9, 10), True),
        ("bytes 0-4/10", (0, 4, 10), False),
        ("bytes 5-9/10", (5, 9, 10), False),
        ("bytes 0-9/*", None, False),
        ("", None, False),
    ],
)
def test_ranges(content_range: str, found: tuple[int, int, int] | None, whole: bool):
    part = paused(headers={"Content-Range": content_range})
    assert (part.range, part.whole) == (found, whole)


def test_a_length_is_trusted_only_without_codings():
    assert paused(headers={"Content-Length": "12"}).length == 12
    assert paused(headers={"Content-Length": "12", "Content-Encoding": "gzip"}).length is None
    assert paused(headers={"Content-Length": "12", "Content-Encoding": "identity"}).length == 12
    assert paused(headers={"Transfer-Encoding": "chunked"}).length is None
    assert paused(headers={"Content-Length": "-1"}).length is None


def test_posted_bytes_are_exact_or_not_there():
    raw = bytes(range(256))
    entries = [{"bytes": base64.b64encode(raw[:100]).decode()}, {"bytes": base64.b64encode(raw[100:]).decode()}]
    assert paused(request={"postDataEntries": entries}).posted() == raw
    assert paused(request={"postDataEntries": [*entries, {}]}).posted() is None
    assert paused().posted() is None
    assert paused().url == "https://a.example/x"


class Wires:
    """A page session that says what a test tells it to."""

    def __init__(self) -> None:
        self.handlers: dict[str, object] = {}

    def on(self, event: str, handler: object) -> None:
        self.handlers[event.removeprefix("Network.")] = handler

    async def send(self, _method: str, **_parameters: object) -> dict[str, object]:
        return {}

    def say(self, event: str, **told: object) -> None:
        self.handlers[event]({"requestId": "7", **told})


def sent(at: float, **more: object) -> dict[str, object]:
    return {"wallTime": at, "type": "Image", "request": {"url": "http://a.example/", "method": "GET"}, **more}


def test_hops_of_one_id_are_told_apart_by_order():
    async def go() -> None:
        session, log = Wires(), NetworkLog()
        await log.attach(session)
        session.say("requestWillBeSentExtraInfo", headers={"N": "1"})  # before the request that it belongs to
        session.say("requestWillBeSent", **sent(1.0))
        assert [hop.started.timestamp() for hop in log.waiting()] == [1.0]
        session.say("responseReceivedExtraInfo", headers={"A": "1"}, statusCode=302)
        first = log.pause("7")
        assert log.waiting() == []
        session.say("requestWillBeSentExtraInfo", headers={":path": "/", "N": "2"})
        session.say("requestWillBeSent", **sent(2.0, redirectResponse={}, redirectHasExtraInfo=True))
        assert len(log.waiting()) == 1
        second = log.pause("7")
        await log.completed("7", first)
        session.say("responseReceivedExtraInfo", headers={"A": "2"}, headersText="HTTP/1.1 200 OK\r\nA: 2\r\n")
        assert (first.request_headers, second.started.timestamp()) == ((("N", "1"),), 2.0)
        assert (first.got_headers["headers"], second.got_headers["headers"]) == ({"A": "1"}, {"A": "2"})
        assert (first.protocol, second.protocol) == ("", "h2")

    asyncio.run(go())


def test_a_redirect_of_the_browsers_own_takes_no_headers_from_the_next_hop():
    async def go() -> None:
        session, log = Wires(), NetworkLog()
        await log.attach(session)
        session.say("requestWillBeSent", **sent(1.0))
        session.say("requestWillBeSent", **sent(2.0, redirectResponse={}, redirectHasExtraInfo=False))
        session.say("requestWillBeSentExtraInfo", headers={"N": "2"})
        first, second = log.pause("7"), log.pause("7")
        assert (first.request_headers, second.request_headers) == ((), (("N", "2"),))

    asyncio.run(go())


def test_requests_that_ended_or_are_not_of_the_web_are_not_waited_for():
    async def go() -> None:
        session, log = Wires(), NetworkLog()
        await log.attach(session)
        session.say("requestWillBeSent", **sent(1.0))
        session.say("loadingFailed")
        data = sent(1.0, request={"url": "data:text/plain,x", "method": "GET"})
        session.say("requestWillBeSent", **{**data, "requestId": "8"})
        assert log.waiting() == []
        assert "8" not in log

    asyncio.run(go())


def test_of_a_workers_script_no_end_is_told_and_its_answer_counts_as_that():
    async def go() -> None:
        session, log = Wires(), NetworkLog()
        await log.attach(session)
        session.say("requestWillBeSent", **sent(1.0, type="Script", loaderId=""))
        session.say("requestWillBeSent", **sent(2.0, type="Script", loaderId="5", requestId="8"))
        assert [hop.started.timestamp() for hop in log.waiting()] == [1.0, 2.0]
        session.say("responseReceivedExtraInfo", headers={}, statusCode=200)
        session.say("responseReceivedExtraInfo", headers={}, statusCode=200, requestId="8")
        assert [hop.started.timestamp() for hop in log.waiting()] == [2.0]
        assert [hop.started.timestamp() for hop in log.unfinished()] == [2.0]
        session.say("loadingFinished", requestId="8")
        assert log.waiting() == log.unfinished() == []

    asyncio.run(go())
