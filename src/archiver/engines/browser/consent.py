"""Dialogs that ask for consent: found wherever they stand, answered by policy, and told what was done.

`consent.js` (in `archiver/behaviors/`) knows what such dialogs look like and presses; this module goes from frame to
frame and from step to step, since an answer may take two dialogs, remove a frame or load the page anew.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from archiver.browser import BrowserError, Tab
from archiver.engines import ConsentPolicy
from archiver.engines.browser.behave import source
from archiver.model import Resource, new_body, now

ANNOUNCED = 1.5
"""Seconds that a dialog is waited for where the page's own marks announce one; elsewhere none."""
ANSWERING = 8.0
"""Seconds that answering may take in all."""
PRESSES = 5
CHANGE = 1.5
"""Seconds in which a press must change the dialog."""
STEP_SECONDS = 2.0
SHOT_SECONDS = 5.0
FRAMES = 20
"""Frames of a page that are looked into."""
LEFT = {"reject": "rejected", "accept": "accepted", "hide": "hidden", "leave": "left"}

BY_NAME = {
    "OneTrust": {"reject": "OneTrust.RejectAll()", "accept": "OneTrust.AllowAll()"},
    "Didomi": {"reject": "Didomi.setUserDisagreeToAll()", "accept": "Didomi.setUserAgreeToAll()"},
    "Cookiebot": {
        "reject": "Cookiebot.submitCustomConsent(false, false, false)",
        "accept": "Cookiebot.submitCustomConsent(true, true, true)",
    },
    "Usercentrics": {
        "reject": "UC_UI.denyAllConsents().then(() => UC_UI.closeCMP())",
        "accept": "UC_UI.acceptAllConsents().then(() => UC_UI.closeCMP())",
    },
}
"""What platforms offer to scripts, for dialogs whose buttons cannot be had. The page's own world runs these, and what
it answers is not believed: the dialog is looked for again."""


@dataclass(slots=True)
class Found:
    """A dialog, or several at once, as `consent.js` tells of them."""

    frames: list[tuple[str, dict[str, Any]]]
    """Frame id and what its look told; the main frame first."""

    @property
    def platform(self) -> str:
        """Whose dialog it is, "" if that is not known."""
        return next((told["platform"] for _, told in self.frames if told["platform"]), "")

    @property
    def paid(self) -> bool:
        """Whether the reader is to consent or pay."""
        return any(told["paid"] for _, told in self.frames)

    @property
    def wall(self) -> bool:
        """Whether the reader is to consent or pay, or nothing can be read beside the question."""
        return self.paid or bool(self.frames[0][1]["bare"])

    def best(self, moves: tuple[str, ...] = ("reject", "accept", "save", "settings")) -> tuple[str, str] | None:
        """The frame with the best next move, and that move."""
        offered = [(moves.index(told["move"]), frame, told["move"]) for frame, told in self.frames if told["move"]]
        return min(offered)[1:] if offered else None


