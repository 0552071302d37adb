"""Looking at the finished page as a reader would: the facts that its verdict is judged by."""

import asyncio
from functools import cache
from importlib.resources import files
from typing import Any

from archiver.browser import BrowserError, Tab
from archiver.engines.browser.pictures import TO_TOP
from archiver.model import PageFacts
from archiver.verdict import count_words, page_facts

SECONDS = 5.0
FRAMES = 12
"""So many frames are read, where it is they that cover the page or make it up."""
FEW_WORDS = 60
IN_FRAME = """({
  text: (document.body?.innerText ?? "").slice(0, 3000), login_form: Boolean(document.querySelector("[type=password]")),
})"""


@cache
def _script() -> str:
    return (files("archiver.engines.browser") / "facts.js").read_text("utf-8").partition("*/")[2].strip()


async def look(tab: Tab, reasons: list[str]) -> PageFacts | None:
    """The facts of the tab's page as it stands, scrolled to its top; None if it is no HTML.

    None, too, if it cannot be looked at, which is then named in `reasons`.
    """
    try:
        seen = await asyncio.wait_for(_look(tab), SECONDS)
    except (BrowserError, TimeoutError):
        reasons.append("what the page shows could not be judged")
        return None
    if seen is None:
        return None
    del seen["framed"]
    story = seen.pop("story")
    return page_facts(rendered=True, main_words=count_words(story), **seen)


async def _look(tab: Tab) -> dict[str, Any] | None:
    await tab.evaluate(tab.target_id, TO_TOP)
    seen: dict[str, Any] | None = await tab.evaluate(tab.target_id, f"({_script()})()")
    if seen and (seen["framed"] or count_words(seen["text"]) < FEW_WORDS):
        place = "overlay" if seen["framed"] else "text"
        for frame in (await tab.frames())[1 : FRAMES + 1]:
            try:
                inside = await tab.evaluate(frame, IN_FRAME)
            except BrowserError:
                continue  # it went away
            seen[place] += f"\n{inside['text']}"
            seen["login_form"] |= inside["login_form"]
    return seen
