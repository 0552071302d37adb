"""Moving out of a collection what a verification found to be damaged or not of it."""

from pathlib import Path

from archiver import AGENT
from archiver.collection import Collection, quarantine
from archiver.ledger import Event
from archiver.verify.report import Report

_MOVED = ("file-digest", "file-size", "file-unlisted", "ledger-digest")
"""Codes of findings whose place is a file to be moved. An open segment stays: what it names counts by it alone."""


def set_aside(collection: Collection, report: Report) -> list[Path]:
    """Move such files into quarantine and enter that as an event; returns where they are now.

    Files that the ledger names stay named, and are missing from then on until a repair brings them back. Where this
    working copy's own chain is damaged the event cannot be entered: `ConflictError`, and nothing is moved.
    """
    places = dict.fromkeys(Path(one.where) for one in report.findings if one.level == "error" and one.code in _MOVED)
    paths = [place.relative_to(collection.path).as_posix() for place in places]
    if not paths:
        return []
    named = {file.path: file for file in report.damaged}
    objects = tuple(named[path] for path in paths if path in named)
    collection.record(Event("quarantine", AGENT, objects, counts=(("files", len(paths)),)))
    return [quarantine.set_aside(collection, path) for path in paths]
