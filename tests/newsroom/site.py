"""The state of a running newsroom: where it listens, and which edition is out."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from newsroom.editions import Edition

Scheme = Literal["http", "https"]

HOSTS = ("news", "cdn", "video", "api", "frames", "tricks")
MEMBERS = (2481, 2517)
"""Supporters before and after the correction."""


@dataclass
class Site:
    """Shared by all request handlers."""

    http_port: int
    https_port: int
    broken_port: int
    corrected: bool = False
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the site ends; whoever waits, waits for this as well."""

    def origin(self, host: str, scheme: str = "https") -> str:
        """The origin of one of HOSTS, or of `broken` (http only), without a slash at its end."""
        if host == "broken":
            return f"http://broken.localhost:{self.broken_port}"
        port = self.https_port if scheme == "https" else self.http_port
        return f"{scheme}://{host}.localhost:{port}"

    def article_url(self, edition: Edition, scheme: str = "https") -> str:
        """Where the article of `edition` is."""
        return f"{self.origin('news', scheme)}{edition.article['slug']}"

    def headline(self, edition: Edition) -> str:
        """The headline that is out now."""
        return str(self.correction(edition).get("headline", edition.article["headline"]))

    def modified(self, edition: Edition) -> datetime:
        """When the article that is out now was last changed."""
        changed: datetime = self.correction(edition).get("at", edition.article["modified"])
        return changed

    def correction(self, edition: Edition) -> dict[str, datetime]:
        """The published correction (`headline`, `note`, `at`); empty when there is none."""
        published: dict[str, datetime] = edition.article.get("correction", {}) if self.corrected else {}
        return published

    @property
    def members(self) -> int:
        """The number in the banner."""
        return MEMBERS[self.corrected]

    async def pause(self, seconds: float) -> None:
        """Wait, but not longer than the site lives."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)
