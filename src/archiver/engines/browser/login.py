"""A user name and a password for the seed's own origin; every other server that asks is told that there is none."""

import asyncio
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from archiver.browser import BrowserError, Event, Session
from archiver.session import BasicAuth


class Login:
    """Answers what servers ask of one page."""

    def __init__(self, session: Session, auth: BasicAuth, seed: str) -> None:
        """`session` is the page's."""
        self._session, self._auth, self._seed = session, auth, seed
        self._tried: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def attach(self) -> None:
        """Begin to answer; before the page asks for anything."""
        self._session.on("Fetch.authRequired", self._asked)
        self._session.on("Fetch.requestPaused", self._paused)
        origin = "://".join(urlsplit(self._seed)[:2])
        await self._session.send("Fetch.enable", patterns=[{"urlPattern": f"{origin}/*"}], handleAuthRequests=True)

    def _paused(self, event: Event) -> None:
        """Only of what is held is the page's session asked for a password; it goes on its way."""
        self._do("Fetch.continueRequest", requestId=event["requestId"])

    def _asked(self, event: Event) -> None:
        request = event["requestId"]
        self._do("Fetch.continueWithAuth", requestId=request, authChallengeResponse=self._reply(event))

    def _do(self, method: str, **parameters: Any) -> None:
        task = asyncio.ensure_future(self._send(method, parameters))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _reply(self, event: Event) -> dict[str, str]:
        """Each request is told once: a server that asks again does not take it."""
        request, challenge = event["requestId"], event["authChallenge"]
        is_ours = challenge.get("source") == "Server" and self._auth.is_for(challenge["origin"], self._seed)
        if not is_ours or request in self._tried:
            return {"response": "CancelAuth"}
        self._tried.add(request)
        return {"response": "ProvideCredentials", "username": self._auth.user, "password": self._auth.password}

    async def _send(self, method: str, parameters: dict[str, Any]) -> None:
        with suppress(BrowserError):  # the page did not wait
            await self._session.send(method, **parameters)
