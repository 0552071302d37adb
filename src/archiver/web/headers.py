"""What goes round every answer: only our own address is answered, and every answer has the same safe headers."""

from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Headers:
    """Answers only to its own address, and puts the same safe headers on every answer."""

    def __init__(self, app: ASGIApp, origin: str, replay: str) -> None:
        """Both as http://host:port."""
        self.app = app
        self.origin = origin
        self.host = urlsplit(origin).netloc.lower()
        # A login goes on to the replay host, and browsers hold forms to where they are sent on (CSP3 §6.4.2).
        policy = (
            f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' {replay}; frame-src {replay}; "
            f"form-action 'self' {replay}; base-uri 'none'; frame-ancestors 'none'"
        )
        self.headers = [
            (b"content-security-policy", policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"x-robots-tag", b"noindex, noarchive"),
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"cross-origin-resource-policy", b"same-origin"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self.headers]
            await send(message)

        hosts = [value.decode("latin-1").lower() for name, value in scope["headers"] if name == b"host"]
        if hosts == [self.host] and scope["path"].startswith("/"):
            await self.app(scope, receive, sealed)
        else:
            refusal = PlainTextResponse(f"This archive's address is {self.origin}/\n", 421)
            await refusal(scope, receive, sealed)
