"""Results in plain words for readers: what verdicts, reasons, measures and states mean. Templates say them."""

from collections.abc import Iterable

from archiver.model import Finding
from archiver.words import phrase

VERDICTS = {
    "pass": ("good", phrase("replays well"), phrase("In replay the page is as it was when it was captured.")),
    "warn": ("fair", phrase("replays with flaws"), phrase("In replay something of the page is missing or different.")),
    "fail": ("bad", phrase("replays badly"), phrase("In replay the page is not what was captured.")),
}
"""Tone, the words of the badge, and what they mean."""

LEVELS = {"error": phrase("failure"), "warning": phrase("warning"), "info": phrase("note")}
TONES = {"error": "bad", "warning": "fair", "info": "good"}

REASONS = {
    "main-missing": phrase("The page itself is not found"),
    "main-differs": phrase("The page itself is not what was captured"),
    "visit-failed": phrase("The page could not be looked at to its end"),
    "page-blank": phrase("The page stays blank"),
    "page-kind": phrase("The page looks like another kind of page: an error, a wall or a dialog"),
    "text-missing": phrase("Paragraphs of the article are not shown"),
    "text-differs": phrase("The page says something else than at the capture"),
    "headline-missing": phrase("The headline is not shown"),
    "incomplete": phrase("Too much of the page is missing"),
    "resource-lost": phrase("A part that was captured is lost in replay"),
    "resource-never-captured": phrase("A part of the page was never captured"),
    "resource-newly-asked": phrase("Replay asks for something that the capture never asked for"),
    "resource-changed": phrase("A part is not the one that was captured"),
    "view-differs": phrase("The first screen looks different"),
    "article-differs": phrase("The article looks different"),
    "height-differs": phrase("The page is longer or shorter than it was"),
    "film-broken": phrase("A film does not play"),
    "script-error": phrase("A script complains"),
    "time-offset": phrase("A part is of another time than the page"),
    "time-violation": phrase("A part cannot have belonged to the page as it was captured"),
    "leak": phrase("The page tried to reach out of the archive, and was stopped"),
    "regression": phrase("The page replayed better before"),
}
"""By the code of the finding."""

MEASURES = {
    "main": (phrase("The page itself"), phrase("Whether the archive gives the very document that was captured.")),
    "completeness": (
        phrase("Completeness"),
        phrase("How much of what the page consisted of is there, weighed by kind and by the room that it takes."),
    ),
    "lost": (phrase("Lost in replay"), phrase("Parts that were captured and that replay does not find.")),
    "never-captured": (phrase("Never captured"), phrase("Parts that the page asked for and that were not kept.")),
    "newly-asked": (phrase("Newly asked for"), phrase("Parts that only replay asks for, and that were not kept.")),
    "changed": (phrase("Changed"), phrase("Parts whose record is not the one that the capture names.")),
    "paragraphs": (
        phrase("Article"),
        phrase("The share of the article’s words that replay shows as they stand in their paragraphs."),
    ),
    "text": (phrase("Words of the page"), phrase("How far the words of the whole page are the same, numbers apart.")),
    "headline": (phrase("Headline"), phrase("Whether it is shown as it was.")),
    "page": (phrase("Kind of page"), phrase("Whether it is still the kind of page that was captured.")),
    "blank": (phrase("Emptiness"), phrase("The share of the first screen that has one colour.")),
    "view": (phrase("First screen"), phrase("The share of its points that look the same; what moves is left out.")),
    "article": (phrase("Look of the article"), phrase("How alike the article looks (structural similarity).")),
    "height": (phrase("Height"), phrase("How far the page is as long as it was.")),
    "films": (phrase("Films"), phrase("The share of the films that play and can be sought in, of those that did.")),
    "script-errors": (phrase("Complaints of scripts"), phrase("What scripts threw in replay.")),
    "offset-max": (phrase("Greatest distance in time"), phrase("From the page to the part that is farthest from it.")),
    "offset-p95": (phrase("Usual distance in time"), phrase("Of 95 % of the parts: so far at most.")),
    "violations": (
        phrase("Parts of another time"),
        phrase("Parts that were changed after the page was captured, or brought by scripts at another time."),
    ),
    "leaks": (phrase("Ways out"), phrase("Addresses outside the archive that the page tried to reach.")),
}
"""Name, and what it tells."""

STATES = {
    "lost": (
        phrase("Lost in replay"),
        phrase("They were captured, and replay does not find them: a fault of replay or of the archive."),
    ),
    "never-captured": (
        phrase("Never captured"),
        phrase("The page asked for them and they were not kept: a fault of the capture, or of the site."),
    ),
    "newly-asked": (
        phrase("Newly asked for"),
        phrase("Only replay asks for them: the page does not do in replay what it did at the capture."),
    ),
    "ok": (phrase("As they were captured"), ""),
}

KINDS = {
    "document": phrase("page or frame"),
    "stylesheet": phrase("style sheet"),
    "image": phrase("picture"),
    "media": phrase("film or sound"),
    "font": phrase("typeface"),
    "script": phrase("script"),
    "texttrack": phrase("subtitles"),
    "xhr": phrase("data"),
    "fetch": phrase("data"),
    "eventsource": phrase("data"),
    "websocket": phrase("data"),
    "manifest": phrase("manifest"),
    "signedexchange": phrase("page or frame"),
    "ping": phrase("beacon"),
    "preflight": phrase("preflight"),
    "other": phrase("other"),
}
"""What resources are, as browsers call it."""


def worst_first(reasons: Iterable[Finding]) -> list[Finding]:
    """Failures, then warnings, then notes, each as they came."""
    return sorted(reasons, key=lambda one: list(LEVELS).index(one.level))
