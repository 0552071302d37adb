"""Small pictures of captures: read from the WARC once, and kept in `derived/thumbnails/` of the collection.

An erasure removes all that is derived, so that no picture outlives its capture.
"""

from contextlib import suppress
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from archiver import disk
from archiver.catalogue.records import named_payload
from archiver.collection import Collection, Root
from archiver.collection.layout import is_capture_id
from archiver.errors import StorageError
from archiver.web.cards import Article, found
from archiver.web.pictures import kind
from archiver.web.site import Site

MOST_BYTES = 2 << 20
FOREVER = "private, max-age=31536000, immutable"
"""A capture never changes. Private: who may see it is asked for each reader."""


def routes(site: Site) -> list[Route]:
    """`/{name}/{capture}/thumbnail`."""

    async def thumbnail(request: Request) -> Response:
        """The capture's small picture; from replay, where the WARC is elsewhere."""
        name, capture = request.path_params["name"], request.path_params["capture"]
        content = await run_in_threadpool(_kept, Root(site.root).collection(name), capture)
        if content is None:
            shown = await found(site, request)
            if shown.collection.bytes_here(shown.sidecar.warc_file) is None and (address := shown.record("thumbnail")):
                return RedirectResponse(address, 307)
            content = await run_in_threadpool(_made, shown)
        if not (media_type := kind(content)):
            raise HTTPException(404)
        return Response(content, media_type=media_type, headers={"Cache-Control": FOREVER})

    return [Route("/{name}/{capture}/thumbnail", thumbnail)]


def _kept(collection: Collection, capture: str) -> bytes | None:
    """The picture as it was kept; None where it was not."""
    with suppress(OSError):
        if is_capture_id(capture):
            return _place(collection, capture).read_bytes()
    return None


def _made(shown: Article) -> bytes:
    """The picture out of the WARC, kept for the next time where that is possible; empty if there is none."""
    body = named_payload(shown.collection, shown.sidecar, "thumbnail", MOST_BYTES)
    if body is None:
        return b""
    with body:
        content = body.read()
    if kind(content):
        place = _place(shown.collection, shown.sidecar.id)
        with suppress(OSError, StorageError):
            disk.write_atomic(place, content, replace=True)
        if shown.collection.bytes_here(shown.sidecar.warc_file) is None:  # it was erased meanwhile
            place.unlink(missing_ok=True)
    return content


def _place(collection: Collection, capture: str) -> Path:
    return collection.local(f"derived/thumbnails/{capture[:6]}/{capture}")
