"""Chromium: finding it, starting it, and pages with their DevTools sessions. Playwright and Pillow live here alone.

What fails on the browser's side, a closed page or a refused command, is a `BrowserError`; the callers, which have
other pages to think of, decide what that means.
"""

import asyncio
import base64
import io
import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self, cast

from PIL import Image
from playwright.async_api import Browser, BrowserContext, CDPSession, Page, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from archiver.errors import ArchiverError, PartMissing
from archiver.session import NOBODY
from archiver.session import Session as Reader

WIDTH, HEIGHT = 1280, 900
"""The viewport of every page, in CSS pixels."""
TALLEST = 16384
"""Pixels; Chromium paints no surface that is higher."""
THUMBNAIL_WIDTH = 480

SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome")
REMEDY = "Install one (Debian: apt install chromium; elsewhere: playwright install chromium), or set ARCHIVER_CHROMIUM."
ELSEWHERE = "Sign in with a browser elsewhere, and bring its cookies with: archiver profile import NAME FILE"
NOWHERE = "socks5://127.0.0.1:9"
"""The proxy of traffic that belongs to no page: nobody listens at the discard port."""

ARGUMENTS = (
    "--disable-quic",
    "--disable-site-isolation-trials",  # cross-site frames stay on the page's session, with all their headers
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # names are looked up at the far end of the proxy only
    "--disable-background-networking",
    "--disable-domain-reliability",
)

Event = dict[str, Any]


class BrowserError(ArchiverError):
    """The browser or one of its pages went away, or refused a command."""


def find_chromium(environment: Mapping[str, str] = os.environ) -> Path:
    """The browser to use: what ARCHIVER_CHROMIUM names, else the system's, else the one that Playwright installed.

    Raises `PartMissing` if there is none, or if the variable names something that cannot be run.
    """
    wanted = environment.get("ARCHIVER_CHROMIUM")
    for candidate in [wanted] if wanted else [*SYSTEM_NAMES, *_installed_by_playwright(environment)]:
        if found := shutil.which(candidate, path=environment.get("PATH")):
            return Path(found)
    if wanted:
        raise PartMissing("The browser", f"ARCHIVER_CHROMIUM names {wanted}, which cannot be run", REMEDY)
    raise PartMissing("A browser", "no Chromium was found", REMEDY)


def _installed_by_playwright(environment: Mapping[str, str]) -> list[str]:
    """Full Chromiums in Playwright's folder, the newest first. (Playwright itself takes half a second to say.)"""
    cache = Path(environment.get("HOME", "/nonexistent"), ".cache", "ms-playwright")
    folder = Path(environment.get("PLAYWRIGHT_BROWSERS_PATH") or cache)
    found = [
        (int(path.parts[-3].rpartition("-")[2]), str(path)) for path in folder.glob("chromium-[0-9]*/chrome-*/chrome")
    ]
    return [path for _, path in sorted(found, reverse=True)]


