"""Packages from afar: sound ones give every byte, hostile ones nothing."""

import hashlib
import json
import os
import shutil
import stat
import struct
import zipfile

import pytest

from archiver.errors import UnreadableInput
from archiver.package.reading import RefusedPackage, open_package

PAGES = b'{"format": "json-pages-1.0", "id": "pages"}\n{"url": "https://a.example/", "ts": "2026-11-22T14:01:12Z"}\n'
FILES = {"archive/a.warc.gz": b"\x1f\x8b not read", "indexes/index.cdxj": b"", "pages/pages.jsonl": PAGES}


def wacz(path, files=FILES, entries=(), method=zipfile.ZIP_STORED):
    """A WACZ file; `entries` are put into it unlisted or in any other way."""
    resources = [
        {"name": name, "path": name, "hash": f"sha256:{hashlib.sha256(body).hexdigest()}", "bytes": len(body)}
        for name, body in files.items()
    ]
    described = json.dumps({"profile": "data-package", "wacz_version": "1.1.1", "resources": resources}).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as made:
        for name, body in {"datapackage.json": described, **files}.items():
            made.writestr(name, body)
        for entry, body in entries:
            made.writestr(entry, body, method)
    return path


def digest(algorithm, body):
    return hashlib.sha3_256(body).hexdigest() if algorithm == "sha3" else hashlib.new(algorithm, body).hexdigest()


