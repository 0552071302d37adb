"""Making again what is derived: index levels and catalogue, from WARCs, sidecars and ledger."""

from dataclasses import asdict, dataclass
from typing import Any

from archiver import catalogue
from archiver.collection import Collection


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was made."""

    collection: str
    lines: int
    """Index lines."""
    captures: int
    """Captures in the catalogue."""

    def as_json(self) -> dict[str, Any]:
        """The JSON shape of `archiver reindex`."""
        return asdict(self)


def reindex(collection: Collection) -> Rebuilt:
    """Rebuild index and catalogue; the truth is only read. Raises `UnreadableInput` if the ledger is damaged."""
    return Rebuilt(collection.name, collection.reindex(), catalogue.rebuild(collection))
