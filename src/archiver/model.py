"""The nouns that all parts share. Plain data, no I/O.

A capture is a stream of items: an `Exchange` is one HTTP request with its response, however it was
obtained; a `Resource` is something made from the page (screenshot, text); one `PageInfo` ends the stream.
Bodies are seekable binary streams, spooled to disk when they grow, never `bytes`: nothing holds a WARC in memory.
"""

import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, BinaryIO, Literal, cast

SPOOL_BYTES = 512 * 1024
"""A body above this size goes to a temporary file."""

Headers = tuple[tuple[str, str], ...]
"""Header lines in the order sent; repeated names stay repeated. Values are the wire's bytes as Latin-1."""

Fidelity = Literal["decoded", "entity", "wire"]
"""What a body is: `decoded` by the browser (no content coding); the `entity` as the server sent it, without
transfer coding; or the `wire` bytes with chunk framing."""

Verdict = Literal[
    "ok",
    "partial",
    "blocked",
    "consent-wall",
    "paywall",
    "login",
    "soft-404",
    "not-found",
    "error",
    "offline",
]

Level = Literal["error", "warning", "info"]

Progress = Callable[[str, int, int | None], None]
"""An observer of long work: what is being done, units done, units in all (None: unknown)."""


class Bytes(int):
    """Units in all where they are bytes: observers can tell speed and remaining time."""


def silent(_what: str, _done: int, _total: int | None) -> None:
    """The observer that shows nothing."""


def new_body(content: bytes = b"") -> BinaryIO:
    """A fresh spooled stream holding `content`, positioned at its start. Whoever consumes it closes it."""
    stream = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES))  # noqa: SIM115
    stream.write(content)
    stream.seek(0)
    return stream


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC)


def timestamp(at: datetime, *, micro: bool = False) -> str:
    """`at` as RFC 3339 UTC with a `Z`, in seconds, or with microseconds (the form of WARC 1.1 §5.4)."""
    text = at.astimezone(UTC).isoformat(timespec="microseconds" if micro else "seconds")
    return text.removesuffix("+00:00") + "Z"


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, as far as the engine can tell it; nothing is invented."""

    method: str
    headers: Headers
    body: BinaryIO | None = None
    """The exact bytes sent (POST), or None."""
    redacted: tuple[str, ...] = ()
    """What of it was replaced because it is secret: `url`, names of header fields, `body`."""
    head: bytes | None = None
    """All before the body in the bytes it was sent in, where they are known; written so, unless `headers` or the
    target differ from what they say."""


@dataclass(frozen=True, slots=True)
class Response:
    """What came back."""

    status: int
    reason: str
    headers: Headers
    """Honest for the stored body: a coding that is no longer there is kept as `X-Archive-Orig-…`."""
    body: BinaryIO
    redacted: tuple[str, ...] = ()
    """As for requests."""
    head: bytes | None = None
    """As of a `Request`."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP request and its response."""

    url: str
    """Absolute URL without fragment."""
    started: datetime
    """Aware UTC; the instant the request was sent. Becomes WARC-Date."""
    request: Request
    response: Response
    role: Literal["main", "redirect", "part"] = "part"
    """`main`: the article's own document; `redirect`: a hop on the way to it; `part`: everything else."""
    ip: str | None = None
    """The address the connection really went to."""
    protocols: tuple[str, ...] = ()
    """Values of WARC-Protocol, for example ("h2", "tls/1.3")."""
    cipher: str = ""
    """TLS cipher suite by its IANA name, as WARC-Cipher-Suite has it; "" for none, or where it is not told."""
    client_ip: str | None = None
    """Our own address on that connection."""
    answered: datetime | None = None
    """Aware UTC; the instant the answer's head came."""
    resource_type: str = ""
    """document, image, stylesheet, xhr … in lower case, where known."""
    truncated: Literal["length", "time", "disconnect"] | None = None
    """Why the body is shorter than what the server had (WARC 1.1 §5.13), or None."""


@dataclass(frozen=True, slots=True)
class Resource:
    """Something made from the page at capture time; a WARC `resource` record `urn:NAME:URL` or `urn:NAME:PART:URL`."""

    name: Literal[
        "view",
        "fullPage",
        "thumbnail",
        "text",
        "article",
        "pageinfo",
        "beforeConsent",
        "certificates",
        "media",
        "sealed",
    ]
    about: str
    """The page's URL."""
    media_type: str
    body: BinaryIO
    created: datetime
    redacted: tuple[str, ...] = ()
    """`url` or `body`, where secrets in it were replaced."""
    part: str = ""
    """Which one of several of that name and page."""

    @property
    def url(self) -> str:
        """The record's target URI, in the form other tools of the field read."""
        return ":".join(filter(None, ("urn", self.name, self.part, self.about)))


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


Item = Exchange | Resource | PageInfo


def close_bodies(item: Item) -> None:
    """Close the bodies of an item that is not needed any more."""
    if isinstance(item, Exchange):
        item.response.body.close()
        if item.request.body is not None:
            item.request.body.close()
    elif isinstance(item, Resource):
        item.body.close()


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps that end a capture normally; what they cut is named in `PageInfo`."""

    seconds: float = 90.0
    """The whole visit."""
    body_bytes: int = 1 << 30
    """One body; a longer one is cut and marked `WARC-Truncated: length`."""
    total_bytes: int = 10 << 30
    """All bodies together. Bodies under way at the same time may go beyond it."""
    requests: int = 5000
    """Requests of one page."""
    media_seconds: float = 300.0
    """What comes after the visit: films fetched beside the page, whole."""
    media_bytes: int = 2 << 30
    """All that is fetched beside the page."""


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
        "upload", "download", "keep", "skip", "conflict", "missing", "replace", "restore", "undelete", "revert"
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
