"""The web app as a process of its own (`python -m archiver.web --root ROOT --replay-url URL`)."""

import argparse
import asyncio
import socket
import sys
from pathlib import Path

import uvicorn

from archiver.access import Reader
from archiver.replay.addresses import listen
from archiver.replay.child import announce, end_with_parent
from archiver.replay.login import Login
from archiver.web.app import create_app


class Server(uvicorn.Server):
    """Says where it answers as soon as it does."""

    def __init__(self, config: uvicorn.Config, origin: str) -> None:
        super().__init__(config)
        self.origin = origin

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then announce."""
        await super().startup(sockets)
        if self.started:
            announce("app", self.origin, sys.stdout)


def main() -> None:
    """Read the options and serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m archiver.web", description="Lists a root's articles for readers.")
    parser.add_argument("--root", type=Path, required=True, help="the folder that holds the collections")
    parser.add_argument("--replay-url", required=True, help="http://host:port of the replay server")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at")
    parser.add_argument("--port", type=int, default=0, help="port to listen at; 0: any free one")
    parser.add_argument("--origin", help="the address that readers use, as http://host:port")
    parser.add_argument("--reading-room", action="store_true", help="show what is kept for the reading room")
    parser.add_argument("--socket", type=int, help="descriptor of a listening socket, instead of --host and --port")
    options = parser.parse_args()
    end_with_parent()
    if options.socket is not None:
        listener = socket.socket(fileno=options.socket)
    else:
        listener = listen(options.host, options.port)
    origin = options.origin or f"http://127.0.0.1:{listener.getsockname()[1]}"
    reader = Reader(in_room=options.reading_room)
    app = create_app(options.root.absolute(), options.replay_url, origin, reader, Login.heard())
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # what X-Forwarded-For says is anybody's word
        timeout_graceful_shutdown=1,
    )
    asyncio.run(Server(config, origin).serve([listener]))


if __name__ == "__main__":
    main()
