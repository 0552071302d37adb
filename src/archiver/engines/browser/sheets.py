"""The style sheets that a page was sent: what scripts of the page's site may not read of other sites' sheets.

(DevTools' own `Page.getResourceContent` takes two seconds for them.)
"""

from archiver.model import Exchange
from archiver.warc.decoding import beginning
from archiver.warc.http import media_type_of, value_of

MOST, LONGEST = 64, 1 << 20
"""Sheets of one page that are kept in mind, and bytes of each."""


class Sheets:
    """The style sheets of one recording, by URL."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def look(self, exchange: Exchange) -> None:
        """Keep what this answer says if it is a style sheet."""
        response = exchange.response
        media_type, charset = media_type_of(value_of(response.headers, "content-type"))
        if media_type == "text/css" and response.status == 200 and len(self._texts) < MOST:
            content = beginning(response.body, response.headers, LONGEST)
            try:
                self._texts[exchange.url] = content.decode(charset or "utf-8", "replace")
            except LookupError:
                pass  # of no encoding that is known here, it has no address that we could read

    def texts(self, urls: list[str]) -> dict[str, str]:
        """The texts of those that came."""
        return {url: self._texts[url] for url in urls if url in self._texts}
