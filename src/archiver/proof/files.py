"""The files of `proofs/` as they lie in a collection, entered or not: what they are is judged elsewhere."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from archiver.collection import Collection
from archiver.errors import UnreadableInput
from archiver.model import Finding
from archiver.proof import keys
from archiver.proof.statement import NAME, Statement

FOLDER = "proofs/"
MOST_BYTES = 1 << 20
_SIGNATURE = re.compile(r"([0-9a-f]{12})\.([0-9a-f]{16})\.sig\Z")
_STAMP = re.compile(r"([0-9a-f]{12})\.[0-9a-f]{12}\.tsr\Z")
_KEY = re.compile(r"([0-9a-f]{16})\.pem\Z")
_RESTORE = "Restore the file from a copy; `archiver sync pull` brings what the store still has."


@dataclass(frozen=True, slots=True)
class Proofs:
    """What could be read, and what is wrong with the rest."""

    statements: dict[str, Statement] = field(default_factory=dict)
    """By SHA-256."""
    signatures: dict[tuple[str, str], bytes] = field(default_factory=dict)
    """By stem of the statement and key id."""
    stamps: dict[str, list[tuple[str, bytes]]] = field(default_factory=dict)
    """Path and content, by stem."""
    keys: dict[str, bytes] = field(default_factory=dict)
    """PEM by key id; each is the key of that id."""
    findings: list[Finding] = field(default_factory=list)


def read_proofs(collection: Path) -> Proofs:
    """All files of `proofs/`. A link is not followed, and nothing long is read."""
    found = Proofs()
    for path in _plain(collection / FOLDER):
        try:
            _take(path, found)
        except UnreadableInput as error:
            found.findings.append(Finding("error", "statement-unreadable", str(path), error.why, _RESTORE))
    for path in _plain(collection / FOLDER / "keys"):
        if named := _KEY.match(path.name):
            _take_key(path, named[1], found)
    return found


def description_of(collection: Collection) -> str:
    """The name of a collection's first description, which tells it from every other; empty where it has none."""
    return min((path.name for path in collection.path.glob("collection/r1-*.json")), default="")


def _take(path: Path, found: Proofs) -> None:
    if named := NAME.match(path.name):
        statement = Statement.parse(content_of(path), str(path))
        if statement.stem != named[1]:
            raise UnreadableInput(str(path), "its content is not what its name says")
        found.statements[statement.sha256] = statement
    elif named := _SIGNATURE.match(path.name):
        found.signatures[named[1], named[2]] = content_of(path)
    elif named := _STAMP.match(path.name):
        found.stamps.setdefault(named[1], []).append((str(path), content_of(path)))


def _take_key(path: Path, identity: str, found: Proofs) -> None:
    try:
        pem = content_of(path)
        why = "" if keys.key_id(pem, str(path)) == identity else "it is another key than its name says"
    except UnreadableInput as error:
        why = error.why
    if why:
        found.findings.append(Finding("error", "key-other", str(path), why, _RESTORE))
    else:
        found.keys[identity] = pem


def _plain(folder: Path) -> Iterator[Path]:
    if folder.is_dir() and not folder.is_symlink():
        yield from (path for path in sorted(folder.iterdir()) if path.is_file() and not path.is_symlink())


def content_of(path: Path) -> bytes:
    """A small file, read whole. Raises `UnreadableInput` for a long one, `OSError`."""
    with path.open("rb") as stream:
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise UnreadableInput(str(path), "it is too long for what it should be")
    return content
