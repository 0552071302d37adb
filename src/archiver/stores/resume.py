"""A stream that outlives its connections."""

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, BinaryIO, Protocol, cast

from archiver import disk
from archiver.errors import StoreError

ATTEMPTS = 4
"""How often one place is tried."""


class Body(Protocol):
    """What one connection delivers."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""
        ...

    def close(self) -> None:
        """Give the connection back."""
        ...


def resumed(fetch: Callable[[int], Body], guard: Callable[[], AbstractContextManager[None]]) -> BinaryIO:
    """A buffered stream over as many connections as it takes.

    `fetch` opens the object from an offset on; `guard` turns what it or the reading raises into `StoreError`.
    A retryable one while reading is taken up again at the same place, by stamina's backoff.
    """
    return cast(BinaryIO, io.BufferedReader(_Resumed(fetch, guard), disk.CHUNK))


def clipped(stream: BinaryIO, bytes: int) -> BinaryIO:
    """Of `stream` no more than so many further bytes. It is closed with what this returns."""
    return cast(BinaryIO, io.BufferedReader(_Clipped(stream, bytes), disk.CHUNK))


class _Clipped(io.RawIOBase):
    def __init__(self, stream: BinaryIO, left: int) -> None:
        self._stream = stream
        self._left = left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._stream.read(min(len(buffer), self._left))
        buffer[: len(chunk)] = chunk
        self._left -= len(chunk)
        return len(chunk)

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Resumed(io.RawIOBase):
    def __init__(self, fetch: Callable[[int], Body], guard: Callable[[], AbstractContextManager[None]]) -> None:
        self._fetch = fetch
        self._guard = guard
        self._position = 0
        with guard():
            self._body: Body | None = fetch(0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        import stamina  # not for a look at what is there, which opens nothing

        chunk = b""
        for attempt in stamina.retry_context(on=_may_pass, attempts=ATTEMPTS, timeout=None, wait_max=5):
            with attempt:
                chunk = self._read(len(buffer))
        buffer[: len(chunk)] = chunk
        self._position += len(chunk)
        return len(chunk)

    def close(self) -> None:
        self._drop()
        super().close()

    def _read(self, size: int) -> bytes:
        try:
            with self._guard():
                if self._body is None:
                    self._body = self._fetch(self._position)
                return self._body.read(size)
        except StoreError:
            self._drop()
            raise

    def _drop(self) -> None:
        body, self._body = self._body, None
        if body is not None:
            body.close()


def _may_pass(error: Exception) -> bool:
    return isinstance(error, StoreError) and error.retryable
