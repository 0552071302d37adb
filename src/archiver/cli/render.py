"""What people see: findings, tables, progress. rich's only home, and imported only on a terminal."""

import json
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from archiver.amounts import counted, size

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

    from archiver.model import Finding, Progress

COLOURS = {"error": "red", "warning": "yellow", "info": "blue"}

NAMED = 5
"""So many of the captures that suffer from a finding are named."""

_drawn: "list[Bars]" = []
"""The bar on the screen, if there is one: lines go above it."""

_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def plain(text: str) -> str:
    """`text` on one line, without what would steer a terminal: headlines, URLs and file names come from anywhere."""
    return _STEERING.sub("\N{REPLACEMENT CHARACTER}", " ".join(text.splitlines()).replace("\t", " "))


def words(value: Any) -> str:
    """A value of an article for people: of people and organizations their names, several parted by `;`."""
    if isinstance(value, list):
        return "; ".join(map(words, value))
    if isinstance(value, dict):
        return words(value.get("name") or value.get("text") or json.dumps(value, ensure_ascii=False))
    if value is None:
        return "(none)"
    return json.dumps(value) if isinstance(value, bool) else str(value)


def say(line: str, *, err: bool = False) -> None:
    """One line for people, above the bar that may be on the screen."""
    for bars in _drawn:
        bars.stop()
    click.echo(line, err=err)
    for bars in _drawn:
        bars.start()


def emit(document: Any) -> None:
    """One compact JSON object on its own line, in UTF-8 whatever the locale, flushed.

    What would steer a terminal, or is half a character, is told by JSON's own escapes.
    """
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    click.echo(_STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode())
    sys.stdout.flush()


def findings(found: "Iterable[Finding]", *, err: bool = True) -> None:
    """One finding per line, whole paths, never wrapped: `where: level[code] /pointer: message (affects ID…) — hint`."""
    for one in found:
        level = click.style(f"{one.level}[{one.code}]", fg=COLOURS[one.level])
        hint = f" — {plain(one.hint)}" if one.hint else ""
        place = f" {plain(one.pointer)}:" if one.pointer else ""
        more = f" and {len(one.affects) - NAMED} more" if len(one.affects) > NAMED else ""
        affected = f" (affects {', '.join(one.affects[:NAMED])}{more})" if one.affects else ""
        say(f"{plain(one.where)}: {level}{place} {plain(one.message)}{plain(affected)}{hint}", err=err)


def count(found: "Iterable[Finding]") -> str:
    """How many errors and warnings, in words."""
    levels = [one.level for one in found]
    return ", ".join(counted(levels.count(level), level) for level in ("error", "warning"))


def worst(found: "Iterable[Finding]") -> int:
    """The exit code of some findings: 1 if an error is among them."""
    return int(any(one.level == "error" for one in found))


def moved(done: int, total: int, speed: float | None, left: float | None) -> str:
    """How far a transfer has come: bytes, bytes a second, and the seconds that it may still take."""
    text = f"{size(done)} of {size(total)}"
    text += f", {size(int(speed))}/s" if speed else ""
    return text + (f", {timedelta(seconds=round(left))} left" if left else "")


@contextmanager
def progress(*, quiet: bool = False) -> "Iterator[Progress]":
    """An observer that draws a bar on a terminal's stderr, and nothing elsewhere."""
    from archiver.model import silent

    if quiet or not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from archiver.model import Bytes

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[amount]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        _drawn.append(bars)
        tasks: dict[str, Any] = {}

        def observe(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total, amount="")
            bars.update(tasks[what], completed=done, total=total)
            task = next(one for one in bars.tasks if one.id == tasks[what])
            amount = f"{done}/{'?' if total is None else total}"
            if isinstance(total, Bytes):
                amount = moved(done, total, task.speed, task.time_remaining)
            bars.update(tasks[what], amount=amount)

        try:
            yield observe
        finally:
            _drawn.remove(bars)


@contextmanager
def waiting(what: str, *, quiet: bool = False) -> Iterator[None]:
    """A line on a terminal's stderr that says what is waited for, and nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield


def table(headings: list[str], rows: Iterable[list[str]]) -> None:
    """A table on a terminal; elsewhere one line per row, fields parted by tabs, nothing cut."""
    if not sys.stdout.isatty():
        for row in rows:
            click.echo("\t".join(plain(field) for field in row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        grid.add_column(heading, overflow="fold", no_wrap=heading != headings[-1])
    for row in rows:
        grid.add_row(*(Text(plain(field)) for field in row))
    Console().print(grid)
