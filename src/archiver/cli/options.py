"""Options that several commands share, spelled the same everywhere."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]
Option = Callable[[Command], Command]
FILE = click.Path(path_type=Path, dir_okay=False)


def together(*options: Option) -> Option:
    """A decorator that gives a command these options, in their order."""
    return lambda command: reduce(lambda made, option: option(made), reversed(options), command)


def _root(context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path:
    root: Path = value or context.find_root().obj
    return root


root = click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    callback=_root,
    expose_value=True,
    help="The folder that holds the collections; may also stand before the command.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Results as JSON lines on stdout, all else on stderr.")
collection = click.option("-c", "--collection", "name", metavar="NAME", help="One collection; all if left out.")


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name) if before is None else os.environ.update({name: before})


def _believe(context: click.Context, _parameter: click.Parameter, value: Path | None) -> None:
    """All that judges proofs asks the keyring, in whatever process; and that asks the environment."""
    if value:
        context.with_resource(_environment("ARCHIVER_TSA_CA", str(value.absolute())))


tsa_ca = click.option(
    "--tsa-ca",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    callback=_believe,
    expose_value=False,
    help="Also believe time stamps by this authority (its certificates, PEM).",
)


def shared(command: Command) -> Command:
    """The options of every command: --root and --json."""
    return root(as_json(command))


class Size(click.ParamType[int]):
    """A number of bytes such as 500MB, 10GB or 2GiB: decimal and binary units of any case."""

    name = "size"
    _UNITS = ("", "k", "m", "g", "t", "p")
    _FORM = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([kmgtp])(i?))?b?", re.IGNORECASE)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Click's own hook."""
        if isinstance(value, int):
            return value
        found = self._FORM.fullmatch(str(value).strip())
        if not found:
            self.fail(f"{value!r} is no size; write it as 500MB or 10GiB.", param, ctx)
        power = self._UNITS.index((found[2] or "").lower())
        return int(float(found[1]) * (1024 if found[3] else 1000) ** power)


class Percentage(click.ParamType[float]):
    """A part such as 5%, as a number from 0 to 1."""

    name = "percentage"
    _FORM = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*%?")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Click's own hook."""
        if isinstance(value, float):
            return value
        found = self._FORM.fullmatch(str(value).strip())
        if not found or not 0 < float(found[1]) <= 100:
            self.fail(f"{value!r} is no percentage; write it as 5%.", param, ctx)
        return float(found[1]) / 100


def moment(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    """A date or a moment as typed, in UTC: the callback of an option."""
    try:
        at = datetime.fromisoformat(value) if value else None
    except ValueError:
        raise click.BadParameter("a date is written as 2026-11-22 or 2026-11-22T14:00:00Z.") from None
    return at.replace(tzinfo=UTC) if at and at.tzinfo is None else at


moving = together(
    click.option("--jobs", type=click.IntRange(1, 64), default=8, help="Objects under way at the same time."),
    click.option("--bwlimit", type=Size(), metavar="SIZE", help="Move at most so many bytes a second: 500k, 10M."),
)
"""How much goes over the line at a time."""
reading = together(
    click.option(
        "--sample", type=Percentage(), metavar="SHARE", help="Read only so much, such as 5%: what waits longest."
    ),
    click.option("--budget", type=Size(), metavar="SIZE", help="Read only so many bytes, such as 10GB, likewise."),
    click.option("--record", is_flag=True, help="Enter the result in the ledger as a fixity check."),
)
"""How much is read, what waits longest first, and whether the ledger is told."""
