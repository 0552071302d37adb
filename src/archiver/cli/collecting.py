"""`init` and `reindex`: a collection to begin with, and what is derived of it made again."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver import AGENT
from archiver.cli import options, remotes, render
from archiver.errors import ConflictError, UsageError

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
    from archiver.collection import Root

    made = Root(root).create(name, title, description=description, dedup=dedup, agent=AGENT)
    if as_json:
        render.emit({"name": made.name, "title": title, "path": str(made.path)})
    else:
        click.echo(f"Made {made.path}. Capture into it with: archiver capture -c {name} URL")


def target(root: "Root", name: str) -> "Collection":
    """The collection to bring something into; `default` is made when it is not there."""
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


@click.command()
@options.collection
@click.option("--remote", metavar=remotes.METAVAR, help="Index WARCs that are not here from their copies there.")
@remotes.endpoint
@click.option("--zipnum/--no-zipnum", default=None, help="Pack the index, as for millions of lines; or unpack it.")
@options.shared
def reindex(
    root: Path, name: str | None, remote: str | None, endpoint_url: str | None, *, zipnum: bool | None, as_json: bool
) -> int:
    """Make index and catalogue again.

    WARCs, sidecars and ledger are only read. Index lines of WARCs that are not here stay as they are.

    With --remote, WARCs that are not here and have no lines yet are read there, each once; only those that agree
    with the ledger get lines. Their pages then replay with `archiver replay --remote`.

    With --zipnum, the index is packed in the form that pywb reads, to a tenth and less; what is captured later stands
    beside it, unpacked, until the next reindex. docs/serving.md tells when that is worth it.

    \b
    Examples:
      archiver reindex -c frontline
      archiver reindex -c frontline --zipnum
      archiver reindex -c frontline --remote s3://bucket/frontline
    """
    from archiver.collection import Root
    from archiver.reindex import reindex as rebuild
    from archiver.stores import open_store

    chosen = Root(root).chosen(name)
    if remote and len(chosen) > 1:
        raise UsageError("A remote holds one collection, and there are several here.", "Name one with -c.")
    worst = 0
    for collection in chosen:
        store = None
        if remote:
            url, endpoint = remotes.located(remote, endpoint_url, collection.name)
            store = open_store(url, endpoint_url=endpoint)
        with render.progress(quiet=as_json) as observe:
            made = rebuild(collection, store, observe, packed=zipnum)
        worst = max(worst, render.worst(made.findings))
        if as_json:
            render.emit(made.as_json())
        else:
            render.findings(made.findings)
            there = f", {made.read} WARCs read at {render.plain(remote)}" if remote else ""
            click.echo(f"{made.collection}: {made.captures} captures, {made.lines} index lines{there}")
    return worst


COMMANDS = (init, reindex)
