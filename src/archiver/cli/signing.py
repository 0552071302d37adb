"""`sign`, and what commands share that sign: which key, and whose time stamp."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.amounts import counted
from archiver.cli import options, render
from archiver.cli.keys import keyring_of, passphrase_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from archiver.proof import Key, Keyring
    from archiver.proof.stamps import StampFailed

with_key = options.together(
    click.option("--key", "key_id", metavar="KEYID", help="The key to sign with, where you have several."),
    click.option("--tsa", metavar="URL", help="Also get a time stamp (RFC 3161) from this authority."),
    click.option(
        "--tsa-ca",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="The authority's certificates (PEM): its stamp must lead to them.",
    ),
)
"""The options of commands that sign: with which key, and stamped by whom."""


def opened(root: Path, key_id: str | None) -> "tuple[Keyring, Key, Ed25519PrivateKey]":
    """The key to sign with, its passphrase asked for where it has one."""
    ring = keyring_of(root)
    key = ring.signer(key_id)
    return ring, key, ring.open(key, passphrase_of)


def failed(failure: "StampFailed | None") -> int:
    """Say that there is no time stamp, if so; the exit code."""
    if failure is None:
        return 0
    click.secho(f"archiver: {render.plain(str(failure))}", err=True, fg="red")
    click.echo(f"  {failure.hint}", err=True)
    return failure.exit_code


@click.command()
@options.collection
@with_key
@options.shared
def sign(
    *, root: Path, name: str | None, key_id: str | None, tsa: str | None, tsa_ca: Path | None, as_json: bool
) -> int:
    """Sign what the ledger says.

    Seals it and signs its heads, and with them every file of the collection as it is. Statement, signature, public key
    and time stamp go into `proofs/` and can be checked with openssl alone (docs/proof.md).

    \b
    Examples:
      archiver sign -c frontline
      archiver sign -c frontline --tsa https://tsa.example/ --tsa-ca tsa-root.pem
    """
    from archiver.cli.checks import chosen
    from archiver.proof import sign_collection

    ring, key, private = opened(root, key_id)
    authority = tsa_ca.read_bytes() if tsa_ca else None
    code = 0
    for collection in chosen(root, name):
        render.findings(collection.clear_leftovers())
        signed = sign_collection(collection, ring, key, private, tsa=tsa, tsa_ca=authority)
        if as_json:
            render.emit(signed.as_json())
        else:
            heads, files = len(signed.statement.document["heads"]), signed.statement.document["files"]
            stamp = f", stamped at {signed.stamp.at} by {render.plain(signed.stamp.authority)}" if signed.stamp else ""
            click.echo(f"{collection.name}: {counted(heads, 'head')}, {files} files, signed with {key.id}{stamp}")
            click.echo(f"  {collection.path / signed.files[-1].path}")
        code = failed(signed.failure) or code
    return code


COMMANDS = (sign,)
