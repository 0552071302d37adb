"""What is known of a collection: from its ledger, the dates of its copies, its proofs and its description."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from archiver.collection import Collection
from archiver.errors import UnreadableInput
from archiver.fixity import LOCAL, Check, Fixity
from archiver.ledger import DELETION, RECOVERY, Event, Holdings, Segment, fold
from archiver.proof import Keyring, Trust, judge

LOSS = "statement of loss"
"""What a recovery that failed is counted as."""
CONTENT = ("archive/", "sidecars/")


@dataclass(frozen=True, slots=True)
class Copy:
    """One place that holds the collection, as far as anything is known of it."""

    place: str
    """`local`, or the address of a store."""
    held: int
    """Files that must be there."""
    read: int
    """Of these, those whose every byte was read there, or sent there, at some time, and agreed."""
    lately: int
    """Of these, those for which that is no longer ago than the days asked for."""
    oldest: str
    """Since when every byte there has been read; empty if some never was."""
    complete: bool | None
    """Whether all that is held is there; None where nothing can tell."""
    why: str
    """What `complete` rests on."""
    last: Check | None
    """The last check of any kind."""
    last_deep: str
    """When the last check that reads bytes was made; empty if there was none."""
    last_push: str = ""
    """When the last push there ended without an error; empty if none did."""
    server: str = ""
    """What `remote doctor` found of versions and locks there, and when; empty if it was not asked."""
    locks_end: str = ""
    """When the first of the locks there ends, if one is known that has ended or will within a week."""

    def as_json(self) -> dict[str, Any]:
        """As in `archiver report --json`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Proven:
    """Signatures of the ledger, and their time stamps."""

    signatures: int
    holding: int
    """Those that are right and whose signed heads are all here."""
    known: int
    """Of these, by signers that this user knows."""
    stamps: int
    trusted: int
    """Time stamps whose authority this user trusts."""
    since: str
    """The newest instant at which the ledger, as it was then, is proven to have existed; empty if none is."""
    errors: int
    """What is wrong with proofs."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All but what the sidecars and WARCs say."""

    name: str
    description: dict[str, Any]
    """The collection's own."""
    holdings: Holdings
    copies: tuple[Copy, ...]
    checks: tuple[Event, ...]
    """Fixity checks that the ledger records."""
    events: dict[str, int]
    """Events of the ledger by type, statements of loss apart."""
    writers: dict[str, str]
    """Working copies that wrote to the ledger, each with the date of its last event."""
    agents: dict[str, int]
    """Software that acted, by number of events."""
    erasures: dict[str, int]
    """By basis."""
    proven: Proven
    readable: bool
    """Whether README.txt and schemas lie in the collection."""

    @property
    def files(self) -> dict[str, Any]:
        """Files held, by path."""
        return self.holdings.files

    @property
    def bytes(self) -> int:
        """Bytes held."""
        return sum(file.bytes for file in self.files.values())

    @property
    def local(self) -> Copy:
        """The working copy."""
        return self.copies[0]

    @property
    def remotes(self) -> tuple[Copy, ...]:
        """The others."""
        return self.copies[1:]

    @property
    def whole(self) -> list[Copy]:
        """Copies that are known to be complete."""
        return [copy for copy in self.copies if copy.complete]

    @property
    def failing(self) -> list[Copy]:
        """Copies whose last check found errors."""
        return [copy for copy in self.copies if copy.last and copy.last.errors]

    @property
    def failed(self) -> str:
        """Where the last checks found errors, in words; empty if they found none, or there were none."""
        told = [f"{copy.place}: {copy.last.errors} errors" for copy in self.failing if copy.last]
        if self.checks and self.checks[-1].outcome == "failure":
            told.append(f"the last fixity check in the ledger, on {self.checks[-1].at}, failed")
        return "; ".join(told)

    @property
    def lock(self) -> dict[str, Any] | None:
        """How objects at remotes are to be locked, if at all."""
        policies = self.description.get("policies")
        lock = policies.get("lock") if isinstance(policies, dict) else None
        return lock if isinstance(lock, dict) and {"mode", "days"} <= lock.keys() else None


