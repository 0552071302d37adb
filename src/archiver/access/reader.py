"""Whom a server serves."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who reads by way of a server. Commands on this machine are not bound by access rules."""

    in_room: bool = False
    """Whether the server stands in the reading room, so that what is kept for it is shown."""
