"""Signing packages: a statement about a WACZ file or a bag, which lies beside it under names that begin with its own.

    X.wacz  X.wacz.statement.json  X.wacz.sig  X.wacz.pem  X.wacz.tsr

The statement has the digest of the whole WACZ file; of a bag that of its tagmanifest-sha256.txt, which has those of the
manifests, which have those of the payload. Where a package goes without these files, it goes unsigned.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archiver import disk
from archiver.errors import ConflictError, UnreadableInput
from archiver.model import Finding
from archiver.proof import keys
from archiver.proof.files import content_of
from archiver.proof.judging import Trust, doubt, unknown
from archiver.proof.keyring import Key
from archiver.proof.stamps import BadStamp, Stamp, StampFailed, read_certificates, read_stamp, request_stamp
from archiver.proof.statement import Statement

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ENDINGS = ("statement.json", "sig", "pem", "tsr")
TAGS = "tagmanifest-sha256.txt"


@dataclass(frozen=True, slots=True)
class SignedPackage:
    """What came of signing one."""

    statement: Statement
    stamp: Stamp | None
    failure: StampFailed | None


def sign_package(
    path: Path, key: Key, private: "Ed25519PrivateKey", *, tsa: str | None = None, tsa_ca: bytes | None = None
) -> SignedPackage:
    """Sign the finished package at `path`; `tsa` and `tsa_ca` as for a collection. Raises `ConflictError` if signed."""
    statement = Statement.of("package", key.id, key.name, package={"name": path.name, **_subject(path)})
    signature = private.sign(statement.content)
    disk.write_atomic(_beside(path, "pem"), key.public_key.encode())
    disk.write_atomic(_beside(path, "sig"), signature)
    disk.write_atomic(_beside(path, "statement.json"), statement.content)
    if not tsa:
        return SignedPackage(statement, None, None)
    roots = read_certificates(tsa_ca, "the certificates of the authority") if tsa_ca else []
    try:
        token = request_stamp(tsa, statement.content + signature, roots)
    except StampFailed as error:
        return SignedPackage(statement, None, error)
    disk.write_atomic(_beside(path, "tsr"), token)
    return SignedPackage(statement, read_stamp(token, statement.content + signature, roots), None)


def refuse_signed(path: Path) -> None:
    """Raises `ConflictError` where files about another package of that name lie beside it."""
    for place in (_beside(path, ending) for ending in ENDINGS):
        if place.exists():
            raise ConflictError(f"{place} exists already and is not replaced.", "Choose another name for the package.")


def judge_package(path: Path, trust: Trust) -> Iterator[Finding]:
    """Who signed the package at `path`: nothing if nobody did. A signature of something else is an error.

    That the package is what its own lists say is judged elsewhere, and rests on the digest that is compared here.
    """
    path = path.absolute()
    place = _beside(path, "statement.json")
    if not place.is_file():
        return
    where = str(place)
    try:
        statement = Statement.parse(content_of(place), where)
        signature, pem = content_of(_beside(path, "sig")), _pem(path, statement, trust)
        told = statement.document.get("package")
        if statement.kind != "package" or not isinstance(told, dict):
            raise UnreadableInput(where, "the statement is not about a package")
        if not keys.is_signed(statement.content, signature, pem, where):
            yield Finding("error", "signature-wrong", where, f"it is not signed with the key {statement.key}", _CHANGED)
            return
        stamp = _stamp(path, statement.content + signature, trust)
    except (UnreadableInput, BadStamp, OSError) as error:
        why = error.why if isinstance(error, UnreadableInput) else str(error)
        yield Finding("error", "signature-unreadable", where, why)
        return
    if {name: told.get(name) for name in _subject(path)} != _subject(path):
        message = f"what is signed is another package, called {str(told.get('name'))[:200]!r}"
        yield Finding("error", "signature-other", where, message, "A signature of one package was put on another.")
    else:
        yield _signer(statement, stamp, trust, where)


_CHANGED = "The statement, the signature or the key was changed."


def _signer(statement: Statement, stamp: Stamp | None, trust: Trust, where: str) -> Finding:
    key = trust.keys.get(statement.key)
    proven = stamp.at if stamp and stamp.trusted else ""
    if key is None:
        return unknown(statement, where)
    if found := doubt(statement, key, proven, where):
        return replace(found, level="error") if key.distrusted else found
    when = f"time stamp of {proven}" if proven else "no time stamp of a trusted authority"
    return Finding(
        "info", "signer", where, f"it is signed by {key.name} on {statement.at}, with the key {key.id}; {when}"
    )


def _subject(path: Path) -> dict[str, Any]:
    """What identifies the package's content."""
    if path.is_dir():
        return {"tagmanifest": disk.sha256_file(path / TAGS)[0]}
    sha256, size = disk.sha256_file(path)
    return {"bytes": size, "sha256": sha256}


def _pem(path: Path, statement: Statement, trust: Trust) -> bytes:
    """The public key, by the user's own knowledge first."""
    if known := trust.keys.get(statement.key):
        return known.public_key.encode()
    place = _beside(path, "pem")
    pem = content_of(place)
    if keys.key_id(pem, str(place)) != statement.key:
        raise UnreadableInput(str(place), "it is another key than the statement names")
    return pem


def _stamp(path: Path, content: bytes, trust: Trust) -> Stamp | None:
    place = _beside(path, "tsr")
    return read_stamp(content_of(place), content, trust.authorities) if place.is_file() else None


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(f"{path.name}.{ending}")
