"""How to cite a capture: references for programs, and what is copied by hand. Each holds its id and its digest."""

from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from archiver.catalogue.citations import references
from archiver.catalogue.searching import Found
from archiver.web.cards import Article, found
from archiver.web.downloads import attachment
from archiver.web.site import Site

FORMS = {
    "ris": ("ris", "application/x-research-info-systems", "ris"),
    "bibtex": ("bibtex", "application/x-bibtex", "bib"),
    "csl": ("csl-json", "application/vnd.citationstyles.csl+json", "json"),
}
"""Name in the address → form of the catalogue's, media type, ending."""


@dataclass(frozen=True, slots=True)
class Citation:
    """What identifies a capture for others."""

    permalink: str
    """Its page in this app."""
    memento: str
    """Its page in replay; empty where none came."""
    pwid: str
    """The persistent web identifier (`urn:pwid`, registered with IANA): archive, time, what it covers, address."""
    robust_link: str
    """HTML as Robust Links has it (robustlinks.mementoweb.org/spec); empty where there is nothing to link to."""
    digest: str
    """Payload digest of the page's record; empty where it is not told."""


def citation(site: Site, shown: Article) -> Citation:
    """That of a capture."""
    row, main = shown.card.row, shown.sidecar.document["warc"]["records"].get("main")
    digest = main.get("payload_digest", "") if isinstance(main, dict) else ""
    host, at = urlsplit(site.app).hostname, f"{row.captured_at[:19]}Z"
    return Citation(
        f"{site.app}{shown.card.path}",
        shown.page,
        f"urn:pwid:{host}:{at}:page:{row.final_url}",
        _robust_link(shown) if shown.page else "",
        str(digest),
    )


def _robust_link(shown: Article) -> str:
    row = shown.card.row
    named = {
        "href": row.final_url,
        "data-originalurl": row.final_url,
        "data-versionurl": shown.page,
        "data-versiondate": row.captured_at[:10],
    }
    told = " ".join(f'{name}="{escape(value)}"' for name, value in named.items())
    return f"<a {told}>{escape(shown.card.title)}</a>"


def routes(site: Site) -> list[Route]:
    """`/{name}/{capture}/cite/ris|bibtex|csl|robust-link`."""

    async def cite(request: Request) -> Response:
        """A reference as a file."""
        form, shown = request.path_params["form"], await found(site, request)
        return await run_in_threadpool(_reference, site, shown, form)

    return [Route("/{name}/{capture}/cite/{form}", cite)]


def _reference(site: Site, shown: Article, form: str) -> Response:
    told, identity = citation(site, shown), shown.card.row.id
    if form == "robust-link" and told.robust_link:
        return attachment(told.robust_link + "\n", "text/html", f"{identity}.html")
    if form not in FORMS:
        raise HTTPException(404)
    name, kind, ending = FORMS[form]
    one = Found(
        shown.collection.name, shown.card.row, shown.sidecar.article, digest=told.digest, address=told.permalink
    )
    return attachment("".join(references(name, [one])), kind, f"{identity}.{ending}")
