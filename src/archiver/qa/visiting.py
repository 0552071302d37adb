"""One visit to a page in replay, made as its capture was: settle, answer the dialog, behave, look, take pictures.

The page is in the state that the capture's pictures and text show only if the same was done in it. So the same
behaviours are run, and a consent dialog is answered by the same policy; what the capture did not do is left out.
"""

import asyncio
import json
import re
import time
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from archiver.browser import HEIGHT, TALLEST, WIDTH, BrowserError, Chromium, Tab
from archiver.engines import Behaving, ConsentPolicy
from archiver.engines.browser.behave import behave
from archiver.engines.browser.complaints import complaints
from archiver.engines.browser.consent import Consent
from archiver.engines.browser.facts import look
from archiver.engines.browser.pictures import PAGE_HEIGHT, PAINTED, TO_TOP
from archiver.model import PageFacts, ScriptError
from archiver.qa.result import Detail
from archiver.qa.watch import Asked, Router, Watch, original, tunnel_to

NAVIGATING = 30.0
LOADING = 30.0
SETTLED, SETTLING = 0.15, 3.0
"""As at capture: so long nothing is under way in a page that has settled; so long that is waited for."""
QUIET, DRAINING = 0.5, 8.0
BEHAVING = 60.0
"""Seconds for the behaviours; each ends by itself much sooner."""
WHOLE = 150.0
"""Seconds for a visit in all."""
FILM_PATIENCE = 4.0
"""Seconds for a film to begin, to go on, to be sought in."""
APART = 0.25
"""Seconds between two pictures of one state: what differs between them is never the same twice."""
STILL = """document.getAnimations().forEach(one => {
  const endless = one.effect?.getComputedTiming().endTime === Infinity;
  try { endless ? one.cancel() : one.finish(); } catch { /* it has no end that it could be brought to */ }
})"""
"""Animations: those that end are brought to their end, the others to their beginning. The pictures show no caret."""
_OWN = re.compile(
    r"www\.google\.com|(?:accounts|clients\d?)\.google\.com|(?:edgedl\.me|redirector)\.gvt1\.com"
    r"|(?:content-autofill|optimizationguide-pa|safebrowsing|update)\.googleapis\.com"
)
"""Hosts that Chromium connects to of its own accord, whatever the page; here, it cannot."""
Box = tuple[float, float, float, float]
"""Left, top, width, height in CSS pixels of the whole page."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a page is to be visited: as its capture was."""

    address: str
    """In replay."""
    width: int = WIDTH
    height: int = HEIGHT
    user_agent: str = ""
    consent: ConsentPolicy | None = None
    """None: the capture looked for no dialog."""
    behaviours: bool = False
    paragraphs: tuple[str, ...] = ()
    pictures: tuple[bytes, ...] = ()
    """Those of the capture: a state that looks the same to the byte is not shot again."""


@dataclass(slots=True)
class Seen:
    """What was seen."""

    error: Detail | None = None
    """Why the page could not be looked at, or not whole."""
    asked: list[Asked] = field(default_factory=list)
    leaks: tuple[str, ...] = ()
    script_errors: tuple[ScriptError, ...] = ()
    """Of the main frame; those that no archived script threw name none."""
    facts: PageFacts | None = None
    text: str = ""
    title: str = ""
    width: int = WIDTH
    screen: int = HEIGHT
    """Height of the first screen."""
    height: int = 0
    """Of the page."""
    boxes: dict[str, Box] = field(default_factory=dict)
    """Of pictures, films and frames, by archived address."""
    article: Box | None = None
    masks: list[Box] = field(default_factory=list)
    views: list[bytes] = field(default_factory=list)
    """The first screen, twice in a row if it is not that of the capture; PNG."""
    fulls: list[bytes] = field(default_factory=list)
    """The whole page, likewise."""
    films: list[tuple[str, Detail | None]] = field(default_factory=list)
    """Archived address, and what is wrong with it."""
    counts: dict[str, int] = field(default_factory=dict)


async def visit(chromium: Chromium, router: Router, origin: str, wanted: Wanted) -> Seen:
    """Visit a page of the replay server at `origin`. What goes wrong is told in the result, whatever it is."""
    seen = Seen(width=wanted.width, screen=wanted.height)
    async with tunnel_to(origin) as tunnel:
        tab = await chromium.tab(tunnel.proxy)
        watch = router.watch = Watch(tab, origin)
        try:
            await watch.begin()
            await asyncio.wait_for(_Visit(tab, watch, wanted, seen).run(), WHOLE)
        except TimeoutError:
            seen.error = Detail("visit-ended", {"span": WHOLE})
        except BrowserError as error:
            seen.error = failure(tab.gone.result() if tab.gone.done() else str(error))
        finally:
            router.watch = None
            await tab.close()
        known = {_host(url) for url in watch.leaks}
        others = ((host, port) for host, port in tunnel.failures if host not in known and not _OWN.fullmatch(host))
        seen.leaks = (*watch.leaks, *(f"{host}:{port}" for host, port in others))
    seen.asked = watch.asked
    return seen


