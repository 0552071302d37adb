"""One rule: a document `access/<name>-<digest12>.json` that never changes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal, get_args

from archiver import jsontext, schema
from archiver.access.patterns import Pattern
from archiver.errors import UnreadableInput, UsageError
from archiver.model import timestamp

Kind = Literal["open", "reading-room", "embargo", "dark", "takedown"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""From the mildest to the strictest."""
FOLDER = "access/"
DESCRIPTIONS = "descriptions"
"""In `replaces`: what sidecars and the collection's description say."""
_FILE = re.compile(r"access/(\d{8}T\d{6}Z-[a-z2-7]{10})-[0-9a-f]{12}\.json\Z")


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may see some captures. Texts are an archivist's own; `note` is never shown to readers."""

    name: str
    """Its id; of what a sidecar or a description says, that file's name."""
    access: Kind
    capture: str = ""
    """The capture that it is about; empty where it is about addresses or all."""
    url: str = ""
    """The pattern of addresses that it is about; with neither, it is about the whole collection."""
    until: str = ""
    """When an embargo ends: RFC 3339 UTC in seconds; else empty."""
    basis: str = ""
    reason: str = ""
    note: str = ""
    by: str = ""
    at: str = ""
    """When it was made; RFC 3339 UTC."""
    replaces: frozenset[str] = frozenset()
    unreadable: bool = False
    """Whether its file is missing or damaged. It hides the whole collection then, until it is repaired."""

    @property
    def target(self) -> str:
        """What it is about, in words."""
        return self.capture or self.url or "the whole collection"

    def as_json(self) -> dict[str, Any]:
        """The rule for archivists."""
        told = {
            "rule": self.name,
            "access": self.access,
            "target": {"capture": self.capture} if self.capture else {"url": self.url} if self.url else {"all": True},
            "until": self.until,
            "basis": self.basis,
            "reason": self.reason,
            "note": self.note,
            "by": self.by,
            "at": self.at,
            "replaces": sorted(self.replaces),
            "unreadable": self.unreadable,
        }
        return {name: value for name, value in told.items() if value not in ("", [], False)}

    @classmethod
    def parse(cls, content: bytes, path: str) -> "Rule":
        """Read a rule's file. Raises `UnreadableInput` if it is none, or of a version that is not known here."""
        document = jsontext.read(content, path)
        if wrong := schema.problems(document, "access"):
            raise UnreadableInput(path, f"it is no access rule: {wrong[0].pointer} {wrong[0].message}")
        target, texts = document["target"], ("until", "basis", "reason", "note", "by", "at")
        try:
            if "url" in target:
                Pattern.of(target["url"])
        except UsageError as error:
            raise UnreadableInput(path, str(error)) from error
        return cls(
            document["id"],
            document["access"],
            target.get("capture", ""),
            target.get("url", ""),
            replaces=frozenset(document.get("replaces", ())),
            **{name: document.get(name, "") for name in texts},
        )

    @classmethod
    def lost(cls, path: str) -> "Rule":
        """What a rule counts for whose file cannot be read: nobody knows what it hid, so all is hidden."""
        return cls(name_of(path), "dark", unreadable=True)

    @classmethod
    def described(cls, rights: Mapping[str, Any], name: str, until: str = "") -> "Rule":
        """What `rights` in a sidecar or a description come to. What cannot be understood is dark."""
        kind = rights.get("access")
        if kind == "embargo":
            try:
                until = until or end_of(str(rights.get("embargo_until", "")))
            except ValueError:
                kind = "dark"
        known: Kind = next((one for one in KINDS[:-1] if one == kind), "dark")
        return cls(name, known, until=until, reason=str(rights.get("statement", "")) if known != "open" else "")


def name_of(path: str) -> str:
    """The name of the rule in a file."""
    found = _FILE.match(path)
    return found[1] if found else path


def is_rule(path: str) -> bool:
    """Whether a file of that name is a rule."""
    return path.startswith(FOLDER)


def end_of(text: str) -> str:
    """When an embargo until a date (its first moment, UTC) or an instant ends. Raises ValueError at neither."""
    if "T" not in text:
        day = date.fromisoformat(text)
        return f"{day.isoformat()}T00:00:00Z"
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("an instant has a time zone")
    return timestamp(at.astimezone(UTC).replace(microsecond=0))
