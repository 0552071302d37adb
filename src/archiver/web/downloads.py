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

from archiver import access
from archiver.catalogue import open_catalogue
from archiver.certificate import certificate, page
from archiver.collection import Root
from archiver.model import now
from archiver.package.contents import contents_of
from archiver.package.wacz import write_wacz
from archiver.proof import Keyring, Trust
from archiver.web.cards import Article, found
from archiver.web.language import language_of
from archiver.web.site import Site
from archiver.web.visit import visit

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
        if kind != "sidecar" and not await run_in_threadpool(may_leave, site, shown):
            raise HTTPException(403)
        return await run_in_threadpool(FILES[kind], site, shown)

    return [Route("/{name}/{capture}/files/{kind}", file)]


def may_leave(site: Site, shown: Article) -> bool:
    """Whether the reader may see all that the WARC holds, which is given out whole.

    One that others made may hold several captures; and rules about addresses may reach what a page loads.
    """
    collection, path = shown.collection, shown.sidecar.warc_file
    if path.startswith("archive/imported/"):
        with open_catalogue(collection, None) as every, open_catalogue(collection, site.reader) as visible:
            if every.count_in(path) != visible.count_in(path):
                return False
    about = access.rules(collection)
    if all(one.access in access.kinds_for(site.reader) for one in about.standing if one.url):
        return True
    seen = visit(collection, shown.sidecar)
    return seen is not None and all(about.decide(urls=(one.url,)).shown_to(site.reader) for one in seen.fetches)


def attachment(content: str | bytes, kind: str, name: str) -> Response:
    """An answer that browsers save as a file of that name; `name` has nothing of an archived page in it."""
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _warc(_site: Site, shown: Article) -> Response:
    path = shown.sidecar.warc_file
    if shown.collection.bytes_here(path) is None:
        raise HTTPException(404)
    name = path.rpartition("/")[2]
    kind = WARC if name.removesuffix(".gz").endswith(".warc") else ARC
    return FileResponse(shown.collection.local(path), media_type=kind, filename=name)


def _sidecar(_site: Site, shown: Article) -> Response:
    return attachment(shown.sidecar.to_bytes(), "application/json", shown.sidecar.file_name)


def _wacz(site: Site, shown: Article) -> Response:
    contents = contents_of(shown.collection, [shown.card.row.id], seal=False)
    with open_catalogue(shown.collection, site.reader) as visible:
        if any(visible.capture(one.id) is None for one in contents.sidecars):
            raise HTTPException(403)  # what it has revisit records of is not open
    folder = Path(tempfile.mkdtemp(prefix="archiver-wacz-"))
    try:
        out = folder / f"{shown.card.row.id}.wacz"
        with out.open("xb") as stream:
            write_wacz(contents, stream, folder, now())
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


FILES: dict[str, Callable[[Site, Article], Response]] = {
    "warc": _warc,
    "wacz": _wacz,
    "sidecar": _sidecar,
}
