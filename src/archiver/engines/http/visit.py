"""One visit of the `http` engine: the navigation to the page, then its requisites, several at a time."""

import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

from archiver import AGENT
from archiver.engines.blocking import BlockList
from archiver.engines.certificates import Chain, facts, origin_of, records
from archiver.engines.guard import check_url
from archiver.engines.http.fetch import Session
from archiver.engines.http.requisites import CSS_TYPES, HTML_TYPES, Kind, find_requisites
from archiver.engines.http.transfer import AGENTS, Outcome, Terms, Transfer
from archiver.errors import AddressRefused, Blocked, InvalidURL
from archiver.model import Exchange, Item, Limits, PageInfo, Request, RequestNote, Response, now, timestamp
from archiver.warc.decoding import beginning
from archiver.warc.http import REDIRECTS, media_type_of

MAX_REDIRECTS = 20
PARALLEL = 6
"""Requests under way at once, as many as browsers have for one server."""
IMPORT_DEPTH = 3
"""Style sheets of style sheets of style sheets, and no further."""
SCAN_BYTES = 16 << 20
"""Of a longer document (decoded) only so much is searched for requisites."""

_DOCUMENTS: dict[Kind, frozenset[str]] = {"document": HTML_TYPES, "stylesheet": CSS_TYPES}
_ACCEPT: dict[Kind, str] = {
    "document": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "stylesheet": "text/css,*/*;q=0.1",
    "image": "image/avif,image/webp,image/*,*/*;q=0.8",
}
_CUT = {
    "length": "the limit of one body was reached",
    "time": "the time was over",
    "disconnect": "the connection broke",
}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A request that is to be made."""

    url: str
    kind: Kind
    referrer: str = ""
    """URL of the document that refers to it."""
    depth: int = 0
    """Frames and style sheets from the page to it; 1 for what the page itself refers to."""
    redirects: int = 0


class Visit:
    """The state of one visit; `items` runs it, once."""

    def __init__(self, url: str, limits: Limits, terms: Terms, session: Session, blocked: BlockList) -> None:
        self._url = self._final_url = url
        self._limits = limits
        self._terms = terms
        self._session = session
        self._blocked = blocked
        self._size = 0  # of the bodies kept
        self._started = now()
        self._queue: deque[_Wanted] = deque()
        self._under_way: dict[Transfer, _Wanted] = {}
        self._seen: set[str] = set()
        self._down: dict[str, str] = {}  # origins that cannot be reached, and why
        self._notes: list[RequestNote] = []
        self._reasons: list[str] = []
        self._late = False
        self._chains: dict[str, Chain] = {}
        self._evidence: dict[str, Any] = {}

    def items(self) -> Iterator[Item]:
        """Exchanges as they end, `PageInfo` last; see `archiver.engines.Engine.capture`."""
        yield from self._navigate()
        yield from self._fetch_parts()
        yield from records(self._chains)
        yield self._info()

    def _navigate(self) -> Iterator[Exchange]:
        """The page, after the redirects that lead to it."""
        url, hops = self._url, Counter[str]()
        while hops.total() <= MAX_REDIRECTS and hops[url] < 2:  # a page may redirect to itself to set a cookie
            hops[url] += 1
            self._final_url = url
            wanted = _Wanted(url, "document")
            self._blocked.check(url)
            outcome = self._fetch(wanted)
            if outcome.error is not None:
                self._note_failure(wanted, outcome)
                if hops.total() == 1 or isinstance(outcome.error, AddressRefused):
                    raise outcome.error
                self._reasons.append(str(outcome.error))
                return
            if (target := _target(url, outcome)) is None:
                self._look_into(wanted, outcome)
                yield self._exchange(wanted, outcome, "main")
                return
            yield self._exchange(wanted, outcome, "redirect")
            try:
                url = check_url(target)
            except InvalidURL as error:
                self._reasons.append(f"it redirects to {error}")
                return
        circle = hops[url] > 1
        self._reasons.append("it redirects in a circle" if circle else f"it redirects more than {MAX_REDIRECTS} times")

    def _fetch(self, wanted: _Wanted) -> Outcome:
        """One request alone."""
        self._start(wanted)
        ended = self._session.finished()
        assert ended is not None  # it is running
        self._under_way.clear()
        return ended[1]

    def _fetch_parts(self) -> Iterator[Exchange]:
        while self._queue or self._under_way:
            self._start_more()
            if (ended := self._session.finished()) is None:
                continue
            transfer, outcome = ended
            wanted = self._under_way.pop(transfer)
            if outcome.error is not None:
                self._note_failure(wanted, outcome)
                continue
            if target := _target(wanted.url, outcome):
                self._redirect(wanted, target)
            elif outcome.status == HTTPStatus.OK:
                self._look_into(wanted, outcome)
            yield self._exchange(wanted, outcome, "part")

    def _start_more(self) -> None:
        while self._queue and len(self._under_way) < PARALLEL:
            if time.monotonic() >= self._terms.deadline:
                self._late = True
                self._leave_out("no time was left")
            elif len(self._notes) + len(self._under_way) >= self._limits.requests:
                self._leave_out(f"the limit of {self._limits.requests} requests was reached")
            elif self._size >= self._limits.total_bytes:
                self._leave_out(f"the limit of {self._limits.total_bytes} bytes was reached")
            else:
                wanted = self._queue.popleft()
                if why := self._down.get(_origin(wanted.url)):
                    self._note(wanted, None, f"Not tried again: {why}")
                elif rule := self._blocked.rule(wanted.url):
                    self._note(wanted, None, str(Blocked(wanted.url, rule)))
                else:
                    self._start(wanted)

    def _leave_out(self, why: str) -> None:
        self._reasons.append(f"{why} for {len(self._queue)} further requests")
        self._queue.clear()

    def _start(self, wanted: _Wanted) -> None:
        headers = [f"Accept: {_ACCEPT.get(wanted.kind, '*/*')}"]
        if referrer := _referrer(wanted):
            headers.append(f"Referer: {referrer}")
        room = max(0, min(self._terms.body_bytes, self._limits.total_bytes - self._size))
        transfer = Transfer(wanted.url, headers, replace(self._terms, body_bytes=room))
        self._seen.add(wanted.url)
        self._under_way[transfer] = wanted
        self._session.start(transfer)

    def _redirect(self, wanted: _Wanted, target: str) -> None:
        with suppress(InvalidURL):
            url = check_url(target)
            if url not in self._seen and wanted.redirects < MAX_REDIRECTS:
                self._seen.add(url)
                self._queue.appendleft(replace(wanted, url=url, redirects=wanted.redirects + 1))

    def _look_into(self, wanted: _Wanted, outcome: Outcome) -> None:
        """Queue what a document or a style sheet refers to; frames of frames are left alone."""
        assert outcome.answer is not None
        media_type, charset = media_type_of(outcome.answer.get("content-type"))
        if wanted.depth > IMPORT_DEPTH or media_type not in _DOCUMENTS.get(wanted.kind, ()):
            return
        content = beginning(outcome.body, outcome.answer.headers, SCAN_BYTES)
        for url, kind in find_requisites(content, media_type, charset, wanted.url):
            if url not in self._seen and not (kind == "document" and wanted.depth):
                self._seen.add(url)
                self._queue.append(_Wanted(url, kind, wanted.url, wanted.depth + 1))

    def _exchange(self, wanted: _Wanted, outcome: Outcome, role: Literal["main", "redirect", "part"]) -> Exchange:
        assert outcome.answer is not None
        self._size += outcome.body.seek(0, 2)
        outcome.body.seek(0)
        why = f"Cut short: {_CUT[outcome.truncated]}." if outcome.truncated else ""
        self._late |= outcome.truncated == "time"
        if why and role == "part":
            self._reasons.append(f"{wanted.url} was cut short: {_CUT[outcome.truncated or 'time']}")
        self._note(wanted, outcome, why)
        shown = outcome.handshake
        if shown.chain:
            self._chains.setdefault(origin_of(wanted.url), shown.chain)
        if role == "main" and shown.tls:
            self._evidence = {"tls": facts(shown.chain, shown.tls, shown.cipher, shown.key_exchange)}
        return Exchange(
            url=wanted.url,
            started=outcome.started,
            request=Request("GET", outcome.sent),
            response=Response(outcome.status, outcome.reason, outcome.answer.headers, outcome.body),
            role=role,
            ip=outcome.ip,
            protocols=outcome.protocols,
            cipher=shown.cipher,
            client_ip=outcome.client_ip,
            answered=outcome.answered,
            resource_type=wanted.kind,
            truncated=outcome.truncated,
        )

    def _note_failure(self, wanted: _Wanted, outcome: Outcome) -> None:
        outcome.body.close()
        why = str(outcome.error)
        self._late |= time.monotonic() >= self._terms.deadline
        if outcome.unreachable:
            self._down[_origin(wanted.url)] = why
        self._note(wanted, outcome, why)

    def _note(self, wanted: _Wanted, outcome: Outcome | None, why: str) -> None:
        self._notes.append(
            RequestNote(
                url=wanted.url,
                method="GET",
                status=(outcome.status or None) if outcome else None,
                type=wanted.kind,
                started=timestamp(outcome.started if outcome else now(), micro=True),
                seconds=outcome.seconds if outcome else 0.0,
                recorded=bool(outcome and outcome.answer),
                why=why,
                served=bool(outcome and outcome.answer),
                ip=outcome.ip if outcome else None,
                protocols=outcome.protocols if outcome else (),
                initiator=wanted.referrer,
            )
        )

    def _info(self) -> PageInfo:
        if self._late:
            self._reasons.insert(0, f"the time limit of {self._limits.seconds:g} s was reached")
        return PageInfo(
            url=self._url,
            final_url=self._final_url,
            started=self._started,
            finished=now(),
            engine="http",
            fidelity="entity",
            user_agent=self._terms.user_agent,
            agents=(AGENT, *AGENTS),
            requests=tuple(self._notes),
            reasons=tuple(self._reasons),
            evidence=self._evidence,
        )


def _target(url: str, outcome: Outcome) -> str | None:
    """Where a redirect leads to, unchecked, or None if the answer is no redirect."""
    location = outcome.answer.get("location") if outcome.answer and outcome.status in REDIRECTS else None
    if not location:
        return None
    with suppress(UnicodeDecodeError):
        location = location.encode("latin-1").decode()  # some servers send it as UTF-8, and browsers read it so
    try:
        return urljoin(url, location)
    except ValueError:
        return location


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _referrer(wanted: _Wanted) -> str:
    """As browsers do by default: the whole address to its own origin, else the origin; from https to http nothing."""
    if not wanted.referrer or (wanted.referrer.startswith("https:") and wanted.url.startswith("http:")):
        return ""
    origin = _origin(wanted.referrer)
    return wanted.referrer if _origin(wanted.url) == origin else f"{origin}/"
