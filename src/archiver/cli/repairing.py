"""`repair`: bringing back what is missing or damaged here."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.cli import options, remotes, render
from archiver.errors import UnreadableInput, UsageError

if TYPE_CHECKING:
    from archiver.collection import Collection
    from archiver.repair import Copy

HINT = "Mount the disk, or name a store, the folder of a copy, a WACZ file or a bag."


@click.command()
@click.option("-c", "--collection", "name", required=True, metavar="NAME", help="The collection.")
@click.option("--from", "source", metavar="COPY", help="A store or its name, a folder, a WACZ file or a bag.")
@click.option("--give-up", "lost", multiple=True, metavar="PATH", help="State that no copy has it; may be repeated.")
@click.option("--by", envvar="ARCHIVER_BY", help="Who states a loss; also from ARCHIVER_BY.")
@click.option("--reason", help="What became of what is lost, and where it was looked for.")
@remotes.endpoint
@options.tsa_ca
@options.shared
def repair(
    *,
    root: Path,
    name: str,
    source: str | None,
    lost: tuple[str, ...],
    by: str | None,
    reason: str | None,
    endpoint_url: str | None,
    as_json: bool,
) -> int:
    """Bring back what is missing or damaged, from another copy.

    Files are read first; those that are not what the ledger says, and damaged ledger segments, are brought from COPY,
    each compared with the ledger before it takes its place. What lay there is kept under ROOT/.archiver/quarantine. The
    index is made again where that is needed, and everything is verified. Nothing new is brought, and nothing that was
    erased. `archiver sync repair` mends a store as well.

    What no copy has any more, --give-up states as lost, by name: the ledger says so, from then on `verify` warns of it
    instead of failing, and a push goes on. PATH is as the ledger has it. It is not erased: a copy that turns up is
    taken back.

    \b
    Examples:
      archiver repair -c frontline --from s3://bucket/frontline
      archiver repair -c frontline --from /mnt/backup/collections
      archiver repair -c frontline --from frontline-2026.wacz
      archiver repair -c frontline --give-up sidecars/20261122T140112Z-k3v7q2m5xa.r1-0f3ac01b9d21.json \
        --by "M. K." --reason "Disk failure on 2 December; no backup has it"
    """
    from archiver.collection import Root
    from archiver.repair import repair_collection

    collection = Root(root).collection(name)
    if (source is None) == (not lost):
        raise UsageError("A repair needs a copy, or what is lost.", "Give either --from COPY or --give-up PATH.")
    if source is None:
        return _given_up(collection, lost, by, reason, as_json=as_json)
    render.findings(collection.clear_leftovers())
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


def _given_up(
    collection: "Collection", lost: tuple[str, ...], by: str | None, reason: str | None, *, as_json: bool
) -> int:
    from archiver.collection.loss import give_up

    paths = [file.path for file in give_up(collection, lost, by, reason)]
    if as_json:
        render.emit({"collection": collection.name, "lost": paths})
    else:
        for path in paths:
            click.echo(f"stated as lost: {render.plain(path)}")
    return 0


@contextmanager
def _copy(root: Path, source: str, endpoint_url: str | None, name: str) -> "Iterator[Copy]":
    from archiver.repair import open_copy
    from archiver.repair.copies import store_copy

    if "://" not in source and Path(source).exists():
        with open_copy(Path(source), name) as copy:
            yield copy
    else:
        try:
            url, endpoint = remotes.located(source, endpoint_url, name)
        except UsageError as error:
            raise UnreadableInput(
                source, "there is no such folder or package, and no remote of that name", HINT
            ) from error
        yield store_copy(remotes.opened(root, url, endpoint))


COMMANDS = (repair,)
