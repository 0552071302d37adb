"""`show` and `diff`: what one capture says, and how it changed."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver import amounts
from archiver.cli import options, render

if TYPE_CHECKING:
    from archiver.access import Decision
    from archiver.catalogue.account import Value
    from archiver.catalogue.paragraphs import Piece

CONTEXT = 60
"""Characters shown on either side of a change."""


@click.command()
@click.argument("capture_id", metavar="ID")
@options.collection
@options.shared
def show(root: Path, capture_id: str, name: str | None, as_json: bool) -> None:
    """Show one capture: what it says, where each value came from, its revisions and files.

    \b
    Example:
      archiver show 20261122T140112Z-k3v7q2m5xa
    """
    from archiver.access import Decision
    from archiver.catalogue import open_catalogue
    from archiver.catalogue.account import account
    from archiver.collection import Root

    found = account(Root(root), capture_id, name)
    with open_catalogue(found.collection) as catalogue:
        decision = catalogue.decision(capture_id) or Decision()
    if as_json:
        render.emit(found.as_json() | {"access": asdict(decision)})
        return
    capture, sidecar = found.sidecar.document["capture"], found.sidecar
    facts = {
        "capture": capture_id,
        "collection": found.collection.name,
        "captured": capture["captured_at"],
        "from": capture["final_url"],
        "access": _access(decision),
        "verdict": " — ".join([sidecar.verdict, *sidecar.reasons]),
        "engine": f"{capture['engine']} ({capture['fidelity']})",
        "warc": str(found.collection.local(sidecar.warc_file)),
    }
    for label, value in facts.items():
        click.echo(f"{label:11} {render.plain(str(value))}")
    click.echo("\narticle")
    for one in found.values:
        click.echo(f"  {one.name:19} {render.plain(render.words(one.value))}")
        click.secho(f"  {'':19} {render.plain(_origin(one))}", dim=True)
    click.echo("\nrevisions")
    for file in found.revisions:
        click.echo(f"  {file.path}")
    click.echo("\nfiles")
    for file in found.files:
        missing = "" if found.is_present(file) else "  not here, or of another size"
        click.echo(f"  {file.sha256}  {amounts.size(file.bytes):>9}  {render.plain(file.path)}{missing}")


def _access(decision: "Decision") -> str:
    until = f" until {decision.until}" if decision.until else ""
    why = f": {decision.reason}" if decision.reason else ""
    return f"{decision.kind}{until}{why}" + (f" (rule {decision.rule})" if decision.rule else "")


def _origin(value: "Value") -> str:
    """Where a value came from, in a line."""
    if not value.sources:
        return f"from {len(value.others)} claims together"
    first, *others = value.sources
    told = f"{first.method} at {first.path}" if first.path else f"{first.method}, {first.by.name}"
    told += f", because: {first.reason}" if first.reason else ""
    chosen = render.words(value.value)
    alike = [one for one in value.others if render.words(one.value) == chosen]  # and differ in what is not shown
    also = ", ".join(dict.fromkeys(one.method for one in (*others, *alike)))
    against = ", ".join(
        dict.fromkeys(f"{one.method}: {render.words(one.value)}" for one in value.others if one not in alike)
    )
    return f"from {told}" + (f"; also {also}" if also else "") + (f"; but {against}" if against else "")


@click.command()
@click.argument("capture_id", metavar="ID")
@click.argument("other", metavar="[OTHER]", required=False)
@options.collection
@options.shared
def diff(root: Path, capture_id: str, other: str | None, name: str | None, as_json: bool) -> None:
    """Show what changed from capture ID to capture OTHER: headline, dates, words added and removed.

    With ID alone: what changed since the capture of the same page before it.

    \b
    Examples:
      archiver diff 20261122T140112Z-k3v7q2m5xa
      archiver diff 20261122T140112Z-k3v7q2m5xa 20261123T090000Z-2hq5xw7d4n
    """
    from archiver.catalogue.difference import difference
    from archiver.collection import Root

    found = difference(Root(root), capture_id, other, name)
    if as_json:
        render.emit(found.as_json())
        return
    for sign, side, colour in (("-", found.before, "red"), ("+", found.after, "green")):
        click.secho(f"{sign * 3} {side.id}  {render.plain(f'{side.captured_at}  {side.final_url}')}", fg=colour)
    for change in found.changes:
        click.echo(f"{change.name}:")
        for sign, value, colour in (("-", change.before, "red"), ("+", change.after, "green")):
            if value is not None:
                click.secho(f"  {sign} {render.plain(render.words(value))}", fg=colour)
    if not found.text:
        click.echo("text: one of the two has none, or none of the same kind")
        return
    click.echo(f"text: {found.words('added')} words added, {found.words('removed')} removed")
    if found.words("added") or found.words("removed"):
        for line in "".join(_pieces(found.text)).splitlines():
            click.echo(f"  {line}")


def _pieces(pieces: "list[Piece]") -> Iterator[str]:
    """What changed with some words around it; the rest of what stayed is left out."""
    parted = True
    for number, piece in enumerate(pieces):
        text = "\n".join(render.plain(line) for line in piece.text.split("\n"))
        if not parted and not text.startswith("\n"):
            yield " "
        parted = text.endswith("\n")
        if piece.kind == "same":
            yield _shortened(text, first=number == 0, last=number == len(pieces) - 1)
        else:
            sign, colour = ("-", "red") if piece.kind == "removed" else ("+", "green")
            yield click.style(f"[{sign}{text}{sign}]", fg=colour)
            parted = False


def _shortened(text: str, *, first: bool, last: bool) -> str:
    lead, tail = "" if first else text[:CONTEXT], "" if last else text[-CONTEXT:]
    if len(text) <= len(lead) + len(tail):
        return text
    return f"{lead}…\n…{tail}" if lead and tail else f"{lead}…{tail}"


COMMANDS = (show, diff)
