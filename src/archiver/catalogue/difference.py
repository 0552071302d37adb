"""What changed between two captures: properties of the article, and words of its text."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from archiver.catalogue.account import find
from archiver.catalogue.catalogue import open_catalogue
from archiver.catalogue.paragraphs import Paragraph, Piece, flat, paragraphs
from archiver.catalogue.texts import RECORDS, article_text
from archiver.catalogue.words import UNIT
from archiver.collection import Collection, Root
from archiver.errors import UsageError
from archiver.sidecar import METHODS, Assertion, Sidecar

FIRST = ("headline", "alternativeHeadline", "datePublished", "dateModified")
"""What readers of a difference look for first."""


@dataclass(frozen=True, slots=True)
class Change:
    """A property that is not the same; None where it is missing."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed from one capture to another."""

    before: Sidecar
    after: Sidecar
    changes: list[Change]
    paragraphs: list[Paragraph]
    """The whole text, in order; empty where one of the two has none."""

    @property
    def text(self) -> list[Piece]:
        """The same without its paragraphs."""
        return list(flat(self.paragraphs))

    @property
    def counts(self) -> dict[str, int]:
        """How many paragraphs are the `same`, `changed`, `removed`, `added`, or else only `moved`."""
        kinds = Counter(
            "moved" if one.moved else one.kind for one in self.paragraphs if not one.moved or one.kind == "added"
        )
        return {kind: kinds[kind] for kind in ("added", "removed", "changed", "moved", "same")}

    def words(self, kind: str) -> int:
        """How many words were `added` or `removed`; what moved was neither."""
        pieces = (piece for one in self.paragraphs if not one.moved for piece in one.pieces)
        return sum(len(UNIT.findall(piece.text)) for piece in pieces if piece.kind == kind)

    def sources(self, change: Change) -> tuple[list[Assertion], list[Assertion]]:
        """Who claims the value before, and who the value after; the most trusted first."""
        return _sources(self.before, change.name, change.before), _sources(self.after, change.name, change.after)

    def as_json(self) -> dict[str, Any]:
        """The JSON of `archiver diff`."""
        sides = {"before": self.before, "after": self.after}
        named = {
            side: {"id": one.id, "captured_at": one.captured_at, "final_url": one.final_url}
            for side, one in sides.items()
        }
        passages = [{piece.kind: piece.text} for piece in self.text if piece.kind != "same"]
        counted = {"words_added": self.words("added"), "words_removed": self.words("removed")}
        text = counted | {"paragraphs": self.counts, "changes": passages}
        return named | {"changes": [asdict(one) for one in self.changes], "text": text if self.text else None}


def difference(root: Root, capture: str, other: str | None = None, name: str | None = None) -> Difference:
    """What changed from one capture to the `other`; without that one, from the capture of the same page before it.

    Raises `UnknownCapture`, `UsageError` if there is none before it, `UnreadableInput` if a sidecar is damaged.
    """
    place, sidecar, _ = find(root, capture, name)
    if other is not None:
        there, following, _ = find(root, other, name)
        return compare((place, sidecar), (there, following))
    return compare((place, _previous(place, sidecar)), (place, sidecar))


def _previous(collection: Collection, sidecar: Sidecar) -> Sidecar:
    moment = sidecar.captured_at, sidecar.id
    with open_catalogue(collection) as catalogue:
        for row in catalogue.versions(sidecar.final_url):
            if (row.captured_at, row.id) < moment and (found := catalogue.sidecar(row.id)):
                return found
    hint = "Name two captures; `archiver list 'url:…'` shows those of a page."
    raise UsageError(f"{sidecar.id} is the first capture of its page in {collection.name}.", hint)


def compare(before: tuple[Collection, Sidecar], after: tuple[Collection, Sidecar]) -> Difference:
    """What changed between two captures. Their texts are compared only if they are of one kind."""
    sides = before, after
    kinds = [name for name in RECORDS if all(name in one.document["warc"]["records"] for _, one in sides)]
    old, new = (article_text(collection, sidecar, kinds[:1]) for collection, sidecar in sides)
    found = paragraphs(old, new) if old and new else []
    return Difference(before[1], after[1], list(_changes(before[1], after[1])), found)


def _sources(sidecar: Sidecar, name: str, value: Any) -> list[Assertion]:
    found = (one for one in sidecar.assertions if one.about == f"/article/{name}" and one.value == value)
    return sorted(found, key=lambda one: METHODS.index(one.method))


def _changes(before: Sidecar, after: Sidecar) -> Iterator[Change]:
    old, new = _facts(before), _facts(after)
    for name in dict.fromkeys((*FIRST, *old, *new)):
        if old.get(name) != new.get(name):
            yield Change(name, old.get(name), new.get(name))


def _facts(sidecar: Sidecar) -> dict[str, Any]:
    article = {name: value for name, value in sidecar.article.items() if not name.startswith("@")}
    return article | {"final URL": sidecar.final_url, "verdict": sidecar.verdict, "status": sidecar.status}
