"""`extract`: what pages say about their article, and its text."""

import sys
from pathlib import Path
from typing import Any

import click

from archiver.cli import options, render
from archiver.errors import UsageError


@click.command()
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="An HTML file, gzipped or not.")
@click.option("--url", metavar="URL", help="The address that the file was loaded from.")
@click.option("--batch", is_flag=True, help='JSON lines {"html": path, "url": address} on stdin; one answer each.')
@options.shared
def extract(root: Path, html: Path | None, url: str | None, batch: bool, as_json: bool) -> int:
    """Tell what a page says about its article, and the article's text.

    Nothing is kept. A batch is read on all cores and answered in JSON lines, in order; a line that cannot be read is
    answered by {"error": why}, and the exit code is 1 in the end.

    \b
    Examples:
      archiver extract --html saved.html --url https://example.org/article
      archiver extract --batch --json < pages.jsonl > articles.jsonl
    """
    from archiver.extract.files import answers, described

    if batch and not html and not url:
        code = 0
        for answer in answers(sys.stdin.buffer):
            code = 1 if "error" in answer else code
            render.emit(answer)
        return code
    if batch or not (html and url):
        raise UsageError("Give --html FILE and --url URL, or --batch alone.", "`archiver extract --help` shows both.")
    found = described(html, url)
    if as_json:
        render.emit(found)
    else:
        _show(found)
    return 0


def _show(found: dict[str, Any]) -> None:
    """The article for people: a line for each property, then its text."""
    for name, value in found["article"].items():
        if not name.startswith("@"):
            several = value if isinstance(value, list) else [value]
            told = "; ".join(str(one["name"] if isinstance(one, dict) and "name" in one else one) for one in several)
            click.echo(f"{name}: {render.plain(told)}")
    for one in found["paragraphs"]:
        click.echo(f"\n{render.plain(one['text'])}")


COMMANDS = (extract,)
