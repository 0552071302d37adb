"""From what was kept and what was seen to measures, reasons and a verdict. Formulas and thresholds: docs/qa.md."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from archiver import verdict
from archiver.model import Finding, Level
from archiver.qa import main, pictures, texts
from archiver.qa.kept import Kept
from archiver.qa.main import Document
from archiver.qa.resources import completeness
from archiver.qa.result import Measure, Resource
from archiver.qa.visiting import Seen
from archiver.sidecar import Sidecar

NAMED = 20
"""So many resources of one kind are named as reasons; all are in the list."""
CUT = 300
LATE = 3600.0
"""Seconds after which what a script brought is of another time than the page."""
SCRIPTED = ("xhr", "fetch", "document")

THRESHOLDS = (
    Measure("main", None, None, 1),
    Measure("completeness", None, 0.95, 0.8),
    Measure("lost", None, 0, None, "low", "count"),
    Measure("never-captured", None, 0, None, "low", "count"),
    Measure("newly-asked", None, 0, None, "low", "count"),
    Measure("changed", None, None, 0, "low", "count"),
    Measure("paragraphs", None, 0.95, 0.5),
    Measure("text", None, 0.9, 0.5),
    Measure("headline", None, 1, None),
    Measure("page", None, 1, 0.5),
    Measure("blank", None, None, 0.995, "low"),
    Measure("view", None, 0.9, None),
    Measure("article", None, 0.9, None),
    Measure("height", None, 0.9, None),
    Measure("films", None, 1, None),
    Measure("script-errors", None, None, None, "low", "count"),
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
    changed: Sequence[str] = ()
    """Addresses whose record is not the one that the capture's log names."""


def measures(evidence: Evidence) -> tuple[Measure, ...]:
    """All of them; those that cannot be taken have no value."""
    values: dict[str, float | None] = {
        "main": float(not main.faults(evidence.kept, evidence.document)),
        "leaks": len(evidence.seen.leaks),
        "script-errors": len(evidence.seen.script_errors),
        "changed": len(evidence.changed),
        **_of_resources(evidence),
    }
    if evidence.seen.fulls or evidence.seen.text:
        values |= _of_texts(evidence) | _of_pictures(evidence) | _of_films(evidence)
    return tuple(replace(one, value=_rounded(values.get(one.name))) for one in THRESHOLDS)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _of_resources(evidence: Evidence) -> dict[str, float | None]:
    resources, states = evidence.resources, [one.state for one in evidence.resources if _counts(one)]
    offsets = sorted(abs(one.offset) for one in resources if one.offset is not None)
    return {
        "completeness": completeness(resources),
        "lost": states.count("lost"),
        "never-captured": states.count("never-captured"),
        "newly-asked": states.count("newly-asked"),
        "offset-max": offsets[-1] if offsets else None,
        "offset-p95": offsets[int(0.95 * (len(offsets) - 1))] if offsets else None,
        "violations": len(violations(evidence)),
    }


def _counts(one: Resource) -> bool:
    """Whether a loss is one. Scripts ask for data at their own time, and pages go on without: their text tells."""
    return one.weight > 0 and not (one.state == "newly-asked" and one.type in ("xhr", "fetch"))


def violations(evidence: Evidence) -> dict[str, str]:
    """Resources that cannot have been part of the page as it was captured, with the reason.

    Ainsworth, Nelson and Van de Sompel (arXiv:1402.0928): one that was modified after the page was captured. A visit
    takes its time, therefore: after it ended. What scripts bring has no Last-Modified; there the offset is judged.
    """
    end = evidence.kept.finished + timedelta(seconds=1)
    found = {}
    for one in evidence.seen.asked:
        if one.moment and one.modified and end < one.modified <= one.moment:
            found[one.url] = f"it was modified on {one.modified:%Y-%m-%d %H:%M:%S}, after the page had been captured"
    for resource in evidence.resources:
        if resource.offset is not None and resource.type in SCRIPTED and abs(resource.offset) > LATE:
            found.setdefault(resource.url, f"it was captured {_span(resource.offset)} the page")
    return found


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
    blank = pictures.blankness(seen.views[0]) if seen.views else None
    if blank is not None and view and pictures.blankness(view) >= blank:
        blank = 0.0  # it was as empty at the capture
    return {
        "blank": blank,
        "view": pictures.matching(view, seen.views, seen.masks),
        "article": pictures.alike(full, seen.fulls, seen.masks, seen.article),
        "height": min(heights) / max(heights) if len(heights) == 2 and all(heights) else None,
    }


def _of_films(evidence: Evidence) -> dict[str, float | None]:
    """The share of the films that began to play at the capture, and play and can be sought in now."""
    began = int(evidence.kept.capture.get("counts", {}).get("media_started", 0))
    if not began:
        return {"films": None}
    return {"films": min(1.0, sum(not why for _, why in evidence.seen.films) / began)}


