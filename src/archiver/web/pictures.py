"""Pictures that captures hold: of what type they are is told by their first bytes, never by what the archive says."""

from collections.abc import Iterator
from typing import BinaryIO

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from archiver.disk import CHUNK

TYPES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
KEPT = "private, max-age=600"
"""A record never changes; but an access rule may take it away."""


def picture(body: BinaryIO | None) -> Response:
    """The answer that holds a picture. Raises `HTTPException` 404 if it is none of ours."""
    if body is None:
        raise HTTPException(404)
    head = body.read(16)
    kind = next((kind for magic, kind in TYPES.items() if head.startswith(magic)), None)
    if kind is None:
        body.close()
        raise HTTPException(404)
    return StreamingResponse(_pieces(head, body), media_type=kind, headers={"Cache-Control": KEPT})


def _pieces(head: bytes, body: BinaryIO) -> Iterator[bytes]:
    yield head
    with body:
        while piece := body.read(CHUNK):
            yield piece
