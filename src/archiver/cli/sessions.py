"""`profile` and `unseal`, and the options of captures that a reader's session needs."""

import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archiver.cli import options, render
from archiver.errors import UnreadableInput, UsageError

if TYPE_CHECKING:
    from archiver.redaction import Policy, Secrecy
    from archiver.session import BasicAuth, Profile, Profiles

PASSWORD = "ARCHIVER_BASIC_AUTH_PASSWORD"
LARGEST = 16 << 20

SESSION = (
    click.option("--profile", metavar="NAME", help="Visit as the reader of this profile; see `archiver profile`."),
    click.option(
        "--basic-auth",
        metavar="USER",
        help=f"Give USER and a password to the seed's own site. The password is asked for, or taken from {PASSWORD}.",
    ),
    click.option(
        "--secrets",
        type=click.Choice(["redact", "seal", "keep"]),
        show_default="redact with a profile or a password, else keep",
        help="What becomes of cookies, passwords and tokens.",
    ),
    click.option(
        "--seal-for",
        type=options.FILE,
        metavar="FILE",
        help="Public keys of age; their owners can read what was taken out.",
    ),
)
SECRET = frozenset({"basic_auth"})
"""Of these options, those whose values no sidecar tells."""


def _basic_auth(user: str | None) -> "BasicAuth | None":
    from archiver.session import BasicAuth

    if not user:
        return None
    if ":" in user:  # RFC 7617 §2; and a password on the command line can be read by others on the machine
        raise UsageError("--basic-auth takes the user name alone.", f"Set {PASSWORD}, or type the password when asked.")
    return BasicAuth(user, _password(user))


@cache
def _password(user: str) -> str:
    """Asked for once."""
    if (password := os.environ.get(PASSWORD)) is not None:
        return password
    if not sys.stdin.isatty():
        raise UsageError("There is no password for --basic-auth.", f"Set {PASSWORD}; nobody is here to be asked.")
    return str(click.prompt(f"Password of {render.plain(user)}", hide_input=True, err=True))


def secrecy(root: Path, chosen: dict[str, Any]) -> "Secrecy":
    """As whom the options say that pages shall be visited, and what becomes of the secrets. Raises `UsageError`."""
    from archiver.redaction import Secrecy, read_recipients
    from archiver.session import NOBODY, Session

    profile = _profiles(root).load(chosen["profile"]) if chosen["profile"] else None
    session = Session(profile, _basic_auth(chosen["basic_auth"]))
    file = chosen["seal_for"]
    policy: Policy = chosen["secrets"] or ("seal" if file else "keep" if session == NOBODY else "redact")
    if (policy == "seal") != bool(file):
        raise UsageError("--secrets seal and --seal-for FILE go together.", "Leave --secrets out, or name a file.")
    return Secrecy(policy, session, read_recipients(file) if file else ())


@click.group()
def profile() -> None:
    """Sign in once, and capture as that reader.

    A profile is kept under ROOT/.archiver/ for your eyes only. Its values are never shown.

    \b
    Examples:
      archiver profile create subscriber https://example.org/login
      archiver profile import subscriber cookies.txt
      archiver capture --profile subscriber https://example.org/article
    """


def _profiles(root: Path) -> "Profiles":
    from archiver.collection import Root
    from archiver.session import Profiles

    return Profiles(Root(root).state.path / "profiles")


@profile.command()
@click.argument("name")
@click.argument("url", default="about:blank")
@options.shared
def create(root: Path, name: str, url: str, as_json: bool) -> None:
    """Show a browser to sign in with.

    Close its window, or press Enter here, when you are signed in.

    \b
    Example:
      archiver profile create subscriber https://example.org/login
    """
    import asyncio

    from archiver.engines.guard import check_url

    profiles = _profiles(root)
    profiles.check_free(name)
    render.say("Sign in, then close the window or press Enter here.", err=True)
    state = asyncio.run(_signed_in(url if url == "about:blank" else check_url(url)))
    _keep(profiles, name, json.dumps(state).encode(), "the browser", as_json=as_json)


