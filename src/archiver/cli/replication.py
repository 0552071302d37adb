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
def push(*, root: Path, name: str, url: str, endpoint_url: str | None, dry_run: bool, as_json: bool) -> int:
    """Copy to the store what it does not hold yet; content first, ledger segments last."""
    from archiver.collection import Root
    from archiver.stores import open_store
    from archiver.sync import push as run

    with render.progress(quiet=as_json) as observe:
        store = open_store(url, endpoint_url=endpoint_url)
        report = run(Root(root).collection(name), store, dry_run=dry_run, progress=observe)
    return _report(report, as_json=as_json)


@sync.command()
@_remote
@_dry_run
@click.option("--without-warcs", is_flag=True, help="Leave WARCs there: `archiver replay --remote` reads them there.")
def pull(
    *, root: Path, name: str, url: str, endpoint_url: str | None, dry_run: bool, without_warcs: bool, as_json: bool
) -> int:
    """Bring from the store what is not here yet; works into an empty root."""
    from archiver.collection import Root
    from archiver.stores import open_store
    from archiver.sync import pull as run

    with render.progress(quiet=as_json) as observe:
        store = open_store(url, endpoint_url=endpoint_url)
        report = run(Root(root).place(name), store, dry_run=dry_run, warcs=not without_warcs, progress=observe)
    return _report(report, as_json=as_json)


@sync.command()
@_remote
def status(*, root: Path, name: str, url: str, endpoint_url: str | None, as_json: bool) -> int:
    """Say what push and pull would do; changes nothing."""
    from archiver.collection import Root
    from archiver.stores import open_store
    from archiver.sync import status as run

    store = open_store(url, endpoint_url=endpoint_url)
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
