"""Seeing a page as a reader who has signed in: profiles (cookies, local storage) and basic authentication.

What is here is secret and no truth: profiles live under `ROOT/.archiver/`, and no value of them is ever told.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from archiver.session.cookie import Cookie
from archiver.session.cookiefile import read_state
from archiver.session.profile import Profile, Profiles, check_name

__all__ = ["NOBODY", "BasicAuth", "Cookie", "Profile", "Profiles", "Session", "check_name", "read_state"]


@dataclass(frozen=True, slots=True)
class BasicAuth:
    """A user name and a password, for the seed's own origin alone."""

    user: str
    password: str = field(repr=False)

    def is_for(self, url: str, seed: str) -> bool:
        """Whether `url` is of the very origin (scheme, host, port) of `seed`; both in normal form."""
        return urlsplit(url)[:2] == urlsplit(seed)[:2]


@dataclass(frozen=True, slots=True)
class Session:
    """As whom pages are visited."""

    profile: Profile | None = None
    basic_auth: BasicAuth | None = None

    @property
    def user_agent(self) -> str:
        """The browser that signed in, which servers may expect to see again; "" where it is not known."""
        return self.profile.user_agent if self.profile else ""

    @property
    def cookies(self) -> tuple[Cookie, ...]:
        """Cookies to begin with."""
        return self.profile.cookies if self.profile else ()

    @property
    def storage(self) -> Mapping[str, Mapping[str, str]]:
        """For each origin its local storage to begin with."""
        return self.profile.storage if self.profile else {}


NOBODY = Session()
"""A visit without a profile and without a password."""
