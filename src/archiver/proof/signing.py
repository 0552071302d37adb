"""Signing a collection: a statement about the heads of its ledger, and with them about all that the ledger names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archiver import AGENT, disk, ledger
from archiver.collection import Collection
from archiver.collection.entering import enter
from archiver.errors import UsageError
from archiver.ledger import Event, Segment
from archiver.model import FileRef
from archiver.proof.files import FOLDER, description_of, read_proofs
from archiver.proof.keyring import Key, Keyring
from archiver.proof.stamps import Stamp, StampFailed, read_certificates, read_stamp, request_stamp
from archiver.proof.statement import Statement

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

EVENT = "digital signature generation"


@dataclass(frozen=True, slots=True)
class Signed:
    """What came of signing a collection."""

    collection: str
    statement: Statement
    files: tuple[FileRef, ...]
    """What was entered: the statement is the last."""
    stamp: Stamp | None
    failure: StampFailed | None
    """Why there is no time stamp, where one was asked for."""

    def as_json(self) -> dict[str, Any]:
        """The JSON of `archiver sign`."""
        stamp = {"at": self.stamp.at, "authority": self.stamp.authority} if self.stamp else None
        told = {
            "collection": self.collection,
            "statement": self.statement.document,
            "files": [one.path for one in self.files],
        }
        return told | {"stamp": stamp, "error": str(self.failure) if self.failure else None}


def sign_collection(
    collection: Collection,
    keyring: Keyring,
    key: Key,
    private: "Ed25519PrivateKey",
    *,
    tsa: str | None = None,
    tsa_ca: bytes | None = None,
) -> Signed:
    """Seal the ledger, sign its heads, and enter statement, signature, keys and time stamp by one line of it.

    `tsa`: the address of a time-stamping authority; `tsa_ca`: its certificates (PEM), that its stamp must lead to and
    that are kept with it. A time stamp that fails is in `failure`; the signature is entered all the same.
    """
    collection.seal()
    statement = _about(collection, key)
    signature = private.sign(statement.content)
    files = {
        f"{FOLDER}{statement.signature_name(key.id)}": signature,
        **{f"{FOLDER}keys/{one.id}.pem": one.public_key.encode() for one in keyring.all() if _of_line(one, key)},
        **{f"{FOLDER}{name}": content for name, content in keyring.life(key.name).items()},
    }
    roots = read_certificates(tsa_ca, "the certificates of the authority") if tsa_ca else []
    stamp, failure = None, None
    if tsa:
        try:
            token = request_stamp(tsa, statement.content + signature, roots)
            stamp = read_stamp(token, statement.content + signature, roots)
            files[f"{FOLDER}{statement.stem}.{disk.sha256_bytes(token)[:12]}.tsr"] = token
            if tsa_ca:
                files[f"{FOLDER}authorities/{disk.sha256_bytes(tsa_ca)[:12]}.pem"] = tsa_ca
        except StampFailed as error:
            failure = error
    files[f"{FOLDER}{statement.file_name}"] = statement.content  # last: who sees it sees all that it needs
    entered = enter(collection, files, Event(EVENT, AGENT, codes=("stamp-failed",) if failure else ()))
    keyring.remember(statement)
    return Signed(collection.name, statement, tuple(entered), stamp, failure)


def heads(segments: Sequence[Segment]) -> list[Segment]:
    """The segments that no other follows."""
    followed = {segment.previous for segment in segments}
    return sorted(
        (one for one in segments if one.sha256 not in followed), key=lambda one: (one.writer, one.seq, one.sha256)
    )


def _about(collection: Collection, key: Key) -> Statement:
    """The statement about all that is sealed."""
    there = {path.name for path in ledger.sealed_files(collection.path / "ledger")}
    sealed = [segment for segment in collection.history() if segment.name in there]
    if not sealed:
        raise UsageError(f"{collection.name} has nothing to sign: its ledger is empty.")
    files = ledger.fold(sealed).files.values()
    told = [{"writer": one.writer, "segment": one.name, "seq": one.seq, "sha256": one.sha256} for one in heads(sealed)]
    before = read_proofs(collection.path)
    earlier = [one for one in before.statements.values() if one.kind == "ledger"]
    followed = {digest for one in earlier for digest in one.document["previous"]}
    return Statement.of(
        "ledger",
        key.id,
        key.name,
        collection=collection.name,
        description=description_of(collection),
        heads=told,
        segments=len(sealed),
        files=len(files),
        bytes=sum(file.bytes for file in files),
        previous=sorted({one.sha256 for one in earlier} - followed),
    )


def _of_line(one: Key, key: Key) -> bool:
    """Whether it is the key that signs, or one that it took over from."""
    return one.own and one.name == key.name
