"""The ledger: what the collection holds, who says so, in which order. One chain of lines per writer.

    ledger/<writer>/000001-<digest16>.jsonl    a sealed segment; its name carries its own SHA-256's first 16 digits
    ledger/<writer>/open.jsonl                 the segment that grows
    ledger/<writer>/open.head                  {"lines", "sha256"} of it, renamed after each fsync: a cut tail shows

A segment's first line names its predecessor's digest and the newest segment seen of every other writer. Every
further line is one event in PREMIS terms. Lines are canonical JSON (sorted keys, no spaces, UTF-8) and hold ids,
digests and codes, never URLs, names or free text. A writer is one working copy of a root.

Appending is the commit of a collection: a line counts from the moment it is whole on disk.
"""

from archiver.ledger.chain import Chain, head_complaint
from archiver.ledger.event import DELETION, FORMAT, WRITER_NAME, Event, Segment, canonical, parse_segment, successors
from archiver.ledger.files import (
    HEAD,
    OPEN,
    SEGMENT_NAME,
    committed,
    open_content,
    open_files,
    read_segments,
    sealed_files,
)
from archiver.ledger.fold import Holdings, capture_of, fold
from archiver.ledger.losses import NUMBER, RECORDS, RECOVERY, losses, number_of

__all__ = [
    "DELETION",
    "FORMAT",
    "HEAD",
    "NUMBER",
    "OPEN",
    "RECORDS",
    "RECOVERY",
    "SEGMENT_NAME",
    "WRITER_NAME",
    "Chain",
    "Event",
    "Holdings",
    "Segment",
    "canonical",
    "capture_of",
    "committed",
    "fold",
    "head_complaint",
    "losses",
    "number_of",
    "open_content",
    "open_files",
    "parse_segment",
    "read_segments",
    "sealed_files",
    "successors",
]
