"""`capture`: pages into WARCs."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archiver.cli import options, render
from archiver.cli.collecting import target
from archiver.errors import UnreadableInput, UsageError

if TYPE_CHECKING:
    from archiver.capture import Captured, Terms
    from archiver.engines import EngineOptions

PATIENCE = "Seconds that loading a page may take; pictures and writing come on top."

ENGINE = (
    click.option("--engine", type=click.Choice(["auto", "browser", "http"]), default="auto", show_default=True),
    click.option("--jobs", type=click.IntRange(1, 64), default=2, show_default=True, help="Pages at the same time."),
    click.option("--timeout", type=click.IntRange(1, 86_400), default=90, show_default=True, help=PATIENCE),
)
REACH = (
    click.option("--allow-private", is_flag=True, help="Reach loopback and private addresses too."),
    click.option(
        "--ca-file", type=click.Path(path_type=Path, dir_okay=False), help="PEM of private authorities to trust."
    ),
)
CONSENT = (
    click.option(
        "--consent",
        type=click.Choice(["reject", "accept", "hide", "leave"]),
        default="reject",
        show_default=True,
        help="What to do with a dialog that asks for consent.",
    ),
)
SECRET = frozenset[str]()
"""Options whose values no sidecar tells."""


def with_options(*groups: tuple[Callable[[Any], Any], ...]) -> Callable[[Any], Any]:
    """A decorator that gives a command these options, in their order."""

    def decorate(command: Any) -> Any:
        for option in reversed([option for group in groups for option in group]):
            command = option(command)
        return command

    return decorate


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


def engine_options(chosen: dict[str, Any]) -> "EngineOptions":
    """What the engine is told, of the options chosen."""
    from archiver.engines import EngineOptions

    ca_file = chosen["ca_file"]
    if ca_file is not None and not ca_file.is_file():
        raise UnreadableInput(str(ca_file), "there is no such file of authorities")
    return EngineOptions(
        allow_private=chosen["allow_private"], ca_file=ca_file, jobs=chosen["jobs"], consent=chosen["consent"]
    )


def terms(chosen: dict[str, Any]) -> "Terms":
    """The terms of the captures, of the options chosen."""
    from archiver.capture import Terms
    from archiver.model import Limits

    told = {key: _told(value) for key, value in chosen.items() if key not in SECRET}
    known = {key: value for key, value in told.items() if value not in (None, "", [])}
    return Terms(Limits(seconds=chosen["timeout"]), known)


def _told(value: Any) -> Any:
    """An option's value as the sidecar has it: of a file only its name, since paths tell of the machine."""
    if isinstance(value, tuple):
        return [_told(one) for one in value]
    return value.name if isinstance(value, Path) else value


@click.command()
@click.argument("urls", nargs=-1, metavar="URL…")
@click.option(
    "-c", "--collection", "name", default="default", show_default=True, help="Made on first use if `default`."
)
@click.option("--seeds", "seed_file", metavar="FILE", help="A list of URLs, one a line; - for standard input.")
@with_options(ENGINE, CONSENT, REACH)
@options.shared
def capture(root: Path, urls: tuple[str, ...], name: str, seed_file: str | None, as_json: bool, **chosen: Any) -> int:
    """Capture article pages.

    Each goes into a WARC of its own, with a sidecar that says what it is and a verdict.

    \b
    Examples:
      archiver capture https://example.org/article
      archiver capture -c frontline --seeds urls.txt --jobs 4
    """
    from archiver.capture import capture_all
    from archiver.collection import Root
    from archiver.engines.choice import open_engine

    wanted = seeds(urls, seed_file)
    opening = engine_options(chosen)
    collection = target(Root(root), name)
    render.findings(collection.clear_leftovers())
    outcomes = []
    with render.progress(quiet=as_json) as observe, open_engine(chosen["engine"], opening) as running:
        for outcome in capture_all(wanted, collection, running, jobs=chosen["jobs"], terms=terms(chosen)):
            outcomes.append(outcome)
            observe("capturing", len(outcomes), len(wanted))
            _show(outcome, as_json=as_json)
    return exit_code(outcomes)


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


COMMANDS = (capture,)
