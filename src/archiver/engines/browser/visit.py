"""One visit to one page: navigate, let it settle, behave like a reader, wait until all is in, take its pictures."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from archiver import AGENT
from archiver.browser import BrowserError, Chromium, Tab
from archiver.engines import Behaving, ConsentPolicy
from archiver.engines.browser.behave import behave
from archiver.engines.browser.complaints import complaints
from archiver.engines.browser.consent import Consent
from archiver.engines.browser.evidence import evidence
from archiver.engines.browser.facts import look
from archiver.engines.browser.login import Login
from archiver.engines.browser.media import Wish, media
from archiver.engines.browser.pictures import products, stretch
from archiver.engines.browser.recording import Recording
from archiver.engines.browser.router import Router
from archiver.engines.browser.tunnel import Tunnel
from archiver.errors import FetchFailed, PolicyRefusal
from archiver.model import Item, Limits, PageFacts, PageInfo, ScriptError, now
from archiver.session import NOBODY, Session

QUIET = 0.5
"""Seconds with nothing under way after which all is in."""
SETTLED = 0.15
"""The same, for a freshly loaded page whose scripts may still go elsewhere or draw."""
SETTLING = 3.0
DRAINING = 8.0
"""Seconds that requests without an answer, or ever new ones, are waited for when all else is done."""
FINISHING = 5.0
"""Seconds for bodies that are being read when the visit ends."""

REASONS = {
    "ERR_TIMED_OUT": "the server did not answer in time",
    "ERR_EMPTY_RESPONSE": "the server closed the connection without an answer",
    "ERR_CONNECTION_CLOSED": "the server closed the connection without an answer",
    "ERR_CONNECTION_RESET": "the server broke the connection off",
    "ERR_TOO_MANY_REDIRECTS": "the redirects go round in a circle",
    "ERR_CERT_AUTHORITY_INVALID": "its certificate is not trusted",
    "ERR_CERT_COMMON_NAME_INVALID": "its certificate is for another host",
    "ERR_CERT_DATE_INVALID": "its certificate is out of date",
    "ERR_SSL_PROTOCOL_ERROR": "it does not speak TLS",
    "ERR_INVALID_AUTH_CREDENTIALS": "it asks for a user name and a password",
    "ERR_UNSAFE_PORT": "browsers do not use this port, which belongs to another protocol",
    "ERR_BLOCKED_BY_CLIENT": "it is on the block list",
    "ERR_INVALID_RESPONSE": "what it sent is not HTTP",
    "ERR_INVALID_HTTP_RESPONSE": "what it sent is not HTTP",
}
"""Chromium's names for failed navigations, in plain words."""


ENDED = frozenset(("ERR_ABORTED", "ERR_TIMED_OUT"))
"""What is reported of answers that are no page (a download, no content), and of visits that were ended."""


@dataclass(frozen=True, slots=True)
class Means:
    """How the traffic of a visit is carried, how it is recorded, and what is done in the page."""

    tunnel: Callable[[], Tunnel]
    recording: type[Recording]
    consent: ConsentPolicy = "reject"
    session: Session = NOBODY
    """As whom it is made."""
    behaving: Behaving = field(default_factory=Behaving)
    films: Wish = field(default_factory=Wish)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Request headers in place of the browser's own."""