class Session:
    """A Chrome DevTools Protocol session, of the browser or of a page."""

    def __init__(self, session: CDPSession) -> None:
        self._session = session

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Do a command and give its result; `BrowserError` if it is refused or its target is gone."""
        try:
            return cast(dict[str, Any], await self._session.send(method, parameters))
        except PlaywrightError as error:
            raise BrowserError(f"The browser refused {method}: {_first_line(error)}.") from error

    def on(self, event: str, handler: Callable[[Event], None]) -> None:
        """Call `handler` with the parameters of each such event."""
        self._session.on(event, handler)


class Tab:
    """A page in a context of its own: no cookies, storage or cache but what this visit itself makes."""

    def __init__(self, page: Page, session: Session, target: dict[str, Any]) -> None:
        self.session = session
        self.target_id: str = target["targetId"]
        """Also the id of the page's main frame."""
        self.context_id: str = target["browserContextId"]
        self.gone: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Done, with the plain reason, when the page crashed or its browser ended."""
        self.popups = 0
        self._page = page
        self._closing: set[asyncio.Task[None]] = set()
        page.on("crash", lambda _page: self._end("the page crashed the browser's renderer"))
        page.on("close", lambda _page: self._end("the browser ended"))
        page.context.on("page", self._close_popup)

    def _end(self, why: str) -> None:
        if not self.gone.done():
            self.gone.set_result(why)

    def _close_popup(self, popup: Page) -> None:
        """Windows that scripts open are not the page, and could hold the visit for ever."""
        self.popups += 1
        task = asyncio.ensure_future(_quietly(popup.close()))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def go(self, url: str, seconds: float) -> str:
        """Navigate and wait until a document begins; gives "" or Chromium's reason, such as `ERR_ABORTED`."""
        try:
            await self._page.goto(url, wait_until="commit", timeout=seconds * 1000)
        except PlaywrightTimeout:
            return "ERR_TIMED_OUT"
        except PlaywrightError as error:
            return _error_name(error)
        return ""

    async def loaded(self, seconds: float) -> bool:
        """Wait for the load event of the current document; False if it did not come in time."""
        try:
            await self._page.wait_for_load_state("load", timeout=max(seconds, 0.001) * 1000)
        except PlaywrightError:
            return False
        return True

    async def evaluate(self, frame: str, expression: str) -> Any:
        """The JSON value of a JavaScript expression (promises awaited), run beside the page's own scripts.

        It sees the document of `frame` but none of its scripts' objects, so that no page can lie to it.
        Raises `BrowserError` if it throws or the frame is gone.
        """
        world = await self.session.send("Page.createIsolatedWorld", frameId=frame, worldName="archiver")
        result = await self.session.send(
            "Runtime.evaluate",
            expression=expression,
            contextId=world["executionContextId"],
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        if thrown := result.get("exceptionDetails"):
            raise BrowserError(f"A script of ours failed in the page: {thrown.get('text')} {thrown.get('exception')}")
        return result["result"].get("value")

    async def frames(self) -> list[str]:
        """Ids of the page's frames, the main one first."""
        tree = (await self.session.send("Page.getFrameTree"))["frameTree"]
        found, branches = [], [tree]
        for branch in branches:
            found.append(branch["frame"]["id"])
            branches.extend(branch.get("childFrames", ()))
        return found

    async def resize(self, height: int) -> None:
        """Make the viewport `height` CSS pixels high."""
        try:
            await self._page.set_viewport_size({"width": WIDTH, "height": height})
        except PlaywrightError as error:
            raise BrowserError(f"The page cannot be resized: {_first_line(error)}.") from error

    async def screenshot(self) -> bytes:
        """The viewport as it is now, as PNG."""
        shot = await self.session.send("Page.captureScreenshot", format="png", optimizeForSpeed=True)
        return base64.b64decode(shot["data"])

    async def close(self) -> None:
        """Close the page and its context; nothing of them is left."""
        await _quietly(self._page.context.close())


class Chromium:
    """A running browser; `tab()` gives pages. Make it with `launch`, end it with `close`."""

    def __init__(self, playwright: Playwright, browser: Browser, session: Session, user_agent: str) -> None:
        self.session = session
        """The browser's own session: its `Fetch` domain sees the requests of all pages, frames and workers."""
        self.user_agent = user_agent
        self.agents = (f"Chromium/{browser.version}", f"playwright/{version('playwright')}")
        self._playwright, self._browser = playwright, browser

    @classmethod
    async def launch(cls, home: Path | None = None) -> Self:
        """Start a browser, with another home folder if given. Raises `PartMissing` if none can be started."""
        playwright = await async_playwright().start()
        try:
            path = find_chromium()
            browser = await playwright.chromium.launch(
                executable_path=path,
                args=ARGUMENTS,
                ignore_default_args=["--disable-popup-blocking"],
                chromium_sandbox=os.geteuid() != 0,  # Chromium's sandbox refuses to serve root
                env={**os.environ, "HOME": str(home)} if home else None,
                proxy={"server": NOWHERE, "bypass": "<-loopback>"},
                handle_sigint=False,
            )
            session = Session(await browser.new_browser_cdp_session())
            # Headless or not is our affair; many sites show readers of "HeadlessChrome" a wall instead of the article.
            user_agent = str((await session.send("Browser.getVersion"))["userAgent"]).replace("Headless", "")
        except PlaywrightError as error:
            await playwright.stop()
            raise PartMissing("A working browser", f"{path} did not start ({_first_line(error)})", REMEDY) from error
        except BaseException:
            await playwright.stop()
            raise
        return cls(playwright, browser, session, user_agent)

    @property
    def connected(self) -> bool:
        """False once the browser has ended, by its own fault or by `close`."""
        return self._browser.is_connected()

    async def tab(
        self, proxy_port: int, reader: Reader = NOBODY, headers: Mapping[str, str] = MappingProxyType({})
    ) -> Tab:
        """A fresh page whose traffic, all of it, goes through the SOCKS5 proxy at this loopback port.

        It has the cookies and the local storage that the reader's profile has, and those of no other page.
        `headers` stand in its requests in place of the browser's own.
        """
        try:
            context: BrowserContext = await self._browser.new_context(
                viewport={"width": WIDTH, "height": HEIGHT},
                user_agent=reader.user_agent or self.user_agent,
                storage_state={"cookies": cast(Any, [cookie.as_json() for cookie in reader.cookies])},
                accept_downloads=False,
                extra_http_headers=dict(headers),
                proxy={"server": f"socks5://127.0.0.1:{proxy_port}", "bypass": "<-loopback>"},
            )
            if reader.storage:
                await context.add_init_script(_storing(reader.storage))
            page = await context.new_page()
            session = Session(await context.new_cdp_session(page))
        except PlaywrightError as error:
            raise BrowserError(f"The browser opens no page: {_first_line(error)}.") from error
        return Tab(page, session, (await session.send("Target.getTargetInfo"))["targetInfo"])

    async def close(self) -> None:
        """End the browser and Playwright's helper process."""
        await _quietly(self._browser.close())
        await self._playwright.stop()


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


def thumbnail(png: bytes) -> bytes:
    """A JPEG, `THUMBNAIL_WIDTH` pixels wide, of a PNG screenshot."""
    with Image.open(io.BytesIO(png)) as picture:
        height = max(1, round(picture.height * THUMBNAIL_WIDTH / picture.width))
        small = picture.convert("RGB").resize((THUMBNAIL_WIDTH, height), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=80, optimize=True)
    return out.getvalue()


def _storing(storage: Mapping[str, Mapping[str, str]]) -> str:
    """A script, run before any of the page's, that fills the local storage of these origins where it is empty.

    (Playwright would visit each origin for it, on a page that the recording takes for a stranger's.)
    """
    return f"""(() => {{
  try {{
    const values = {json.dumps(storage)}[location.origin];
    if (values && !localStorage.length) for (const name in values) localStorage.setItem(name, values[name]);
  }} catch {{ /* this frame has no storage */ }}
}})()"""


async def _quietly(closing: Any) -> None:
    """Close something that may be gone already."""
    try:
        await closing
    except PlaywrightError:
        pass


def _first_line(error: PlaywrightError) -> str:
    return error.message.partition("\n")[0].rstrip(".")


def _error_name(error: PlaywrightError) -> str:
    """Chromium's name for why a navigation failed."""
    if "Download is starting" in error.message:
        return "ERR_ABORTED"
    _, mark, rest = error.message.partition("net::")
    return rest.split()[0] if mark else _first_line(error)
