"""Checking captures: one replay server for all of them, and one Chromium for each that is checked at the same time."""

import asyncio
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal, Self, get_args

from archiver import AGENT
from archiver.browser import HEIGHT, WIDTH, BrowserError, Chromium
from archiver.collection import Collection
from archiver.engines import ConsentPolicy
from archiver.model import Finding, now, timestamp
from archiver.qa import pictures
from archiver.qa.judging import Evidence, absent, measures
from archiver.qa.kept import Kept
from archiver.qa.main import document
from archiver.qa.reasons import reasons
from archiver.qa.resources import compare
from archiver.qa.result import VERDICTS, Picture, Result, verdict_of
from archiver.qa.storing import save
from archiver.qa.visiting import Seen, Wanted, failure, visit
from archiver.qa.watch import Router
from archiver.replay import running_replay
from archiver.sidecar import Sidecar

PICTURES: tuple[Literal["view", "fullPage"], ...] = ("view", "fullPage")
AGENTS = tuple(f"{name}/{version(name)}" for name in ("pywb", "scikit-image"))


@dataclass(frozen=True, slots=True)
class Checked:
    """One capture, checked now."""

    collection: Collection
    result: Result
    """With the path of its WARC, if it was kept."""


def agents() -> tuple[str, ...]:
    """The software that a check by this installation is made by. Starts a browser to ask. Raises `PartMissing`."""

    async def ask() -> tuple[str, ...]:
        chromium = await Chromium.launch()
        await chromium.close()
        return chromium.agents

    return (AGENT, *asyncio.run(ask()), *AGENTS)


class Eye:
    """One Chromium, used by one thread at a time."""

    def __init__(self, origin: str) -> None:
        """`origin`: `http://host:port` of the replay server."""
        self._origin = origin
        self._loop = asyncio.new_event_loop()
        self._chromium: Chromium | None = None
        self._router: Router | None = None

    @property
    def agents(self) -> tuple[str, ...]:
        """The browser, as `name/version`; known once it has looked."""
        return self._chromium.agents if self._chromium else ()

    def look(self, wanted: Wanted) -> Seen:
        """Visit a page. Raises `PartMissing` if there is no browser."""
        return self._loop.run_until_complete(self._look(wanted))

    def close(self) -> None:
        """End the browser."""
        self._loop.run_until_complete(self._end())
        self._loop.close()

    async def _end(self) -> None:
        if self._chromium:
            await self._chromium.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}  # tunnels whose other end has just gone
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _look(self, wanted: Wanted) -> Seen:
        if self._chromium and not self._chromium.connected:  # it died under an earlier page
            await self._chromium.close()
            self._chromium = None
        if self._chromium is None:
            self._chromium = await Chromium.launch()
            self._router = Router(self._chromium)
            await self._router.start()
        assert self._router is not None
        try:
            return await visit(self._chromium, self._router, self._origin, wanted)
        except BrowserError as error:
            return Seen(error=failure(str(error)))


class Checker:
    """A replay server for all collections of a root and as many browsers as `jobs`, running while the context is open.

    Raises `PartMissing` where one of them cannot be started.
    """

    def __init__(self, root: Path, *, jobs: int = 1, keep: bool = True) -> None:
        """`keep`: results are entered into their collections."""
        self._root, self._jobs, self._keep = root, jobs, keep
        self._stack = ExitStack()
        self._eyes: SimpleQueue[Eye] = SimpleQueue()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._origin = stack.enter_context(running_replay(self._root))
            for _ in range(self._jobs):
                eye = Eye(self._origin)
                stack.callback(eye.close)
                self._eyes.put(eye)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def check(self, captures: Iterable[tuple[Collection, Sidecar]]) -> Iterator[Checked]:
        """Check captures, each as soon as a browser is free; they come in the order in which they end."""
        todo = iter(captures)
        with ThreadPoolExecutor(self._jobs) as pool:
            running: set[Future[Checked]] = set()
            while True:
                more = islice(todo, self._jobs - len(running))
                running |= {pool.submit(self.check_one, collection, sidecar) for collection, sidecar in more}
                if not running:
                    return
                ended, running = wait(running, return_when=FIRST_COMPLETED)
                for future in ended:
                    yield future.result()

    def check_one(self, collection: Collection, sidecar: Sidecar) -> Checked:
        """Check one capture, and keep the result. What does not pass is looked at a second time: the better one counts.

        A busy machine is no fault of the copy, and a fault of the copy is there both times.
        """
        eye = self._eyes.get()
        try:
            kept = Kept(collection, sidecar)
            result, shots = self._look(eye, kept)
            if result.verdict != "pass":
                again, others = self._look(eye, kept)
                better = _rank(again) < _rank(result)
                leaks = tuple(dict.fromkeys((*result.leaks, *again.leaks)))
                result, shots = (again, others) if better else (result, shots)
                result = replace(result, settings={**result.settings, "visits": 2}, leaks=leaks)
        finally:
            self._eyes.put(eye)
        if self._keep:
            record = sidecar.document["warc"]["records"].get("main", {})
            path = save(collection, result, shots, str(record.get("id", "")))
            result = replace(result, product=path)
        return Checked(collection, result)

    def _look(self, eye: Eye, kept: Kept) -> tuple[Result, dict[str, bytes]]:
        """One visit, judged; and the pictures of it that are not those of the capture."""
        begun, at = time.monotonic(), timestamp(now(), micro=True)
        wanted = wanted_of(kept, self._origin)
        seen = eye.look(wanted)
        evidence = Evidence(kept, document(self._origin, kept), seen, compare(kept, seen))
        measured = measures(evidence)
        found = reasons(evidence, measured)
        judged = verdict_of(found)
        shown, shots = _pictures(kept, seen, whole=judged != "pass")
        result = Result(
            capture=kept.sidecar.id,
            url=kept.sidecar.final_url,
            captured_at=kept.sidecar.captured_at,
            checked_at=at,
            seconds=round(time.monotonic() - begun, 2),
            verdict=judged,
            reasons=tuple(found),
            measures=measured,
            resources=tuple(evidence.resources),
            absent=absent(evidence),
            script_errors=tuple(f"{one.message} ({one.script})".removesuffix(" ()") for one in seen.script_errors),
            leaks=seen.leaks,
            pictures=shown,
            agents=(AGENT, *eye.agents, *AGENTS),
            settings=_settings(wanted),
        )
        return result, shots


