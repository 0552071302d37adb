"""Profiles: what a browser keeps of a reader who has signed in, under a name."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archiver import disk, jsontext
from archiver.errors import ConflictError, UnknownProfile, UnreadableInput, UsageError
from archiver.model import timestamp
from archiver.session.cookie import Cookie
from archiver.session.cookiefile import read_state

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Profile:
    """Cookies and local storage, with the browser that made them. Values stay out of every message."""

    name: str
    created: str
    """RFC 3339 UTC."""
    user_agent: str = ""
    """The browser that signed in; "" where the cookies came from elsewhere."""
    cookies: tuple[Cookie, ...] = field(default=(), repr=False)
    storage: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    """For each origin its local storage."""

    def as_json(self) -> dict[str, Any]:
        """The file: Playwright's storage state, with who made it and when."""
        origins = [
            {"origin": origin, "localStorage": [{"name": name, "value": value} for name, value in values.items()]}
            for origin, values in self.storage.items()
        ]
        cookies = [cookie.as_json() for cookie in self.cookies]
        made = {"name": self.name, "created": self.created, "userAgent": self.user_agent}
        return {**made, "cookies": cookies, "origins": origins}

    def outline(self) -> dict[str, Any]:
        """What may be shown: names and expiry dates, no values."""
        cookies = [
            {
                "domain": cookie.domain,
                "path": cookie.path,
                "name": cookie.name,
                "expires": timestamp(datetime.fromtimestamp(cookie.expires, UTC)) if cookie.expires > 0 else None,
            }
            for cookie in self.cookies
        ]
        origins = [{"origin": origin, "names": list(values)} for origin, values in self.storage.items()]
        made = {"name": self.name, "created": self.created, "user_agent": self.user_agent}
        return {**made, "cookies": cookies, "origins": origins}


class Profiles:
    """The profiles of a root: files for their owner's eyes only."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made when the first one is saved."""
        self._folder = folder

    def names(self) -> list[str]:
        """All of them, in order."""
        return sorted(path.stem for path in self._folder.glob("*.json") if _NAME.fullmatch(path.stem))

    def load(self, name: str) -> Profile:
        """The profile of that name. Raises `UnknownProfile`, or `UnreadableInput` if its file is damaged."""
        path = self._path(name)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise UnknownProfile(name) from None
        except OSError as error:
            raise UnreadableInput(str(path), (error.strerror or str(error)).lower()) from error
        cookies, storage, user_agent = read_state(content, str(path))
        told = jsontext.read(content, str(path))
        created = str(told.get("created", "")) if isinstance(told, dict) else ""
        return Profile(name, created, user_agent, cookies, storage)

    def check_free(self, name: str) -> None:
        """Raise `ConflictError` if there is a profile of that name."""
        if self._path(name).exists():
            hint = f"Delete it first: archiver profile delete {name}"
            raise ConflictError(f"There is a profile {name!r} already.", hint)

    def save(self, profile: Profile) -> None:
        """Keep a new profile. Raises `ConflictError` if there is one of that name."""
        path = self._path(profile.name)
        self.check_free(profile.name)
        disk.make_directory(self._folder)
        with disk.writing(path):
            self._folder.chmod(0o700)
        content = json.dumps(profile.as_json(), ensure_ascii=False, indent=1).encode()
        disk.write_atomic(path, content, mode=0o600)

    def delete(self, name: str) -> None:
        """Delete a profile. Raises `UnknownProfile`."""
        path = self._path(name)
        with disk.writing(path):
            try:
                path.unlink()
            except FileNotFoundError:
                raise UnknownProfile(name) from None
            disk.sync_directory(self._folder)

    def _path(self, name: str) -> Path:
        return self._folder / f"{check_name(name)}.json"


def check_name(name: str) -> str:
    """The name, if it is one that a profile may have. Raises `UsageError`."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a profile.", "Use letters, digits, dots, hyphens and underscores.")
    return name
