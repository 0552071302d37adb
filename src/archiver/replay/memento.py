"""Memento (RFC 7089): a TimeGate for each address, paged TimeMaps of its captures, and the links of each memento.

What is listed are the captures of an address that a reader may see: no ranges beside a whole, none twice.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pywb.apps.wbrequestresponse import WbResponse
from pywb.rewrite.wburl import WbUrl
from warcio.timeutils import timestamp_now, timestamp_to_http_date, timestamp_to_iso_date

from archiver.replay.addresses import escaped
from archiver.replay.index import LevelSource

PAGE = 1000
"""Mementos of one page of a TimeMap."""
LINK_FORMAT, JSON = "application/link-format", "application/json"
FORMATS = {"link": LINK_FORMAT, "json": JSON}
_PAGED = re.compile(r"(\d{1,9})/(?=[a-z][a-z0-9+.-]*:)", re.I)


class Addresses:
    """The addresses of one collection's resources; `prefix` ends in its name and a slash."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def memento(self, at: str, url: str) -> str:
        """URI-M."""
        return f"{self.prefix}{at}mp_/{escaped(url)}"

    def timegate(self, url: str) -> str:
        """URI-G."""
        return f"{self.prefix}timegate/{escaped(url)}"

    def timemap(self, url: str, form: str = "link", page: int = 0) -> str:
        """URI-T; page 0 is the whole, or the list of pages."""
        return f"{self.prefix}timemap/{form}/{f'{page}/' if page else ''}{escaped(url)}"

    def links(self, url: str, at: str, neighbours: dict[str, str | None]) -> str:
        """The value of a Link header: of the memento of that time, or of the TimeGate that leads to it."""
        found: dict[str, list[str]] = {at: []} if at else {}
        for relation, moment in neighbours.items():
            if moment:
                found.setdefault(moment, []).append(relation)
        links = [
            link(escaped(url), "original"),
            link(self.timegate(url), "timegate"),
            link(self.timemap(url), "timemap", type=LINK_FORMAT),
        ]
        for moment, relations in sorted(found.items()):
            relation = " ".join([*relations, "memento"])
            links.append(link(self.memento(moment, url), relation, datetime=timestamp_to_http_date(moment)))
        return ", ".join(links)


def link(target: str, relation: str, **more: str) -> str:
    """One link of RFC 8288."""
    return f'<{target}>; rel="{relation}"' + "".join(f'; {name}="{value}"' for name, value in more.items())


def asked_for(environ: dict[str, Any], before: int) -> str:
    """The address that a request asks about: what follows so many parts of its own, as it was sent."""
    raw = environ.get("REQUEST_URI") or environ["PATH_INFO"]
    return str(raw).split("/", before + 1)[-1]


def at_or_newest(accepted: str | None) -> str:
    """The time of an Accept-Datetime header; now, if there is none. Raises `ValueError` for what is no date."""
    if accepted is None:
        return str(timestamp_now())
    moment = datetime.strptime(accepted.strip(), "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    return f"{moment.year:04}{moment:%m%d%H%M%S}"


def timegate(environ: dict[str, Any], source: LevelSource, collection: str) -> Any:
    """302 to the capture nearest to Accept-Datetime; 400 for what is no date. None if nothing was captured there."""
    url = WbUrl(f"mp_/{asked_for(environ, 2)}").url
    addresses = Addresses(f"{environ['pywb.host_prefix']}/{collection}/")
    varies = [("Vary", "accept-datetime")]
    try:
        at = at_or_newest(environ.get("HTTP_ACCEPT_DATETIME"))
    except ValueError:
        told = "Accept-Datetime is no date of the form: Thu, 31 May 2007 20:35:00 GMT\n"
        answer = WbResponse.text_response(told, status="400 Bad Request")
        answer.status_headers.headers.extend(varies)
        return answer
    found = next(source.around(collection, url, at), None)
    if found is None:
        return None
    near = source.neighbours(collection, url, found["timestamp"])
    links = addresses.links(url, found["timestamp"], near)
    location = addresses.memento(found["timestamp"], url)
    return WbResponse.redir_response(location, "302 Found", headers=[*varies, ("Link", links)])


def timemap(environ: dict[str, Any], source: LevelSource, collection: str, form: str) -> Any:
    """The captures of an address, or where there are many, the list of the pages of it. None if there is none."""
    rest = asked_for(environ, 3)
    paged = _PAGED.match(rest)
    page = int(paged[1]) if paged else 0
    url = WbUrl(f"mp_/{rest[paged.end() :] if paged else rest}").url
    # One for each second, because a memento's address tells no more.
    found = list(dict.fromkeys(line["timestamp"] for line in source.captures(collection, url)))
    pages = [found[first : first + PAGE] for first in range(0, len(found), PAGE)]
    if not 0 <= page <= len(pages) or not found or form not in FORMATS:
        return None
    addresses = Addresses(f"{environ['pywb.host_prefix']}/{collection}/")
    write = _as_json if form == "json" else _as_links
    if page == 0 and len(pages) > 1:
        body = write(addresses, url, 0, (), pages)
    else:
        body = write(addresses, url, page, pages[page - 1 if page else 0], ())
    return WbResponse.text_response(body, content_type=FORMATS[form])


def _span(listed: Sequence[str]) -> dict[str, str]:
    return {"from": timestamp_to_http_date(listed[0]), "until": timestamp_to_http_date(listed[-1])}


def _as_links(addresses: Addresses, url: str, page: int, listed: Sequence[str], pages: Sequence[Sequence[str]]) -> str:
    span = _span(listed or [pages[0][0], pages[-1][-1]])
    links = [
        link(escaped(url), "original"),
        link(addresses.timegate(url), "timegate"),
        link(addresses.timemap(url, "link", page), "self", type=LINK_FORMAT, **span),
    ]
    for number, part in enumerate(pages, 1):
        links.append(link(addresses.timemap(url, "link", number), "timemap", type=LINK_FORMAT, **_span(part)))
    for number, at in enumerate(listed):
        first, last = "first " * (not page and number == 0), "last " * (not page and number == len(listed) - 1)
        relation = f"{first}{last}memento"
        links.append(link(addresses.memento(at, url), relation, datetime=timestamp_to_http_date(at)))
    return ",\n".join(links) + "\n"


def _as_json(addresses: Addresses, url: str, page: int, listed: Sequence[str], pages: Sequence[Sequence[str]]) -> str:
    told: dict[str, Any] = {
        "original_uri": escaped(url),
        "timegate_uri": addresses.timegate(url),
        "timemap_uri": {form: addresses.timemap(url, form) for form in FORMATS},
        "self": addresses.timemap(url, "json", page),
        **_span(listed or [pages[0][0], pages[-1][-1]]),
    }
    if pages:
        told["timemap_index"] = [
            {"uri": addresses.timemap(url, "json", number), **_span(part)} for number, part in enumerate(pages, 1)
        ]
    if listed:
        every = [{"datetime": timestamp_to_iso_date(at), "uri": addresses.memento(at, url)} for at in listed]
        told["mementos"] = {"first": every[0], "last": every[-1], "list": every}
    return json.dumps(told, indent=1)
