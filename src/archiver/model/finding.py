"""What checks find, what plans are made of, the files that they speak of, and observers of long work."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Level = Literal["error", "warning", "info"]

Progress = Callable[[str, int, int | None], None]
"""An observer of long work: what is being done, units done, units in all (None: unknown)."""


class Bytes(int):
    """Units in all where they are bytes: observers can tell speed and remaining time."""


def silent(_what: str, _done: int, _total: int | None) -> None:
    """The observer that shows nothing."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One result of a check. Checks return all of them; exceptions are for what cannot go on."""

    level: Level
    code: str
    """Stable and greppable, for example `file-digest`."""
    where: str
    """`path`, `path:line:col` or a URL."""
    message: str
    hint: str = ""
    pointer: str = ""
    """JSON Pointer (RFC 6901) of what it is about, in the document at `where`; empty where there is none."""
    affects: tuple[str, ...] = ()
    """Ids of the captures that suffer from it, where that is known."""

    def as_json(self) -> dict[str, Any]:
        """The JSON shape of every command."""
        members = asdict(self) | {"affects": list(self.affects)}
        return {name: value for name, value in members.items() if value or name not in ("pointer", "affects")}


@dataclass(frozen=True, slots=True, order=True)
class Action:
    """One step of a plan, with its reason; plans are made purely and acted out dully."""

    verb: Literal[
        "upload", "download", "keep", "skip", "conflict", "missing", "lost", "replace", "restore", "undelete", "revert"
    ]
    key: str
    reason: str
    bytes: int = 0

    def as_json(self) -> dict[str, Any]:
        """The JSON shape of a plan's line."""
        return asdict(self)


@dataclass(frozen=True, slots=True, order=True)
class FileRef:
    """A file of a collection as the ledger names it."""

    path: str
    """Relative to the collection, with forward slashes."""
    bytes: int
    sha256: str
    """64 hex digits over the whole file."""
