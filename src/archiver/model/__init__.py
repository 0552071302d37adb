"""The nouns that all parts share. Plain data, no I/O.

A capture is a stream of items: an `Exchange` is one HTTP request with its response, however it was
obtained; a `Resource` is something made from the page (screenshot, text); one `PageInfo` ends the stream.
Bodies are seekable binary streams, spooled to disk when they grow, never `bytes`: nothing holds a WARC in memory.
"""

from archiver.model.capture import Item, Limits, close_bodies
from archiver.model.exchange import SPOOL_BYTES, Exchange, Fidelity, Headers, Request, Resource, Response, new_body
from archiver.model.finding import Action, Bytes, FileRef, Finding, Level, Progress, silent
from archiver.model.instants import now, timestamp
from archiver.model.page import PageFacts, PageInfo, RequestNote, ScriptError, Verdict

__all__ = [
    "SPOOL_BYTES",
    "Action",
    "Bytes",
    "Exchange",
    "Fidelity",
    "FileRef",
    "Finding",
    "Headers",
    "Item",
    "Level",
    "Limits",
    "PageFacts",
    "PageInfo",
    "Progress",
    "Request",
    "RequestNote",
    "Resource",
    "Response",
    "ScriptError",
    "Verdict",
    "close_bodies",
    "new_body",
    "now",
    "silent",
    "timestamp",
]