class Visit:
    """One page from its address to its page info. `put` takes every item as it comes."""

    def __init__(
        self, chromium: Chromium, router: Router, means: Means, put: Callable[[Item], Awaitable[None]]
    ) -> None:
        self._chromium, self._router, self._means, self._put = chromium, router, means, put
        self._user_agent = chromium.user_agent
        self._agents: tuple[str, ...] = (AGENT, *chromium.agents)
        self._reasons: list[str] = []
        self._counts: dict[str, int] = {}
        self._evidence: dict[str, Any] = {}
        self._facts: PageFacts | None = None
        self._script_errors: tuple[ScriptError, ...] | None = None

    async def run(self, url: str, limits: Limits) -> None:
        """Visit `url`. Raises `FetchFailed` if nothing came, `AddressRefused` if the page itself was forbidden."""
        started = now()
        async with self._means.tunnel() as tunnel:
            tab = await self._chromium.tab(tunnel.proxy, self._means.session, self._means.headers)
            recording = self._means.recording(self._chromium.session, tab, tunnel, limits, self._put)
            self._router.add(recording)
            try:
                await recording.log.attach(tab.session)
                if auth := self._means.session.basic_auth:
                    await Login(tab.session, auth, url).attach()
                error = await self._while_alive(tab, self._page(tab, recording, url), limits.seconds)
                if recording.settled.is_set():
                    self._agents += await media(recording, self._means.films, self._user_agent, self._put)
                await recording.finish(FINISHING)
                if error:
                    self._explain(recording, url, error)
                self._evidence |= await evidence(recording, self._put)
            finally:
                self._router.remove(recording)
                await tab.close()
                await recording.close()
            await self._put(self._info(recording, url, started))

    async def _while_alive(self, tab: Tab, work: Awaitable[str], seconds: float) -> str:
        """Do `work` until it ends, the time is up or the page dies; gives the navigation's error, or ""."""
        working = asyncio.ensure_future(work)
        try:
            await asyncio.wait((working, tab.gone), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return await working
            self._reasons.append(tab.gone.result() if tab.gone.done() else f"the visit was ended after {seconds:g} s")
            return "ERR_TIMED_OUT" if not tab.gone.done() else tab.gone.result()
        except BrowserError as error:
            self._reasons.append(tab.gone.result() if tab.gone.done() else str(error).rstrip("."))
            return self._reasons[-1]
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    async def _page(self, tab: Tab, recording: Recording, url: str) -> str:
        """The visit itself; gives "" or why the navigation failed."""
        clock, limits = asyncio.get_running_loop().time, recording.limits
        reserve = min(10.0, limits.seconds / 5)
        begun = clock()
        if error := await tab.go(url, limits.seconds / 2):
            await self._drain(recording, begun + limits.seconds - reserve)  # of a long file that is no page
            return error
        if not await tab.loaded(begun + limits.seconds / 2 - clock()):
            self._reasons.append(f"the page was still loading after {limits.seconds / 2:g} s")

        async def rest() -> None:
            await self._quiet(recording, SETTLED, SETTLING)
            await tab.loaded(begun + limits.seconds / 2 - clock())  # of the document that a script may have gone on to

        await rest()
        consent = Consent(tab, self._means.consent, rest)
        await consent.answer()  # which may load the page anew, so that it is not settled yet
        await recording.settle()
        if self._means.behaving:
            seconds = begun + limits.seconds - reserve - clock()
            counts, reasons = await behave(recording, seconds, self._means.behaving)
            self._counts.update(counts)
            self._reasons.extend(reasons)
        if not consent.action:
            await consent.answer(0)  # a dialog that came late
        self._evidence["consent"] = consent.facts
        self._facts = await look(tab, self._reasons)
        view = await stretch(tab, self._reasons)
        await self._drain(recording, begun + limits.seconds - reserve)
        if before := consent.picture(recording.document or url):
            await self._put(before)
        async for product in products(tab, recording.document or url, view, self._reasons):
            await self._put(product)
        await recording.freeze()
        self._script_errors = await complaints(tab)
        return ""

    async def _quiet(self, recording: Recording, quiet: float, seconds: float) -> None:
        """Wait until nothing has been under way for `quiet` seconds, at most `seconds`."""
        clock = asyncio.get_running_loop().time
        end = clock() + seconds
        while recording.idle < quiet and clock() < end:
            await asyncio.sleep(0.02)

    async def _drain(self, recording: Recording, end: float) -> None:
        """Wait until all is in: as long as it takes for bodies that flow, not so long for answers that do not come."""
        clock = asyncio.get_running_loop().time
        await self._quiet(recording, QUIET, min(DRAINING, end - clock()))
        while recording.flowing and clock() < end:
            await self._quiet(recording, QUIET, 1.0)

    def _explain(self, recording: Recording, url: str, error: str) -> None:
        """Raise if nothing came or policy forbade the page; otherwise say what went wrong, if anything."""
        place = recording.failed.url if recording.failed else url
        failure = recording.tunnel.failure(place)
        why = failure.why if isinstance(failure, FetchFailed) else REASONS.get(error, f"the browser says {error}")
        if recording.document:
            if error.startswith("ERR_") and error not in ENDED:
                self._reasons.append(f"the browser shows no page for the answer: {why}")
            return
        if isinstance(failure, PolicyRefusal):
            raise failure
        if not recording.answered:
            raise FetchFailed(url, why) from failure
        self._reasons.append(f"{place} gave no page: {why}")

    def _info(self, recording: Recording, url: str, started: datetime) -> PageInfo:
        if recording.tab.popups:
            self._counts["popups_closed"] = recording.tab.popups
        return PageInfo(
            url=url,
            final_url=recording.document or (recording.failed.url if recording.failed else url),
            started=started,
            finished=now(),
            engine="browser",
            fidelity=recording.fidelity,
            user_agent=self._user_agent,
            agents=self._agents,
            requests=tuple(recording.notes.lines),
            reasons=(*recording.reasons, *self._reasons),
            counts=self._counts,
            evidence=self._evidence,
            facts=self._facts,
            script_errors=self._script_errors,
        )
