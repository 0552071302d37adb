"""From what was kept and what was seen to measures. Formulas and thresholds: docs/qa.md."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from archiver import verdict
from archiver.model import ScriptError
from archiver.qa import main, pictures, texts
from archiver.qa.kept import Kept, key_of
from archiver.qa.main import Document
from archiver.qa.resources import completeness, is_tracker
from archiver.qa.result import Detail, Measure, Resource, State
from archiver.qa.visiting import Seen
from archiver.sidecar import Sidecar

CUT = 300
LATE = 3600.0
"""Seconds after which what a script brought is of another time than the page."""
SCRIPTED = ("xhr", "fetch", "document")
AMISS: tuple[State, ...] = ("lost", "changed", "other-capture", "cut", "never-captured", "newly-asked")
"""States of resources that speak against a copy."""
_VARYING = re.compile(r"\w+://[^\s'\"<>)]*|\d+")
"""Addresses, which are others in replay, and numbers."""

THRESHOLDS = (
    Measure("main", None, None, 1),
    Measure("completeness", None, 0.95, 0.8),
    Measure("lost", None, 0, None, "low", "count"),
    Measure("never-captured", None, 0, None, "low", "count"),
    Measure("newly-asked", None, 0, None, "low", "count"),
    Measure("changed", None, None, 0, "low", "count"),
    Measure("other-capture", None, 0, None, "low", "count"),
    Measure("cut", None, 0, None, "low", "count"),
    Measure("paragraphs", None, 0.95, 0.5),
    Measure("text", None, 0.9, 0.5),
    Measure("headline", None, 1, None),
    Measure("page", None, 1, 0.5),
    Measure("blank", None, None, 0.995, "low"),
    Measure("view", None, 0.9, None),
    Measure("article", None, 0.9, None),
    Measure("height", None, 0.9, None),
    Measure("films", None, 1, None),
    Measure("film-length", None, 0.95, None),
    Measure("script-errors", None, 0, None, "low", "count"),
    Measure("offset-max", None, 86400, None, "low", "seconds"),
    Measure("offset-p95", None, None, None, "low", "seconds"),
    Measure("violations", None, 0, None, "low", "count"),
    Measure("leaks", None, None, 0, "low", "count"),
)
"""Every measure with its thresholds, in the order of docs/qa.md."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a verdict rests on."""

    kept: Kept
    document: Document
    seen: Seen
    resources: Sequence[Resource]


def measures(evidence: Evidence) -> tuple[Measure, ...]:
    """All of them; those that cannot be taken have no value."""
    errors = new_errors(evidence)
    values: dict[str, float | None] = {
        "main": float(not main.faults(evidence.kept, evidence.document)),
        "leaks": len(evidence.seen.leaks),
        "script-errors": None if errors is None else len(errors),
        **_of_resources(evidence),
    }
    if evidence.seen.fulls or evidence.seen.text:
        values |= _of_texts(evidence) | _of_pictures(evidence) | _of_films(evidence)
    return tuple(replace(one, value=_rounded(values.get(one.name))) for one in THRESHOLDS)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _of_resources(evidence: Evidence) -> dict[str, float | None]:
    resources, states = evidence.resources, [one.state for one in evidence.resources if counts(one)]
    offsets = sorted(abs(one.offset) for one in resources if one.offset is not None)
    return {
        "completeness": completeness(resources),
        **{state: states.count(state) for state in AMISS},
        "offset-max": offsets[-1] if offsets else None,
        "offset-p95": offsets[int(0.95 * (len(offsets) - 1))] if offsets else None,
        "violations": len(violations(evidence)),
    }


def counts(one: Resource) -> bool:
    """Whether a loss is one. Scripts ask for data at their own time, and pages go on without: their text tells.

    Data that go on for ever, or that the page itself gave up, are cut by every capture.
    """
    return one.weight > 0 and not (one.state in ("newly-asked", "cut") and one.type in ("xhr", "fetch"))


def new_errors(evidence: Evidence) -> list[ScriptError] | None:
    """Errors of archived scripts that no script threw at the capture; None where nobody listened then.

    Numbers and addresses in them do not count, nor do scripts that weigh nothing. Replay's own programs complain of
    their own affairs; where one fails under an archived script, that one is named.
    """
    if evidence.kept.script_errors is None:
        return None
    known = set(map(_kind_of, evidence.kept.script_errors))
    new = {_kind_of(one): one for one in evidence.seen.script_errors if one.script and not is_tracker(one.script)}
    return [one for kind, one in new.items() if kind not in known]


