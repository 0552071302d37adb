"""Who is let in, and the signed tokens that show it: what both servers know. itsdangerous's only home.

A reader proves that they know the archive's token (or the proxy in front names them) to the app alone. From then on:
- the app's own cookie holds a `session`;
- a `ticket`, of a minute, takes the reader from the app to the replay host;
- the replay host's own cookie holds a `pass`, which opens nothing at the app.
Each kind is signed with a key derived from its name, so that none stands in for another.
"""

import hashlib
import hmac
import ipaddress
import json
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal
from urllib.parse import urlsplit

from itsdangerous import BadSignature, TimestampSigner

from archiver.errors import UsageError

Kind = Literal["session", "ticket", "pass", "leave"]

LASTS: dict[Kind, int] = {"session": 12 * 3600, "ticket": 60, "pass": 12 * 3600, "leave": 60}
"""Seconds for which each kind is good. Clocks are one machine's."""
SHORTEST = 16
"""Characters that a token must have; one of 16 from a file is for its maker to answer for."""
VARIABLE = "ARCHIVER_LOGIN"
"""How the servers learn it from their parent: an argument could be read by every user of the machine."""
_LOCAL = re.compile(r"/(?![/\\])[^\x00-\x20\x7f\\]*")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class Login:
    """How readers are let in: all (`open`), by a token, or by a header of a trusted proxy."""

    mode: Literal["open", "token", "header"] = "open"
    header: str = ""
    """In lower case."""
    proxies: tuple[str, ...] = ()
    """Addresses whose word in `header` is taken."""
    token_sha256: str = ""
    key: str = ""
    """Random at every start: no session outlives the server."""

    @classmethod
    def by_token(cls, token: str) -> "Login":
        """Raises `UsageError` if the token is too short to keep anybody out."""
        if len(token) < SHORTEST:
            raise UsageError(f"A token of {len(token)} characters is too easy to guess.", f"Use {SHORTEST} or more.")
        return cls("token", token_sha256=_digest(token), key=secrets.token_urlsafe(32))

    @classmethod
    def by_header(cls, name: str, proxies: Sequence[str]) -> "Login":
        """Raises `UsageError` if that cannot be a header, or no proxy is named, or one is no address."""
        if not _HEADER.fullmatch(name):
            raise UsageError(f"{name!r} is no name of a header.", "Write --login header:X-Remote-User.")
        if not proxies:
            hint = "Name the proxy's address with --trusted-proxy; anybody else could write that header."
            raise UsageError("Nobody is trusted to name readers.", hint)
        for one in proxies:
            try:
                ipaddress.ip_address(one)
            except ValueError:
                raise UsageError(f"{one!r} is no IP address.", "Write --trusted-proxy 127.0.0.1.") from None
        return cls("header", header=name.lower(), proxies=tuple(proxies))

    @classmethod
    def heard(cls) -> "Login":
        """What the parent told, by the environment."""
        told = json.loads(os.environ.get(VARIABLE, "{}"))
        return cls(**told | {"proxies": tuple(told.get("proxies", ()))})

    def told(self) -> dict[str, str]:
        """The environment that tells a server."""
        return {VARIABLE: json.dumps(asdict(self))}

    def accepts(self, token: str) -> bool:
        """Whether that is the token; takes as long for a wrong one."""
        return self.mode == "token" and hmac.compare_digest(_digest(token), self.token_sha256)

    def vouched(self, peer: str, values: Sequence[str]) -> bool:
        """Whether the one who connects is a trusted proxy, and names a reader in the header's only value."""
        return self.mode == "header" and peer in self.proxies and len(values) == 1 and bool(values[0].strip())

    def sign(self, kind: Kind, name: str = "") -> str:
        """A new token of that kind, with a random name unless one is given."""
        return self._signer(kind).sign(name or secrets.token_urlsafe(12)).decode()

    def named(self, kind: Kind, token: str) -> str:
        """The name in a token of that kind; empty if it is none, too old, or another's work."""
        try:
            return self._signer(kind).unsign(token, max_age=LASTS[kind]).decode()
        except (BadSignature, UnicodeError):
            return ""

    def _signer(self, kind: Kind) -> TimestampSigner:
        return TimestampSigner(self.key, salt=f"archiver {kind}", digest_method=hashlib.sha256)


def cookie_name(kind: Kind, origin: str) -> str:
    """Where TLS allows it, one that no other host can set (RFC 6265bis §4.1.3.2)."""
    return f"__Host-{kind}" if urlsplit(origin).scheme == "https" else kind


def cookies(header: str, name: str) -> list[str]:
    """All values of a cookie: a page of a neighbouring host or path may have put one before ours."""
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return [value for key, _, value in pairs if key == name]


def is_local(path: str) -> bool:
    """Whether that leads to this host alone, however a browser reads it (WHATWG URL §4.4: `\\` and tabs count)."""
    return _LOCAL.fullmatch(path) is not None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
