"""Making the changes: planned for all, then checked for all, and only then entered, by one line of the ledger."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from archiver import AGENT
from archiver.collection import Collection
from archiver.editing.wish import Wish
from archiver.errors import EditRefused, UnknownCapture, UnreadableInput
from archiver.ledger import Event
from archiver.model import Finding, now
from archiver.schema import Problem
from archiver.sidecar import Assertion, Sidecar, choose, correction, problems, successor, united

FEW = 20
"""So many captures are looked up one by one; for more, the whole ledger is read once."""

NEEDED = "an article whose verdict is ok cannot be without it"

Status = Literal["changed", "united", "unchanged", "planned"]


@dataclass(frozen=True, slots=True)
class Change:
    """One property before and after."""

    name: str
    before: Any
    """None: it was not there; so for `after`."""
    after: Any

    def as_json(self) -> dict[str, Any]:
        """Its place in the JSON line of `archiver edit`."""
        return {"field": self.name, "from": self.before, "to": self.after}


@dataclass(frozen=True, slots=True)
class Edited:
    """What became of one capture's sidecar."""

    collection: str
    capture: str
    status: Status
    changes: tuple[Change, ...] = ()
    """What was claimed, in the order asked for; a claim may confirm what was there."""
    revision: Sidecar | None = None
    """The new one; None if there is none to be."""
    findings: tuple[Finding, ...] = ()
    """What is strange about it that was not strange before."""

    def as_json(self) -> dict[str, Any]:
        """The JSON line of `archiver edit` and `archiver extract`."""
        return {
            "collection": self.collection,
            "capture_id": self.capture,
            "status": self.status,
            "revision": self.revision.revision if self.revision else None,
            "sidecar": f"sidecars/{self.revision.file_name}" if self.revision and self.status != "planned" else None,
            "changes": [one.as_json() for one in self.changes],
            "findings": [one.as_json() for one in self.findings],
        }


@dataclass(slots=True)
class Plan:
    """What is to become of one capture's sidecar: made purely, and entered as it is."""

    capture: str
    after: Sidecar | None
    changes: list[Change]
    complaints: list[tuple[str, str, str]] = field(default_factory=list)
    """What speaks against it: place in the file of many, message, hint."""
    findings: list[Finding] = field(default_factory=list)


def edit(
    collection: Collection, wishes: Sequence[Wish], *, at: datetime | None = None, dry_run: bool = False
) -> list[Edited]:
    """Make the changes to captures of one collection: all of them, by one line of the ledger, or none.

    Captures edited apart are united on the way. Raises `EditRefused` if one of the changes cannot be made, and
    `UnknownCapture`.
    """
    grouped: dict[str, list[Wish]] = {}
    for wish in wishes:
        grouped.setdefault(wish.capture, []).append(wish)
    moment = at or now()

    def plans() -> list[Plan]:
        look_up = collection.heads if len(grouped) <= FEW else collection.lookup_heads()
        return [_edited(found(look_up(capture), capture), asked, moment) for capture, asked in grouped.items()]

    return enter(collection, plans, "edit", dry_run=dry_run)


def edit_all(collections: Iterable[Collection], wishes: Sequence[Wish], *, dry_run: bool = False) -> Iterator[Edited]:
    """Make changes to captures in whichever of the collections they are; all are tried before the first is made.

    Each collection is entered by a line of its own. Raises `EditRefused` before anything was changed.
    """
    of_collection: list[tuple[Collection, list[Wish]]] = []
    left, complaints = list(wishes), list[tuple[str, str, str]]()
    for collection in collections:
        here = {wish.capture for wish in left}.intersection(collection.captures())
        if asked := [wish for wish in left if wish.capture in here]:
            of_collection.append((collection, asked))
            left = [wish for wish in left if wish.capture not in here]
    for wish in left:
        unknown = UnknownCapture(wish.capture)
        complaints.append((wish.where, str(unknown).removesuffix("."), unknown.hint))
    if complaints or len(of_collection) > 1:  # one alone is tried before it is made anyway
        for collection, asked in of_collection:
            try:
                edit(collection, asked, dry_run=True)
            except EditRefused as error:
                complaints += error.complaints
    if complaints:
        raise EditRefused(sorted(complaints, key=lambda one: _line(one[0])))
    for collection, asked in of_collection:
        yield from edit(collection, asked, dry_run=dry_run)


