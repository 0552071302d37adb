"""Whether a sidecar is a good one: the schema, the derivation of the article, and whether its dates make sense."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from archiver import schema
from archiver.jsontext import pointer
from archiver.model import Level
from archiver.schema import Problem
from archiver.sidecar.assertion import ABOUT, Assertion
from archiver.sidecar.choice import choose
from archiver.sidecar.document import Sidecar
from archiver.sidecar.language import contradiction


def problems(sidecar: Sidecar) -> list[Problem]:
    """All that is wrong with it (errors) or strange about it (warnings); empty when all is well.

    Only a sidecar that its schema accepts is judged further.
    """
    return schema.problems(sidecar.document, "sidecar") or sense(sidecar)


def sense(sidecar: Sidecar) -> list[Problem]:
    """What is wrong or strange about a sidecar that its schema accepts."""
    return [*_derivation(sidecar), *_dates(sidecar), *_capture(sidecar), *_language(sidecar)]


def _derivation(sidecar: Sidecar) -> Iterator[Problem]:
    """For an older version, whose rule may have been another, a difference is only worth a look."""
    article, derived = sidecar.article, _derived(sidecar.document["assertions"])
    level: Level = "error" if sidecar.document["$schema"] == schema.ids()["sidecar"] else "warning"
    for name in ("@type", *ABOUT.values()):
        if article.get(name) != derived.get(name):
            message = f"{name} is not what the assertions add up to"
            hint = "Correct it with `archiver edit`, which adds an assertion."
            yield Problem(pointer("article", name), "article-derived", message, hint, level)


def _derived(claims: list[dict[str, Any]]) -> dict[str, Any]:
    """What `choose` makes of them. Each property is chosen alone: where all say the same, nothing is left to choose."""
    values = {claim["about"]: claim["value"] for claim in claims}
    contested = {claim["about"] for claim in claims if claim["value"] != values[claim["about"]]}
    article = choose(Assertion.of(claim) for claim in claims if claim["about"] in contested)
    agreed = ((ABOUT[about], value) for about, value in values.items() if about not in contested)
    article |= {name: value for name, value in agreed if value is not None}
    return article | {"@type": "NewsArticle"} if article else {}


def _dates(sidecar: Sidecar) -> Iterator[Problem]:
    captured = datetime.fromisoformat(sidecar.captured_at)
    published, modified = (sidecar.article.get(name) for name in ("datePublished", "dateModified"))
    for name, claimed in (("datePublished", published), ("dateModified", modified)):
        if claimed is None:
            continue
        if _earliest(claimed) > captured:
            yield _strange(name, "date-after-capture", f"{claimed} is later than the capture, {sidecar.captured_at}")
        elif "T" in claimed and abs(_earliest(claimed) - captured) < timedelta(seconds=1):
            yield _strange(
                name, "date-is-capture", "it is the very second of the capture: a page's clock, not its date"
            )
    if published and modified and _before(modified, published):
        message = f"{modified} is earlier than datePublished, {published}"
        yield _strange("dateModified", "date-modified-before-published", message)


def _capture(sidecar: Sidecar) -> Iterator[Problem]:
    capture = sidecar.document["capture"]
    at = datetime.fromisoformat(sidecar.captured_at)
    hint = "A clock was wrong, or was set meanwhile."
    if "finished_at" in capture and datetime.fromisoformat(capture["finished_at"]) < at:
        message = f"{capture['finished_at']} is earlier than captured_at, {sidecar.captured_at}"
        yield Problem("/capture/finished_at", "date-finished-before-capture", message, hint, "warning")
    tls = capture.get("tls", {})
    if "valid_from" in tls and datetime.fromisoformat(tls["valid_from"]) > at:
        message = f"the certificate counts from {tls['valid_from']} on, after the capture"
        yield Problem("/capture/tls/valid_from", "certificate-date", message, hint, "warning")
    if "valid_until" in tls and datetime.fromisoformat(tls["valid_until"]) < at:
        message = f"the certificate counted until {tls['valid_until']}, before the capture"
        yield Problem("/capture/tls/valid_until", "certificate-date", message, hint, "warning")


def _language(sidecar: Sidecar) -> Iterator[Problem]:
    article = sidecar.article
    text = f"{article.get('headline', '')} {article.get('description', '')}"
    if "inLanguage" in article and (why := contradiction(article["inLanguage"], text)):
        yield _strange("inLanguage", "language-script", f"{article['inLanguage']} is told, but {why}")


def _strange(name: str, code: str, message: str) -> Problem:
    return Problem(pointer("article", name), code, message, "Look at the assertions for it.", "warning")


def _earliest(claimed: str) -> datetime:
    """The first instant that a claimed date can mean anywhere on earth."""
    if "T" in claimed:
        return datetime.fromisoformat(claimed)
    year, month, day = (int(part) for part in [*claimed.split("-"), "1", "1"][:3])
    return datetime(year, month, day, tzinfo=UTC) - timedelta(hours=14)


def _before(first: str, second: str) -> bool:
    """Whether `first` is surely earlier; compared at the coarser precision of the two."""
    if "T" in first and "T" in second:
        return datetime.fromisoformat(first) < datetime.fromisoformat(second)
    length = min(len(first), len(second), len("2026-11-22"))
    return first[:length] < second[:length]
