"""Payloads that are kept already: a further answer with the same one becomes a `revisit` record (WARC 1.1 §6.7).

A revisit has its own status and header lines, and no body: that is the body of the original, which it names in the
way that replay really follows, by target URI, date and payload digest. What a page itself is, its main document, is
never one, and neither is an answer that was cut, or one whose stored bytes have framing of their own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from archiver.model import Exchange, Headers, timestamp
from archiver.warc.http import coding_of, is_framed

PROFILE = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
LEAST_BYTES = 1024
"""Of a body, to become a revisit. One costs some 100 bytes more than the head of a response, for its three further
lines, and replay a second look-up and a second reading; smaller bodies do not repay that."""


@dataclass(frozen=True, slots=True)
class Original:
    """A response that holds a payload."""

    url: str
    """WARC-Target-URI."""
    date: datetime
    """WARC-Date."""
    coding: str = ""
    """Content-Encoding of the payload, in lower case."""
    capture: str = ""
    """Id of the capture that holds it; empty for the capture in hand."""

    @property
    def lines(self) -> Headers:
        """The header lines by which a revisit names it."""
        date = timestamp(self.date, micro=True)
        return (("WARC-Profile", PROFILE), ("WARC-Refers-To-Target-URI", self.url), ("WARC-Refers-To-Date", date))


Lookup = Callable[[str, str], Original | None]
"""Target URI and payload digest to an original in other captures, if there is one."""


class Revisits:
    """The payloads of one capture, and those `elsewhere` that it may refer to."""

    def __init__(self, elsewhere: Lookup | None = None) -> None:
        self.required: set[str] = set()
        """Ids of the captures that hold originals of this one's revisits."""
        self._elsewhere = elsewhere
        self._here: dict[tuple[str, str], Original] = {}

    def original(self, exchange: Exchange, url: str, digest: str, length: int) -> Original | None:
        """The original that the answer, of this payload, is to refer to; None if it is to be kept itself.

        One that is kept may be the original of those that follow.
        """
        if length < LEAST_BYTES or not _can_be_shared(exchange):
            return None
        coding = coding_of(exchange.response.headers)
        if exchange.role == "part":
            found = self._here.get((digest, coding)) or (self._elsewhere and self._elsewhere(url, digest))
            if found and found.coding == coding:
                self.required |= {found.capture} - {""}
                self._here.setdefault((digest, coding), found)
                return found
        self._here.setdefault((digest, coding), Original(url, exchange.started, coding))
        return None


def _can_be_shared(exchange: Exchange) -> bool:
    """Only what a GET brought whole: replay finds the answers of other methods, and redirects, under other keys."""
    response = exchange.response
    is_redirect = HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST
    is_whole = exchange.truncated is None and not is_framed(response.headers)
    return exchange.request.method == "GET" and is_whole and not is_redirect
