"""The index as pywb asks for it, answered by our own look-ups. Imported by `archiver.replay.loading` alone.

pywb 2.10 reads all lines of a key and sorts them by their distance to the time that is asked for. Here a look-up
begins at that time and goes to both sides, so that the nearest capture costs the same among ten and among 100,000.
"""

from collections.abc import Iterable, Iterator
from itertools import chain, groupby, islice, takewhile
from operator import itemgetter, methodcaller
from pathlib import Path
from typing import Any

from pywb.utils.wbexception import NotFoundException
from pywb.warcserver.index.aggregator import BaseAggregator
from pywb.warcserver.index.cdxobject import CDXObject
from pywb.warcserver.index.cdxops import cdx_filter, process_cdx
from pywb.warcserver.index.query import CDXQuery
from warcio.timeutils import PAD_14_DOWN, pad_timestamp, timestamp_now, timestamp_to_sec

from archiver.collection.lookup import Lookup
from archiver.replay.withholding import Veils

LEFT_OUT = "_left_out"
"""In the parameters of a question: where lines are noted that the reader may not see."""


class LevelSource(BaseAggregator):  # type: ignore[misc]
    """The index levels of the collections under a root.

    Of a URL that is stored whole, the ranges that are stored as well (206) are left out: pywb makes its own of a whole.
    """

    def __init__(self, root: Path, veils: Veils | None = None, *, ranges: bool = False) -> None:
        """`veils`: what to leave out; a shown revisit may refer to what is hidden, so that its originals want none.

        `ranges`: leave none out. A revisit may refer to a range that is stored beside the whole.
        """
        self.root = root
        self.veils = veils
        self.ranges = ranges
        self._lookups: dict[str, Lookup] = {}

    def __call__(self, params: dict[str, Any]) -> tuple[Iterator[Any], dict[str, str]]:
        """The lines that pywb's parameters ask for; the second part would be errors."""
        if params.get("closest") == "now":
            params["closest"] = timestamp_now()
        if params.get("content_type"):
            params["filter"] = f"=mime:{params['content_type']}"
        query = CDXQuery(params)
        if query.closest and query.is_exact and not query.resolve_revisits and not query.collapse_time:
            found = self._nearest(query)
            return islice(cdx_filter(found, query.filters) if query.filters else found, query.limit), {}
        return process_cdx(self._between(query), query), {}

    def captures(self, collection: str, url: str) -> Iterator[Any]:
        """The lines of one URL, the oldest first."""
        return self._between(CDXQuery({"url": url, "matchType": "exact", "param.coll": collection}))

    def around(self, collection: str, url: str, closest: str) -> Iterator[Any]:
        """The lines of one URL, those nearest to a time first; of two as near, the older one."""
        return self._nearest(CDXQuery({"url": url, "matchType": "exact", "param.coll": collection, "closest": closest}))

    def neighbours(self, collection: str, url: str, at: str) -> dict[str, str | None]:
        """Timestamps of the first, previous, next and last capture of one URL, seen from a time."""
        query = CDXQuery({"url": url, "matchType": "exact", "param.coll": collection})
        lookup, key = self._lookup(query), query.key + b" "
        places = {
            "first": lookup.onwards(key),
            "prev": lookup.backwards(key + at.encode()),
            "next": lookup.onwards(key + at.encode() + b"!"),
            "last": lookup.backwards(key + b"~"),
        }
        found = {}
        for relation, lines in places.items():
            shown = self._shown(takewhile(methodcaller("startswith", key), lines), query)
            found[relation] = next((line["timestamp"] for line in shown if line.get("status") != "206"), None)
        return found

    def _between(self, query: Any) -> Iterator[Any]:
        lines = takewhile(lambda line: line < query.end_key, self._lookup(query).onwards(query.key))
        for _, of_key in groupby(self._shown(lines, query), key=itemgetter("urlkey")):
            yield from self._wholes(of_key)

    def _nearest(self, query: Any) -> Iterator[Any]:
        return self._wholes(self._shown(self._by_distance(query), query))

    def _by_distance(self, query: Any) -> Iterator[bytes]:
        lookup, key, closest = self._lookup(query), query.key + b" ", pad_timestamp(query.closest, PAD_14_DOWN)
        start, asked, mine = key + closest.encode(), timestamp_to_sec(closest), methodcaller("startswith", key)
        after = takewhile(mine, lookup.onwards(start))
        before = chain.from_iterable(
            reversed(list(same)) for _, same in groupby(takewhile(mine, lookup.backwards(start)), key=_time)
        )
        later, earlier = next(after, None), next(before, None)
        while later or earlier:
            if earlier and (not later or asked - _seconds(earlier) <= _seconds(later) - asked):
                yield earlier
                earlier = next(before, None)
            elif later:
                yield later
                later = next(after, None)

    def _shown(self, lines: Iterable[bytes], query: Any) -> Iterator[Any]:
        """Lines as pywb knows them, each record once, without what is hidden: before any limit or count."""
        found = self._told(lines, query)
        if self.veils is None:
            return found
        left_out = None if query.params.get("is_fuzzy") else query.params.get(LEFT_OUT)
        return self.veils.lift(query.params.get("param.coll", ""), found, left_out)

    def _told(self, lines: Iterable[bytes], query: Any) -> Iterator[Any]:
        collection, last = query.params.get("param.coll", ""), None
        for line in lines:
            cdx = CDXObject(line)
            place = tuple(cdx.get(name) for name in ("urlkey", "timestamp", "filename", "offset"))
            if place != last:
                cdx["source"] = cdx["source-coll"] = collection
                yield cdx
            last = place

    def _wholes(self, lines: Iterable[Any]) -> Iterator[Any]:
        """The lines of one key without ranges, but where there is nothing else."""
        if self.ranges:
            yield from lines
            return
        parts, whole = [], False
        for line in lines:
            if line.get("status") == "206" and not whole:
                parts.append(line)
            elif line.get("status") != "206":
                whole = True
                yield line
        yield from [] if whole else parts

    def _lookup(self, query: Any) -> Lookup:
        collection = query.params.get("param.coll", "")
        folder = self.root / collection / "indexes"
        if not collection or "/" in collection or not folder.is_dir():
            raise NotFoundException(collection)
        return self._lookups.setdefault(collection, Lookup(folder))


def _time(line: bytes) -> bytes:
    return line.split(b" ", 2)[1]


def _seconds(line: bytes) -> float:
    return float(timestamp_to_sec(_time(line).decode("ascii", "replace")))