def _line(where: str) -> tuple[str, int]:
    """What orders places in a file of many."""
    file, _, line = where.rpartition(":")
    return file, int(line) if line.isdecimal() else 0


def unite(collection: Collection, capture: str, *, dry_run: bool = False) -> Edited:
    """Save what the current revisions of a capture come to together. Raises `UnknownCapture`."""

    def plans() -> list[Plan]:
        heads = found(collection.heads(capture), capture)
        return [Plan(capture, united(*heads) if len(heads) > 1 else None, [])]

    [done] = enter(collection, plans, "union", dry_run=dry_run)
    return replace(done, status="united") if done.status == "changed" else done


def enter(collection: Collection, plan: Callable[[], list[Plan]], code: str, *, dry_run: bool = False) -> list[Edited]:
    """Enter what is planned under the collection's lock. Raises `EditRefused` if anything speaks against it."""
    made: list[Plan] = []

    def change() -> list[Sidecar]:
        made.extend(plan())
        if complaints := [complaint for one in made for complaint in one.complaints]:
            raise EditRefused(complaints)
        return [one.after for one in made if one.after]

    if dry_run:
        change()
    else:
        event = Event("metadata modification", AGENT, codes=(code,))
        collection.revise(change, event)
    does: Status = "planned" if dry_run else "changed"
    return [
        Edited(
            collection.name,
            one.capture,
            does if one.after else "unchanged",
            tuple(one.changes),
            one.after,
            tuple(one.findings),
        )
        for one in made
    ]


def found(heads: list[Sidecar], capture: str) -> list[Sidecar]:
    """The current revisions of a capture, as given. What is not understood is not redone.

    Raises `UnknownCapture` if there are none, `UnreadableInput` if one is of a version that is not known here.
    """
    if not heads:
        raise UnknownCapture(capture)
    for head in heads:
        if newer := [one for one in problems(head) if one.code == "schema-version"]:
            raise UnreadableInput(head.file_name, newer[0].message, newer[0].hint)
    return heads


def _edited(heads: list[Sidecar], wishes: list[Wish], at: datetime) -> Plan:
    """What a person's wishes make of the current revisions."""
    before = united(*heads)
    claims, moment = before.assertions, _after_all(before.assertions, at)
    article, said = choose(claims), {claim.about for claim in claims if claim.method == "human"}
    added, changes = list[Assertion](), list[Change]()
    for wish in wishes:
        now_there = article.get(wish.name)
        claim = correction(wish.name, wish.value, by=wish.by, reason=wish.reason, at=moment)
        if _same(now_there, wish.value) and (claim.about in said or not wish.confirms):
            continue
        added.append(claim)
        changes.append(Change(wish.name, now_there, wish.value))
    if not added:
        return Plan(before.id, None, [])
    after = successor(heads[-1], added, *heads[:-1])
    plan = Plan(before.id, after, changes)
    places = {f"/article/{wish.name}": wish.where for wish in wishes}
    for name, problem in new_problems(before, after):
        where = places.get(f"/article/{name}", "")
        if problem.level == "error":
            plan.complaints.append((where, f"{name}: {problem.message}", problem.hint))
        else:
            plan.findings.append(Finding(problem.level, problem.code, before.id, f"{name}: {problem.message}"))
    return plan


def _after_all(claims: Iterable[Assertion], at: datetime) -> datetime:
    """`at`, but later than every person's claim that is followed: a clock that went wrong must not hide an edit."""
    said = [datetime.fromisoformat(claim.at) for claim in claims if claim.method == "human"]
    return max([at, *(one + timedelta(microseconds=1) for one in said)])


def _same(one: Any, other: Any) -> bool:
    """Whether these are one JSON value; for Python `True == 1`."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def new_problems(before: Sidecar, after: Sidecar) -> Iterator[tuple[str, Problem]]:
    """What is wrong with a revision that was not with the one before, each with the property's name, once."""
    known = {(one.pointer, one.message) for one in problems(before)}
    told = set()
    for one in problems(after):
        steps = one.pointer.split("/")[1:]
        name = "/".join(steps)
        if steps[0] == "assertions":
            name = after.assertions[int(steps[1])].about.removeprefix("/article/")
        elif steps[0] == "article":
            name = steps[1]
        if (one.pointer, one.message) not in known and (name, one.message) not in told:
            told.add((name, one.message))
            yield name, replace(one, message=NEEDED) if one.code == "schema-required" else one
