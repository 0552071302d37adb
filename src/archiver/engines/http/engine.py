"""The `http` engine: what the server sends, byte for byte, without running the page.

It asks for the page and for what the page and its style sheets refer to, with one cookie jar for each visit. Scripts
do not run, so what they would load is not there.
"""

import ssl
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Self

from archiver import __version__
from archiver.engines import EngineOptions
from archiver.engines.authorities import read_authorities, system_bundle
from archiver.engines.guard import check_url
from archiver.engines.http.fetch import Session
from archiver.engines.http.transfer import Terms, new_cookies
from archiver.engines.http.visit import Visit
from archiver.model import Fidelity, Item, Limits

USER_AGENT = f"Mozilla/5.0 (compatible; Archiver/{__version__})"


class HttpEngine:
    """Captures without a browser; see `archiver.engines.Engine` for what it promises."""

    name = "http"
    fidelity: Fidelity = "entity"

    def __init__(self, options: EngineOptions) -> None:
        self._options = options
        self._opened = ExitStack()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._idle: list[Session] | None = None  # None: not open
        self._ca_bundle = ""

    def __enter__(self) -> Self:
        """Raises `UnreadableInput` if the file of authorities is none."""
        self._ca_bundle = system_bundle()
        if self._options.ca_file is not None:
            private = "\n".join(map(ssl.DER_cert_to_PEM_cert, read_authorities(self._options.ca_file)))
            joined = self._opened.enter_context(tempfile.NamedTemporaryFile(prefix="archiver-ca-", suffix=".pem"))
            joined.write(Path(self._ca_bundle).read_bytes() + b"\n" + private.encode())
            joined.flush()
            self._ca_bundle = joined.name
        self._closing.clear()
        self._idle = []
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing.set()
        with self._lock:
            idle, self._idle = self._idle or [], None
        for session in idle:
            session.close()
        self._opened.close()

    def capture(self, url: str, limits: Limits) -> Iterator[Item]:
        """Visit `url`; see `Engine.capture`. Raises `InvalidURL` too. Its only `Resource`s are `certificates`."""
        address = check_url(url)
        deadline = time.monotonic() + limits.seconds
        session = self._borrow()
        try:
            options, reader = self._options, self._options.session
            with closing(new_cookies(reader.cookies)) as cookies:
                terms = Terms(
                    user_agent=reader.user_agent or USER_AGENT,
                    ca_bundle=self._ca_bundle,
                    allow_private=options.allow_private,
                    body_bytes=limits.body_bytes,
                    deadline=deadline,
                    cookies=cookies,
                    seed=address,
                    basic_auth=reader.basic_auth,
                    allowed=options.allowed,
                )
                try:
                    yield from Visit(address, limits, terms, session, options.blocked).items()
                finally:
                    session.abandon()  # before the cookies go that its transfers use
        finally:
            self._give_back(session)

    def _borrow(self) -> Session:
        with self._lock:
            return self._idle.pop() if self._idle else Session(self._closing)

    def _give_back(self, session: Session) -> None:
        with self._lock:
            if self._idle is not None:
                self._idle.append(session)
                return
        session.close()
