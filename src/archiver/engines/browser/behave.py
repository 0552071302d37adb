"""Running the behaviours of `archiver/behaviors/` in a page. Their contract is that folder's README."""

import asyncio
import json
import time
from collections import Counter
from functools import cache
from importlib.resources import files
from typing import Any

from archiver.browser import BrowserError
from archiver.engines import Behaving, Script
from archiver.engines.browser.answers import Answers, Watched

GRACE = 2.0
"""Seconds beyond its end that a behaviour gets before it is given up."""
OWN = ("scroll", "open", "carousel", "more", "media", "variants")
"""The behaviours that `tour.js` puts in order."""
FRAMES, ROUNDS = 60, 5
"""Frames that are visited, and how often those are looked for that have come since."""
BROWSERTRIX_SECONDS = 30.0
BROWSERTRIX = {"autofetch": True, "autoplay": True, "autoscroll": True, "autoclick": False, "siteSpecific": True}
"""What is asked of browsertrix-behaviors. Its autoclick follows links, downloads too."""

STILL = 'if (matchMedia("(scripting: none)").matches) return null;'
"""In a frame whose sandbox lets no script run, no timer of ours ever ends: <https://drafts.csswg.org/mediaqueries-5/#scripting>."""

CAPS = {
    "screens_left": "the page goes on and on; scrolling was ended",
    "more_left": "{} buttons for more were left unpressed",
    "open_left": "{} folded parts were left closed",
    "slides_left": "{} galleries were not seen to their end",
    "facades_left": "{} players were left unstarted",
    "pictures_left": "{} pictures in other sizes were left unfetched",
    "frames_left": "{} frames were left unvisited",
}
"""Counts of what was left undone, as reasons."""


@cache
def source(name: str) -> str:
    """The text of a behaviour."""
    return (files("archiver") / "behaviors" / f"{name}.js").read_text("utf-8").strip()


@cache
def words() -> str:
    """What buttons say, as JSON."""
    return (files("archiver") / "behaviors" / "words.json").read_text("utf-8").strip()


@cache
def _own() -> str:
    """Our behaviours as one object."""
    return "{" + ", ".join(f"{name}: {source(name)}" for name in OWN) + "}"


async def behave(recording: Watched, seconds: float, wanted: Behaving) -> tuple[dict[str, int], list[str]]:
    """Do as a reader would, for at most `seconds`; gives counts of what was done and reasons of what was not."""
    answers = Answers(recording)
    await answers.begin()
    behaving = _Behaving(recording, time.monotonic() + seconds)
    seen: list[str] = []
    for _ in range(ROUNDS):
        frames = [frame for frame in await recording.tab.frames() if frame not in seen]
        if not frames or behaving.left <= 0:
            break
        room = max(0, FRAMES - len(seen))
        behaving.counts["frames_left"] += len(frames[room:])
        seen += frames
        await asyncio.gather(*(behaving.visit(frame, wanted) for frame in frames[:room]))
    await answers.end()
    behaving.counts["pictures_left"] += answers.pictures_left
    return behaving.told()


class _Behaving:
    """The behaviours of one page: what they did, and what kept them from it."""

    def __init__(self, recording: Watched, until: float) -> None:
        self.counts = Counter[str]()
        self._reasons: dict[str, None] = {}
        self._tab, self._until = recording.tab, until

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self._until - time.monotonic()

    def told(self) -> tuple[dict[str, int], list[str]]:
        """Counts, and reasons: of failures, and of what was left undone."""
        left = {name: count for name, count in self.counts.items() if count and name.endswith("_left")}
        caps = [CAPS.get(name, name.replace("_", " ") + ": {}").format(count) for name, count in left.items()]
        return dict(self.counts), [*self._reasons, *caps]

    async def visit(self, frame: str, wanted: Behaving) -> None:
        """All that is done in one frame."""
        if wanted.own:
            await self._run("the behaviours", frame, f"({source('tour')})({{ until, page, behaviours: {_own()} }})")
        for script in wanted.scripts:
            program = f"{{ counts: await ({script.text.strip().rstrip(';')})({{ until, page }}) }}"
            await self._run(f"the behaviour {script.name}", frame, program)
        if wanted.browsertrix:
            await self._browsertrix(wanted.browsertrix, frame)

    async def _run(self, what: str, frame: str, program: str) -> None:
        """Run a program that gives counts, and names of those that failed."""
        until = (time.time() + self.left) * 1000
        given = f"{{ until, words: {words()}, frame: {json.dumps(frame)} }}"
        setting = f"const until = {until}, page = ({source('page')})({given});"
        told = await self._evaluate(what, frame, f"(async () => {{ {STILL} {setting} return {program}; }})()")
        if not isinstance(told, dict):
            return
        for failure in told.get("failed", ()):
            self._reasons[f"the behaviour {failure} failed"] = None
        counts = told.get("counts")
        for key, value in (counts if isinstance(counts, dict) else {}).items():
            if isinstance(value, int | float) and value >= 0:
                self.counts[key] += int(value)

    async def _browsertrix(self, script: Script, frame: str) -> None:
        """Webrecorder's behaviours, by the interface that their README documents."""
        seconds = max(0.0, min(self.left, BROWSERTRIX_SECONDS))
        options = json.dumps({**BROWSERTRIX, "log": False, "timeout": seconds * 1000})
        program = f"self.__bx_behaviors.init({options}); return self.__bx_behaviors.run().then(() => ({{}}));"
        text = f"(() => {{ if (!self.__bx_behaviors) {{ {script.text}\n }} {program} }})()"
        await self._evaluate(f"the behaviours of {script.name}", frame, text)

    async def _evaluate(self, what: str, frame: str, program: str) -> Any:
        if self.left <= 0:
            return None
        try:
            return await asyncio.wait_for(self._tab.evaluate(frame, program), self.left + GRACE)
        except (BrowserError, TimeoutError):
            if frame == self._tab.target_id:  # the others come and go
                self._reasons[f"{what} did not come to an end"] = None
            return None
