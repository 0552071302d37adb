"""What a page's scripts complained of: errors that nobody caught, as the browser keeps them for whoever asks.

Sites notice who listens (a logged object is looked at only then), so it is asked once, when all has been seen.
"""

import asyncio
from collections.abc import Callable

from archiver.browser import BrowserError, Event, Tab
from archiver.model import ScriptError

PATIENCE = 2.0
"""Seconds for a renderer that may be busy for ever with the page's scripts."""
MOST = 100
"""Errors that are told of; a loop may throw thousands."""


async def complaints(tab: Tab, place: Callable[[str], str | None] = lambda url: url) -> tuple[ScriptError, ...] | None:
    """The errors of the main frame, each once; None where the page tells none any more.

    Frames are left out: those of other sites live in other processes at capture and in none of their own in replay.
    `place` gives the address that a script had when it was captured, None for one that is not the page's.
    """
    found: dict[ScriptError, None] = {}
    main: set[int] = set()

    def created(event: Event) -> None:
        told = event["context"].get("auxData", {})
        if told.get("frameId") == tab.target_id and told.get("isDefault"):  # our own programs have worlds beside it
            main.add(event["context"]["id"])

    def thrown(event: Event) -> None:
        told = event["exceptionDetails"]
        if told.get("executionContextId") in main and len(found) < MOST:
            found[_error(told, place)] = None

    tab.session.on("Runtime.executionContextCreated", created)
    tab.session.on("Runtime.exceptionThrown", thrown)
    try:  # contexts, then all that was kept, come before the answer
        await asyncio.wait_for(tab.session.send("Runtime.enable"), PATIENCE)
    except (BrowserError, TimeoutError):
        return None
    return tuple(found)


def _error(told: Event, place: Callable[[str], str | None]) -> ScriptError:
    words = str(told.get("exception", {}).get("description") or told.get("text", "")).partition("\n")[0]
    frames = told.get("stackTrace", {}).get("callFrames", ())
    urls = [str(told.get("url") or ""), *(str(frame["url"]) for frame in frames)]
    return ScriptError(words, next((script for url in urls if url and (script := place(url))), ""))
