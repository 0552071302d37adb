"""One cookie, checked so that a browser and libcurl will take it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

LONGEST = 4096
"""Bytes of name and value together; browsers refuse longer cookies (RFC 6265bis §5.6)."""

_UNFIT = re.compile(r"[\x00-\x1f\x7f;]")
_DOMAIN = re.compile(r"\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]")
_SAME_SITE = {"none": "None", "no_restriction": "None", "strict": "Strict"}
_END_OF_TIME = 253_402_300_799


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie; its value stays out of every message."""

    name: str
    value: str = field(repr=False)
    domain: str
    """With a leading dot: for the hosts below it, too."""
    path: str = "/"
    expires: float = -1
    """Seconds since 1970; -1 for one that ends with the session."""
    http_only: bool = False
    secure: bool = False
    same_site: str = "Lax"

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """A cookie as Playwright, DevTools or an extension of a browser writes it.

        Raises `ValueError` with the plain reason, which never holds the value.
        """
        name, value, domain = (_text(told, member) for member in ("name", "value", "domain"))
        secure = told.get("secure") is True
        same_site = _SAME_SITE.get(str(told.get("sameSite") or "").lower(), "Lax")
        made = cls(
            name=name,
            value=value,
            domain=_as_stated(domain.lower(), host_only=told.get("hostOnly")),
            path=_text(told, "path", "/"),
            expires=_instant(told.get("expires", told.get("expirationDate"))),
            http_only=told.get("httpOnly") is True,
            secure=secure,
            same_site="Lax" if same_site == "None" and not secure else same_site,
        )
        made.check()
        return made

    def check(self) -> None:
        """Raise `ValueError` if a browser would refuse it."""
        if _UNFIT.search(self.name + self.value + self.path) or "=" in self.name:
            raise ValueError("it holds a character that no cookie may have")
        if not self.name and not self.value:
            raise ValueError("it has neither a name nor a value")
        if not _DOMAIN.fullmatch(self.domain):
            raise ValueError("its domain is no host name")
        if not self.path.startswith("/"):
            raise ValueError("its path does not begin with a slash")
        if len(f"{self.name}{self.value}".encode()) > LONGEST:
            raise ValueError(f"it is longer than {LONGEST} bytes, and browsers refuse such cookies")
        if self.name.lower().startswith(("__secure-", "__host-")) and not self.secure:
            raise ValueError("its name begins with __Secure- or __Host-, but it is not for https only")
        if self.name.lower().startswith("__host-") and (self.domain.startswith(".") or self.path != "/"):
            raise ValueError("its name begins with __Host-, but it is not for one host as a whole")

    def as_json(self) -> dict[str, Any]:
        """The form of Playwright's storage state."""
        return {
            "name": self.name,
            "value": self.value,
            "domain": self.domain,
            "path": self.path,
            "expires": self.expires,
            "httpOnly": self.http_only,
            "secure": self.secure,
            "sameSite": self.same_site,
        }

    def as_parameter(self) -> dict[str, Any]:
        """A `CookieParam` of DevTools' `Storage.setCookies`."""
        told = self.as_json()
        return told if self.expires >= 0 else {name: value for name, value in told.items() if name != "expires"}

    def as_line(self) -> str:
        """A line of a Netscape cookie file, as libcurl takes it."""
        below = "TRUE" if self.domain.startswith(".") else "FALSE"
        expires = str(max(0, int(self.expires)))
        fields = (self.domain, below, self.path, str(self.secure).upper(), expires, self.name, self.value)
        return ("#HttpOnly_" if self.http_only else "") + "\t".join(fields)


def _text(told: Mapping[str, Any], member: str, default: str | None = None) -> str:
    value = told.get(member, default)
    if not isinstance(value, str):
        raise ValueError(f"its {member} is no text")
    return value


def _as_stated(domain: str, *, host_only: object) -> str:
    """Extensions tell in a member of its own whether a cookie is for one host only."""
    if host_only is None:
        return domain
    bare = domain.lstrip(".")
    return bare if host_only else f".{bare}"


def _instant(value: object) -> float:
    if value is None or value == "":
        return -1
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("its expiry is no number")
    return min(float(value), _END_OF_TIME) if value > 0 else -1
