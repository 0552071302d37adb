"""The page itself: whether the archive gives for its address and moment the very document that was captured."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.error import HTTPError, URLError
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

from archiver import warc
from archiver.qa.kept import Kept
from archiver.qa.result import Detail

SECONDS = 60.0
PIECE = 1 << 16
OPENER: OpenerDirector = build_opener(ProxyHandler({}))  # whatever proxy the environment names, the server is our own


@dataclass(frozen=True, slots=True)
class Document:
    """What the replay server gives for a page, unrewritten."""

    status: int | None
    """None: no answer."""
    media_type: str = ""
    moment: datetime | None = None
    """Memento-Datetime."""
    digest: str = ""
    """`sha1:` and base32, of the body as it was stored."""


def document(origin: str, kept: Kept) -> Document:
    """Ask the replay server at `origin` for the page's raw document."""
    address = f"{origin}/{kept.collection.name}/{kept.stamp}id_/{kept.sidecar.final_url}"
    request = Request(address.partition("#")[0], headers={"Accept-Encoding": "gzip, deflate, br, zstd"})
    try:
        with OPENER.open(request, timeout=SECONDS) as answer:
            digest = hashlib.sha1(usedforsecurity=False)
            while piece := answer.read(PIECE):
                digest.update(piece)
            told = answer.headers
            moment = told.get("Memento-Datetime")
            return Document(
                answer.status,
                told.get_content_type(),
                parsedate_to_datetime(moment) if moment else None,
                warc.labelled(digest.digest()),
            )
    except HTTPError as error:
        with error:
            moment = error.headers.get("Memento-Datetime")
            return Document(error.code, moment=parsedate_to_datetime(moment) if moment else None)
    except (URLError, OSError, ValueError):
        return Document(None)


def faults(kept: Kept, found: Document) -> list[Detail]:
    """What of it is not as it was captured; `not-found` where there is none."""
    named = kept.sidecar.document["warc"]["records"].get("main", {})
    status, digest = kept.sidecar.status, str(named.get("payload_digest", ""))
    if found.status is None or (found.moment is None and found.status >= 400):
        return [Detail("not-found", {"status": found.status or 0})]
    faults = []
    if status is not None and found.status != status:
        faults.append(Detail("other-status", {"status": found.status, "wanted": status}))
    if found.moment is None or abs((found.moment - kept.moment).total_seconds()) >= 1:
        moment = f"{found.moment:%Y-%m-%d %H:%M:%S}" if found.moment else "?"
        faults.append(Detail("other-moment", {"moment": moment, "wanted": f"{kept.moment:%Y-%m-%d %H:%M:%S}"}))
    ours = kept.capture["engine"] != "import"  # of imported files digests are claims, and made in more than one way
    if ours and digest.startswith("sha1:") and found.digest and found.digest != digest:
        faults.append(Detail("other-content"))
    return faults
