"""WACZ files: the ZIP itself, what datapackage.json says of its files, and those files."""

import hashlib
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from gzip import GzipFile
from pathlib import Path
from typing import Any, BinaryIO, cast

from archiver import jsontext, schema
from archiver.jsontext import BadJSON, pointer
from archiver.model import Finding
from archiver.schema import Problem
from archiver.validate.cdxj import judge_cdxj
from archiver.validate.pages import judge_pages
from archiver.validate.places import located, told, unreadable

MAX_ENTRIES = 200_000
MAX_RATIO = 200
"""Times that a file may unpack to its size."""
PACKAGE, DIGEST, PAGES = "datapackage.json", "datapackage-digest.json", "pages/pages.jsonl"
_INDEX = re.compile(r"\.cdxj?(\.gz)?\Z")
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, RuntimeError)
"""What zipfile raises for places that lead nowhere, and for files that are damaged, encrypted or oddly packed."""
_UNSAFE = re.compile(r"/|~|[A-Za-z]:|(.*/)?\.\.(/|\Z)|.*[\\\x00-\x1f\x7f]")


def judge_wacz(path: Path) -> Iterator[Finding]:
    """A whole package. Nothing of it is unpacked to disk."""
    where = str(path)
    try:
        with zipfile.ZipFile(path) as package:
            entries = package.infolist()
            hostile = list(_entries(entries, where))
            yield from hostile
            if hostile:
                return  # such a file means one thing to one program and another to the next
            yield from _contents(package, where)
    except _DAMAGED as error:
        yield Finding("error", "wacz-zip", where, f"it cannot be read as a ZIP file: {error}")


def judge_datapackage(document: Any, content: bytes, where: str) -> list[Finding]:
    """datapackage.json by itself."""
    return located(schema.problems(document, "datapackage"), content.decode(), where)


def judge_digest(document: Any, content: bytes, where: str, package: bytes | None = None) -> list[Finding]:
    """datapackage-digest.json, against datapackage.json where that is given."""
    problems = schema.problems(document, "datapackage-digest")
    if not problems:
        algorithm, _, told_digest = document["hash"].partition(":")
        if package is not None and hashlib.new(algorithm, package).hexdigest() != told_digest:
            problems.append(Problem("/hash", "wacz-digest", "datapackage.json has another digest"))
        if (signed := document.get("signedData")) and signed["hash"] != document["hash"]:
            hint = "A signature of one package was put on another."
            message = "what is signed is not the digest of this package"
            problems.append(Problem("/signedData/hash", "wacz-signature", message, hint))
        elif signed:
            message = f"it is signed ({schema.shown(signed.get('domain') or 'anonymously')}); who signed is not checked"
            problems.append(Problem("/signedData", "wacz-signature", message, "", "info"))
    return located(problems, content.decode(), where)


def _entries(entries: list[zipfile.ZipInfo], where: str) -> Iterator[Finding]:
    """What makes a ZIP file unfit to be read any further."""
    if len(entries) > MAX_ENTRIES:
        yield Finding("error", "wacz-zip", where, f"it has more than {MAX_ENTRIES} files")
        return
    seen, end = set[str](), 0
    for entry in sorted(entries, key=lambda one: one.header_offset):
        name = entry.orig_filename
        if _UNSAFE.match(name):
            yield Finding("error", "wacz-name", where, f"the name {name[:300]!r} leads out of the package")
        if name in seen:
            yield Finding("error", "wacz-name", where, f"{name[:300]} stands twice in it")
        seen.add(name)
        if entry.header_offset < end:
            yield Finding("error", "wacz-zip", where, f"{name[:300]} overlaps another file")
        end = entry.header_offset + 30 + len(name.encode()) + entry.compress_size
        if entry.flag_bits & 1:
            yield Finding("error", "wacz-zip", where, f"{name[:300]} is encrypted")
        if entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            yield Finding("error", "wacz-zip", where, f"{name[:300]} unpacks to more than {MAX_RATIO} times its size")


