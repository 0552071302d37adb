"""What an import comes to, and what it has to mind: what is here already, and what was erased."""

from dataclasses import dataclass
from typing import Any, Self

from archiver.collection import Collection
from archiver.collection.layout import revisions
from archiver.errors import ArchiverError
from archiver.ledger import Holdings
from archiver.model import Finding


@dataclass(frozen=True, slots=True)
class Imported:
    """What one file came to: a WARC file, or a package, of which each WARC file then has a line of its own."""

    file: str
    path: str | None = None
    """Where it lies in the collection."""
    captures: tuple[str, ...] = ()
    """Ids of its pages."""
    findings: tuple[Finding, ...] = ()
    error: ArchiverError | None = None
    """Why it was not taken in."""

    @classmethod
    def failed(cls, file: str, error: ArchiverError) -> Self:
        """A file that was not taken in, with all that was found."""
        why = getattr(error, "why", str(error).removesuffix("."))
        found = (Finding("error", "not-imported", file, why, error.hint),)
        return cls(file, findings=(*getattr(error, "findings", ()), *found), error=error)

    def as_json(self) -> dict[str, Any]:
        """The JSON line of `archiver import`."""
        findings = [one.as_json() for one in self.findings]
        return {"file": self.file, "path": self.path, "captures": list(self.captures), "findings": findings}


class Present:
    """What a collection holds as an import begins, and what must not come into it."""

    def __init__(self, collection: Collection) -> None:
        self.holdings: Holdings = collection.holdings()
        self.captures = revisions(self.holdings.files)
        """Captures, with the paths of their sidecars."""
        self._gone = {file.sha256 for file in self.holdings.gone.values()}

    def was_erased(self, sha256: str, *captures: str) -> bool:
        """Whether these bytes were erased, under whatever name they come, or one of these captures was."""
        return sha256 in self._gone or not self.holdings.erased.isdisjoint(captures)


def erased(where: str) -> Finding:
    """That something was left out."""
    hint = "A deletion wins for ever: what it ended does not come back."
    return Finding("warning", "erased", where, "it was erased from this collection, and was left out", hint)
