"""The login of the replay host. It has a cookie of its own, which no script can read and the app does not know."""

from urllib.parse import parse_qs, quote, urlsplit

from archiver.replay.addresses import is_loopback, one_site
from archiver.replay.login import LASTS, Login, cookie_name, cookies, is_local
from archiver.replay.outgoing import Answer, Environ, text

CLEAR = ("Clear-Site-Data", '"cache", "storage"')
"""Takes away what archived pages have stored in this browser."""


class Gate:
    """Lets in who comes with a ticket of the app's, or by a trusted proxy."""

    def __init__(self, login: Login, origin: str, app: str | None) -> None:
        self.login = login
        self.app = app or ""
        self.cookie = cookie_name("pass", origin)
        ours, apps = (str(urlsplit(url).hostname) for url in (origin, self.app))
        self.secure = origin.startswith("https:") or is_loopback(ours)
        self.everywhere = self.secure and not one_site(ours, apps)

    def answer(self, environ: Environ, path: str) -> Answer | None:
        """What to say instead of replaying; None lets in."""
        if self.login.mode == "header":
            named = environ.get("HTTP_" + self.login.header.replace("-", "_").upper(), "")
            if self.login.vouched(environ.get("REMOTE_ADDR", ""), [named]):
                return None
            return text("403 Forbidden", "Readers come here by way of the proxy that knows them.")
        if self.login.mode == "open":
            return None
        if path in ("/-/enter", "/-/leave"):
            asked = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
            return self._enter(asked) if path == "/-/enter" else self._leave(asked)
        told = cookies(environ.get("HTTP_COOKIE", ""), self.cookie)
        if any(self.login.named("pass", one) for one in told) or path in ("/robots.txt", "/favicon.ico"):
            return None
        return self._refusal(environ, path)

    def _enter(self, asked: dict[str, str]) -> Answer:
        """From the app with a ticket: on to a page of ours (`to`), or back to one of the app's (`next`)."""
        if not self._has_ticket(asked):
            return text("403 Forbidden", f"This ticket is too old, or none of ours. Begin at {self.app}/")
        return self._onward(asked, self._cookie(self.login.sign("pass"), LASTS["pass"]))

    def _leave(self, asked: dict[str, str]) -> Answer:
        if not self._has_ticket(asked):
            return text("403 Forbidden", f"To log out, go to {self.app}/-/logout")
        return self._onward(asked, self._cookie("", 0), CLEAR)

    def _has_ticket(self, asked: dict[str, str]) -> bool:
        return bool(self.login.named("ticket", asked.get("ticket", "")))

    def _onward(self, asked: dict[str, str], *headers: tuple[str, str]) -> Answer:
        back = asked.get("next", "/")
        target = asked.get("to", "")
        onward = target if is_local(target) else f"{self.app}{back if is_local(back) else '/'}"
        return "303 See Other", [("Location", onward), ("Cache-Control", "no-store"), *headers], b""

    def _refusal(self, environ: Environ, path: str) -> Answer:
        """A page opened by itself goes by way of the app, which knows the reader; the app's frame cannot."""
        kind = environ.get("HTTP_SEC_FETCH_DEST", "document" if "html" in environ.get("HTTP_ACCEPT", "") else "")
        if kind == "document" and environ["REQUEST_METHOD"] == "GET":
            to = quote(environ.get("REQUEST_URI", path), safe="")
            return "303 See Other", [("Location", f"{self.app}/-/pass?to={to}"), ("Cache-Control", "no-store")], b""
        message = (
            f"This browser does not show here that you have logged in. Open {self.app}/-/pass once, then this again."
        )
        return text("401 Unauthorized", message)

    def _cookie(self, value: str, seconds: int) -> tuple[str, str]:
        where = "SameSite=None" if self.everywhere else "SameSite=Lax"
        secure = "; Secure" if self.secure else ""
        return "Set-Cookie", f"{self.cookie}={value}; Path=/; Max-Age={seconds}; HttpOnly; {where}{secure}"
