"""Running the behaviours of `archiver/behaviors/` in a page. Their contract is that folder's README."""

import asyncio
import json
import time
from collections import Counter
from functools import cache
from importlib.resources import files

from archiver.browser import BrowserError, Tab

GRACE = 2.0
"""Seconds beyond its end that a behaviour gets before it is given up."""


@cache
def source(name: str) -> str:
    """The text of a behaviour."""
    return (files("archiver") / "behaviors" / f"{name}.js").read_text("utf-8").strip()


async def behave(tab: Tab, seconds: float) -> tuple[dict[str, int], list[str]]:
    """Do as a reader would, for at most `seconds`; gives counts of what was done and reasons of what was not."""
    until, counts, reasons = time.monotonic() + seconds, Counter[str](), list[str]()

    async def run(name: str, frame: str) -> None:
        left = until - time.monotonic()
        if left <= 0:
            return
        options = json.dumps({"until": (time.time() + left) * 1000})
        try:
            told = await asyncio.wait_for(tab.evaluate(frame, f"({source(name)})({options})"), left + GRACE)
        except (BrowserError, TimeoutError):
            if frame == tab.target_id:
                reasons.append(f"the behaviour {name} did not come to its end")
        else:
            counts.update({key: int(value) for key, value in told.items()})

    async def read() -> None:
        await run("scroll", tab.target_id)
        await run("more", tab.target_id)
        if counts["more_clicks"]:
            await run("scroll", tab.target_id)

    async def play() -> None:
        await asyncio.gather(*(run("media", frame) for frame in await tab.frames()))

    await asyncio.gather(read(), play())  # films are long: they are asked for at once
    await play()  # those that have come since
    if counts["more_left"]:
        reasons.append(f"{counts['more_left']} buttons for more were left unpressed")
    return dict(counts), reasons
