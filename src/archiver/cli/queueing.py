"""`queue`: pages that wait to be captured, and `worker`: a machine that captures them for a cluster."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archiver.cli import options, render
from archiver.cli.capturing import exit_code, work
from archiver.cli.conditions import JOBS, PAGES, RUN, RUN_NAMES, SECRET, TLS
from archiver.errors import UsageError

if TYPE_CHECKING:
    from archiver.capture import Captured

STATES = ("waiting", "leased", "done", "failed")

_collection = click.option("-c", "--collection", "name", default="default", help="The collection whose queue it is.")


@click.group()
def queue() -> None:
    """Pages that wait to be captured.

    Each collection has a queue, which `archiver capture --seeds` fills. It outlives every process: what was
    interrupted is taken up again by `queue run`, and what had finished is not captured twice.

    \b
    Examples:
      archiver queue list -c frontline --state failed
      archiver queue run -c frontline
    """


@queue.command("list")
@_collection
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="Only these; may be repeated.")
@options.shared
def list_(root: Path, name: str, states: tuple[str, ...], as_json: bool) -> None:
    """Show the pages in the queue and what became of them.

    \b
    Example:
      archiver queue list -c frontline --state waiting
    """
    from archiver.jobs.queue import open_queue

    rows = []
    with open_queue(root, _known(root, name)) as opened:
        for job in opened.jobs(states or STATES):
            if as_json:
                render.emit(job)
                continue
            outcome = job["outcome"] or {}
            rows.append([job["state"], outcome.get("verdict", ""), job["not_before"] or "", job["url"]])
    if not as_json:
        render.table(["state", "verdict", "not before", "url"], rows)


@queue.command()
@_collection
@PAGES
@RUN
@options.shared
@click.pass_context
def run(context: click.Context, /, root: Path, name: str, as_json: bool, **chosen: Any) -> int:
    """Capture what waits, with the options that each page was queued with.

    Options given here stand above those.

    \b
    Examples:
      archiver queue run -c frontline
      archiver queue run -c frontline --cluster tcp://127.0.0.1:8786
    """
    from archiver.collection import Root
    from archiver.jobs.queue import open_queue

    collection = Root(root).collection(name)
    render.findings(collection.clear_leftovers())

    def outcomes() -> "Iterator[Captured]":
        for batch, kept in opened.batches():
            told = chosen | _restored(context, kept)
            yield from work(opened, batch, collection, told, as_json=as_json)

    with open_queue(root, name) as opened:
        return exit_code(outcomes())


def _restored(context: click.Context, kept: dict[str, Any]) -> dict[str, Any]:
    """Options as they were queued, but for those that the command line names now."""
    source = click.core.ParameterSource
    given = {
        option.name
        for option in context.command.params
        if option.name and context.get_parameter_source(option.name) in (source.COMMANDLINE, source.ENVIRONMENT)
    }
    if absent := [name for name in kept.get("secret", ()) if name not in given]:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in absent)
        raise UsageError(
            f"Pages in the queue need {names}, which it does not keep.", "Give it again with this command."
        )
    return {
        option.name: option.type_cast_value(context, kept[option.name])
        for option in context.command.params
        if option.name in kept and option.name not in given | RUN_NAMES | SECRET
    }


@queue.command()
@_collection
@options.shared
def retry(root: Path, name: str, as_json: bool) -> None:
    """Give failed pages another chance, and those that wait for a later time.

    They are captured by the next `archiver queue run`.

    \b
    Example:
      archiver queue retry -c frontline
    """
    from archiver.jobs.queue import open_queue

    with open_queue(root, _known(root, name)) as opened:
        _count("waiting", opened.retry(), "wait for the next run", as_json=as_json)


@queue.command()
@_collection
@click.option("--all", "everything", is_flag=True, help="Those that wait and those that failed as well.")
@options.shared
def clear(root: Path, name: str, everything: bool, as_json: bool) -> None:
    """Forget pages that are done. What was captured of them stays in the collection.

    \b
    Example:
      archiver queue clear -c frontline --all
    """
    from archiver.jobs.queue import open_queue

    with open_queue(root, _known(root, name)) as opened:
        _count("cleared", opened.clear(STATES if everything else ("done",)), "cleared", as_json=as_json)


def _known(root: Path, name: str) -> str:
    """The name, if there is such a collection. Raises `UnknownCollection`."""
    from archiver.collection import Root

    return Root(root).collection(name).name


def _count(key: str, number: int, what: str, *, as_json: bool) -> None:
    if as_json:
        render.emit({key: number})
    else:
        click.echo(f"{number} {'page' if number == 1 else 'pages'} {what}.")


@click.command()
@click.argument("address")
@options.together(JOBS, *TLS)
@options.shared
def worker(*, root: Path, address: str, jobs: int, as_json: bool, **tls_files: Path | None) -> None:
    """Capture pages for a Dask cluster, until its scheduler goes away.

    ADDRESS is the scheduler's. Captures go into a copy of the collection under --root, which must be this worker's
    own; `archiver sync` unites the copies, and a run does so itself with those on its own machine.

    \b
    Examples:
      archiver worker tcp://127.0.0.1:8786 --root /srv/worker1
      archiver worker tls://scheduler.example:8786 --root /srv/copy --tls-ca ca.pem --tls-cert me.pem --tls-key key.pem
    """
    from archiver.jobs.security import check_address, tls_of
    from archiver.jobs.worker import serve

    tls = tls_of(tls_files["tls_ca"], tls_files["tls_cert"], tls_files["tls_key"])
    place = check_address(address, tls)
    if as_json:
        render.emit({"scheduler": place, "root": str(root.absolute()), "jobs": jobs})
    serve(place, root, jobs, tls)


COMMANDS = (queue, worker)
