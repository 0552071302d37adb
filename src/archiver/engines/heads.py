"""Response heads, kept true of the bodies that are stored with them."""

from http import HTTPStatus

from archiver.model import Headers

ORIGINAL = "X-Archive-Orig-"
"""The prefix of a field that was true of what was sent, and is not of what is stored."""
REDIRECTS = frozenset((301, 302, 303, 307, 308))


def reason_of(status: int) -> str:
    """The standard's phrase for a status, or ""; HTTP/2 sends none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def renamed(headers: Headers, stale: frozenset[str]) -> Headers:
    """`headers` with the prefix before the fields of these lower-case names."""
    return tuple((ORIGINAL + name if name.lower() in stale else name, value) for name, value in headers)
