"""The replay server: pywb behind our guard, in a process of its own (`python -m archiver.replay.server --root ROOT`).

pywb needs gevent's monkey patch, which must come before every other import: boto3, which reads from a remote, is harmed
by one that comes later.
"""

from gevent import monkey

monkey.patch_all()

import argparse
import os
import signal
import socket
import sys
from collections.abc import Iterable
from contextlib import redirect_stdout
from pathlib import Path
from secrets import token_urlsafe
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any, TextIO

import gevent
from gevent.pywsgi import WSGIServer
from pywb.apps.frontendapp import FrontEndApp
from pywb.utils.geventserver import RequestURIWSGIHandler

from archiver.replay.child import announce, end_with_parent
from archiver.replay.guard import Guard
from archiver.replay.loading import ArchiveServer
from archiver.replay.login import Login
from archiver.replay.outgoing import Application
from archiver.replay.rewriting import ArchiveRewriterApp
from archiver.replay.sources import Sources

TEMPLATES = Path(__file__).parent / "templates"
FILES = {"AWS_CA_BUNDLE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"}
"""Variables that name files, perhaps by relative paths."""


SECRET = token_urlsafe(16)
"""Opens pywb's inner server, which answers anybody on this machine and knows none of our rules."""


class ReplayApp(FrontEndApp):  # type: ignore[misc]
    """pywb as this archive uses it: replay of the collections under a root, with nothing recorded and no proxy."""

    REWRITER_APP_CLS = ArchiveRewriterApp
    REPLAY_API = f"http://localhost:%s/{SECRET}/{{coll}}/resource/postreq"
    CDX_API = f"http://localhost:%s/{SECRET}/{{coll}}/index"

    def __init__(self, sources: Sources) -> None:
        config = {
            "collections_root": str(sources.root),
            "framed_replay": False,
            "redirect_to_exact": True,
            "csp-header": "",
            # A collection brings no templates: they are programs, and a collection may come from anywhere.
            "templates_dir": ".none",
            "static_dir": ".none",
        }
        super().__init__(config_file="config.yaml", custom_config=config)
        self.warcserver = ArchiveServer(config, sources)
        self.warcserver_server.server.application = behind_secret(self.warcserver)


def behind_secret(application: Application) -> Application:
    """`application` for those whose path begins with the secret; 404 for all others."""

    def gate(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if not path.startswith(f"/{SECRET}/"):
            start_response("404 Not Found", [("Content-Length", "0")])
            return []
        environ["PATH_INFO"] = path.removeprefix(f"/{SECRET}")
        return application(environ, start_response)

    return gate


def serve(sources: Sources, listener: socket.socket, origin: str, app: str | None, out: TextIO) -> None:
    """Answer at `listener` until SIGTERM or SIGINT. Works in an empty folder, because pywb reads what lies there."""
    os.environ.pop("PYWB_CONFIG_FILE", None)
    direct = os.environ.pop("no_proxy", "") or os.environ.get("NO_PROXY", "")
    os.environ["NO_PROXY"] = f"{direct},localhost"  # where pywb asks itself
    for variable in FILES & os.environ.keys():
        os.environ[variable] = str(Path(os.environ[variable]).expanduser().absolute())
    with TemporaryDirectory(prefix="archiver-replay-") as empty:
        os.chdir(empty)
        Path("config.yaml").write_text("{}\n")
        copytree(TEMPLATES, "templates")
        pywb = ReplayApp(sources)
        server = WSGIServer(
            listener, Guard(pywb, origin, app, Login.heard()), handler_class=RequestURIWSGIHandler, log=None
        )
        pywb.warcserver_server.server.log = server.log  # no line per request on stderr
        for number in (signal.SIGTERM, signal.SIGINT):
            gevent.signal_handler(number, server.stop, 1)
        server.start()
        announce("replay", origin, out)
        server.serve_forever(stop_timeout=1)
        os.chdir("/")


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m archiver.replay.server", description="Replays a root's collections."
    )
    parser.add_argument("--root", type=Path, required=True, help="the folder that holds the collections")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at")
    parser.add_argument("--port", type=int, default=0, help="port to listen at; 0: any free one")
    parser.add_argument("--origin", help="the address that readers use, as http://host:port")
    parser.add_argument("--app-origin", help="the web app's http://host:port, which may show replay in a frame")
    parser.add_argument("--remote", help="the store to read from what is not here; {collection} in it is replaced")
    parser.add_argument("--endpoint-url", help="its S3 server, where it is not AWS")
    parser.add_argument("--socket", type=int, help="descriptor of a listening socket, instead of --host and --port")
    options = parser.parse_args()
    out = sys.stdout
    end_with_parent(monkey.get_original("_thread", "start_new_thread"))
    if options.socket is not None:
        listener = socket.socket(fileno=options.socket)
    else:
        listener = socket.create_server((options.host, options.port), backlog=256)
    origin = options.origin or f"http://localhost:{listener.getsockname()[1]}"
    sources = Sources(options.root.absolute(), options.remote, options.endpoint_url)
    with redirect_stdout(sys.stderr):  # pywb prints now and then
        serve(sources, listener, origin, options.app_origin, out)


if __name__ == "__main__":
    main()
