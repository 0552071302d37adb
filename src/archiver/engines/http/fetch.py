"""HTTP transfers at the same time, over connections that are kept."""

import threading
from collections import deque

import pycurl

from archiver.engines.http.handshake import Handshakes, read_handshake
from archiver.engines.http.transfer import Outcome, Transfer
from archiver.errors import ArchiverError


class Session:
    """Transfers at the same time, over connections that are kept from one visit to the next; for one thread at once."""

    def __init__(self, closing: threading.Event) -> None:
        """`closing`, once set from another thread, ends whatever is running."""
        self._closing = closing
        self._multi = pycurl.CurlMulti()
        self._running: dict[pycurl.Curl, Transfer] = {}
        self._ended: deque[tuple[Transfer, Outcome]] = deque()
        self._handshakes = Handshakes()

    def start(self, transfer: Transfer) -> None:
        """Send it on its way; `finished` will give it back."""
        self._running[transfer.easy] = transfer
        self._multi.add_handle(transfer.easy)

    def finished(self) -> tuple[Transfer, Outcome] | None:
        """A transfer that has ended, waited for; None if none is running. `ArchiverError` if the engine closes."""
        while True:
            if self._closing.is_set():
                raise ArchiverError("The HTTP engine is closed.")
            while self._multi.perform()[0] == pycurl.E_CALL_MULTI_PERFORM:
                pass
            self._collect()
            if self._ended:
                return self._ended.popleft()
            if not self._running:
                return None
            self._multi.select(0.1)

    def _collect(self) -> None:
        for easy, transfer in self._running.items():
            if transfer.secured:
                handshake = read_handshake(transfer.secured, easy.getinfo(pycurl.INFO_CERTINFO))
                self._handshakes.add(easy.getinfo(pycurl.CONN_ID), handshake)
                transfer.secured = b""
        left = 1
        while left:
            left, good, bad = self._multi.info_read()
            for easy, code, message in [*((easy, pycurl.E_OK, "") for easy in good), *bad]:
                transfer = self._running.pop(easy)
                handshake = self._handshakes.of(easy.getinfo(pycurl.CONN_ID))
                self._multi.remove_handle(easy)
                self._ended.append((transfer, transfer.finish(code, message, handshake)))

    def abandon(self) -> None:
        """Break off whatever is still running, and drop what has ended and was not asked for."""
        for easy, transfer in self._running.items():
            self._multi.remove_handle(easy)
            transfer.discard()
        self._running.clear()
        while self._ended:
            self._ended.pop()[1].body.close()

    def close(self) -> None:
        """Break off everything and close the connections."""
        self.abandon()
        self._multi.close()
