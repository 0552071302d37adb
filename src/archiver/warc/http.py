"""HTTP header blocks as bytes: read without loss, written without a way for hostile values to forge a line."""

import re
from collections.abc import Container
from email.message import Message
from functools import lru_cache
from http import HTTPStatus
from typing import NamedTuple

from archiver.model import Headers

LINE_LIMIT = 1 << 20
"""Bytes of one header line, of WARC or HTTP, above which a file is not read on."""

HEAD_LIMIT = 4 << 20
"""Bytes of a whole header block above which a file is not read on."""

REDIRECTS = frozenset((301, 302, 303, 307, 308))
ORIGINAL = "X-Archive-Orig-"
"""The prefix of a field that was true of what was sent, and is not of what is stored."""

_TYPE_LIMIT = 1000
_OWS = " \t"  # optional whitespace around a value is no part of it (RFC 9110 §5.5)
_PLAIN = re.compile(rb"[!-~][ -~]*\r\n(?:[A-Za-z0-9_-]+: [!-~](?:[ -~]*[!-~])?\r\n)*\r\n")
_FORBIDDEN = re.compile(r"[\r\n\0]")
_NAME_ENDS = re.compile(r"[\r\n\0:]")


class HttpHead(NamedTuple):
    """The first line of an HTTP message and its header lines, as Latin-1 text."""

    first_line: str
    headers: Headers

    def get(self, name: str) -> str | None:
        """The first value under `name`, in any case, or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    @property
    def code(self) -> str:
        """The status of a response as written, possibly empty."""
        return self._after_first_word.split(" ", 1)[0]

    @property
    def reason(self) -> str:
        """The reason phrase of a response, possibly empty."""
        return self._after_first_word.partition(" ")[2].strip()

    @property
    def method(self) -> str:
        """The method of a request."""
        return self.first_line.split(" ", 1)[0]

    @property
    def target(self) -> str:
        """The target of a request as written, possibly empty."""
        return self._after_first_word.rpartition(" ")[0] or self._after_first_word

    @property
    def _after_first_word(self) -> str:
        return self.first_line.partition(" ")[2].strip()


def parse_head(block: bytes) -> HttpHead:
    """Read a header block (RFC 9112 §2.1); a line without a colon is passed over, a folded one joined."""
    if _PLAIN.fullmatch(block):  # as nearly all are, and in half the time
        first, *lines = block[:-4].decode("latin-1").split("\r\n")
        return HttpHead(first.strip(), tuple([(name, value) for name, _, value in [x.partition(": ") for x in lines]]))
    first, *lines = [line.rstrip("\r") for line in block.decode("latin-1").split("\n")]
    headers: list[tuple[str, str]] = []
    for line in lines:
        name, colon, value = line.partition(":")
        if line.startswith((" ", "\t")) and headers:
            folded, before = headers[-1]
            headers[-1] = (folded, f"{before} {line.strip(_OWS)}")
        elif colon:
            headers.append((name.strip(_OWS), value.strip(_OWS)))
    return HttpHead(first.strip(), tuple(headers))


def format_head(first_line: str, headers: Headers) -> bytes:
    """The header block with its blank line, each value in the bytes it came in (Latin-1).

    CR, LF and NUL cannot occur in a header that was ever parsed (RFC 9110 §5.5); where a hostile or confused
    source yields them all the same they become spaces, and a colon in a name an underscore.
    """
    lines = [_FORBIDDEN.sub(" ", first_line)]
    for name, value in headers:
        lines.append(_NAME_ENDS.sub("_", name).strip() + ": " + _FORBIDDEN.sub(" ", value).strip(_OWS))
    return b"".join(_wire(line) + b"\r\n" for line in lines) + b"\r\n"


def values_of(headers: Headers, name: str) -> list[str]:
    """All values under `name`, in any case."""
    wanted = name.lower()
    return [value for key, value in headers if key.lower() == wanted]


def value_of(headers: Headers, name: str) -> str:
    """The first value under `name`, in any case, or ""."""
    return next(iter(values_of(headers, name)), "")


def coding_of(headers: Headers) -> str:
    """The content coding of a body, in lower case; empty for none."""
    values = (value.strip().lower() for value in values_of(headers, "content-encoding"))
    return ",".join(value for value in values if value != "identity")


def is_framed(headers: Headers) -> bool:
    """Whether the stored bytes are more than the entity."""
    return bool(values_of(headers, "transfer-encoding"))


def renamed(headers: Headers, stale: Container[str]) -> Headers:
    """`headers` with the prefix `ORIGINAL` before the fields of these lower-case names."""
    return tuple((ORIGINAL + name if name.lower() in stale else name, value) for name, value in headers)


def reason_of(status: int) -> str:
    """The standard's phrase for a status, or ""; HTTP/2 sends none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _wire(line: str) -> bytes:
    try:
        return line.encode("latin-1")
    except UnicodeEncodeError:
        return line.encode("utf-8", "replace")


@lru_cache(1024)
def media_type_of(content_type: str | None) -> tuple[str, str]:
    """The media type in lower case and the charset, each "" where absent, of a Content-Type value."""
    value = _FORBIDDEN.sub(" ", (content_type or "")[:_TYPE_LIMIT])
    message = Message()
    message["Content-Type"] = value
    media_type = value.partition(";")[0].strip().lower()
    charset = message.get_param("charset", "", unquote=True)
    return media_type, charset.strip().lower() if isinstance(charset, str) else ""
