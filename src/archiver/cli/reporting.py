"""`report`: what a collection has against loss, as text, as a page, as JSON."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver import amounts
from archiver.cli import options, render

if TYPE_CHECKING:
    from archiver.report import Report
    from archiver.report.berkeley import Named


ANSWERS = {True: "yes", False: "no", None: "not known"}


@click.command()
@options.collection
@click.option("--format", "form", type=click.Choice(["text", "html", "json"]), default="text")
@click.option("-o", "--out", type=options.FILE, metavar="FILE", help="Write it there.")
@click.option("--days", type=click.IntRange(1), default=90, help="So long ago counts as read lately.")
@click.option("--sample", type=click.IntRange(0), default=100, help="Look into so many WARCs.")
@options.tsa_ca
@options.shared
def report(root: Path, name: str | None, form: str, out: Path | None, *, days: int, sample: int, as_json: bool) -> None:
    """Say how well a collection is preserved: levels, copies, last checks, formats, growth.

    With evidence for each line, and what is not known. NDSA Levels of Digital Preservation, and the Berkeley
    Protocol's requirements. Nothing is checked for it, and no store asked: `verify` and `sync verify` do that.

    \b
    Examples:
      archiver report -c frontline
      archiver report -c frontline --format html -o report.html
      archiver report --json
    """
    from archiver.collection import Root
    from archiver.report import page
    from archiver.report import report as made

    if as_json and (out is None or form == "text"):
        form = "json"
    with render.progress(quiet=as_json) as observe:
        reports = [made(one, days=days, sample=sample, progress=observe) for one in Root(root).chosen(name)]
    if form == "json":
        lines = [json.dumps(one.as_json(), ensure_ascii=False, separators=(",", ":")) for one in reports]
    else:
        lines = [page(reports)] if form == "html" else ["\n".join(_text(one)) for one in reports]
    _put("\n".join(lines) + "\n", out)
    if as_json and out is not None:
        for one in reports:
            render.emit(one.as_json())


def _put(text: str, out: Path | None) -> None:
    content = text.encode("utf-8", "backslashreplace")
    if out is None:
        click.echo(content, nl=False)
        return
    from archiver import disk

    disk.write_atomic(out, content, replace=True)
    click.echo(f"Written: {render.plain(str(out))}", err=True)


def _text(one: "Report") -> list[str]:
    """The report in lines."""
    known, cover = one.facts, one.coverage
    lines = [
        f"{render.plain(one.title)} ({known.name}), {one.at}",
        f"{cover.captures} captures, {len(known.files)} files, {amounts.size(known.bytes)}",
        "",
        "NDSA Levels of Digital Preservation (reached; if all open answers were yes)",
    ]
    for area in one.areas:
        lines.append(f"  {area.name:10} {area.reached} of 4; {area.possible} of 4")
        lines += [f"    {lack.state:6} {lack.asks}: {lack.evidence}" for lack in area.missing]
    lines += ["", "Berkeley Protocol: captured of each page", *_named(one.collected)]
    lines += ["", "Berkeley Protocol: preserved", *_named(one.preserved)]
    lines += ["", f"Copies (files read whole; within {one.days} days; every byte since; last check)"]
    for copy in known.copies:
        last = f"{copy.last.kind} {copy.last.at}, {copy.last.errors} errors" if copy.last else "no check noted"
        lines.append(f"  {copy.place}: {copy.read}; {copy.lately} of {copy.held}; {copy.oldest or 'not all'}; {last}")
        lines.append(f"    complete: {ANSWERS[copy.complete]}, {copy.why}")
        lines += [f"    locks there end on {copy.locks_end}"] if copy.locks_end else []
    lines += ["", "Payloads by signature (called otherwise by the server)"]
    seen = one.formats
    lines += [f"  {kind:28} {count} ({seen.other[kind]})" for kind, count in seen.payloads.most_common()]
    lines.append(f"  looked into {seen.warcs_read} of {seen.warcs_total} WARCs")
    lines += ["", "Growth (captures made; files and bytes entered; held at the month's end)"]
    for month in one.growth:
        size, held = amounts.size(month.bytes), amounts.size(month.held)
        lines.append(f"  {month.month}  {month.captures}; {month.files}, {size}; {held}")
    for label, counts in (("Verdicts", cover.verdicts), ("Erasures", known.erasures), ("Events", known.events)):
        lines += ["", f"{label}: " + (", ".join(f"{word} {count}" for word, count in counts.items()) or "none")]
    proven = known.proven
    lines.append(f"Signatures: {proven.holding} of {proven.signatures} hold; trusted time stamps: {proven.trusted}")
    return [render.plain(line) for line in lines]


def _named(rows: "list[Named]") -> list[str]:
    return [f"  {row.state:6} {name}: {row.evidence}" for name, row in rows]


COMMANDS = (report,)
