"""Engines turn a URL into a stream of items: `browser` (what a reader sees) and `http` (what the server sends)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, Self

from archiver.model import Fidelity, Item, Limits
from archiver.session import NOBODY, Session

ConsentPolicy = Literal["reject", "accept", "hide", "leave"]
"""What is done with a dialog that asks for consent; docs/capture.md says what each means for the copy."""


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What an engine is told once, when it opens."""

    allow_private: bool = False
    """Let captures reach loopback, private and link-local addresses."""
    ca_file: Path | None = None
    """PEM file of private certificate authorities to trust beside the system's."""
    jobs: int = 2
    """Pages that may be captured at the same time."""
    consent: ConsentPolicy = "reject"
    session: Session = NOBODY
    """As whom pages are visited."""


class Engine(Protocol):
    """A way of capturing.

    An engine is a context manager: entering starts what it needs (`PartMissing` when that is not installed),
    leaving ends every process, socket and temporary file of it.
    `capture` may be called from several threads at once.
    """

    name: str
    fidelity: Fidelity

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def capture(self, url: str, limits: Limits) -> Iterator[Item]:
        """Visit `url` and yield what comes, exchanges in order of completion, `Resource`s after, `PageInfo` last.

        - Exactly one exchange has the role `main` unless the navigation ended without a document.
        - Raises `FetchFailed` if nothing came at all, `AddressRefused` if policy forbade the page itself.
        - Limits end it normally: a body cut short is marked `truncated`, and `PageInfo` tells what is missing.
        - Every yielded body belongs to the caller, who closes it.
        - Closing the iterator early releases everything that this visit held.
        """
        ...
