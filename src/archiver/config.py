"""Settings from `archiver.toml`: defaults for options, below environment variables and the command line.

root = "/srv/news"
tsa-ca = "/etc/archiver/authority.pem"
[capture]
engine = "http"
jobs = 4
[remotes.vault]
url = "s3://museum-vault/{collection}"
endpoint-url = "https://s3.example.org"
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from archiver.errors import UnreadableInput, UsageError

REMOTES = "remotes"
"""The table of named remotes, which is no command's."""
COLLECTION = "{collection}"
"""In a remote's address: the name of the collection, so that each has a prefix of its own."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}\Z")


@dataclass(frozen=True, slots=True)
class Remote:
    """A store that the settings have a name for."""

    url: str
    """s3://BUCKET/PREFIX or file:///FOLDER; `{collection}` stands for the name of a collection."""
    endpoint_url: str | None = None
    """The S3 server, where it is not Amazon's."""

    def of(self, collection: str | None) -> str:
        """The address for one collection. Raises `UsageError` if it needs one and there is none."""
        if COLLECTION in self.url and collection is None:
            raise UsageError(f"{self.url} has a place for each collection.", "Name the collection with -c.")
        return self.url.replace(COLLECTION, collection or "")


def load_settings(path: Path) -> dict[str, Any]:
    """The settings as nested dicts, empty without a file; numbers as they would be typed.

    Raises `UnreadableInput` if it is no TOML, or has lists in it: no option takes one.
    """
    if not path.is_file():
        return {}
    import tomllib

    try:
        return {
            key.replace("-", "_"): _spelled(value, key) for key, value in tomllib.loads(path.read_text("utf-8")).items()
        }
    except (OSError, ValueError) as error:  # TOML's and UTF-8's own errors are ValueErrors
        raise UnreadableInput(str(path), f"the settings cannot be read ({error})") from error


def remotes(settings: Mapping[str, Any], where: str) -> dict[str, Remote]:
    """The named remotes of loaded settings. Raises `UnreadableInput` at one that is none; `where` names the file.

    No credentials may stand there: a settings file is copied and shown; boto3 finds them in its own places.
    """
    named = settings.get(REMOTES, {})
    if not isinstance(named, dict):
        raise UnreadableInput(where, f"{REMOTES!r} is no table", "Write [remotes.NAME] with url and endpoint-url.")
    return {name: _remote(name, table, where) for name, table in named.items()}


def _remote(name: str, table: Any, where: str) -> Remote:
    place = f"remotes.{name}"
    if not _NAME.match(name):
        raise UnreadableInput(where, f"{name!r} cannot name a remote", "Use letters, digits, - and _.")
    if not isinstance(table, dict) or not {"url"} <= set(table) <= {"url", "endpoint_url"}:
        raise UnreadableInput(where, f"{place} needs url, may have endpoint-url, and nothing else")
    for key, schemes in (("url", ("s3", "file")), ("endpoint_url", ("http", "https"))):
        if key in table and (why := _complaint(str(table[key]), schemes)):
            hint = "Credentials come from boto3's own places: the AWS environment variables or ~/.aws."
            raise UnreadableInput(where, f"{place}.{key.replace('_', '-')} {why}", hint)
    return Remote(str(table["url"]), str(table["endpoint_url"]) if "endpoint_url" in table else None)


def _complaint(address: str, schemes: tuple[str, ...]) -> str:
    """What speaks against an address in the settings; it is not repeated, since it may hold a secret."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "is no address"
    if "@" in parts.netloc or parts.query or parts.fragment:
        return "has more in it than a place, perhaps credentials"
    return "" if parts.scheme in schemes else f"does not begin with {' or '.join(f'{one}://' for one in schemes)}"


def _spelled(value: Any, under: str = "") -> Any:
    """Option names as click knows them, with underscores for hyphens, and values as typed; remotes keep their names."""
    if isinstance(value, dict):
        return {key if under == REMOTES else key.replace("-", "_"): _spelled(inner) for key, inner in value.items()}
    if isinstance(value, list):
        raise ValueError("a list is no value for an option")
    return value if isinstance(value, bool) else str(value)
