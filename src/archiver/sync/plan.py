"""What is to be done, and what came of it. Pure: no disk, no network."""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from archiver.amounts import counted
from archiver.ledger import Segment, successors
from archiver.model import Action, FileRef, Finding

Direction = Literal["upload", "download"]


@dataclass(frozen=True, slots=True)
class Side:
    """What one side holds, as its ledger says."""

    segments: dict[str, Segment] = field(default_factory=dict)
    """Segments by path."""
    files: dict[str, FileRef] = field(default_factory=dict)
    """Files that they name, by path."""
    absent: frozenset[str] = frozenset()
    """Of these, the paths that are not there, or perhaps not."""
    lost: frozenset[str] = frozenset()
    """Paths that were stated as lost: nobody is to blame where they are missing."""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a push, pull or status planned, did and found."""

    verb: Literal["push", "pull", "status"]
    collection: str
    store: str
    actions: tuple[Action, ...]
    """The plan, also what was kept."""
    findings: tuple[Finding, ...] = ()
    dry_run: bool = False
    moved: tuple[FileRef, ...] = ()
    """Files that were really transferred."""
    segments: int = 0
    """Ledger segments that were really transferred."""
    locked: int = 0
    """Objects whose lock was made longer."""

    @property
    def conflict(self) -> bool:
        """Whether the sides hold different bytes under one name, or one would end much of the other."""
        planned = any(action.verb == "conflict" for action in self.actions)
        return planned or any(finding.code in ("conflict", "erasures-unaccepted") for finding in self.findings)

    @property
    def exit_code(self) -> int:
        """6 at a conflict, 1 if errors were found, else 0."""
        return 6 if self.conflict else int(any(finding.level == "error" for finding in self.findings))

    @property
    def bytes(self) -> int:
        """Bytes of the files transferred."""
        return sum(file.bytes for file in self.moved)

    def count(self, verb: str) -> int:
        """How many steps of that verb the plan has."""
        return sum(action.verb == verb for action in self.actions)

    def as_json(self) -> dict[str, Any]:
        """The JSON line of `archiver sync`; files that are kept or skipped are counted, not listed."""
        facts = {"verb": self.verb, "collection": self.collection, "store": self.store, "dry_run": self.dry_run}
        facts |= {"ok": self.exit_code == 0, "kept": self.count("keep"), "skipped": self.count("skip")}
        facts |= {"files": len(self.moved), "bytes": self.bytes, "segments": self.segments, "locked": self.locked}
        actions = [action.as_json() for action in self.actions if action.verb not in ("keep", "skip")]
        return facts | {"actions": actions, "findings": [finding.as_json() for finding in self.findings]}

    def summary(self) -> str:
        """One line for people."""
        where = f"{self.collection} and {self.store}"
        planned = f"{self.count('upload')} to upload, {self.count('download')} to download"
        left = f", {skipped} WARCs left at the store" if (skipped := self.count("skip")) else ""
        if self.conflict:
            return f"{where}: they contradict each other; nothing was changed."
        if self.dry_run or self.verb == "status":
            return f"{where}: {planned}, {self.count('keep')} files in step{left}."
        moved = (
            f"{counted(len(self.moved), 'file')} ({self.bytes} bytes) and {counted(self.segments, 'ledger segment')}"
        )
        left += f", {counted(self.locked, 'object')} locked for longer" if self.locked else ""
        return f"{where}: {moved} transferred, {self.count('keep')} files were in step{left}."


def clones(here: Side, there: Side) -> list[Finding]:
    """A warning for each writer of whose segments two follow the same one; both count."""
    message = "{} segments follow the same one: this working copy was cloned; all are kept"
    heirs = successors([*(here.segments | there.segments).values()])
    return [
        Finding("warning", "ledger-clone", f"ledger/{writer}", message.format(len(found)))
        for (writer, _), found in sorted(heirs.items(), key=lambda one: (one[0][0], one[0][1] or ""))
        if len(found) > 1
    ]


def plan(source: Side, target: Side, verb: Direction) -> list[Action]:
    """The steps that bring to `target` what only `source` holds: files by path, then segments in chain order."""
    actions = [_step(file, source, target, verb) for _, file in sorted(source.files.items())]
    for segment in in_order(source.segments.values()):
        if segment.path not in target.segments:
            actions.append(Action(verb, segment.path, f"a ledger segment of {counted(len(segment.events), 'event')}"))
    return actions


def strangers(here: Side, there: Side, store: str) -> list[Finding]:
    """A conflict where each side has a collection's description and they share none: these are two collections.

    Once mixed they could not be told apart again, because nothing is ever deleted.
    """
    ours, theirs = ({path for path in side.files if path.startswith("collection/")} for side in (here, there))
    if not ours or not theirs or ours & theirs:
        return []
    hint = "Give each collection a prefix of its own; to work on that one, pull it under a new name."
    return [Finding("error", "conflict", store, "it holds another collection than this", hint)]


def nothing_there(store: str) -> Finding:
    """A store without a segment: the wrong place, or all that was there is lost."""
    hint = "Check bucket and prefix; a collection is there once it was pushed."
    return Finding("error", "remote-empty", store, "no collection is there", hint)


def without_warcs(actions: Iterable[Action]) -> list[Action]:
    """The same plan, but WARCs that are not here stay where they are."""
    unwanted = {
        action for action in actions if action.verb in ("download", "lost") and action.key.startswith("archive/")
    }
    reason = "it stays at the store"
    return [replace(one, verb="skip", reason=reason) if one in unwanted else one for one in actions]


def _step(file: FileRef, source: Side, target: Side, verb: Direction) -> Action:
    held = target.files.get(file.path)
    if held is not None and held.sha256 != file.sha256:
        reason = f"sha256 {file.sha256[:12]}… at the source, {held.sha256[:12]}… at the target"
        return Action("conflict", file.path, reason, file.bytes)
    if held is not None and file.path not in target.absent:
        return Action("keep", file.path, "both sides hold it", file.bytes)
    if file.path in source.absent:
        if file.path in source.lost:
            return Action("lost", file.path, "it was stated as lost", file.bytes)
        return Action("missing", file.path, "the ledger names it, but it is not on the disk", file.bytes)
    return Action(verb, file.path, "new" if held is None else "it has gone missing from the disk", file.bytes)


def in_order(segments: Iterable[Segment]) -> list[Segment]:
    """Segments so that each comes after those that it builds on."""
    return sorted(segments, key=lambda segment: (segment.seq, segment.path))


def sound(new: Iterable[Segment], known: Iterable[Segment], bad: Container[str]) -> tuple[list[Segment], list[Finding]]:
    """Of `new` segments those that may follow the `known` ones, in order; a finding for each of the others.

    One is held back when `bad` has its path or that of a file it names, or when its predecessor is not there.
    """
    digests = {segment.sha256 for segment in known}
    passed: list[Segment] = []
    findings: list[Finding] = []
    for segment in in_order(new):
        named = (segment.path, *(file.path for file in segment.objects()))
        why = next((f"{path} is not sound" for path in named if path in bad), "")
        if not why and segment.previous is not None and segment.previous not in digests:
            why = "the segment before it is not there"
        if why:
            findings.append(Finding("warning", "segment-held-back", segment.path, f"it was not transferred: {why}"))
        else:
            digests.add(segment.sha256)
            passed.append(segment)
    return passed, findings
