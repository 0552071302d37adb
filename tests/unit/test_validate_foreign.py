"""Validation of what others have laid down: WACZ, BagIt, CDXJ, pages, metadata.yaml, JSON-LD; and of real files."""

import gzip
import hashlib
import json
import os
import random
import zipfile
from copy import deepcopy
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archiver.model import Finding
from archiver.proof.wacz import signed_data
from archiver.validate import validate_file, validate_files

URL = "https://news.example/hospital-reopens"
FIELDS = {"url": URL, "mime": "text/html", "status": "200", "digest": "sha1:QJ5L3GZMXCNNQWGM36QW2EJIC7HWLFGN"}
FIELDS |= {"length": "1225", "offset": "1043", "filename": "a.warc.gz"}
LINE = f"example,news)/hospital-reopens 20261122140112 {json.dumps(FIELDS)}\n"
PAGES = (
    '{"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}\n'
    f'{{"id": "a", "url": "{URL}", "ts": "2026-11-22T14:01:12Z", "title": "Шпиталь"}}\n'
)
ARTICLE = {
    "@context": "https://schema.org",
    "@type": "NewsArticle",
    "headline": "Hospital reopens",
    "author": {"@type": "Person", "name": "Olena Koval"},
    "publisher": {"@type": "Organization", "name": "Visnyk"},
    "datePublished": "2026-11-19T08:30:00+02:00",
    "dateModified": "2026-11-20",
}


def column(name: str) -> int:
    """Where a field of `LINE` stands."""
    return LINE.index(f'"{name}"') + 1


def told(path: Path, findings: list[Finding] | None = None) -> list[tuple[str, str, str]]:
    """(code, place behind the file's name, pointer) of each finding."""
    found = validate_file(path) if findings is None else findings
    return [(one.code, one.where.removeprefix(str(path)).removeprefix(":"), one.pointer) for one in found]


def written(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# Lines


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (LINE, []),
        ("!meta 0 {}\n" + LINE, []),
        (LINE.rstrip(), []),
        (LINE.replace("20261122140112", "20261322140112"), [("cdxj-time", "1:32", "")]),
        (LINE.replace('"offset": "1043"', '"offset": "x"'), [("schema-pattern", f"1:{column('offset')}", "/offset")]),
        (LINE.replace(', "filename": "a.warc.gz"', ""), [("schema-required", "1:47", "/filename")]),
        (LINE.replace('"200"', "200"), []),
        (LINE.replace('"mime": "text/html"', '"url": "x"'), [("json-duplicate-key", f"1:{column('mime')}", "")]),
        (
            LINE + "example,a)/ 20261122140112 {}\n",
            [("cdxj-order", "2:1", ""), ("schema-required", "2:28", "/filename")],
        ),
        ("no line\n" + LINE.replace("example,", "p,"), [("cdxj-line", "1:1", "")]),
        (LINE.encode() + b"\xff\n", [("json-encoding", "2:1", "")]),
    ],
)
def test_index_lines(tmp_path, content, expected):
    path = written(tmp_path / "a.cdxj", content)
    found = told(path)
    assert found[: len(expected)] == expected or found == expected
    assert bool(found) is bool(expected)


def test_packed_indexes_and_damaged_ones(tmp_path):
    packed = gzip.compress(LINE.encode())
    assert told(written(tmp_path / "a.cdxj.gz", packed)) == []
    assert [code for code, *_ in told(written(tmp_path / "b.cdx.gz", packed[:-9]))] == ["file-unreadable"]
    assert [code for code, *_ in told(written(tmp_path / "c.cdxj.gz", b"plain"))] == ["file-unreadable"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (PAGES, []),
        (PAGES.replace("json-pages-1.0", "x"), [("schema-const", "1:2", "/format")]),
        (PAGES.replace('"ts": "2026-11-22T14:01:12Z"', '"ts": "2026-11-22"'), None),
        (PAGES.replace(f'"url": "{URL}", ', ""), [("schema-required", "2:1", "/url")]),
        (PAGES + PAGES.splitlines()[1] + "\n", [("page-id", "3:1", "")]),
        (PAGES.splitlines()[0], [("pages-empty", "1:1", "")]),
        ("", [("pages-empty", "1:1", "")]),
        (PAGES + '{"url": NaN}\n', [("json-number", "3:9", "")]),
    ],
)
def test_pages(tmp_path, content, expected):
    found = told(written(tmp_path / "pages.jsonl", content))
    if expected is None:
        assert {(code, pointer) for code, _, pointer in found} == {("schema-format", "/ts"), ("schema-pattern", "/ts")}
    else:
        assert found == expected


