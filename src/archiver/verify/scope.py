"""What of a collection is read: all, or what came in lately, or what has waited longest, up to so many bytes.

The unit is a group: the WARC and the sidecars of one capture, an imported WARC with the sidecars of all its pages, or
one other file. So whatever is read is read together with all that speaks of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from archiver.collection.layout import SIDECAR_NAME
from archiver.ledger import Event, Holdings, Segment, capture_of
from archiver.model import FileRef

IMPORTED = "archive/imported/"
_NEVER = ""
_LOOKED_AT = ("quarantine", "recovery")
"""Events that bring together files which have nothing else to do with each other."""


@dataclass(frozen=True, slots=True)
class Group:
    """Files that speak of each other."""

    files: tuple[FileRef, ...]
    ended: frozenset[str]
    """Paths of the same captures that were ended by a deletion: they may still be spoken of."""

    @property
    def bytes(self) -> int:
        """All files together."""
        return sum(file.bytes for file in self.files)


@dataclass(frozen=True, slots=True)
class Scope:
    """What is to be read; by default everything."""

    since: datetime | None = None
    """Only what came in at that time or later; aware."""
    share: float | None = None
    """Only so much of the bytes, 0 to 1: what was read longest ago, or never."""
    budget: int | None = None
    """Only so many bytes, chosen likewise; but at least one group."""

    @property
    def whole(self) -> bool:
        """Whether nothing is left out."""
        return self == Scope()

    def choose(self, groups: Sequence[Group], entered: Mapping[str, str], read: Mapping[str, str]) -> list[Group]:
        """Those of the groups to be read. `entered` and `read`: path → when it came in, and was last read."""
        since = self.since
        if since is not None:
            groups = [one for one in groups if any(_at(entered.get(file.path, "")) >= since for file in one.files)]
        limits = [self.budget] if self.budget is not None else []
        if self.share is not None:
            limits.append(int(self.share * sum(one.bytes for one in groups)))
        if not limits:
            return list(groups)
        left, chosen = min(limits), list[Group]()
        for one in sorted(groups, key=lambda one: (min(read.get(f.path, _NEVER) for f in one.files), _spread(one))):
            if chosen and one.bytes > left:
                break
            chosen.append(one)
            left -= one.bytes
        return chosen


ALL = Scope()


def grouped(segments: Iterable[Segment], holdings: Holdings) -> tuple[list[Group], dict[str, str]]:
    """The files that count, in groups; and when each path came in."""
    home: dict[str, str] = {}
    entered: dict[str, str] = {}
    for event in (event for segment in segments for event in segment.events):
        for file in event.objects:
            if event.type not in _LOOKED_AT:
                entered[file.path] = max(event.at, entered.get(file.path, ""))
        home |= _shared(event)
    groups: dict[str, list[FileRef]] = {}
    for path, file in holdings.files.items():
        capture = capture_of(path)
        groups.setdefault(home.get(capture or path, capture or path), []).append(file)
    ended: dict[str, list[str]] = {}
    for path in holdings.gone:
        capture = capture_of(path)
        ended.setdefault(home.get(capture or path, capture or path), []).append(path)
    made = [Group(tuple(sorted(files)), frozenset(ended.get(name, ()))) for name, files in sorted(groups.items())]
    return made, entered


def _shared(event: Event) -> dict[str, str]:
    """Capture → the WARC made by others that it came in with."""
    imported = [file.path for file in event.objects if file.path.startswith(IMPORTED)]
    if len(imported) != 1 or event.type in _LOOKED_AT:
        return {}
    names = (SIDECAR_NAME.match(file.path.rpartition("/")[2]) for file in event.objects)
    return {name[1]: imported[0] for name in names if name}


def _spread(group: Group) -> str:
    """An order that has nothing to do with time: what is read of files never read is a sample of them."""
    return group.files[0].sha256


def _at(text: str) -> datetime:
    """A time as the ledger has it; one that is none is taken for late, so that nothing is passed by."""
    try:
        at = datetime.fromisoformat(text)
        return at if at.tzinfo else datetime.max.replace(tzinfo=UTC)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)
