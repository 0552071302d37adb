"""What was erased is not taken in again, and nothing comes in that would need it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from archiver.errors import ErasedContent, OriginalErased
from archiver.model import FileRef

if TYPE_CHECKING:
    from archiver.collection.collection import Collection

ID = 27
"""Characters of a capture's id, with which the name of the record of its erasure begins."""


def refuse_erased(collection: "Collection", warc: FileRef, captures: Iterable[str], required: Iterable[str]) -> None:
    """Raise `ErasedContent` for a WARC or a capture that was erased, and `OriginalErased` where one is required.

    Costs nothing while nothing was erased. The ledger is read for files made by others alone: no other has a name, or
    content, that could come a second time.
    """
    erased = {path.name[:ID] for path in collection.path.glob("erasures/*.json")}
    if not erased:
        return
    if again := sorted(erased.intersection(captures)):
        raise ErasedContent(again[0], collection.name)
    if gone := sorted(erased.intersection(required)):
        raise OriginalErased(gone[0])
    if warc.path.startswith("archive/imported/"):
        holdings = collection.holdings()
        if holdings.ended(warc.path) or holdings.is_ended_content(warc.sha256):
            raise ErasedContent(warc.path, collection.name)