# WACZ

OTHER = json.dumps({"path": "datapackage.json", "hash": f"sha256:{'0' * 64}"}).encode()


def package(tmp_path: Path, change=lambda files, described: None, stored: bool = True, **more: bytes) -> Path:
    """A sound WACZ file, changed before it is written: `files` by name, `described` as datapackage.json."""
    files: dict[str, bytes] = {
        "archive/a.warc.gz": b"\x1f\x8b not read",
        "indexes/index.cdxj": LINE.encode(),
        "pages/pages.jsonl": PAGES.encode(),
    }
    resources = [
        {
            "name": name.rpartition("/")[2],
            "path": name,
            "hash": f"sha256:{hashlib.sha256(body).hexdigest()}",
            "bytes": len(body),
        }
        for name, body in files.items()
    ]
    described = {"profile": "data-package", "wacz_version": "1.1.1", "resources": resources}
    change(files, described)
    content = json.dumps(described, indent=1).encode()
    digest = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(content).hexdigest()}"}
    files = {"datapackage.json": content, "datapackage-digest.json": json.dumps(digest).encode()} | files | more
    path = tmp_path / "a.wacz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as made:
        for name, body in files.items():
            made.writestr(name, body)
    return path


def test_a_sound_package(tmp_path):
    assert told(package(tmp_path)) == []


@pytest.mark.parametrize(
    ("change", "code", "place", "pointer"),
    [
        (lambda f, d: f.pop("pages/pages.jsonl"), "wacz-missing", "", ""),
        (lambda f, d: f.pop("indexes/index.cdxj"), "wacz-absent", "/datapackage.json:13", "/resources/1/path"),
        (lambda f, d: f.update({"archive/b.warc.gz": b""}), "wacz-unlisted", "/datapackage.json:1:1", ""),
        (lambda f, d: d["resources"][0].update(bytes=3), "wacz-size", "/datapackage.json:9", "/resources/0/bytes"),
        (
            lambda f, d: d["resources"][0].update(hash=f"sha256:{'0' * 64}"),
            "wacz-digest",
            "/datapackage.json:8",
            "/resources/0/hash",
        ),
        (lambda f, d: d.pop("wacz_version"), "schema-required", "/datapackage.json:1:1", "/wacz_version"),
        (lambda f, d: d.update(resources={}), "schema-type", "/datapackage.json:4", "/resources"),
        (
            lambda f, d: d["resources"][0].update(path="../../x"),
            "schema-pattern",
            "/datapackage.json:7",
            "/resources/0/path",
        ),
        (lambda f, d: f.update({"indexes/index.cdxj": b"x\n"}), "cdxj-line", "/indexes/index.cdxj:1:1", ""),
        (lambda f, d: f.update({"pages/pages.jsonl": b"{}\n"}), "schema-required", "/pages/pages.jsonl:1:1", "/format"),
        (lambda f, d: f.update({"../evil": b""}), "wacz-name", "", ""),
        (lambda f, d: f.update({"/evil": b""}), "wacz-name", "", ""),
        (lambda f, d: f.update({"a\\b": b""}), "wacz-name", "", ""),
        (
            lambda f, d: f.update({"datapackage.json": b"[" * 99 + b"]" * 99}),
            "json-depth",
            "/datapackage.json:1:65",
            "",
        ),
        (
            lambda f, d: f.update({"datapackage-digest.json": OTHER}),
            "wacz-digest",
            "/datapackage-digest.json:1:30",
            "/hash",
        ),
    ],
)
def test_an_unsound_package(tmp_path, change, code, place, pointer):
    found = told(package(tmp_path, change))
    assert any(one[0] == code and one[1].startswith(place) and one[2] == pointer for one in found), found


def test_a_signature_of_another_package(tmp_path):
    path = package(tmp_path)
    with zipfile.ZipFile(path) as made:
        digest = json.loads(made.read("datapackage-digest.json"))
    signed = signed_data(digest["hash"], "2026-11-22T14:01:12Z", Ed25519PrivateKey.generate())

    def digests(hash_: str) -> dict[str, bytes]:
        return {"datapackage-digest.json": json.dumps(digest | {"signedData": signed | {"hash": hash_}}).encode()}

    own = validate_file(package(tmp_path, **digests(digest["hash"])))
    assert [(one.level, one.code) for one in own] == [("info", "wacz-signature")]
    foreign = validate_file(package(tmp_path, **digests("sha256:" + "1" * 64)))
    assert [(one.level, one.code, one.pointer) for one in foreign] == [("error", "wacz-signature", "/signedData/hash")]


