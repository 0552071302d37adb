"""Names and places inside a collection. Pure: strings in, strings out.

archive/YYYY/MM/DD/<capture-id>.warc.gz        one capture
archive/imported/<digest12>-NAME               a WARC made by others, byte-identical
sidecars/<capture-id>.r1-<digest12>.json       immutable revisions
erasures/<capture-id>-<digest12>.json          who had a capture erased, and on what ground
losses/<number>-<digest12>.json                who stated files as lost, and why; see `archiver.collection.loss`
access/<name>-<digest12>.json                  who may see what: a rule; see `archiver.access`
collection/r1-<digest12>.json                  title, description, rights; revisions too
indexes/0.cdxj … 5.cdxj  packed…               derived
proofs/<digest12>.…                            statements, signatures, time stamps; keys/; see `archiver.proof`
ledger/<writer>/…                              see `archiver.ledger`
derived/                                       may be deleted at any time
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable
from datetime import datetime

from archiver.errors import UsageError

COLLECTION_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}\Z")
CAPTURE_ID = re.compile(r"\d{8}T\d{6}Z-[a-z2-7]{10}\Z")
SIDECAR_NAME = re.compile(r"(\d{8}T\d{6}Z-[a-z2-7]{10})\.r(\d{1,6})-([0-9a-f]{12})\.json\Z")
PRODUCT = re.compile(r"[A-Za-z]+-[0-9a-f]{12}\Z")
"""What stands between a capture's id and `.warc.gz` in the name of a later product: its kind, and its digest."""
DERIVED = ("indexes/", "derived/")
"""Folders that the ledger does not name and sync does not carry."""


def check_name(name: str) -> str:
    """`name` if it can name a collection (pywb's own rule, narrowed to ASCII), else `UsageError`."""
    if not COLLECTION_NAME.match(name) or name == "static":  # where replay and app have files of their own
        hint = "Use letters, digits, - and _, at most 64, not beginning with -; `static` is taken."
        raise UsageError(f"{name!r} cannot name a collection.", hint)
    return name


def random_base32(length: int) -> str:
    """Lower-case base32 digits from the system's randomness."""
    return base64.b32encode(secrets.token_bytes(length)).decode().lower()[:length]


def capture_id(at: datetime) -> str:
    """A fresh id for a capture begun at `at` (UTC): time to the second and 50 random bits."""
    return f"{at:%Y%m%dT%H%M%SZ}-{random_base32(10)}"


def derived_capture_id(at: datetime, *parts: str) -> str:
    """The same id every time for the same parts: an import repeated finds what it brought in before."""
    digest = hashlib.sha256("\n".join(parts).encode()).digest()
    return f"{at:%Y%m%dT%H%M%SZ}-{base64.b32encode(digest).decode().lower()[:10]}"


def is_capture_id(text: str) -> bool:
    """Whether this is the form of a capture's id."""
    return CAPTURE_ID.match(text) is not None


def capture_path(capture: str) -> str:
    """Where a capture's WARC lies; the day is the id's own."""
    return f"archive/{capture[0:4]}/{capture[4:6]}/{capture[6:8]}/{capture}.warc.gz"


def product_name(capture: str, kind: str, sha256: str) -> str:
    """The name of a later product of a capture, which lies beside its WARC."""
    return f"{capture}.{kind}-{sha256[:12]}.warc.gz"


def imported_path(sha256: str, name: str) -> str:
    """Where an imported WARC lies: digest and a harmless form of its own name, ending kept."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._") or "file.warc"
    return f"archive/imported/{sha256[:12]}-{plain[-80:]}"


def revision_of(path: str) -> tuple[int, str]:
    """What orders the revisions of one capture, the current one last: its number, and the path where two are equal."""
    match = SIDECAR_NAME.match(path.rpartition("/")[2])
    return int(match[2]) if match else 0, path


def revisions(files: Iterable[str]) -> dict[str, list[str]]:
    """Sidecar paths among `files` by capture id."""
    table: dict[str, list[str]] = {}
    for path in files:
        if path.startswith("sidecars/") and (match := SIDECAR_NAME.match(path.rpartition("/")[2])):
            table.setdefault(match[1], []).append(path)
    return table


def metadata_path(revision: int, sha256: str) -> str:
    """Where a revision of the collection's own metadata lies."""
    return f"collection/r{revision}-{sha256[:12]}.json"
