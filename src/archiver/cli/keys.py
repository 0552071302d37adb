"""`keys`: who signs, and whose signatures are believed."""

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.cli import options, render
from archiver.errors import UnreadableInput, UsageError

if TYPE_CHECKING:
    from archiver.proof import Key, Keyring


@click.group()
def keys() -> None:
    """Keys to sign with, and the keys of others that you know.

    They lie in your own config folder ($XDG_CONFIG_HOME/archiver/keys), never under a root.

    \b
    Examples:
      archiver keys new --name "Museum of X"
      archiver keys trust museum-y.pem --name "Museum of Y"
    """


def keyring_of(root: Path) -> "Keyring":
    """The user's own keys. Keys under a root would be carried away with it."""
    from archiver.proof import Keyring

    ring = Keyring()
    if ring.folder.resolve().is_relative_to(root.resolve()):
        raise UsageError(f"{ring.folder} lies under the root {root}.", "Set XDG_CONFIG_HOME to a folder elsewhere.")
    return ring


def passphrase_of(key_id: str) -> str:
    """What opens a key: from the environment, or asked for."""
    given = os.environ.get("ARCHIVER_KEY_PASSPHRASE")
    return given if given is not None else click.prompt(f"Passphrase of {key_id}", hide_input=True, err=True)


@keys.command()
@click.option("--name", required=True, help="Whose key it is: an institution rather than a person. All will read it.")
@click.option("--passphrase", is_flag=True, help="Protect it; asked for, or taken from ARCHIVER_KEY_PASSPHRASE.")
@options.shared
def new(root: Path, name: str, *, passphrase: bool, as_json: bool) -> None:
    """Make a key of your own.

    \b
    Example:
      archiver keys new --name "Museum of X"
    """

    phrase = ""
    if passphrase:
        given = os.environ.get("ARCHIVER_KEY_PASSPHRASE")
        phrase = given or click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)
    ring = keyring_of(root)
    _told(ring.new(name, phrase), as_json=as_json)
    if not as_json:
        click.echo(f"Keep a copy of {ring.folder} in a safe place, and tell others the key id in person.")


@keys.command("list")
@options.shared
def list_(root: Path, as_json: bool) -> None:
    """List the keys: your own and those of others; and the time-stamping authorities that you trust.

    \b
    Example:
      archiver keys list
    """
    from archiver.proof.stamps import subjects

    ring = keyring_of(root)
    found = ring.all()
    authorities = {name: subjects(pem) for name, pem in ring.trusted_authorities().items()}
    if as_json:
        for key in found:
            render.emit(key.as_json())
        for name, subject in authorities.items():
            render.emit({"authority": name, "name": subject})
    else:
        rows = [[key.id, key.kind, key.added, key.state, key.name] for key in found]
        rows += [[name, "authority", "", "", subject] for name, subject in authorities.items()]
        render.table(["id", "kind", "since", "state", "name"], rows)


@keys.command()
@click.argument("key_id", metavar="[KEYID]", required=False)
@options.shared
def show(root: Path, key_id: str | None, as_json: bool) -> None:
    """Print a public key (PEM) with its id, to hand to others. Without KEYID: the one you sign with.

    \b
    Example:
      archiver keys show > museum-x.pem
    """

    ring = keyring_of(root)
    key = ring.key(key_id) if key_id else ring.signer()
    if as_json:
        render.emit(key.as_json())
    else:
        click.echo(f"{render.plain(key.name)}: key {key.id}{', ' + key.state if key.state else ''}", err=True)
        click.echo(key.public_key, nl=False)


