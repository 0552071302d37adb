"""Making rules: what an archivist wants, checked, and entered by one line of the ledger."""

import secrets
from base64 import b32encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from archiver import AGENT, disk, schema
from archiver.access.deciding import EVENT, Rules
from archiver.access.patterns import Pattern
from archiver.access.rule import DESCRIPTIONS, FOLDER, KINDS, Kind, Rule, end_of
from archiver.collection.entering import enter
from archiver.errors import UsageError
from archiver.ledger import Event
from archiver.model import now, timestamp
from archiver.sidecar import dump, plain

if TYPE_CHECKING:
    from archiver.collection import Collection

MOST_TEXT = 2000
BASES = {
    "personal-data": "somebody whom it tells of has asked for it (GDPR, or a like law)",
    "court-order": "a court or an authority has ordered it",
    "rights-holder": "the holder of the rights has asked for it",
    "contract": "an agreement with a source or a publisher",
    "unlawful-content": "the content itself must not be shown",
    "consent": "what those have agreed to whom it tells of",
    "policy": "the archive's own terms",
    "other": "another ground, told in the note",
}
"""Codes of grounds, and what each means."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What an archivist decided. It holds for each of `captures`, each of `urls`, or for all."""

    access: Kind
    by: str
    until: str = ""
    basis: str = ""
    reason: str = ""
    note: str = ""
    replaces: tuple[str, ...] = ()

    @classmethod
    def of(cls, access: str | None, by: str | None, **told: Any) -> "Wish":
        """A decision as typed. Raises `UsageError` at what is missing or makes no sense."""
        if access not in KINDS:
            raise UsageError("A rule needs to say who may see it.", f"Give --access, one of: {', '.join(KINDS)}.")
        texts = {name: plain(told.get(name) or "") for name in ("reason", "note")}
        who, basis, until = plain(by or ""), told.get("basis") or "", told.get("until") or ""
        if not who:
            raise UsageError("A rule needs the name of who decided it.", "Give --by NAME.")
        if max(map(len, (who, *texts.values()))) > MOST_TEXT:
            raise UsageError(f"A name, a reason and a note have at most {MOST_TEXT} characters.")
        if basis and basis not in BASES:
            raise UsageError(f"{basis!r} is no ground.", f"Give --basis, one of: {', '.join(BASES)}.")
        if access == "takedown" and not texts["reason"]:
            raise UsageError("Readers are told why something was taken down.", "Give --reason TEXT.")
        if (access == "embargo") != bool(until):
            raise UsageError(
                "An embargo has an end, and nothing else has.", "Give --access embargo --until 2027-01-01."
            )
        try:
            until = until and end_of(until)
        except ValueError:
            hint = "Write a day, 2027-01-01, or an instant with its zone, 2027-01-01T09:00+02:00."
            raise UsageError(f"{until!r} is no date.", hint) from None
        return cls(access, who, until, basis, replaces=tuple(told.get("replaces") or ()), **texts)

    def instead_of(self, name: str) -> "Wish":
        """The same, which replaces one rule."""
        return replace(self, replaces=(name,))


def targets(
    captures: Iterable[str] = (), urls: Iterable[str] = (), *, everything: bool = False
) -> list[dict[str, Any]]:
    """What rules are about, one each. Raises `UsageError` at a pattern that is none."""
    for url in urls:
        Pattern.of(url)
    whole = [{"all": True}] if everything else []
    return [{"capture": one} for one in captures] + [{"url": one} for one in urls] + whole


def check_replaced(rules: Rules, names: Iterable[str]) -> None:
    """Raise `UsageError` at a name that no rule has which still counts."""
    known = {one.name for one in rules.standing} | {DESCRIPTIONS}
    for name in names:
        if name not in known:
            raise UsageError(f"There is no rule {name!r} that counts.", "`archiver restrict --list` shows the rules.")


def documents(wish: Wish, about: Iterable[dict[str, Any]]) -> dict[str, bytes]:
    """The rules' files, path → content: one for each target."""
    at, files = now(), dict[str, bytes]()
    for target in about:
        name = f"{at:%Y%m%dT%H%M%SZ}-{b32encode(secrets.token_bytes(10)).decode().lower()[:10]}"
        document = {
            "$schema": schema.ids()["access"],
            "id": name,
            "target": target,
            "access": wish.access,
            "until": wish.until,
            "basis": wish.basis,
            "reason": wish.reason,
            "note": wish.note,
            "by": wish.by,
            "at": timestamp(at),
            "agent": AGENT,
            "replaces": list(wish.replaces),
        }
        files |= _file(document)
    return files


def _file(document: dict[str, Any]) -> dict[str, bytes]:
    content = dump({key: value for key, value in document.items() if value not in ("", [])})
    return {f"{FOLDER}{document['id']}-{disk.sha256_bytes(content)[:12]}.json": content}


def carried(rule: Rule, capture: str) -> dict[str, bytes]:
    """A rule that came with a package, made anew for one capture: path → content, the same every time.

    It replaces nothing. Raises `UnreadableInput` if it makes no sense here, as without anybody who decided it.
    """
    stamp = f"{rule.at[:19].replace('-', '').replace(':', '')}Z"
    digest = b32encode(sha256(f"{rule.name}\n{capture}".encode()).digest()).decode().lower()
    files = _file(
        {
            "$schema": schema.ids()["access"],
            "id": f"{stamp}-{digest[:10]}",
            "target": {"capture": capture},
            "access": rule.access,
            "until": rule.until,
            "basis": rule.basis,
            "reason": plain(rule.reason)[:MOST_TEXT],
            "note": f"It came with a package, as {rule.name}. {plain(rule.note)}".strip()[:MOST_TEXT],
            "by": plain(rule.by),
            "at": rule.at,
            "agent": AGENT,
        }
    )
    for path, content in files.items():
        Rule.parse(content, path)
    return files


def drafted(wish: Wish, about: Iterable[dict[str, Any]]) -> list[Rule]:
    """The rules that `restrict` would enter."""
    return [Rule.parse(content, path) for path, content in documents(wish, about).items()]


def restrict(collection: "Collection", wish: Wish, about: Iterable[dict[str, Any]]) -> list[Rule]:
    """Enter a rule for each target by one line of the ledger; returns the rules."""
    files = documents(wish, about)
    captures = {one.capture for one in (Rule.parse(content, path) for path, content in files.items())}
    event = Event(
        EVENT, AGENT, capture=captures.pop() or None if len(captures) == 1 else None, codes=("access", wish.access)
    )
    put(collection, files, event)
    return [Rule.parse(content, path) for path, content in files.items()]


def put(collection: "Collection", files: Mapping[str, bytes], event: Event) -> None:
    """Enter rules' files, path → content, and the schemas that the collection was begun without."""
    schemas = {f"schemas/{name}": content for name, content in schema.schema_files().items()}
    missing = {path: content for path, content in schemas.items() if not collection.local(path).exists()}
    enter(collection, {**missing, **files}, event)
