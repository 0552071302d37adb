"""What goes wrong in the life of an archive: kills at any step, stores that fail, bytes that rot."""

import io
import os
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from archiver.errors import StoreError
from archiver.stores.local import LocalStore

STEPS = ("fsync", "link", "rename", "replace", "unlink", "truncate", "mkdir", "ftruncate")
"""The calls of the operating system before each of which a process may be killed."""


def killed_at(step: int, work: Callable[[], object]) -> bool:
    """Do `work` in a process that is killed just before its `step`th change of the disk; False if it ended before.

    It is a real SIGKILL: no `finally` runs, no lock is given back by hand. Raises AssertionError if `work` raised.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        _die_at(step)
        try:
            work()
            code = 0
        except BaseException:  # noqa: BLE001
            os.write(writing, traceback.format_exc().encode())
            code = 1
        os._exit(code)
    os.close(writing)
    with open(reading, "rb") as told:  # noqa: PTH123
        complaint = told.read().decode()
    _, status = os.waitpid(child, 0)
    assert not complaint, complaint
    return os.WIFSIGNALED(status)


def _die_at(step: int) -> None:
    left = [step]

    def counted(call: Callable[..., object]) -> Callable[..., object]:
        def stepping(*arguments, **named):
            left[0] -= 1
            if left[0] <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **named)

        return stepping

    for name in STEPS:
        setattr(os, name, counted(getattr(os, name)))


@dataclass(frozen=True)
class Trouble:
    """What happens at the `at`th call of a store."""

    kind: Literal["dead", "once", "lost", "cut", "flip"]
    """It fails from then on; it fails once; it acts but the answer is lost; its body ends early; a bit of it turns."""
    at: int


class FaultyStore(LocalStore):
    """A store over a folder that fails as told."""

    trouble: Trouble | None = None
    asked = 0

    def _note(self) -> str:
        """What is wrong with this call."""
        self.asked += 1
        trouble = self.trouble
        if trouble is None or self.asked < trouble.at:
            return ""
        if trouble.kind == "dead":
            raise self._failure()
        if self.asked > trouble.at:
            return ""
        if trouble.kind == "once":
            raise self._failure()
        return trouble.kind

    def _failure(self) -> StoreError:
        return StoreError(self.url, "the server cannot be reached", retryable=True)

    def list(self, prefix):
        self._note()
        return super().list(prefix)

    def stat(self, key):
        self._note()
        return super().stat(key)

    def open(self, key, start=0, bytes=None):
        wrong = self._note()
        stream = super().open(key, start, bytes)
        if wrong not in ("cut", "flip"):
            return stream
        with stream:
            content = stream.read()
        return io.BytesIO(content[: len(content) // 2] if wrong == "cut" else flipped(content, len(content) // 2))

    def put(self, key, body, *, bytes, sha256, free=False):
        wrong = self._note()
        stored = super().put(key, body, bytes=bytes, sha256=sha256, free=free)
        if wrong == "lost":
            raise self._failure()
        return stored

    def replace(self, key, body, *, bytes, sha256):
        wrong = self._note()
        super().replace(key, body, bytes=bytes, sha256=sha256)
        if wrong == "lost":
            raise self._failure()

    def erase(self, key):
        wrong = self._note()
        lock = super().erase(key)
        if wrong == "lost":
            raise self._failure()
        return lock


def flipped(content: bytes, place: int) -> bytes:
    """`content` with one bit turned over; an empty one gets a byte."""
    if not content:
        return b"x"
    place %= len(content)
    return content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]


Damage = Literal["flip", "cut", "grow", "delete"]


def damage(path: Path, how: Damage, place: int) -> None:
    """Harm a file where it lies, as a disk does."""
    content = path.read_bytes()
    if how == "delete":
        path.unlink()
    elif how == "flip":
        path.write_bytes(flipped(content, place))
    elif how == "cut":
        path.write_bytes(content[: place % max(len(content), 1)])
    else:
        path.write_bytes(content + b"\n")
