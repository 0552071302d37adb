"""One thing that a framework asks for, and whether this collection has it."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["met", "partly", "unmet", "open", "none"]
"""`open`: nothing here can tell, the institution must; `none`: it does not apply to what is kept here."""

STATES: dict[State, str] = {
    "met": "met",
    "partly": "partly met",
    "unmet": "not met",
    "open": "not known here",
    "none": "does not apply",
}
"""In words."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """What is asked for, in our words, and what speaks for the answer."""

    asks: str
    state: State
    evidence: str

    def as_json(self) -> dict[str, Any]:
        """As in `archiver report --json`."""
        return asdict(self)


def share(count: int, total: int) -> State:
    """`met` if all have it, `partly` if some do; of nothing at all, nothing is known."""
    if not total:
        return "open"
    return "met" if count == total else "partly" if count else "unmet"


def of(count: int, total: int, what: str = "captures") -> str:
    """A count and its share in words."""
    if not total:
        return f"there are no {what}"
    percent = 100 * count / total
    shown = "100" if count == total else f"{min(percent, 99.9):.1f}" if percent > 99 else f"{percent:.0f}"
    return f"{count} of {total} {what} ({shown} %)"
