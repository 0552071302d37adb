"""pywb's inner server as this archive uses it: our index levels, our way to the records, and nothing live.

Imported by `archiver.replay.server` alone, in its own process.
"""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import groupby
from operator import itemgetter
from typing import Any, get_args

from pywb.utils.wbexception import WbException
from pywb.warcserver.handlers import ResourceHandler
from pywb.warcserver.index.aggregator import DirectoryIndexSource
from pywb.warcserver.resource.blockrecordloader import BlockArcWarcRecordLoader
from pywb.warcserver.resource.resolvingloader import ResolvingLoader
from pywb.warcserver.resource.responseloader import WARCPathLoader
from pywb.warcserver.warcserver import WarcServer
from warcio.bufferedreaders import DecompressingBufferedReader
from warcio.recordloader import ArchiveLoadFailed

from archiver.errors import ArchiverError, StoreError
from archiver.replay.sources import Reason, Sources, Unavailable, unavailable

LEVEL = re.compile(r"(\A|/)\d+\.cdxj\Z")
STATUS: dict[Reason, str] = {
    "cold": "503 Service Unavailable",
    "denied": "503 Service Unavailable",
    "absent": "404 Not Found",
    "unreadable": "502 Bad Gateway",
}


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


class RecordLoader(ResolvingLoader):  # type: ignore[misc]
    """Reads the record that an index line names, by its offset and length."""

    def __init__(self, sources: Sources) -> None:
        super().__init__([])
        self.sources = sources
        self.parser = BlockArcWarcRecordLoader()

    def _resolve_path_load(self, cdx: Any, is_original: bool, failed_files: Any) -> Any:
        name, offset, length = (cdx.get(f"orig.{key}" if is_original else key) for key in PLACE)
        try:
            collection = cdx._formatter.format("{coll}")
            stream = self.sources.open(collection, str(name), int(offset), _length(length))
            with ExitStack() as stack:
                stack.callback(stream.close)
                record = self.parser.parse_record_stream(DecompressingBufferedReader(stream, decomp_type="gzip"))
                stack.pop_all()  # it is closed when the record has been sent
            return record
        except StoreError as error:  # while its head was read
            raise unavailable(error) from error
        except (ArchiverError, OSError, ValueError, TypeError, EOFError) as error:
            raise ArchiveLoadFailed(f"{name}: {error}") from error


PLACE = ("filename", "offset", "length")


def _length(told: Any) -> int:
    return int(told) if str(told).isdigit() else -1


class Records(WARCPathLoader):  # type: ignore[misc]
    """The answer to a question for a record."""

    def __init__(self, sources: Sources, index: Any) -> None:
        super().__init__([], index)
        self.resolve_loader = RecordLoader(sources)


class Handler(ResourceHandler):  # type: ignore[misc]
    """Looks records up. What a store does not give ends the question: another version would pass for the one asked."""

    def __call__(self, params: dict[str, Any]) -> Any:
        """Headers, body and errors of one question."""
        try:
            return super().__call__(params)
        except Unavailable as error:
            return None, None, {"last_exc": Refused(error.reason)}


class Refused(WbException):  # type: ignore[misc]
    """How the inner server says `Unavailable`: a reason, in JSON, which `reason_of` finds again."""

    def status(self) -> str:
        """Never 404, which means that there is no line in the index."""
        return "503 Service Unavailable"


def reason_of(error: Any) -> Reason | None:
    """Why a store did not give what the outer server asked the inner one for; None if it was not that."""
    try:
        told = json.loads(error.msg["error"])["message"]
    except (ValueError, LookupError, TypeError):
        return None
    return next((reason for reason in get_args(Reason) if reason == told), None)


class ArchiveServer(WarcServer):  # type: ignore[misc]
    """The inner server over the collections of a root."""

    def __init__(self, config: dict[str, Any], sources: Sources) -> None:
        self.sources = sources
        super().__init__(config_file="config.yaml", custom_config=config)

    def load_auto_colls(self) -> Handler:
        """pywb's name for what finds collections by their folders."""
        known = super().load_auto_colls()
        found = known.index_source
        index = LevelSource(base_prefix=found.base_prefix, base_dir=found.base_dir, config=found.config)
        # A revisit may refer to a range that is stored beside the whole: originals are looked up among all lines.
        return Handler(
            index, [Records(self.sources, found)], rules_file=self.rules_file, access_checker=known.access_checker
        )
