"""Who wants a capture erased, and on what ground; and the record that says so afterwards."""

import re
from dataclasses import dataclass

from archiver import AGENT, schema
from archiver.collection.erasure import Doomed
from archiver.errors import UsageError
from archiver.model import now, timestamp
from archiver.sidecar import Sidecar, dump, plain

BASES = {
    "personal-data": "somebody whom it tells of has asked for it (GDPR Art. 17, or a like law)",
    "court-order": "a court or an authority has ordered it",
    "rights-holder": "the holder of the rights has asked for it",
    "contract": "an agreement with a source or a publisher ends its keeping",
    "unlawful-content": "the content itself must not be kept",
    "other": "another ground, told in the note",
}
"""Codes of grounds, and what each means."""

MOST_TEXT = 2000
LEAST_WORDS = 12
"""Characters of a headline that must not stand in a note; a shorter one may stand there by chance."""
_ADDRESS = re.compile(r"https?://|www\.", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """A decision to erase. It goes into the record of the erasure, not into the ledger."""

    basis: str
    by: str
    note: str = ""

    @classmethod
    def of(cls, basis: str | None, by: str | None, note: str | None) -> "Request":
        """A request as typed. Raises `UsageError` at what is missing, or would keep what is to go."""
        if basis not in BASES:
            raise UsageError("An erasure needs its ground.", f"Give --basis, one of: {', '.join(BASES)}.")
        who, told = plain(by or ""), plain(note or "")
        if not who:
            raise UsageError("An erasure needs the name of who decided it.", "Give --by NAME.")
        if basis == "other" and not told:
            raise UsageError("The ground `other` has to be told.", "Give --note TEXT.")
        if max(len(who), len(told)) > MOST_TEXT:
            raise UsageError(f"A name and a note have at most {MOST_TEXT} characters.")
        if _ADDRESS.search(told) or _ADDRESS.search(who):
            raise UsageError("The note has an address in it.", "It would keep what is to go; name the file instead.")
        return cls(basis, who, told)

    def check(self, sidecar: Sidecar) -> None:
        """Raise `UsageError` if the note would keep the capture's own headline."""
        headline = sidecar.headline.strip().casefold()
        if len(headline) >= LEAST_WORDS and headline in self.note.casefold():
            raise UsageError("The note has the capture's headline in it.", "It would keep what is to go.")

    def record(self, gone: Doomed) -> bytes:
        """The content of the record of one capture's erasure: nothing of what was erased but its id."""
        rewritten = sorted(name for one in gone.dependents for name in one.captures)
        document = {
            "$schema": schema.ids()["erasure"],
            "capture": gone.capture,
            "basis": self.basis,
            "by": self.by,
            "at": timestamp(now()),
            "note": self.note,
            "agent": AGENT,
            "files": len(gone.removed),
            "bytes": sum(file.bytes for file in gone.removed),
            "rewritten": rewritten,
        }
        return dump({name: value for name, value in document.items() if value not in ("", [])})