def failure(words: str) -> Detail:
    """What the browser says when it can no more."""
    return Detail("browser-failed", {"quote": words.rstrip(".")})


class _Visit:
    def __init__(self, tab: Tab, watch: Watch, wanted: Wanted, seen: Seen) -> None:
        self._tab, self._watch, self._wanted, self._seen = tab, watch, wanted, seen

    async def run(self) -> None:
        wanted, seen, send = self._wanted, self._seen, self._tab.session.send
        if wanted.user_agent:
            await send("Emulation.setUserAgentOverride", userAgent=wanted.user_agent)
        await self._resize(wanted.height)
        if error := await self._tab.go(wanted.address, NAVIGATING):
            seen.error = Detail("no-page", {"quote": error})
            return
        if not await self._tab.loaded(LOADING):
            seen.error = Detail("still-loading", {"span": LOADING})
        await self._rest()
        await self._act()
        seen.facts = await look(self._tab, [])
        await self._picture()
        await self._films()
        seen.script_errors = await complaints(self._tab, original) or ()

    async def _act(self) -> None:
        """What a reader did at the capture."""
        consent = Consent(self._tab, self._wanted.consent, self._rest) if self._wanted.consent else None
        if consent:
            await consent.answer()
        if self._wanted.behaviours:
            self._seen.counts, _ = await behave(self._watch, BEHAVING, Behaving())
        if consent and not consent.action:
            await consent.answer(0)

    async def _picture(self) -> None:
        """Pictures and text in the order of the capture: first screen, then the page stretched to its height."""
        tab, seen = self._tab, self._seen
        await tab.evaluate(tab.target_id, f"({TO_TOP}).then(() => {{ {STILL} }})")
        seen.views = await self._twice()
        height = int(await tab.evaluate(tab.target_id, PAGE_HEIGHT))
        await self._resize(max(self._wanted.height, min(height, TALLEST)))
        await tab.evaluate(tab.target_id, PAINTED)
        await self._quiet(QUIET, DRAINING)
        await tab.evaluate(tab.target_id, PAINTED)
        seen.fulls = [await tab.screenshot()]
        told = await tab.evaluate(tab.target_id, f"({_script('look')})({json.dumps(self._wanted.paragraphs)})")
        if told:
            seen.text, seen.title = told["text"], told["title"]
            seen.height, seen.article, seen.masks = told["height"], tuple(told["article"]), told["masks"]
            for one in told["boxes"]:
                if url := original(one["url"]):
                    seen.boxes[url] = max(seen.boxes.get(url, (0, 0, 0, 0)), tuple(one["box"]), key=_area)
        if seen.fulls[0] not in self._wanted.pictures:
            seen.fulls.append(await tab.screenshot())

    async def _twice(self) -> list[bytes]:
        first = await self._tab.screenshot()
        if first in self._wanted.pictures:
            return [first]
        await asyncio.sleep(APART)
        return [first, await self._tab.screenshot()]

    async def _films(self) -> None:
        """Play and seek all films, each frame by itself."""
        await self._resize(self._wanted.height)
        program = f"({_script('films')})({FILM_PATIENCE * 1000})"
        for frame in await self._tab.frames():
            try:
                told: list[dict[str, Any]] = await self._tab.evaluate(frame, program)
            except BrowserError:
                continue  # frames come and go
            for one in told:
                why = Detail(one["why"], {"quote": one["quote"]} if one.get("quote") else {}) if one["why"] else None
                self._seen.films.append((original(one["url"]) or str(one["url"]), why))

    async def _rest(self) -> None:
        await self._quiet(SETTLED, SETTLING)
        await self._tab.loaded(SETTLING)

    async def _quiet(self, quiet: float, seconds: float) -> None:
        end = time.monotonic() + seconds
        while self._watch.idle < quiet and time.monotonic() < end:
            await asyncio.sleep(0.02)

    async def _resize(self, height: int) -> None:
        width = self._wanted.width
        await self._tab.session.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            screenWidth=width,
            screenHeight=height,
            deviceScaleFactor=1,
            mobile=False,
        )


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _area(box: Box) -> float:
    return box[2] * box[3]


@cache
def _script(name: str) -> str:
    text = (files("archiver.qa") / f"{name}.js").read_text("utf-8")
    return text.partition("*/")[2].strip()
