"""Playlists of films (HLS) that play in the archive. Imported by `archiver.replay.rewriting` alone, in its process.

pywb leaves the best rendition in a playlist, but its addresses as they were. A player that is a script asks through
the page, where they are rewritten; the browser's own player would take them literally, and ask the living web.
"""

import re
from io import BytesIO
from typing import Any

from pywb.rewrite.rewrite_hls import RewriteHLS

HLS, DASH = "application/vnd.apple.mpegurl", "application/dash+xml"
"""What pywb calls manifests."""

_PLAYLISTS = ("application/x-mpegurl", "application/mpegurl", "audio/mpegurl", "audio/x-mpegurl", HLS)
_ANYTHING = ("", "text/plain", "text/xml", "application/xml", "application/octet-stream", "binary/octet-stream")
_URI = re.compile(r'((?:^|[:,])URI=")([^"]*)"')


def name_manifest(record: Any, url: str) -> bool:
    """Call a manifest what pywb knows it by; by its address, where servers say nothing of use. Tells if it is one."""
    headers = record.http_headers
    told = (headers.get_header("Content-Type") or "").partition(";")[0].strip().lower() if headers else None
    path = url.partition("?")[0].lower()
    if told in _PLAYLISTS or (told in _ANYTHING and path.endswith(".m3u8")):
        headers.replace_header("Content-Type", HLS)
    elif told in _ANYTHING and path.endswith(".mpd"):
        headers.replace_header("Content-Type", DASH)
    else:
        return told == DASH
    return True


class PlaylistRewriter(RewriteHLS):  # type: ignore[misc]
    """An HLS playlist."""

    def rewrite_stream(self, stream: Any, rwinfo: Any) -> BytesIO:
        """The whole playlist, with one rendition and every address in the archive."""
        text = super().rewrite_stream(stream, rwinfo).read().decode()
        return BytesIO("\n".join(self._line(line) for line in text.split("\n")).encode())

    def _line(self, line: str) -> str:
        if line.startswith("#"):
            return _URI.sub(lambda found: f'{found[1]}{self._inside(found[2])}"', line)
        return self._inside(line.strip()) if line.strip() else line

    def _inside(self, address: str) -> str:
        """What is relative to the playlist stays so: it is in the archive already."""
        absolute = address.startswith("/") or "://" in address
        return str(self.url_rewriter.rewrite(address, force_abs=True)) if absolute else address
