"""A page of the browser, in a context of its own."""

import asyncio
import base64
import json
from collections.abc import Coroutine, Mapping
from typing import Any

from archiver.browser.devtools import BrowserError, Event, Session
from archiver.session import Session as Reader

WIDTH, HEIGHT = 1280, 900
"""The viewport of every page, in CSS pixels."""
TALLEST = 16384
"""Pixels; Chromium paints no surface that is higher."""


class Tab:
    """A page with no cookies, storage or cache but what this visit itself makes, and what its reader brought."""

    def __init__(self, browser: Session, session: Session, target_id: str, context_id: str) -> None:
        """`browser` is the browser's own session, `session` the page's."""
        self.session = session
        self.target_id = target_id
        """Also the id of the page's main frame."""
        self.context_id = context_id
        self.gone: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Done, with the plain reason, when the page crashed or its browser ended."""
        self.popups = 0
        self._browser = browser
        self._documents: set[str] = set()
        self._committed, self._loaded = asyncio.Event(), asyncio.Event()
        self._tasks: set[asyncio.Task[dict[str, Any]]] = set()
        session.closed.add_done_callback(lambda _closed: self.end("the browser ended"))
        session.on("Page.frameNavigated", self._navigated)
        session.on("Page.loadEventFired", lambda _event: self._loaded.set())
        session.on("Page.javascriptDialogOpening", self._dismiss)
        session.on("Inspector.targetCrashed", lambda _event: self.end("the page crashed the browser's renderer"))

    def end(self, why: str) -> None:
        """The page is no more."""
        if not self.gone.done():
            self.gone.set_result(why)

    def meet(self, target: dict[str, Any]) -> None:
        """A target of this page's context: windows that scripts open are not the page, and are closed.

        They could hold the visit for ever.
        """
        if target["type"] == "page" and target["targetId"] != self.target_id and not target.get("subtype"):
            self.popups += 1
            self._do(self._browser, "Target.closeTarget", targetId=target["targetId"])

    async def prepare(self, reader: Reader, headers: Mapping[str, str]) -> None:
        """Make it a page as `reader` sees it, at the front of a screen of its own."""
        send = self.session.send
        light = [{"name": "prefers-color-scheme", "value": "light"}]
        commands: list[Coroutine[Any, Any, Any]] = [
            send("Page.enable"),
            send("Emulation.setFocusEmulationEnabled", enabled=True),
            send("Emulation.setEmulatedMedia", features=light),
            self.resize(HEIGHT),
            self._browser.send("Browser.setDownloadBehavior", behavior="deny", browserContextId=self.context_id),
        ]
        if headers:
            commands.append(send("Network.setExtraHTTPHeaders", headers=dict(headers)))
        if reader.cookies:
            cookies = [cookie.as_parameter() for cookie in reader.cookies]
            commands.append(self._browser.send("Storage.setCookies", cookies=cookies, browserContextId=self.context_id))
        if reader.storage:
            commands.append(send("Page.addScriptToEvaluateOnNewDocument", source=_storing(reader.storage)))
        await asyncio.gather(*commands)

    async def go(self, url: str, seconds: float) -> str:
        """Navigate and wait until a document begins; gives "" or Chromium's reason, such as `ERR_ABORTED`."""
        try:
            async with asyncio.timeout(seconds):
                told = await self.session.send("Page.navigate", url=url)
                if error := told.get("errorText"):
                    return str(error).removeprefix("net::")
                while told.get("loaderId", "") not in {"", *self._documents}:
                    self._committed.clear()
                    await self._committed.wait()
        except TimeoutError:
            return "ERR_TIMED_OUT"
        return ""

    async def loaded(self, seconds: float) -> bool:
        """Wait for the load event of the current document; False if it did not come in time."""
        try:
            await asyncio.wait_for(self._loaded.wait(), max(seconds, 0.001))
        except TimeoutError:
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
        await self.session.send(
            "Emulation.setDeviceMetricsOverride",
            width=WIDTH,
            height=height,
            screenWidth=WIDTH,
            screenHeight=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    async def screenshot(self) -> bytes:
        """The viewport as it is now, as PNG."""
        shot = await self.session.send("Page.captureScreenshot", format="png", optimizeForSpeed=True)
        return base64.b64decode(shot["data"])

    async def close(self) -> None:
        """Close the page and its context; nothing of them is left."""
        try:
            await self._browser.send("Target.disposeBrowserContext", browserContextId=self.context_id)
        except BrowserError:
            pass  # it is gone already
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _navigated(self, event: Event) -> None:
        """A new document, of which nothing has loaded yet."""
        if event["frame"]["id"] == self.target_id:
            self._documents.add(event["frame"]["loaderId"])
            self._loaded.clear()
            self._committed.set()

    def _dismiss(self, event: Event) -> None:
        """Nobody is there to answer; but a page that does not want to be left is left."""
        self._do(self.session, "Page.handleJavaScriptDialog", accept=event["type"] == "beforeunload")

    def _do(self, session: Session, method: str, **parameters: Any) -> None:
        """Send a command whose answer nobody waits for."""
        task = asyncio.ensure_future(session.send(method, **parameters))
        self._tasks.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: "asyncio.Task[dict[str, Any]]") -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # what it was for is gone already


def _storing(storage: Mapping[str, Mapping[str, str]]) -> str:
    """A script, run before any of the page's, that fills the local storage of these origins where it is empty."""
    return f"""(() => {{
  try {{
    const values = {json.dumps(storage)}[location.origin];
    if (values && !localStorage.length) for (const name in values) localStorage.setItem(name, values[name]);
  }} catch {{ /* this frame has no storage */ }}
}})()"""
