"""Where a remote is: an address, or a name that `archiver.toml` has for one."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from archiver.config import REMOTES, Remote
from archiver.errors import UsageError

METAVAR = "s3://BUCKET/PREFIX|NAME"
Command = Callable[..., Any]

endpoint = click.option("--endpoint-url", metavar="U", help="The S3 server, where it is not AWS.")


def argument(command: Command) -> Command:
    """An argument for the remote and `--endpoint-url`; the command gets `url` and `endpoint_url`.

    A name is looked up in the settings, with the collection of `-c`, where the command has that option.
    """

    @wraps(command)
    def called(*, url: str, endpoint_url: str | None, **rest: Any) -> Any:
        url, endpoint_url = located(url, endpoint_url, rest.get("name"))
        return command(url=url, endpoint_url=endpoint_url, **rest)

    return click.argument("url", metavar=METAVAR)(endpoint(called))


def located(text: str, endpoint_url: str | None = None, collection: str | None = None) -> tuple[str, str | None]:
    """The address and the endpoint of what was typed, for commands that take a remote as an option.

    `endpoint_url` as typed goes before that of the settings. Raises `UsageError` at a name that they do not have.
    """
    if "://" in text:
        return text, endpoint_url
    named: dict[str, Remote] = (click.get_current_context().find_root().default_map or {}).get(REMOTES, {})
    if text not in named:
        known = f"Known are: {', '.join(sorted(named))}." if named else "Write s3://BUCKET/PREFIX, or name it there."
        raise UsageError(f"The settings have no remote {text!r}.", known)
    return named[text].of(collection), endpoint_url or named[text].endpoint_url
