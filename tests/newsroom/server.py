"""Start and stop: sockets, certificate, and Hypercorn in a thread of its own."""

import asyncio
import http.client
import socket
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import urlsplit

import trustme
from hypercorn.asyncio import serve
from hypercorn.config import Config
from hypercorn.typing import Framework
from starlette.applications import Starlette
from starlette.routing import Host, Router

from newsroom.behaviours import BEHAVIOURS
from newsroom.editions import edition
from newsroom.news import NEWS
from newsroom.served import Served, ServedLog, Watched
from newsroom.services import API, CDN, FRAMES, VIDEO
from newsroom.site import HOSTS, Site
from newsroom.tricks import TRICKS, break_off

ROUTERS: dict[str, Router] = {
    "news": NEWS,
    "cdn": CDN,
    "video": VIDEO,
    "api": API,
    "frames": Router([*FRAMES.routes, *BEHAVIOURS]),
    "tricks": TRICKS,
}


class Newsroom:
    """The site, from `start` (or entering) to `stop` (or leaving). `log`: a file for JSON lines of what was served."""

    def __init__(self, log: Path | None = None) -> None:
        self._log = ServedLog(log)
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="newsroom", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Open the ports and serve; returns when every origin accepts connections."""
        self._folder = tempfile.TemporaryDirectory(prefix="newsroom-")
        self._sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
        self._site = Site(*(each.getsockname()[1] for each in self._sockets))
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self.stop()

    def stop(self) -> None:
        """Close everything; open streams end. May be called twice. Raises RuntimeError if the server broke down."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._site.stopping.set)
            self._thread.join()
        for each in self._sockets:
            each.close()
        self._folder.cleanup()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise RuntimeError("The newsroom broke down.") from failure

    @property
    def article(self) -> str:
        """The English article, https."""
        return self._site.article_url(edition("en"))

    @property
    def article_uk(self) -> str:
        """The Ukrainian article, https."""
        return self._site.article_url(edition("uk"))

    @property
    def http_article(self) -> str:
        """The English article, http; everything that it loads is http as well."""
        return self._site.article_url(edition("en"), "http")

    @property
    def short_link(self) -> str:
        """302, then 301, then the English article."""
        return self.url("news", "/go/water")

    @property
    def ca_file(self) -> Path:
        """PEM file of the authority that signed the certificate."""
        return Path(self._folder.name) / "authority.pem"

    def url(self, host: str, path: str, scheme: str = "https") -> str:
        """An address on one of the origins `news`, `cdn`, `video`, `api`, `frames`, `tricks`, `broken` (http only)."""
        return self._site.origin(host, scheme) + path

    def html(self, address: str) -> str:
        """The page at `address` (http), as the server sends it; whatever the name of its host."""
        parts = urlsplit(address)
        connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=300)
        connection.request("GET", parts.path, headers={"Host": parts.netloc})
        response = connection.getresponse()
        assert response.status == 200
        text = response.read().decode()
        connection.close()
        return text

    def trick(self, name: str, scheme: str = "https") -> str:
        """A page with one difficulty: `missing` (404), `gone` (410), `failing` (500), `blocked` (403), `busy` (429),
        `soft-404`, `consent-wall`, `paywall`, `login`, `thin`, `windows-1251`, `latin-1`, `loop` (redirects), `slow`
        (`?seconds=`), `endless`, `restless`; `closed` (no answer) and `short` (cut off) are http only.
        """
        host = "broken" if name in ("closed", "short") else "tricks"
        return self.url(host, f"/{name}", scheme)

    def log(self) -> list[Served]:
        """What was served since the start or the last `clear_log`."""
        return self._log.entries()

    def clear_log(self) -> None:
        """Begin the list anew."""
        self._log.clear()

    def correct(self) -> None:
        """Publish the correction: headline, note and dateModified of the English article change, the banner rises."""
        self._site.corrected = True

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:  # noqa: BLE001  (told to the thread that waits in `start`)
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(forgive_rude_clients)
        plain, secure, broken = self._sockets
        async with await asyncio.start_server(break_off, sock=broken):
            app = Starlette(routes=[Host(f"{name}.localhost", router) for name, router in ROUTERS.items()])
            app.state.site = self._site
            config = self._configured(plain, secure)
            self._ready.set()
            application = cast(Framework, Watched(app, self._log))
            try:
                await serve(application, config, shutdown_trigger=self._site.stopping.wait, mode="asgi")
            except OSError:  # closing a TLS connection while its client still sends ends in an SSLError
                if not self._site.stopping.is_set():
                    raise

    def _configured(self, plain: socket.socket, secure: socket.socket) -> Config:
        authority = trustme.CA(organization_name="Tykhovyr Lantern", organization_unit_name="invented newspaper")
        authority.cert_pem.write_to_path(str(self.ca_file))
        certificate = authority.issue_cert(*(f"{name}.localhost" for name in HOSTS), "localhost", "127.0.0.1")
        own = self.ca_file.with_name("site.pem")
        certificate.private_key_and_cert_chain_pem.write_to_path(str(own))
        authority.cert_pem.write_to_path(str(own), append=True)  # browsers may be told to trust its key by digest
        return Config.from_mapping(
            bind=[f"fd://{secure.detach()}"],
            insecure_bind=[f"fd://{plain.detach()}"],
            certfile=str(own),
            keyfile=str(own),
            errorlog=None,
            keep_alive_timeout=60,
            graceful_timeout=0.2,
        )


def forgive_rude_clients(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Report what goes wrong in the loop, but for clients that hang up."""
    if not isinstance(context.get("exception"), OSError):  # ConnectionError and SSLError are OSErrors
        loop.default_exception_handler(context)
