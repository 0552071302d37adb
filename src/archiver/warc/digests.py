"""WARC digest headers: `algorithm:value`, the value in base32, hex or base64, as tools differ (WARC 1.1 §5.8)."""

import base64
import hashlib
import re
from binascii import Error as NotEncoded
from typing import NamedTuple

_ALGORITHMS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake2s")
_USUAL = re.compile(r"sha1:[A-Z2-7]{32}\Z")
_DIGITS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHIJKLMNOPQRSTUV")
"""Base32 as RFC 4648 writes it → as `int` reads it, which is ten times as fast as `base64`."""


class Digest(NamedTuple):
    """A digest that a header claims."""

    algorithm: str
    """As `hashlib` calls it."""
    value: bytes
    """Empty where the header's value cannot be one of that algorithm: no content has such a digest."""


class UnknownDigest(ValueError):
    """The header names no algorithm that is known here."""


def labelled(sha1: bytes) -> str:
    """The header's value for a SHA-1, as our writer has it and pywb looks for it."""
    return "sha1:" + base64.b32encode(sha1).decode()


def parse_digest(text: str) -> Digest:
    """Read a digest header. Raises `UnknownDigest`."""
    if _USUAL.match(text):
        return Digest("sha1", int(text[5:].translate(_DIGITS), 32).to_bytes(20, "big"))
    label, _, encoded = text.strip().partition(":")
    algorithm = label.strip().lower().replace("-", "")
    if algorithm not in _ALGORITHMS:
        raise UnknownDigest(f"{label[:40]!r} is no algorithm known here")
    size = hashlib.new(algorithm, usedforsecurity=False).digest_size
    for decode in (_base16, _base32, _base64):
        try:
            value = decode(encoded.strip())
        except (NotEncoded, ValueError):
            continue
        if len(value) == size:
            return Digest(algorithm, value)
    return Digest(algorithm, b"")


def _base16(text: str) -> bytes:
    return base64.b16decode(text, casefold=True)


def _base32(text: str) -> bytes:
    return base64.b32decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 8), casefold=True)


def _base64(text: str) -> bytes:
    return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
