"""`capture`: pages into WARCs."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archiver import amounts
from archiver.cli import assessing, options, render, sessions
from archiver.cli.collecting import target
from archiver.cli.conditions import PAGES, RUN, RUN_NAMES, SECRET, engine_options, terms
from archiver.errors import UnreadableInput, UsageError

if TYPE_CHECKING:
    from archiver.capture import Captured
    from archiver.collection import Collection
    from archiver.jobs.queue import Queue
    from archiver.jobs.run import Crew
    from archiver.qa import Result

SEED_HINT = "Name a text file with one URL a line, or - for standard input."


def seeds(urls: tuple[str, ...], file: str | None) -> Iterator[str]:
    """URLs of the command line, then those of the seed file: one a line, blank lines and # comments left out.

    The file is read as it is taken, so that its length does not matter. Raises `UsageError` if there is no URL.
    """
    found = chain(urls, _lines(file) if file is not None else ())
    if (first := next(found, None)) is None:
        raise UsageError("There is nothing to capture.", "Give a URL, or a list of them with --seeds FILE.")
    return chain((first,), found)


def _lines(file: str) -> Iterator[str]:
    try:
        with click.open_file(file, encoding="utf-8-sig") as stream:
            for line in stream:
                if (text := line.strip()) and not text.startswith("#"):
                    yield text
    except OSError as error:
        why = f"the seed list cannot be read: {(error.strerror or str(error)).lower()}"
        raise UnreadableInput(file, why, SEED_HINT) from error
    except UnicodeDecodeError as error:
        raise UnreadableInput(file, "the seed list is no UTF-8 text", SEED_HINT) from error


@click.command()
@click.argument("urls", nargs=-1, metavar="URL…")
@click.option("-c", "--collection", "name", default="default", help="Made on first use if `default`.")
@click.option("--seeds", "seed_file", metavar="FILE", help="A list of URLs, one a line; - for standard input.")
@click.option("--qa", "check", is_flag=True, help="Compare each with its replay at once, as `archiver qa` does.")
@PAGES
@RUN
@options.shared
def capture(
    *, root: Path, urls: tuple[str, ...], name: str, seed_file: str | None, check: bool, as_json: bool, **chosen: Any
) -> int:
    """Capture article pages.

    Each goes into a WARC of its own, with a sidecar that says what it is and a verdict.
    A list is put into the collection's queue first: after a kill, the same command or `archiver queue run` does
    what was left.

    \b
    Examples:
      archiver capture https://example.org/article
      archiver capture -c frontline --seeds urls.txt --jobs 4
    """
    from archiver.collection import Root
    from archiver.jobs.queue import open_queue

    wanted = seeds(urls, seed_file)
    engine_options(chosen)  # what is wrong with them is told before anything is queued
    sessions.secrecy(root, chosen)
    collection = target(Root(root), name)
    render.findings(collection.clear_leftovers())
    with open_queue(root if seed_file else None, name) as queue:
        batch = queue.put(wanted, stored(chosen))
        if not check:
            return exit_code(work(queue, batch, collection, chosen, as_json=as_json))
        return _compared(queue, batch, collection, chosen, as_json=as_json)


def _compared(queue: "Queue", batch: int, collection: "Collection", chosen: dict[str, Any], *, as_json: bool) -> int:
    """Capture, and compare each capture with its replay before it is told of."""
    from archiver.qa.checking import Checker

    failed = False
    with Checker(collection.path.parent) as checker:

        def compare(outcome: "Captured") -> "Result | None":
            nonlocal failed
            sidecar = collection.sidecar(outcome.capture_id) if outcome.capture_id else None
            if sidecar is None or sidecar.status is None:
                return None
            result = checker.check_one(collection, sidecar).result
            failed |= result.verdict == "fail"
            return result

        code = exit_code(work(queue, batch, collection, chosen, as_json=as_json, compare=compare))
    return code or int(failed)


def stored(chosen: dict[str, Any]) -> dict[str, Any]:
    """The options that a queue keeps with its pages; of secret ones only that they were given."""
    kept = {key: _plain(value) for key, value in chosen.items() if key not in RUN_NAMES | SECRET}
    secret = sorted(key for key in SECRET if chosen.get(key))
    return kept | ({"secret": secret} if secret else {})


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return str(value.absolute()) if isinstance(value, Path) else value


def work(
    queue: "Queue",
    batch: int,
    collection: "Collection",
    chosen: dict[str, Any],
    *,
    as_json: bool,
    compare: "Callable[[Captured], Result | None] | None" = None,
) -> "Iterator[Captured]":
    """Capture what waits in a batch, `compare` each with its replay if asked, and show and give each outcome."""
    from archiver.jobs.hosts import Hosts
    from archiver.jobs.retry import Patience
    from archiver.jobs.run import work_off

    counts = queue.count(batch)
    total = counts["waiting"] + counts["leased"]
    patience = Patience(chosen["retries"], chosen["wait"])
    hosts = Hosts(chosen["host_delay"], chosen["host_jobs"])
    with render.progress(quiet=as_json) as observe, _crew(queue, collection, chosen) as crew:
        for done, outcome in enumerate(work_off(queue, batch, crew, patience, hosts), 1):
            observe("capturing", min(done, total), total)
            _show(outcome, compare(outcome) if compare else None, as_json=as_json)
            yield outcome


@contextmanager
def _crew(queue: "Queue", collection: "Collection", chosen: dict[str, Any]) -> "Iterator[Crew]":
    """Those who capture, on the options chosen."""
    secrecy = sessions.secrecy(collection.path.parent, chosen)
    opening = replace(engine_options(chosen), session=secrecy.session)
    conditions = replace(terms(chosen), secrecy=secrecy)
    if chosen["cluster"]:
        from archiver.jobs import cluster
        from archiver.jobs.security import tls_of

        tls = tls_of(chosen["tls_ca"], chosen["tls_cert"], chosen["tls_key"])
        sheet = cluster.sheet(collection, chosen["engine"], opening, conditions)
        with cluster.connected(chosen["cluster"], tls, chosen["jobs"]) as client:
            yield cluster.Cluster(client, queue, collection, sheet, lambda finding: render.findings([finding]))
        return
    from archiver.engines.choice import open_engine
    from archiver.jobs.threads import Threads

    with (
        open_engine(chosen["engine"], opening) as engine,
        Threads(collection, engine, conditions, chosen["jobs"]) as crew,
    ):
        yield crew


def _show(outcome: "Captured", result: "Result | None", *, as_json: bool) -> None:
    if as_json:
        render.emit(outcome.as_json() | ({"qa": assessing.brief(result)} if result else {}))
        if outcome.error is not None:
            render.findings(outcome.findings)
        return
    colour = {"ok": "green", "partial": "yellow"}.get(outcome.verdict, "red")
    head = click.style(f"{outcome.verdict:9}", fg=colour)
    if outcome.capture_id is None:
        render.say(f"{head} {render.plain(outcome.url)}")
    else:
        facts = f"{outcome.records} records, {amounts.size(outcome.bytes)}, {outcome.seconds:.1f} s"
        render.say(f"{head} {outcome.capture_id}  {render.plain(outcome.final_url or '')}  ({facts})")
    render.findings(outcome.findings)
    if result:
        assessing.show(result)


def exit_code(outcomes: Iterable["Captured"]) -> int:
    """0 if all are ok, with no error among the findings; where all failed for one reason, its code; otherwise 1."""
    codes = {outcome.exit_code for outcome in outcomes}
    return codes.pop() if len(codes) == 1 else int(bool(codes))


COMMANDS = (capture,)
