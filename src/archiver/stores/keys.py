"""Which keys are safe to become file names. A key from afar is hostile until this module has let it pass.

Names are refused, never mended: a mended name hides the attack and breaks the ledger, which speaks of the real one.
"""

import re
import unicodedata

from archiver.errors import UsageError

KEY_BYTES = 900
"""UTF-8 bytes of a whole key; S3 allows 1,024 with the prefix."""
NAME_BYTES = 230
"""UTF-8 bytes between two slashes; file systems allow 255, and a temporary name is 24 longer."""

_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|\Z)", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode categories: control, format (bidirectional overrides), surrogates, line and paragraph separators."""


class UnsafeKey(UsageError):
    """A key that must not become a file name."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"{key!r} is no safe key: {why}.", "Nothing was read or written under that name.")
        self.key = key
        self.why = why


def safe_key(key: str) -> str:
    """`key` itself if it is a plain relative POSIX path on every file system; raises `UnsafeKey` otherwise."""
    if why := _complaint(key):
        raise UnsafeKey(key, why)
    return key


def _complaint(key: str) -> str:
    plain = key.isascii() and key.isprintable()
    if not plain and any(unicodedata.category(character) in _INVISIBLE for character in key):
        return "it has control or invisible characters"
    if len(key.encode()) > KEY_BYTES:
        return f"it is longer than {KEY_BYTES} bytes"
    if key.startswith("/") or _DRIVE.match(key):
        return "it is absolute"
    if "\\" in key:
        return "it has a backslash"
    if unicodedata.normalize("NFC", key) != key:
        return "it is not in Unicode's composed form (NFC)"
    return next((why for part in key.split("/") if (why := _name_complaint(part))), "")


def _name_complaint(name: str) -> str:
    if not name:
        return "it has an empty part"
    if name.startswith("."):
        return "a part begins with a dot (parent, hidden or temporary)"
    if name.endswith((".", " ")):
        return "a part ends with a dot or a space"
    if len(name.encode()) > NAME_BYTES:
        return f"a part is longer than {NAME_BYTES} bytes"
    if _DEVICES.match(name):
        return "a part is a reserved device name"
    return ""


class KeySet:
    """Keys that can lie side by side on every file system, also on one that does not tell `A` from `a`."""

    def __init__(self) -> None:
        self._keys: dict[str, str] = {}
        self._folders: dict[str, str] = {}

    def add(self, key: str) -> str | None:
        """Take the key in, or return the one that is in its way: same but for case, or a folder of that name."""
        folded = _fold(key)
        folders = [folded[:at] for at, character in enumerate(folded) if character == "/"]
        if (twin := self._keys.get(folded, key)) != key:
            return twin
        if rival := self._folders.get(folded) or next((self._keys[f] for f in folders if f in self._keys), None):
            return rival
        self._keys[folded] = key
        for folder in folders:
            self._folders.setdefault(folder, key)
        return None


def _fold(key: str) -> str:
    return unicodedata.normalize("NFC", key.casefold())
