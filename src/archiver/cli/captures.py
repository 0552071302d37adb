"""`init`, `capture`, `import`: what brings something in."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.cli import options, render
from archiver.errors import ConflictError, UnreadableInput, UsageError

if TYPE_CHECKING:
    from archiver.capture import Captured
    from archiver.collection import Collection, Root


PATIENCE = "Seconds that loading a page may take; pictures and writing come on top."


@click.command()
@click.argument("name")
@click.option("--title", required=True, help="The collection's title, for people.")
@click.option("--description", default="", help="A sentence on what is collected and why.")
@options.shared
def init(root: Path, name: str, title: str, description: str, as_json: bool) -> None:
    """Make a collection.

    \b
    Example:
      archiver init frontline --title "Front-line reports 2026"
    """
    from archiver.capture import AGENT
    from archiver.collection import Root

    made = Root(root).create(name, title, description=description, agent=AGENT)
    if as_json:
        render.emit({"name": made.name, "title": title, "path": str(made.path)})
    else:
        click.echo(f"Made {made.path}. Capture into it with: archiver capture -c {name} URL")


def seeds(urls: tuple[str, ...], file: str | None) -> list[str]:
    """URLs of the command line, then those of the seed file: one a line, blank lines and # comments left out."""
    found = list(urls)
    if file is not None:
        try:
            with click.open_file(file, encoding="utf-8-sig") as stream:
                lines = [line.strip() for line in stream]
        except (OSError, UnicodeDecodeError) as error:
            raise UnreadableInput(file, f"the seed list cannot be read ({error})") from error
        found += [line for line in lines if line and not line.startswith("#")]
    if not found:
        raise UsageError("There is nothing to capture.", "Give a URL, or a list of them with --seeds FILE.")
    return list(dict.fromkeys(found))


@click.command()
@click.argument("urls", nargs=-1, metavar="URL…")
@click.option(
    "-c", "--collection", "name", default="default", show_default=True, help="Made on first use if `default`."
)
@click.option("--seeds", "seed_file", metavar="FILE", help="A list of URLs, one a line; - for standard input.")
@click.option("--engine", type=click.Choice(["auto", "browser", "http"]), default="auto", show_default=True)
@click.option("--jobs", type=click.IntRange(1, 64), default=2, show_default=True, help="Pages at the same time.")
@click.option("--timeout", type=click.IntRange(1, 86_400), default=90, show_default=True, help=PATIENCE)
@click.option("--allow-private", is_flag=True, help="Reach loopback and private addresses too.")
@click.option("--ca-file", type=click.Path(path_type=Path, dir_okay=False), help="PEM of private authorities to trust.")
@options.shared
def capture(
    *,
    root: Path,
    urls: tuple[str, ...],
    name: str,
    seed_file: str | None,
    engine: str,
    jobs: int,
    timeout: int,
    allow_private: bool,
    ca_file: Path | None,
    as_json: bool,
) -> int:
    """Capture article pages.

    Each goes into a WARC of its own, with a sidecar that says what it is and a verdict.

    \b
    Examples:
      archiver capture https://example.org/article
      archiver capture -c frontline --seeds urls.txt --jobs 4
    """
    from archiver.capture import capture_all
    from archiver.collection import Root
    from archiver.engines import EngineOptions
    from archiver.engines.choice import open_engine
    from archiver.model import Limits

    wanted = seeds(urls, seed_file)
    if ca_file is not None and not ca_file.is_file():
        raise UnreadableInput(str(ca_file), "there is no such file of authorities")
    collection = _target(Root(root), name)
    render.findings(collection.clear_leftovers())
    chosen = open_engine(engine, EngineOptions(allow_private, ca_file, jobs))
    outcomes = []
    with render.progress(quiet=as_json) as observe, chosen as running:
        for outcome in capture_all(wanted, collection, running, jobs=jobs, limits=Limits(seconds=timeout)):
            outcomes.append(outcome)
            observe("capturing", len(outcomes), len(wanted))
            _show(outcome, as_json=as_json)
    return exit_code(outcomes)


def _target(root: "Root", name: str) -> "Collection":
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


def _show(outcome: "Captured", *, as_json: bool) -> None:
    if as_json:
        render.emit(outcome.as_json())
        if outcome.error is not None:
            render.findings(outcome.findings)
        return
    colour = {"ok": "green", "partial": "yellow"}.get(outcome.verdict, "red")
    head = click.style(f"{outcome.verdict:9}", fg=colour)
    if outcome.capture_id is None:
        render.say(f"{head} {render.plain(outcome.url)}")
    else:
        facts = f"{outcome.records} records, {render.size(outcome.bytes)}, {outcome.seconds:.1f} s"
        render.say(f"{head} {outcome.capture_id}  {render.plain(outcome.final_url or '')}  ({facts})")
    render.findings(outcome.findings)


def exit_code(outcomes: Iterable["Captured"]) -> int:
    """0 if all are ok, with no error among the findings; where all failed for one reason, its code; otherwise 1."""
    codes = {
        one.error.exit_code if one.error else int(one.verdict != "ok" or render.worst(one.findings)) for one in outcomes
    }
    return codes.pop() if len(codes) == 1 else 1


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

    collection = _target(Root(root), name)
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


COMMANDS = (init, capture, import_)
