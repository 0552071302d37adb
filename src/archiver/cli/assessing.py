"""`qa`: replay compared with capture."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archiver.cli import options, render

if TYPE_CHECKING:
    from archiver.collection import Collection
    from archiver.qa import Result
    from archiver.qa.choosing import Chosen
    from archiver.sidecar import Sidecar

OUT_FOLDER = click.Path(path_type=Path, file_okay=False)
COLOURS = {"pass": "green", "warn": "yellow", "fail": "red"}


@click.command()
@click.argument("capture_ids", nargs=-1, metavar="[ID…]")
@options.collection
@click.option("--since", metavar="DATE", callback=options.moment, help="Captures made on that day (UTC) or later.")
@click.option("--recheck", is_flag=True, help="Those named again; or all whose result other versions made.")
@click.option("--jobs", type=click.IntRange(1, 16), default=1, help="Captures checked at the same time.")
@click.option("--no-save", is_flag=True, help="Keep no result in the collection.")
@click.option("--junit", "junit_file", type=options.FILE, help="Write all these results as JUnit XML.")
@click.option("--report", "folder", type=OUT_FOLDER, help="Write all these results as pages, with pictures to compare.")
@options.shared
def qa(
    *,
    root: Path,
    capture_ids: tuple[str, ...],
    name: str | None,
    since: datetime | None,
    recheck: bool,
    jobs: int,
    no_save: bool,
    junit_file: Path | None,
    folder: Path | None,
    as_json: bool,
) -> int:
    """Compare replay with capture.

    Opens captures in replay with Chromium, with no network, and compares: what the page asks for, its text, its looks,
    its films. One verdict each: pass, warn or fail, with reasons; exit 1 if any fails. The result is kept beside the
    capture and shown in the app. Captures that have one are left alone; after an upgrade of Archiver, pywb or Chromium,
    --recheck finds what got worse. docs/qa.md has formulas and thresholds.

    \b
    Examples:
      archiver qa
      archiver qa -c frontline --since 2026-11-01 --jobs 2
      archiver qa 20261122T140112Z-k3v7q2m5xa --no-save
      archiver qa --recheck
      archiver qa -c frontline --report qa-pages --junit qa.xml
    """
    from archiver.collection import Root
    from archiver.qa.checking import regressions
    from archiver.qa.choosing import chosen

    found = list(chosen(Root(root), name, capture_ids, since))
    due = _due(found, recheck=recheck, named=bool(capture_ids))
    failed = False
    reported: list[tuple[Collection, Result]] = []
    for one in found:
        if one.sidecar.id not in due and (kept := one.before):
            failed |= kept.verdict == "fail"
            reported += [(one.collection, kept)] if junit_file or folder else []
            if capture_ids:
                _tell(one, kept, as_json=as_json)
    for one, before, result in _checked(root, due, jobs=jobs, keep=not no_save):
        _tell(one, result, as_json=as_json)
        reported += [(one.collection, result)] if junit_file or folder else []
        worse = regressions(before, result) if before else []
        render.findings(worse)
        failed |= result.verdict == "fail" or any(finding.level == "error" for finding in worse)
    _write(reported, junit_file, folder)
    return int(failed)


def _write(reported: "list[tuple[Collection, Result]]", junit_file: Path | None, folder: Path | None) -> None:
    from archiver import disk
    from archiver.qa.junit import junit
    from archiver.qa.report import write_report

    if junit_file:
        disk.write_atomic(junit_file.absolute(), junit(reported), replace=True)
    if folder:
        render.say(str(write_report(reported, folder)), err=True)


def _due(found: "list[Chosen]", *, recheck: bool, named: bool) -> "dict[str, Chosen]":
    """Those that are to be checked now, by id."""
    from archiver.qa.checking import agents
    from archiver.qa.choosing import is_due

    made_by = agents() if recheck and not named else ()
    due = {one.sidecar.id: one for one in found if is_due(one, made_by, recheck=recheck, named=named)}
    if not due and not named:
        again = "Nothing to check again: no result here was made by other versions."
        known = "Nothing to check: what can be checked has its result. `archiver qa ID` tells it."
        render.say(again if recheck else known, err=True)
    return due


def _checked(
    root: Path, due: "dict[str, Chosen]", *, jobs: int, keep: bool
) -> "Iterator[tuple[Chosen, Result | None, Result]]":
    """Each with the result it had before, and the new one."""
    from archiver.qa.checking import Checker

    if not due:
        return
    before: dict[str, Result | None] = {}
    for collection in {one.collection.name: one.collection for one in due.values()}.values() if keep else ():
        render.findings(collection.clear_leftovers())

    def pairs() -> "Iterator[tuple[Collection, Sidecar]]":
        for one in due.values():
            before[one.sidecar.id] = one.before
            yield one.collection, one.sidecar

    with render.progress() as observe, Checker(root, jobs=jobs, keep=keep) as checker:
        for done, checked in enumerate(checker.check(pairs()), 1):
            observe("replaying", done, len(due))
            capture = checked.result.capture
            yield due[capture], before.pop(capture), checked.result


def _tell(one: "Chosen", result: "Result", *, as_json: bool) -> None:
    if as_json:
        render.emit(result.as_json() | {"collection": one.collection.name, "product": result.product or None})
    else:
        show(result)


def show(result: "Result") -> None:
    """One line for people: verdict, completeness, and the reason that weighs most."""
    share = result.measure("completeness")
    facts = f"complete {share:.0%}, {result.seconds:.1f} s" if share is not None else f"{result.seconds:.1f} s"
    head = click.style(f"{result.verdict:5}", fg=COLOURS[result.verdict])
    render.say(f"{head} {result.capture}  {render.plain(result.url)}  ({facts}){_worst(result)}")


def _worst(result: "Result") -> str:
    worst = result.worst
    if worst is None or worst.level == "info":
        return ""
    place = "" if worst.where == result.url else f" {render.plain(worst.where)}"
    others = sum(one.level != "info" for one in result.reasons) - 1
    more = f" and {others} more" if others else ""
    return f" — {worst.code}:{place} {render.plain(worst.message)}{more}"


def brief(result: "Result") -> dict[str, Any]:
    """A result as the JSON line of a capture has it."""
    codes = list(dict.fromkeys(one.code for one in result.reasons if one.level != "info"))
    told = {"verdict": result.verdict, "completeness": result.measure("completeness"), "reasons": codes}
    return told | {"product": result.product or None}


COMMANDS = (qa,)
