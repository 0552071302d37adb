"""What is made from the page when it stands: screenshots and its text.

The full page is a screenshot with a viewport as high as the page: that way everything is painted, frames of other
sites too, and what sticks to the screen is there once. A page may ask for more when it is stretched so; therefore
`stretch` is a step of its own, after which the page's requests are waited for.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Literal, TypeVar

from archiver.browser import HEIGHT, TALLEST, BrowserError, Tab, thumbnail
from archiver.model import Resource, new_body, now

SHOT_SECONDS = 10.0
PAINTED = (
    "new Promise(done => { requestAnimationFrame(() => requestAnimationFrame(() => done())); setTimeout(done, 300); })"
)
TO_TOP = f"(scrollTo({{ top: 0, behavior: 'instant' }}), {PAINTED})"
PAGE_HEIGHT = "Math.max(document.documentElement.scrollHeight, document.body?.scrollHeight ?? 0)"
TEXT = "document.body?.innerText ?? ''"

T = TypeVar("T")


async def stretch(tab: Tab, reasons: list[str]) -> bytes | None:
    """Make the viewport as high as the page; gives the picture of the first screen, taken before."""
    view = await _made("view", _first_screen(tab), reasons)
    await _made("full page", _grow(tab, reasons), reasons)
    return view


async def products(tab: Tab, about: str, view: bytes | None, reasons: list[str]) -> AsyncIterator[Resource]:
    """The screenshots `view`, `fullPage` and `thumbnail`, and `text`, of a page that was stretched.

    What cannot be made is named in `reasons`.
    """
    if view:
        shrinking = asyncio.ensure_future(asyncio.to_thread(thumbnail, view))
        yield _resource("view", about, "image/png", view)
    if full := await _made("full page", _whole(tab), reasons):
        yield _resource("fullPage", about, "image/png", full)
    if view:
        yield _resource("thumbnail", about, "image/jpeg", await shrinking)
    text = await _made("text", tab.evaluate(tab.target_id, TEXT), reasons)
    if text is not None:
        yield _resource("text", about, "text/plain; charset=utf-8", str(text).encode("utf-8", "replace"))


async def _made(what: str, making: Awaitable[T], reasons: list[str]) -> T | None:
    try:
        return await asyncio.wait_for(making, SHOT_SECONDS)
    except (BrowserError, TimeoutError):
        reasons.append(f"no {what} could be made")
        return None


async def _first_screen(tab: Tab) -> bytes:
    await tab.evaluate(tab.target_id, TO_TOP)
    return await tab.screenshot()


async def _grow(tab: Tab, reasons: list[str]) -> None:
    height = int(await tab.evaluate(tab.target_id, PAGE_HEIGHT))
    if height > TALLEST:
        reasons.append(f"the page is {height} pixels high; its picture ends at {TALLEST}")
    await tab.resize(max(HEIGHT, min(height, TALLEST)))
    await tab.evaluate(tab.target_id, PAINTED)


async def _whole(tab: Tab) -> bytes:
    await tab.evaluate(tab.target_id, PAINTED)
    return await tab.screenshot()


def _resource(
    name: Literal["view", "fullPage", "thumbnail", "text"], about: str, media_type: str, content: bytes
) -> Resource:
    return Resource(name, about, media_type, new_body(content), now())
