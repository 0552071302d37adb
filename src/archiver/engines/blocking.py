"""Block lists: what captures do not ask for, by host or by address.

A rule is a host (`ads.example`, which covers the names below it) or a pattern of whole addresses in which `*` stands
for anything (`https://*.example/tracking/*`). Files hold one rule a line, also as hosts files (`0.0.0.0 ads.example`)
and ad blockers (`||ads.example^`) write hosts; their finer rules (`$options`, `##selectors`, `@@exceptions`) are
passed over, and lines that begin with `#` or `!` are comments.
"""

import re
from collections.abc import Iterable
from fnmatch import translate
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from archiver.errors import Blocked, UnreadableInput, UsageError

_HOST = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}")
_SINKS = frozenset({"0.0.0.0", "127.0.0.1", "::", "::1"})
_FINER = ("@@", "##", "#@#", "#?#", "$")


class BlockList:
    """Rules that forbid requests. An empty list forbids nothing."""

    def __init__(self, rules: Iterable[str] = ()) -> None:
        """Raises `UsageError` for a rule that is neither a host nor a pattern."""
        self.patterns: list[str] = []
        """Patterns of whole addresses, for what can match them itself."""
        self._hosts: set[str] = set()
        for rule in rules:
            self._add(rule)
        self._patterns = [(pattern, re.compile(translate(_plain(pattern)), re.IGNORECASE)) for pattern in self.patterns]

    @classmethod
    def of(cls, given: Iterable[str | Path]) -> Self:
        """The rules given, and those of the files given. Raises `UsageError`, `UnreadableInput`."""
        rules: list[str] = []
        for one in given:
            if isinstance(one, str):
                rules.append(one)
                continue
            try:
                rules += _of_file(one.read_text("utf-8-sig"))
            except (OSError, UnicodeDecodeError) as error:
                raise UnreadableInput(str(one), "the block list cannot be read") from error
        return cls(rules)

    def host(self, host: str) -> str:
        """The rule that forbids this host, or ""."""
        labels = host.lower().strip("[]").rstrip(".").split(".")
        names = (".".join(labels[place:]) for place in range(len(labels)))
        return next((name for name in names if name in self._hosts), "")

    def rule(self, url: str) -> str:
        """The rule that forbids this address, or ""."""
        if self._hosts and (found := self.host(urlsplit(url).hostname or "")):
            return found
        return next((pattern for pattern, matcher in self._patterns if matcher.match(url)), "")

    def check(self, url: str) -> None:
        """Raise `Blocked` if this address is forbidden."""
        if found := self.rule(url):
            raise Blocked(url, found)

    def check_host(self, host: str) -> None:
        """Raise `Blocked` if this host is forbidden."""
        if found := self.host(host):
            raise Blocked(host, found)

    def _add(self, rule: str) -> None:
        name = rule.removeprefix("||").removesuffix("^").lower()
        if _HOST.fullmatch(name):
            self._hosts.add(name)
        elif "*" in rule or "://" in rule:
            self.patterns.append(rule)
        else:
            raise UsageError(
                f"{rule!r} is no rule of a block list, and no file.", "Give a host, an address with *, or a file."
            )


def _of_file(text: str) -> Iterable[str]:
    for line in text.splitlines():
        rule = line.strip()
        if not rule or rule.startswith(("#", "!", "[")) or any(mark in rule for mark in _FINER):
            continue
        names = rule.partition("#")[0].split()
        if len(names) > 1 and names[0] in _SINKS:
            yield from (name for name in names[1:] if name != "localhost")
        elif _HOST.fullmatch(rule.removeprefix("||").removesuffix("^").lower()) or "://" in rule:
            yield rule


def _plain(pattern: str) -> str:
    """The pattern with nothing but `*` special, since brackets and question marks belong to addresses."""
    return re.sub(r"[\[\]?]", lambda found: f"[{found[0]}]", pattern)