async def _signed_in(url: str) -> dict[str, Any]:
    import asyncio

    from archiver.browser.signin import sign_in

    said = asyncio.Event()
    if sys.stdin.isatty():
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), said.set)
    return await sign_in(url, said)


@profile.command("import")
@click.argument("name")
@click.argument("file", type=options.FILE)
@options.shared
def import_(root: Path, name: str, file: Path, as_json: bool) -> None:
    """Take cookies over from another browser.

    FILE is a cookies.txt, or the JSON that an extension or Playwright has written.

    \b
    Example:
      archiver profile import subscriber cookies.txt
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        raise UnreadableInput(str(file), (error.strerror or str(error)).lower()) from error
    _keep(_profiles(root), name, content, str(file), as_json=as_json)


def _keep(profiles: "Profiles", name: str, content: bytes, where: str, *, as_json: bool) -> None:
    from archiver.model import now, timestamp
    from archiver.session import Profile, check_name, read_state

    cookies, storage, user_agent = read_state(content, where)
    made = Profile(check_name(name), timestamp(now()), user_agent, cookies, storage)
    profiles.save(made)
    if as_json:
        render.emit(_summary(made))
    else:
        click.echo(f"Kept profile {name}. Capture with it: archiver capture --profile {name} URL")


@profile.command("list")
@options.shared
def list_(root: Path, as_json: bool) -> None:
    """List the profiles.

    \b
    Example:
      archiver profile list
    """
    profiles = _profiles(root)
    found = [_summary(profiles.load(name)) for name in profiles.names()]
    if as_json:
        for one in found:
            render.emit(one)
    else:
        render.table(
            ["name", "created", "cookies", "origins"], ([str(value) for value in one.values()] for one in found)
        )


def _summary(one: "Profile") -> dict[str, Any]:
    return {"name": one.name, "created": one.created, "cookies": len(one.cookies), "origins": len(one.storage)}


@profile.command()
@click.argument("name")
@options.shared
def show(root: Path, name: str, as_json: bool) -> None:
    """Show what a profile holds: names and expiry dates, no values.

    \b
    Example:
      archiver profile show subscriber
    """
    one = _profiles(root).load(name)
    if as_json:
        render.emit(one.outline())
        return
    click.echo(f"{one.name}, made {one.created}{f' by {render.plain(one.user_agent)}' if one.user_agent else ''}")
    told = one.outline()
    rows = [[cookie["domain"], cookie["name"], cookie["expires"] or "with the session"] for cookie in told["cookies"]]
    rows += [[origin["origin"], entry, "stored"] for origin in told["origins"] for entry in origin["names"]]
    render.table(["where", "name", "ends"], rows)


@profile.command()
@click.argument("name")
@options.shared
def delete(root: Path, name: str, as_json: bool) -> None:
    """Delete a profile. What was captured with it stays.

    \b
    Example:
      archiver profile delete subscriber
    """
    _profiles(root).delete(name)
    if as_json:
        render.emit({"deleted": name})
    else:
        click.echo(f"Deleted profile {render.plain(name)}.")


@click.command()
@click.argument("capture_id", metavar="ID")
@click.option("--identity", type=options.FILE, required=True, help="File with the secret key of age.")
@options.collection
@options.shared
def unseal(root: Path, capture_id: str, identity: Path, name: str | None, as_json: bool) -> None:
    """Print what was taken out of a sealed capture.

    One line for each place: the record, where in it, and what stood there, its bytes as Latin-1.

    \b
    Example:
      archiver unseal 20261122T140112Z-abcdefghij --identity key.txt
    """
    from archiver.collection import Root
    from archiver.redaction import unseal as opened

    collection, sidecar = Root(root).find(capture_id, name)
    for line in opened(collection.local(sidecar.warc_file), identity):
        told = json.loads(line)
        if as_json:
            render.emit(told)
        else:
            place = f"{told['place']} {told.get('offset', '')}".strip()
            click.echo(render.plain(f"{told['record']} {told['url']} {place}: {told['value']}"))


COMMANDS = (profile, unseal)
