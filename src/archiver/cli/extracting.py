"""`extract`: what pages say about their article, and its text."""

import io
import sys
from pathlib import Path
from typing import Any

import click

from archiver.cli import options, render
from archiver.cli.editing import show_edited
from archiver.errors import UsageError

WAYS = "Name captures by ID or -c, or else a file by --html and --url, or give --batch alone."
HINT = "`archiver extract --help` shows all ways."


@click.command()
@click.argument("capture_ids", nargs=-1, metavar="[ID…]")
@options.collection
@click.option("--dry-run", is_flag=True, help="Of captures: show what would change, before → after; change nothing.")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="An HTML file, gzipped or not.")
@click.option("--url", metavar="URL", help="The address that the file was loaded from.")
@click.option("--batch", is_flag=True, help='JSON lines {"html": path, "url": address} on stdin; one answer each.')
@options.shared
def extract(
    root: Path,
    capture_ids: tuple[str, ...],
    name: str | None,
    *,
    dry_run: bool,
    html: Path | None,
    url: str | None,
    batch: bool,
    as_json: bool,
) -> int:
    """Tell what a page says about its article, and the article's text.

    Of captures, by ID or all of a collection, the pages that were kept are read again. What today's software finds
    becomes a new revision of the sidecar, unless it is what was found before. What people said goes before it.

    Of files, nothing is kept. A batch is read on all cores and answered in JSON lines, in order; a line that cannot
    be read is answered by {"error": why}, and the exit code is 1 in the end.

    \b
    Examples:
      archiver extract 20261122T140112Z-k3v7q2m5xa
      archiver extract -c frontline --dry-run
      archiver extract --html saved.html --url https://example.org/article
      archiver extract --batch --json < pages.jsonl > articles.jsonl
    """
    if (capture_ids or name) and not (html or url or batch):
        return _read_again(root, capture_ids, name, dry_run=dry_run, as_json=as_json)
    if capture_ids or name or dry_run:
        raise UsageError(WAYS, HINT)
    from archiver.extract.files import answers, described

    if batch and not html and not url:
        code = 0
        lines = io.BufferedReader(io.FileIO(sys.stdin.fileno(), closefd=False))  # not closed: a thread may wait on it
        for answer in answers(lines):
            code = 1 if "error" in answer else code
            render.emit(answer)
        return code
    if batch or not (html and url):
        raise UsageError(WAYS, HINT)
    found = described(html, url)
    if as_json:
        render.emit(found)
    else:
        _show(found)
    return 0


def _read_again(root: Path, capture_ids: tuple[str, ...], name: str | None, *, dry_run: bool, as_json: bool) -> int:
    """Read captures again, as far as they are in one collection each; 1 if one of them could not be."""
    from archiver.collection import Root
    from archiver.editing import reread

    archive = Root(root)
    named: dict[str, list[str]] = {}
    for one in dict.fromkeys(capture_ids):
        named.setdefault(archive.find(one, name)[0].name, []).append(one)
    code = 0
    for collection in archive.chosen(name):
        wanted = named.get(collection.name, []) if capture_ids else collection.captures()
        render.findings([] if dry_run or not wanted else collection.clear_leftovers())
        with render.progress(quiet=as_json) as observe:
            for done in reread(collection, wanted, dry_run=dry_run, progress=observe):
                show_edited(done, as_json=as_json)
                code = max(code, render.worst(done.findings))
    return code


def _show(found: dict[str, Any]) -> None:
    """The article for people: a line for each property, then its text."""
    for name, value in found["article"].items():
        if not name.startswith("@"):
            click.echo(f"{name}: {render.plain(render.words(value))}")
    for one in found["paragraphs"]:
        click.echo(f"\n{render.plain(one['text'])}")


COMMANDS = (extract,)
