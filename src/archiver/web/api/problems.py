"""What goes wrong in the JSON API, as `application/problem+json` (RFC 9457): a plain sentence and a hint."""

import json
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver.errors import ArchiverError, UnknownCapture, UnknownCollection, UnreadableInput, UsageError

MEDIA_TYPE = "application/problem+json"
HINT = "/-/api names all addresses and their parameters."


def problem(error: Exception) -> Response:
    """The answer for what was raised. What is not there and what is hidden look alike."""
    match error:
        case UnknownCapture():
            return told(404, "There is no such capture here.", "/-/api/captures lists them.")
        case UnknownCollection():
            return told(404, "There is no such collection here.", "/-/api/collections lists them.")
        case HTTPException(status_code=404):
            return told(404, "There is no such address in this API.", HINT)
        case HTTPException(status_code=405):
            return told(
                405, "Only GET and HEAD are answered: nothing can be changed here.", HINT, {"Allow": "GET, HEAD"}
            )
        case HTTPException():
            return told(error.status_code, f"{error.detail}.", HINT)
        case UnreadableInput():
            return told(500, str(error), error.hint)
        case UsageError():
            return told(400, str(error), error.hint)
        case ArchiverError():
            return told(500, str(error), error.hint)
    return told(500, "The archive made a mistake.", "Tell the people who run it.")


def told(status: int, detail: str, hint: str, headers: dict[str, str] | None = None, **more: Any) -> Response:
    """A problem of no other type than its status says (RFC 9457 §4.2.1)."""
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    body = json.dumps(document | {"hint": hint} | more, ensure_ascii=False).encode()
    return Response(body, status, {"Cache-Control": "no-store", **(headers or {})}, MEDIA_TYPE)
