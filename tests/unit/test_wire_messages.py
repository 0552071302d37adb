"""Splitting a connection into messages: no byte is lost, doubled or moved, however the stream was cut up on its way."""

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.engines.browser.wire.messages import Conversation, Message, Pair

CAP = 1 << 30

token = st.text("abcdefgXYZ-", min_size=1, max_size=8)
value = st.text("abc ,;=\"'äß\t", max_size=20).map(str.strip)
headers = st.lists(st.tuples(token.map("X-{}".format), value), max_size=4)
bodies = st.binary(max_size=300)


@st.composite
def chunked(draw: st.DrawFn) -> bytes:
    """A body in chunks, with the freedoms that RFC 9112 §7.1 leaves."""
    pieces = draw(st.lists(st.binary(min_size=1, max_size=60), max_size=5))
    extension, case = draw(st.sampled_from(["", ";x", "; name=value", ';q="a;b"'])), draw(st.sampled_from("xX"))
    framed = [f"{len(one):{case}}{extension}\r\n".encode() + one + b"\r\n" for one in pieces]
    trailers = draw(st.sampled_from(["", "X-Digest: abc\r\n", "A: 1\r\nB: 2\r\n"])).encode()
    return b"".join(framed) + b"0\r\n" + trailers + b"\r\n"


def head(first: str, lines: list[tuple[str, str]]) -> bytes:
    return (first + "\r\n" + "".join(f"{name}: {text}\r\n" for name, text in lines) + "\r\n").encode("latin-1")


@st.composite
def turn(draw: st.DrawFn) -> tuple[str, bytes, bytes, list[bytes]]:
    """Method, request, answer, and the interim answers before it; all of known length."""
    method = draw(st.sampled_from(["GET", "HEAD", "POST", "OPTIONS"]))
    posted = draw(bodies) if method == "POST" else b""
    sent = [("Host", "news.example"), *draw(headers)] + ([("Content-Length", str(len(posted)))] if posted else [])
    interim = draw(st.lists(st.just(head("HTTP/1.1 103 Early Hints", [("Link", "</a.css>")])), max_size=2))
    status, lines = draw(st.sampled_from([200, 204, 206, 302, 304, 404])), draw(headers)
    how = draw(st.sampled_from(["sized", "chunked"]))
    bodyless = method == "HEAD" or status in (204, 304)
    body = draw(chunked()) if how == "chunked" else draw(bodies)
    if how == "sized":
        lines.append(("Content-Length", str(len(body))))
    elif status != 204:
        lines.append(("Transfer-Encoding", "chunked"))
    return (
        method,
        head(f"{method} /a?b HTTP/1.1", sent) + posted,
        head(f"HTTP/1.1 {status} Fine", lines) + (b"" if bodyless else body),
        interim,
    )


def cut(data: bytes, draw: st.DrawFn) -> list[bytes]:
    """The same bytes in arbitrary pieces."""
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


def content(message: Message) -> bytes:
    """Its bytes; closes the body."""
    body = message.stored()
    if body is None:
        return bytes(message.head)
    with body:
        return bytes(message.head) + body.read()


def converse(turns: list[tuple[str, bytes, bytes, list[bytes]]], draw: st.DrawFn) -> list[Pair]:
    said = [(cut(request, draw), cut(b"".join(interim) + answer, draw)) for _, request, answer, interim in turns]
    conversation, pairs = Conversation(lambda: CAP), []
    for asked, told in said:
        for piece in asked:
            conversation.ask(piece)
        for piece in told:
            conversation.tell(piece)
            pairs += conversation.finished()
    assert conversation.lost == ""
    assert not conversation.pairs
    return pairs


@settings(max_examples=60)
@given(st.data(), st.lists(turn(), min_size=1, max_size=4))
def test_every_byte_is_in_one_message_however_the_stream_is_cut(data: st.DataObject, turns):
    pairs = converse(turns, data.draw)
    assert [content(pair.request) for pair in pairs] == [request for _, request, _, _ in turns]
    assert [content(pair.answer) for pair in pairs] == [answer for _, _, answer, _ in turns]
    assert [[content(one) for one in pair.interim] for pair in pairs] == [interim for *_, interim in turns]
    assert all(pair.answer.truncated is None for pair in pairs)


