"""What happened to a capture: every event that names it, and what each revision of its sidecar changed."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from archiver.collection import Collection
from archiver.collection.layout import revision_of
from archiver.editing.edit import Change
from archiver.errors import ArchiverError
from archiver.ledger import Event
from archiver.sidecar import ABOUT, Assertion, Sidecar, choose, moment, united


@dataclass(frozen=True, slots=True)
class Passage:
    """One event in the life of a capture, or one of the revisions that an event entered."""

    event: Event
    revision: str = ""
    """File name of the sidecar that it entered; empty for none."""
    parents: tuple[str, ...] = ()
    is_current: bool = False
    changes: tuple[tuple[Change, Assertion | None], ...] = ()
    """What is different from what it follows, each with the claim that it comes from (None: a claim that fell away)."""
    confirmed: tuple[Assertion, ...] = ()
    """What people said in it that changed nothing."""
    claims: tuple[int, int] = (0, 0)
    """How many claims it has more than what it follows, and how many that had fell away."""
    damage: str = ""
    """Why the revision cannot be read."""

    def as_json(self) -> dict[str, Any]:
        """A JSON line of `archiver history`."""
        event: dict[str, Any] = {"at": self.event.at, "event": self.event.type, "agent": self.event.agent}
        event |= {"outcome": self.event.outcome, "codes": list(self.event.codes)}
        if not self.revision:
            return event | {"revision": None}
        place = f"sidecars/{self.revision}"
        revision: dict[str, Any] = {"revision": revision_of(place)[0], "sidecar": place}
        revision |= {"parents": list(self.parents), "current": self.is_current}
        if self.damage:
            return event | revision | {"damage": self.damage}
        changes = [one.as_json() | _source(claim) for one, claim in self.changes]
        confirmed = [{"field": _name(one), "to": one.value} | _source(one) for one in self.confirmed]
        added, dropped = self.claims
        claims = {"added": added, "dropped": dropped}
        return event | revision | {"changes": changes, "confirmed": confirmed, "claims": claims}


def history(collection: Collection, capture: str) -> list[Passage]:
    """Everything that is known to have happened to a capture, in the order of time; empty where it is not here.

    A revision that is missing or damaged has its place, and says so.
    """
    every = (event for segment in collection.history(naming=capture) for event in segment.events)
    events = list(dict.fromkeys(every))  # a copied folder may have sealed what its writer was still at
    read = {path: _read(collection, path) for path in collection.revisions(capture)}
    known = {one.file_name: one for one in read.values() if isinstance(one, Sidecar)}
    followed = {parent for one in known.values() for parent in one.parents}
    passages: list[Passage] = []
    entered = [(event.at, [file.path for file in event.objects if file.path in read], event) for event in events]
    for _, paths, event in sorted(entered, key=lambda one: (one[0], *map(revision_of, one[1]))):
        own = [path for path in paths if path in read]
        for path in own:
            passages.append(_passage(event, path.removeprefix("sidecars/"), read.pop(path), known, followed))
        if not own:
            passages.append(Passage(event))
    return passages


def _read(collection: Collection, path: str) -> Sidecar | str:
    """A revision, or why there is none."""
    try:
        sidecar = Sidecar.parse(collection.local(path).read_bytes(), path)
        _ = sidecar.assertions
    except (ArchiverError, OSError) as error:
        return str(error)
    return sidecar


def _passage(
    event: Event, name: str, sidecar: Sidecar | str, known: Mapping[str, Sidecar], followed: Container[str]
) -> Passage:
    is_current = name not in followed
    if isinstance(sidecar, str):
        return Passage(event, name, is_current=is_current, damage=sidecar)
    parents = [known[parent] for parent in sidecar.parents if parent in known]
    before = united(*parents).assertions if parents else []
    added = [claim for claim in sidecar.assertions if claim not in before]
    dropped = [claim for claim in before if claim not in sidecar.assertions]
    changes = tuple(_changes(before, sidecar.assertions))
    changing = [claim for _, claim in changes]
    confirmed = tuple(claim for claim in added if claim.method == "human" and claim not in changing)
    counts = len(added), len(dropped)
    return Passage(event, name, tuple(sidecar.parents), is_current, changes, confirmed, counts)


def _changes(before: Iterable[Assertion], after: Iterable[Assertion]) -> Iterator[tuple[Change, Assertion | None]]:
    """The properties that are not the same, each with the claim that won."""
    claims = list(after)
    old, new = choose(before), choose(claims)
    for about, name in ABOUT.items():
        if old.get(name) != new.get(name):
            given = [claim for claim in claims if claim.about == about and claim.value == new.get(name)]
            yield Change(name, old.get(name), new.get(name)), max(given, key=_weight, default=None)


def _weight(claim: Assertion) -> tuple[bool, str]:
    return claim.method == "human", moment(claim.at)


def _name(claim: Assertion) -> str:
    return claim.about.removeprefix("/article/")


def _source(claim: Assertion | None) -> dict[str, Any]:
    """Where a value comes from, for JSON."""
    if claim is None:
        return {}
    told = {"method": claim.method, "by": claim.by.as_json(), "at": claim.at, "reason": claim.reason}
    return {key: value for key, value in told.items() if value is not None}
