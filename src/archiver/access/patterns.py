"""Which addresses a rule is about: one, all that begin so, or a host and those below it.

Addresses are compared as the index holds them (SURT): http and https, with or without `www.`, in whatever case and
with whatever order of parameters are the same. No pattern is more than the beginning of such a key, so none is slow.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from archiver.cdxj import url_key
from archiver.errors import UsageError

MOST_CHARACTERS = 2000
HINT = "Give an address, an address with * at its end, or *.host for a host and those below it."


@dataclass(frozen=True, slots=True)
class Pattern:
    """What keys it is about: those that are one of `exact`, and those that begin with one of `prefixes`."""

    exact: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str) -> "Pattern":
        """A pattern as typed. Raises `UsageError` if it is none."""
        if not text or len(text) > MOST_CHARACTERS or not text.isprintable() or any(map(str.isspace, text)):
            raise UsageError(f"{text[:80]!r} is no pattern of addresses.", HINT)
        if text.startswith("*."):
            return cls._below(text[2:])
        stem = text.removesuffix("*")
        if "*" in stem or not _has_host(stem):
            raise UsageError(f"{text!r} is no pattern of addresses.", HINT)
        key = url_key(stem)
        if stem == text:
            return cls(exact=(key,))
        if stem.endswith("/"):  # which the key has lost, but for a host's own
            bare = key.removesuffix("/")
            return cls(exact=(key,), prefixes=(f"{bare}/", f"{bare}?"))
        return cls(prefixes=(key,))

    @classmethod
    def _below(cls, host: str) -> "Pattern":
        if "*" in host or "/" in host or not _has_host(f"https://{host}/"):
            raise UsageError(f"'*.{host}' names no host.", HINT)
        bare = url_key(f"https://{host}/").partition(")")[0]
        return cls(prefixes=(f"{bare})", f"{bare},", f"{bare}:"))


def keys(*urls: str) -> frozenset[str]:
    """The keys of some addresses; of a record that was made of a page (`urn:text:https://…`), the page's."""
    return frozenset(url_key(_inner(url)) for url in urls if url)


def _inner(url: str) -> str:
    kind, _, inner = url.removeprefix("urn:").partition(":")
    return inner if url.startswith("urn:") and kind.isalnum() and _has_host(inner) else url


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


Value = TypeVar("Value")


class Table(Generic[Value]):
    """Values by pattern, found for a key without trying every pattern."""

    def __init__(self, entries: Iterable[tuple[Pattern, Value]]) -> None:
        self._exact: dict[str, list[Value]] = {}
        self._prefixes: dict[str, list[Value]] = {}
        for pattern, value in entries:
            for key in pattern.exact:
                self._exact.setdefault(key, []).append(value)
            for key in pattern.prefixes:
                self._prefixes.setdefault(key, []).append(value)
        self._lengths = sorted({len(prefix) for prefix in self._prefixes})

    def find(self, key: str) -> Iterator[Value]:
        """Values whose pattern the key fits; some may come twice."""
        yield from self._exact.get(key, ())
        for length in self._lengths:
            if length > len(key):
                return
            yield from self._prefixes.get(key[:length], ())
