"""WARC and ARC files: writing, reading, checking, and finding pages in them. The only home of warcio and isal."""

from archiver.warc.check import check
from archiver.warc.framing import DamagedArchive
from archiver.warc.pages import Page, find_pages
from archiver.warc.reader import open_record, read_records
from archiver.warc.record import PAYLOAD_LIMIT, Record
from archiver.warc.writer import RecordRef, WarcWriter

__all__ = [
    "PAYLOAD_LIMIT",
    "DamagedArchive",
    "Page",
    "Record",
    "RecordRef",
    "WarcWriter",
    "check",
    "find_pages",
    "open_record",
    "read_records",
]
