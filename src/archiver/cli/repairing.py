"""`repair`: bringing back what is missing or damaged here."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.cli import options, remotes, render

if TYPE_CHECKING:
    from archiver.repair import Copy


@click.command()
@click.option("-c", "--collection", "name", required=True, metavar="NAME", help="The collection.")
@click.option(
    "--from", "source", required=True, metavar="COPY", help="A store or its name, a folder, a WACZ file or a bag."
)
@remotes.endpoint
@options.shared
def repair(*, root: Path, name: str, source: str, endpoint_url: str | None, as_json: bool) -> int:
    """Bring back what is missing or damaged, from another copy.

    Files are read first; those that are not what the ledger says, and damaged ledger segments, are brought from COPY,
    each compared with the ledger before it takes its place. What lay there is kept under ROOT/.archiver/quarantine. The
    index is made again where that is needed, and everything is verified. Nothing new is brought, and nothing that was
    erased. `archiver sync repair` mends a store as well.

    \b
    Examples:
      archiver repair -c frontline --from s3://bucket/frontline
      archiver repair -c frontline --from /mnt/backup/collections
      archiver repair -c frontline --from frontline-2026.wacz
    """
    from archiver.collection import Root
    from archiver.repair import repair_collection

    collection = Root(root).collection(name)
    with _copy(root, source, endpoint_url, name) as copy, render.progress(quiet=as_json) as observe:
        repaired = repair_collection(collection, copy, observe)
    if as_json:
        render.emit(repaired.as_json())
    else:
        for file in repaired.brought:
            click.echo(f"brought back: {render.plain(file.path)}")
        render.findings(repaired.findings, err=False)
        click.echo(f"{name}: {len(repaired.brought)} files brought back, {render.count(repaired.findings)} remain")
    return render.worst(repaired.findings)


@contextmanager
def _copy(root: Path, source: str, endpoint_url: str | None, name: str) -> "Iterator[Copy]":
    from archiver.repair import open_copy
    from archiver.repair.copies import store_copy

    if "://" not in source and Path(source).exists():
        with open_copy(Path(source), name) as copy:
            yield copy
    else:
        url, endpoint = remotes.located(source, endpoint_url, name)
        yield store_copy(remotes.opened(root, url, endpoint))


COMMANDS = (repair,)
