"""What changed between two captures: properties of the article, and words of its text."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from archiver.catalogue.account import find
from archiver.catalogue.catalogue import open_catalogue
from archiver.catalogue.texts import RECORDS, article_text
from archiver.catalogue.words import UNIT
from archiver.collection import Collection, Root
from archiver.errors import UsageError
from archiver.sidecar import Sidecar

MOST_PAIRS = 2_000_000
"""So many pairs of equal words are looked at. What has more, as only a hostile page has, counts as written anew."""
FIRST = ("headline", "alternativeHeadline", "datePublished", "dateModified")
"""What readers of a difference look for first."""


@dataclass(frozen=True, slots=True)
class Change:
    """A property that is not the same; None where it is missing."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage of the text."""

    kind: Literal["same", "removed", "added"]
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed from one capture to another."""

    before: Sidecar
    after: Sidecar
    changes: list[Change]
    text: list[Piece]
    """The whole text, in order; empty where one of the two has none."""

    def words(self, kind: str) -> int:
        """How many words were `added` or `removed`."""
        return sum(len(UNIT.findall(piece.text)) for piece in self.text if piece.kind == kind)

    def as_json(self) -> dict[str, Any]:
        """The JSON of `archiver diff`."""
        sides = {"before": self.before, "after": self.after}
        named = {
            side: {"id": one.id, "captured_at": one.captured_at, "final_url": one.final_url}
            for side, one in sides.items()
        }
        passages = [{piece.kind: piece.text} for piece in self.text if piece.kind != "same"]
        text = {"words_added": self.words("added"), "words_removed": self.words("removed"), "changes": passages}
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
    text = pieces(old, new) if old and new else []
    return Difference(before[1], after[1], list(_changes(before[1], after[1])), text)


def _changes(before: Sidecar, after: Sidecar) -> Iterator[Change]:
    old, new = _facts(before), _facts(after)
    for name in dict.fromkeys((*FIRST, *old, *new)):
        if old.get(name) != new.get(name):
            yield Change(name, old.get(name), new.get(name))


def _facts(sidecar: Sidecar) -> dict[str, Any]:
    article = {name: value for name, value in sidecar.article.items() if not name.startswith("@")}
    return article | {"final URL": sidecar.final_url, "verdict": sidecar.verdict, "status": sidecar.status}


def pieces(old: str, new: str) -> list[Piece]:
    """What stayed, went and came from one text to another, in order."""
    return [piece for piece in _pieces(old, new) if piece.text]


def _pieces(old: str, new: str) -> Iterator[Piece]:
    """Paragraphs first, and words within those that are not the same: what stayed is found where people see it."""
    lines, others = old.splitlines(), new.splitlines()
    for verb, a, b, c, d in _opcodes(lines, others):
        left, right = "\n".join(lines[a:b]), "\n".join(others[c:d])
        if verb == "equal":
            yield Piece("same", left + "\n")
        else:
            yield from _words(left, right)
            yield Piece("same", "\n")


def _words(old: str, new: str) -> Iterator[Piece]:
    left, right = list(UNIT.finditer(old)), list(UNIT.finditer(new))
    for verb, a, b, c, d in _opcodes([one[0] for one in left], [one[0] for one in right]):
        gone = old[left[a].start() : left[b - 1].end()] if b > a else ""
        come = new[right[c].start() : right[d - 1].end()] if d > c else ""
        if verb == "equal":
            yield Piece("same", come)
        else:
            yield from (Piece("removed", gone), Piece("added", come))


def _opcodes(old: list[str], new: list[str]) -> Sequence[tuple[str, int, int, int, int]]:
    """How `new` comes of `old`, as difflib tells it."""
    there = Counter(new)
    if sum(count * there[one] for one, count in Counter(old).items()) > MOST_PAIRS:
        return [("replace", 0, len(old), 0, len(new))]
    return SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
