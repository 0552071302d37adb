"""`export` and `import`: packages that others can read, and those of others."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver import amounts
from archiver.cli import options, render, signing
from archiver.cli.collecting import target
from archiver.errors import UnreadableInput

if TYPE_CHECKING:
    from archiver.package import Form


@click.command()
@click.argument("out", type=click.Path(path_type=Path), metavar="OUT")
@click.option("-c", "--collection", "name", required=True, metavar="NAME", help="The collection.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["wacz", "bagit"]),
    required=True,
    help="wacz: one file that players open. bagit: a folder for keeping and handing over.",
)
@click.option("--capture", "captures", multiple=True, metavar="ID", help="Only this capture; may be repeated.")
@click.option(
    "--organization",
    default="",
    show_default=False,
    metavar="TEXT",
    help="Who hands the bag over: its Source-Organization.",
)
@click.option("--with-restricted", is_flag=True, help="Also captures that are not open, and the access rules.")
@click.option("--sign", is_flag=True, help="Sign it: with files beside it, and in a WACZ file also inside.")
@signing.with_key
@options.shared
def export(
    *,
    root: Path,
    out: Path,
    name: str,
    form: "Form",
    captures: tuple[str, ...],
    organization: str,
    with_restricted: bool,
    sign: bool,
    key_id: str | None,
    tsa: str | None,
    tsa_ca: Path | None,
    as_json: bool,
) -> int:
    """Write a package of a collection, or of some of its captures, to OUT.

    With a capture go those that hold the originals of what it only refers to. WARC files stay byte for byte as they
    are; sidecars, schemas, and the lines of the ledger go with them. Nothing is replaced.

    Captures that are not open to everybody are left out, and that is said; --with-restricted hands them over.

    \b
    Examples:
      archiver export -c frontline --format wacz frontline.wacz
      archiver export -c frontline --format bagit bags/frontline-2026 --organization "Museum of News"
      archiver export -c frontline --format wacz one.wacz --capture 20261122T140112Z-k3v7q2m5xa --sign
    """
    from archiver.collection import Root
    from archiver.package import export as run
    from archiver.proof.packages import refuse_signed, sign_package
    from archiver.proof.wacz import signed_data

    if not sign and (key_id or tsa_ca):
        raise click.UsageError("--key and --tsa-ca are for --sign.")
    collection, inside = Root(root).collection(name), None
    if sign:
        _, key, private = signing.opened(root, key_id)
        refuse_signed(out)
        inside = partial(signed_data, private=private)
    with render.progress(quiet=as_json) as observe:
        made = run(
            collection,
            out,
            form,
            captures,
            organization=organization,
            with_restricted=with_restricted,
            sign=inside,
            progress=observe,
        )
    if as_json:
        render.emit(made.as_json())
    else:
        render.findings(made.findings)
        told = f"{amounts.counted(len(made.captures), 'capture')}, {made.files} files, {amounts.size(made.bytes)}"
        click.echo(f"Wrote {render.plain(made.path)}: {told}")
    if not sign:
        return render.worst(made.findings)
    signed = sign_package(out, key, private, tsa=tsa, tsa_ca=tsa_ca.read_bytes() if tsa_ca else None)
    return signing.failed(signed.failure) or render.worst(made.findings)


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
@click.option("-c", "--collection", "name", default="default", help="Where they go.")
@options.tsa_ca
@options.shared
def import_(root: Path, files: tuple[Path, ...], name: str, as_json: bool) -> int:
    """Take in WARC files, WACZ files, bags, or folders of these.

    They are kept byte for byte. Captures that were exported come back with their own ids and corrections; of other
    WARC files each page gets a sidecar. A package in which anything is wrong is refused as a whole.

    \b
    Examples:
      archiver import -c frontline crawl-00000.warc.gz
      archiver import -c frontline frontline.wacz bags/frontline-2026
    """
    from archiver.collection import Root
    from archiver.package import import_all

    if not any(file.exists() for file in files):  # before a collection is made for them
        raise UnreadableInput(str(files[0]), "there is no such file or folder", "Check the path, or mount the disk.")
    collection = target(Root(root), name)
    render.findings(collection.clear_leftovers())
    codes = []
    with render.progress(quiet=as_json) as observe:
        for outcome in import_all(files, collection, observe):
            codes.append(0 if outcome.error is None else outcome.error.exit_code)
            if as_json:
                render.emit(outcome.as_json())
            elif outcome.path:
                render.say(f"{render.plain(outcome.file)}: {len(outcome.captures)} pages, kept as {outcome.path}")
            if not as_json or outcome.error is not None:
                render.findings(outcome.findings)
    return codes[0] if len(set(codes)) == 1 else 1


COMMANDS = (export, import_)
