"""What a capture says of its article, in words for readers: every value, where it was found, and who says so."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from archiver.catalogue.account import Value, values_of
from archiver.dates import Moment, claimed, instant
from archiver.errors import UnreadableInput
from archiver.sidecar import Assertion, Sidecar
from archiver.web.properties import METHODS, NAMES, told

_FOREIGN = ("headline", "alternativeHeadline", "description", "articleSection", "keywords", "correction", "author")
"""What is written in the article's own language."""
MOST_LETTERS = 4_000


@dataclass(frozen=True, slots=True)
class Claim:
    """One voice about one property."""

    said: str
    """The value that it claims, as text."""
    raw: str
    """As it was found; empty where that says no more than `said`."""
    method: str
    path: str
    rendered: bool
    """Whether it was found in the page as its scripts had left it."""
    by: str
    at: Moment
    human: bool
    reason: str
    rival: bool
    """Whether another value was chosen."""


@dataclass(frozen=True, slots=True)
class Field:
    """One property of the article."""

    label: str
    said: str
    """The value that was chosen, as text; empty where a person says that there is none."""
    date: Moment | None
    """The value, where it is a date."""
    foreign: bool
    """Whether it is in the language of the article."""
    claims: list[Claim]

    @property
    def human(self) -> bool:
        """Whether a person has set it."""
        return any(one.human and not one.rival for one in self.claims)


def fields(sidecar: Sidecar) -> list[Field] | None:
    """Every property that something is said of, in the schema's order; None where the claims cannot be read."""
    try:
        values = [*values_of(sidecar), *_denied(sidecar)]
    except UnreadableInput:
        return None
    order = list(NAMES)
    known = (one for one in values if one.name in NAMES)
    return [_field(one) for one in sorted(known, key=lambda one: order.index(one.name))]


def text_of(value: Any) -> str:
    """A value of any kind as text for readers, cut where nobody would read on."""
    text = told(value)
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…"


def _field(value: Value) -> Field:
    claims = [_claim(one, rival=False) for one in value.sources] + [_claim(one, rival=True) for one in value.others]
    date = claimed(value.value) if value.name.startswith("date") and isinstance(value.value, str) else None
    return Field(NAMES[value.name], text_of(value.value), date, value.name in _FOREIGN, claims)


def _claim(one: Assertion, *, rival: bool) -> Claim:
    said, raw = text_of(one.value), text_of(one.raw)
    by = f"{one.by.name} {one.by.version}" if one.by.version else one.by.name
    return Claim(
        said,
        raw if raw != said else "",
        METHODS.get(one.method, one.method),
        text_of(one.path),
        one.source == "rendered",
        by,
        moment(one.at),
        one.method == "human",
        text_of(one.reason),
        rival,
    )


def _denied(sidecar: Sidecar) -> Iterator[Value]:
    """The properties of which a person says that there are none."""
    about: dict[str, list[Assertion]] = {}
    for one in sidecar.assertions:
        about.setdefault(one.about.removeprefix("/article/"), []).append(one)
    for name, claims in about.items():
        if name not in sidecar.article:
            nothing = [one for one in claims if one.value is None]
            yield Value(name, None, nothing, [one for one in claims if one.value is not None])


def moment(at: Any) -> Moment:
    """An instant that a document of ours names; as it stands if it is none."""
    try:
        return instant(at)
    except (TypeError, ValueError):
        return Moment(str(at), "")
