"""`edit`, `history`: corrections by people, and what became of a capture."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.cli import options, render
from archiver.errors import EditRefused, UnknownCapture, UnreadableInput, UsageError

if TYPE_CHECKING:
    from archiver.collection import Collection
    from archiver.editing import Edited, Passage
    from archiver.sidecar import Assertion, Sidecar

OUTCOMES = {
    "changed": "revision",
    "united": "united in revision",
    "planned": "would be revision",
    "unchanged": "nothing to change",
}


@click.command()
@click.argument("words", nargs=-1, metavar="[ID] [FIELD=VALUE…]")
@options.collection
@click.option("--from", "article", metavar="FILE", help='Take the changes from JSON, {"article": {…}}; - for stdin.')
@click.option("--csv", "table", metavar="FILE", help="Take changes to many captures from a table; - for stdin.")
@click.option("--unite", is_flag=True, help="Make one revision of those that were made apart.")
@click.option("--reason", help="Why. It stays with the change.")
@click.option("--by", envvar="ARCHIVER_BY", help="Your name, which stays with the change; also from ARCHIVER_BY.")
@click.option("--dry-run", is_flag=True, help="Show what would change, before → after; change nothing.")
@options.shared
def edit(
    root: Path,
    words: tuple[str, ...],
    name: str | None,
    article: str | None,
    table: str | None,
    *,
    unite: bool,
    reason: str | None,
    by: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Correct what is said about an article.

    A correction is a new revision of the sidecar; what was there before stays, with who said so. It outranks what
    software reads, now and later. FIELD= says that there is none. Several authors are separated by `;`, keywords
    by `,`. To undo, correct it back.

    A table has a first line with the columns id, field, value and, if wanted, reason and by. All of its rows are
    made, or none.

    \b
    Examples:
      archiver edit 20261122T140112Z-k3v7q2m5xa headline="It stands" --reason "as printed" --by "M. K."
      archiver edit 20261122T140112Z-k3v7q2m5xa --from corrected.json --reason "seen in print"
      archiver edit --csv corrections.csv --dry-run
      archiver edit 20261122T140112Z-k3v7q2m5xa --unite
    """
    from archiver.collection import Root

    ways = [len(words) > 1, article is not None, table is not None, unite]
    if ways.count(True) != 1 or bool(words) == (table is not None):
        hint = "Give ID and FIELD=VALUE, or ID and one of --from and --unite, or --csv alone."
        raise UsageError("It is not clear what to change.", hint)
    try:
        if table is not None:
            results = _of_table(Root(root).chosen(name), table, by, reason, dry_run)
        else:
            collection, current = Root(root).find(words[0], name)
            results = _of_one(collection, current, words[1:], article, None if unite else (by, reason), dry_run=dry_run)
        for done in results:
            show_edited(done, as_json=as_json)
    except EditRefused as error:
        for where, message, hint in error.complaints if error.complaints[0][0] else ():
            click.echo(render.plain(f"{where}: {message}" + (f" — {hint}" if hint else "")), err=True)
        raise


def _of_table(
    collections: "list[Collection]", table: str, by: str | None, reason: str | None, dry_run: bool
) -> "Iterable[Edited]":
    from archiver.editing import edit_all, wishes_of_table

    wishes = wishes_of_table(_content(table), table, by, reason)
    for one in [] if dry_run else collections:
        render.findings(one.clear_leftovers())
    return edit_all(collections, wishes, dry_run=dry_run)


def _of_one(
    collection: "Collection",
    current: "Sidecar",
    words: tuple[str, ...],
    article: str | None,
    signed: tuple[str | None, str | None] | None,
    *,
    dry_run: bool,
) -> "Iterable[Edited]":
    """Changes to one capture; where nobody signs (None), its revisions are united."""
    from archiver import editing

    if not dry_run:
        render.findings(collection.clear_leftovers())
    if signed is None:
        return [editing.unite(collection, current.id, dry_run=dry_run)]
    signature = editing.Signature.of(*signed)
    if article is None:
        wishes = editing.wishes_as_typed(current.id, words, signature)
    else:
        wishes = editing.wishes_of_file(_content(article), article, current, signature)
    return editing.edit(collection, wishes, dry_run=dry_run)


def _content(file: str) -> bytes:
    """A file's bytes, or those on standard input; of too many, as many as show that they are."""
    from archiver.jsontext import MAX_BYTES

    if file == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        with Path(file).open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableInput(file, (error.strerror or str(error)).lower()) from error


def show_edited(done: "Edited", *, as_json: bool) -> None:
    """What became of a capture's sidecar; a JSON line, or for people before → after."""
    if as_json:
        render.emit(done.as_json())
    else:
        number = f" {done.revision.revision}" if done.revision else ""
        click.echo(f"{done.capture}: {OUTCOMES[done.status]}{number}")
        for one in done.changes:
            sign = "confirmed:" if one.before == one.after else f"{render.words(one.before)} →"
            click.echo(render.plain(f"  {one.name}: {sign} {render.words(one.after)}"))
    render.findings(done.findings)


@click.command()
@click.argument("capture_id", metavar="ID")
@options.collection
@options.shared
def history(root: Path, capture_id: str, name: str | None, as_json: bool) -> None:
    """Show what happened to a capture.

    Each event of the ledger that names it, and what each revision of its sidecar changed: from, to, who, and why.

    
    Example:
      archiver history 20261122T140112Z-k3v7q2m5xa
    """
    from archiver.collection import Root
    from archiver.editing import history as passages

    for collection in Root(root).chosen(name):
        if found := passages(collection, capture_id):
            for one in found:
                if as_json:
                    render.emit({"collection": collection.name, "capture_id": capture_id} | one.as_json())
                else:
                    _show_passage(one)
            return
    raise UnknownCapture(capture_id)


def _show_passage(one: "Passage") -> None:
    event, words = one.event, render.words
    told = ", ".join(["failed"] * (event.outcome == "failure") + list(event.codes))
    lines = [f"{event.at}  {event.type}" + (f" ({told})" if told else "")]
    if one.revision:
        lines.append(f"  {one.revision}" + (", current" if one.is_current else ""))
    if one.damage:
        lines.append(f"    cannot be read: {one.damage}")
    for change, claim in one.changes:
        source = f"  ({_said(claim)})" if claim else ""
        lines.append(f"    {change.name}: {words(change.before)} → {words(change.after)}{source}")
    for claim in one.confirmed:
        name = claim.about.removeprefix("/article/")
        lines.append(f"    {name}: said as well: {words(claim.value)}  ({_said(claim)})")
    for line in lines:
        click.echo(render.plain(line))


def _said(claim: "Assertion") -> str:
    """Who says it, and why."""
    by = (
        claim.by.name
        if claim.method == "human"
        else f"{claim.method}, {claim.by.name} {claim.by.version or ''}".strip()
    )
    return f"{by}: {claim.reason}" if claim.reason else by


COMMANDS = (edit, history)
