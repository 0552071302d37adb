"""`restrict`: who may see what."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archiver.amounts import counted
from archiver.cli import options, render
from archiver.errors import UnknownCapture, UsageError

if TYPE_CHECKING:
    from archiver.access import Rule, Rules, Wish
    from archiver.collection import Collection


@click.command()
@click.argument("captures", nargs=-1, metavar="[ID…]")
@options.collection
@click.option("--url", "urls", multiple=True, metavar="PATTERN", help="An address; with * at its end: all so begun.")
@click.option("--all", "everything", is_flag=True, help="The whole collection.")
@click.option("--access", metavar="KIND", help="open, reading-room, embargo, dark or takedown.")
@click.option("--until", metavar="DATE", help="When an embargo ends: a day (its first moment, UTC), or an instant.")
@click.option("--reason", help="What readers are told; a takedown needs it.")
@click.option("--basis", metavar="CODE", help="The ground: personal-data, court-order, rights-holder, contract …")
@click.option("--note", help="For archivists; readers are not shown it.")
@click.option("--by", envvar="ARCHIVER_BY", help="Who decided it; also from ARCHIVER_BY.")
@click.option("--replaces", multiple=True, metavar="RULE", help="A rule that no longer counts, or `descriptions`.")
@click.option("--lift", "lifted", multiple=True, metavar="RULE", help="End a rule; may be repeated.")
@click.option("--list", "listing", is_flag=True, help="What counts, since when, by whom and why; and what was lifted.")
@click.option("--dry-run", is_flag=True, help="Show how many captures it would reach; change nothing.")
@options.shared
def restrict(
    *,
    root: Path,
    captures: tuple[str, ...],
    name: str | None,
    urls: tuple[str, ...],
    everything: bool,
    access: str | None,
    by: str | None,
    lifted: tuple[str, ...],
    listing: bool,
    dry_run: bool,
    as_json: bool,
    **told: Any,
) -> None:
    """Say who may see captures: some, those of some addresses, or a whole collection.

    Of all rules that reach a capture the strictest counts, and a rule loosens nothing that it does not replace by
    name. Nothing is deleted, and archivists at the command line see everything. docs/access.md explains it.

    \b
    Kinds:
      open           everybody whom the server serves
      reading-room   readers of a server started with --reading-room
      embargo        nobody before --until
      dark           nobody, as if it were not there
      takedown       nobody; readers are told that it was withdrawn, why and when
    Examples:
      archiver restrict 20261122T140112Z-k3v7q2m5xa --access takedown --reason "At her request." --by "M. K."
      archiver restrict --url "https://news.example/2026/*" -c news --access embargo --until 2027-01-01 --by "M. K."
      archiver restrict --all -c news --access reading-room --by "M. K." --dry-run
      archiver restrict --list -c news
      archiver restrict --lift 20261203T091400Z-4tq7w2mzpa --by "M. K." --note "Settled in 2027"
    """
    from archiver.access import Wish, targets
    from archiver.collection import Root

    collections = Root(root).chosen(name)
    if listing:
        for one in collections:
            _list(one, as_json=as_json)
    elif lifted:
        if access or captures or urls or everything:
            raise UsageError("--lift ends rules; it takes no kind and no target.", "Give --lift RULE --by NAME.")
        _lift(collections, lifted, Wish.of("open", by, **told), dry_run=dry_run, as_json=as_json)
    else:
        wish = Wish.of(access, by, **told)
        if not (captures or urls or everything):
            raise UsageError("There is nothing to restrict.", "Give ids, --url PATTERN, or --all.")
        if (urls or everything) and name is None:
            raise UsageError("A rule about addresses or about all is of one collection.", "Name it with -c.")
        for one, ids in _holding(collections, captures, anyway=bool(urls or everything)):
            _enter(one, wish, targets(ids, urls, everything=everything), dry_run=dry_run, as_json=as_json)


def _holding(
    collections: "list[Collection]", captures: tuple[str, ...], *, anyway: bool
) -> "list[tuple[Collection, list[str]]]":
    """The collections with some of the captures, and which; `anyway`: also without. Raises `UnknownCapture`."""
    from archiver.catalogue import open_catalogue

    found, left = [], list(dict.fromkeys(captures))
    for one in collections:
        with open_catalogue(one) as catalogue:
            ids = [capture for capture in left if catalogue.capture(capture)]
        left = [capture for capture in left if capture not in ids]
        if ids or anyway:
            found.append((one, ids))
    for capture in left:
        raise UnknownCapture(capture)
    return found


def _lift(
    collections: "list[Collection]", lifted: tuple[str, ...], wish: "Wish", *, dry_run: bool, as_json: bool
) -> None:
    from archiver.access import rules, targets

    standing = {rule.name: (one, rule) for one in collections for rule in rules(one).standing}
    for name in lifted:
        if name not in standing:
            raise UsageError(f"There is no rule {name!r} that counts.", "`archiver restrict --list` shows the rules.")
        collection, rule = standing[name]
        about = targets(filter(None, [rule.capture]), filter(None, [rule.url]), everything=not rule.capture + rule.url)
        _enter(collection, wish.instead_of(name), about, dry_run=dry_run, as_json=as_json)


def _enter(
    collection: "Collection", wish: "Wish", about: list[dict[str, Any]], *, dry_run: bool, as_json: bool
) -> None:
    from archiver.access import check_replaced, drafted, restrict, rules
    from archiver.catalogue import open_catalogue

    if not dry_run:
        render.findings(collection.clear_leftovers())
    check_replaced(rules(collection), wish.replaces)
    made = drafted(wish, about) if dry_run else restrict(collection, wish, about)
    with open_catalogue(collection) as catalogue:
        reached = catalogue.reached(made)
    for one, count in zip(made, reached, strict=True):
        if as_json:
            status = "planned" if dry_run else "entered"
            render.emit({"collection": collection.name, "status": status, **one.as_json(), "captures": count})
        else:
            ended = f", in place of {', '.join(sorted(one.replaces))}" if one.replaces else ""
            named = "" if dry_run else f" Rule {one.name}."
            reaches = f"{'would reach' if dry_run else 'reaches'} {counted(count, 'capture')}"
            render.say(f"{collection.name}: {_what(one)}{ended}, {reaches}.{named}")


def _list(collection: "Collection", *, as_json: bool) -> None:
    """Every rule that counts and what it reaches, then those that somebody lifted, then what descriptions say."""
    from archiver.access import rules
    from archiver.catalogue import open_catalogue

    known: Rules = rules(collection)
    with open_catalogue(collection) as catalogue:
        reached = dict(zip(known.all, catalogue.reached(known.all), strict=True))
        said = catalogue.said()
    for one in sorted(known.all, key=lambda rule: rule.name in known.replaced):
        later = known.replaced.get(one.name)
        if as_json:
            told = {"collection": collection.name, "counts": later is None, **one.as_json(), "captures": reached[one]}
            render.emit(told | ({"lifted_by": later.name, "lifted_by_whom": later.by} if later else {}))
        else:
            _describe(collection.name, one, later, reached[one])
    described = {"collection description": known.described.access} if known.described else {}
    for where, kind in (
        described | {f"sidecars of {counted(number, 'capture')}": kind for kind, number in said.items()}
    ).items():
        if as_json:
            render.emit({"collection": collection.name, "described": where, "access": kind})
        elif kind != "open":
            render.say(f"{collection.name}: {kind}, says the {where}")


def _describe(name: str, rule: "Rule", later: "Rule | None", count: int) -> None:
    render.say(f"{name}: {_what(rule)}: {counted(count, 'capture')}")
    if rule.unreadable:
        render.say("  its file is missing or damaged; everything is hidden until `archiver repair` brings it back")
    basis = f", on the ground of {render.plain(rule.basis)}" if rule.basis else ""
    render.say(f"  rule {rule.name}, since {rule.at}, by {render.plain(rule.by)}{basis}")
    for label, text in (("readers are told", rule.reason), ("note", rule.note)):
        if text:
            render.say(f"  {label}: {render.plain(text)}")
    if later:
        by = f"{later.at}, by {render.plain(later.by)}"
        render.say(f"  no longer counts: replaced by {later.name} ({later.access}), {by}")


def _what(rule: "Rule") -> str:
    until = f" until {rule.until}" if rule.until else ""
    return f"{rule.access}{until} for {render.plain(rule.target)}"


COMMANDS = (restrict,)
