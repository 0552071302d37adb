"""Results in plain words for readers: what verdicts, reasons, measures and states mean. Templates say them."""

from collections.abc import Callable, Iterable
from functools import partial

from archiver.model import Finding
from archiver.qa.result import Detail
from archiver.words import Words, phrase

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
    "resource-other-capture": phrase("A part is that of another capture"),
    "resource-cut": phrase("Only the beginning of a part was captured"),
    "view-differs": phrase("The first screen looks different"),
    "article-differs": phrase("The article looks different"),
    "height-differs": phrase("The page is longer or shorter than it was"),
    "film-broken": phrase("A film does not play to its end"),
    "film-shorter": phrase("Films are shorter than they were"),
    "script-error": phrase("A script complains that did not at the capture"),
    "time-offset": phrase("A part is of another time than the page"),
    "time-violation": phrase("A part cannot have belonged to the page as it was captured"),
    "leak": phrase("The page tried to reach out of the archive, and was stopped"),
    "regression": phrase("The page replayed better before"),
}
"""By the code of the reason."""

_AT_ARCHIVE = phrase("`archiver reindex` and `archiver verify` tell whether it is the index or the WARC.")
HINTS = {
    "leak": phrase("Report it: the walls of replay have a hole."),
    "main-missing": _AT_ARCHIVE,
    "main-differs": _AT_ARCHIVE,
    "resource-changed": phrase("`archiver verify` tells whether the WARC was changed."),
}
"""What to do about it, by the code of the reason."""

DETAILS = {
    "no-page": phrase("the browser shows no page"),
    "still-loading": phrase("it was still loading after {span}"),
    "visit-ended": phrase("the visit was ended after {span}"),
    "browser-failed": phrase("the browser says"),
    "not-found": phrase("replay does not find it and answers {status}"),
    "other-status": phrase("its status is {status} instead of {wanted}"),
    "other-moment": phrase("replay shows the capture of {moment} instead of that of {wanted} (UTC)"),
    "other-content": phrase("its content is not what was captured"),
    "engine-fault": phrase("the record is in the WARC, and replay answers {status}: a fault of the replay engine"),
    "record-gone": phrase("its record is gone from the WARC, though the capture’s log has it"),
    "body-gone": phrase("its body was kept by an earlier record, which is nowhere in the collection"),
    "not-asked": phrase("not asked for in replay"),
    "site-had-none": phrase("the site itself had no answer"),
    "no-server": phrase("no server answered at the capture"),
    "not-recorded": phrase("the capture’s log says"),
    "answers": phrase("replay answers {status}"),
    "changed": phrase("its record has another payload digest than the capture’s log"),
    "other-capture": phrase("replay shows what another capture got, and that is something else"),
    "cut-length": phrase("it was longer than the capture took"),
    "cut-time": phrase("it took longer than the capture waited"),
    "cut-disconnect": phrase("the connection broke off"),
    "cut": phrase("nobody told why"),
    "unknown": phrase("nobody told why"),
    "modified-later": phrase("it was modified on {moment} (UTC), after the page had been captured"),
    "captured-after": phrase("it was captured {span} after the page"),
    "captured-before": phrase("it was captured {span} before the page"),
    "share-left": phrase("{share} of what the page consists of, by weight, is there"),
    "words-shown": phrase("{share} of the article’s words are shown"),
    "words-same": phrase("{share} of the words are the same"),
    "one-colour": phrase("{share} of the first screen has one colour"),
    "points-same": phrase("{share} of the first screen looks the same"),
    "article-alike": phrase("the article looks {share} alike (SSIM)"),
    "height-same": phrase("the height is {share} of the other"),
    "looks-like": phrase("by the rules for captures it would be `{word}`"),
    "film-not-begun": phrase("it does not begin"),
    "film-error": phrase("it cannot be played"),
    "film-stands": phrase("its time stands still"),
    "film-not-sought": phrase("it cannot be sought in"),
    "film-no-end": phrase("its end is not there"),
    "film-gone": phrase("it is not in the page any more"),
    "film-share": phrase("they last {share} of what they did"),
    "script-says": phrase("it says"),
}
"""By the name of the detail; `{status}`, `{share}`, `{span}`, `{moment}` … are its facts."""
NOTHING = phrase("nothing")

