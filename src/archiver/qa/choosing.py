"""Which captures are to be checked, and which have a result already."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from archiver.collection import Collection, Root
from archiver.errors import UnknownCapture, UnreadableInput
from archiver.qa.result import Result
from archiver.qa.storing import checked, latest
from archiver.sidecar import Sidecar


@dataclass(frozen=True, slots=True)
class Chosen:
    """One capture that the command is about."""

    collection: Collection
    sidecar: Sidecar
    has_result: bool
    """Whether it was checked here: what a package brought is looked at again."""

    @property
    def before(self) -> Result | None:
        """Its newest result, as far as there is one and it is here; read anew each time."""
        return latest(self.collection, self.sidecar.id) if self.has_result else None


def chosen(root: Root, name: str | None, captures: Sequence[str], since: datetime | None) -> Iterator[Chosen]:
    """The captures named, or all, oldest first; of those since a moment if one is given.

    Captures without a document, which never had a page to look at, are left out, and so are those whose WARC is not
    here. Raises `UnknownCapture`, and `UnreadableInput` for one that is named and not here.
    """
    left = dict.fromkeys(captures)
    for collection in root.chosen(name):
        known = checked(collection)
        lookup = collection.lookup()
        for capture in list(left) if captures else collection.captures():
            if (sidecar := lookup(capture)) is None:
                continue
            left.pop(capture, None)
            if (since and datetime.fromisoformat(sidecar.captured_at) < since) or sidecar.status is None:
                continue
            if collection.bytes_here(sidecar.warc_file) is not None:
                yield Chosen(collection, sidecar, capture in known)
            elif captures:
                raise UnreadableInput(sidecar.warc_file, "it is not here", "`archiver sync pull` brings it.")
    if left:
        raise UnknownCapture(next(iter(left)))


def is_due(one: Chosen, agents: Sequence[str], *, recheck: bool, named: bool) -> bool:
    """Whether a capture is to be checked now; `agents` is the software of a check, as `name/version`.

    Without `recheck` those without a result; with it those whose result other versions made, or all that are `named`.
    """
    if not recheck:
        return not one.has_result
    return named or ((before := one.before) is not None and not set(agents) <= set(before.agents))
