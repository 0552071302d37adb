"""Where a page of a list ended, as a text that comes back with the request for the next one."""

import base64
import json

from archiver.catalogue.searching import Asked, Found
from archiver.catalogue.searching import place as place_of
from archiver.web.api.openapi import WrongParameter

MOST_SHOWN = 5_000
"""By relevance, no more than so many are weighed."""


def after(last: Found, asked: Asked, shown: int = 0) -> str:
    """The cursor behind `last`; by relevance, behind the first `shown`."""
    at = [str(shown), ""] if asked.order == "relevance" else place_of(last, asked.order)
    told = json.dumps([asked.order, asked.reverse, *at], ensure_ascii=False)
    return base64.urlsafe_b64encode(told.encode("utf-8", "replace")).decode().rstrip("=")


def place(cursor: str, asked: Asked) -> tuple[str, str]:
    """The place in the order that is asked for. Raises `WrongParameter`."""
    try:
        order, reverse, value, identity = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if [order, reverse] == [asked.order, asked.reverse] and isinstance(value, str) and isinstance(identity, str):
            value.encode(), identity.encode()
            return value, identity
    except (ValueError, TypeError, RecursionError):
        pass
    hint = "Follow the link to the next page as it is, with the order that it began with."
    raise WrongParameter("The cursor is none of this list.", hint)


def shown(cursor: str, asked: Asked) -> int:
    """How many stood before, by relevance. Raises `WrongParameter`."""
    number, _ = place(cursor, asked)
    if not (number.isascii() and number.isdigit() and len(number) < 6 and int(number) < MOST_SHOWN):
        raise WrongParameter("The cursor leads too far.", "Ask more exactly, or by another order.")
    return int(number)