def facts(collection: Collection, segments: Sequence[Segment], at: datetime, days: int) -> Facts:
    """Gather them. Files are looked for, not read. `days`: what counts as read lately."""
    events = [event for segment in segments for event in segment.events]
    holdings = fold(segments)
    fixity = Fixity(collection.state, collection.name)
    checks = fixity.checks()
    newest = max((event.at for event in events if brings_content(event)), default="")
    servers = _servers(collection)
    since = (at - timedelta(days=days)).astimezone(UTC).isoformat()
    places = [LOCAL, *(place for place in fixity.places() if place != LOCAL)]
    copies = [
        replace(
            _copy(place, holdings, [one for one in checks if one.place == place], fixity.last_read(place), since),
            locks_end=next(iter(fixity.ending(place, holdings.files, at)), ""),
        )
        for place in places
    ]
    deletions = [event for event in events if event.type == DELETION]
    return Facts(
        name=collection.name,
        description=_description(collection),
        holdings=holdings,
        copies=(_here(collection, copies[0], holdings), *(_there(copy, newest, servers) for copy in copies[1:])),
        checks=tuple(sorted((one for one in events if one.type == "fixity check"), key=lambda one: one.at)),
        events=dict(Counter(LOSS if _is_loss(event) else event.type for event in events).most_common()),
        writers={writer: max(dates) for writer, dates in sorted(_dates(segments).items())},
        agents=dict(Counter(event.agent for event in events).most_common()),
        erasures=dict(Counter(event.basis or "without a basis" for event in deletions).most_common()),
        proven=_proven(collection, segments),
        readable=(collection.path / "README.txt").is_file() and any((collection.path / "schemas").rglob("*.json")),
    )


def _is_loss(event: Event) -> bool:
    return event.type == RECOVERY and event.outcome == "failure"


def brings_content(event: Event) -> bool:
    """Whether an event entered WARCs or sidecars."""
    return any(file.path.startswith(CONTENT) for file in event.objects)


def _description(collection: Collection) -> dict[str, Any]:
    try:
        return collection.metadata()
    except UnreadableInput:
        return {}  # `validate` tells


def _dates(segments: Iterable[Segment]) -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    for segment in segments:
        table.setdefault(segment.writer, []).extend(event.at for event in segment.events)
    return {writer: dates for writer, dates in table.items() if dates}


def _copy(place: str, holdings: Holdings, checks: list[Check], read: dict[str, str], since: str) -> Copy:
    dates = [read[path] for path in holdings.files if path in read]
    lately = sum(_instant(one) >= _instant(since) for one in dates)
    oldest = min(dates, key=_instant, default="") if len(dates) == len(holdings.files) else ""
    deep = max((one.at for one in checks if one.kind in ("verify", "deep")), default="")
    last = checks[-1] if checks else None
    push = max((one.at for one in checks if one.kind == "push" and not one.errors), default="")
    return Copy(place, len(holdings.files), len(dates), lately, oldest, None, "", last, deep, push)


def _instant(at: str) -> datetime:
    return datetime.fromisoformat(at)


def _here(collection: Collection, copy: Copy, holdings: Holdings) -> Copy:
    """The working copy: every file is looked for."""
    absent = [path for path, file in holdings.files.items() if collection.bytes_here(path) != file.bytes]
    lost = [path for path in absent if path in holdings.lost and collection.bytes_here(path) is None]
    missing = len(absent) - len(lost)
    why = f"{missing} files are not on this disk, or of another size" if missing else "every file lies on this disk"
    told = f", but for {len(lost)} stated as lost" if lost else ""
    return replace(copy, complete=not missing, why=f"{why}{told}")


def _servers(collection: Collection) -> dict[str, str]:
    """What `remote doctor` kept of each bucket (s3://NAME), in words."""
    found = {}
    for path in sorted((collection.state.path / "remotes").glob("*.json")):
        try:
            kept = json.loads(path.read_bytes())
            answers = {trait["name"]: trait["answer"] for trait in kept["traits"]}
            told = ", ".join(f"{name} {answers[name]}" for name in ("versioning", "object-lock") if name in answers)
            found[_bucket(kept["store"])] = f"{told} (on {kept['at']})"
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            continue  # no truth, and made anew by the next `remote doctor`
    return found


def _bucket(url: str) -> str:
    return "/".join(url.split("/")[:3])


def _there(copy: Copy, newest: str, servers: dict[str, str]) -> Copy:
    """A remote: nothing is asked of it now; what was noted of it counts."""
    copy = replace(copy, server=servers.get(_bucket(copy.place), ""))
    if copy.last and copy.last.errors:
        why = f"the last check found {copy.last.errors} errors"
        return replace(copy, complete=False, why=why)
    if copy.read == copy.held:
        return replace(copy, complete=True, why="every byte was sent or read there")
    if copy.last_push and copy.last_push >= newest:
        return replace(copy, complete=True, why="the last push left nothing behind")
    if copy.last_push:
        return replace(copy, complete=False, why="content was entered here since the last push")
    return replace(copy, why="nothing was pushed there from here, and not all was read there")


def _proven(collection: Collection, segments: Sequence[Segment]) -> Proven:
    judged = judge(collection, segments, Trust.of(Keyring()))
    holding = [one for one in judged.signings if one.holds]
    stamps = [stamp for one in judged.signings for stamp in one.stamps]
    return Proven(
        signatures=len(judged.signings),
        holding=len(holding),
        known=sum(one.signer is not None for one in holding),
        stamps=len(stamps),
        trusted=sum(stamp.trusted for stamp in stamps),
        since=max((one.proven for one in holding), default=""),
        errors=sum(one.level == "error" for one in judged.findings),
    )