@settings(max_examples=60)
@given(st.data(), st.lists(turn(), min_size=1, max_size=3))
def test_another_implementation_sees_the_same_messages(data: st.DataObject, turns):
    """h11 reads the whole stream at once; where it ends a message, so do we, and the bodies are the same."""
    pairs = converse(turns, data.draw)
    for (method, _, answer, interim), pair in zip(turns, pairs, strict=True):
        theirs = h11.Connection(h11.CLIENT)
        theirs.send(h11.Request(method=method, target="/", headers=[("Host", "x"), ("Content-Length", "0")]))
        theirs.send(h11.EndOfMessage())
        theirs.receive_data(b"".join(interim) + answer)
        events = []
        while (event := theirs.next_event()) is not h11.NEED_DATA:
            events.append(event)
            if type(event) is h11.EndOfMessage:
                break
        assert theirs.trailing_data == (b"", False)
        body = b"".join(bytes(event.data) for event in events if type(event) is h11.Data)
        stored = content(pair.answer)[len(pair.answer.head) :]
        pair.close()
        assert len(stored) >= len(body)
        if "chunked" not in (pair.told.get("Transfer-Encoding") or ""):
            assert stored == body


@settings(max_examples=60)
@given(st.data(), st.binary(max_size=400))
def test_a_body_without_a_length_goes_on_to_the_end(data: st.DataObject, body: bytes):
    answer = b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body  # HTTP/1.0 has no chunks
    pieces = cut(answer, data.draw)
    conversation = Conversation(lambda: CAP)
    conversation.ask(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    for piece in pieces:
        conversation.tell(piece)
        assert not list(conversation.finished())
    conversation.ended = "server"
    (pair,) = conversation.rest()
    assert (content(pair.answer), pair.answer.truncated) == (answer, None)


@settings(max_examples=60)
@given(st.data(), st.binary(max_size=600), st.binary(max_size=600))
def test_no_bytes_break_it_and_none_are_made_up(data: st.DataObject, asked: bytes, told: bytes):
    told = data.draw(st.sampled_from([b"", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"])) + told
    questions, answers = cut(asked, data.draw), cut(told, data.draw)
    conversation = Conversation(lambda: 50)
    for piece in questions:
        conversation.ask(piece)
    for piece in answers:
        conversation.tell(piece)
    conversation.ended = "us"
    pairs = [*conversation.finished(), *conversation.rest()]
    assert not conversation.pairs
    stored = b"".join(content(one) for pair in pairs for one in (*pair.interim, pair.answer))
    assert len(stored) <= len(told)
    for pair in pairs:
        pair.close()


@pytest.mark.parametrize(
    ("by", "expected", "left"),
    [("server", "disconnect", False), ("browser", "disconnect", True), ("us", "time", False)],
)
def test_what_ends_too_early_is_marked(by: str, expected: str, left: bool):
    conversation = Conversation(lambda: CAP)
    conversation.ask(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    conversation.tell(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")
    conversation.ended = by
    (pair,) = conversation.rest()
    assert (pair.answer.truncated, pair.left) == (expected, left)
    assert content(pair.answer).endswith(b"\r\n\r\n12345")


def test_a_long_body_is_cut_in_the_record_alone():
    conversation = Conversation(lambda: 4)
    conversation.ask(b"GET / HTTP/1.1\r\n\r\n")
    conversation.tell(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1234567890")
    (pair,) = conversation.finished()
    assert (pair.answer.truncated, content(pair.answer)[-4:]) == ("length", b"1234")
    conversation.ask(b"GET /next HTTP/1.1\r\n\r\n")  # the connection goes on
    conversation.tell(b"HTTP/1.1 204 No Content\r\n\r\n")
    (pair,) = conversation.finished()
    assert pair.asked.target == "/next"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x05hello", "another protocol"),
        (b"220 mail.example ESMTP\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokmore", "more than it was asked for"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * (2 << 20), "longer than any real one"),
    ],
)
def test_where_no_reading_is_left_it_is_said(told: bytes, why: str):
    conversation = Conversation(lambda: CAP)
    conversation.ask(b"GET / HTTP/1.1\r\n\r\n")
    conversation.tell(told)
    assert why in conversation.lost
    conversation.tell(b"whatever")
    conversation.ask(b"else")
    conversation.ended = "us"
    for pair in (*conversation.finished(), *conversation.rest()):
        pair.close()


def test_heads_of_rude_servers_are_taken_as_they_are():
    conversation = Conversation(lambda: CAP)
    conversation.ask(b"GET / HTTP/1.1\r\n\r\n")
    rude = b"HTTP/1.1 200 Quite fine\nContent-Length:2\nx-odd :  1\n  folded\nContent-Length: 3\n\n"
    conversation.tell(rude + b"ok")
    (pair,) = conversation.finished()
    assert content(pair.answer) == rude + b"ok"
    assert pair.told.get("X-Odd") == "1 folded"
