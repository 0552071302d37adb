"""`replay`: the researchers' web app and pywb behind it."""

import sys
from pathlib import Path

import click

from archiver.cli import options, render


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where the web app listens.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0: any free one.")
@click.option("--replay-port", type=click.IntRange(0, 65535), default=8081, show_default=True)
@options.shared
def replay(root: Path, host: str, port: int, replay_port: int, as_json: bool) -> None:
    """Open the archive in a browser.

    A web app for researchers, and the replayed pages on an origin of their own.

    Runs until Ctrl-C. New captures appear without a restart.

    \b
    Example:
      archiver replay --port 8080
    """
    from archiver.replay import serve

    def ready(urls: dict[str, str]) -> None:
        if as_json:
            render.emit(urls)
        else:
            click.echo(f"Archive:  {urls['app']}\nReplay:   {urls['replay']}\nCtrl-C ends both.")
            sys.stdout.flush()

    serve(root, host=host, port=port, replay_port=replay_port, on_ready=ready)


COMMANDS = (replay,)
