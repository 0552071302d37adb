"""`validate`, `verify`, `doctor`: what is right and what is not."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver import amounts
from archiver.cli import options, render
from archiver.errors import UsageError

if TYPE_CHECKING:
    from archiver.collection import Collection
    from archiver.verify import Report


def chosen(root: Path, name: str | None) -> "list[Collection]":
    """The collections to check. `UsageError` if there is none: a mistake in the root must not look like success."""
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
@options.tsa_ca
@options.shared
def validate(root: Path, paths: tuple[Path, ...], name: str | None, form: str, *, no_warc: bool, as_json: bool) -> int:
    """Check metadata by schemas and specifications.

    Sidecars (also against their WARC), collection metadata, records of erasures and ledger segments; WACZ files,
    datapackage.json and pages.jsonl; bags and the tag files of BagIt; CDXJ; metadata.yaml of pywb; articles in JSON-LD.
    Without a PATH, what the collections hold.

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
        click.echo(", ".join(amounts.counted(levels[level], level) for level in ("error", "warning")), err=True)
    return int(levels["error"] > 0)


@click.command()
@options.collection
@click.option(
    "--since", metavar="DATE", callback=options.moment, help="Read only what came in on that day (UTC) or later."
)
@options.reading
@click.option("--quarantine", is_flag=True, help="Move damaged files, and what is not of the collection, out of it.")
@options.tsa_ca
@options.shared
def verify(
    *,
    root: Path,
    name: str | None,
    since: datetime | None,
    sample: float | None,
    budget: int | None,
    record: bool,
    quarantine: bool,
    as_json: bool,
) -> int:
    """Read every byte and compare.

    Files with the ledger, records of WARCs with their digests, index and sidecars with the WARCs, the ledger with
    itself. Whatever was flipped, cut, added or removed in any file is an error that names the file and what suffers.

    Nothing in a collection is changed without --record or --quarantine. When each file was read last is kept beside
    the collections: --sample and --budget begin with what has waited longest. docs/verify.md explains the codes.

    \b
    Examples:
      archiver verify
      archiver verify -c frontline --record
      archiver verify --sample 5%
      archiver verify --since 2026-11-01 --budget 10GB
      archiver verify -c frontline --quarantine
    """
    from archiver.verify import Scope, keep_dates, record_result, set_aside, verify_collection

    code, scope = 0, Scope(since, sample, budget)
    for collection in chosen(root, name):
        with render.progress(quiet=as_json) as observe:
            report = verify_collection(collection, observe, scope=scope)
        keep_dates(collection, report)
        if record:
            record_result(collection, report)
        moved = set_aside(collection, report) if quarantine else []
        code = max(code, render.worst(report.findings))
        if as_json:
            render.emit(report.as_json() | ({"quarantined": [str(path) for path in moved]} if quarantine else {}))
        else:
            _tell(report, moved)
    return code


def _tell(report: "Report", moved: list[Path]) -> None:
    render.findings(report.findings, err=False)
    for path in moved:
        click.echo(f"set aside: {render.plain(str(path))}")
    words = f"{report.files} files, {amounts.size(report.bytes)}"
    if len(report.read) < report.files:
        words += f", {len(report.read)} read now ({amounts.size(sum(file.bytes for file in report.read))})"
    state = click.style("sound", fg="green") if report.ok else click.style("NOT sound", fg="red")
    days = report.within_days
    dates = (
        f"{report.unread} files never read whole"
        if days is None
        else f"every byte read within {days} day{'s' * (days > 1)}"
    )
    click.echo(f"{report.collection}: {words}: {state}, {render.count(report.findings)}; {dates}")


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
