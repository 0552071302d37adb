"""What an S3 endpoint was found to do, what that protects from in plain words, and keeping it between commands."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from archiver import disk

Grade = Literal["good", "weak", "bad"]
CHECKSUMS = {"sha256": "ChecksumSHA256", "if-none-match": "IfNoneMatch"}
"""Traits → the wish of `S3Store` that a server with the answer `refused` need not be told again."""


@dataclass(frozen=True, slots=True)
class Trait:
    """One thing that was tried."""

    name: str
    """Such as `if-none-match`; docs/remotes.md lists them."""
    answer: str
    """One word or two: `checked`, `ignored`, `refused`, `enforced` …"""
    grade: Grade
    detail: str = ""
    """For people."""


@dataclass(frozen=True, slots=True)
class Capability:
    """What was found at one endpoint."""

    store: str
    endpoint: str
    at: str
    """RFC 3339 UTC."""
    traits: tuple[Trait, ...]

    def answer(self, name: str) -> str:
        """What was found of a trait; empty where it was not tried."""
        return next((trait.answer for trait in self.traits if trait.name == name), "")

    @property
    def exit_code(self) -> int:
        """1 where a right is missing that replication needs, or a promise is not kept, else 0."""
        return int(any(trait.grade == "bad" for trait in self.traits))

    def verdicts(self) -> list[str]:
        """What protection it gives, a sentence each."""
        return [
            f"Two writers at one instant: kept apart by {_CONDITION.get(self.answer('if-none-match'), _NAMES)}.",
            f"Bytes changed on the way: {self._on_the_way()}.",
            f"Objects overwritten or deleted by others: {_VERSIONS.get(self.answer('versioning'), _UNKNOWN)}.",
            f"Deletion for good: {self._for_good()}.",
            f"An upload that was cut off: {_PARTS.get(self.answer('multipart'), _UNKNOWN)}.",
            "Rot in the server's own disks: no server tells of it; `archiver sync verify --level deep` finds it.",
        ]

    def _for_good(self) -> str:
        said = _LOCKS.get(self.answer("object-lock"), _UNKNOWN)
        return f"{said}, but not with these credentials (bypass)" if self.answer("bypass") == "allowed" else said

    def _on_the_way(self) -> str:
        checked = [name for name in ("sha256", "crc32", "content-md5") if self.answer(name) == "checked"]
        return f"refused by the server ({', '.join(checked)})" if checked else "not noticed by the server"

    def as_json(self) -> dict[str, Any]:
        """The JSON line of `archiver remote doctor`, and what is kept."""
        facts: dict[str, Any] = {"store": self.store, "endpoint": self.endpoint, "at": self.at}
        facts |= {"ok": self.exit_code == 0, "traits": [asdict(trait) for trait in self.traits]}
        return facts | {"verdicts": self.verdicts()}


_UNKNOWN = "it could not be found out"
_NAMES = "names alone, which carry a digest or a random id; the server lets one overwrite the other"
_CONDITION = {"honoured": "the server (If-None-Match)"}
_VERSIONS = {
    "on": "older versions are kept, and `archiver sync repair` takes delete markers away",
    "suspended": "what was there before stays beneath, but new versions are not kept any more",
    "off": "nothing is kept; whoever may write may destroy",
}
_LOCKS = {
    "enforced": "the server withstands it until an object's retention ends",
    "not enforced": "the bucket says that it locks, and does not: rely on nothing",
    "absent": "nothing withstands it; another copy under other credentials is needed",
}
_PARTS = {"listed": "it is taken up where it was", "not listed": "it begins anew"}


def remember(folder: Path, found: Capability) -> Path:
    """Keep what was found in a `folder` for all stores; returns the file."""
    path = folder / _name(found.endpoint, found.store)
    content = json.dumps(found.as_json(), ensure_ascii=False, indent=1).encode() + b"\n"
    disk.write_atomic(path, content, replace=True)
    return path


def declined(folder: Path, url: str, endpoint_url: str | None) -> frozenset[str]:
    """The wishes that this endpoint is known to refuse; none where it was never looked at."""
    try:
        kept = json.loads((folder / _name(endpoint_of(endpoint_url), url)).read_bytes())
        answers = {str(trait["name"]): trait["answer"] for trait in kept["traits"]}
    except (OSError, ValueError, LookupError, TypeError):
        return frozenset()
    return frozenset(wish for name, wish in CHECKSUMS.items() if answers.get(name) == "refused")


def endpoint_of(endpoint_url: str | None) -> str:
    """The address of the server; empty for Amazon's own."""
    return endpoint_url or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""


def _name(endpoint: str, store: str) -> str:
    """One file for each bucket: prefixes are alike."""
    return f"{hashlib.sha256(f'{endpoint} {urlsplit(store).netloc}'.encode()).hexdigest()[:16]}.json"
