"""Films that come in pieces: when the page stands, all pieces that a replay needs are fetched.

The page's own player loads what it plays, in the rendition that its line allows. That is recorded like anything else;
what is missing beside it is told by the manifests that came.
"""

import asyncio
from typing import TYPE_CHECKING

from archiver.engines import manifests
from archiver.model import Exchange
from archiver.warc.decoding import beginning

if TYPE_CHECKING:
    from archiver.engines.browser.recording import Recording

HEAD = 1024
"""Bytes by which a manifest is known."""
MOST = 200
"""Manifests that are read for one page."""


class Films:
    """The manifests of one recording."""

    def __init__(self) -> None:
        self.frames: set[str] = set()
        """Ids of the page's frames that were sent film or sound."""
        self._manifests: dict[str, tuple[manifests.Kind, bytes]] = {}

    def look(self, exchange: Exchange) -> bool:
        """Keep what this answer says if it is a manifest; tells whether it is one."""
        response = exchange.response
        kind = manifests.kind_of(beginning(response.body, response.headers, HEAD)) if response.status == 200 else None
        if kind and len(self._manifests) < MOST:
            self._manifests[exchange.url] = kind, beginning(response.body, response.headers, manifests.LONGEST)
        return kind is not None

    async def complete(self, recording: "Recording", *, every: bool) -> None:
        """Fetch what replays need of the films whose manifests came; of `every` rendition if asked."""
        read: dict[str, manifests.Wanted] = {}
        left_out: set[str] = set()
        while fresh := [url for url in self._manifests if url not in read]:
            for url in fresh:
                kind, content = self._manifests[url]
                read[url] = await asyncio.to_thread(manifests.read, kind, content, url, every=every)
                left_out |= read[url].left_out
                _fetch(recording, read[url].manifests)
            await recording.streams.arrive()
        for url, wanted in read.items():
            if url not in left_out:
                recording.reasons.update(dict.fromkeys(wanted.reasons))
                _fetch(recording, wanted.parts)
        await recording.streams.arrive()


def _fetch(recording: "Recording", urls: dict[str, None]) -> None:
    """Have fetched what is not recorded yet."""
    notes = recording.notes.lines  # a 206 among them is of a whole, as long as the visit goes on
    kept = {note.url for note in notes if note.recorded and note.method == "GET" and note.status in (200, 206)}
    for url in urls:
        if url not in kept:
            recording.streams.fetch(url)