def test_hostile_zip_files(tmp_path):
    assert {code for code, *_ in told(package(tmp_path, stored=False))} == {"wacz-compressed"}
    path = package(tmp_path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as made:
        made.writestr("pages/extraPages.jsonl", b"\n" * 60_000_000)
    assert [code for code, *_ in told(path)] == ["wacz-zip"]
    whole = package(tmp_path).read_bytes()
    for broken in (b"", b"PK", whole[:-30], whole[: len(whole) // 2], whole.replace(b"PK\x01\x02", b"PK\x01\x03", 1)):
        found = told(written(tmp_path / "b.wacz", broken))
        assert found[0][0] == "wacz-zip", broken[:20]
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as made:
        made.writestr("pages/pages.jsonl", PAGES)
    assert [code for code, *_ in told(path)] == ["wacz-name"]


# BagIt


def bag(folder: Path) -> Path:
    """A sound bag."""
    written(folder / "data/ä b.txt", "abc")
    written(folder / "bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    written(folder / "bag-info.txt", "Payload-Oxum: 3.1\nSource-Organization: Museum\n  of News\n")
    written(folder / "manifest-sha256.txt", f"{hashlib.sha256(b'abc').hexdigest()}  data/ä b.txt\n")
    return folder


def test_a_sound_bag(tmp_path):
    assert validate_file(bag(tmp_path / "bag")) == []
    assert [judged.file for judged in validate_files([tmp_path])] == [str(tmp_path / "bag")]


@pytest.mark.parametrize(
    ("name", "content", "code", "place"),
    [
        ("bagit.txt", "BagIt-Version : 1.0\nTag-File-Character-Encoding: UTF-8\n", "bag-declaration", "1:1"),
        ("bagit.txt", "\ufeffBagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", "bag-encoding", "1:1"),
        ("bag-info.txt", "Payload-Oxum: 4.1\n", "bag-oxum", "1:1"),
        ("bag-info.txt", "Payload-Oxum: 3.1\nno label\n", "bag-info", "2:1"),
        ("manifest-sha256.txt", "abc data/a\n", "bag-manifest", "1:1"),
        ("manifest-sha256.txt", "0" * 64 + " data/ä b.txt\n", "bag-digest", "1:1"),
        ("manifest-sha256.txt", "0" * 64 + " ../x\n", "bag-path", "1:1"),
        ("manifest-sha256.txt", "0" * 64 + " data/x\n" + "0" * 64 + " data/x\n", "bag-twice", "2:1"),
        ("manifest-sha256.txt", "0" * 64 + " data/gone\n", "bag-absent", "1:1"),
        ("manifest-md5.txt", "", "bag-unlisted", "1:1"),
        ("fetch.txt", "https://a.example/ 3 /etc/passwd\n", "bag-path", "1:1"),
        ("fetch.txt", "nonsense\n", "bag-fetch", "1:1"),
        ("data/more.txt", "x", "bag-unlisted", "1:1"),
        ("tagmanifest-sha256.txt", "0" * 64 + " bagit.txt\n", "bag-digest", "1:1"),
        ("manifest-sha256.txt", b"\n\xe4\n", "bag-encoding", "2:1"),
    ],
)  # fmt: skip
def test_an_unsound_bag(tmp_path, name, content, code, place):
    folder = bag(tmp_path / "bag")
    written(folder / name, content)
    told_file = "manifest-sha256.txt" if name.startswith("data/") else name
    assert (code, f"{folder / told_file}:{place}") in {(one.code, one.where) for one in validate_file(folder)}


# metadata.yaml


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("title: Frontline\nkeywords: [a, 3]\nsince: 2026-11-22\n", []),
        ("", []),
        ("title: [a]\n", [("schema-type", "1:1", "/title")]),
        ("title: a\nb:\n  c:\n    d: 1\n", [("schema-anyOf", "2:1", "/b")]),
        ("a: 1\nb: 2\na: 3\n", [("yaml-duplicate-key", "3:1", "/a")]),
        ("a: [\n", [("yaml-syntax", "2:1", "")]),
        ("- a\n", [("schema-type", "1:1", "/")]),
        ("a: &x [b]\nc: *x\n", [("yaml-alias", "2:1", "/c")]),
        ("a: \x07\n", [("yaml-syntax", "1:1", "")]),
        ("[" * 5000, [("yaml-syntax", "1:1", "")]),
    ],
)
def test_metadata_of_pywb(tmp_path, content, expected):
    assert told(written(tmp_path / "metadata.yaml", content)) == expected


def test_aliases_do_not_swell(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    assert {code for code, *_ in told(written(tmp_path / "metadata.yaml", "\n".join(lines)))} == {"yaml-alias"}


# JSON-LD


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"headline": ""}, [("schema-minLength", "/headline")]),
        ({"datePublished": "19.11.2026"}, [("schema-pattern", "/datePublished")]),
        ({"author": {"@type": "Person"}}, [("schema-anyOf", "/author")]),
        ({"dateModified": "2026-11-01"}, [("date-modified-before-published", "/dateModified")]),
        ({"@type": "https://schema.org/Recipe"}, [("jsonld-no-article", "/")]),
        ({"publisher": None}, [("schema-type", "/publisher")]),
        ({"inLanguage": "Ukrainian language"}, [("schema-pattern", "/inLanguage")]),
    ],
)
def test_articles_in_json_ld(tmp_path, change, expected):
    for name in ("a.json", "a.jsonld"):
        found = told(written(tmp_path / name, json.dumps(ARTICLE | change, indent=1)))
        assert [(code, pointer) for code, _, pointer in found] == expected


