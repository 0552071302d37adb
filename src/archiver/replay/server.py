"""The replay server: pywb behind our guard, in a process of its own (`python -m archiver.replay.server --root ROOT`).

pywb needs gevent's monkey patch, which must come before every other import: boto3, which reads from a remote, is harmed
by one that comes later.
"""

from gevent import monkey

monkey.patch_all()

import argparse
import os
import re
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any, TextIO

import gevent
from gevent.pywsgi import WSGIServer
from pywb.apps.frontendapp import FrontEndApp
from pywb.apps.static_handler import StaticHandler
from pywb.apps.wbrequestresponse import WbResponse
from pywb.utils.geventserver import RequestURIWSGIHandler
from pywb.utils.wbexception import NotFoundException
from warcio.statusandheaders import StatusAndHeaders
from werkzeug.routing import Rule

from archiver.access import Reader
from archiver.replay import memento, outgoing
from archiver.replay.addresses import listen
from archiver.replay.caching import Tagging
from archiver.replay.child import announce
from archiver.replay.guard import Guard
from archiver.replay.loading import ArchiveServer
from archiver.replay.login import Login
from archiver.replay.rewriting import ArchiveRewriterApp
from archiver.replay.sources import Sources
from archiver.replay.withholding import Veils
from archiver.replay.workers import Workers

TEMPLATES = Path(__file__).parent / "templates"
FILES = {"AWS_CA_BUNDLE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"}
"""Variables that name files, perhaps by relative paths."""
_REPLAY_PATH = re.compile(r"/[^/]+/(?:\d*[a-z]*_?/+|timegate/|timemap/[a-z]+/)[a-z][a-z0-9+.-]*:", re.I)


class ReplayApp(FrontEndApp):  # type: ignore[misc]
    """pywb as this archive uses it: replay of the collections under a root, with nothing recorded and no proxy."""

    def __init__(self, sources: Sources, reader: Reader | None) -> None:
        config = {
            "collections_root": str(sources.root),
            "framed_replay": False,
            "redirect_to_exact": True,
            "csp-header": "",
            # A collection brings no templates: they are programs, and a collection may come from anywhere.
            "templates_dir": ".none",
            "static_dir": ".none",
            "static_prefix": f"static/{outgoing.DIGEST}",
        }
        # pywb's own constructor would also start a server for its inner half, which knows none of our rules.
        self.warcserver = ArchiveServer(config, sources, Veils(sources.root, reader))
        self.handler = self.handle_request
        self.recorder = self.recorder_path = self.put_custom_record_path = self.proxy_prefix = self.proxy_coll = None
        self.debug = self.client_side_replay = self.proxy_record = False
        self.cdx_api_endpoint, self.query_limit = "/cdx", None
        self.static_handler = StaticHandler("pywb/static/")
        self.static_prefix, self.static_dir, self.templates_dir = config["static_prefix"], ".none", ".none"
        self.default_locale = ""
        self.rewriterapp = ArchiveRewriterApp(self.warcserver.config, self.warcserver.auto_handler)
        self._init_routes()

    def is_valid_coll(self, coll: str) -> bool:
        """Whether readers may know of a collection: of one that is dark as a whole no answer tells that it is here."""
        veils = self.warcserver.veils
        return not coll.startswith(".") and (veils.root / coll).is_dir() and not veils.is_dark(coll)

    def get_coll_config(self, coll: str) -> dict[str, Any]:
        """What pywb knows of a collection; it reads no file that a collection brings."""
        return {"coll": coll, "type": "replay", "metadata": {}}

    def _check_refer_redirect(self, environ: dict[str, Any]) -> Any:
        """A page's stray address leads into its own version. pywb leads there, too, who names another collection."""
        is_stray = _REPLAY_PATH.match(environ.get("REQUEST_URI", "")) is None
        return super()._check_refer_redirect(environ) if is_stray else None

    def _make_coll_routes(self, coll_prefix: str) -> list[Any]:
        routes = [rule for rule in super()._make_coll_routes(coll_prefix) if "timemap" not in rule.rule]
        return [
            Rule(f"{coll_prefix}/timegate/<path:url>", endpoint=self.serve_timegate),
            Rule(f"{coll_prefix}/timemap/<form>/<path:url>", endpoint=self.serve_timemap),
            *routes,
        ]

    def serve_timegate(self, environ: dict[str, Any], coll: str, url: str) -> Any:
        """See `archiver.replay.memento`."""
        if not self.is_valid_coll(coll):
            self.raise_not_found(environ, "coll_not_found", coll)
        source = self.rewriterapp.records.index_source
        return memento.timegate(environ, source, coll) or self._unknown(environ, url)

    def serve_timemap(self, environ: dict[str, Any], coll: str, form: str, url: str) -> Any:
        """See `archiver.replay.memento`."""
        if not self.is_valid_coll(coll):
            self.raise_not_found(environ, "coll_not_found", coll)
        source = self.rewriterapp.records.index_source
        return memento.timemap(environ, source, coll, form) or self._unknown(environ, url)

    def _unknown(self, environ: dict[str, Any], url: str) -> Any:
        return self.rewriterapp.handle_error(environ, NotFoundException(url=url))

    def serve_cdx(self, environ: dict[str, Any], coll: str = "") -> Any:
        """Index lines, by a call. pywb asks an inner server of its own, by HTTP."""
        if not self.is_valid_coll(coll):
            self.raise_not_found(environ, "coll_not_found", coll)
        told: list[Any] = []
        asked = {**environ, "PATH_INFO": f"/{coll}/index", "SCRIPT_NAME": ""}
        body = self.warcserver(asked, lambda status, headers: told.extend((status, headers)))
        return WbResponse(StatusAndHeaders(told[0], told[1], protocol="HTTP/1.1"), body)


