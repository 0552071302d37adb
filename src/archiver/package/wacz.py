"""Writing WACZ 1.1.1: one ZIP file that players open, with all beside it that our own reader needs.

archive/             WARC files, byte by byte as they are, under their bare names
indexes/             index.cdx.gz and index.idx
pages/pages.jsonl    a line for each capture: id, url, ts, title, text
sidecars/ collection/ schemas/ ledger/ proofs/   as in the collection
README.txt  datapackage.json  datapackage-digest.json
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from archiver import AGENT, disk, zipfiles
from archiver.catalogue.texts import article_text
from archiver.errors import ConflictError
from archiver.model import new_body, timestamp
from archiver.package.contents import Contents
from archiver.package.index import ZipNum, sorted_lines
from archiver.sidecar import Sidecar

VERSION = "1.1.1"
INDEX = "index.cdx.gz"
PRIVATE = "erasures/"
"""What names people and stays at home."""
README = """\
This is a WACZ file: archived web pages, made with Archiver. To see them, open it at https://replayweb.page
or with any other player of WACZ files; nothing of it leaves your computer.
It is a ZIP file. Unpacked, it can be read without any player:

archive/           WARC files (ISO 28500), one capture each, byte by byte as they were kept.
pages/             Address, time, title and text of each capture, a JSON line each.
indexes/           Where in the WARC files which address is.
sidecars/          A JSON document per capture: what it is, whether it really is the article, headline,
                   authors, dates, and where each value comes from. schemas/ explains every field.
collection/        Title, description and rights of the collection that it comes from.
ledger/            The lines of that collection's ledger that brought these files in, with their SHA-256 digests.
datapackage.json   Every file with its SHA-256 digest; datapackage-digest.json has the digest of that list.

To check the files: compare `sha256sum` of each with datapackage.json, and with the ledger's lines.
"""


Sign = Callable[[str, str], Mapping[str, str]]
"""The digest and the time of a package to the `signedData` about it."""


def write_wacz(contents: Contents, stream: BinaryIO, place: Path, at: datetime, sign: Sign | None = None) -> None:
    """Write the package to `stream`; the same contents and the same `at`, the time of making, give the same bytes.

    `place`: a folder for temporary files. Raises `ConflictError` where a file is not as the ledger says.
    """
    with zipfiles.writing(stream, at) as archive:
        resources: list[dict[str, Any]] = []

        def add(name: str, pieces: Iterable[bytes], size: int, *, stored: bool = False) -> None:
            sha256 = archive.add(name, pieces, size, stored=stored)
            last = name.rpartition("/")[2].lower()  # as Frictionless wants it
            resources.append({"name": last, "path": name, "hash": f"sha256:{sha256}", "bytes": size})

        names = _names(contents)
        with sorted_lines(contents, place) as lines:
            packed = ZipNum(lines, INDEX)
            add(f"indexes/{INDEX}", *_measured(packed.blocks()), stored=True)
        add("indexes/index.idx", *_measured(packed.list()))
        add("pages/pages.jsonl", *_measured(_pages(contents)))
        add("README", [README.encode()], len(README.encode()))
        for file, pieces in contents.each():
            if file.path in names:
                add(names[file.path], pieces, file.bytes, stored=file.path.startswith("archive/"))
        described = _json(_description(contents, at) | {"resources": resources})
        sha256 = archive.add("datapackage.json", [described], len(described))
        digest: dict[str, Any] = {"path": "datapackage.json", "hash": f"sha256:{sha256}"}
        digest |= {"signedData": sign(digest["hash"], timestamp(at))} if sign else {}
        archive.add("datapackage-digest.json", [_json(digest)], len(_json(digest)))


def _measured(pieces: Iterable[bytes]) -> tuple[Iterator[bytes], int]:
    """The same pieces once all are there, and their bytes."""
    spool = new_body()
    size = sum(spool.write(piece) for piece in pieces)
    spool.seek(0)
    return _emptied(spool), size


def _emptied(spool: BinaryIO) -> Iterator[bytes]:
    with spool:
        while piece := spool.read(disk.CHUNK):
            yield piece


def _names(contents: Contents) -> dict[str, str]:
    """Path in the collection → name in the package. There is an id or a digest in each: none should be there twice."""
    paths = [file.path for file in contents.files if "/" in file.path and not file.path.startswith(PRIVATE)]
    names = {path: _flat(path) for path in paths}
    if len(set(names.values())) < len(names):
        raise ConflictError("Two files of the collection have the same name.", "Export captures apart, with --capture.")
    return names


def _flat(path: str) -> str:
    folder, _, rest = path.partition("/")
    return f"{folder}/{rest.rpartition('/')[2] if folder == 'archive' else rest.replace('/', '-')}"


def _pages(contents: Contents) -> Iterator[bytes]:
    yield _line({"format": "json-pages-1.0", "id": "pages", "title": "All Pages", "hasText": True})
    for sidecar in contents.sidecars:
        page = {
            "id": sidecar.id,
            "url": sidecar.final_url,
            "ts": sidecar.captured_at,
            "title": sidecar.headline or sidecar.final_url,
            "text": article_text(contents.collection, sidecar),
        }
        yield _line(page)


def _description(contents: Contents, at: datetime) -> dict[str, Any]:
    """datapackage.json but for the list of files. A package of one capture opens at it."""
    collection = contents.collection.metadata()
    members = {
        "profile": "data-package",
        "wacz_version": VERSION,
        "title": collection.get("title"),
        "description": collection.get("description"),
        "created": timestamp(at),
        "software": AGENT,
        **(_main_page(contents.sidecars[0]) if len(contents.sidecars) == 1 else {}),
    }
    return {name: value for name, value in members.items() if value}


def _main_page(sidecar: Sidecar) -> dict[str, str]:
    return {"mainPageUrl": sidecar.final_url, "mainPageDate": sidecar.captured_at}


def _line(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=2).encode("utf-8", "replace") + b"\n"
