"""What an item tells of secrets: in its headers, its URLs, and in texts under names that say so."""

from collections.abc import Iterable

from archiver.model import Exchange, Headers, Item, PageInfo, Request, Response
from archiver.redaction.known import PIECE, Known
from archiver.redaction.places import IN_BODIES, in_header, in_urls
from archiver.warc.decoding import CannotDecode, entity
from archiver.warc.http import media_type_of, value_of

SEARCHED = 16 << 20
"""Bytes of one body that are searched."""
_TEXTS = ("text/", "json", "script", "xml", "form-urlencoded")
_OVERLAP = 8 * 1024


def as_bytes(text: str) -> tuple[bytes, str]:
    """A header value or a URL in the bytes it came in (Latin-1), any other text in UTF-8; and which it was."""
    try:
        return text.encode("latin-1"), "latin-1"
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass"), "utf-8"


def learn(known: Known, item: Item) -> None:
    """Add what `item` tells. Its bodies must be seekable, and are left at their start."""
    if isinstance(item, Exchange):
        _learn_urls(known, [item.url])
        for message in (item.request, item.response):
            for name, value in message.headers:
                text, _ = as_bytes(value)
                for span in in_header(name, text.decode("latin-1")):
                    known.learn(text, span)
            _learn_body(known, message)
    elif isinstance(item, PageInfo):
        _learn_urls(known, (note.url for note in item.requests))


def _learn_urls(known: Known, urls: Iterable[str]) -> None:
    for url in urls:
        text, _ = as_bytes(url)
        for span in in_urls(text.decode("latin-1")):
            known.learn(text, span)


def _learn_body(known: Known, message: Request | Response) -> None:
    """Tokens that stand in a text: they may be used after the visit only, or by nobody in it."""
    if message.body is None or not _is_text(message.headers):
        return
    tail, searched = b"", 0
    try:
        for piece in entity(message.body, message.headers):
            text = tail + piece
            for match in IN_BODIES.finditer(text):
                value = match["value"]
                if len(value) >= PIECE or any(byte in b"0123456789" for byte in value):
                    known.add_fragment(text[match.start() : match.start("value")], value)
                    known.add_random(value)
            tail, searched = text[-_OVERLAP:], searched + len(piece)
            if searched > SEARCHED:
                break
    except CannotDecode:
        pass  # nor will it be kept


def _is_text(headers: Headers) -> bool:
    media_type, _ = media_type_of(value_of(headers, "content-type"))
    return any(kind in media_type for kind in _TEXTS)