def serve(
    sources: Sources,
    reader: Reader | None,
    descriptor: int,
    origin: str,
    *,
    app: str | None,
    workers: int,
    out: TextIO,
) -> int:
    """Answer at a listening socket until SIGTERM, SIGINT or the end of stdin; returns the exit code.

    Works in an empty folder, because pywb reads what lies there.
    """
    os.environ.pop("PYWB_CONFIG_FILE", None)
    for variable in FILES & os.environ.keys():
        os.environ[variable] = str(Path(os.environ[variable]).expanduser().absolute())
    with TemporaryDirectory(prefix="archiver-replay-") as empty:
        os.chdir(empty)
        Path("config.yaml").write_text("{}\n")
        copytree(TEMPLATES, "templates")
        guard = Guard(Tagging(ReplayApp(sources, reader), f"{origin} {app}"), origin, app, Login.heard())

        def work(ready: Callable[[], object]) -> None:
            shared = {"wsgi.multiprocess": True}  # so that none takes more connections than it can answer
            listener = socket.socket(fileno=descriptor)
            server = WSGIServer(listener, guard, handler_class=RequestURIWSGIHandler, log=None, environ=shared)
            for number in (signal.SIGTERM, signal.SIGINT):
                gevent.signal_handler(number, server.stop, 1)
            server.start()
            ready()
            server.serve_forever(stop_timeout=1)

        try:
            return Workers(workers, work).run(lambda: announce("replay", origin, out))
        finally:
            os.chdir("/")


def _port(descriptor: int) -> int:
    """Asked of the original class: a socket of gevent's would belong to the process that makes it."""
    plain = monkey.get_original("socket", "socket")(fileno=descriptor)
    try:
        return int(plain.getsockname()[1])
    finally:
        plain.detach()


def main() -> int:
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
    parser.add_argument("--reading-room", action="store_true", help="show what is kept for the reading room")
    parser.add_argument("--archivists", action="store_true", help="show everything, whatever the access rules say")
    parser.add_argument("--workers", type=int, default=1, help="processes that answer")
    options = parser.parse_args()
    descriptor = options.socket
    if descriptor is None:
        descriptor = listen(options.host, options.port).detach()
    origin = options.origin or f"http://localhost:{_port(descriptor)}"
    reader = None if options.archivists else Reader(in_room=options.reading_room)
    sources = Sources(options.root.absolute(), options.remote, options.endpoint_url)
    out = sys.stdout
    with redirect_stdout(sys.stderr):  # pywb prints now and then
        return serve(sources, reader, descriptor, origin, app=options.app_origin, workers=options.workers, out=out)


if __name__ == "__main__":
    sys.exit(main())
