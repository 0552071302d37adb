"""Text in UTF-16 (pages, styles, scripts) as UTF-8: what we and pywb put in front of it is no markup in UTF-16.

Imported by `archiver.replay.rewriting` alone, in its process.
"""

import codecs
import re
from typing import Any

from warcio.bufferedreaders import BufferedReader

MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF16_LE, "utf-16-le"))
"""A mark at the beginning outweighs what the header says (Encoding Standard §6, decode)."""
LABELS = dict.fromkeys(("unicodefffe", "utf-16be"), "utf-16-be") | dict.fromkeys(
    ("csunicode", "iso-10646-ucs-2", "ucs-2", "unicode", "unicodefeff", "utf-16", "utf-16le"), "utf-16-le"
)
"""Encoding Standard §4.2; in markup itself, they would mean UTF-8."""
TEXT = re.compile(r"text/(?:html|css)|application/xhtml\+xml|\w+/(?:x-)?(?:java|ecma)script", re.I)
NARROWED = "archiver_narrowed"
_CHARSET = re.compile(r";\s*charset\s*=\s*(\"[^\"]*\"?|[^\s;]*)", re.I)


def narrow(record: Any, options: dict[str, Any]) -> None:
    """Have the text of a record read as UTF-8 if it is UTF-16; if it is read, its header and `options` say so."""
    headers = record.http_headers
    kind = headers.get_header("Content-Type") or ""
    label = told[1].strip('" ').lower() if (told := _CHARSET.search(kind)) else ""
    plain = record.content_stream

    def content_stream() -> Any:
        source = plain()
        beginning = source.read(3)
        mark, encoding = next((one for one in MARKS if beginning.startswith(one[0])), (b"", LABELS.get(label, "")))
        stream = BufferedReader(source, starting_data=beginning)
        if encoding and (encoding != "utf-8" or label in LABELS):
            stream.read(len(mark))
            stream = BufferedReader(_Narrowed(stream, encoding))
            headers.replace_header("Content-Type", f"{_CHARSET.sub('', kind)}; charset=utf-8")
            options[NARROWED] = True
        return stream

    if TEXT.match(kind):
        record.content_stream = content_stream


class _Narrowed:
    def __init__(self, stream: Any, encoding: str) -> None:
        self.stream, self.decoder = stream, codecs.getincrementaldecoder(encoding)("replace")

    def read(self, size: int = -1) -> bytes:
        """Some bytes, none at the end: half a character is read only there."""
        return self.decoder.decode(self.stream.read(size)).encode()

    def close(self) -> None:
        self.stream.close()
