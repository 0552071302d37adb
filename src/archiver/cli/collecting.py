"""`init`: a collection to begin with."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.cli import options, render
from archiver.errors import ConflictError

if TYPE_CHECKING:
    from archiver.collection import Collection, Root


@click.command()
@click.argument("name")
@click.option("--title", required=True, help="The collection's title, for people.")
@click.option("--description", default="", show_default=False, help="A sentence on what is collected and why.")
@click.option(
    "--dedup", is_flag=True, help="Captures refer to earlier ones for bodies that they share, instead of keeping them."
)
@options.shared
def init(root: Path, name: str, title: str, description: str, *, dedup: bool, as_json: bool) -> None:
    """Make a collection.

    \b
    Example:
      archiver init frontline --title "Front-line reports 2026"
    """
    from archiver.capture import AGENT
    from archiver.collection import Root

    made = Root(root).create(name, title, description=description, dedup=dedup, agent=AGENT)
    if as_json:
        render.emit({"name": made.name, "title": title, "path": str(made.path)})
    else:
        click.echo(f"Made {made.path}. Capture into it with: archiver capture -c {name} URL")


def target(root: "Root", name: str) -> "Collection":
    """The collection to bring something into; `default` is made when it is not there."""
    from archiver.capture import AGENT
    from archiver.errors import UnknownCollection

    try:
        return root.collection(name)
    except UnknownCollection:
        if name != "default":
            raise
    try:
        return root.create(name, "Default collection", agent=AGENT)
    except ConflictError:
        return root.collection(name)  # another process made it at the same time


COMMANDS = (init,)
