"""The browser: started headless with a fixed set of switches, and the pages that it opens."""

import asyncio
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Self

from archiver.browser.devtools import BrowserError, Event
from archiver.browser.installed import REMEDY, find_chromium
from archiver.browser.process import Process
from archiver.browser.tab import Tab
from archiver.errors import PartMissing
from archiver.session import NOBODY
from archiver.session import Session as Reader

STARTING = 30.0
"""Seconds that the browser may take to answer."""
NOWHERE = "socks5://127.0.0.1:9"
"""The proxy of traffic that belongs to no page: nobody listens at the discard port."""
PLATFORM = "Macintosh; Intel Mac OS X 10_15_7" if sys.platform == "darwin" else "X11; Linux x86_64"
"""What all Chromiums of a system say of it, whatever its version and processor (User-Agent reduction)."""

UNWANTED = (
    "WebUIOmniboxPopup",  # the suggestions under an address bar that nobody sees: a process with two pages,
    "WebUIOmniboxAimPopup",  # made for each of ours; they took as much time as a plain article, and 80 MB
    "AutofillServerCommunication",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
    "DestroyProfileOnBrowserClose",
)
"""Features of Chromium that are switched off."""

ARGUMENTS = (
    # No network traffic but that of pages, and theirs through the tunnel alone.
    f"--proxy-server={NOWHERE}",
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # names are looked up at the far end of the proxy only
    "--disable-quic",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
    "--no-pings",
    "--metrics-recording-only",
    # A page is what it is for a reader who looks at it, however many others there are.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-ipc-flooding-protection",
    "--disable-back-forward-cache",
    "--disable-site-isolation-trials",  # cross-site frames stay on the page's session, with all their headers
    "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4",  # a mouse
    "--enable-unsafe-swiftshader",  # WebGL, without a graphics card
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--mute-audio",
    # Nothing of a browser's own.
    "--headless",
    "--no-startup-window",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-service-autorun",
    "--disable-breakpad",
    "--disable-component-extensions-with-background-pages",
    "--disable-dev-shm-usage",
    "--disable-hang-monitor",
    "--disable-prompt-on-repost",
    "--disable-search-engine-choice-screen",
    "--password-store=basic",
    "--use-mock-keychain",
    "--enable-features=CDPScreenshotNewSurface",  # screenshots of a page that is higher than any screen
    f"--disable-features={','.join(UNWANTED)}",
)
"""What Chromium is started with; https://peter.sh/experiments/chromium-command-line-switches/ explains them."""


class Chromium:
    """A running browser; `tab()` gives pages. Make it with `launch`, end it with `close`."""

    def __init__(self, process: Process, product: str, user_agent: str) -> None:
        self.session = process.connection.browser
        """The browser's own session: its `Fetch` domain sees the requests of all pages, frames and workers."""
        self.user_agent = user_agent
        self.agents = (product.replace("Headless", "").replace("Chrome/", "Chromium/"),)
        self._process = process
        self._tabs: dict[str, Tab] = {}
        self.session.on("Target.targetCreated", self._met)

    @classmethod
    async def launch(cls, home: Path | None = None, user_agent: str = "") -> Self:
        """Start a browser, with another home folder or user agent if given.

        Raises `PartMissing` if none can be started.
        """
        program = find_chromium()
        sandbox = () if os.geteuid() else ("--no-sandbox",)  # Chromium's sandbox refuses to serve root
        environment = {**os.environ, "HOME": str(home)} if home else os.environ
        # Headless or not is our affair; many sites show readers of "HeadlessChrome" a wall instead of the article.
        agent = user_agent or await _ordinary_agent(program)
        try:
            process = await Process.start(program, [*ARGUMENTS, *sandbox, f"--user-agent={agent}"], environment)
        except OSError as error:
            raise _broken(program, error.strerror or str(error)) from error
        try:
            async with asyncio.timeout(STARTING):
                version = await process.connection.browser.send("Browser.getVersion")
                chromium = cls(process, version["product"], agent)
                await chromium.session.send("Target.setDiscoverTargets", discover=True, filter=[{}])
        except (BrowserError, TimeoutError) as error:
            why = process.last_words() or "it ended at once"
            await process.end()
            raise _broken(program, why) from error
        except BaseException:
            await process.end()
            raise
        return chromium

    @property
    def connected(self) -> bool:
        """False once the browser has ended, by its own fault or by `close`."""
        return not self.session.closed.done()

    async def tab(self, proxy: str, reader: Reader = NOBODY, headers: Mapping[str, str] = MappingProxyType({})) -> Tab:
        """A fresh page whose traffic, all of it, goes through `proxy`, named as Chromium does.

        It has the cookies and the local storage that the reader's profile has, and those of no other page.
        `headers` stand in its requests in place of the browser's own.
        """
        do, bypass = self.session.send, "<-loopback>"  # nothing, that is; Chromium spares loopback by itself
        made = await do("Target.createBrowserContext", disposeOnDetach=True, proxyServer=proxy, proxyBypassList=bypass)
        context: str = made["browserContextId"]
        opened = await do("Target.createTarget", url="about:blank", browserContextId=context)
        attached = await do("Target.attachToTarget", targetId=opened["targetId"], flatten=True)
        session = self._process.connection.session(attached["sessionId"])
        tab = self._tabs[context] = Tab(self.session, session, opened["targetId"], context)
        session.closed.add_done_callback(lambda _closed: self._tabs.pop(context, None))
        await tab.prepare(reader, headers)
        return tab

    async def close(self) -> None:
        """End the browser; nothing of it is left."""
        await self._process.end()

    def _met(self, event: Event) -> None:
        """Something has been opened, perhaps by a page."""
        if tab := self._tabs.get(event["targetInfo"].get("browserContextId", "")):
            tab.meet(event["targetInfo"])


async def _ordinary_agent(program: Path) -> str:
    """What the browser calls itself before a reader; asked from the program, as every start needs it."""
    try:
        asking = await asyncio.create_subprocess_exec(
            program, "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        told, _ = await asyncio.wait_for(asking.communicate(), STARTING)
    except (OSError, TimeoutError) as error:
        raise _broken(program, getattr(error, "strerror", "") or "it does not tell its version") from error
    version = re.search(rb"\d+(?=\.\d+\.)", told)
    if not version:
        raise _broken(program, "it does not tell its version")
    product = f"Chrome/{version[0].decode()}.0.0.0"
    return f"Mozilla/5.0 ({PLATFORM}) AppleWebKit/537.36 (KHTML, like Gecko) {product} Safari/537.36"


def _broken(program: Path, why: str) -> PartMissing:
    return PartMissing("A working browser", f"{program} did not start ({why.rstrip('.')})", REMEDY)
