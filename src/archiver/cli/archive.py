"""`list`, `show`, `reindex`: what is in the archive."""

from pathlib import Path

import click

from archiver.cli import options, render


@click.command("list")
@options.collection
@click.option("--words", default="", help="Only captures with all these words in headline, author, publisher or URL.")
@click.option("--limit", type=click.IntRange(1), help="At most so many of each collection, newest first.")
@options.shared
def list_(root: Path, name: str | None, words: str, limit: int | None, as_json: bool) -> None:
    """List captures, newest first.

    \b
    Example:
      archiver list -c frontline --words bridge
    """
    from archiver.catalogue import open_catalogue
    from archiver.collection import Root

    rows = []
    for collection in Root(root).chosen(name):
        with open_catalogue(collection) as catalogue:
            for row in catalogue.captures(words=words, limit=limit or -1):
                if as_json:
                    render.emit({"collection": collection.name} | row.as_json())
                else:
                    rows.append(
                        [collection.name, row.id, row.verdict, row.published[:10], row.headline or row.final_url]
                    )
    if not as_json:
        render.table(["collection", "capture", "verdict", "published", "headline"], rows)


@click.command()
@click.argument("capture_id", metavar="ID")
@options.collection
@options.shared
def show(root: Path, capture_id: str, name: str | None, as_json: bool) -> None:
    """Show one capture and where its files are.

    \b
    Example:
      archiver show 20261122T140112Z-k3v7q2m5xa
    """
    from archiver.collection import Root

    collection, sidecar = Root(root).find(capture_id, name)
    document = sidecar.document
    warc = collection.local(document["warc"]["file"])
    if as_json:
        render.emit({"collection": collection.name, "warc": str(warc), "sidecar": document})
        return
    capture, article = document["capture"], document.get("article", {})
    facts = {
        "capture": capture_id,
        "collection": collection.name,
        "headline": article.get("headline", ""),
        "published": article.get("datePublished", ""),
        "modified": article.get("dateModified", ""),
        "captured": capture["captured_at"],
        "from": capture["final_url"],
        "verdict": " — ".join([sidecar.verdict, *sidecar.reasons]),
        "engine": f"{capture['engine']} ({capture['fidelity']})",
        "warc": str(warc),
    }
    for label, value in facts.items():
        if value:
            click.echo(f"{label:11} {render.plain(str(value))}")


@click.command()
@options.collection
@options.shared
def reindex(root: Path, name: str | None, as_json: bool) -> None:
    """Make index and catalogue again.

    WARCs, sidecars and ledger are only read.

    \b
    Example:
      archiver reindex -c frontline
    """
    from archiver.collection import Root
    from archiver.reindex import reindex as rebuild

    for collection in Root(root).chosen(name):
        made = rebuild(collection)
        if as_json:
            render.emit(made.as_json())
        else:
            click.echo(f"{made.collection}: {made.captures} captures, {made.lines} index lines")


COMMANDS = (list_, show, reindex)
