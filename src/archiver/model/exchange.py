"""One HTTP request with its response, and what is made from a page. Bodies are spooled streams."""

import tempfile
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Literal, cast

SPOOL_BYTES = 512 * 1024
"""A body above this size goes to a temporary file."""

Headers = tuple[tuple[str, str], ...]
"""Header lines in the order sent; repeated names stay repeated. Values are the wire's bytes as Latin-1."""

Fidelity = Literal["decoded", "entity", "wire"]
"""What a body is: `decoded` by the browser (no content coding); the `entity` as the server sent it, without
transfer coding; or the `wire` bytes with chunk framing."""


def new_body(content: bytes = b"") -> BinaryIO:
    """A fresh spooled stream holding `content`, positioned at its start. Whoever consumes it closes it."""
    stream = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES))  # noqa: SIM115
    stream.write(content)
    stream.seek(0)
    return stream


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
        "qa",
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
