"""Which kind a file is: by what it says of itself where it can say it, else by its name."""

import gzip
import os
import stat
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, cast

from archiver import jsontext, schema
from archiver.jsontext import BadJSON
from archiver.model import Finding
from archiver.schema import Problem
from archiver.validate import bagit, jsonld, pywb, wacz
from archiver.validate.cdxj import judge_cdxj
from archiver.validate.documents import (
    judge_name,
    judge_plain,
    judge_rule,
    judge_sidecar,
    judge_statement,
)
from archiver.validate.lines import judge_ledger
from archiver.validate.pages import judge_pages
from archiver.validate.places import located, unreadable_parts
from archiver.validate.streams import first_value

KNOWN = (
    "*.json", "*.jsonld", "*.jsonl", "*.cdxj", "*.cdxj.gz", "*.cdx.gz", "*.wacz", "metadata.yaml", "bagit.txt",
    "bag-info.txt", "fetch.txt", "manifest-*.txt", "tagmanifest-*.txt",
)  # fmt: skip
"""Names of files that can be judged."""
_HINT = "`archiver validate --help` names what can be judged; `archiver verify` reads WARC files."


def validate_file(path: Path, *, warcs: bool = True) -> list[Finding]:
    """Everything that is wrong with one file or bag, or strange about it; `warcs`: a sidecar's WARC is read as well."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return list(bagit.judge_bag(path))
        if not stat.S_ISREG(mode):
            return [Finding("error", "file-unreadable", str(path), "it is no file")]
        return list(_judge(path, warcs=warcs))
    except OSError as error:
        return [Finding("error", "file-unreadable", str(path), (error.strerror or str(error)).lower())]


def _judge(path: Path, *, warcs: bool) -> Iterator[Finding]:
    name = path.name.lower()
    if name.endswith((".json", ".jsonld")):
        yield from _document(path, warcs=warcs)
    elif name.endswith(".wacz"):
        yield from wacz.judge_wacz(path)
    elif name in ("metadata.yaml", "metadata.yml"):
        with path.open("rb") as stream:
            yield from pywb.judge_metadata(stream.read(pywb.MAX_BYTES + 1), str(path))
    elif bagit.is_tag_file(name):
        yield from bagit.judge_tag_file(path)
    elif name.endswith((".jsonl", ".cdxj", ".cdxj.gz", ".cdx.gz")):
        with path.open("rb") as stream:
            yield from _lines(stream, path)
    else:
        yield Finding("error", "kind-unknown", str(path), "it is of no kind that can be judged", _HINT)


def _lines(stream: BinaryIO, path: Path) -> Iterator[Finding]:
    if not path.name.endswith(".jsonl"):
        yield from judge_cdxj(
            cast("BinaryIO", gzip.GzipFile(fileobj=stream)) if path.suffix == ".gz" else stream, str(path)
        )
        return
    first = first_value(stream)
    opens_list = isinstance(first, dict) and "format" in first and "writer" not in first
    if opens_list or path.name in ("pages.jsonl", "extraPages.jsonl"):
        yield from judge_pages(stream, str(path))
    else:
        yield from judge_ledger(stream, str(path), path.stat().st_size)
        if path.stat().st_size <= jsontext.MAX_BYTES:
            yield from judge_name(path, path.read_bytes())


def _document(path: Path, *, warcs: bool) -> Iterator[Finding]:
    where = str(path)
    with path.open("rb", buffering=0) as stream:
        size = os.fstat(stream.fileno()).st_size
        content = stream.read(min(size, jsontext.MAX_BYTES) + 1)
    try:
        document = jsontext.read(content, where)
    except BadJSON as error:
        yield from unreadable_parts(error, content, where)
    else:
        yield from _judge_document(document, content, path, warcs=warcs)
    yield from judge_name(path, content)


def _judge_document(document: Any, content: bytes, path: Path, *, warcs: bool) -> list[Finding]:
    where = str(path)
    kind = schema.kind_of(document)
    if kind is None and isinstance(document, dict) and document.keys() >= {"capture", "warc", "assertions"}:
        kind = "sidecar"  # whose $schema is missing or wrong
    if where.endswith(".statement.json"):
        return judge_statement(content, where)
    match kind:
        case "sidecar":
            return judge_sidecar(document, content, where, _collection(path.parent) if warcs else None)
        case "collection" | "erasure" | "loss":
            return judge_plain(document, kind, content, where)
        case "access":
            return judge_rule(document, content, where)
    if path.name == wacz.PACKAGE:
        return wacz.judge_datapackage(document, content, where)
    if path.name == wacz.DIGEST:
        return wacz.judge_digest(document, content, where)
    if jsonld.is_schema_org(document):
        return jsonld.judge_jsonld(document, content, where)
    hint = f"Ours say it in $schema: {', '.join(schema.ids().values())}."
    problem = Problem("/$schema", "kind-unknown", "it does not say what kind of document it is", hint)
    return located([problem], content.decode(), where)


@lru_cache(maxsize=16)
def _collection(folder: Path) -> Path | None:
    """The collection whose sidecars are in `folder`, if its WARC files are there."""
    place = folder.absolute()
    return place.parent if place.name == "sidecars" and (place.parent / "archive").is_dir() else None