def bag(folder, files, algorithm="sha256"):
    (folder / "data").mkdir(parents=True)
    (folder / "bagit.txt").write_text("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    lines = []
    for name, body in files.items():
        place = folder / "data" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(body)
        lines.append(f"{digest(algorithm, body)}  data/{name}\n")
    (folder / f"manifest-{algorithm}.txt").write_text("".join(lines))
    return folder


def refused(path):
    with pytest.raises(RefusedPackage) as told, open_package(path):
        pass
    return {one.code for one in told.value.findings if one.level == "error"}


def test_every_file_of_a_package_can_be_read(tmp_path):
    with open_package(wacz(tmp_path / "a.wacz")) as package:
        assert package.kind == "wacz"
        assert package.files == {n: (len(b), hashlib.sha256(b).hexdigest()) for n, b in FILES.items()}
        assert {name: package.open(name).read() for name in package.files} == FILES
    for algorithm, known in (("sha256", hashlib.sha256(b"abc").hexdigest()), ("sha512", None), ("md5", None)):
        with open_package(bag(tmp_path / algorithm, {"a/b": b"abc"}, algorithm)) as package:
            assert (package.kind, package.files) == ("bag", {"a/b": (3, known)})
            assert package.open("a/b").read() == b"abc"


def test_what_changes_while_it_is_read_is_told(tmp_path):
    folder = bag(tmp_path / "bag", {"a": b"abc", "b": b"abc"})
    with open_package(folder) as package:
        (folder / "data/a").write_bytes(b"abd")
        with pytest.raises(UnreadableInput, match="changed"):
            package.open("a").read()
        (folder / "data/b").unlink()
        (folder / "data/b").symlink_to("/etc/passwd")
        with pytest.raises(UnreadableInput, match="link"):
            package.open("b").read()


def link(name):
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return entry


def raw(name):
    """An entry whose name zipfile would mend."""
    entry = zipfile.ZipInfo("x")
    entry.filename = entry.orig_filename = name
    return entry


@pytest.mark.parametrize(
    "name",
    ["../evil", "a/../../evil", "/evil", "C:evil", "~evil", "a\\b", "a\nb", "a\x7fb", "a\u202eb", "a//b", "./a",
     "PAGES/pages.jsonl", "pages/PAGES.jsonl", "pages/pages.jsonl/x"],
)  # fmt: skip
def test_names_that_mean_something_else(tmp_path, name):
    assert "wacz-name" in refused(wacz(tmp_path / "a.wacz", entries=[(raw(name), b"x")]))


def test_names_that_differ_by_their_composition_only(tmp_path):
    files = FILES | {"notes/\u00e9": b"1", "notes/e\u0301": b"2"}
    assert "wacz-name" in refused(wacz(tmp_path / "a.wacz", files))


def test_links_bombs_and_other_packings(tmp_path):
    assert "wacz-zip" in refused(wacz(tmp_path / "a.wacz", entries=[(link("notes/a"), b"/etc/passwd")]))
    bomb = wacz(tmp_path / "b.wacz", entries=[("notes/a", bytes(30_000_000))], method=zipfile.ZIP_DEFLATED)
    assert refused(bomb) == {"wacz-zip"}
    packed = wacz(tmp_path / "c.wacz", entries=[("notes/a", bytes(99))], method=zipfile.ZIP_LZMA)
    assert refused(packed) == {"wacz-zip"}


def directory(content, name):
    """Where a file's entry of the central directory begins."""
    at = content.index(b"PK\x01\x02")
    while content[at + 46 : at + 46 + len(name)] != name:
        at = content.index(b"PK\x01\x02", at + 4)
    return at


def test_entries_that_overlap_or_lie(tmp_path):
    path = wacz(tmp_path / "a.wacz")
    whole = path.read_bytes()
    for offset, form, value in ((42, "<I", 0), (24, "<I", 1 << 31), (8, "<H", 1), (10, "<H", 99)):
        content = bytearray(whole)
        struct.pack_into(form, content, directory(whole, b"pages/pages.jsonl") + offset, value)
        path.write_bytes(content)
        assert refused(path) == {"wacz-zip"}, offset
    path.write_bytes(b"#!/bin/sh\n" + whole)
    with pytest.raises(UnreadableInput, match="neither"), open_package(path):
        pass
    first = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    path.write_bytes(first + whole)  # a file that the directory does not name
    assert refused(path) == {"wacz-zip"}
    comment = b"PK\x05\x06"
    path.write_bytes(whole[:-2] + struct.pack("<H", len(comment)) + comment)
    assert refused(path) == {"wacz-zip"}


def test_files_that_are_not_listed_or_not_there(tmp_path):
    assert refused(wacz(tmp_path / "a.wacz", entries=[("archive/b", b"")])) == {"wacz-unlisted"}
    assert refused(wacz(tmp_path / "b.wacz", {n: b for n, b in FILES.items() if n[0] != "p"})) == {"wacz-missing"}
    path = wacz(tmp_path / "c.wacz")
    path.write_bytes(path.read_bytes().replace(b"not read", b"not real"))
    assert refused(path) & {"wacz-zip", "wacz-digest"}


def test_bags_with_links_and_pipes(tmp_path):
    for number, make in enumerate((lambda p: p.symlink_to("/etc/passwd"), lambda p: p.symlink_to("/"), os.mkfifo)):
        for name in ("data/x", "x"):
            folder = bag(tmp_path / f"{number}-{name[0]}", {"a": b"abc"})
            make(folder / name)
            assert refused(folder) == {"bag-link"}
    for name in ("bagit.txt", "manifest-sha256.txt", "data"):
        folder = bag(tmp_path / f"of-{name}", {"a": b"abc"})
        shutil.move(folder / name, tmp_path / f"moved-{name}")
        (folder / name).symlink_to(tmp_path / f"moved-{name}")
        assert refused(folder) == {"bag-link"}


def test_bags_that_some_systems_cannot_hold(tmp_path):
    assert refused(bag(tmp_path / "case", {"a": b"1", "A": b"2"})) == {"bag-path"}
    assert refused(bag(tmp_path / "form", {"\u00e9": b"1", "e\u0301": b"2"})) == {"bag-path"}
    assert refused(bag(tmp_path / "back", {"a\\b": b"1"})) == {"bag-path"}
    assert refused(bag(tmp_path / "unknown", {"a": b"1"}, "sha3")) >= {"bag-algorithm"}


def test_what_is_no_package(tmp_path):
    (tmp_path / "a.wacz").write_bytes(b"nothing")
    for path in (tmp_path, tmp_path / "a.wacz", tmp_path / "absent"):
        with pytest.raises(UnreadableInput, match="neither"), open_package(path):
            pass
    (tmp_path / "cut.wacz").write_bytes(wacz(tmp_path / "b.wacz").read_bytes()[:-40])
    assert refused(tmp_path / "cut.wacz") == {"wacz-zip"}


@pytest.mark.corpus
def test_real_packages(corpus):
    for path in sorted([*corpus.glob("warcs/*/*.wacz"), *corpus.glob("bagit/v1.0/*/*")]):
        if path.name == "invalid_signed_example_1.wacz":  # its signer has a certificate that nobody need trust
            with open_package(path) as package:
                assert "wacz-signature" in {one.code for one in package.findings}
        elif path.name.startswith("invalid") or path.parent.name == "invalid":
            assert refused(path), path
        else:
            with open_package(path) as package:
                assert all(len(package.open(name).read()) == size for name, (size, _) in package.files.items()), path
