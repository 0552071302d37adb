"""`validate`, `verify`, `doctor`: what is right and what is not."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.cli import options, render
from archiver.errors import UsageError

if TYPE_CHECKING:
    from archiver.collection import Collection


def chosen(root: Path, name: str | None) -> "list[Collection]":
    """The collections to check. None at all is a mistake in the root, and must not look like success."""
    from archiver.collection import Root

    if not (found := Root(root).chosen(name)):
        raise UsageError(f"There is no collection under {root}.", "Name the folder that holds them with --root.")
    return found


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH…]")
@options.collection
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "junit"]),
    default="text",
    help="text, a finding a line; json, an object a line; github, notes beside the lines of a change; junit, XML.",
)
@click.option("--no-warc", is_flag=True, help="Do not read the WARC files that sidecars name.")
@options.shared
def validate(root: Path, paths: tuple[Path, ...], name: str | None, form: str, *, no_warc: bool, as_json: bool) -> int:
    """Check metadata by schemas and specifications.

    Sidecars (also against their WARC), collection metadata and ledger segments; WACZ files, datapackage.json and
    pages.jsonl; bags and the tag files of BagIt; CDXJ; metadata.yaml of pywb; articles in JSON-LD. Without a PATH, what
    the collections hold.

    Every finding is one line: `file:line:col: error[CODE] /pointer: message — hint`. All are told. docs/validation.md
    explains the codes.

    \b
    Examples:
      archiver validate
      archiver validate collections/frontline/sidecars/*.json
      archiver validate crawl.wacz bags/2026-11 index.cdxj
      archiver validate --format junit exports/ > report.xml
    """
    from archiver.cli import reports
    from archiver.validate import validate_files

    wanted = list(paths) or [collection.path for collection in chosen(root, name)]
    form = "json" if as_json else form
    with render.progress(quiet=form != "text") as observe:
        levels = reports.write(form, validate_files(wanted, observe, warcs=not no_warc))
    if form == "text":
        click.echo(f"{levels['error']} errors, {levels['warning']} warnings", err=True)
    return int(levels["error"] > 0)


@click.command()
@options.collection
@click.option("--record", is_flag=True, help="Enter the result in the ledger as a fixity check.")
@options.shared
def verify(root: Path, name: str | None, record: bool, as_json: bool) -> int:
    """Read every byte and compare.

    Files with the ledger, WARC digests, index and sidecars with the WARCs, the ledger with itself.

    \b
    Examples:
      archiver verify
      archiver verify -c frontline --record
    """
    from archiver.verify import record_result, verify_collection

    code = 0
    for collection in chosen(root, name):
        with render.progress(quiet=as_json) as observe:
            report = verify_collection(collection, observe)
        if record:
            record_result(collection, report)
        code = max(code, render.worst(report.findings))
        if as_json:
            render.emit(report.as_json())
            continue
        render.findings(report.findings, err=False)
        words = f"{report.files} files, {render.size(report.bytes)}"
        state = click.style("sound", fg="green") if report.ok else click.style("NOT sound", fg="red")
        click.echo(f"{collection.name}: {words}: {state}, {render.count(report.findings)}")
    return code


@click.command()
@options.shared
def doctor(root: Path, as_json: bool) -> int:
    """Look whether everything needed is here.

    Browser, replay server, disk …; exit 3 if something is missing, with the remedy.

    \b
    Example:
      archiver doctor
    """
    from archiver.doctor import examine

    code = 0
    for check in examine(root):
        code = code if check.ok else 3
        if as_json:
            render.emit(check.as_json())
        else:
            mark = click.style("ok     ", fg="green") if check.ok else click.style("missing", fg="red")
            click.echo(f"{mark} {check.name}: {check.detail}")
            if not check.ok:
                click.echo(f"        {check.remedy}")
    return code


COMMANDS = (validate, verify, doctor)
