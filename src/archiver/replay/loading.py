"""pywb's inner server as this archive uses it: our index levels, our way to the records, and nothing live.

Imported by `archiver.replay.server` alone, in its own process.
"""

from contextlib import ExitStack
from io import BytesIO
from itertools import chain
from typing import Any, get_args

from pywb.utils.wbexception import AccessException
from pywb.warcserver.access_checker import AccessChecker, CacheDirectoryAccessSource
from pywb.warcserver.handlers import ResourceHandler
from pywb.warcserver.resource.blockrecordloader import BlockArcWarcRecordLoader
from pywb.warcserver.resource.resolvingloader import ResolvingLoader
from pywb.warcserver.resource.responseloader import WARCPathLoader
from pywb.warcserver.warcserver import WarcServer
from warcio.bufferedreaders import DecompressingBufferedReader
from warcio.recordloader import ArchiveLoadFailed
from warcio.timeutils import datetime_to_http_date, iso_date_to_datetime

from archiver.collection import Root
from archiver.errors import ArchiverError, StoreError
from archiver.replay import caching
from archiver.replay.index import LEFT_OUT, LevelSource
from archiver.replay.sources import Reason, Sources, Unavailable, unavailable
from archiver.replay.withholding import LeftOut, Veils, Withheld

STATUS: dict[Reason, str] = {
    "cold": "503 Service Unavailable",
    "denied": "503 Service Unavailable",
    "absent": "404 Not Found",
    "unreadable": "502 Bad Gateway",
}


class RecordLoader(ResolvingLoader):  # type: ignore[misc]
    """Reads the record that an index line names, by its offset and length."""

    def __init__(self, sources: Sources) -> None:
        super().__init__([])
        self.sources = sources
        self.parser = BlockArcWarcRecordLoader()

    def load_headers_and_payload(self, *asked: Any) -> tuple[Any, Any]:
        """The record of the headers and the one of the body. How the body is sent is told by the record that has it.

        A revisit's own headers may tell of another way (chunks, gzip, a length), so that a browser waits for bytes that
        never come; and any record may have been cut (WARC-Truncated).
        """
        headers, payload = super().load_headers_and_payload(*asked)
        told = headers.http_headers or payload.http_headers
        if told:
            sent = {name.lower(): value for name, value in (payload.http_headers or told).headers}
            told.headers = [one for one in told.headers if one[0].title() not in (LENGTH, *SENT)]
            told.headers += [(name, sent[name.lower()]) for name in SENT if name.lower() in sent]
            if "transfer-encoding" not in sent and "content-length" in sent:
                told.headers.append((LENGTH, str(payload.raw_stream.limit)))
        return headers, payload

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


LENGTH, *SENT = "Content-Length", "Content-Encoding", "Transfer-Encoding"
"""Headers that tell how a body is sent."""
PLACE = ("filename", "offset", "length")


def _length(told: Any) -> int:
    return int(told) if str(told).isdigit() else -1


class Records(WARCPathLoader):  # type: ignore[misc]
    """The record of an index line."""

    def __init__(self, sources: Sources, index: LevelSource) -> None:
        super().__init__([], index)
        self.resolve_loader = RecordLoader(sources)

    def __call__(self, cdx: Any, params: dict[str, Any]) -> tuple[dict[str, str], "RecordStream | BytesIO"]:
        """What pywb's inner server tells of a record, and the record. Its own generator could not be closed unread.

        No headers: the browser has the answer.
        """
        if caching.is_known(params["_input_req"].env, cdx):
            return {}, BytesIO()
        head, http_head, stream = self.load_resource(cdx, params)
        told = {
            "Warcserver-Cdx": cdx.to_cdxj().rstrip(),
            "WARC-Target-URI": head.get_header("WARC-Target-URI"),
            "Memento-Datetime": datetime_to_http_date(iso_date_to_datetime(head.get_header("WARC-Date"))),
        }
        return told, RecordStream(head.to_bytes() + (http_head or b""), stream)


