"""WACZ files: the ZIP itself, what datapackage.json says of its files, and those files."""

import hashlib
import re
from collections.abc import Iterator, Set
from gzip import GzipFile
from pathlib import Path
from typing import Any, BinaryIO, cast

from archiver import jsontext, schema, zipfiles
from archiver.errors import UnreadableInput
from archiver.jsontext import BadJSON, pointer
from archiver.model import Finding
from archiver.proof import Keyring, Trust, judge_package
from archiver.proof.wacz import WrongSignature, signer_of
from archiver.schema import Problem
from archiver.validate.cdxj import judge_cdxj
from archiver.validate.pages import judge_pages
from archiver.validate.places import located, told, unreadable
from archiver.zipfiles import Archive, Fault

PACKAGE, DIGEST, PAGES = "datapackage.json", "datapackage-digest.json", "pages/pages.jsonl"
_INDEX = re.compile(r"\.cdxj?(\.gz)?\Z")


def judge_wacz(path: Path) -> Iterator[Finding]:
    """A whole package. Nothing of it is unpacked to disk."""
    where = str(path)
    try:
        with zipfiles.opened(path) as package:
            hostile = [_fault(one, where) for one in package.faults()]
            yield from hostile
            if hostile:  # such a file means one thing to one program and another to the next
                return
            yield from _contents(package, where)
        yield from judge_package(path, Trust.of(Keyring()))
    except UnreadableInput as error:
        yield Finding("error", "wacz-zip", where, error.why)


def _fault(fault: Fault, where: str) -> Finding:
    if fault.about == "name":
        return Finding("error", "wacz-name", where, fault.message)
    return Finding("error", "wacz-zip", where, fault.message)


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
        if signed := document.get("signedData"):
            problems.append(_signature(signed, document["hash"]))
    return located(problems, content.decode(), where)


def _signature(signed: dict[str, Any], digest: str) -> Problem:
    """Who signed, or what is wrong with it. That `digest` is the package's own has been looked at."""
    if signed["hash"] != digest:
        hint = "A signature of one package was put on another."
        message = "what is signed is not the digest of this package"
        return Problem("/signedData/hash", "wacz-signature", message, hint)
    try:
        return Problem("/signedData", "wacz-signature", f"it is signed {signer_of(signed)[:300]}", "", "info")
    except WrongSignature as error:
        return Problem("/signedData/signature", "wacz-signature", f"as a signature, {error}")


def _contents(package: Archive, where: str) -> Iterator[Finding]:
    names = package.sizes.keys()
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


def _file(package: Archive, name: str, where: str) -> Iterator[Finding]:
    """What is to be said of one file of the package, by where it lies."""
    if name.startswith("archive/") and not package.is_stored(name):
        hint = "Readers fetch single records out of it. Store it as it is."
        yield Finding("error", "wacz-compressed", where, "it is compressed by the ZIP file", hint)
    if name in (PAGES, "pages/extraPages.jsonl"):
        with package.open(name) as stream:
            yield from judge_pages(stream, where)
    elif name.startswith("indexes/") and _INDEX.search(name):
        with package.open(name) as stream:
            plain = GzipFile(fileobj=stream) if name.endswith(".gz") else stream
            yield from judge_cdxj(cast("BinaryIO", plain), where)


def _described(package: Archive, content: bytes, where: str, names: Set[str]) -> Iterator[Finding]:
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


def _resource(package: Archive, resource: dict[str, Any], index: int, names: Set[str]) -> Iterator[Problem]:
    name, place = resource["path"], pointer("resources", index)
    if name not in names:
        yield Problem(f"{place}/path", "wacz-absent", f"{name[:300]} is listed and not in the package")
        return
    algorithm, digest, size = _claimed(resource)
    there = package.sizes[name]
    if size != there:
        yield Problem(f"{place}/bytes", "wacz-size", f"{name[:300]} has {there} bytes, not {size}")
    running = hashlib.new(algorithm)
    with package.open(name) as stream:
        while piece := stream.read(1 << 20):
            running.update(piece)
    if running.hexdigest() != digest:
        yield Problem(f"{place}/hash", "wacz-digest", f"{name[:300]} has another digest")


def _claimed(resource: dict[str, Any]) -> tuple[str, str, int]:
    """Algorithm, digest and bytes of a file, as datapackage.json tells them."""
    if "stats" in resource:  # WACZ 1.0.0
        return resource["hashing"], resource["stats"]["hash"], resource["stats"]["bytes"]
    algorithm, _, digest = resource["hash"].partition(":")
    return algorithm, digest, resource["bytes"]


def digests(package: Archive) -> dict[str, tuple[str, str]]:
    """Algorithm and digest of every file of a package that was judged sound, datapackage.json itself left out."""
    document = jsontext.read(_small(package, PACKAGE), PACKAGE)
    return {one["path"]: _claimed(one)[:2] for one in document["resources"]}


def _small(package: Archive, name: str) -> bytes:
    """A file of the package that is read whole, as far as `jsontext` allows and a byte beyond."""
    with package.open(name) as stream:
        return stream.read(jsontext.MAX_BYTES + 1)
