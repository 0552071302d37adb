"""Claims about an article."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self

from archiver.errors import UsageError
from archiver.model import timestamp

METHODS = (
    "human", "json-ld", "microdata", "rdfa", "meta", "feed", "page", "trafilatura", "htmldate", "url",
)  # fmt: skip
"""How a value was found, most trusted first."""

_STEERING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Agent:
    """Who says something."""

    type: Literal["software", "person"]
    name: str
    version: str | None = None

    def as_json(self) -> dict[str, str]:
        """Its place in an assertion."""
        return {"type": self.type, "name": self.name} | ({"version": self.version} if self.version else {})


@dataclass(frozen=True, slots=True)
class Assertion:
    """One claim about one property of the article."""

    about: str
    """JSON Pointer of the property, for example `/article/headline`."""
    value: Any
    """What the property should be; None is a person's `there is none`."""
    method: str
    """One of `METHODS`."""
    by: Agent
    at: str
    """When it was claimed: RFC 3339 UTC."""
    raw: str | None = None
    """The text as found, before it was made into `value`; a person gives none."""
    path: str | None = None
    """Where it was found: a JSON path or a CSS-like selector; a person gives none."""
    confidence: float | None = None
    """0 to 1; a person gives none."""
    reason: str | None = None
    """Why a person says so."""
    source: Literal["served", "rendered"] | None = None
    """Which text of the page it was found in, where there are two; a person gives none."""

    @property
    def can_be_reread(self) -> bool:
        """Whether it was read in the page as it was served, which is kept.

        Not what a person says; nor what a feed said at the time, or the page as its scripts had left it.
        """
        return self.by.type == "software" and self.method != "feed" and self.source != "rendered"

    def as_json(self) -> dict[str, Any]:
        """Its place in the sidecar's `assertions`."""
        members = {
            "raw": self.raw,
            "method": self.method,
            "path": self.path,
            "source": self.source,
            "confidence": self.confidence,
            "by": self.by.as_json(),
            "at": self.at,
            "reason": self.reason,
        }
        given = {key: value for key, value in members.items() if value is not None}
        return {"about": self.about, "value": self.value} | given

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """The assertion that a member of `assertions` is. Raises LookupError, TypeError or ValueError if it is none."""
        METHODS.index(document["method"])
        optional = {key: document.get(key) for key in ("raw", "path", "source", "confidence", "reason")}
        by = Agent(document["by"]["type"], document["by"]["name"], document["by"].get("version"))
        return cls(document["about"], document["value"], document["method"], by, document["at"], **optional)


def moment(at: str) -> str:
    """An assertion's time in a form that sorts in the order of time, whether it has fractions of a second or not."""
    at = at.removesuffix("Z")
    return at if "." in at else f"{at}."


def typed(name: str, text: str) -> Any:
    """The value of a property of the article as a person types it; None for the empty text: there is none.

    Several authors or images are separated by `;`, keywords by `,`. White space is made single. Raises `UsageError`
    for an unknown property or a value that it cannot have; what the schema forbids is found by `problems`.
    """
    if name not in _TYPED:
        known = ", ".join(_TYPED)
        raise UsageError(f"{name!r} is not a property of an article.", f"Properties that can be corrected: {known}.")
    try:
        return _TYPED[name](text.strip()) if legible(text, name).strip() else None
    except ValueError as error:
        raise UsageError(f"{text!r} is no value for {name}: {error}.") from error


def legible(text: str, what: str) -> str:
    """`text` as it is. Raises `UsageError` if there is in it what would steer a terminal, or is no character."""
    if found := _STEERING.search(text):
        hint = "It is invisible; type the text anew."
        raise UsageError(f"There is a control character, {found[0]!a}, in the {what}.", hint)
    return text


def correction(name: str, value: Any, *, by: str, reason: str, at: datetime) -> Assertion:
    """A person's claim that a property of the article is `value`, in the schema's form; None: that there is none."""
    return Assertion(f"/article/{name}", value, "human", Agent("person", by), timestamp(at, micro=True), reason=reason)


def _several(separator: str) -> Callable[[str], list[str]]:
    return lambda text: list(dict.fromkeys(_line(part) for part in text.split(separator) if part.strip()))


def _line(text: str) -> str:
    return " ".join(text.split())


def _people(text: str) -> list[dict[str, str]]:
    return [{"@type": "Person", "name": name} for name in _several(";")(text)]


def _organization(text: str) -> dict[str, str]:
    return {"@type": "Organization", "name": _line(text)}


def _corrections(text: str) -> list[dict[str, str]]:
    return [{"@type": "CorrectionComment", "text": said} for said in _several("\n")(text)]


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("write true or false")
    return text.lower() == "true"


_TYPED: dict[str, Callable[[str], Any]] = {
    "headline": _line,
    "alternativeHeadline": _line,
    "author": _people,
    "publisher": _organization,
    "datePublished": _line,
    "dateModified": _line,
    "inLanguage": _line,
    "articleSection": _line,
    "keywords": _several(","),
    "description": _line,
    "image": _several(";"),
    "isAccessibleForFree": _truth,
    "url": _line,
    "wordCount": int,
    "timeRequired": _line,
    "correction": _corrections,
}
"""Each property of the article, in the schema's order, and how it is read from what a person types."""

ABOUT = {f"/article/{name}": name for name in _TYPED}
"""What an assertion can be about → the property's name."""
