"""The log of a page's requests: a line for each, whether it was recorded or why not."""

from datetime import datetime
from typing import Any

from archiver.engines.browser.exchanges import Paused
from archiver.engines.browser.network import Hop
from archiver.engines.browser.tunnel import Tunnel
from archiver.model import RequestNote, now, timestamp


class Notes:
    """The lines of one page's log, in the order in which the requests ended."""

    def __init__(self, tunnel: Tunnel) -> None:
        self.lines: list[RequestNote] = []
        self._tunnel = tunnel

    def add(self, url: str, method: str, kind: str, started: datetime, why: str = "", **told: Any) -> None:
        """Enter a request; recorded unless there is a reason `why` not; `told` is all else that a line has."""
        line = RequestNote(
            url=url,
            method=method,
            status=told.pop("status", None),
            type=kind,
            started=timestamp(started, micro=True),
            seconds=round((now() - started).total_seconds(), 3),
            recorded=not why,
            why=why,
            **told,
        )
        self.lines.append(line)

    def answer(self, paused: Paused, why: str = "", *, served: bool = True) -> None:
        """Enter a paused answer."""
        kind, started = paused.hop.type or paused.type, paused.hop.started or paused.arrived
        status = paused.status or paused.hop.status
        told = self.met(paused.url, paused.hop)
        self.add(paused.url, paused.method, kind, started, why, status=status, served=served, **told)

    def met(self, url: str, hop: Hop | None = None) -> dict[str, Any]:
        """What a line tells of the connection, and of who asked."""
        protocols = tuple(filter(None, (hop and hop.protocol, self._tunnel.tls(url))))
        return {"ip": self._tunnel.address(url), "protocols": protocols, "initiator": hop.initiator if hop else ""}
