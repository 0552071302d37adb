"""The command line: parse, call one function, render.

Nothing heavy is imported here or at the top of the command modules, and of these only those that are asked for, so that
every command starts at once; each imports the use case that it calls.
"""

import gc
import io
import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from archiver import __version__
from archiver.cli import options, render
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


MODULES = {
    "assessing": ("qa",),
    "capturing": ("capture",),
    "certifying": ("certificate",),
    "checks": ("validate", "verify", "doctor"),
    "collecting": ("init", "reindex"),
    "editing": ("edit", "history"),
    "erasing": ("erase",),
    "extracting": ("extract",),
    "keys": ("keys",),
    "packaging": ("export", "import"),
    "queueing": ("queue", "worker"),
    "remotes": ("remote",),
    "repairing": ("repair",),
    "replaying": ("replay",),
    "replication": ("sync",),
    "reporting": ("report",),
    "restricting": ("restrict",),
    "searching": ("list", "search"),
    "sessions": ("profile", "unseal"),
    "showing": ("show", "diff"),
    "signing": ("sign",),
}
"""Where each command is: in `COMMANDS` of a module beside this one."""
HOMES = {name: module for module, names in MODULES.items() for name in names}
COLLECT_EVERY = 50_000
"""Objects made between two looks for garbage: at the usual 700 that takes a tenth of a short command's time."""


class Commands(click.Group):
    """The commands, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names."""
        return sorted(HOMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in HOMES:
            return None
        found: tuple[click.Command, ...] = import_module(f"archiver.cli.{HOMES[cmd_name]}").COMMANDS
        return next(command for command in found if command.name == cmd_name)


@click.group(
    cls=Commands,
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


def main() -> None:
    """Run the `archiver` command; every failure is one plain sentence, a hint and an exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a locale without Cyrillic is no reason to fail
    gc.set_threshold(COLLECT_EVERY)
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
        _check_settings(settings, click.Context(cli), str(file))
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


def _check_settings(settings: dict[str, Any], at: click.Context, where: str) -> None:
    """Raise `UnreadableInput` at a key that is neither an option of the command nor a command below it."""
    group = at.command if isinstance(at.command, click.Group) else None
    below = group.list_commands(at) if group else []
    known = {parameter.name for parameter in at.command.params} | set(below)
    for key, value in settings.items():
        if key not in known or isinstance(value, dict) != (key in below):
            hint = f"Known here are: {', '.join(sorted(filter(None, known)))}."
            raise UnreadableInput(where, f"{key!r} is no setting", hint)
        if group and (command := group.get_command(at, key)):
            _check_settings(value, click.Context(command, parent=at), where)


def _fail(message: str, hint: str, code: int) -> int:
    click.secho(f"archiver: {render.plain(message)}", err=True, fg="red")
    if hint:
        click.echo(f"  {render.plain(hint)}", err=True)
    return code
