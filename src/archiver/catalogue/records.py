"""The records that a sidecar names, found by the index: no WARC is read through for one of them."""

import json
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from archiver import cdxj
from archiver.collection import Collection, index
from archiver.errors import UnreadableInput
from archiver.model import new_body
from archiver.sidecar import Sidecar

if TYPE_CHECKING:
    from archiver.warc import Record

MOST_BYTES = 64 << 20
"""No picture and no protocol of a visit is longer."""


def named_payload(collection: Collection, sidecar: Sidecar, role: str, most: int = MOST_BYTES) -> BinaryIO | None:
    """What the record of that role (`view`, `fullPage`, `pageinfo` …) holds, to be closed by the caller.

    None where there is none, its WARC is not here, or it cannot be read: `verify` tells what is wrong with it.
    """
    from archiver import warc  # a list or a search reads none

    record = sidecar.document["warc"]["records"].get(role)
    if not isinstance(record, dict) or not record.get("id"):
        return None
    try:
        file = collection.local(sidecar.warc_file)
        for offset, _ in places(collection, sidecar.warc_file, str(record.get("url"))):
            with warc.open_record(file, offset) as found:
                if found.id == record["id"]:
                    return _spooled(found, most)
    except (UnreadableInput, ValueError, OSError):
        return None
    return None


def _spooled(record: "Record", most: int) -> BinaryIO:
    body = new_body()
    try:
        shutil.copyfileobj(record.payload(most), body)
    except BaseException:
        body.close()
        raise
    body.seek(0)
    return body


def places(collection: Collection, path: str, url: str) -> Iterator[tuple[int, int]]:
    """Offset and length of the records of that URL in a file, as the index has them."""
    for line in index.find(collection.indexes, cdxj.url_key(url)):
        fields = json.loads(line.split(b" ", 2)[2])
        if f"archive/{fields.get('filename')}" == path:
            yield int(fields["offset"]), int(fields["length"])
