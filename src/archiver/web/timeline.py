"""All captures of a page over time, and what changed from each to the next: headline, text, both or nothing.

Texts are compared by their digests, of what the catalogue holds of them: cheap, and bounded by `cards.AROUND`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal

from archiver.web.cards import Card

Change = Literal["first", "headline", "text", "both", "same", "unknown"]
WIDTH = 1000
"""Of the line on which captures stand."""


@dataclass(frozen=True, slots=True)
class Version:
    """A capture among those of its page."""

    card: Card
    change: Change
    """Against the capture before it; `unknown`: the texts are not known, and the headlines are equal."""
    before: Card | None
    """The capture before it."""
    place: int
    """Where it stands on the line, from 0 to `WIDTH`."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The captures of one page, as many as are shown."""

    versions: list[Version]
    """Newest first."""
    total: int
    """All there are, with those not shown."""

    @property
    def runs(self) -> list[list[Version]]:
        """The same, those together in which nothing changed since the one before, and that one last."""
        groups, run = list[list[Version]](), list[Version]()
        for one in self.versions:
            run.append(one)
            if one.change not in ("same", "unknown"):
                groups.append(run)
                run = []
        return [*groups, run] if run else groups


def timeline(cards: list[Card], text: Callable[[str], str], *, whole: bool) -> Timeline:
    """Of captures, newest first; `text` gives a capture's. `whole`: the last one is the first that there is."""
    digests = {card.row.id: _digest(text(card.row.id), card.row.headline) for card in cards}
    times = [datetime.fromisoformat(card.row.captured_at).timestamp() for card in cards]
    span = times[0] - times[-1]
    versions = []
    for number, card in enumerate(cards):
        before = cards[number + 1] if number + 1 < len(cards) else None
        change = _change(card, before, digests) if before else ("first" if whole else "unknown")
        place = round((times[number] - times[-1]) / span * WIDTH) if span else WIDTH // 2
        versions.append(Version(card, change, before, place))
    return Timeline(versions, cards[0].versions)


def _digest(text: str, headline: str) -> str:
    """Of a text without its headline, which is compared by itself; empty where there is no text."""
    lines = [line for line in text.splitlines() if line.strip() != headline]
    return sha256("\n".join(lines).encode("utf-8", "replace")).hexdigest() if text else ""


def _change(card: Card, before: Card, digests: dict[str, str]) -> Change:
    headline = card.row.headline != before.row.headline
    now, then = digests[card.row.id], digests[before.row.id]
    if not (now and then):
        return "headline" if headline else "unknown"
    if now == then:
        return "headline" if headline else "same"
    return "both" if headline else "text"
