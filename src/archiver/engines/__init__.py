"""Engines turn a URL into a stream of items: `browser` (what a reader sees) and `http` (what the server sends)."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, Self

from archiver.engines.blocking import BlockList
from archiver.engines.guard import Networks
from archiver.model import Fidelity, Item, Limits
from archiver.session import NOBODY, Session

RobotsPolicy = Literal["obey", "record", "ignore"]
ConsentPolicy = Literal["reject", "accept", "hide", "leave"]
"""What is done with a dialog that asks for consent; docs/capture.md says what each means for the copy."""


@dataclass(frozen=True, slots=True)
class Script:
    """A program of the operator's own that is run in pages."""

    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.name} sha256:{hashlib.sha256(self.text.encode()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Behaving:
    """What is done in a page once it stands, as a reader would."""

    own: bool = True
    """Scroll, open and press for more."""
    scripts: tuple[Script, ...] = ()
    """Behaviours of the operator's own, run after ours; `archiver/behaviors/README.md` is their contract."""
    browsertrix: Script | None = None
    """The built `behaviors.js` of browsertrix-behaviors, run last."""

    def __bool__(self) -> bool:
        return self.own or bool(self.scripts) or self.browsertrix is not None


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What an engine is told once, when it opens."""

    allow_private: bool = False
    """Let captures reach loopback, private and link-local addresses."""
    ca_file: Path | None = None
    """PEM file of private certificate authorities to trust beside the system's."""
    fidelity: Literal["decoded", "wire"] = "decoded"
    """What the browser engine keeps of a body: as the browser decoded it, or the bytes as they came."""
    jobs: int = 2
    """Pages that may be captured at the same time."""
    consent: ConsentPolicy = "reject"
    session: Session = NOBODY
    """As whom pages are visited."""
    behaving: Behaving = field(default_factory=Behaving)
    media: Literal["auto", "off", "all"] = "auto"
    """Films: those of which a replay needs more than the page loaded; no more than it loaded; in every rendition."""
    allowed: Networks = ()
    """Networks that captures may reach although they are not public."""
    blocked: BlockList = field(default_factory=BlockList)
    """What is not asked for."""
    robots: RobotsPolicy = "ignore"
    """Whether robots.txt is asked for, and minded."""


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