def absent(evidence: Evidence) -> tuple[str, ...]:
    """Paragraphs of the article that replay does not show."""
    paragraphs = shown(evidence.kept)
    shares = texts.shares(paragraphs, evidence.seen.text)
    return tuple(one[:CUT] for one, share in zip(paragraphs, shares, strict=True) if share < texts.PRESENT)


def reasons(evidence: Evidence, measured: Sequence[Measure]) -> list[Finding]:
    """Why the verdict is what it is: a finding for each measure beyond a threshold, and for what it is about."""
    table = {one.name: one for one in measured}
    return [
        *_visit_failed(evidence),
        *_about_main(evidence),
        *_about_resources(evidence),
        *_about_look(evidence, table),
    ]


def _visit_failed(evidence: Evidence) -> Iterator[Finding]:
    url, error = evidence.kept.sidecar.final_url, evidence.seen.error
    if error:
        level: Level = "warning" if evidence.seen.fulls else "error"
        yield Finding(level, "visit-failed", url, f"the page could not be looked at to its end: {error}")
    for leak in evidence.seen.leaks[:NAMED]:
        message = "the page tried to reach an address outside the archive; it was stopped"
        yield Finding("error", "leak", leak, message, "Report it: the walls of replay have a hole.")
    for complaint in evidence.seen.script_errors[:NAMED]:
        yield Finding("info", "script-error", url, f"a script complains in replay: {complaint[:CUT]}")


def _about_main(evidence: Evidence) -> Iterator[Finding]:
    for fault in main.faults(evidence.kept, evidence.document):
        missing = fault.startswith("replay does not find")
        code = "main-missing" if missing else "main-differs"
        hint = "`archiver reindex` and `archiver verify` tell whether it is the index or the WARC."
        yield Finding("error", code, evidence.kept.sidecar.final_url, f"the page itself: {fault}", hint)


def _about_resources(evidence: Evidence) -> Iterator[Finding]:
    for state in ("lost", "never-captured", "newly-asked"):
        some = [one for one in evidence.resources if one.state == state and one.weight]
        for one in sorted(some, key=lambda one: -one.weight)[:NAMED]:
            level: Level = "warning" if _counts(one) else "info"
            yield Finding(level, f"resource-{state}", one.url, f"{one.type}: {one.cause}")
    share = completeness(evidence.resources)
    threshold = next(one for one in THRESHOLDS if one.name == "completeness")
    if replace(threshold, value=share).verdict == "fail" and share is not None:
        message = f"only {share:.0%} of what the page consists of, by weight, is there"
        yield Finding("error", "incomplete", evidence.kept.sidecar.final_url, message)
    for url in evidence.changed[:NAMED]:
        message = "its record is not the one that the capture's log names: neither id nor length is the same"
        yield Finding(
            "error", "resource-changed", url, message, "`archiver verify` tells whether the WARC was changed."
        )
    for url, why in list(violations(evidence).items())[:NAMED]:
        yield Finding("warning", "time-violation", url, why)
    for one in evidence.resources:
        if one.offset is not None and abs(one.offset) > 86400 and one.url not in violations(evidence):
            yield Finding("warning", "time-offset", one.url, f"it was captured {_span(one.offset)} the page")


_WORDS = {
    "paragraphs": ("text-missing", "only {:.0%} of the article's words are shown in replay"),
    "text": ("text-differs", "the page's text is only {:.0%} the same"),
    "headline": ("headline-missing", "the headline is not shown in replay"),
    "blank": ("page-blank", "{:.1%} of the first screen has one colour: the page is blank"),
    "view": ("view-differs", "only {:.0%} of the first screen looks the same"),
    "article": ("article-differs", "the article looks only {:.0%} alike (SSIM)"),
    "height": ("height-differs", "the page's height is only {:.0%} the same"),
}


def _about_look(evidence: Evidence, table: dict[str, Measure]) -> Iterator[Finding]:
    url = evidence.kept.sidecar.final_url
    for name, (code, words) in _WORDS.items():
        if (one := table[name]).verdict != "pass" and one.value is not None:
            yield Finding("error" if one.verdict == "fail" else "warning", code, url, words.format(one.value))
    if (page := table["page"]).verdict != "pass":
        message = f"what replay shows looks like a page with the verdict `{word_of(evidence)}`"
        yield Finding("error" if page.verdict == "fail" else "warning", "page-kind", url, message)
    broken = [(film, why) for film, why in evidence.seen.films if why]
    if table["films"].verdict != "pass":
        for film, why in broken or [(url, "it is not in the page any more")]:
            yield Finding(
                "warning", "film-broken", film, f"a film that played at the capture does not in replay: {why}"
            )


def _span(offset: float) -> str:
    size = abs(offset)
    amount, unit = (size / 86400, "days") if size >= 172800 else (size / 3600, "hours") if size >= 7200 else (size, "s")
    return f"{amount:.0f} {unit} {'after' if offset > 0 else 'before'}"