def _contents(package: zipfile.ZipFile, where: str) -> Iterator[Finding]:
    names = {entry.filename for entry in package.infolist() if not entry.is_dir()}
    if not where.lower().endswith(".wacz"):
        yield Finding("warning", "wacz-suffix", where, "its name does not end in .wacz")
    needed = {PACKAGE: PACKAGE in names, PAGES: PAGES in names}
    needed |= {folder: any(name.startswith(folder) for name in names) for folder in ("archive/", "indexes/")}
    for name in (name for name, there in needed.items() if not there):
        yield Finding("error", "wacz-missing", where, f"it holds no {name}" if name[-1] != "/" else f"{name} is empty")
    described = _small(package, PACKAGE) if PACKAGE in names else b""
    if described:
        yield from _described(package, described, f"{where}/{PACKAGE}", names)
    if DIGEST in names:
        content, place = _small(package, DIGEST), f"{where}/{DIGEST}"
        try:
            yield from judge_digest(jsontext.read(content, place), content, place, described)
        except BadJSON as error:
            yield unreadable(error, place)
    for name in sorted(names):
        yield from _file(package, name, f"{where}/{name}")


def _file(package: zipfile.ZipFile, name: str, where: str) -> Iterator[Finding]:
    """What is to be said of one file of the package, by where it lies."""
    if name.startswith("archive/") and package.getinfo(name).compress_type != zipfile.ZIP_STORED:
        hint = "Readers fetch single records out of it. Store it as it is."
        yield Finding("error", "wacz-compressed", where, "it is compressed by the ZIP file", hint)
    if name in (PAGES, "pages/extraPages.jsonl"):
        with package.open(name) as stream:
            yield from judge_pages(cast("BinaryIO", stream), where)
    elif name.startswith("indexes/") and _INDEX.search(name):
        with package.open(name) as stream:
            plain = GzipFile(fileobj=stream) if name.endswith(".gz") else stream
            yield from judge_cdxj(cast("BinaryIO", plain), where)


def _described(package: zipfile.ZipFile, content: bytes, where: str, names: set[str]) -> Iterator[Finding]:
    """datapackage.json, and whether the files are as it says."""
    try:
        document = jsontext.read(content, where)
    except BadJSON as error:
        yield unreadable(error, where)
        return
    listed = document.get("resources") if isinstance(document, dict) else None
    resources = listed if isinstance(listed, list) else []
    problems = schema.problems(document, "datapackage")
    if not problems:
        problems = [one for index, each in enumerate(resources) for one in _resource(package, each, index, names)]
    yield from located(problems, content.decode(), where)
    known = {str(one.get("path")) for one in resources if isinstance(one, dict)} | {PACKAGE, DIGEST}
    for name in sorted(names - known):
        yield told("error", "wacz-unlisted", where, 1, f"{name[:300]} is not listed in resources")


def _resource(package: zipfile.ZipFile, resource: dict[str, Any], index: int, names: set[str]) -> Iterator[Problem]:
    name, place = resource["path"], pointer("resources", index)
    if name not in names:
        yield Problem(f"{place}/path", "wacz-absent", f"{name[:300]} is listed and not in the package")
        return
    if "stats" in resource:  # WACZ 1.0.0
        algorithm, digest, size = resource["hashing"], resource["stats"]["hash"], resource["stats"]["bytes"]
    else:
        (algorithm, _, digest), size = resource["hash"].partition(":"), resource["bytes"]
    there = package.getinfo(name).file_size
    if size != there:
        yield Problem(f"{place}/bytes", "wacz-size", f"{name[:300]} has {there} bytes, not {size}")
    running = hashlib.new(algorithm)
    with package.open(name) as stream:
        while piece := stream.read(1 << 20):
            running.update(piece)
    if running.hexdigest() != digest:
        yield Problem(f"{place}/hash", "wacz-digest", f"{name[:300]} has another digest")


def _small(package: zipfile.ZipFile, name: str) -> bytes:
    """A file of the package that is read whole, as far as `jsontext` allows and a byte beyond."""
    with package.open(name) as stream:
        return stream.read(jsontext.MAX_BYTES + 1)
