"""A window in which a person signs in; its cookies become a profile. Playwright lives here alone."""

import asyncio
import os
import sys
from contextlib import suppress
from typing import Any

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import async_playwright

from archiver.browser.devtools import BrowserError
from archiver.browser.installed import find_chromium
from archiver.errors import PartMissing

ELSEWHERE = "Sign in with a browser elsewhere, and bring its cookies with: archiver profile import NAME FILE"


async def sign_in(url: str, said: asyncio.Event) -> dict[str, Any]:
    """Show a browser at `url` until its window is closed or the word is `said`.

    Gives Playwright's storage state and the `userAgent`. It goes to the network as any browser does. Raises
    `PartMissing` if no window can be shown, `BrowserError` if it ended before its cookies could be read.
    """
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise PartMissing("A display", "there is none to show a browser on", ELSEWHERE)
    async with async_playwright() as playwright:
        try:
            sandbox = os.geteuid() != 0
            browser = await playwright.chromium.launch(
                executable_path=find_chromium(), headless=False, chromium_sandbox=sandbox, handle_sigint=False
            )
        except PlaywrightError as error:
            raise PartMissing("A working browser", f"it did not start ({_first_line(error)})", ELSEWHERE) from error
        try:
            context = await browser.new_context(no_viewport=True)
            page = await context.new_page()
            page.on("close", lambda _page: said.set())
            user_agent = str(await page.evaluate("navigator.userAgent"))
            with suppress(PlaywrightError):  # an error page is shown; another address may be typed
                await page.goto(url, wait_until="commit")
            await said.wait()
            return {**await context.storage_state(), "userAgent": user_agent}
        except PlaywrightError as error:
            why = f"The browser ended before its cookies could be read ({_first_line(error)})."
            raise BrowserError(
                why, "Close its last window rather than the whole browser, or press Enter here."
            ) from error
        finally:
            await _quietly(browser.close())


async def _quietly(closing: Any) -> None:
    """Close something that may be gone already."""
    with suppress(PlaywrightError):
        await closing


def _first_line(error: PlaywrightError) -> str:
    return error.message.partition("\n")[0].rstrip(".")
