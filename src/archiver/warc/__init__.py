"""WARC and ARC files: writing, reading, checking, and finding pages in them. The only home of warcio and isal."""

from archiver.warc.check import Check, check
from archiver.warc.digests import labelled
from archiver.warc.framing import DamagedArchive
from archiver.warc.http import coding_of, is_framed
from archiver.warc.pages import Page, find_pages
from archiver.warc.reader import open_record, read_records
from archiver.warc.record import PAYLOAD_LIMIT, Record, parse_date
from archiver.warc.revisits import Lookup, Original, Revisits
from archiver.warc.whole import holds, write_whole
from archiver.warc.writer import AGENTS, RecordRef, WarcWriter

__all__ = [
    "AGENTS",
    "PAYLOAD_LIMIT",
    "Check",
    "DamagedArchive",
    "Lookup",
    "Original",
    "Page",
    "Record",
    "RecordRef",
    "Revisits",
    "WarcWriter",
    "check",
    "coding_of",
    "find_pages",
    "holds",
    "is_framed",
    "labelled",
    "open_record",
    "parse_date",
    "read_records",
    "write_whole",
]
