"""What can be taken away: the WARC as it is, a WACZ with all that it needs, the sidecar, the certificate.

Nothing is written in a collection: a WACZ is made in a temporary folder that is gone once it was sent.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from archiver.certificate import certificate, page
from archiver.collection import Root
from archiver.model import now
from archiver.package.contents import contents_of
from archiver.package.wacz import write_wacz
from archiver.proof import Keyring, Trust
from archiver.web.cards import Article, found
from archiver.web.language import language_of
from archiver.web.site import Site

WARC, ARC, WACZ = "application/warc", "application/octet-stream", "application/wacz"


def routes(site: Site) -> list[Route]:
    """`/{name}/{capture}/files/warc|wacz|sidecar|certificate`."""

    async def file(request: Request) -> Response:
        """One of them, under a name of its own."""
        shown, kind = await found(site, request), request.path_params["kind"]
        if kind == "certificate":
            told = await run_in_threadpool(_certificate, site, shown, request)
            return attachment(told, "text/html", f"{shown.card.row.id}-certificate.html")
        if kind not in FILES:
            raise HTTPException(404)
        return await run_in_threadpool(FILES[kind], shown)

    return [Route("/{name}/{capture}/files/{kind}", file)]


def attachment(content: str | bytes, kind: str, name: str) -> Response:
    """An answer that browsers save as a file of that name; `name` has nothing of an archived page in it."""
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _warc(shown: Article) -> Response:
    path = shown.sidecar.warc_file
    if shown.collection.bytes_here(path) is None:
        raise HTTPException(404)
    name = path.rpartition("/")[2]
    kind = WARC if name.removesuffix(".gz").endswith(".warc") else ARC
    return FileResponse(shown.collection.local(path), media_type=kind, filename=name)


def _sidecar(shown: Article) -> Response:
    return attachment(shown.sidecar.to_bytes(), "application/json", shown.sidecar.file_name)


def _wacz(shown: Article) -> Response:
    folder = Path(tempfile.mkdtemp(prefix="archiver-wacz-"))
    try:
        out = folder / f"{shown.card.row.id}.wacz"
        with out.open("xb") as stream:
            write_wacz(contents_of(shown.collection, [shown.card.row.id], seal=False), stream, folder, now())
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return _Passing(out, media_type=WACZ, filename=out.name)


def _certificate(site: Site, shown: Article, request: Request) -> str:
    trust = Trust.of(Keyring())
    told = certificate(Root(site.root), shown.card.row.id, shown.collection.name, trust)
    return page(told, language_of(request))


class _Passing(FileResponse):
    """A file in a folder of its own, which goes once it was sent, or the reader has gone."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            shutil.rmtree(Path(self.path).parent, ignore_errors=True)


FILES: dict[str, Callable[[Article], Response]] = {
    "warc": _warc,
    "wacz": _wacz,
    "sidecar": _sidecar,
}