@dataclass(slots=True)
class Consent:
    """How one page's question for consent is dealt with. `settle` waits until the page rests."""

    tab: Tab
    policy: ConsentPolicy
    settle: Callable[[], Awaitable[None]]
    before: bytes | None = None
    """The window as the dialog stood in it (PNG), where one was found and something was done."""
    platform: str = ""
    action: str = ""
    steps: list[str] = field(default_factory=list)
    _deep: bool = False

    @property
    def facts(self) -> dict[str, Any]:
        """What the sidecar tells (`capture.consent`)."""
        told = {"platform": self.platform, "action": self.action, "steps": self.steps}
        return {"policy": self.policy, "found": bool(self.action)} | {
            key: value for key, value in told.items() if value
        }

    async def answer(self, patience: float = ANNOUNCED) -> bool:
        """Find a dialog and do with it what the policy says; tells whether there was one.

        A page without one costs a single look. Never raises: what does not work is told in `facts`.
        """
        found = await self._look(time.time() + patience)
        if found is None:
            return False
        self.platform = found.platform
        if self.policy == "leave":
            self.action = "left"
            return True
        try:
            self.before = self.before or await asyncio.wait_for(self.tab.screenshot(), SHOT_SECONDS)
            await asyncio.wait_for(self._deal(found), ANSWERING)
        except (BrowserError, TimeoutError):
            self.action = self.action or "failed"
        return True

    def picture(self, about: str) -> Resource | None:
        """The record `beforeConsent` of the page at `about`, if there is something to show."""
        return Resource("beforeConsent", about, "image/png", new_body(self.before), now()) if self.before else None

    async def _deal(self, found: Found) -> None:
        left: Found | None = found
        last = ""
        for _ in range(PRESSES):
            if left is None or (move := left.best()) is None:
                break
            self.steps += await self._do("press", move[0]) or []
            last = move[1]
            self._deep |= last == "settings"
            left = await self._after(move)
        if left is not None and not left.paid:
            left = await self._by_name(left)
        if left is None:  # a dialog that only opened settings, and went, has not been answered
            self.action = "failed" if last == "settings" else LEFT[self.policy]
        elif self.policy != "hide" and left.wall:
            self.action = "failed" if self.steps else "left"
        else:
            await self._hide(left)

    async def _after(self, move: tuple[str, str]) -> Found | None:
        """What stands when a press has had its effect: nothing, another dialog, or the same."""
        deadline = time.time() + CHANGE
        while True:
            await self.settle()
            left = await self._look(0)
            if left is None or ((offered := left.best()) and offered != move) or time.time() > deadline:
                return left
            await asyncio.sleep(0.05)

    async def _by_name(self, left: Found) -> Found | None:
        """Ask the platform's own interface, knowingly in the page's world."""
        call = BY_NAME.get(left.platform, {}).get(self.policy)
        if call is None:
            return left
        guarded = f"(async () => {{ await {call} }})().catch(() => {{}}), 0"
        await self.tab.session.send("Runtime.evaluate", expression=guarded, userGesture=True, timeout=1000)
        self.steps.append(f"called: {call}")
        return await self._after(("", ""))

    async def _hide(self, left: Found) -> None:
        names = await self._names([frame for frame, _ in left.frames[1:]])
        steps = await self._do("hide", self.tab.target_id, frames=names) or []
        self.steps += steps
        self.action = "hidden" if steps and await self._look(0) is None else "failed"

    async def _look(self, until: float) -> Found | None:
        """Dialogs in any frame; a dialog that is announced is waited for."""
        seen: list[str] = []
        while True:
            main = await self._do("look" if until else "now", self.tab.target_id, frames=seen, until=until * 1000)
            if main is None:
                return None
            frames = [frame for frame in await self._frames() if frame["id"] != self.tab.target_id]
            over = [frame for frame in frames if {frame["url"], frame.get("name")} & set(main["frames"])]
            inside = over or (frames if main["frames"] else [])
            told = await asyncio.gather(*(self._do("now", frame["id"]) for frame in inside[:FRAMES]))
            good = [(frame["id"], one) for frame, one in zip(inside, told, strict=False) if one and one["found"]]
            if main["found"] or good:
                return Found([(self.tab.target_id, main), *good])
            if not until or not set(main["frames"]) - set(seen):
                return None
            seen = main["frames"]

    async def _do(self, step: str, frame: str, **options: Any) -> Any:
        """One step of `consent.js` in a frame; None if the frame went away or does not answer."""
        told = json.dumps({"step": step, "policy": self.policy, "deep": self._deep, "until": 0, **options})
        seconds = STEP_SECONDS + max(0.0, options.get("until", 0) / 1000 - time.time())
        try:
            return await asyncio.wait_for(self.tab.evaluate(frame, f"({source('consent')})({told})"), seconds)
        except (BrowserError, TimeoutError):
            return None

    async def _frames(self) -> list[dict[str, Any]]:
        """The page's frames, the main one first."""
        try:
            tree = (await self.tab.session.send("Page.getFrameTree"))["frameTree"]
        except BrowserError:
            return []
        branches = [tree]
        for branch in branches:
            branches.extend(branch.get("childFrames", ()))
        return [branch["frame"] for branch in branches]

    async def _names(self, ids: list[str]) -> list[str]:
        told = [frame for frame in await self._frames() if frame["id"] in ids]
        return [name for frame in told for name in (frame["url"], frame.get("name")) if name]
