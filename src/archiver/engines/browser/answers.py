"""What behaviours cannot see for themselves, and ask the engine about while they run (`ask` in `behaviors/page.js`)."""

import asyncio
import json
import time
from typing import Any, Protocol

from archiver.browser import BrowserError, Event, Tab
from archiver.engines.browser.network import NetworkLog
from archiver.engines.browser.sheets import Sheets

LATELY = 5.0
"""Seconds after which what scripts asked for is waited for no more: it is a connection kept open for news."""
PICTURES, PICTURE_BYTES = 1000, 256 << 20
"""Of one page, so many pictures are fetched beyond those that it shows, up to this size in all."""
ASK = "archiverAsk"
"""The function that behaviours call with a question in JSON; the page's own scripts do not have it."""


class Watched(Protocol):
    """A page whose traffic is known: one that is being recorded, or one in replay."""

    tab: Tab
    log: NetworkLog
    sheets: Sheets
    picture_bytes: int
    """Of all pictures that came."""

    def asking(self, seconds: float) -> bool:
        """Whether scripts wait for what they asked for in the last `seconds`."""
        ...


class Answers:
    """Answers to the behaviours of one page, in all its frames."""

    def __init__(self, recording: Watched) -> None:
        self.pictures_left = 0
        """Pictures for which there was no room."""
        self._recording, self._send = recording, recording.tab.session.send
        self._claimed: set[str] = set()
        self._before = recording.picture_bytes
        self._tasks: set[asyncio.Task[None]] = set()

    async def begin(self) -> None:
        """Take questions from now on."""
        self._recording.tab.session.on("Runtime.bindingCalled", self._take)
        await self._send("Runtime.enable")  # or else no context is given the function
        await self._send("Runtime.addBinding", name=ASK, executionContextName="archiver")

    async def end(self) -> None:
        """Take no more questions."""
        await self._send("Runtime.disable")

    def _take(self, event: Event) -> None:
        if event["name"] == ASK:
            task = asyncio.ensure_future(self._answer(event["executionContextId"], json.loads(event["payload"])))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, context: int, question: dict[str, Any]) -> None:
        value = question["value"]
        try:
            match question["kind"]:
                case "answered":
                    answer: Any = await self._answered(value / 1000)
                case "pictures":
                    answer = self._wanted(value)
                case "sheets":
                    answer = self._recording.sheets.texts(value)
                case _:
                    answer = await self._show_closed(context)
            told = f"archiver.answer({question['id']}, {json.dumps(answer)})"
            await self._send("Runtime.evaluate", expression=told, contextId=context)
        except BrowserError:
            pass  # the frame is gone, and nobody waits any more

    async def _answered(self, seconds: float) -> bool:
        """Wait while scripts wait for what they asked for lately; tells whether they did."""
        end, waited = time.monotonic() + seconds, False
        while self._recording.asking(LATELY) and time.monotonic() < end:
            waited = True
            await asyncio.sleep(0.02)
        return waited

    def _wanted(self, urls: list[str]) -> list[str]:
        """Those of the pictures that the page has not asked for, as far as there is room for them."""
        known = self._claimed | self._recording.log.urls
        fresh = [url for url in urls if url not in known]
        full = self._recording.picture_bytes - self._before > PICTURE_BYTES
        room = 0 if full else PICTURES - len(self._claimed)
        self._claimed.update(fresh[:room])
        self.pictures_left += len(fresh[room:])
        return fresh[:room]

    async def _show_closed(self, context: int) -> int:
        """Give behaviours the closed shadow roots of the elements in `archiver.hosts`; tells how many there are."""
        array = await self._send("Runtime.evaluate", expression="archiver.hosts", contextId=context)
        listed = await self._send("Runtime.getProperties", objectId=array["result"]["objectId"], ownProperties=True)
        hosts = [item["value"]["objectId"] for item in listed["result"] if item["name"].isdigit()]
        nodes = await asyncio.gather(*(self._send("DOM.describeNode", objectId=host) for host in hosts))
        roots = [root for node in nodes for root in node["node"].get("shadowRoots", ())]
        closed = [root["backendNodeId"] for root in roots if root["shadowRootType"] == "closed"]
        places = [{"backendNodeId": root, "executionContextId": context} for root in closed]
        found = await asyncio.gather(*(self._send("DOM.resolveNode", **place) for place in places))
        await self._send(
            "Runtime.callFunctionOn",
            functionDeclaration="function(...roots) { archiver.closed.push(...roots); }",
            executionContextId=context,
            arguments=[{"objectId": one["object"]["objectId"]} for one in found],
        )
        return len(found)
