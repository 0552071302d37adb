"""Instants: aware, UTC."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC)


def timestamp(at: datetime, *, micro: bool = False) -> str:
    """`at` as RFC 3339 UTC with a `Z`, in seconds, or with microseconds (the form of WARC 1.1 §5.4)."""
    text = at.astimezone(UTC).isoformat(timespec="microseconds" if micro else "seconds")
    return text.removesuffix("+00:00") + "Z"