MEASURES = {
    "main": (phrase("The page itself"), phrase("Whether the archive gives the very document that was captured.")),
    "completeness": (
        phrase("Completeness"),
        phrase("How much of what the page consisted of is there, weighed by kind and by the room that it takes."),
    ),
    "lost": (phrase("Lost in replay"), phrase("Parts that were captured and that replay does not find.")),
    "never-captured": (phrase("Never captured"), phrase("Parts that the page asked for and that were not kept.")),
    "newly-asked": (phrase("Newly asked for"), phrase("Parts that only replay asks for, and that were not kept.")),
    "changed": (phrase("Changed"), phrase("Parts whose content is not the one that the capture’s log names.")),
    "other-capture": (phrase("Of another capture"), phrase("Parts that replay shows as another capture got them.")),
    "cut": (phrase("Cut"), phrase("Parts of which only the beginning was captured.")),
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
    "films": (phrase("Films"), phrase("The share of the films that play, to their end, of those that began.")),
    "film-length": (phrase("Length of films"), phrase("How far films last as long as at the capture.")),
    "script-errors": (phrase("Complaints of scripts"), phrase("What archived scripts threw in replay and not before.")),
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
    "changed": (
        phrase("Changed"),
        phrase("Replay gives something else than was captured: the WARC or the index was changed."),
    ),
    "other-capture": (
        phrase("Of another capture"),
        phrase("Another capture of the same address is nearer in time, and got something else."),
    ),
    "cut": (phrase("Cut"), phrase("Only their beginning was captured.")),
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


SETTINGS = {
    "width": phrase("width"),
    "height": phrase("height"),
    "behaviours": phrase("behaviours"),
    "visits": phrase("visits"),
    "consent": phrase("consent dialog"),
}
SET = {
    "True": phrase("yes"),
    "False": phrase("no"),
    "reject": phrase("rejected"),
    "accept": phrase("accepted"),
    "hide": phrase("hidden"),
    "leave": phrase("left alone"),
}
"""How a page was visited: names, and what they are set to."""
_UNITS = (
    (86400, phrase("day"), "days"),
    (3600, phrase("hour"), "hours"),
    (60, phrase("minute"), "minutes"),
    (1, phrase("second"), "seconds"),
)


def span(words: Words, seconds: float) -> str:
    """A length of time, in the greatest unit of which there are two; at least a second."""
    size, one, many = next((unit for unit in _UNITS if seconds >= 2 * unit[0]), _UNITS[-1])
    return words.count(max(1, round(seconds / size)), one, many)


def sentence(words: Words, detail: Detail) -> str:
    """A detail in one language, without what it quotes. One that this version does not know is silent."""
    facts = {name: _fact(words, name, value) for name, value in detail.facts.items()}
    said = words.say(DETAILS.get(detail.name, ""), **facts)
    return f"{facts['kind']}: {said}" if "kind" in facts else said


def english(detail: Detail) -> str:
    """A detail in English, with what it quotes."""
    said, quote = sentence(Words(), detail), detail.facts.get("quote")
    return f"{said}: {quote}" if quote else said


def _fact(words: Words, name: str, value: str | float) -> str:
    match name, value:
        case "share", float() | int():
            return f"{words.number(round(value * 100, 1))}\N{NO-BREAK SPACE}%"
        case "span", float() | int():
            return span(words, value)
        case "kind", str():
            return words.say(KINDS.get(value, value))
        case "status", 0:
            return words.say(NOTHING)
    return str(value)


def speaking(words: Words) -> dict[str, Callable[..., str]]:
    """What templates call to say something in one language."""
    return {
        "_": words.say,
        "count": words.count,
        "figure": words.number,
        "date": words.date,
        "span": partial(span, words),
        "sentence": partial(sentence, words),
    }


def worst_first(reasons: Iterable[Finding]) -> list[Finding]:
    """Failures, then warnings, then notes, each as they came."""
    return sorted(reasons, key=lambda one: list(LEVELS).index(one.level))
