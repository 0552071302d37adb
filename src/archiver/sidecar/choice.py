"""The one rule that makes an article of the claims about it. It is explained in `docs/metadata.md`."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from math import prod
from typing import Any

from archiver.sidecar.assertion import ABOUT, METHODS, Assertion, moment

_NO_LETTERS = re.compile(r"[\W_]+")
WITNESSES = {
    "json-ld": "publisher",
    "microdata": "publisher",
    "rdfa": "publisher",
    "meta": "publisher",
    "feed": "publisher",
    "page": "page",
    "trafilatura": "reader",
    "htmldate": "reader",
    "url": "url",
}
"""Method → what it draws from. Methods that draw from the same are one witness: a newsroom's software fills JSON-LD,
microdata, meta tags and feeds from the same fields."""


def choose(assertions: Iterable[Assertion]) -> dict[str, Any]:
    """The article that the assertions add up to: a schema.org NewsArticle, empty if nothing is claimed.

    For each property alone:

    1. A person's claim wins, of several the latest; one of null leaves the property out.
    2. Else of each voice (a method, on the page as served or as rendered) its latest words count.
    3. The value wins that is most surely right, if the witnesses who agree on it (`WITNESSES`) were independent: 1 less
       the product of their doubts, where a witness's doubt is 1 less its highest confidence.
    4. Among equals the more exact date, the higher confidence, the more trusted method (`METHODS`), the latest, and the
       greater as JSON text; so the order of the assertions never matters.
    """
    claims: dict[str, list[Assertion]] = defaultdict(list)
    for assertion in assertions:
        claims[assertion.about].append(assertion)
    chosen = {name: _winner(claims[about]).value for about, name in ABOUT.items() if about in claims}
    article = {name: value for name, value in chosen.items() if value is not None}
    return {"@type": "NewsArticle"} | article if article else {}


def _winner(claims: list[Assertion]) -> Assertion:
    if len(claims) == 1:
        return claims[0]
    if human := [claim for claim in claims if claim.method == "human"]:
        return max(human, key=lambda claim: (moment(claim.at), _text(claim)))
    latest: dict[tuple[str, bool], str] = {}
    for claim in claims:
        voice = claim.method, claim.source == "rendered"
        latest[voice] = max(latest.get(voice, ""), moment(claim.at))
    current = [claim for claim in claims if moment(claim.at) == latest[claim.method, claim.source == "rendered"]]
    dated = claims[0].about.startswith("/article/date")
    sure = _certainties(current, dated=dated)
    best = max(sure)
    surest = [claim for claim, one in zip(current, sure, strict=True) if one == best]
    ranks = [_rank(claim, dated=dated) for claim in surest]
    first = [claim for claim, rank in zip(surest, ranks, strict=True) if rank == max(ranks)]
    return max(first, key=_text) if len(first) > 1 else first[0]


def _certainties(claims: list[Assertion], *, dated: bool) -> list[float]:
    """How surely each claim's value is right, by the witnesses who agree on it."""
    values = [claim.value if dated else _folded(claim.value) for claim in claims]
    witnesses: dict[Any, dict[str, float]] = {value: {} for value in values}
    for claim, value in zip(claims, values, strict=True):
        witness, confidence = WITNESSES[claim.method], claim.confidence or 0.0
        for other, sure in witnesses.items():
            if other == value or (dated and _falls_on(other, value)):
                sure[witness] = max(sure.get(witness, 0.0), confidence)
    sums = {value: round(1 - prod(1 - one for one in sure.values()), 6) for value, sure in witnesses.items()}
    return [sums[value] for value in values]


def _rank(claim: Assertion, *, dated: bool) -> tuple[int, float, int, str]:
    """What decides among claims that are equally sure."""
    exact = _exactness(claim.value) if dated else 0
    trust = len(METHODS) - METHODS.index(claim.method)
    return exact, claim.confidence or 0.0, trust, moment(claim.at)


def _falls_on(date: str, other: str) -> bool:
    """Whether a date falls on another that is told less exactly, or is the same instant.

    An instant falls on the day that it has in its own zone; told in UTC, on those that it has anywhere on earth.
    """
    if "T" in other:
        return "T" in date and datetime.fromisoformat(date) == datetime.fromisoformat(other)
    if date.startswith(other):
        return True
    if not date.endswith("Z"):
        return False
    instant = datetime.fromisoformat(date)
    return any((instant + timedelta(hours=hours)).date().isoformat().startswith(other) for hours in (-12, 14))


def _exactness(date: str) -> int:
    """How exactly a date is told; an instant in a zone of its own tells the day where it was published as well."""
    return len(date) if "T" not in date else 100 + (not date.endswith("Z"))


def _folded(value: Any) -> Any:
    """A value without what makes no difference: case, spacing, punctuation, and the order in a list."""
    match value:
        case str():
            return _NO_LETTERS.sub("", value.casefold()) or value
        case dict():
            return _folded(value["name"]) if "name" in value else json.dumps(value, sort_keys=True)
        case list():
            return frozenset(_folded(one) for one in value)
    return value


def _text(claim: Assertion) -> str:
    return json.dumps(claim.value, sort_keys=True)
