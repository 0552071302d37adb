"""What all rules together come to.

The rules of a collection are those that any writer's ledger names: a union, in whatever order it is read. Those that
another one replaces do not count; of the others that reach a capture, the strictest does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from archiver import disk
from archiver.access.patterns import Pattern, Table
from archiver.access.patterns import keys as keys_of
from archiver.access.reader import Reader
from archiver.access.rule import DESCRIPTIONS, FOLDER, KINDS, Kind, Rule, is_rule
from archiver.collection import description
from archiver.errors import ArchiverError, UnreadableInput
from archiver.model import now, timestamp

if TYPE_CHECKING:
    from archiver.collection import Collection

EVENT = "policy assignment"
"""The ledger's event that brings rules in."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Who may see something, at a time."""

    kind: Kind = "open"
    reason: str = ""
    """What readers are told."""
    since: str = ""
    """When that was decided; RFC 3339 UTC, empty where a sidecar says so."""
    until: str = ""
    """When an embargo ends; RFC 3339 UTC."""
    rule: str = ""
    """Name of the rule that counts."""

    def shown_to(self, reader: Reader | None) -> bool:
        """Whether `reader` may see it. None is an archivist on this machine, who sees everything."""
        return reader is None or self.kind in kinds_for(reader)


def kinds_for(reader: Reader) -> tuple[Kind, ...]:
    """What a reader may see."""
    return ("open", "reading-room") if reader.in_room else ("open",)


@dataclass(frozen=True, slots=True)
class Standing:
    """What rules come to over time: an embargo as long as it lasts, but for a stricter kind; then that kind."""

    access: Kind = "open"
    """The strictest of all but embargoes."""
    embargo: str = ""
    """When the longest embargo ends; empty where there is none."""

    def at(self, moment: str) -> Kind:
        """The kind at an instant: RFC 3339 UTC in seconds."""
        under = self.embargo > moment and KINDS.index(self.access) < KINDS.index("embargo")
        return "embargo" if under else self.access


class Rules:
    """The rules of one collection."""

    def __init__(self, rules: Iterable[Rule], described: Rule | None = None) -> None:
        """`described`: what the collection's own description says of all its captures."""
        self.all = tuple(sorted(rules, key=lambda one: (one.at, one.name)))
        """Every rule that was ever made, oldest first."""
        self.replaced = {name: one for one in self.all for name in sorted(one.replaces)}
        """Names of those that do not count any more, and which rule says so."""
        self.standing = tuple(one for one in self.all if one.name not in self.replaced)
        """Those that count."""
        self.described = described

    @cached_property
    def _by_capture(self) -> dict[str, list[Rule]]:
        table: dict[str, list[Rule]] = {}
        for one in self.standing:
            if one.capture:
                table.setdefault(one.capture, []).append(one)
        return table

    @cached_property
    def _by_key(self) -> Table[Rule]:
        return Table((Pattern.of(one.url), one) for one in self.standing if one.url)

    @cached_property
    def _general(self) -> list[Rule]:
        return [one for one in self.standing if not one.capture and not one.url]

    def reaching(self, capture: str = "", keys: Iterable[str] = (), said: Rule | None = None) -> list[Rule]:
        """What counts for a capture, or for an address alone: rules, and what descriptions say, if no rule replaces it.

        `keys` as of `archiver.access.keys`; `said`: what the capture's sidecar says.
        """
        named = (one for key in keys for one in self._by_key.find(key))
        rules = list(dict.fromkeys((*self._general, *self._by_capture.get(capture, ()), *named)))
        if not any(DESCRIPTIONS in one.replaces for one in rules):
            rules += [one for one in (said, self.described) if one]
        return rules

    @cached_property
    def by_address(self) -> bool:
        """Whether any rule is about addresses."""
        return any(one.url for one in self.standing)

    def at_address(self, key: str) -> Standing:
        """What the rules about addresses say of one."""
        return standing(self._by_key.find(key))

    def comes_to(self, capture: str, keys: Iterable[str], said: Rule | None) -> Standing:
        """What holds for a capture, now and later."""
        return standing(self.reaching(capture, keys, said))

    def decide(
        self, *, capture: str = "", urls: Iterable[str] = (), said: Rule | None = None, at: str = ""
    ) -> Decision:
        """Who may see a capture (`urls`: its requested and its final one), or what lies at an address; `at`: now."""
        moment = at or timestamp(now())
        rules = [
            one for one in self.reaching(capture, keys_of(*urls), said) if one.access != "embargo" or one.until > moment
        ]
        if not rules:
            return Decision()
        one = max(rules, key=_strictness)
        return Decision(one.access, one.reason, one.at, one.until, one.name)


def strictest(kinds: Iterable[Kind]) -> Kind:
    """The strictest of some kinds; of none, `open`."""
    return KINDS[max(map(KINDS.index, kinds), default=0)]


def _strictness(rule: Rule) -> tuple[int, str, str, str, str]:
    """What the strictest rule has most of; of equal ones, the one whose embargo is longest, or the newest."""
    return KINDS.index(rule.access), rule.until, rule.at, rule.name, rule.reason


def standing(rules: Iterable[Rule]) -> Standing:
    """What these rules come to together."""
    chosen = list(rules)
    lasting = strictest(one.access for one in chosen if one.access != "embargo")
    return Standing(lasting, max((one.until for one in chosen if one.access == "embargo"), default=""))


def rules(collection: "Collection") -> Rules:
    """The rules of a collection: of all that the ledger names, whoever wrote it.

    Raises `UnreadableInput` at a damaged segment. A rule that cannot be read hides all: see `Rule.lost`.
    """
    events = (event for segment in collection.history(naming=FOLDER) for event in segment.events)
    paths = {file.path for event in events for file in event.objects if is_rule(file.path)}
    return read(collection, paths)


def read(collection: "Collection", paths: Iterable[str]) -> Rules:
    """The rules in these files of a collection, and what its description says. No file is read twice: none changes."""
    described = tuple(sorted(path.name for path in collection.path.glob("collection/*.json")))
    found = _loaded(collection.path, tuple(sorted(set(paths))), described)
    if any(one.unreadable for one in found.all):
        _loaded.cache_clear()  # until it is repaired
    return found


@lru_cache(maxsize=64)
def _loaded(folder: Path, paths: tuple[str, ...], _described: tuple[str, ...]) -> Rules:
    try:
        heads = list(description.heads(folder).values())
        rights = heads[-1].get("rights") if heads else None
    except (ArchiverError, OSError):
        rights = None  # `validate` tells; its captures' sidecars say the same
    return Rules([_read(folder, path) for path in paths], Rule.described(rights, "collection") if rights else None)


def _read(folder: Path, path: str) -> Rule:
    try:
        content = disk.within(folder, path).read_bytes()
        if not path.endswith(f"-{disk.sha256_bytes(content)[:12]}.json"):
            raise UnreadableInput(path, "it was changed after it was written")
        return Rule.parse(content, path)
    except (ArchiverError, OSError):
        return Rule.lost(path)
