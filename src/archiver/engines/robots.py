"""robots.txt (RFC 9309) around any engine: asked for once per host and run, minded or only kept, by policy.

It is fetched by the HTTP engine, behind the same guard as all else, and what came is kept in every capture of that
host: a capture stands alone. Only the page itself is judged by it, as people's browsers fetch the parts of a page too.
"""

import threading
from collections.abc import Generator, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlsplit

from protego import Protego

from archiver.engines import Engine, EngineOptions, RobotsPolicy
from archiver.engines.guard import check_url
from archiver.engines.http import HttpEngine
from archiver.errors import ArchiverError, RobotsRefused
from archiver.model import Exchange, Item, Limits, PageInfo, RequestNote, close_bodies, new_body

TOKEN = "archiver"
"""The name by which sites may address us."""
LIMITS = Limits(seconds=15, body_bytes=512_000, requests=6)
"""RFC 9309 §2.5 asks for at least 500 kibibytes, §2.3.1.2 for at least five redirects."""


@dataclass(frozen=True, slots=True)
class Robots:
    """What one host's robots.txt came to."""

    url: str
    status: int | None = None
    """None if nothing came, or nothing that ended the redirects."""
    rules: Protego | None = None
    exchanges: tuple[tuple[Exchange, bytes], ...] = ()
    """What was fetched, with its body."""
    notes: tuple[RequestNote, ...] = ()

    def allows(self, page: str) -> bool:
        """Whether our agent may fetch the page; without rules it may, unless the server failed (RFC 9309 §2.3.1)."""
        if self.status is not None and self.status >= 500:
            return False
        return self.rules is None or bool(self.rules.can_fetch(page, TOKEN))

    def kept(self) -> Iterator[Exchange]:
        """The exchanges, with fresh bodies, as parts of a capture."""
        for exchange, body in self.exchanges:
            yield replace(exchange, role="part", response=replace(exchange.response, body=new_body(body)))


class MindfulEngine:
    """An `Engine` that asks for robots.txt before (`obey`) or beside (`record`) what `engine` captures."""

    def __init__(self, engine: Engine, options: EngineOptions) -> None:
        self.name, self.fidelity = engine.name, engine.fidelity
        self._engine, self._policy = engine, options.robots
        self._asking = HttpEngine(options)
        self._known: dict[str, Future[Robots]] = {}
        self._lock = threading.Lock()
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            opening.enter_context(self._asking)
            opening.enter_context(self._engine)
            self._opened = opening.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._opened.close()

    def capture(self, url: str, limits: Limits) -> Iterator[Item]:
        """See `Engine.capture`. Raises `RobotsRefused` too, where the policy is `obey`, before anything is fetched."""
        page = check_url(url)
        asked = self._ask(page)
        if self._policy == "obey" and not (robots := asked.result()).allows(page):
            failed = robots.status is not None and robots.status >= 500
            raise RobotsRefused(url, f"{robots.url} " + ("cannot be read" if failed else "asks robots to stay away"))
        items = self._engine.capture(url, limits)
        try:
            for item in items:
                if isinstance(item, PageInfo):
                    robots = asked.result()
                    yield from robots.kept()
                    yield _told(item, robots, self._policy, allowed=robots.allows(page))
                else:
                    yield item
        finally:
            if isinstance(items, Generator):
                items.close()

    def _ask(self, page: str) -> "Future[Robots]":
        """The robots.txt of the page's host, on its way; asked for by whoever comes first."""
        parts = urlsplit(page)
        url = f"{parts.scheme}://{parts.netloc}/robots.txt"
        with self._lock:
            if (known := self._known.get(url)) is not None:
                return known
            future = self._known[url] = Future()

        def fetch() -> None:
            try:
                future.set_result(self._fetch(url))
            except BaseException as error:  # noqa: BLE001  (whoever waits is told)
                future.set_exception(error)

        threading.Thread(target=fetch, name="robots", daemon=True).start()
        return future

    def _fetch(self, url: str) -> Robots:
        found: list[tuple[Exchange, bytes]] = []
        status: int | None = None
        rules: Protego | None = None
        notes: tuple[RequestNote, ...] = ()
        try:
            for item in self._asking.capture(url, LIMITS):
                if isinstance(item, Exchange):
                    found.append((item, item.response.body.read()))
                    if item.role == "main":
                        status = item.response.status
                elif isinstance(item, PageInfo):
                    notes = item.requests
                close_bodies(item)
        except ArchiverError:
            return Robots(url)  # the page itself will tell what is wrong with its host
        if status is not None and 200 <= status < 300:
            rules = Protego.parse(found[-1][1].decode("utf-8", "replace"))
        return Robots(url, status, rules, tuple(found), tuple(replace(note, type="robots") for note in notes))


def _told(info: PageInfo, robots: Robots, policy: RobotsPolicy, *, allowed: bool) -> PageInfo:
    """The page's account, with what robots.txt says of it."""
    facts: dict[str, Any] = {"policy": policy, "allowed": allowed, "url": robots.url}
    if robots.status is not None:
        facts["status"] = robots.status
    return replace(info, requests=(*info.requests, *robots.notes), evidence={**info.evidence, "robots": facts})
