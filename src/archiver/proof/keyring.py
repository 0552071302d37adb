"""The keyring: the keys of this user and those of others that they know by name, in the user's own config folder.

    <keyid>.json                       what is known of a key, its public part included
    <keyid>.key                        the private part (PKCS 8 PEM, mode 0600), gone once it is retired or lost
    <digest12>.statement.json  .sig    successions and revocations that were signed here
    authorities/<digest12>.pem         certificates of time-stamping authorities that are trusted
    signed/<digest12>.statement.json   what was signed here about ledgers: a witness that no collection can take back

Never under a root, never synced. Trust is this user's own: what a collection brings along is not entered here.
"""

import json
import os
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archiver import disk
from archiver.errors import ConflictError, UnreadableInput, UsageError
from archiver.model import now, timestamp
from archiver.proof import keys
from archiver.proof.stamps import read_certificates
from archiver.proof.statement import KEY_ID, Statement

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Ask = Callable[[str], str]
"""Gives the passphrase of the key of that id when it is needed."""
AUTHORITIES = "ARCHIVER_TSA_CA"
"""In the environment: a file with certificates (PEM) of further authorities, believed by this process and its own."""
_STEERING = re.compile("[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Key:
    """One key as this user knows it. Times are RFC 3339 UTC, empty for never."""

    id: str
    name: str
    """Whose it is, by this user's word."""
    public_key: str
    """PEM."""
    own: bool
    added: str
    retired: str = ""
    """Since when another has taken over."""
    lost: str = ""
    """Since when somebody else may have it."""
    distrusted: str = ""
    """Since when this user believes nothing that it ever signed."""
    reason: str = ""
    """Why not."""

    @property
    def kind(self) -> str:
        """`own` or `trusted`."""
        return "own" if self.own else "trusted"

    @property
    def state(self) -> str:
        """What became of it, in words; empty while it is in use."""
        if self.distrusted:
            return f"distrusted {self.distrusted}: {self.reason}"
        return f"lost since {self.lost}" if self.lost else f"retired {self.retired}" if self.retired else ""

    def as_json(self) -> dict[str, Any]:
        """The JSON of `archiver keys`."""
        return asdict(self)


class Keyring:
    """The keys in one folder; made on first writing."""

    def __init__(self, folder: Path | None = None) -> None:
        """Without `folder`: `$XDG_CONFIG_HOME/archiver/keys`."""
        config = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        self.folder = folder or Path(config) / "archiver" / "keys"
        self._phrases: dict[str, str] = {}

    def all(self) -> list[Key]:
        """All keys, the user's own first, the newest last."""
        found = [self._read(path) for path in self.folder.glob("*.json") if KEY_ID.match(path.stem)]
        return sorted(found, key=lambda key: (not key.own, key.added, key.id))

    def key(self, identity: str) -> Key:
        """Raises `UsageError` where it is not known."""
        path = self.folder / f"{identity}.json"
        if not KEY_ID.match(identity) or not path.is_file():
            raise UsageError(f"There is no key {identity!r}.", "`archiver keys list` shows the ids.")
        return self._read(path)

    def signer(self, identity: str | None = None) -> Key:
        """The key to sign with: the one named, or the only one that can. Raises `UsageError`."""
        able = [key for key in self.all() if self._private(key.id).is_file()]
        if identity is not None and self.key(identity) not in able:
            raise UsageError(f"Nothing can be signed with {identity}: its private part is not here.")
        able = [key for key in able if identity in (None, key.id)]
        if not able:
            raise UsageError("There is no key to sign with.", 'Make one with `archiver keys new --name "Museum of X"`.')
        if len(able) > 1:
            raise UsageError("There are several keys to sign with.", "Name one with --key; `archiver keys list`.")
        return able[0]

    def new(self, name: str, passphrase: str = "") -> Key:
        """Make a key of one's own."""
        private, public = keys.new_private(passphrase.encode())
        key = Key(keys.key_id(public), _name(name), public.decode(), own=True, added=timestamp(now()))
        self._folder()
        disk.write_atomic(self._private(key.id), private, mode=0o600)
        self._phrases[key.id] = passphrase
        return self._write(key)

    def open(self, key: Key, ask: Ask) -> "Ed25519PrivateKey":
        """The private part. Raises `UsageError` for a wrong passphrase."""
        path = self._private(key.id)
        pem = path.read_bytes()
        if keys.is_encrypted(pem) and key.id not in self._phrases:
            self._phrases[key.id] = ask(key.id)
        return keys.read_private(pem, str(path), self._phrases.get(key.id, "").encode())

    def trust(self, pem: bytes, name: str, where: str) -> Key:
        """Know somebody's public key by a name. Raises `ConflictError` if it is one's own or known by another name."""
        public = keys.plain_pem(pem, where)
        key = Key(keys.key_id(public), _name(name), public.decode(), own=False, added=timestamp(now()))
        for known in self.all():
            if known.id == key.id and (known.own or known.name != key.name):
                raise ConflictError(f"The key {key.id} is known already, as {known.name}'s.")
        return self._write(key)

    def trust_authority(self, pem: bytes, where: str) -> str:
        """Trust a time-stamping authority's certificates (PEM); returns their digest's first 12 digits."""
        read_certificates(pem, where)
        name = disk.sha256_bytes(pem)[:12]
        self._folder()
        disk.write_atomic(self.folder / "authorities" / f"{name}.pem", pem, replace=True)
        return name

    def authorities(self) -> list[bytes]:
        """The certificates (PEM) of all trusted time-stamping authorities."""
        further = [Path(os.environ[AUTHORITIES])] if os.environ.get(AUTHORITIES) else []
        return [*self.trusted_authorities().values(), *(path.read_bytes() for path in further)]

    def trusted_authorities(self) -> dict[str, bytes]:
        """Those of them (PEM) that lie in the keyring, by the first 12 digits of their digest."""
        return {path.stem: path.read_bytes() for path in sorted(self.folder.glob("authorities/*.pem"))}

    def distrust(self, identity: str, reason: str) -> Key | None:
        """Believe nothing that somebody's key ever signed; or no longer trust a time-stamping authority: then None.

        Raises `UsageError` for a key of one's own, and for what is not known here.
        """
        if identity in self.trusted_authorities():
            (self.folder / "authorities" / f"{identity}.pem").unlink()
            return None
        if (old := self.key(identity)).own:
            hint = "If others may have it: `archiver keys lost KEYID`; if another takes over: `archiver keys retire`."
            raise UsageError(f"{identity} is a key of your own.", hint)
        return self._write(
            replace(old, distrusted=timestamp(now()), reason=_line(reason, "reason", "Say it in a few words."))
        )

    def retire(self, identity: str, ask: Ask) -> Key:
        """Let a new key of the same name take over from one's own: both sign so. The old private part is removed.

        Raises `UsageError` if that is not here.
        """
        old = self.key(identity)
        if not self._private(identity).is_file():
            raise UsageError(f"{identity} cannot be retired: its private part is not here.", _GONE)
        leaving, heir = self.open(old, ask), self._heir(old, ask)
        statement = Statement.of("succession", heir.id, heir.name, replaces=old.id)
        signatures = {
            heir.id: self.open(heir, ask).sign(statement.content),
            old.id: leaving.sign(statement.content),
        }
        self._keep(statement, signatures)
        self._write(replace(old, retired=statement.at))
        self._private(identity).unlink()
        return heir

    def lose(self, identity: str, since: str, ask: Ask) -> Key | None:
        """Believe a key no more from `since` on. For one's own, another says so to everybody, and is returned."""
        old = self.key(identity)
        heir = None
        if old.own:
            heir = self._heir(old, ask)
            statement = Statement.of("revocation", heir.id, heir.name, revokes=old.id, since=since)
            self._keep(statement, {heir.id: self.open(heir, ask).sign(statement.content)})
        self._write(replace(old, lost=min(filter(None, (old.lost, since)))))
        self._private(identity).unlink(missing_ok=True)
        return heir

    def remember(self, statement: Statement) -> None:
        """Keep a statement about a ledger, so that a collection that lost it shows."""
        disk.write_atomic(self.folder / "signed" / statement.file_name, statement.content, replace=True)

    def remembered(self) -> list[Statement]:
        """All of these."""
        paths = sorted(self.folder.glob("signed/*.statement.json"))
        return [Statement.parse(path.read_bytes(), str(path)) for path in paths]

    def life(self, name: str) -> dict[str, bytes]:
        """What keys of that name signed about each other, by file name: it goes into collections that they sign."""
        found: dict[str, bytes] = {}
        for path in sorted(self.folder.glob("*.statement.json")):
            statement = Statement.parse(path.read_bytes(), str(path))
            if statement.document["name"] == name:
                found |= {one.name: one.read_bytes() for one in self.folder.glob(f"{statement.stem}.*.sig")}
                found[path.name] = statement.content
        return found

    def _heir(self, old: Key, ask: Ask) -> Key:
        """Another key of one's own by the same name, made if there is none, with the old one's passphrase."""
        for key in self.all():
            if key.own and key.id != old.id and key.name == old.name and self._private(key.id).is_file():
                return key
        if self._private(old.id).is_file():
            self.open(old, ask)  # so that nobody protects the new one by a slip of the finger
        return self.new(old.name, self._phrases.get(old.id, ""))

    def _keep(self, statement: Statement, signatures: dict[str, bytes]) -> None:
        for identity, signature in signatures.items():
            disk.write_atomic(self.folder / statement.signature_name(identity), signature, replace=True)
        disk.write_atomic(self.folder / statement.file_name, statement.content, replace=True)

    def _private(self, identity: str) -> Path:
        return self.folder / f"{identity}.key"

    def _folder(self) -> None:
        disk.make_directory(self.folder)
        with disk.writing(self.folder):
            self.folder.chmod(0o700)

    def _write(self, key: Key) -> Key:
        self._folder()
        content = json.dumps(asdict(key), ensure_ascii=False, indent=1).encode() + b"\n"
        disk.write_atomic(self.folder / f"{key.id}.json", content, replace=True)
        return key

    def _read(self, path: Path) -> Key:
        try:
            key = Key(**json.loads(path.read_bytes()))
        except (ValueError, TypeError) as error:
            raise UnreadableInput(str(path), "it does not describe a key") from error
        if keys.key_id(key.public_key.encode(), str(path)) != path.stem or key.id != path.stem:
            raise UnreadableInput(str(path), "its name is not that of the key in it")
        return key


_GONE = "If the key is lost, say so: `archiver keys lost KEYID`."


def _name(name: str) -> str:
    return _line(name, "name for a key", "Say whose it is in a few words, with --name.")


def _line(text: str, what: str, hint: str) -> str:
    plain = text.strip()
    if not plain or len(plain) > 200 or _STEERING.search(plain):
        raise UsageError(f"{text!r} is no {what}.", hint)
    return plain
