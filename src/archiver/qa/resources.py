"""What the page asks for, in the capture and in replay, put side by side: what is there, what is lost, and whose fault.

Each resource has a weight by what it is and, where it has a box, by how much of the page that takes: as in Memento
Damage (Brunelle et al., JCDL 2014; IJDL 2015), in whose study such weights agreed with readers where plain shares of
missing files did not.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from archiver.qa import wording
from archiver.qa.kept import Kept, Note, key_of
from archiver.qa.result import Detail, Resource, State
from archiver.qa.visiting import Box, Seen
from archiver.qa.watch import Asked

WEIGHTS = {
    "media": 0.5,
    "image": 0.3,
    "document": 0.3,
    "stylesheet": 0.3,
    "xhr": 0.1,
    "fetch": 0.1,
    "script": 0.1,
    "texttrack": 0.1,
    "font": 0.05,
}
"""By type; all others weigh nothing: beacons, preflights, icons, what workers keep for later."""
BESIDE = ("websocket", "robots", "preflight", "ping")
"""What is no part of a page."""
BOXED = ("media", "image", "document")
UNSEEN = 0.25
"""What counts of the weight of a picture without a box: a background, a spare size."""
TRACKERS = re.compile(
    r"(?:^|\.)(?:doubleclick|googlesyndication|googletagmanager|googletagservices|google-analytics|adnxs|criteo|taboola"
    r"|outbrain|amazon-adsystem|rubiconproject|scorecardresearch|chartbeat|hotjar|quantserve|pubmatic|openx|casalemedia"
    r"|adform|moatads|cloudflareinsights|clarity|gemius|hit\.gemius|mixpanel|segment|nr-data|newrelic|sentry|imrworldwide"
    r"|permutive|parsely|smartadserver|yieldmo|teads|adsafeprotected|bluekai|demdex|omtrdc|krxd)\.[a-z]{2,3}$"
    r"|^(?:mc\.yandex|counter\.yadro|connect\.facebook|analytics|pixel|tracker|tracking|stats|beacon|adserver|ads)\."
)
"""Hosts of advertisements and of counters: a copy of an article is no worse without them."""


@dataclass(slots=True)
class _Meeting:
    """One resource, from both sides."""

    notes: list[Note]
    asked: list[Asked]

    @property
    def url(self) -> str:
        return (self.notes or self.asked)[0].url

    @property
    def method(self) -> str:
        return (self.notes or self.asked)[0].method

    @property
    def type(self) -> str:
        """As the capture has it; of what nobody has asked for then, as replay does."""
        kinds = [*(one.type for one in self.notes), *(one.type for one in self.asked)]
        return next((kind for kind in kinds if kind in WEIGHTS), kinds[0])

    @property
    def kept(self) -> Note | None:
        """The line of an answer that was recorded and good."""
        return next((one for one in self.notes if one.recorded and one.status and one.status < 400), None)

    @property
    def good(self) -> list[Asked]:
        """Good answers in replay."""
        return [one for one in self.asked if one.status and one.status < 400]

    @property
    def answered(self) -> Asked | None:
        """The last of them that is no redirect, or else the last."""
        good = self.good
        return next((one for one in reversed(good) if one.status not in range(300, 400)), good[-1] if good else None)


def compare(kept: Kept, seen: Seen) -> list[Resource]:
    """All resources but the page itself, in the order in which they were asked for."""
    meetings: dict[tuple[str, str], _Meeting] = defaultdict(lambda: _Meeting([], []))
    for note in kept.notes or ():
        if note.url.startswith(("http:", "https:")) and note.type not in BESIDE and note.method != "OPTIONS":
            meetings[key_of(note.url, note.method)].notes.append(note)
    for asked in seen.asked:
        meetings[key_of(asked.url, asked.method)].asked.append(asked)
    meetings.pop(key_of(kept.sidecar.final_url), None)
    boxes = {key_of(url): box for url, box in seen.boxes.items()}
    return [_resource(kept, one, boxes.get(key), seen) for key, one in meetings.items()]


def completeness(resources: Iterable[Resource]) -> float | None:
    """Weight of what is there, in that of all that should be. What is newly asked was never part of the page."""
    there = lost = 0.0
    for one in resources:
        if one.state in ("ok", "cut", "other-capture"):
            there += one.weight
        elif one.state != "newly-asked":
            lost += one.weight
    return there / (there + lost) if there + lost else None


def weight_of(kind: str, url: str, box: Box | None, page: tuple[float, float]) -> float:
    """What a resource counts; `page` is the width of the page, and the height of its first screen."""
    if is_tracker(url):
        return 0.0
    weight = WEIGHTS.get(kind, 0.0)
    if kind not in BOXED:
        return weight
    if box is None:
        return weight * UNSEEN
    left, _, wide, high = box
    central = left <= page[0] / 2 <= left + wide
    return round(weight * (UNSEEN + 0.25 * central + 0.5 * min(1.0, wide * high / (page[0] * page[1]))), 4)


def is_tracker(url: str) -> bool:
    """Whether its host is known to serve advertisements or to count."""
    return bool(TRACKERS.search(urlsplit(url).hostname or ""))


def _resource(kept: Kept, one: _Meeting, box: Box | None, seen: Seen) -> Resource:
    state, detail = _state(kept, one)
    area = box[2] * box[3] / (seen.width * max(seen.height, 1)) if box else 0.0
    answer = one.answered
    offset = (answer.moment - kept.moment).total_seconds() if answer and answer.moment else None
    counts = bool(one.asked) or state != "ok"
    weight = weight_of(one.type, one.url, box, (seen.width, seen.screen)) if counts else 0.0
    cause = wording.english(detail) if detail else ""
    return Resource(one.url, one.type, state, cause, round(min(1.0, area), 4), weight, offset, detail)


def _state(kept: Kept, one: _Meeting) -> tuple[State, Detail | None]:
    """What became of it, and why."""
    if one.answered:
        return _content(kept, one)
    if one.kept:
        if why := _gone(kept, one):
            return "lost", why
        return ("lost", _fault(one)) if one.asked else ("ok", Detail("not-asked"))
    if any(note.status and note.status >= 400 for note in one.notes):
        return "ok", Detail("site-had-none")
    if any(note.served for note in one.notes):
        why = next((Detail("not-recorded", {"quote": note.why}) for note in one.notes if note.why), None)
        return "never-captured", why
    if one.notes:
        return "ok", Detail("no-server")
    if any(kept.lines(one.url, one.method)):
        return "lost", _gone(kept, one) or _fault(one)
    return ("never-captured" if kept.notes is None else "newly-asked"), Detail("answers", {"status": _status(one)})


def _content(kept: Kept, one: _Meeting) -> tuple[State, Detail | None]:
    """Whether what replay gives is what the capture got, by the payload digests of the record and of the log.

    Unrewritten, as stored: replay makes something else of pages, style sheets and scripts, but out of this record.
    """
    logged = {note.digest for note in one.notes if note.digest}
    for asked in one.good if logged else ():
        lines = list(kept.replayed(asked.url, asked.method, asked.moment)) if asked.moment else []
        if lines and not logged & {line.get("digest") for line in lines}:
            own = any(map(kept.owns, lines))
            return ("changed", Detail("changed")) if own else ("other-capture", Detail("other-capture"))
    if cut := next((note.truncated for note in one.notes if note.truncated), ""):
        return "cut", Detail(f"cut-{cut}" if cut in ("length", "time", "disconnect") else "cut")
    return "ok", None


def _gone(kept: Kept, one: _Meeting) -> Detail | None:
    """Why the WARC itself cannot give it; None where it can."""
    lines = list(kept.lines(one.url, one.method))
    if not lines:
        return Detail("record-gone")
    return Detail("body-gone") if all(kept.lacks_body(line) for line in lines) else None


def _fault(one: _Meeting) -> Detail:
    return Detail("engine-fault", {"status": _status(one)})


def _status(one: _Meeting) -> int:
    """What replay answered last; 0: nothing."""
    return (one.asked[-1].status or 0) if one.asked else 0
