"""How a collection has grown: what came in and what it held, month by month, by the ledger."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from archiver.ledger import Event, Segment


@dataclass(frozen=True, slots=True)
class Month:
    """What came in within a month."""

    month: str
    captures: int
    """Captures made in it."""
    files: int
    """Files entered in it, by the ledger."""
    bytes: int
    held: int
    """Bytes held at its end, without what was ended since."""


def growth(segments: Iterable[Segment], captures: dict[str, int]) -> list[Month]:
    """By month, without those in which nothing happened. `captures` by month of `captured_at`."""
    entered: dict[str, list[int]] = {}
    named: set[str] = set()
    for event in _in_time(segments):
        row = entered.setdefault(event.at[:7], [0, 0, 0])
        fresh = [file for file in event.objects if file.path not in named]
        named.update(file.path for file in fresh)
        row[0] += len(fresh)
        row[1] += sum(file.bytes for file in fresh)
        row[2] -= sum(file.bytes for file in event.removed)
    months, held = [], 0
    for month in sorted(entered.keys() | captures.keys()):
        files, size, gone = entered.get(month, (0, 0, 0))
        held += size + gone
        if files or gone or month in captures:
            months.append(Month(month, captures.get(month, 0), files, size, held))
    return months


def _in_time(segments: Iterable[Segment]) -> Iterator[Event]:
    yield from sorted((event for segment in segments for event in segment.events), key=lambda event: event.at)
