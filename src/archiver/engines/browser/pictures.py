"""What is made from the page when it stands: screenshots and its text."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from archiver.browser import HEIGHT, TALLEST, BrowserError, Tab, thumbnail
from archiver.model import Resource, new_body, now

SHOT_SECONDS = 10.0
PAINTED = (
    "new Promise(done => { requestAnimationFrame(() => requestAnimationFrame(() => done())); setTimeout(done, 300); })"
)
TO_TOP = f"(scrollTo({{ top: 0, behavior: 'instant' }}), {PAINTED})"
PAGE_HEIGHT = "Math.max(document.documentElement.scrollHeight, document.body?.scrollHeight ?? 0)"
TEXT = "document.body?.innerText ?? ''"
PICTURES_DONE = """(async () => {
  const end = Date.now() + 2000;
  while (Date.now() < end && [...document.images].some(image => !image.complete)) {
    await new Promise(done => setTimeout(done, 25));
  }
})()"""


async def products(tab: Tab, about: str, reasons: list[str]) -> AsyncIterator[Resource]:
    """The screenshots `view`, `thumbnail` and `fullPage`, and `text`; what cannot be made is named in `reasons`.

    The full page is a screenshot with a viewport as high as the page: that way everything is painted, frames of other
    sites too, and what sticks to the screen is there once.
    """

    async def made(what: str, making: Any) -> Any:
        try:
            return await asyncio.wait_for(making, SHOT_SECONDS)
        except (BrowserError, TimeoutError):
            reasons.append(f"no {what} could be made")
            return None

    if view := await made("view", _view(tab)):
        yield Resource("view", about, "image/png", new_body(view), now())
        shrinking = asyncio.ensure_future(asyncio.to_thread(thumbnail, view))
    if full := await made("full page", _full_page(tab, reasons)):
        yield Resource("fullPage", about, "image/png", new_body(full), now())
    if view:
        yield Resource("thumbnail", about, "image/jpeg", new_body(await shrinking), now())
    text = await made("text", tab.evaluate(tab.target_id, TEXT))
    if text is not None:
        yield Resource(
            "text", about, "text/plain; charset=utf-8", new_body(str(text).encode("utf-8", "replace")), now()
        )


async def _view(tab: Tab) -> bytes:
    await tab.evaluate(tab.target_id, TO_TOP)
    return await tab.screenshot()


async def _full_page(tab: Tab, reasons: list[str]) -> bytes:
    height = int(await tab.evaluate(tab.target_id, PAGE_HEIGHT))
    if height > TALLEST:
        reasons.append(f"the page is {height} pixels high; its picture ends at {TALLEST}")
    await tab.resize(max(HEIGHT, min(height, TALLEST)))
    await tab.evaluate(tab.target_id, f"{PAINTED}.then(() => {PICTURES_DONE}).then(() => {PAINTED})")
    return await tab.screenshot()
