"""Why a verdict is what it is: a reason for each measure beyond a threshold, and for what it is about."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from archiver.model import Level
from archiver.qa import main, wording
from archiver.qa.judging import AMISS, CUT, Evidence, apart, counts, new_errors, violations, word_of
from archiver.qa.result import Detail, Measure, Reason

NAMED = 20
"""So many resources of one kind are named as reasons; all are in the list."""
DAY = 86400.0
UNKNOWN = Detail("unknown")


def reasons(evidence: Evidence, measured: Sequence[Measure]) -> list[Reason]:
    """Why the verdict is what it is: a reason for each measure beyond a threshold, and for what it is about."""
    table = {one.name: one for one in measured}
    return [
        *_about_visit(evidence),
        *_about_main(evidence),
        *_about_resources(evidence, table["completeness"]),
        *_about_time(evidence),
        *_about_look(evidence, table),
        *_about_films(evidence, table),
    ]


def _about_visit(evidence: Evidence) -> Iterator[Reason]:
    url, error = evidence.kept.sidecar.final_url, evidence.seen.error
    if error:
        yield reason("warning" if evidence.seen.fulls else "error", "visit-failed", url, error)
    for leak in evidence.seen.leaks[:NAMED]:
        yield reason("error", "leak", leak)
    new = new_errors(evidence)
    level: Level = "info" if new is None else "warning"
    for one in list(evidence.seen.script_errors if new is None else new)[:NAMED]:
        yield reason(level, "script-error", one.script or url, Detail("script-says", {"quote": one.message[:CUT]}))


def _about_main(evidence: Evidence) -> Iterator[Reason]:
    for fault in main.faults(evidence.kept, evidence.document):
        code = "main-missing" if fault.name == "not-found" else "main-differs"
        yield reason("error", code, evidence.kept.sidecar.final_url, fault)


def _about_resources(evidence: Evidence, complete: Measure) -> Iterator[Reason]:
    for state in AMISS:
        some = [one for one in evidence.resources if one.state == state and one.weight]
        for one in sorted(some, key=lambda one: -one.weight)[:NAMED]:
            level: Level = "error" if state == "changed" else "warning" if counts(one) else "info"
            facts = {"kind": one.type, **(one.detail.facts if one.detail else {})}
            yield reason(level, f"resource-{state}", one.url, replace(one.detail or UNKNOWN, facts=facts))
    if complete.verdict == "fail" and complete.value is not None:
        detail = Detail("share-left", {"share": complete.value})
        yield reason("error", "incomplete", evidence.kept.sidecar.final_url, detail)


def _about_time(evidence: Evidence) -> Iterator[Reason]:
    violating = violations(evidence)
    for url, why in list(violating.items())[:NAMED]:
        yield reason("warning", "time-violation", url, why)
    for one in evidence.resources:
        if one.offset is not None and abs(one.offset) > DAY and one.url not in violating:
            yield reason("warning", "time-offset", one.url, apart(one.offset))


_LOOKS = {
    "paragraphs": ("text-missing", "words-shown"),
    "text": ("text-differs", "words-same"),
    "headline": ("headline-missing", ""),
    "blank": ("page-blank", "one-colour"),
    "view": ("view-differs", "points-same"),
    "article": ("article-differs", "article-alike"),
    "height": ("height-differs", "height-same"),
}


def _about_look(evidence: Evidence, table: dict[str, Measure]) -> Iterator[Reason]:
    url = evidence.kept.sidecar.final_url
    for name, (code, detail) in _LOOKS.items():
        if (one := table[name]).verdict != "pass" and one.value is not None:
            said = Detail(detail, {"share": one.value}) if detail else None
            yield reason(_level(one), code, url, said)
    if (page := table["page"]).verdict != "pass":
        yield reason(_level(page), "page-kind", url, Detail("looks-like", {"word": word_of(evidence) or ""}))


def _about_films(evidence: Evidence, table: dict[str, Measure]) -> Iterator[Reason]:
    url, broken = evidence.kept.sidecar.final_url, [(film, why) for film, why in evidence.seen.films if why]
    if table["films"].verdict != "pass":
        for film, why in broken or [(url, Detail("film-gone"))]:
            yield reason("warning", "film-broken", film, why)
    length = table["film-length"]
    if length.verdict != "pass" and length.value is not None:
        yield reason("warning", "film-shorter", url, Detail("film-share", {"share": length.value}))


def reason(level: Level, code: str, where: str, detail: Detail | None = None) -> Reason:
    """A reason with its English words."""
    message = wording.english(detail) if detail else wording.REASONS[code]
    return Reason(level, code, where, message, wording.HINTS.get(code, ""), detail=detail)


def _level(one: Measure) -> Level:
    return "error" if one.verdict == "fail" else "warning"
