"""What was taken out, sealed for the holder of a key in the age format (C2SP age); pyrage's only home.

Anyone with the `age` program and the key can open it: one JSON object a line, for each place that was redacted. A
value is in Latin-1, so that its characters are the bytes that stood there.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, TypeVar

import pyrage

from archiver import warc
from archiver.errors import UnreadableInput, UsageError
from archiver.model import new_body
from archiver.redaction.masking import Ranges

Key = TypeVar("Key", pyrage.x25519.Recipient, pyrage.x25519.Identity)

NAME = "urn:sealed:"


class Sealing:
    """The originals of one capture, on their way to whoever holds the key."""

    def __init__(self, recipients: Iterable[str]) -> None:
        """`recipients`: age public keys, as `read_recipients` gives them."""
        self._recipients = [pyrage.x25519.Recipient.from_str(recipient) for recipient in recipients]
        self._lines = new_body()

    def note(self, record: Mapping[str, str], place: str, value: str, **more: int) -> None:
        """Note what stood at a place of a record."""
        line = json.dumps({**record, "place": place, **more, "value": value}, ensure_ascii=False)
        self._lines.write(line.encode("utf-8", "surrogatepass") + b"\n")

    def note_body(self, record: Mapping[str, str], pieces: Iterable[bytes], ranges: Ranges) -> None:
        """Note what stood at these offsets of a body, which is read once."""
        offset, wanted = 0, list(reversed(ranges))
        held = b""
        for piece in pieces:
            held += piece
            while wanted and wanted[-1][1] <= offset + len(held):
                start, end = wanted.pop()
                self.note(record, "body", held[start - offset : end - offset].decode("latin-1"), offset=start)
            needed = max(0, min(len(held), wanted[-1][0] - offset)) if wanted else len(held)
            held, offset = held[needed:], offset + needed

    def seal(self) -> BinaryIO:
        """All that was noted, as an age file; once."""
        sealed = new_body()
        self._lines.seek(0)
        pyrage.encrypt_io(self._lines, sealed, self._recipients)
        sealed.seek(0)
        return sealed

    def close(self) -> None:
        """Forget what was noted."""
        self._lines.close()


def read_recipients(path: Path) -> tuple[str, ...]:
    """The public keys (`age1…`) of a file, one a line. Raises `UnreadableInput`."""
    return tuple(str(key) for key in _keys(path, pyrage.x25519.Recipient, "a public key of age"))


def unseal(path: Path, identity: Path) -> Iterator[bytes]:
    """What was taken out of the capture in the WARC file `path`: JSON lines. `identity` is a file of age secret keys.

    Raises `UnreadableInput` if that holds none, `UsageError` if nothing is sealed or the key is another one.
    """
    keys = _keys(identity, pyrage.x25519.Identity, "a secret key of age")
    for record in warc.read_records(path):
        if record.url.startswith(NAME):
            with new_body() as opened:
                try:
                    pyrage.decrypt_io(record.payload(), opened, keys)
                except pyrage.DecryptError as error:
                    hint = "The sidecar's capture.session.sealed_for names the key that it was sealed for."
                    raise UsageError(f"This key does not open what is sealed ({error}).", hint) from error
                opened.seek(0)
                yield from opened
            return
    raise UsageError("Nothing is sealed in this capture.", "Captures are sealed with --seal-for FILE.")


def _keys(path: Path, kind: type[Key], what: str) -> list[Key]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableInput(str(path), "the keys cannot be read") from error
    keys: list[Key] = []
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            try:
                keys.append(kind.from_str(line.strip()))
            except (pyrage.RecipientError, pyrage.IdentityError) as error:
                raise UnreadableInput(f"{path}:{number}", f"this is not {what}", HINT) from error
    if not keys:
        raise UnreadableInput(str(path), f"it does not hold {what}", HINT)
    return keys


HINT = "Make a pair with `age-keygen -o key.txt`; `age-keygen -y key.txt` prints its public key."
