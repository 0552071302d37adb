"""`erase`: what the law says must go."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver import amounts
from archiver.cli import options, remotes, render
from archiver.errors import ConflictError, UsageError

if TYPE_CHECKING:
    from archiver.collection import Collection, Root
    from archiver.erasing import Erased, Plan

WORDS = {"erased": "erased", "planned": "would be erased", "known": "was erased before"}


@click.command()
@click.argument("captures", nargs=-1, metavar="[ID…]")
@options.collection
@click.option(
    "--basis",
    metavar="CODE",
    help="The ground: personal-data, court-order, rights-holder, contract, unlawful-content, or other.",
)
@click.option("--by", envvar="ARCHIVER_BY", help="Who decided it; also from ARCHIVER_BY.")
@click.option("--note", help="Where the decision is on file; nothing of what is to go.")
@click.option("--whole-file", is_flag=True, help="Erase all captures of a WARC made by others.")
@click.option("--remote", "places", multiple=True, metavar=remotes.METAVAR, help="Erase there, too; may be repeated.")
@remotes.endpoint
@click.option("--dry-run", is_flag=True, help="Show what would go; change nothing.")
@click.option("--settle", is_flag=True, help="Carry out what was erased before, here and at the remotes named.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.shared
def erase(
    *,
    root: Path,
    captures: tuple[str, ...],
    name: str | None,
    basis: str | None,
    by: str | None,
    note: str | None,
    whole_file: bool,
    places: tuple[str, ...],
    endpoint_url: str | None,
    dry_run: bool,
    settle: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Erase captures for ever, in this copy and in every other that learns of it.

    The WARC goes, with all revisions of the sidecar, index lines, catalogue rows, thumbnails, and every version at the
    remotes. Captures that refer to it for a body get that body first. The ledger says that it went and on what
    ground; who decided it stands in erasures/. There is no way back.

    \b
    Grounds:
      personal-data      somebody whom it tells of has asked for it (GDPR Art. 17, or a like law)
      court-order        a court or an authority has ordered it
      rights-holder      the holder of the rights has asked for it
      contract           an agreement with a source or a publisher ends its keeping
      unlawful-content   the content itself must not be kept
      other              another ground, told in --note
    Examples:
      archiver erase 20261122T140112Z-k3v7q2m5xa --basis personal-data --by "M. K." --note "Request 2026/118"
      archiver erase 20261122T140112Z-k3v7q2m5xa --basis court-order --by "M. K." --remote vault --dry-run
      archiver erase --settle --remote vault
    """
    from archiver import erasing
    from archiver.collection import Root

    whole = Root(root)
    collections = whole.chosen(name)
    if settle:
        if captures:
            raise UsageError("--settle takes no ids.", "It carries out what was erased before.")
        return _settle(whole, collections, places, endpoint_url, as_json=as_json)
    if not captures:
        raise UsageError("There is nothing to erase.", "Give the ids of captures; `archiver list` shows them.")
    request = None if dry_run else erasing.Request.of(basis, by, note)
    codes = (
        []
        if dry_run
        else [_pulled(one, places, endpoint_url, as_json=as_json) for one in _holding(collections, captures)]
    )
    plans = erasing.plan(collections, captures, whole_file=whole_file)
    going = [gone for one in plans for gone in one.going]
    if request is None:
        for done in (done for one in plans for done in erasing.planned(one)):
            _show(done, as_json=as_json)
        return 0
    if going and not yes:
        _ask(plans)
    for one in plans:
        render.findings(one.collection.clear_leftovers())  # they may hold of what is to go
        with render.progress(quiet=as_json) as observe:
            for done in erasing.erase(one, request, observe):
                _show(done, as_json=as_json)
                codes.append(render.worst(done.findings))
        codes.append(_finish(whole, one.collection, places, endpoint_url, as_json=as_json))
    return max(codes, default=0)


def _holding(collections: "Sequence[Collection]", captures: Sequence[str]) -> "list[Collection]":
    return [one for one in collections if {*captures} & {*one.captures()}]


def _ask(plans: "list[Plan]") -> None:
    """Show what would go, and ask. Raises `UsageError` where nobody can answer."""
    from archiver.erasing import planned

    if not sys.stdin.isatty() or not sys.stderr.isatty():
        raise UsageError("Nobody can be asked here.", "Look with --dry-run, then give --yes.")
    for one in plans:
        for done in planned(one):
            _describe(done, err=True)
    click.confirm("Erase for ever?", abort=True, err=True)


def _show(done: "Erased", *, as_json: bool) -> None:
    if as_json:
        render.emit(done.as_json())
    else:
        _describe(done)
    render.findings(done.findings)


def _describe(done: "Erased", *, err: bool = False) -> None:
    size = sum(file.bytes for file in done.removed)
    told = f": {len(done.removed)} files, {amounts.size(size)}" if done.removed else ""
    render.say(f"{done.capture} in {done.collection} {WORDS[done.status]}{told}", err=err)
    for file in done.removed:
        render.say(f"  - {render.plain(file.path)}", err=err)
    words = "may refer to it for a body; then it gets that body" if done.status == "planned" else "was made whole first"
    for capture in done.rewritten:
        render.say(f"  {capture} {words}", err=err)


def _settle(
    root: "Root", collections: "list[Collection]", places: tuple[str, ...], endpoint_url: str | None, *, as_json: bool
) -> int:
    codes = []
    for one in collections:
        codes.append(_pulled(one, places, endpoint_url, as_json=as_json))
        with render.progress(quiet=as_json) as observe:
            findings = one.clear_leftovers() + one.settle(observe)
        if as_json:
            render.emit({"collection": one.name, "findings": [found.as_json() for found in findings]})
        render.findings(findings)
        codes.append(render.worst(findings))
        codes.append(_finish(root, one, places, endpoint_url, as_json=as_json))
    return max(codes, default=0)


def _pulled(collection: "Collection", places: tuple[str, ...], endpoint_url: str | None, *, as_json: bool) -> int:
    """Bring from the remotes what is not here: captures made elsewhere may depend on what is to go."""
    from archiver.stores import open_store
    from archiver.sync import pull

    code = 0
    for place in places:
        url, endpoint = remotes.located(place, endpoint_url, collection.name)
        with render.progress(quiet=as_json) as observe:
            report = pull(collection, open_store(url, endpoint_url=endpoint), progress=observe)
        if report.conflict:
            render.findings(report.findings)
            raise ConflictError(f"{collection.name} could not be pulled from {url}.", "Nothing was erased; pull first.")
        empty = all(found.code == "remote-empty" for found in report.findings if found.level == "error")
        render.findings(found for found in report.findings if found.code != "remote-empty")
        code = max(code, 0 if empty else report.exit_code)
    return code


def _finish(
    root: "Root", collection: "Collection", places: tuple[str, ...], endpoint_url: str | None, *, as_json: bool
) -> int:
    """The queue forgets the addresses; the deletion goes to the remotes, and the files there go."""
    from archiver.jobs.queue import forget
    from archiver.stores import open_store
    from archiver.sync import push

    forget(root.path, collection.name, collection.holdings().erased)
    code = 0
    for place in places:
        url, endpoint = remotes.located(place, endpoint_url, collection.name)
        with render.progress(quiet=as_json) as observe:
            report = push(collection, open_store(url, endpoint_url=endpoint), erase_again=True, progress=observe)
        if as_json:
            render.emit(report.as_json())
        render.findings(report.findings)
        code = max(code, report.exit_code)
    return code


COMMANDS = (erase,)
