"""One router per browser: it holds every answer of every page until it is read, and knows whose it is.

`Fetch` on the browser's own session sees the requests of all pages, frames and workers, service workers too. A page's
session would miss some of them.
"""

import asyncio
from contextlib import suppress

from archiver.browser import BrowserError, Event, Session
from archiver.engines.blocking import BlockList
from archiver.engines.browser.recording import Recording
from archiver.errors import Blocked

STRANGER_SECONDS = 2.0
"""A request may be paused before its frame or worker has been announced; so long its owner is waited for."""


class Router:
    """Routes each paused answer to the recording of the page that asked.

    `held`: only answers of these resource types are paused; of all, if it is empty. Requests for addresses that are
    `blocked` by a pattern are paused before they leave, and refused; blocked hosts are the tunnel's affair.
    """

    def __init__(self, session: Session, held: tuple[str, ...], blocked: BlockList) -> None:
        self._session, self._held, self._blocked = session, held, blocked
        self._recordings: list[Recording] = []
        self._contexts: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to hold answers; before the first page is made, so that none is missed."""
        self._session.on("Target.targetCreated", self._met)
        self._session.on("Target.targetInfoChanged", self._met)
        self._session.on("Fetch.requestPaused", self._paused)
        web = [{"urlPattern": f"{scheme}://*", "requestStage": "Response"} for scheme in ("http", "https")]
        patterns = [
            {**one, **kind} for one in web for kind in ([{"resourceType": held} for held in self._held] or [{}])
        ]
        early = [{"urlPattern": _escaped(pattern), "requestStage": "Request"} for pattern in self._blocked.patterns]
        await self._session.send("Fetch.enable", patterns=[*early, *patterns])

    def add(self, recording: Recording) -> None:
        """Route answers to this recording, too."""
        self._recordings.append(recording)

    def remove(self, recording: Recording) -> None:
        """Forget a recording whose page is closed."""
        self._recordings.remove(recording)
        context = recording.tab.context_id
        self._contexts = {target: owner for target, owner in self._contexts.items() if owner != context}

    def _met(self, event: Event) -> None:
        target = event["targetInfo"]
        if owner := target.get("browserContextId"):
            self._contexts[target["targetId"]] = owner

    def _paused(self, event: Event) -> None:
        if recording := self._owner(event):
            self._give(recording, event)
            return
        task = asyncio.ensure_future(self._find_owner(event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _give(self, recording: Recording, event: Event) -> None:
        """An answer to be taken, or a request that has not left and must not."""
        if event.get("responseStatusCode") or event.get("responseErrorReason"):
            recording.take(event)
        else:
            url = event["request"]["url"]
            recording.refuse(event, str(Blocked(url, self._blocked.rule(url) or "a pattern")))

    async def _find_owner(self, event: Event) -> None:
        """Route an answer whose page is not known yet; nobody's answer goes on its way unrecorded."""
        deadline = asyncio.get_running_loop().time() + STRANGER_SECONDS
        while asyncio.get_running_loop().time() < deadline and self._recordings:
            await asyncio.sleep(0.02)
            if recording := self._owner(event):
                self._give(recording, event)
                return
        with suppress(BrowserError):
            await self._session.send("Fetch.continueRequest", requestId=event["requestId"])

    def _owner(self, event: Event) -> Recording | None:
        """By the page session that announced the request, else by the context of its frame's or worker's target."""
        network_id, context = event.get("networkId"), self._contexts.get(event["frameId"])
        for recording in self._recordings:
            if (network_id and network_id in recording.log) or recording.tab.context_id == context:
                return recording
        return None


def _escaped(pattern: str) -> str:
    """The pattern for DevTools, where a question mark would stand for any character."""
    return pattern.replace("\\", "\\\\").replace("?", "\\?")
