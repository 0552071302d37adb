"""Options that several commands share, spelled the same everywhere."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]


def _root(context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path:
    root: Path = value or context.find_root().obj
    return root


root = click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    callback=_root,
    expose_value=True,
    help="The folder that holds the collections; may also stand before the command.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Results as JSON lines on stdout, all else on stderr.")
collection = click.option("-c", "--collection", "name", metavar="NAME", help="One collection; all if left out.")


def shared(command: Command) -> Command:
    """The options of every command: --root and --json."""
    return root(as_json(command))
