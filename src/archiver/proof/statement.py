"""Statements: canonical JSON documents that a key signs, each about one thing.

    {"at", "format", "key", "name", "type", …}     when it is said, and by whom: key id, and the name it goes by
    ledger       "collection" (its name), "description" (the file of its first one), "segments", "files", "bytes",
                 "heads": [{"writer", "segment", "seq", "sha256"}], "previous": [sha256 of the statements before it]
    package      "package": {"name", …}            see `archiver.proof.packages`
    succession   "replaces": KEYID                 the key that signs takes over from that one, which signs as well
    revocation   "revokes": KEYID, "since"         that key is not to be believed from then on

Their files: `<digest12>.statement.json`, `<digest12>.<keyid>.sig` (64 bytes, over the statement's bytes) and
`<digest12>.<digest12 of itself>.tsr` (RFC 3161, over statement and signature together, one behind the other).
"""

import re
from dataclasses import dataclass
from typing import Any, Literal

from archiver import disk, jsontext
from archiver.errors import UnreadableInput
from archiver.ledger import canonical
from archiver.model import now, timestamp

FORMAT = "archiver-statement/1.0.0"
KEY_ID = re.compile(r"[0-9a-f]{16}\Z")
NAME = re.compile(r"(?:.*/)?([0-9a-f]{12})\.statement\.json\Z")
Kind = Literal["ledger", "package", "succession", "revocation"]

_NEEDED: dict[str, dict[str, type]] = {
    "ledger": {"collection": str, "description": str, "heads": list, "previous": list},
    "package": {"package": dict},
    "succession": {"replaces": str},
    "revocation": {"revokes": str, "since": str},
}
_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement and its exact bytes."""

    document: dict[str, Any]
    content: bytes

    @classmethod
    def of(cls, kind: Kind, key: str, name: str, **members: Any) -> "Statement":
        """A new one, said now."""
        told = {"format": FORMAT, "type": kind, "at": timestamp(now()), "key": key, "name": name}
        return cls(told | members, canonical(told | members))

    @classmethod
    def parse(cls, content: bytes, where: str) -> "Statement":
        """Raises `UnreadableInput` for what is no statement in canonical form: its bytes must mean one thing."""
        document = jsontext.read(content, where)
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise UnreadableInput(where, "it is no statement of a form known here")
        needed = {"at": str, "key": str, "name": str, **_NEEDED.get(str(document.get("type")), {"type": type(None)})}
        if any(not isinstance(document.get(name), kind) for name, kind in needed.items()):
            raise UnreadableInput(where, "a member of the statement is missing or of another type")
        keys = [document[name] for name in ("key", "replaces", "revokes") if name in document]
        times = [document[name] for name in ("at", "since") if name in document]
        if not all(KEY_ID.match(key) for key in keys) or not all(_AT.match(at) for at in times):
            raise UnreadableInput(where, "a key id or a time in the statement has another form")
        if document["type"] == "ledger" and not all(map(_is_head, document["heads"])):
            raise UnreadableInput(where, "a head in the statement has another form")
        if not all(isinstance(digest, str) for digest in document.get("previous", ())):
            raise UnreadableInput(where, "a digest in the statement has another form")
        if canonical(document) != content:
            raise UnreadableInput(where, "the statement is not in canonical form")
        return cls(document, content)

    @property
    def kind(self) -> str:
        """Of which type it is."""
        return str(self.document["type"])

    @property
    def key(self) -> str:
        """The id of the key that says it."""
        return str(self.document["key"])

    @property
    def at(self) -> str:
        """When it was said, by its own account: RFC 3339 UTC in seconds."""
        return str(self.document["at"])

    @property
    def sha256(self) -> str:
        """Hex digest of its bytes."""
        return disk.sha256_bytes(self.content)

    @property
    def stem(self) -> str:
        """What the names of its files begin with."""
        return self.sha256[:12]

    @property
    def file_name(self) -> str:
        """Its own file's name."""
        return f"{self.stem}.statement.json"

    def signature_name(self, key: str) -> str:
        """The name of the file with that key's signature."""
        return f"{self.stem}.{key}.sig"


def _is_head(head: Any) -> bool:
    return isinstance(head, dict) and all(isinstance(head.get(name), str) for name in ("writer", "segment", "sha256"))