def wanted_of(kept: Kept, origin: str) -> Wanted:
    """How the capture was made, and so its replay is to be visited."""
    capture = kept.capture
    policy = capture.get("consent", {}).get("policy")
    shots = tuple(map(kept.picture, PICTURES))
    width, height = pictures.size(shots[0])
    return Wanted(
        address=f"{origin}/{kept.collection.name}/{kept.stamp}mp_/{kept.sidecar.final_url}",
        width=width or WIDTH,
        height=height or HEIGHT,
        user_agent=str(capture.get("user_agent", "")) if capture["engine"] == "browser" else "",
        consent=policy if policy in get_args(ConsentPolicy) else None,
        behaviours="screens" in capture.get("counts", {}),
        paragraphs=kept.paragraphs,
        pictures=shots,
    )


def regressions(before: Result, after: Result) -> list[Finding]:
    """What got worse from one result of a capture to a later one: the verdict (an error), or a measure (a warning)."""
    found = []
    made = ", ".join(one for one in after.agents if one not in before.agents) or "the same versions"
    if VERDICTS.index(after.verdict) > VERDICTS.index(before.verdict):
        message = f"the verdict was `{before.verdict}` on {before.checked_at[:10]} and is `{after.verdict}` with {made}"
        found.append(Finding("error", "regression", after.url, message, affects=(after.capture,)))
    table = {one.name: one for one in before.measures}
    for one in after.measures:
        fell = one.worse_by(table[one.name]) if one.name in table else 0.0
        if fell > TOLERANCE[one.unit]:
            message = f"{one.name} was {table[one.name].value:g} and is {one.value:g} with {made}"
            found.append(Finding("warning", "regression", after.url, message, affects=(after.capture,)))
    return found


TOLERANCE = {"share": 0.02, "count": 0.0, "seconds": 60.0}
"""By how much a measure may be worse than before without being told of."""


def _rank(result: Result) -> tuple[int, int]:
    return VERDICTS.index(result.verdict), len(result.reasons)


def _settings(wanted: Wanted) -> dict[str, Any]:
    told = {"width": wanted.width, "height": wanted.height, "behaviours": wanted.behaviours, "visits": 1}
    return told | ({"consent": wanted.consent} if wanted.consent else {})


def _pictures(kept: Kept, seen: Seen, *, whole: bool) -> tuple[tuple[Picture, ...], dict[str, bytes]]:
    """The pairs of pictures, and those to keep.

    One that is the capture's own, byte for byte, is not kept again; and the `whole` page, which takes megabytes, only
    where there is something to look for in it.
    """
    taken = {"view": seen.views[:1], "fullPage": seen.fulls[:1] if whole else []}
    pairs, shots = [], dict[str, bytes]()
    for name in PICTURES:
        captured, replayed = kept.url_of(name), ""
        for shot in taken[name]:
            replayed = captured
            if not captured or kept.picture(name) != shot:
                replayed, shots[name] = f"urn:qa:{name}:{kept.sidecar.final_url}", shot
        if replayed:
            pairs.append(Picture(name, captured, replayed))
    return tuple(pairs), shots
