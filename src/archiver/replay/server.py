"""The replay server: pywb behind our guard, in a process of its own (`python -m archiver.replay.server --root ROOT`).

pywb needs gevent's monkey patch, which must come before every other import and would harm boto3 in the same process.
"""

from gevent import monkey

monkey.patch_all()

import argparse
import os
import re
import signal
import socket
import sys
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from secrets import token_urlsafe
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any, TextIO

import gevent
from gevent.pywsgi import WSGIServer
from pywb.apps.frontendapp import FrontEndApp
from pywb.utils.geventserver import RequestURIWSGIHandler
from pywb.warcserver.index.aggregator import DirectoryIndexSource

from archiver.replay.child import announce, end_with_parent
from archiver.replay.guard import Application, Guard
from archiver.replay.rewriting import STATIC, ArchiveRewriterApp

TEMPLATES = Path(__file__).parent / "templates"
LEVEL = re.compile(r"(\A|/)\d+\.cdxj\Z")


class LevelSource(DirectoryIndexSource):  # type: ignore[misc]
    """The index levels of a collection, opened from small to large, without lines that stand in two of them.

    Lines move from a level to the next one by first appearing there: read in this order, none is ever missed.
    Of a URL that is stored whole, the ranges that are stored as well (206) are left out: pywb makes its own of a whole.
    """

    def _load_files_single_dir(self, the_dir: str) -> Iterator[tuple[str, Any]]:
        found = super()._load_files_single_dir(the_dir)
        levels = (named for named in found if LEVEL.search(str(named[0])))  # not those that are being written
        yield from sorted(levels, key=lambda named: str(named[0]))

    def _merge(self, iter_list: list[Any]) -> Iterator[Any]:
        for _, lines in groupby(self._merged(iter_list), key=itemgetter("urlkey")):
            found = list(lines)
            yield from [line for line in found if line.get("status") != "206"] or found

    def _merged(self, iter_list: list[Any]) -> Iterator[Any]:
        last = None
        for line in super()._merge(iter_list):
            place = line["urlkey"], line["timestamp"], line.get("filename"), line.get("offset")
            if place != last:
                yield line
            last = place


SECRET = token_urlsafe(16)
"""Opens pywb's inner server, which answers anybody on this machine and knows none of our rules."""


class ReplayApp(FrontEndApp):  # type: ignore[misc]
    """pywb as this archive uses it: replay of the collections under a root, with nothing recorded and no proxy."""

    REWRITER_APP_CLS = ArchiveRewriterApp
    REPLAY_API = f"http://localhost:%s/{SECRET}/{{coll}}/resource/postreq"
    CDX_API = f"http://localhost:%s/{SECRET}/{{coll}}/index"

    def __init__(self, root: Path) -> None:
        config = {
            "collections_root": str(root),
            "framed_replay": False,
            "redirect_to_exact": True,
            "csp-header": "",
            "inject_scripts": [f"{STATIC}seal.js"],
            # A collection brings no templates: they are programs, and a collection may come from anywhere.
            "templates_dir": ".none",
            "static_dir": ".none",
        }
        super().__init__(config_file="config.yaml", custom_config=config)
        self.warcserver_server.server.application = behind_secret(self.warcserver)
        handler = self.warcserver.auto_handler
        known = handler.index_source
        handler.index_source = LevelSource(base_prefix=known.base_prefix, base_dir=known.base_dir, config=known.config)


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


def serve(root: Path, listener: socket.socket, name: str, app: str | None, out: TextIO) -> None:
    """Answer at `listener` until SIGTERM or SIGINT. Works in an empty folder, because pywb reads what lies there."""
    os.environ.pop("PYWB_CONFIG_FILE", None)
    os.environ["NO_PROXY"] = "*"  # pywb asks itself over loopback
    with TemporaryDirectory(prefix="archiver-replay-") as empty:
        os.chdir(empty)
        Path("config.yaml").write_text("{}\n")
        copytree(TEMPLATES, "templates")
        origin = f"http://{name}:{listener.getsockname()[1]}"
        pywb = ReplayApp(root)
        server = WSGIServer(listener, Guard(pywb, origin, app), handler_class=RequestURIWSGIHandler, log=None)
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
    parser.add_argument("--name", default="localhost", help="the host name that readers use")
    parser.add_argument("--app-origin", help="the web app's http://host:port, which may show replay in a frame")
    parser.add_argument("--socket", type=int, help="descriptor of a listening socket, instead of --host and --port")
    options = parser.parse_args()
    out = sys.stdout
    end_with_parent(monkey.get_original("_thread", "start_new_thread"))
    if options.socket is not None:
        listener = socket.socket(fileno=options.socket)
    else:
        listener = socket.create_server((options.host, options.port), backlog=256)
    with redirect_stdout(sys.stderr):  # pywb prints now and then
        serve(options.root.absolute(), listener, options.name, options.app_origin, out)


if __name__ == "__main__":
    main()
