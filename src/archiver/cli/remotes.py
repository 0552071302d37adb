"""Where a remote is: an address, or a name that `archiver.toml` has for one. And `remote lock`."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archiver import AGENT
from archiver.cli import options, render
from archiver.config import REMOTES, Remote
from archiver.errors import PolicyRefusal, UsageError

if TYPE_CHECKING:
    from archiver.stores import Store

KNOWN = "remotes"
"""The folder of a root's state with what was found out about servers."""
METAVAR = "s3://BUCKET/PREFIX|NAME"
Command = Callable[..., Any]

endpoint = click.option("--endpoint-url", metavar="U", help="The S3 server, where it is not AWS.")


def argument(command: Command) -> Command:
    """An argument for the remote and `--endpoint-url`; the command gets `url` and `endpoint_url`.

    A name is looked up in the settings, with the collection of `-c`, where the command has that option.
    """

    @wraps(command)
    def called(*, url: str, endpoint_url: str | None, **rest: Any) -> Any:
        url, endpoint_url = located(url, endpoint_url, rest.get("name"))
        return command(url=url, endpoint_url=endpoint_url, **rest)

    return click.argument("url", metavar=METAVAR)(endpoint(called))


def located(text: str, endpoint_url: str | None = None, collection: str | None = None) -> tuple[str, str | None]:
    """The address and the endpoint of what was typed, for commands that take a remote as an option.

    `endpoint_url` as typed goes before that of the settings. Raises `UsageError` at a name that they do not have.
    """
    if "://" in text:
        return text, endpoint_url
    named: dict[str, Remote] = (click.get_current_context().find_root().default_map or {}).get(REMOTES, {})
    if text not in named:
        known = f"Known are: {', '.join(sorted(named))}." if named else "Write s3://BUCKET/PREFIX, or name it there."
        raise UsageError(f"The settings have no remote {text!r}.", known)
    return named[text].of(collection), endpoint_url or named[text].endpoint_url


def opened(root: Path, url: str, endpoint_url: str | None) -> "Store":
    """The store at an address that was `located`, with what the root knows of it. Raises as `stores.open_store`."""
    from archiver.collection import Root
    from archiver.stores import open_store

    state = Root(root).state.path
    return open_store(url, endpoint_url=endpoint_url, uploads=state / "uploads", known=state / KNOWN)


@click.group()
def remote() -> None:
    """What a remote can do, and how objects there are locked.

    A remote is an address, or a name from the settings: [remotes.NAME] with url and endpoint-url.
    """


@remote.command()
@argument
@click.option("-c", "--collection", "name", metavar="NAME", help="The collection, for a remote with a place for each.")
@options.shared
def doctor(*, root: Path, name: str | None, url: str, endpoint_url: str | None, as_json: bool) -> int:
    """Try out what an S3 endpoint really does, and say what that protects from.

    It writes some 20 objects of a few bytes under PREFIX/probe-…/ and removes them: right and wrong checksums, the same
    key twice, a part of an upload, and in a bucket with Object Lock a version locked for one minute. What the server
    refuses is remembered under ROOT/.archiver/remotes, and left out from then on.

    \b
    Examples:
      archiver remote doctor vault
      archiver remote doctor s3://bucket/frontline --endpoint-url http://127.0.0.1:8333
    """
    import secrets

    from archiver.collection import Root
    from archiver.stores.capability import remember
    from archiver.stores.probe import probe

    found = probe(url, endpoint_url, f"probe-{secrets.token_hex(6)}")
    remember(Root(root).state.path / KNOWN, found)
    if as_json:
        render.emit(found.as_json())
        return found.exit_code
    colours = {"good": "green", "weak": "yellow", "bad": "red"}
    for trait in found.traits:
        answer = click.style(f"{trait.answer:13}", fg=colours[trait.grade])
        click.echo(f"{trait.name:18} {answer} {render.plain(trait.detail)}".rstrip())
    click.echo()
    for line in found.verdicts():
        click.echo(line)
    return found.exit_code


@remote.command()
@click.option("-c", "--collection", "name", required=True, metavar="NAME", help="The collection.")
@click.option(
    "--mode",
    type=click.Choice(["governance", "compliance"]),
    default="governance",
    help="Whether somebody with the right to it may remove an object before its day, or nobody.",
)
@click.option("--days", type=click.IntRange(1, 36_500), default=30, help="For so long.")
@click.option("--legal-hold", is_flag=True, help="Also put a hold on each object, which ends only by hand.")
@click.option("--none", "off", is_flag=True, help="Lock nothing from now on; locks that are there stay.")
@click.option("--acknowledge", is_flag=True, help="Needed for compliance, which forbids what an erasure may demand.")
@options.shared
def lock(
    root: Path, name: str, mode: str, days: int, *, legal_hold: bool, off: bool, acknowledge: bool, as_json: bool
) -> None:
    """Say how a collection's objects at remotes are locked (S3 Object Lock).

    It becomes part of the collection's description. `sync push` locks what it sends; `sync verify` finds what is
    locked too little, and under governance both lock it anew for so many days. docs/remotes.md has the consequences.

    \b
    Examples:
      archiver remote lock -c frontline
      archiver remote lock -c frontline --days 90 --legal-hold
      archiver remote lock -c frontline --none
    """
    from archiver.collection import Root
    from archiver.collection.description import redescribe
    from archiver.ledger import Event

    if mode == "compliance" and not off and not acknowledge:
        raise PolicyRefusal(
            f"COMPLIANCE forbids what an erasure may demand: for {days} days nobody, not even you or a court, can have "
            "an object removed.",
            "Take governance, or repeat with --acknowledge if that is meant.",
        )
    wanted = None if off else {"mode": mode, "days": days, "legal_hold": legal_hold}

    def change(document: dict[str, Any]) -> dict[str, Any]:
        policies = {key: value for key, value in document.get("policies", {}).items() if key != "lock"}
        return document | {"policies": policies | ({"lock": wanted} if wanted else {})}

    file = redescribe(Root(root).collection(name), change, Event("policy assignment", AGENT))
    if as_json:
        render.emit({"collection": name, "lock": wanted, "path": file.path})
    elif wanted is None:
        click.echo(f"{name}: nothing is locked from now on; locks that are there stay until they end.")
    else:
        held = " and with a legal hold" if legal_hold else ""
        click.echo(f"{name}: objects are locked under {mode} for {days} days{held} from the next push or verify on.")


COMMANDS = (remote,)
