"""What goes over one connection, split into HTTP/1.1 messages as it flows (RFC 9112), with every byte kept.

No sockets here, and no judgement: what browsers put up with is put up with. Where no reading is left, because the
connection has become another protocol's or is no HTTP, `Conversation.lost` says so, and its bytes are split no more.
"""

import re
import sys
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import BinaryIO, Literal, Protocol

from archiver.model import new_body, now
from archiver.warc.http import HttpHead, parse_head

HEAD_BYTES = 1 << 20
"""Of a head; browsers take a quarter of that."""
_LINE_BYTES = 4096
"""Of a line of chunk framing."""
_HEAD_ENDS = re.compile(rb"\n\r?\n")
_HEX = re.compile(rb"[0-9A-Fa-f]+")
_WITHOUT_BODY = frozenset((HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED))

End = Literal["server", "browser", "us"]
"""Who ended a connection."""


class Frame(Protocol):
    """How far a body goes (RFC 9112 §6.3)."""

    @property
    def done(self) -> bool:
        """Whether the body has come to its end."""
        ...

    def take(self, data: bytes) -> int:
        """How many bytes of `data`, from its beginning, belong to the body."""
        ...


class Sized:
    """A body of a known length."""

    def __init__(self, size: int) -> None:
        self._left = size

    @property
    def done(self) -> bool:
        """Whether all of it was there."""
        return self._left == 0

    def take(self, data: bytes) -> int:
        """See `Frame`."""
        used = min(self._left, len(data))
        self._left -= used
        return used


class Open:
    """A body that goes on until the connection ends."""

    done = False

    def take(self, data: bytes) -> int:
        """See `Frame`."""
        return len(data)


class Chunked:
    """A chunked body with its framing and its trailers (§7.1); from a broken frame on, an `Open` one."""

    def __init__(self) -> None:
        self.done = False
        self._left = 0
        self._line = bytearray()
        self._expects: Literal["size", "gap", "trailer"] = "size"

    def take(self, data: bytes) -> int:
        """See `Frame`."""
        at = 0
        while at < len(data) and not self.done:
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
            else:
                step = (data.find(b"\n", at) + 1 or len(data)) - at
                self._line += data[at : at + step]
                self._read_line()
            at += step
        return at

    def _read_line(self) -> None:
        line = bytes(self._line)
        if not line.endswith(b"\n"):
            self._left = sys.maxsize if len(line) > _LINE_BYTES else 0
            return
        self._line.clear()
        content = line.partition(b";")[0].strip()
        if self._expects == "trailer":
            self.done = not line.strip()
        elif self._expects == "gap":
            self._left, self._expects = sys.maxsize if content else 0, "size"
        elif not _HEX.fullmatch(content):
            self._left = sys.maxsize
        else:
            self._left = int(content, 16)
            self._expects = "gap" if self._left else "trailer"


@dataclass(slots=True)
class Message:
    """A request or an answer: the bytes of its head, and those of its body with whatever frames them."""

    cap: int
    """So many bytes of the body are kept."""
    head: bytearray = field(default_factory=bytearray)
    body: BinaryIO | None = None
    """None as long as it has no byte."""
    size: int = 0
    """Bytes of the body that are kept."""
    read: HttpHead | None = None
    """The head, once it is whole."""
    frame: Frame | None = None
    truncated: Literal["length", "time", "disconnect"] | None = None

    @property
    def done(self) -> bool:
        """Whether the message has come to its end."""
        return self.frame is not None and self.frame.done

    def take(self, data: bytes, framing: Callable[[HttpHead], Frame]) -> bytes:
        """Take what of `data` belongs to this message; gives the rest."""
        if self.frame is None:
            data = self._take_head(data)
            if self.read is None:
                return b""
            self.frame = framing(self.read)
        used = self.frame.take(data)
        if used:
            self._keep(data[:used])
        return data[used:]

    def _keep(self, data: bytes) -> None:
        self.body = self.body or new_body()
        room = self.cap - self.size
        self.size += self.body.write(data[:room])
        if len(data) > room:
            self.truncated = "length"

    def stored(self) -> BinaryIO | None:
        """The body from its start, if there is any; whoever takes it closes it."""
        if self.body:
            self.body.seek(0)
        return self.body

    def _take_head(self, data: bytes) -> bytes:
        seen = max(0, len(self.head) - 2)
        self.head += data
        end = _HEAD_ENDS.search(self.head, seen)
        if end is None:
            return b""
        rest = bytes(self.head[end.end() :])
        del self.head[end.end() :]
        self.read = parse_head(bytes(self.head).rstrip(b"\r\n"))
        return rest


