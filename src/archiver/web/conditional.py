"""Answers that need not be sent again when the reader has them (RFC 9110 §13)."""

import hashlib
import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

_TAG = re.compile(r'"[!#-~\x80-\xff]*"')


def answer(request: Request, body: bytes, media_type: str, headers: Mapping[str, str] | None = None) -> Response:
    """`body` with its digest as its tag; 304 without it if that is what the reader names.

    It may be kept, but not used unasked: an access rule may have taken it away.
    """
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    told = {"ETag": tag, "Cache-Control": "private, no-cache", **(headers or {})}
    known = request.headers.get("if-none-match", "")
    if known.strip() == "*" or tag in _TAG.findall(known):
        return Response(None, 304, told)
    return Response(body, 200, told, media_type)
