"""What a check of one capture's replay comes to: a verdict, its reasons, and the measures that they rest on.

Its JSON (`archiver-qa/1.1.0`) is laid down by `schemas/qa/1.1.0.json`; docs/qa.md has formulas and thresholds.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from archiver import schema
from archiver.errors import UnreadableInput
from archiver.model import Finding
from archiver.sidecar import plain

FORMAT = "archiver-qa/1.1.0"

Verdict = Literal["pass", "warn", "fail"]
VERDICTS: tuple[Verdict, ...] = ("pass", "warn", "fail")
"""From good to bad."""
State = Literal["ok", "lost", "changed", "other-capture", "cut", "never-captured", "newly-asked"]
"""What became of a resource: in replay as in the capture; captured and not replayed; replayed with another content than
was captured, or with that of another capture; kept in part; asked for and not kept then; asked for in replay only, and
not in the archive."""
Facts = Mapping[str, str | float]
TEXT = 8000
"""Characters of any text in a result; longer ones, such as addresses that carry a whole picture, are cut."""
_REASON = ("level", "code", "where", "message", "hint", "detail")
_LEVELS: dict[str, Verdict] = {"error": "fail", "warning": "warn", "info": "pass"}


@dataclass(frozen=True, slots=True)
class Measure:
    """One number. Where it cannot be told, because there is nothing to compare, `value` is None and nobody minds."""

    name: str
    value: float | None
    """A share from 0 to 1, a count, or seconds, as `unit` says."""
    warn: float | None = None
    """From here on (see `good`) it is a warning; None: it never is."""
    fail: float | None = None
    """From here on it is a failure; None: it never is."""
    good: Literal["high", "low"] = "high"
    """`high`: values below a threshold are bad. `low`: values above it are."""
    unit: Literal["share", "count", "seconds"] = "share"

    @property
    def verdict(self) -> Verdict:
        """What this number alone says."""
        return "fail" if self._beyond(self.fail) else "warn" if self._beyond(self.warn) else "pass"

    def worse_by(self, before: "Measure") -> float:
        """By how much it is worse than another of its kind; 0 where it is not, or one of them is not known."""
        if self.value is None or before.value is None:
            return 0.0
        return max(0.0, before.value - self.value if self.good == "high" else self.value - before.value)

    def _beyond(self, threshold: float | None) -> bool:
        if self.value is None or threshold is None:
            return False
        return self.value < threshold if self.good == "high" else self.value > threshold


@dataclass(frozen=True, slots=True)
class Detail:
    """What is to be said, without the words of a language: `archiver.qa.wording` has them."""

    name: str
    facts: Facts = field(default_factory=dict)
    """What it tells of; `quote` is what somebody else said, in whatever language."""


@dataclass(frozen=True, slots=True)
class Reason(Finding):
    """A finding that can be said in every language; `message` and `hint` are its English."""

    detail: Detail | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing that the page asks for, in the capture, in replay, or in both."""

    url: str
    """As the page asked for it: never an address of the replay server."""
    type: str
    """document, image, stylesheet, xhr … as browsers call it."""
    state: State
    cause: str = ""
    """The plain reason, where it is not `ok`."""
    area: float = 0.0
    """Its share of the page's area, 0 to 1, where it has a box."""
    weight: float = 0.0
    """What it counts in the completeness; 0 for advertisements and counters."""
    offset: float | None = None
    """Seconds from the page's own record to its record; negative: earlier. None where that is not known."""
    detail: Detail | None = None
    """The cause, without words."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Two pictures to compare, by the target URIs of their records; one is "" where it is not there."""

    name: Literal["view", "fullPage"]
    captured: str
    replayed: str


@dataclass(frozen=True, slots=True)
class Result:
    """How one capture replays."""

    capture: str
    url: str
    """Of the page, where its visit ended."""
    captured_at: str
    checked_at: str
    """RFC 3339 UTC, both."""
    seconds: float
    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    """Why: errors for a failure, warnings, and infos that change nothing. The codes are those of docs/qa.md."""
    measures: tuple[Measure, ...] = ()
    resources: tuple[Resource, ...] = ()
    absent: tuple[str, ...] = ()
    """Paragraphs of the article that replay does not show, cut at 300 characters."""
    script_errors: tuple[str, ...] = ()
    """What scripts complained of in replay."""
    leaks: tuple[str, ...] = ()
    """Addresses outside the archive that the page tried to reach in replay."""
    pictures: tuple[Picture, ...] = ()
    agents: tuple[str, ...] = ()
    """Software that took part, as `name/version`."""
    settings: Mapping[str, str | float | bool] = field(default_factory=dict)
    """How the page was visited: width, height, behaviours …"""
    product: str = ""
    """Path of the WARC that keeps it; "" where none does. Not part of the JSON."""
    brought: bool = False
    """Whether it came in a package: others checked, elsewhere. Not part of the JSON."""

    def measure(self, name: str) -> float | None:
        """The value of a measure; None where it was not taken."""
        return next((one.value for one in self.measures if one.name == name), None)

    @property
    def worst(self) -> Reason | None:
        """The reason that weighs most; None where there is none."""
        return min(self.reasons, key=lambda one: ("error", "warning", "info").index(one.level), default=None)

    def as_json(self) -> dict[str, Any]:
        """The JSON document."""
        document: dict[str, Any] = asdict(self)
        del document["product"], document["brought"]
        reasons = [{key: value for key, value in one.items() if key in _REASON} for one in document["reasons"]]
        told: dict[str, Any] = _told({**document, "reasons": reasons})
        return {"$schema": schema.ids()["qa"], "format": FORMAT, **told}


def _told(value: Any) -> Any:
    """The same without what no document of ours may hold: pages may say anything."""
    if isinstance(value, str):
        return plain(value)[:TEXT]
    if isinstance(value, Mapping):
        return {key: _told(one) for key, one in value.items() if (key, one) != ("detail", None)}
    return [_told(one) for one in value] if isinstance(value, tuple | list) else value


def from_json(content: bytes, where: str, product: str = "") -> Result:
    """Read a result's JSON; `where` names it in errors. Raises `UnreadableInput` if it is not of the schema."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnreadableInput(where, f"the QA result is no JSON ({error})") from error
    if found := schema.problems(document, "qa"):
        raise UnreadableInput(where, f"the QA result is not as its schema says: {found[0].pointer} {found[0].message}")
    members = {key: value for key, value in document.items() if key not in ("$schema", "format")}
    made: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in members.items()}
    for name, kind in (("measures", Measure), ("resources", Resource), ("pictures", Picture), ("reasons", Reason)):
        made[name] = tuple(kind(**_detailed(one)) for one in members[name])
    return Result(**made, product=product)


def _detailed(members: dict[str, Any]) -> dict[str, Any]:
    return members | {"detail": Detail(**members["detail"])} if "detail" in members else members


def verdict_of(reasons: Iterable[Finding]) -> Verdict:
    """The worst that they say."""
    return max((_LEVELS[one.level] for one in reasons), key=VERDICTS.index, default="pass")
