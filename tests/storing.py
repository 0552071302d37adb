"""Collections for replay tests, written record by record: what a page answered, and the index over it."""

import base64
import hashlib
import io
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cdxj_indexer.main import CDXJIndexer
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

CAPTURED = datetime(2026, 11, 22, 14, 1, 12, tzinfo=UTC)
STAMP = f"{CAPTURED:%Y%m%d%H%M%S}"


@dataclass
class Stored:
    """One exchange of a test collection."""

    url: str
    body: str | bytes
    type: str = "text/html; charset=utf-8"
    seconds: int = 0
    """After CAPTURED."""
    status: str = "200 OK"
    headers: tuple[tuple[str, str], ...] = ()
    post: bytes | None = None
    post_type: str = "application/json"
    repeats: str | None = None
    """The address of an exchange of `CAPTURED` that had the same body: only the headers given are stored."""


def store(root: Path, name: str, exchanges: list[Stored], *, file: str = "2026/11/22/one.warc.gz") -> None:
    """Write a collection's WARC and level 0 of its index, as DESIGN lays them out."""
    warc = root / name / "archive" / file
    warc.parent.mkdir(parents=True, exist_ok=True)
    lines = io.StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # warcio leaves its spool files to the garbage collector
        with warc.open("wb") as stream:
            writer = WARCWriter(stream, gzip=True)
            for exchange in exchanges:
                _write(writer, exchange)
        archive = str(root / name / "archive")
        CDXJIndexer(lines, [str(warc)], post_append=True, sort=True, dir_root=archive).process_all()
    indexes = root / name / "indexes"
    indexes.mkdir(exist_ok=True)
    for number in range(1, 6):
        (indexes / f"{number}.cdxj").touch()
    level, new = indexes / "0.cdxj", indexes / ".tmp-0.cdxj"
    present = level.read_text() if level.exists() else ""
    new.write_text("".join(sorted((present + lines.getvalue()).splitlines(keepends=True))))
    new.replace(level)


def _write(writer: WARCWriter, exchange: Stored) -> None:
    body = exchange.body.encode() if isinstance(exchange.body, str) else exchange.body
    at = f"{CAPTURED + timedelta(seconds=exchange.seconds):%Y-%m-%dT%H:%M:%SZ}"
    if exchange.url.startswith("urn:"):
        writer.write_record(
            writer.create_warc_record(
                exchange.url,
                "resource",
                payload=io.BytesIO(body),
                warc_content_type=exchange.type,
                warc_headers_dict={"WARC-Date": at},
            )
        )
        return
    if exchange.repeats:
        told = StatusAndHeaders(exchange.status, [("Content-Type", exchange.type), *exchange.headers], "HTTP/1.1")
        digest = "sha1:" + base64.b32encode(hashlib.sha1(body).digest()).decode()
        same = exchange.repeats, f"{CAPTURED:%Y-%m-%dT%H:%M:%SZ}"
        dated = {"WARC-Date": at}
        writer.write_record(writer.create_revisit_record(exchange.url, digest, *same, told, dated))
        return
    headers = [("Content-Type", exchange.type), ("Content-Length", str(len(body))), *exchange.headers]
    response = writer.create_warc_record(
        exchange.url,
        "response",
        payload=io.BytesIO(body),
        http_headers=StatusAndHeaders(exchange.status, headers, protocol="HTTP/1.1"),
        warc_headers_dict={"WARC-Date": at},
    )
    parts = urlsplit(exchange.url)
    asked = [("Host", parts.netloc)]
    if exchange.post is not None:
        asked += [("Content-Type", exchange.post_type), ("Content-Length", str(len(exchange.post)))]
    target = (
        f"{'GET' if exchange.post is None else 'POST'} {parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    )
    request = writer.create_warc_record(
        exchange.url,
        "request",
        payload=io.BytesIO(exchange.post or b""),
        http_headers=StatusAndHeaders(f"{target} HTTP/1.1", asked, is_http_request=True),
        warc_headers_dict={"WARC-Date": at},
    )
    writer.write_request_response_pair(request, response)
