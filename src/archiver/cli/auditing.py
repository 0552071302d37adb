"""`sync verify` and `sync repair`: what a store really holds, and mending it or this copy."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.cli import options, remotes, render

if TYPE_CHECKING:
    from archiver.sync.audit import Level

LEVELS = ["list", "head", "deep"]


@click.command()
@remotes.argument
@click.option("-c", "--collection", "name", required=True, metavar="NAME", help="The collection.")
@click.option(
    "--level",
    type=click.Choice(LEVELS),
    default="head",
    help="list: names and sizes. head: also what was noted at upload, versions and locks. deep: every byte.",
)
@options.reading
@click.option("--dry-run", is_flag=True, help="Make no lock longer and note no dates.")
@options.moving
@options.shared
def verify(
    *,
    root: Path,
    name: str,
    url: str,
    endpoint_url: str | None,
    level: "Level",
    budget: int | None,
    sample: float | None,
    jobs: int,
    bwlimit: int | None,
    record: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Compare what a store holds with the ledger; changes no object.

    Only --level deep proves the bytes: a store whose disks rot goes on telling the size and the digest that it once
    noted. Where the collection says how its objects are locked, locks are audited too, and governance ones made to last
    anew. docs/remotes.md explains the levels and every finding.

    \b
    Examples:
      archiver sync verify -c frontline vault
      archiver sync verify -c frontline vault --level deep --budget 10GB --record
    """
    from archiver.collection import Root
    from archiver.errors import UsageError
    from archiver.sync import Line, audit

    if level != "deep" and (budget is not None or sample is not None):
        raise UsageError("--budget and --sample limit what is read.", "Only --level deep reads.")
    collection = Root(root).collection(name)
    with render.progress(quiet=as_json) as observe:
        store = remotes.opened(root, url, endpoint_url)
        share = audit.Share(budget, sample)
        line = Line(jobs, bwlimit)
        report = audit.audit(collection, store, level, share, dry_run=dry_run, line=line, progress=observe)
    if record and not dry_run:
        audit.record(collection, report)
    if as_json:
        render.emit(report.as_json())
    else:
        render.findings(report.findings)
        click.echo(report.summary())
    return report.exit_code


@click.command()
@remotes.argument
@click.option("-c", "--collection", "name", required=True, metavar="NAME", help="The collection.")
@click.option("--dry-run", is_flag=True, help="Print the plan and change nothing.")
@click.option("--without-warcs", is_flag=True, help="WARCs that are not here are meant to be only there.")
@options.shared
def repair(
    *, root: Path, name: str, url: str, endpoint_url: str | None, dry_run: bool, without_warcs: bool, as_json: bool
) -> int:
    """Read both copies whole, and mend each from the other where the ledger says so.

    Damaged bytes are kept under ROOT/.archiver/quarantine before anything takes their place. Where neither copy is
    good, nothing is touched and a finding remains. This alone may put an object in the place of another.

    \b
    Examples:
      archiver sync repair -c frontline vault --dry-run
      archiver sync repair -c frontline vault
    """
    from archiver.collection import Root
    from archiver.sync.mending import repair as run

    collection = Root(root).collection(name)
    with render.progress(quiet=as_json) as observe:
        store = remotes.opened(root, url, endpoint_url)
        report = run(collection, store, warcs=not without_warcs, dry_run=dry_run, progress=observe)
    if as_json:
        render.emit(report.as_json())
    else:
        for action in report.actions:
            click.echo(f"{action.verb}\t{render.plain(action.key)}\t{render.plain(action.reason)}")
        render.findings(report.findings)
        click.echo(report.summary())
    return report.exit_code
