"""`list` and `search`: captures found by words, fields and dates, for people, programs and bibliographies."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archiver.cli import options, render

if TYPE_CHECKING:
    from archiver.catalogue import Excerpt, Query
    from archiver.catalogue.searching import Found
    from archiver.collection import Collection

FORMS = ("csv", "jsonl", "ris", "bibtex", "csl-json", "dc-xml")
ORDERS = ("captured", "published", "modified", "headline")


def _listing(orders: tuple[str, ...], limit: int | None) -> options.Option:
    """The options that `list` and `search` have in common."""
    told = "" if limit is None else f" [default: {limit}, in an export: all]"
    return options.together(
        click.option("--order", type=click.Choice(orders), default=orders[0], help="By what."),
        click.option("--reverse", is_flag=True, help="The other way round: oldest first, from Z to A."),
        click.option("--limit", type=click.IntRange(1), help=f"At most so many.{told}"),
        click.option("--format", "form", type=click.Choice(FORMS), help="Write all of it in this form instead."),
    )


class Asking(click.Command):
    """A command with a query: a minus before a part of it excludes that, and begins no option (so it is `-c NAME`)."""

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        """Take the exclusions out, and put them where no options are looked for."""
        end = arguments.index("--") if "--" in arguments else len(arguments)
        excluded = [one for one in arguments[:end] if len(one) > 2 and one[0] == "-" and one[1] != "-"]
        rest = [one for one in arguments[:end] if one not in excluded]
        return super().parse_args(context, [*rest, "--", *excluded, *arguments[end + 1 :]])


@click.command("list", cls=Asking)
@click.argument("query", nargs=-1)
@options.collection
@_listing(ORDERS, None)
@options.shared
def list_(  # noqa: PLR0917
    root: Path,
    query: tuple[str, ...],
    name: str | None,
    order: Any,
    reverse: bool,
    limit: int | None,
    form: str | None,
    as_json: bool,
) -> None:
    """List captures, newest first; with a QUERY, those that match.

    Queries are those of `archiver search`.

    \b
    Examples:
      archiver list -c frontline --limit 20
      archiver list verdict:blocked captured-after:2026-11 --order published
      archiver list site:news.example --format csv > articles.csv
    """
    from archiver.catalogue import parse, searching
    from archiver.collection import Root

    asked = searching.Asked(parse(" ".join(query)), order, reverse, limit or -1)
    collections = Root(root).chosen(name)
    found = searching.captures(collections, asked, articles=form is not None)
    render.findings(searching.unread(collections))
    if form:
        _export(form, found)
    elif as_json:
        for one in found:
            render.emit(one.as_json())
    else:
        _table(found)


@click.command(cls=Asking)
@click.argument("query", nargs=-1, required=True)
@click.option("--facets", "count", is_flag=True, help="How many match by outlet, author, language …, not which.")
@options.collection
@_listing(("relevance", *ORDERS), 20)
@options.shared
def search(  # noqa: PLR0917
    root: Path,
    query: tuple[str, ...],
    count: bool,
    name: str | None,
    order: Any,
    reverse: bool,
    limit: int | None,
    form: str | None,
    as_json: bool,
) -> None:
    """Find captures by the words of their articles, best match first.

    All parts of the QUERY must hold: words, "phrases in quotes", beginn* of words, author: section: publisher:
    keyword: headline: text: (words in one place), language:uk, verdict:ok, site:news.example, url:ADDRESS, id:CAPTURE,
    after: and before: a date of publication, or published-after: modified-before: captured-after: and so on.
    A minus before a part excludes it. docs/catalogue.md tells all.

    \b
    Examples:
      archiver search bridge author:kovalenko
      archiver search '"grid held"' published-after:2026-11-20 -language:en
      archiver search 'коле*' section:sport --order published --limit 5
      archiver search bridge --facets
      archiver search bridge --format ris > bridge.ris
    """
    from archiver.catalogue import parse, searching
    from archiver.collection import Root

    collections, asked = Root(root).chosen(name), parse(" ".join(query))
    render.findings(searching.unread(collections))
    if count:
        _facets(collections, asked, limit or 20, as_json=as_json)
        return
    if form:
        everything = searching.Asked(asked, "captured" if order == "relevance" else order, reverse, limit or -1)
        _export(form, searching.captures(collections, everything, articles=True))
        return
    found, total = searching.search(collections, searching.Asked(asked, order, reverse, limit or 20))
    for one in found:
        if as_json:
            render.emit(one.as_json())
        else:
            _hit(one)
    if len(found) < total or not found:
        click.echo(f"{total} captures match" + (f"; these are {len(found)} of them." if found else "."), err=True)


def _table(found: "list[Found]") -> None:
    """A line for each; who may see them only where that is not everybody."""
    rows = (
        [
            one.collection,
            one.row.id,
            one.row.verdict,
            one.row.published[:10],
            one.row.kind if one.row.kind != "open" else "",
            one.row.headline or one.row.final_url,
        ]
        for one in found
    )
    render.table(["collection", "capture", "verdict", "published", "access", "headline"], rows)


def _export(form: str, found: "list[Found]") -> None:
    from archiver.catalogue.citations import references

    for piece in references(form, found):
        click.echo(piece.encode("utf-8", "replace"), nl=False)
    sys.stdout.flush()


def _hit(one: "Found") -> None:
    row = one.row
    click.echo(click.style(render.plain(row.headline or row.final_url), bold=True))
    told = [
        row.id,
        one.collection,
        row.verdict,
        row.publisher,
        row.published[:10] and f"published {row.published[:10]}",
    ]
    click.echo(f"  {' · '.join(render.plain(fact) for fact in told if fact)}")
    if one.excerpt and one.excerpt.text:
        click.echo(f"  {''.join(_marked(one.excerpt))}")


def _marked(excerpt: "Excerpt") -> Iterator[str]:
    """The excerpt with what was looked for standing out, on a terminal."""
    place = 0
    for begin, end in excerpt.marks:
        yield render.plain(excerpt.text[place:begin])
        yield click.style(render.plain(excerpt.text[begin:end]), bold=True, fg="yellow")
        place = end
    yield render.plain(excerpt.text[place:])


def _facets(collections: "list[Collection]", query: "Query", limit: int, *, as_json: bool) -> None:
    from archiver.catalogue.columns import Part
    from archiver.catalogue.shelves import Shelves, Wanted

    found = Shelves(None).find(collections, Wanted(query, part=Part(limit=0, counted="captures")))
    counted = found.most(limit)
    if as_json:
        render.emit(counted)
        return
    rows = (
        [name, value or "(none)", str(number)] for name, values in counted.items() for value, number in values.items()
    )
    render.table(["by", "value", "captures"], rows)


COMMANDS = (list_, search)
