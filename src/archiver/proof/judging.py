"""Judging the proofs of a collection: whose signatures they are, what they are over, and from when."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from cryptography import x509

from archiver.collection import Collection
from archiver.ledger import Segment
from archiver.model import Finding, Level
from archiver.proof import keys
from archiver.proof.files import FOLDER, Proofs, description_of, read_proofs
from archiver.proof.keyring import Key, Keyring
from archiver.proof.stamps import BadStamp, Stamp, read_certificates, read_stamp
from archiver.proof.statement import Statement

_CUT = "The ledger was cut or rewritten after it was signed. Compare with another copy: `archiver sync pull` brings it."
_RESTORE = "Restore the file from a copy; `archiver sync pull` brings what the store still has."
_KNOW = "If you know whose key it is, and from whom: `archiver keys trust {key} --name NAME`."


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom this user believes."""

    keys: Mapping[str, Key] = field(default_factory=dict)
    """By id."""
    authorities: tuple[x509.Certificate, ...] = ()
    """Of time stamps."""
    signed: tuple[Statement, ...] = ()
    """What this user has signed about ledgers, wherever these are now."""

    @classmethod
    def of(cls, keyring: Keyring) -> "Trust":
        """What the keyring holds."""
        roots = [
            one for pem in keyring.authorities() for one in read_certificates(pem, "the certificates of the authority")
        ]
        return cls({key.id: key for key in keyring.all()}, tuple(roots), tuple(keyring.remembered()))


@dataclass(frozen=True, slots=True)
class Signing:
    """One statement about the ledger, as far as it holds."""

    statement: Statement
    signer: Key | None
    """Whose signature it is, if they are known."""
    stamps: tuple[Stamp, ...]
    """Those over exactly this statement and signature."""
    holds: bool
    """Whether the signature is right, its key was not lost or retired then, and all that was signed is still here."""

    @property
    def proven(self) -> str:
        """Since when it exists by a trusted time stamp; empty if there is none."""
        return min((stamp.at for stamp in self.stamps if stamp.trusted), default="")

    def covers(self, segment: Segment, segments: Sequence[Segment]) -> bool:
        """Whether `segment` is a head that was signed, or lies before one in its chain."""
        before = {one.sha256: one.previous for one in segments}
        for head in self.statement.document["heads"]:
            at: str | None = head["sha256"]
            while at in before:
                if at == segment.sha256:
                    return True
                at = before.pop(at)
        return False


@dataclass(frozen=True, slots=True)
class Judgement:
    """All statements about the ledger, oldest first, and everything that is wrong with the proofs."""

    signings: tuple[Signing, ...]
    findings: tuple[Finding, ...]


def judge(collection: Collection, segments: Sequence[Segment], trust: Trust) -> Judgement:
    """Every proof in the collection against its ledger (`segments`: all that can be read) and against `trust`.

    A signature by nobody known is a warning; one that is wrong, or over what is no longer here, an error.
    """
    proofs = read_proofs(collection.path)
    return _Judge(collection, proofs, trust).judged(segments)


def unknown(statement: Statement, where: str) -> Finding:
    """That a right signature is by nobody known."""
    message = f"the signature is right, but nobody known here has the key {statement.key}"
    return Finding("warning", "signer-unknown", where, message, _KNOW.format(key=statement.key))


def doubt(statement: Statement, key: Key, proven: str, where: str) -> Finding | None:
    """What speaks against a right signature by a key that was lost or retired; `proven`: when a stamp shows it."""
    at = proven or statement.at
    if key.distrusted:
        message = f"it is signed with a key of {key.name} that is distrusted since {key.distrusted}: {key.reason}"
        return Finding("warning", "key-distrusted", where, message, "It proves nothing, whatever its date.")
    if key.lost and at >= key.lost:
        message = f"it was signed at {at} with a key of {key.name} that was lost on {key.lost}"
        return Finding("error", "key-lost", where, message, "Somebody else may have signed. It proves nothing.")
    if key.lost and not proven:
        message = f"the key of {key.name} was lost on {key.lost}, and no trusted time stamp is older than that"
        return Finding("warning", "key-lost", where, message, "It proves nothing. Sign again with another key.")
    if key.retired and at > key.retired:
        message = f"it was signed at {at} with a key of {key.name} that was retired on {key.retired}"
        return Finding("error", "key-retired", where, message, "Ask them; somebody else may have the old key.")
    return None


