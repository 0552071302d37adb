"""`init` and `import`: a collection to begin with, and WARC files made by others."""

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
@click.option("--description", default="", help="A sentence on what is collected and why.")
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


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
@click.option("-c", "--collection", "name", default="default", show_default=True, help="Where they go.")
@options.shared
def import_(root: Path, files: tuple[Path, ...], name: str, as_json: bool) -> int:
    """Take in WARC files made by others.

    They are kept byte for byte; each page in them gets a sidecar.

    \b
    Example:
      archiver import -c frontline crawl-00000.warc.gz
    """
    from archiver.collection import Root
    from archiver.package import import_all

    collection = target(Root(root), name)
    render.findings(collection.clear_leftovers())
    codes = []
    for outcome in import_all(files, collection):
        codes.append(0 if outcome.error is None else outcome.error.exit_code)
        if as_json:
            render.emit(outcome.as_json())
        elif outcome.error is None:
            click.echo(f"{render.plain(outcome.file)}: {len(outcome.captures)} pages, kept as {outcome.path}")
        if not as_json or outcome.error is not None:
            render.findings(outcome.findings)
    return codes[0] if len(set(codes)) == 1 else 1


COMMANDS = (init, import_)