class RecordStream:
    """The bytes of a record, its headers as they are told to the outer server."""

    def __init__(self, head: bytes, rest: Any) -> None:
        self.head, self.rest = head, rest

    def read(self, size: int = -1) -> bytes:
        """Some bytes, none at the end; at first more than `size`, where headers are longer."""
        head, self.head = self.head, b""
        return head or bytes(self.rest.read(size))

    def close(self) -> None:
        """Close the file, or end the answer of the store."""
        self.rest.close()


class Handler(ResourceHandler):  # type: ignore[misc]
    """Looks records up. What a store does not give ends the question: another version would pass for the one asked."""

    def __init__(self, sources: Sources, veils: Veils, rules_file: str, acl: Any) -> None:
        """`acl`: pywb's own access rules, for collections made by others that bring some."""
        self.root, self.acl, self.veils = sources.root, acl, veils
        everything = LevelSource(sources.root, ranges=True)
        super().__init__(LevelSource(sources.root, veils), [Records(sources, everything)], rules_file=rules_file)

    def ask(self, collection: str, params: dict[str, Any], request: Any) -> "Answer":
        """The answer to one question; `request` is what the browser asked, the body of a POST included."""
        self.access_checker = self.acl if (self.root / collection / "acl").is_dir() else None
        try:
            headers, body, errors = self({**params, "param.coll": collection, "_input_req": request})
        except AccessException as error:
            return Answer(error.status_code)
        except Unavailable as error:
            return Answer(503, body=BytesIO(error.reason.encode()))
        except Withheld as error:
            return Answer(error.status, body=BytesIO(error.told.encode()))
        except ArchiverError:  # who may see what cannot be known
            return Answer(503, body=BytesIO(b"unreadable"))
        if body is None:
            return Answer(503 if "last_exc" in errors else 404)
        return Answer(200 if headers else 304, headers, body)

    def _load_index_source(self, params: dict[str, Any]) -> Any:
        """The lines for a question. Where a record is wanted and none is left, or not that of the very time, why."""
        if params.get("mode", "resource") != "resource":
            return super()._load_index_source(params)
        left_out = params[LEFT_OUT] = list[LeftOut]()
        lines, errors = super()._load_index_source(params)
        first, asked = next(iter(lines), None), str(params.get("closest", ""))
        if first is None or first["timestamp"] != asked:
            same = [one for one in left_out if first is None or one.line["timestamp"] == asked]
            if same:
                raise self.veils.withheld(max(same, key=lambda one: (one.line["timestamp"] == asked, one.strictness)))
        return (lines if first is None else chain([first], lines)), errors


class Answer:
    """What pywb's outer server looks at in an answer of the inner one; the body of a refusal is its `Reason`."""

    def __init__(
        self, status: int, headers: dict[str, str] | None = None, body: RecordStream | BytesIO | None = None
    ) -> None:
        self.status_code = status
        self.headers = headers or {}
        self.raw = body or BytesIO()


def reason_of(error: Any) -> Reason | None:
    """Why a store did not give what the outer server asked the inner one for; None if it was not that."""
    told = error.msg.get("error") if isinstance(error.msg, dict) else None
    return next((reason for reason in get_args(Reason) if reason == told), None)


class ArchiveServer(WarcServer):  # type: ignore[misc]
    """The inner server over the collections of a root. Nobody serves it: it is asked by `Handler.ask`."""

    def __init__(self, config: dict[str, Any], sources: Sources, veils: Veils) -> None:
        self.sources, self.veils = sources, veils
        super().__init__(config_file="config.yaml", custom_config=config)

    def load_auto_colls(self) -> Handler:
        """pywb's name for what finds collections by their folders."""
        acl = CacheDirectoryAccessSource(str(self.sources.root), self.acl_paths, config=self.config)
        return Handler(self.sources, self.veils, self.rules_file, AccessChecker(acl, self.default_access))

    def list_dynamic_routes(self) -> list[str]:
        """pywb's name for the collections that are here, as far as readers may know of them."""
        return [one.name for one in Root(self.sources.root).collections() if not self.veils.is_dark(one.name)]
