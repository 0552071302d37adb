"""The command line: parse, call one function, render.

Nothing heavy is imported here or at the top of the command modules, so that `archiver --help` starts at once;
each command imports the use case that it calls.
"""

import io
import os
import signal
import sys
from pathlib import Path
from typing import Any

import click

from archiver import __version__
from archiver.cli import (
    archive,
    assessing,
    capturing,
    certifying,
    checks,
    collecting,
    editing,
    erasing,
    extracting,
    options,
    packaging,
    queueing,
    remotes,
    render,
    repairing,
    replaying,
    replication,
    reporting,
    restricting,
    searching,
    sessions,
    signing,
)
from archiver.config import REMOTES, load_settings
from archiver.config import remotes as named_remotes
from archiver.errors import ArchiverError, UnreadableInput

EPILOG = """\b
Examples:
  archiver capture https://example.org/article
  archiver list
  archiver replay
Exit codes: 0 well, 1 errors remain, 2 wrong usage, 3 something is missing, 4 refused by policy,
5 network or remote failure, 6 conflict (nothing changed), 130 interrupted."""


@click.group(
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100, "show_default": True},
)
@click.version_option(__version__, prog_name="archiver")
@click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("collections"),
    envvar="ARCHIVER_ROOT",
    show_default="./collections",
    help="The folder that holds the collections.",
)
@options.tsa_ca
@click.pass_context
def cli(context: click.Context, root: Path) -> None:
    """Archive the news so that it stands up as evidence: capture, validate, verify, replay, replicate."""
    context.obj = root


for module in (
    archive, assessing, capturing, certifying, checks, collecting, editing, erasing, extracting, packaging, queueing,
    remotes, repairing, replaying, replication, reporting, restricting, searching, sessions, signing,
):  # fmt: skip
    for command in module.COMMANDS:
        cli.add_command(command)


def main() -> None:
    """Run the `archiver` command; every failure is one plain sentence, a hint and an exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a locale without Cyrillic is no reason to fail
    signal.signal(signal.SIGINT, _interrupt)
    sys.exit(run(sys.argv[1:]))


def _interrupt(_number: int, _frame: object) -> None:
    """The first Ctrl-C ends the work in order; a second one must not break off the ending."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


def run(arguments: list[str]) -> int:
    """Run with `arguments`; returns the exit code (DESIGN: 0 to 6 and 130)."""
    try:
        file = Path(os.environ.get("ARCHIVER_CONFIG", "archiver.toml"))
        settings = load_settings(file)
        named = named_remotes(settings, str(file))
        settings.pop(REMOTES, None)
        _check_settings(settings, cli, str(file))
        result = cli.main(
            arguments,
            prog_name="archiver",
            standalone_mode=False,
            auto_envvar_prefix="ARCHIVER",
            default_map=settings | {REMOTES: named},
        )
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        error.show()
        return 2
    except ArchiverError as error:
        return _fail(str(error), error.hint, error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return _fail("Interrupted.", "What was finished is kept; run it again for the rest.", 130)
    except UnicodeEncodeError:
        return _fail("An argument holds bytes that are no UTF-8 text.", "Type it anew.", 2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader went away; that is its right
        return 0
    except OSError as error:
        return _fail(f"{error.filename or 'The system'}: {(error.strerror or str(error)).lower()}.", "", 1)
    except Exception as error:  # the last border: people get a sentence, developers ask for more
        if os.environ.get("ARCHIVER_DEBUG"):
            raise
        message = f"An unforeseen fault: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        return _fail(message, "Set ARCHIVER_DEBUG=1 to see where, and report it.", 1)


def _check_settings(settings: dict[str, Any], command: click.Command, where: str) -> None:
    """Raise `UnreadableInput` at a key that is neither an option of the command nor a command below it."""
    below = command.commands if isinstance(command, click.Group) else {}
    known = {parameter.name for parameter in command.params} | set(below)
    for key, value in settings.items():
        if key not in known or isinstance(value, dict) != (key in below):
            hint = f"Known here are: {', '.join(sorted(filter(None, known)))}."
            raise UnreadableInput(where, f"{key!r} is no setting", hint)
        if key in below:
            _check_settings(value, below[key], where)


def _fail(message: str, hint: str, code: int) -> int:
    click.secho(f"archiver: {render.plain(message)}", err=True, fg="red")
    if hint:
        click.echo(f"  {render.plain(hint)}", err=True)
    return code
