"""`replay`: the researchers' web app and pywb behind it."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import click

from archiver.amounts import counted
from archiver.cli import options, remotes, render
from archiver.config import COLLECTION
from archiver.errors import UsageError


@click.command()
@click.option("--host", default="127.0.0.1", help="Where the web app listens.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, help="0: any free one.")
@click.option("--replay-port", type=click.IntRange(0, 65535), default=8081)
@click.option("--app-url", metavar="URL", help="The app's address for readers, where others than this machine read.")
@click.option(
    "--replay-url", metavar="URL", help="That of archived pages: another host name, for cookies ignore ports."
)
@click.option("--login", metavar="token|header:NAME", help="Who is let in: who knows the token, or whom a proxy names.")
@click.option("--token-file", type=options.FILE, help="Where the token is kept; made if it is not there.")
@click.option("--trusted-proxy", multiple=True, metavar="ADDRESS", help="Whose word in that header is taken.")
@click.option("--open-to-all", is_flag=True, help="Let everybody in who reaches these ports.")
@click.option("--reading-room", is_flag=True, help="Readers sit in the reading room: show what is kept for it, too.")
@click.option(
    "--workers", type=click.IntRange(1, 64), help="Processes that replay.  [default: one for each core, at most 4]"
)
@click.option(
    "--remote",
    metavar=remotes.METAVAR,
    help="Read WARCs that are not here from their copies there; {collection} in it is replaced.",
)
@remotes.endpoint
@options.tsa_ca
@options.shared
def replay(
    root: Path,
    host: str,
    port: int,
    replay_port: int,
    *,
    app_url: str | None,
    replay_url: str | None,
    login: str | None,
    token_file: Path | None,
    trusted_proxy: tuple[str, ...],
    open_to_all: bool,
    reading_room: bool,
    workers: int | None,
    remote: str | None,
    endpoint_url: str | None,
    as_json: bool,
) -> None:
    """Open the archive in a browser.

    A web app for researchers, and the replayed pages on an origin of their own.

    What access rules hide is not shown; docs/access.md tells how they are set.

    Where other machines can reach it, readers log in: with --login token, or by a proxy that knows them. App and
    archived pages then have a host name each. docs/safe-replay.md tells how, and what archived pages cannot do.

    Runs until Ctrl-C. New captures appear without a restart.

    With --remote, WARCs that are not on this disk are read from their copies in a store, record by record; the index
    is the one here. docs/replay-remote.md tells how a machine without WARCs gets one.

    \b
    Examples:
      archiver replay --port 8080
      archiver replay --host 0.0.0.0 --app-url https://archive.example.org --replay-url https://replay.example.org \\
          --login token --token-file token.txt
      archiver replay --remote s3://bucket/frontline
      archiver replay --remote "s3://bucket/{collection}" --endpoint-url https://s3.example.org
    """
    from archiver.access import Reader
    from archiver.replay import Replay, default_workers, serve
    from archiver.replay.admission import admission

    readers, token = admission(host, login, token_file, trusted_proxy, open_to_all=open_to_all)
    source = _checked(root, *remotes.located(remote, endpoint_url, COLLECTION)) if remote else None

    def ready(urls: dict[str, str]) -> None:
        screen.close()
        if as_json:
            render.emit(urls | ({"token": token} if token else {}))
        else:
            told = f"Token:    {token}\n" if token else ""
            click.echo(f"Archive:  {urls['app']}\nReplay:   {urls['replay']}\n{told}Ctrl-C ends both.")
            sys.stdout.flush()
        for told in [] if reading_room else kept_for_the_room(root):
            render.say(told, err=True)

    urls = app_url, replay_url
    count = workers or default_workers()
    ports = {"port": port, "replay_port": replay_port}
    reader = Reader(in_room=reading_room)
    servers = Replay(root, host=host, **ports, remote=source, workers=count, login=readers, urls=urls, reader=reader)
    with ExitStack() as screen:
        screen.enter_context(render.waiting("Starting the web app and the replay server", quiet=as_json))
        serve(servers, ready)


def kept_for_the_room(root: Path) -> Iterator[str]:
    """What each collection keeps for the reading room, and how that is shown or opened."""
    from archiver.access import Reader
    from archiver.catalogue import open_catalogue
    from archiver.collection import Root

    for collection in Root(root).collections():
        with open_catalogue(collection) as catalogue:
            withheld, every = catalogue.withheld(Reader()), catalogue.count()
        if kept := withheld.captures.get("reading-room"):
            those = f"{kept} of {counted(every, 'capture')}"
            yield f"{collection.name}: {those} kept for the reading room; without --reading-room that is not shown."
        if withheld.by_descriptions:
            yield (
                "  Their descriptions say so; earlier versions wrote that by themselves. To open them to all:\n"
                f'  archiver restrict --all -c {collection.name} --access open --replaces descriptions --by "NAME"'
            )


def _checked(root: Path, url: str, endpoint_url: str | None) -> tuple[str, str | None]:
    """The remote, if it can be one for the collections here. Its server is not asked yet."""
    from archiver.collection import Root
    from archiver.stores import open_store

    names = [collection.name for collection in Root(root).collections()]
    if COLLECTION not in url and len(names) > 1:
        hint = f"Write {COLLECTION} where their names stand in its address, as in s3://BUCKET/{COLLECTION}."
        raise UsageError("That remote holds one collection, and there are several here.", hint)
    for name in names[:1]:
        open_store(url.replace(COLLECTION, name), endpoint_url=endpoint_url)
    return url, endpoint_url


COMMANDS = (replay,)
