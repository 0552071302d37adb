"""Pictures that captures hold: of what type they are is told by their first bytes, never by what the archive says."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from archiver.disk import CHUNK

TYPES = {
    re.compile(rb"\x89PNG\r\n\x1a\n"): "image/png",
    re.compile(rb"\xff\xd8\xff"): "image/jpeg",
    re.compile(rb"RIFF....WEBP", re.DOTALL): "image/webp",
}
KEPT = "private, max-age=600"
"""A record never changes; but an access rule may take it away."""


def kind(head: bytes) -> str:
    """The media type of what begins so; empty if it is no picture of ours."""
    return next((kind for magic, kind in TYPES.items() if magic.match(head)), "")


def picture(body: BinaryIO | None) -> Response:
    """The answer that holds a picture. Raises `HTTPException` 404 if it is none of ours."""
    if body is None:
        raise HTTPException(404)
    head = body.read(16)
    media_type = kind(head)
    if not media_type:
        body.close()
        raise HTTPException(404)
    return StreamingResponse(_pieces(head, body), media_type=media_type, headers={"Cache-Control": KEPT})


def _pieces(head: bytes, body: BinaryIO) -> Iterator[bytes]:
    yield head
    with body:
        while piece := body.read(CHUNK):
            yield piece