@dataclass(slots=True)
class Pair:
    """A request and its answer."""

    request: Message
    answer: Message
    interim: list[Message] = field(default_factory=list)
    """Answers that only announce the answer (1xx)."""
    started: datetime = field(default_factory=now)
    left: bool = False
    """Whether the browser hung up before the answer's end."""

    @property
    def asked(self) -> HttpHead:
        """The request's head, empty as long as it is not whole."""
        return self.request.read or HttpHead("", ())

    @property
    def told(self) -> HttpHead | None:
        """The answer's head."""
        return self.answer.read

    @property
    def done(self) -> bool:
        """Whether both have come to their ends."""
        return self.request.done and self.answer.done

    def close(self) -> None:
        """Close the bodies: nobody will take them."""
        for message in (self.request, self.answer, *self.interim):
            if message.body:
                message.body.close()


class Conversation:
    """One connection's pairs, in order. `room` tells how many bytes may be kept of a body that now begins."""

    def __init__(self, room: Callable[[], int]) -> None:
        self.pairs: deque[Pair] = deque()
        """Those under way."""
        self.lost = ""
        """Why the rest is split no more, or ""."""
        self.ended: End | None = None
        """Who ended the connection, once it has ended."""
        self._room = room

    def ask(self, data: bytes) -> None:
        """Take in what the browser says."""
        while data and not self.lost:
            if not self.pairs or self.pairs[-1].request.done:
                self.pairs.append(Pair(Message(self._room()), Message(self._room())))
            data = self._taken(self.pairs[-1].request, data, request_frame)

    def tell(self, data: bytes) -> None:
        """Take in what the server says."""
        while data and not self.lost:
            pair = next((one for one in self.pairs if not one.answer.done), None)
            if pair is None:
                self.lost = "the server said more than it was asked for"
                return
            data = self._taken(pair.answer, data, partial(answer_frame, method=pair.asked.method))
            self._look_at(pair)

    def finished(self) -> Iterator[Pair]:
        """The pairs that have come to their ends, each once."""
        while self.pairs and self.pairs[0].done:
            yield self.pairs.popleft()

    def rest(self) -> Iterator[Pair]:
        """The pairs that were under way when the connection ended, each once, marked as cut if they are."""
        while self.pairs:
            pair = self.pairs.popleft()
            whole = pair.answer.done or (isinstance(pair.answer.frame, Open) and self.ended == "server")
            pair.left = not whole and self.ended == "browser"
            if not whole:
                pair.answer.truncated = pair.answer.truncated or ("time" if self.ended == "us" else "disconnect")
            yield pair

    def _taken(self, message: Message, data: bytes, framing: Callable[[HttpHead], Frame]) -> bytes:
        rest = message.take(data, framing)
        if message.read is None and len(message.head) > HEAD_BYTES:
            self.lost = "its head is longer than any real one"
        return rest

    def _look_at(self, pair: Pair) -> None:
        """See whether the answer is only an interim one, the last one, or none."""
        head = pair.answer.read
        if head is None:
            return
        if not head.first_line.startswith("HTTP/") or not status_of(head):
            self.lost = "what it sent is not HTTP"
        elif status_of(head) == HTTPStatus.SWITCHING_PROTOCOLS:
            self.lost = "the connection went on in another protocol"
        elif status_of(head) < 200:
            pair.interim.append(pair.answer)
            pair.answer = Message(self._room())


def status_of(head: HttpHead) -> int:
    """The status of an answer; 0 if it is none."""
    return int(head.code) if len(head.code) == 3 and head.code.isdecimal() else 0


def request_frame(head: HttpHead) -> Frame:
    """How far a request's body goes."""
    return _frame(head) or Sized(0)


def answer_frame(head: HttpHead, method: str) -> Frame:
    """How far the body of the answer to a request of that method goes."""
    status = status_of(head)
    if method == "HEAD" or status in _WITHOUT_BODY or 100 <= status < 200:
        return Sized(0)
    return _frame(head) or Open()


def _frame(head: HttpHead) -> Frame | None:
    codings = [part.strip().lower() for part in (head.get("Transfer-Encoding") or "").split(",")]
    if "chunked" in codings and not head.first_line.startswith("HTTP/1.0"):
        return Chunked()
    length = (head.get("Content-Length") or "").strip()
    return Sized(int(length)) if length.isdecimal() and len(length) < 19 else None
