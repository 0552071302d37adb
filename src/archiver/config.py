"""Settings from `archiver.toml`: defaults for options, below environment variables and the command line.

root = "/srv/news"
[capture]
engine = "http"
jobs = 4
"""

from pathlib import Path
from typing import Any

from archiver.errors import UnreadableInput


def load_settings(path: Path) -> dict[str, Any]:
    """The settings as nested dicts, empty without a file; numbers as they would be typed.

    Raises `UnreadableInput` if it is no TOML, or has lists in it: no option takes one.
    """
    if not path.is_file():
        return {}
    import tomllib

    try:
        return {key: _spelled(value) for key, value in tomllib.loads(path.read_text("utf-8")).items()}
    except (OSError, ValueError) as error:  # TOML's and UTF-8's own errors are ValueErrors
        raise UnreadableInput(str(path), f"the settings cannot be read ({error})") from error


def _spelled(value: Any) -> Any:
    """Option names as click knows them, with underscores for hyphens, and values as typed."""
    if isinstance(value, dict):
        return {key.replace("-", "_"): _spelled(inner) for key, inner in value.items()}
    if isinstance(value, list):
        raise ValueError("a list is no value for an option")
    return value if isinstance(value, bool) else str(value)
