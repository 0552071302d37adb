"""Access rules that come with a package: made anew for each capture that comes in, and there before it.

They can only hide, and only what comes in with them: rules that a package says are `open` do not come, nor what they
replace here. So a package can neither show nor hide what was here before.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from archiver import AGENT, access, cdxj, disk, jsontext, schema
from archiver.access import Rule, Rules
from archiver.collection import Collection
from archiver.errors import UnreadableInput
from archiver.ledger import Event
from archiver.model import Finding, now, timestamp
from archiver.package.imported import Present
from archiver.package.reading import Package

DESCRIPTIONS = "collection/"
OURS = "sidecars/"
"""What only a package of ours has: in one of others, a folder `access` may hold anything."""
_BATCH = 500
"""So many rules by one line of the ledger."""

Pages = Sequence[tuple[str, Iterable[str]]]
"""Captures of one WARC, each with the addresses of its page."""


@dataclass(slots=True)
class Ruling:
    """What a package says of who may see its captures."""

    rules: Rules
    held: frozenset[str]
    """Names of the rules that are here already, lifted ones among them; these stay as they are."""
    made: dict[str, bytes] = field(default_factory=dict)
    """Rules to enter: path → content."""
    captures: set[str] = field(default_factory=set)
    """Those that one of them reaches."""

    def reach(self, pages: Pages, warc: Path) -> None:
        """Make the rules for the captures of a WARC file, which lies at `warc` for now.

        What hides a record that is nobody's page hides all captures of the file: no rule can be about one record.
        """
        strict = [one for one in (*self.rules.standing, self.rules.described) if one and _hides(one)]
        if not strict:
            return
        loose = set[Rule]()
        if any(one.url for one in strict):
            keys = _record_keys(warc) - access.keys(*(url for _, urls in pages for url in urls))
            loose = {one for one in self.rules.reaching("", keys) if one.url}
        for capture, urls in pages:
            for one in {*self.rules.reaching(capture, access.keys(*urls)), *loose}.intersection(strict):
                self.captures.add(capture)
                for path, content in access.carried(one, capture).items():
                    if access.name_of(path) not in self.held:
                        self.made[path] = content

    def enter(self, collection: Collection) -> None:
        """Enter what was made. A kill between leaves rules about captures that are not here yet: these hide nothing."""
        made = sorted(self.made.items())
        for start in range(0, len(made), _BATCH):
            batch = dict(made[start : start + _BATCH])
            access.put(collection, batch, Event(access.EVENT, AGENT, codes=("access", "imported")))
        self.made.clear()

    def findings(self, where: str) -> Iterator[Finding]:
        """What is to be told of it."""
        if self.captures:
            message = f"{len(self.captures)} of its captures are not open to readers, and are not here either"
            yield Finding("warning", "access-imported", where, message, "`archiver restrict --list` shows the rules.")


def ruling_of(package: Package, present: Present) -> tuple[Ruling, list[Finding]]:
    """The rules in a package, and what is wrong with them: then nothing of it may be taken in."""
    findings: list[Finding] = []
    rules, described, followed = list[Rule](), dict[str, Rule](), set[str]()
    ours = any(name.startswith(OURS) for name in package.files)
    for name in sorted(package.files) if ours else ():
        try:
            if access.is_rule(name):
                rules.append(_rule(package, name))
            elif name.startswith(DESCRIPTIONS):
                described[name.rpartition("/")[2]], parents = _described(package, name)
                followed.update(parents)
        except UnreadableInput as error:
            findings.append(Finding("error", "access-unreadable", f"{package.path}/{name}", error.why, error.hint))
    heads = [one for name, one in described.items() if name not in followed]
    strictest = max(heads, key=lambda one: (access.KINDS.index(one.access), one.until), default=None)
    held = frozenset(access.name_of(path) for path in present.holdings.files if access.is_rule(path))
    return Ruling(Rules(rules, strictest), held), findings


def _hides(rule: Rule) -> bool:
    return rule.access != "open" and (rule.access != "embargo" or rule.until > timestamp(now()))


def _content(package: Package, name: str) -> bytes:
    with package.open(name) as stream:
        return stream.read(jsontext.MAX_BYTES + 1)


def _rule(package: Package, name: str) -> Rule:
    """A rule that is sound, bears its own name, and could be made here."""
    content = _content(package, name)
    rule = Rule.parse(content, name)
    if name != f"{access.FOLDER}{rule.name}-{disk.sha256_bytes(content)[:12]}.json":
        raise UnreadableInput(name, "its name is not that of its content", "It was changed, or given another's name.")
    access.carried(rule, rule.name)
    return rule


def _described(package: Package, name: str) -> tuple[Rule, list[str]]:
    """What a description says of access, as a rule; and the revisions that it follows."""
    document = jsontext.read(_content(package, name), name)
    if wrong := schema.problems(document, "collection"):
        raise UnreadableInput(name, f"it describes no collection: {wrong[0].pointer} {wrong[0].message}")
    rule = Rule.described(document.get("rights", {"access": "open"}), name)
    rule = replace(rule, by=f"the description of the collection {document['name']}", at=document["created"])
    access.carried(rule, rule.at[:4] + "0101T000000Z-aaaaaaaaaa")
    return rule, document.get("parents", [])


def _record_keys(warc: Path) -> frozenset[str]:
    """The keys of all addresses of a WARC file that replay would find."""
    try:
        found = [line.split(" ", 1)[0] for line in cdxj.index_lines(warc, warc.parent)]
    except UnreadableInput:
        return frozenset()  # nothing in it can be replayed
    return frozenset[str]().union(*(access.keys(key) if key.startswith("urn:") else {key} for key in found))
