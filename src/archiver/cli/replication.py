"""`sync push|pull|status`: copies in S3-compatible storage."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archiver.cli import auditing, options, remotes, render

if TYPE_CHECKING:
    from archiver.sync import SyncReport


@click.group()
def sync() -> None:
    """Replicate to S3-compatible storage.

    And back. Nothing is ever overwritten or deleted.

    Credentials come from the AWS environment variables or files, as boto3 finds them.

    \b
    Examples:
      archiver sync push -c frontline s3://bucket/frontline --endpoint-url http://127.0.0.1:8333
      archiver sync pull -c frontline s3://bucket/frontline
    """


def _remote(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("-c", "--collection", "name", required=True, metavar="NAME", help="The collection.")(
        remotes.argument(command)
    )
    return options.shared(command)


_dry_run = click.option("--dry-run", is_flag=True, help="Print the plan and change nothing.")


@sync.command()
@_remote
@_dry_run
@options.moving
def push(
    *,
    root: Path,
    name: str,
    url: str,
    endpoint_url: str | None,
    dry_run: bool,
    jobs: int,
    bwlimit: int | None,
    as_json: bool,
) -> int:
    """Copy to the store what it does not hold yet; content first, ledger segments last.

    What was cut off, also in the middle of a great file, is taken up again where it was.

    \b
    Examples:
      archiver sync push -c frontline s3://bucket/frontline --dry-run
      archiver sync push -c frontline s3://bucket/frontline --bwlimit 2M
    """
    from archiver.collection import Root
    from archiver.sync import Line
    from archiver.sync import push as run

    with render.progress(quiet=as_json) as observe:
        collection = Root(root).collection(name)
        store = remotes.opened(root, url, endpoint_url)
        report = run(collection, store, dry_run=dry_run, line=Line(jobs, bwlimit), progress=observe)
    return _report(report, as_json=as_json)


@sync.command()
@_remote
@_dry_run
@click.option("--without-warcs", is_flag=True, help="Leave WARCs there: `archiver replay --remote` reads them there.")
@click.option(
    "--until",
    metavar="DATE|SEGMENT",
    help="The collection as of then: a date, a time, or WRITER/NUMBER of a ledger segment.",
)
@click.option("--accept-erasures", is_flag=True, help="Also where what was erased elsewhere is much of what is here.")
@options.moving
def pull(
    *,
    root: Path,
    name: str,
    url: str,
    endpoint_url: str | None,
    dry_run: bool,
    without_warcs: bool,
    until: str | None,
    accept_erasures: bool,
    jobs: int,
    bwlimit: int | None,
    as_json: bool,
) -> int:
    """Bring from the store what is not here yet; works into an empty root.

    \b
    Examples:
      archiver sync pull -c frontline s3://bucket/frontline
      archiver --root /tmp/then sync pull -c frontline s3://bucket/frontline --until 2026-11-22
    """
    from archiver.collection import Root
    from archiver.sync import Line
    from archiver.sync import pull as run

    with render.progress(quiet=as_json) as observe:
        store = remotes.opened(root, url, endpoint_url)
        collection = Root(root).place(name)
        report = run(
            collection,
            store,
            dry_run=dry_run,
            warcs=not without_warcs,
            until=until,
            accept_erasures=accept_erasures,
            line=Line(jobs, bwlimit),
            progress=observe,
        )
    return _report(report, as_json=as_json)


@sync.command()
@_remote
def status(*, root: Path, name: str, url: str, endpoint_url: str | None, as_json: bool) -> int:
    """Say what push and pull would do; changes nothing."""
    from archiver.collection import Root
    from archiver.sync import status as run

    store = remotes.opened(root, url, endpoint_url)
    return _report(run(Root(root).collection(name), store), as_json=as_json)


def _report(report: "SyncReport", *, as_json: bool) -> int:
    if as_json:
        render.emit(report.as_json())
    else:
        for action in report.actions:
            if action.verb not in ("keep", "skip"):
                click.echo(f"{action.verb}\t{render.plain(action.key)}\t{render.plain(action.reason)}")
        render.findings(report.findings)
        click.echo(report.summary())
    return report.exit_code


for command in (auditing.verify, auditing.repair):
    sync.add_command(command)
COMMANDS = (sync,)
