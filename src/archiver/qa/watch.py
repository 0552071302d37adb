"""What a page in replay asks for: every request of it, its frames and workers, with the answer that the archive gave.

Two walls stand between the page and the network, beside the policies of the replay server: each visit has a tunnel
that leads to the replay server alone, and whatever else is asked for fails there and is noted as a leak.
"""

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from archiver.browser import BrowserError, Chromium, Event, Tab
from archiver.engines.browser.network import Hop, NetworkLog
from archiver.engines.browser.recording import ASKED_BY_SCRIPTS
from archiver.engines.browser.sheets import Sheets
from archiver.engines.browser.tunnel import Tunnel
from archiver.errors import PolicyRefusal

_REPLAYED = re.compile(r"/(?P<name>[^/]+)/(?P<at>\d*)(?P<modifier>[a-z]+_)?/+(?P<url>https?:.+)", re.S)
FLOWING = 10.0
"""Seconds after which an answer that still comes is not waited for any more."""
_PLAIN = ("data:", "blob:", "about:", "chrome:", "devtools:", "filesystem:")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request in replay."""

    url: str
    """What the page wanted: the archived address, or the replay server's own where it names none."""
    method: str
    type: str
    """In lower case, as browsers call it."""
    status: int | None
    """None: there was no answer."""
    moment: datetime | None = None
    """Memento-Datetime (RFC 7089): when the answer was captured."""
    modified: datetime | None = None
    """Last-Modified, as the site told it then."""


class Watch:
    """Watches one page; `archiver.engines.browser.answers.Watched` is what behaviours want of it."""

    def __init__(self, tab: Tab, origin: str) -> None:
        """`origin`: `http://host:port` of the replay server."""
        self.tab, self.origin = tab, origin
        self.log, self.sheets, self.picture_bytes = NetworkLog(), Sheets(), 0
        self.asked: list[Asked] = []
        self.leaks: dict[str, None] = {}
        self._changed = 0.0

    async def begin(self) -> None:
        """Listen to the page from now on."""
        await self.log.attach(self.tab.session)

    def take(self, event: Event) -> None:
        """Note an answer, or that there is none."""
        self._changed = asyncio.get_running_loop().time()
        self.log.pause(event.get("networkId") or event["requestId"])
        request = event["request"]
        url = str(request["url"])
        if url.startswith(_PLAIN):
            return
        if not url.startswith(f"{self.origin}/"):
            self.leaks[url] = None
            return
        if (place := original(url)) is None:
            return  # the replay server's own scripts, and the icons that browsers ask for
        told = {str(one["name"]).lower(): str(one["value"]) for one in event.get("responseHeaders", ())}
        kind = str(event.get("resourceType", "other")).lower()
        modified = told.get("x-archive-orig-last-modified") or told.get("last-modified")
        status = event.get("responseStatusCode")
        self.asked.append(
            Asked(place, request["method"], kind, status, _moment(told.get("memento-datetime")), _moment(modified))
        )

    @property
    def idle(self) -> float:
        """Seconds for which nothing has been under way, but for films, which flow as long as they like."""
        if self._under_way(FLOWING, ("media",)):
            return 0.0
        return asyncio.get_running_loop().time() - max(self._changed, self.log.changed)

    def asking(self, seconds: float) -> bool:
        """Whether scripts wait for what they asked for in the last `seconds`."""
        return any(hop.type in ASKED_BY_SCRIPTS for hop in self._under_way(seconds))

    def _under_way(self, seconds: float, but: tuple[str, ...] = ()) -> list[Hop]:
        """Requests of the last `seconds` that have not come to their end."""
        since = datetime.now(UTC) - timedelta(seconds=seconds)
        return [hop for hop in self.log.unfinished() if hop.type not in but and (hop.started or since) > since]


class Router:
    """Lets the answers of one browser go on their way, seen by the watch of the page that is visited now."""

    def __init__(self, chromium: Chromium) -> None:
        self.watch: Watch | None = None
        self._session = chromium.session
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin; before the first page is made."""
        self._session.on("Fetch.requestPaused", self._paused)
        await self._session.send("Fetch.enable", patterns=[{"urlPattern": "*", "requestStage": "Response"}])

    def _paused(self, event: Event) -> None:
        if self.watch:
            self.watch.take(event)
        task = asyncio.ensure_future(self._let_go(event["requestId"]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _let_go(self, request: str) -> None:
        with suppress(BrowserError):  # the page did not wait
            await self._session.send("Fetch.continueRequest", requestId=request)


def tunnel_to(origin: str) -> Tunnel:
    """A way out that leads to the replay server and nowhere else."""
    place = urlsplit(origin)

    def resolve(host: str, port: int) -> list[str]:
        if (host, port) != (place.hostname, place.port):
            raise PolicyRefusal(f"{host}:{port} is not the replay server.")
        return ["127.0.0.1"]

    return Tunnel(resolve)


def original(url: str) -> str | None:
    """The archived address in one of the replay server's; None where it names none."""
    parts = urlsplit(url)
    found = _REPLAYED.fullmatch(parts.path)
    if found is None:
        return None
    address = re.sub(r"^(https?):/*", r"\1://", found["url"])  # a slash may be lost on the way
    return f"{address}?{parts.query}" if parts.query else address


def _moment(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
