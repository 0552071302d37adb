"""`certificate`: one capture, for people, with all that vouches for it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.cli import options, render

if TYPE_CHECKING:
    from archiver.words import Language


@click.command()
@click.argument("capture_id", metavar="ID")
@options.collection
@click.option("-o", "out", type=options.FILE, help="Where to write the page. Default: certificate-ID.html.")
@click.option(
    "--language", type=click.Choice(["en", "uk"]), default="en", help="The page's language: English or Ukrainian."
)
@options.tsa_ca
@options.shared
def certificate(
    *, root: Path, capture_id: str, name: str | None, out: Path | None, language: "Language", as_json: bool
) -> int:
    """Write a certificate of one capture: a page for people.

    What was captured, when, from where and how; digests; its place in the ledger; who signed for it and when; and how
    to check all this with standard tools alone. Its files are read again; exit 1 if one is not what the ledger says.

    \b
    Examples:
      archiver certificate 20261122T140112Z-k3v7q2m5xa
      archiver certificate 20261122T140112Z-k3v7q2m5xa --language uk -o bridge.html
    """
    from archiver import disk
    from archiver.certificate import certificate as gather
    from archiver.certificate import page
    from archiver.collection import Root
    from archiver.proof import Keyring, Trust

    made = gather(Root(root), capture_id, name, Trust.of(Keyring()))
    if out or not as_json:
        out = out or Path(f"certificate-{capture_id}.html")
        disk.write_atomic(out.absolute(), page(made, language).encode())
    if as_json:
        render.emit(made.as_json())
    else:
        for one in made.files:
            if one.state != "agrees":
                render.say(f"{render.plain(one.file.path)}: {one.state}")
        render.findings(made.findings)
        names = dict.fromkeys(one.signer.name if one.signer else f"key {one.statement.key}" for one in made.signings)
        signed = render.plain(", ".join(names))
        click.echo(f"{out}: {'sound' if made.ok else 'NOT sound'}, {f'signed by {signed}' if signed else 'not signed'}")
    return int(not made.ok)


COMMANDS = (certificate,)
