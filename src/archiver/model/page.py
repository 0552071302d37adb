"""A page and how the visit to it went."""

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from archiver.model.exchange import Fidelity
from archiver.model.instants import timestamp

Verdict = Literal[
    "ok", "partial", "blocked", "consent-wall", "paywall", "login", "soft-404", "not-found", "error", "offline"
]


@dataclass(frozen=True, slots=True)
class RequestNote:
    """One line of the page's request log: what was asked for and whether it was kept."""

    url: str
    method: str
    status: int | None
    """HTTP status, or None when no answer came."""
    type: str
    started: str
    """RFC 3339 UTC."""
    seconds: float
    recorded: bool
    why: str = ""
    """When not recorded: the plain reason."""
    served: bool = True
    """False when the server never answered (refused, blocked by policy): nothing was lost by us."""
    ip: str | None = None
    """The address that the connection went to."""
    protocols: tuple[str, ...] = ()
    """As in WARC-Protocol."""
    initiator: str = ""
    """URL of the document, style sheet or script that asked for it, where that is told."""


@dataclass(frozen=True, slots=True)
class ScriptError:
    """An error in the page's main frame that none of its scripts caught."""

    message: str
    """Its first line."""
    script: str
    """URL of the script, or of the page; "" where it is not told."""


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What verdicts are judged by: the page as it stands at the end of a visit, or as its HTML alone tells.

    Made by `archiver.verdict.page_facts`. Words are counted as there; texts are the page's own: hostile.
    """

    rendered: bool
    """True: as a browser shows it. False: from the HTML, without styles and scripts; the fields from `covered` on then
    have their defaults."""
    title: str
    headings: tuple[str, ...]
    """Of the first two ranks, in order."""
    text: str
    """What can be read, a block a line, as far as rules look at it. Not kept: `urn:text:` has it."""
    words: int
    """All words that can be read."""
    main_words: int
    """Words in paragraphs: without menus, lists of links, and what is cut off or blurred."""
    digest: str
    """SHA-256 of the words; those with digits left out, since walls number their visitors."""
    pictures: int
    """Large pictures, players and frames; of HTML alone all of them."""
    is_article: bool
    """Whether the page calls itself an article, by OpenGraph or JSON-LD."""
    login_form: bool
    """Whether there is a field for a password."""
    challenges: tuple[str, ...] = ()
    """Whose challenge pages it bears the marks of; so for the next three."""
    widgets: tuple[str, ...] = ()
    paywalls: tuple[str, ...] = ()
    consents: tuple[str, ...] = ()
    noindex: bool = False
    canonical: str = ""
    """The address that it gives itself, or empty."""
    claimed_words: int | None = None
    """Words that the article has by its publisher's own account (`wordCount`, `articleBody`)."""
    is_free: bool | None = None
    """`isAccessibleForFree`."""
    html: str = ""
    """The page as its scripts left it, for what it says of its article. Not kept either."""
    covered: float = 0.0
    """Share of the first screen, 0 to 1, that something laid over the page takes."""
    overlay: str = ""
    """The beginning of what is written there."""
    locked: bool = False
    """Whether the page cannot be scrolled, though there is more of it."""


@dataclass(frozen=True, slots=True)
class PageInfo:
    """The last item of a capture: how the visit went. Written as `urn:pageinfo:URL`."""

    url: str
    """As asked for."""
    final_url: str
    """Where the navigation ended."""
    started: datetime
    finished: datetime
    engine: Literal["browser", "http"]
    fidelity: Fidelity
    user_agent: str
    agents: tuple[str, ...]
    """Software that took part, as `name/version`."""
    requests: tuple[RequestNote, ...]
    reasons: tuple[str, ...] = ()
    """Caps that were hit and things that went wrong, in plain words."""
    counts: dict[str, int] = field(default_factory=dict)
    """Plain counts, for example of `show more` clicks or lazy images waited for."""
    evidence: dict[str, Any] = field(default_factory=dict)
    """What else the engine can tell of how the visit was made (`tls`, `client`, `clock`, `consent` …), in the form that
    the sidecar's `capture` block has for it."""
    redacted: tuple[str, ...] = ()
    """Not empty where secrets in it were replaced."""
    facts: PageFacts | None = None
    """What the engine saw of the page; None if it shows none (or the document is no HTML)."""
    script_errors: tuple[ScriptError, ...] | None = None
    """Each once; None where no browser told of them."""

    @property
    def missing(self) -> tuple[RequestNote, ...]:
        """What the server answered but the capture does not hold.

        WebSockets stand in `requests` only: no WARC record can hold them, and a page is whole without.
        """
        kept = (note.recorded or note.type == "websocket" for note in self.requests)
        return tuple(note for note, whole in zip(self.requests, kept, strict=True) if note.served and not whole)

    def as_json(self) -> dict[str, Any]:
        """The `urn:pageinfo:` document; its members are explained in `docs/pageinfo.md`."""
        facts = asdict(self.facts) if self.facts else None
        if facts:
            del facts["text"], facts["html"]
        return {
            **asdict(replace(self, facts=None)),
            "facts": facts,
            "started": timestamp(self.started, micro=True),
            "finished": timestamp(self.finished, micro=True),
        }