def test_articles_among_others(tmp_path):
    graph = {"@context": "http://schema.org/", "@graph": [{"@type": "WebPage"}, deepcopy(ARTICLE)]}
    assert told(written(tmp_path / "a.json", json.dumps(graph))) == []
    del graph["@graph"][1]["headline"], graph["@graph"][1]["author"]
    found = told(written(tmp_path / "a.json", json.dumps([graph])))
    assert {(code, pointer) for code, _, pointer in found} == {
        ("schema-required", "/0/@graph/1/headline"),
        ("jsonld-expected", "/0/@graph/1/author"),
    }


# Folders, and real files


def test_folders_stand_for_what_can_be_judged_in_them(tmp_path):
    bag(tmp_path / "b/bag")
    package(tmp_path)
    written(tmp_path / "c/index.cdxj", LINE)
    written(tmp_path / ".hidden/index.cdxj", "x")
    written(tmp_path / "c/picture.png", "x")
    files = [str(tmp_path / name) for name in ("a.wacz", "b/bag", "c/index.cdxj")]
    assert [judged.file for judged in validate_files([tmp_path])] == files
    (tmp_path / "d").mkdir()
    [judged] = validate_files([tmp_path / "d"])
    assert [(one.level, one.code) for one in judged.findings] == [("warning", "nothing-here")]


def test_many_files_are_judged_by_several_processes_in_their_order(tmp_path):
    for number in range(420):
        written(tmp_path / f"{number:03}.cdxj", LINE if number % 7 else "wrong\n")
    judged = list(validate_files([tmp_path]))
    assert [Path(one.file).name for one in judged] == [f"{number:03}.cdxj" for number in range(420)]
    assert [bool(one.findings) for one in judged] == [not number % 7 for number in range(420)]


@pytest.mark.corpus
def test_real_packages(corpus):
    folder = corpus / "warcs/py-wacz"
    for name in ("valid_example_1.wacz", "valid_example_2.wacz", "valid_signed_example_1.wacz"):
        assert [one for one in validate_file(folder / name) if one.level != "info"] == [], name
    assert "wacz-missing" in {one.code for one in validate_file(folder / "invalid_example_1.wacz")}


@pytest.mark.corpus
def test_real_bags(corpus):
    folder = corpus / "bagit/v1.0"
    for path in folder.glob("valid/*"):
        assert validate_file(path) == [], path
    invalid = list(folder.glob("invalid/*"))
    assert len(invalid) == 4
    for path in invalid:
        assert {one.level for one in validate_file(path)} == {"error"}, path


@pytest.mark.corpus
def test_real_indexes(corpus):
    for path in sorted(corpus.glob("warcs/pywb/*.cdxj")):
        expected = ["cdxj-order"] if path.name == "post-test.cdxj" else []  # its second line belongs before its first
        assert [one.code for one in validate_file(path)] == expected, path


def test_nothing_that_is_no_file_is_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    assert [one.code for one in validate_file(tmp_path / "pipe.json")] == ["file-unreadable"]


def test_a_package_damaged_anywhere_ends_in_findings(tmp_path):
    """Bits flipped in compressed files make zlib complain, in names and offsets zipfile."""
    whole, chance = package(tmp_path, stored=False).read_bytes(), random.Random(7)
    judged = []
    for _ in range(150):
        content = bytearray(whole)
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        damaged = tmp_path / "damaged.wacz"
        damaged.write_bytes(content)
        judged.append({one.code for one in validate_file(damaged)})
    assert sum("wacz-zip" in codes for codes in judged) > 50
