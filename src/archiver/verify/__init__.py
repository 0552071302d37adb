"""Verify: read every byte of a collection and compare it with everything that speaks of it.

    chain      the ledger: every segment, and how they follow each other
    scope      what is read: all of it, or a part                    crew      on all cores
    reading    one group of files, each read once                    sidecars  what they say
    index      the index's lines against those of the WARCs          strays    what does not belong here
    verify     the whole check                                       report    what came of it
    quarantine moving out what is damaged

`docs/verify.md` explains the codes.
"""

from archiver.verify.quarantine import set_aside
from archiver.verify.report import Report, keep_dates, record_result
from archiver.verify.scope import ALL, Scope
from archiver.verify.verify import verify_collection

__all__ = ["ALL", "Report", "Scope", "keep_dates", "record_result", "set_aside", "verify_collection"]
