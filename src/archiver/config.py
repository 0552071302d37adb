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
    """The settings as nested dicts, empty without a file. Raises `UnreadableInput` if it is no TOML."""
    if not path.is_file():
        return {}
    import tomllib

    try:
        return {key: _spelled(value) for key, value in tomllib.loads(path.read_text("utf-8")).items()}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnreadableInput(str(path), f"the settings are not readable TOML ({error})") from error


def _spelled(value: Any) -> Any:
    """Option names as click knows them: underscores for hyphens."""
    if isinstance(value, dict):
        return {key.replace("-", "_"): _spelled(inner) for key, inner in value.items()}
    return value