@keys.command()
@click.argument("source", metavar="FILE|KEYID")
@click.option("--name", help="Whose key it is; needed for a key, not for an authority.")
@options.shared
def trust(root: Path, source: str, name: str | None, as_json: bool) -> None:
    """Know somebody's public key by a name; or trust a time-stamping authority.

    FILE holds a public key or, for an authority, its certificates (PEM). KEYID is a key that came with a collection:
    trust it only if its owner told you this id by another way.

    \b
    Examples:
      archiver keys trust museum-y.pem --name "Museum of Y"
      archiver keys trust 5f0c7a3e9d1b2a64 --name "Museum of Y"
      archiver keys trust authority-root.pem
    """
    from archiver.collection import Root
    from archiver.proof.keys import key_id

    brought = [one.path / "proofs/keys" / f"{source}.pem" for one in Root(root).collections()]
    if not (file := next((path for path in (Path(source), *brought) if path.is_file()), None)):
        raise UnreadableInput(source, "there is no such file, and no collection brought a key of that id")
    pem = file.read_bytes()
    if file in brought and key_id(pem, str(file)) != source:
        raise UnreadableInput(
            str(file), "it is another key than its name says", "Somebody put it there. Trust nothing of it."
        )
    if b"CERTIFICATE" in pem:
        digest = keyring_of(root).trust_authority(pem, str(file))
        render.emit({"authority": digest}) if as_json else click.echo(
            f"Time stamps by the authority {digest} are trusted."
        )
    elif name is None:
        raise click.UsageError("--name is needed: say whose key it is.")
    else:
        _told(keyring_of(root).trust(pem, name, str(file)), as_json=as_json)


@keys.command()
@click.argument("known", metavar="KEYID|AUTHORITY")
@click.option("--reason", default="", help="Why; needed for a key. `verify` tells it with each of its signatures.")
@options.shared
def distrust(root: Path, known: str, reason: str, as_json: bool) -> None:
    """Believe nothing that somebody's key signed, whenever that was; or no longer trust an authority.

    For a key that was never theirs, or that others have had since nobody knows when. If it is known since when: `keys
    lost KEYID --since TIME`, and what a trusted time stamp shows to be older still stands. `keys trust` takes it back.
    `keys list` shows the ids.

    \b
    Examples:
      archiver keys distrust 5f0c7a3e9d1b2a64 --reason "Museum of Y says that its key was copied"
      archiver keys distrust 0f3ac01b9d21
    """
    key = keyring_of(root).distrust(known, reason)
    if as_json:
        render.emit(key.as_json() if key else {"authority": known, "trusted": False})
    else:
        click.echo(
            f"{render.plain(key.name)}: key {key.id}, {render.plain(key.state)}"
            if key
            else f"Time stamps by the authority {known} are not trusted any more."
        )


@keys.command()
@click.argument("key_id", metavar="KEYID")
@options.shared
def retire(root: Path, key_id: str, as_json: bool) -> None:
    """Let a new key take over from KEYID.

    Both sign that it is so, and whoever trusts the old one then trusts the new one. The old private key is removed.
    Sign your collections afterwards: that takes the news to others.

    \b
    Example:
      archiver keys retire 5f0c7a3e9d1b2a64
    """

    _told(keyring_of(root).retire(key_id, passphrase_of), as_json=as_json)


@keys.command()
@click.argument("key_id", metavar="KEYID")
@click.option(
    "--since",
    metavar="TIME",
    help="Since when somebody else may have it: UTC, as 2026-11-22T14:00:00Z. Now if left out.",
)
@options.shared
def lost(root: Path, key_id: str, since: str | None, as_json: bool) -> None:
    """Say that KEYID was lost or stolen, and is not to be believed from then on.

    For a key of your own another one signs this, made if need be; sign your collections afterwards, and tell others the
    new id. What a trusted time stamp shows to be older still stands.

    \b
    Example:
      archiver keys lost 5f0c7a3e9d1b2a64 --since 2026-11-22T14:00:00Z
    """
    from archiver.model import now, timestamp

    heir = keyring_of(root).lose(key_id, _instant(since) if since else timestamp(now()), passphrase_of)
    if heir:
        _told(heir, as_json=as_json)
        if not as_json:
            click.echo(
                "Tell those who trust you the new id by another way, and sign every collection: archiver sign -c NAME"
            )
    elif as_json:
        render.emit(keyring_of(root).key(key_id).as_json())


def _instant(text: str) -> str:
    from archiver.model import timestamp

    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.UsageError(f"{text!r} is no time such as 2026-11-22T14:00:00Z.") from error
    if at.tzinfo is None:
        raise click.UsageError(f"{text!r} does not say in which time zone; Z at its end is UTC.")
    return timestamp(at)


def _told(key: "Key", *, as_json: bool) -> None:
    if as_json:
        render.emit(key.as_json())
    else:
        click.echo(f"{key.id}  {render.plain(key.name)}")


COMMANDS = (keys,)