def _kind_of(error: ScriptError) -> tuple[str, tuple[str, str]]:
    return _VARYING.sub("", error.message), key_of(error.script)


def violations(evidence: Evidence) -> dict[str, Detail]:
    """Resources that cannot have been part of the page as it was captured, with the reason.

    Ainsworth, Nelson and Van de Sompel (arXiv:1402.0928): one that was modified after the page was captured. A visit
    takes its time, therefore: after it ended. What scripts bring has no Last-Modified; there the offset is judged.
    """
    end = evidence.kept.finished + timedelta(seconds=1)
    found = {}
    for one in evidence.seen.asked:
        if one.moment and one.modified and end < one.modified <= one.moment:
            found[one.url] = Detail("modified-later", {"moment": f"{one.modified:%Y-%m-%d %H:%M:%S}"})
    for resource in evidence.resources:
        if resource.offset is not None and resource.type in SCRIPTED and abs(resource.offset) > LATE:
            found.setdefault(resource.url, apart(resource.offset))
    return found


def apart(offset: float) -> Detail:
    """How far in time a resource is from its page, `offset` in seconds."""
    return Detail("captured-after" if offset > 0 else "captured-before", {"span": abs(offset)})


def _of_texts(evidence: Evidence) -> dict[str, float | None]:
    kept, seen = evidence.kept, evidence.seen
    return {
        "paragraphs": texts.contained(shown(kept), seen.text),
        "text": texts.similarity(kept.text, seen.text) if kept.text else None,
        "headline": _headline(kept.sidecar, kept.text, seen),
        "page": _page(evidence),
    }


def shown(kept: Kept) -> list[str]:
    """The article's paragraphs that the capture showed. Others were folded, and are no loss where they still are."""
    shares = texts.shares(kept.paragraphs, kept.text)
    return [one for one, share in zip(kept.paragraphs, shares, strict=True) if share >= texts.PRESENT or not kept.text]


def _headline(sidecar: Sidecar, text: str, seen: Seen) -> float | None:
    """Whether the headline stands in the page, as it did; None where it did not."""
    headline = sidecar.headline
    if not texts.words(headline) or not texts.says(headline, text):
        return None
    return float(texts.says(headline, seen.text))


def _page(evidence: Evidence) -> float | None:
    """1: replay shows the kind of page that the capture did; 0.5: something lies over it; 0: another kind of page."""
    word = word_of(evidence)
    if word is None or word in ("ok", evidence.kept.sidecar.verdict):
        return None if word is None else 1.0
    return 0.5 if word in ("consent-wall", "partial") else 0.0


def word_of(evidence: Evidence) -> str | None:
    """The verdict that a capture of the page in replay would get; see docs/verdicts.md."""
    sidecar, facts = evidence.kept.sidecar, evidence.seen.facts
    if facts is None:
        return None
    return verdict.of_document(sidecar.status or 200, facts, sidecar.final_url, sidecar.final_url)[0]


def _of_pictures(evidence: Evidence) -> dict[str, float | None]:
    kept, seen = evidence.kept, evidence.seen
    view, full = kept.picture("view"), kept.picture("fullPage")
    heights = [pictures.size(one)[1] for one in (full, *seen.fulls[:1])]
    blank = (0.0 if view in seen.views else pictures.blankness(seen.views[0])) if seen.views else None
    if blank and view and pictures.blankness(view) >= blank:
        blank = 0.0  # it was as empty at the capture
    return {
        "blank": blank,
        "view": pictures.matching(view, seen.views, seen.masks),
        "article": pictures.alike(full, seen.fulls, seen.masks, seen.article),
        "height": min(heights) / max(heights) if len(heights) == 2 and all(heights) else None,
    }


def _of_films(evidence: Evidence) -> dict[str, float | None]:
    """The share of the films that began at the capture, and play to their end now; and of the length they had then."""
    counts = evidence.kept.capture.get("counts", {})
    began, length = int(counts.get("media_started", 0)), int(counts.get("media_ms", 0))
    return {
        "films": min(1.0, sum(not why for _, why in evidence.seen.films) / began) if began else None,
        "film-length": min(1.0, evidence.seen.counts.get("media_ms", 0) / length) if length else None,
    }


def absent(evidence: Evidence) -> tuple[str, ...]:
    """Paragraphs of the article that replay does not show."""
    paragraphs = shown(evidence.kept)
    shares = texts.shares(paragraphs, evidence.seen.text)
    return tuple(one[:CUT] for one, share in zip(paragraphs, shares, strict=True) if share < texts.PRESENT)