class _Judge:
    def __init__(self, collection: Collection, proofs: Proofs, trust: Trust) -> None:
        self.folder: Path = collection.path / FOLDER
        self.name, self.description = collection.name, description_of(collection)
        self.proofs = proofs
        self.trust = trust
        self.known: dict[str, Key] = dict(trust.keys)
        self.findings: list[Finding] = list(proofs.findings)

    def judged(self, segments: Sequence[Segment]) -> Judgement:
        right = [one for one in self.proofs.statements.values() if self._is_right(one, one.key)]
        revocations = [one for one in right if one.kind == "revocation"]
        self._revoke(revocations)  # first: a key that is known to be lost names no successor
        self._follow(
            [one for one in right if one.kind == "succession" and self._is_right(one, one.document["replaces"])]
        )
        self._revoke(revocations)
        there, sound = {segment.sha256 for segment in segments}, {one.sha256 for one in right}
        ledgers = [one for one in self.proofs.statements.values() if one.kind == "ledger"]
        self._judge_remembered(segments)
        signings = [self._signing(one, there, holds=one.sha256 in sound) for one in ledgers]
        signings.sort(key=lambda one: (one.statement.at, one.statement.sha256))
        return Judgement(tuple(signings), tuple(self.findings))

    def _is_right(self, statement: Statement, key: str) -> bool:
        """Whether the statement bears that key's signature; a finding if not."""
        place = self.folder / statement.signature_name(key)
        signature, pem = self.proofs.signatures.get((statement.stem, key)), self._pem(key)
        if signature is None:
            self._told("error", "signature-missing", place, f"the statement {statement.stem} is not signed", _RESTORE)
        elif pem is None:
            message = f"it cannot be checked: the key {key} is not here"
            self._told("error", "signature-key", place, message, _RESTORE)
        elif keys.is_signed(statement.content, signature, pem, str(place)):
            return True
        else:
            message = f"it is not the signature of the key {key} over the statement {statement.stem}"
            self._told("error", "signature-wrong", place, message, "One of the three files was changed.")
        return False

    def _pem(self, key: str) -> bytes | None:
        """The public key, as the user knows it before all that lies here."""
        known = self.trust.keys.get(key)
        return known.public_key.encode() if known else self.proofs.keys.get(key)

    def _follow(self, successions: list[Statement]) -> None:
        """Know the keys that known ones gave way to. A lost key, or one distrusted, gives way to nobody."""
        table: dict[str, list[Statement]] = {}
        for one in successions:
            table.setdefault(one.document["replaces"], []).append(one)
        waiting = list(self.known)
        while waiting:
            old = waiting.pop()
            for one in [] if self.known[old].lost or self.known[old].distrusted else table.pop(old, []):
                retired = min(filter(None, (self.known[old].retired, one.at)))
                self.known[old] = replace(self.known[old], retired=retired)
                if one.key not in self.known:
                    pem = (self._pem(one.key) or b"").decode()
                    self.known[one.key] = Key(one.key, self.known[old].name, pem, own=False, added=one.at)
                    waiting.append(one.key)

    def _revoke(self, revocations: list[Statement]) -> None:
        """Believe known keys about each other's loss; about one's own only one's own."""
        for one in revocations:
            lost, by = self.known.get(one.document["revokes"]), self.known.get(one.key)
            if lost and by and not by.distrusted and (by.own or not lost.own):
                since = min(filter(None, (lost.lost, one.document["since"])))
                self.known[lost.id] = replace(lost, lost=since)

    def _signing(self, statement: Statement, there: set[str], *, holds: bool) -> Signing:
        stamps = tuple(self._stamps(statement)) if holds else ()
        signing = Signing(statement, self.known.get(statement.key), stamps, holds)
        before = len([one for one in self.findings if one.level == "error"])
        if holds:
            self._judge_signer(signing)
            self._judge_subject(statement, there)
        sound = len([one for one in self.findings if one.level == "error"]) == before
        return replace(signing, holds=holds and sound and not self._is_doubtful(signing))

    def _stamps(self, statement: Statement) -> Iterator[Stamp]:
        content = statement.content + self.proofs.signatures[statement.stem, statement.key]
        for path, token in self.proofs.stamps.get(statement.stem, ()):
            try:
                stamp = read_stamp(token, content, self.trust.authorities)
            except BadStamp as error:
                self._told("error", "stamp-wrong", path, f"as a time stamp of {statement.stem}, {error}", _RESTORE)
                continue
            yield stamp
            if not stamp.trusted:
                message = f"the time stamp is by an unknown authority, which calls itself {stamp.authority[:200]}"
                hint = "Get its root certificate from itself, then: `archiver keys trust FILE`, or --tsa-ca FILE."
                self._told("warning", "stamp-authority", path, message, hint)
            elif stamp.at < statement.at and not _nearly(stamp.at, statement.at):
                self._told("warning", "stamp-early", path, f"it is older than what it is over, of {statement.at}")

    def _judge_signer(self, signing: Signing) -> None:
        where = str(self.folder / signing.statement.file_name)
        if signing.signer is None:
            self.findings.append(unknown(signing.statement, where))
        elif found := doubt(signing.statement, signing.signer, signing.proven, where):
            self.findings.append(found)

    @staticmethod
    def _is_doubtful(signing: Signing) -> bool:
        """Whether the key is distrusted, or was lost, and only the statement itself says that it was not yet."""
        signer = signing.signer
        return bool(signer and (signer.distrusted or (signer.lost and not signing.proven)))

    def _judge_subject(self, statement: Statement, there: set[str]) -> None:
        place = self.folder / statement.file_name
        for head in statement.document["heads"]:
            if head["sha256"] not in there:
                message = (
                    f"the segment {head['writer']}/{head['segment']}, signed at {statement.at}, is not here as it was"
                )
                self._told("error", "signed-head-missing", place, message, _CUT)
        for digest in statement.document["previous"]:
            if digest not in self.proofs.statements:
                message = f"the statement before it, {str(digest)[:12]}, is not here"
                self._told("error", "statement-missing", place, message, _CUT)
        if statement.document["collection"] != self.name:
            message = f"it is about a collection named {statement.document['collection'][:64]!r}"
            self._told(
                "info", "statement-name", place, message, "Its segments are here: it was pulled under another name."
            )

    def _judge_remembered(self, segments: Sequence[Segment]) -> None:
        """What this user signed about this very collection, and is not here any more."""
        places = {(one.writer, one.seq): one.sha256 for one in segments}
        for statement in self.trust.signed:
            told, place = statement.document, self.folder / statement.file_name
            if told["description"] != self.description or statement.sha256 in self.proofs.statements:
                continue
            heads = [(places.get((one["writer"], one.get("seq"))), one["sha256"]) for one in told["heads"]]
            message = f"it was signed on this machine at {statement.at}, and is not here"
            if any(here not in (None, signed) for here, signed in heads):
                self._told("error", "signed-head-missing", place, f"{message}; nor is what it is about", _CUT)
            else:
                hint = (
                    "This copy is older than that, or was cut back. `archiver sync pull` brings what is at the store."
                )
                self._told("warning", "statement-elsewhere", place, message, hint)

    def _told(self, level: Level, code: str, where: Path | str, message: str, hint: str = "") -> None:
        self.findings.append(Finding(level, code, str(where), message, hint))


def _nearly(stamp: str, said: str) -> bool:
    """Whether two clocks may differ so much: a stamp from the same ten minutes."""
    return abs((datetime.fromisoformat(said) - datetime.fromisoformat(stamp)).total_seconds()) <= 600
