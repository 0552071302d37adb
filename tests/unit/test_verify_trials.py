"""Thousands of changes at random, each by itself: every one is an error that names the file."""

import os
import random
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver import disk
from archiver.capture import AGENT, Terms, capture_url
from archiver.collection import Collection
from archiver.ledger import Event
from archiver.model import FileRef
from archiver.package import import_warc
from archiver.proof import Keyring, sign_collection
from archiver.verify import keep_dates, verify_collection
from material import URL, PaperEngine, collection_with

TRIALS = 3000
SEED = 20261130
KNOWN = {"signer-unknown"}
"""What is told of the whole collection: the reader does not know who signed it."""
KINDS = {
    "warc": r"archive/\d{4}/.*\.warc\.gz",
    "imported": r"archive/imported/.*",
    "sidecar": r"sidecars/.*\.json",
    "description": r"collection/.*\.json",
    "schema": r"schemas/.*",
    "readme": r"README\.txt",
    "proof": r"proofs/.*",
    "erasure": r"erasures/.*",
    "sealed": r"ledger/\w+/\d+-.*\.jsonl",
    "open": r"ledger/\w+/open\.jsonl",
    "head": r"ledger/\w+/open\.head",
    "level": r"indexes/\d\.cdxj",
}


def add_file(collection: Collection, path: str, content: bytes) -> None:
    place = collection.path / path
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(content)
    collection.record(Event("ingestion", AGENT, (FileRef(path, len(content), disk.sha256_bytes(content)),)))


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Iterator[Collection]:
    """Every kind of file, with two sealed segments and an open one, and an index on two levels."""
    root = tmp_path_factory.mktemp("trials")
    elsewhere, [captured] = collection_with(root / "elsewhere")
    collection, _ = collection_with(root / "here", captures=2)
    collection.reindex()
    (collection.path / "indexes/0.cdxj").rename(collection.path / "indexes/1.cdxj")
    (collection.path / "indexes/0.cdxj").touch()
    assert import_warc(elsewhere.path / captured.warc, collection).error is None
    ring = Keyring(root / "keys")
    key = ring.new("The Archive")
    sign_collection(collection, ring, key, ring.open(key, str))
    add_file(collection, "erasures/20200101T000000Z-aaaaaaaaaa-0123456789ab.json", b'{"basis": "court-order"}\n')
    collection.seal()
    collection.record(Event("fixity check", AGENT))
    collection.seal()
    capture_url(f"{URL}/last", collection, PaperEngine(), Terms())
    report = verify_collection(collection)
    assert {one.code for one in report.findings} <= KNOWN
    keep_dates(collection, report)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(root))  # where nobody has a key
        yield collection


def kind_of(path: str) -> str:
    return next(kind for kind, pattern in KINDS.items() if re.fullmatch(pattern, path))


def changed(content: bytes, chance: random.Random) -> tuple[str, bytes | None]:
    """One change of a file's bytes; None: the file is gone."""
    what = chance.choice(["flip", "cut", "add", "insert", "remove"] if content else ["add", "remove"])
    place = chance.randrange(len(content)) if content else 0
    if what == "flip":
        flipped = content[place] ^ (1 << chance.randrange(8))
        return what, content[:place] + bytes([flipped]) + content[place + 1 :]
    if what == "cut":
        return what, content[:place]
    byte = bytes([chance.randrange(256)])
    if what == "insert":
        return what, content[:place] + byte + content[place:]
    return what, content + byte if what == "add" else None


def excused(kind: str, what: str, content: bytes, after: bytes | None) -> bool:
    """What a kill leaves as well, and no more can be asked: the beginning of a line behind the last."""
    return kind == "open" and what == "add" and after == content + b"{"


def names(finding, path: Path) -> bool:
    return bool(re.search(rf"{re.escape(str(path))}(?![\w.])", f"{finding.where} {finding.message}"))


def test_every_change_is_an_error_that_names_the_file(whole):
    chance = random.Random(SEED)
    files = [path for path in sorted(whole.path.rglob("*")) if path.is_file() and "derived" not in path.parts]
    by_kind: dict[str, list[Path]] = {}
    for path in files:
        by_kind.setdefault(kind_of(path.relative_to(whole.path).as_posix()), []).append(path)
    assert by_kind.keys() == KINDS.keys()
    done: Counter[tuple[str, str]] = Counter()
    for _ in range(TRIALS):
        kind = chance.choice(list(KINDS))
        path = chance.choice(by_kind[kind])
        content = path.read_bytes()
        what, after = changed(content, chance)
        if after == content or excused(kind, what, content, after):
            continue
        path.unlink() if after is None else path.write_bytes(after)
        try:
            report = verify_collection(whole)
        finally:
            path.write_bytes(content)
        told = [one for one in report.findings if one.level == "error"]
        place = path.relative_to(whole.path)
        assert not report.ok, f"{what} of {place} was not seen"
        assert any(names(one, path) or _at_a_boundary(kind, path, content, after, one) for one in told), (
            f"{what} of {place} is told as {[(one.code, one.where, one.message) for one in told]}"
        )
        done[kind, what] += 1
    assert {one.code for one in verify_collection(whole).findings} <= KNOWN
    for kind, paths in by_kind.items():
        some = ("flip", "cut", "add", "insert", "remove") if any(path.stat().st_size for path in paths) else ()
        assert all(done[kind, what] > 9 for what in some), (kind, done)


def _at_a_boundary(kind: str, path: Path, content: bytes, after: bytes | None, finding) -> bool:
    """A level that lost whole lines looks like one that never had them: the folder is named, and the WARC's lines."""
    whole_lines = kind == "level" and after is not None and content.startswith(after) and (after[-1:] in (b"", b"\n"))
    return whole_lines and finding.code == "index-missing" and finding.where == str(path.parent)


@pytest.mark.parametrize("place", ["archive/x.warc.gz", "x", "sidecars/x", "indexes/6.cdxj", "ledger/x", "new/x"])
def test_every_added_file_is_an_error_that_names_it(whole, place):
    path = whole.path / place
    for add in (lambda: path.write_bytes(b""), lambda: path.symlink_to("/etc/hostname"), lambda: os.mkfifo(path)):
        path.parent.mkdir(exist_ok=True)
        add()
        found = [one for one in verify_collection(whole).findings if one.code not in KNOWN]
        path.unlink()
        assert [(one.level, one.code, one.where) for one in found] == [("error", "file-unlisted", str(path))]
    shutil.rmtree(whole.path / "new", ignore_errors=True)
