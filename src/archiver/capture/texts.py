"""Which texts a site has shown before: what comes at one address after the other is no article."""

import json
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from urllib.parse import urlsplit

from archiver.cdxj import url_key
from archiver.collection import Collection
from archiver.model import PageFacts
from archiver.warc import RecordRef

HOSTS = 200
TEXTS = 2000
"""Of one host; more are not remembered."""
PATHS = 10
"""Of one text; more need not be counted."""
LINES = 2000
"""Of the index of what was captured before, for one host; twice."""

_Paths = dict[str, set[str]]
"""Digest of a text → paths of the pages that had it. Queries do not count: many addresses lead to one article."""


class KnownTexts:
    """The texts of the pages of a run, and those in its collection, by host. May be used from several threads."""

    def __init__(self) -> None:
        self._hosts: OrderedDict[str, _Paths] = OrderedDict()
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type["KnownTexts"], tuple[()]]:
        """What is sent to another machine begins with what its collection knows."""
        return KnownTexts, ()

    def others(self, collection: Collection, url: str, refs: Iterable[RecordRef], facts: PageFacts) -> int:
        """How many other pages of the host of `url` had the text of this one, which is remembered.

        Within the run, texts are compared by their words; with what was captured before, byte by byte: as the
        browser showed them (the record `urn:text:`) or, of the HTTP engine's captures, the whole document.
        """
        own = "text" if facts.rendered else "main"
        digests = {facts.digest} if facts.words else set()
        digests |= {ref.payload_digest for ref in refs if ref.role == own and facts.words}
        path = urlsplit(url).path
        with self._lock:
            known = self._of_host(collection, url)
            paths = {one for digest in digests for one in known.get(digest, ())} - {path}
            for digest in digests:
                _remember(known, digest, path)
        return len(paths)

    def _of_host(self, collection: Collection, url: str) -> _Paths:
        parts = urlsplit(url)
        host = f"{collection.name} {parts.scheme}://{parts.netloc}/"
        if host not in self._hosts:
            self._hosts[host] = defaultdict(set)
            for digest, path in _captured(collection, f"{parts.scheme}://{parts.netloc}/"):
                _remember(self._hosts[host], digest, path)
        self._hosts.move_to_end(host)
        while len(self._hosts) > HOSTS:
            self._hosts.popitem(last=False)
        return self._hosts[host]


def _remember(known: _Paths, digest: str, path: str) -> None:
    if (digest in known or len(known) < TEXTS) and len(known[digest]) < PATHS:
        known[digest].add(path)


def _captured(collection: Collection, root: str) -> Iterator[tuple[str, str]]:
    """(digest, path) of the texts and HTML documents under `root` in the collection."""
    for prefix in (url_key(f"urn:text:{root}"), url_key(root)):
        for line in collection.index_starting(prefix, LINES):
            with suppress(ValueError, LookupError, TypeError, AttributeError):  # a damaged line tells nothing
                fields = json.loads(line.split(b" ", 2)[2])
                is_text = fields["url"].startswith("urn:text:")
                if is_text or (fields.get("mime"), fields.get("status")) == ("text/html", "200"):
                    yield fields["digest"], urlsplit(fields["url"].removeprefix("urn:text:")).path
