"""A capture as the stream of items that an engine gives, and the caps that end it."""

from dataclasses import dataclass

from archiver.model.exchange import Exchange, Resource
from archiver.model.page import PageInfo

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
