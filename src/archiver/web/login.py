"""Who is let into the app: a token that readers type once, or a trusted proxy's word. The way on to the replay host."""

import math
import time
from collections.abc import Callable
from urllib.parse import parse_qs, quote, urlencode

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from archiver.replay.login import LASTS, Login, cookie_name, cookies, is_local
from archiver.web.site import Site
from archiver.words import phrase

FREE_TRIES = 5
LONGEST_WAIT = 60.0
REMEMBERED = 10_000
"""Addresses whose failures are counted; beyond them, the oldest are forgotten."""
FORM_BYTES = 4096
OPEN = ("/-/login", "/robots.txt", "/favicon.ico")
"""Paths that need no login; and what is below `/static/`."""


class Failures:
    """Wrong tokens by address: from the sixth on, each doubles the wait before the next try."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.counted: dict[str, tuple[int, float]] = {}

    def wait(self, address: str) -> float:
        """Seconds until the address may try again."""
        count, last = self.counted.get(address, (0, 0.0))
        pause = min(LONGEST_WAIT, 2.0 ** min(count - FREE_TRIES, 30)) if count >= FREE_TRIES else 0.0
        return max(0.0, last + pause - self.clock())

    def add(self, address: str) -> None:
        """One more."""
        count, _ = self.counted.pop(address, (0, 0.0))
        self.counted[address] = count + 1, self.clock()
        if len(self.counted) > REMEMBERED:
            del self.counted[next(iter(self.counted))]

    def forget(self, address: str) -> None:
        """It knew the token."""
        self.counted.pop(address, None)


class Door:
    """Stands before every page of `site`, and has pages of its own where a token lets readers in."""

    def __init__(self, site: Site, login: Login, clock: Callable[[], float] = time.monotonic) -> None:
        self.site = site
        self.login = login
        site.templates.globals["logout"] = login.mode == "token"
        self.failures = Failures(clock)
        self.cookie = cookie_name("session", site.app)
        self.ended: set[str] = set()
        """Sessions that a reader has ended."""

    def routes(self) -> list[Route]:
        """`/-/login`, `/-/logout`, `/-/pass`."""
        if self.login.mode != "token":
            return []
        return [
            Route("/-/login", self.enter, methods=["GET", "POST"]),
            Route("/-/logout", self.leave, methods=["GET", "POST"]),
            Route("/-/pass", self.go_on),
        ]

    def around(self, app: ASGIApp) -> ASGIApp:
        """`app` for those who are let in."""
        if self.login.mode == "open":
            return app

        async def gate(scope: Scope, receive: Receive, send: Send) -> None:
            async def keep(message: Message) -> None:
                """No cache between is to show others what a reader may see."""
                if message["type"] == "http.response.start":
                    cache = MutableHeaders(scope=message)
                    told = cache.get("cache-control", "no-cache").replace("public", "private")
                    cache["cache-control"] = told if "no-store" in told or "private" in told else f"private, {told}"
                await send(message)

            refusal = self._refusal(Request(scope)) if scope["type"] == "http" else None
            await (refusal or app)(scope, receive, keep)

        return gate

    def _refusal(self, request: Request) -> Response | None:
        path = request.url.path
        if self.login.mode == "header":
            if self.login.vouched(_peer(request), request.headers.getlist(self.login.header)):
                return None
            return PlainTextResponse("Readers come here by way of the proxy that knows them.\n", 403)
        if path in OPEN or path.startswith("/static/") or self.session(request):
            return None
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            if kind.lower() == "bearer" and token and self.tried(request, token.strip()):
                return None
        except HTTPException as error:
            return PlainTextResponse(f"{error.detail}\n", error.status_code, error.headers)
        if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
            here = path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"/-/login?next={quote(here, safe='')}", 303)
        return PlainTextResponse("Log in first.\n", 401, {"WWW-Authenticate": "Bearer"})

    def session(self, request: Request) -> str:
        """The name of the reader's session; empty if there is none."""
        told = cookies(request.headers.get("cookie", ""), self.cookie)
        names = (self.login.named("session", one) for one in told)
        return next((name for name in names if name and name not in self.ended), "")

    def tried(self, request: Request, token: str) -> bool:
        """Whether the token is right. Raises `HTTPException` 429 for who has tried too often."""
        address = _peer(request)
        if wait := self.failures.wait(address):
            message = phrase("Too many wrong tokens. Wait a little.")
            raise HTTPException(429, message, {"Retry-After": str(math.ceil(wait))})
        if self.login.accepts(token):
            self.failures.forget(address)
            return True
        self.failures.add(address)
        return False

    async def enter(self, request: Request) -> Response:
        """The form, and what becomes of it."""
        form = await _form(request) if request.method == "POST" else {}
        onward = form.get("next") or request.query_params.get("next", "/")
        onward = onward if is_local(onward) else "/"
        complaint = None
        if form:
            if self.tried(request, form.get("token", "").strip()):
                answer = RedirectResponse(self._by_way_of_replay("enter", next=onward), 303)
                self._set_cookie(answer, self.login.sign("session"), LASTS["session"])
                return answer
            complaint = phrase("That is not the token.")
        return self.site.render(request, "login.html", 403 if complaint else 200, onward=onward, complaint=complaint)

    async def leave(self, request: Request) -> Response:
        """A form whose one value nobody but this reader's browser knows, and the end of the session."""
        name = self.session(request)
        if request.method == "POST":
            if self.login.named("leave", (await _form(request)).get("leave", "")) != name:
                raise HTTPException(403, phrase("This form is too old. Open it again."))
            self.ended.add(name)
            answer = RedirectResponse(self._by_way_of_replay("leave", next="/-/login"), 303)
            self._set_cookie(answer, "", 0)
            return answer
        return self.site.render(request, "logout.html", leave=self.login.sign("leave", name))

    async def go_on(self, request: Request) -> Response:
        """From the replay host, which does not know the reader yet, and back to `?to=`."""
        to = request.query_params.get("to", "/")
        return RedirectResponse(self._by_way_of_replay("enter", to=to if is_local(to) else "/"), 303)

    def _by_way_of_replay(self, way: str, **where: str) -> str:
        return f"{self.site.replay}/-/{way}?" + urlencode({"ticket": self.login.sign("ticket")} | where)

    def _set_cookie(self, answer: Response, value: str, seconds: int) -> None:
        secure = self.cookie.startswith("__Host-")
        answer.set_cookie(self.cookie, value, max_age=seconds, secure=secure, httponly=True, samesite="lax")
        answer.headers["Cache-Control"] = "no-store"


def _peer(request: Request) -> str:
    return request.client.host if request.client else ""


async def _form(request: Request) -> dict[str, str]:
    """The fields of a small form. Raises `HTTPException` 413 for a large one."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > FORM_BYTES:
            raise HTTPException(413)
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=10)
    return {name: values[0] for name, values in fields.items()} or {"token": ""}
