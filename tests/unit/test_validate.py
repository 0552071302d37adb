"""Validation: whatever is wrong with a file is told at its line and column, by its pointer."""

import hashlib
import json
import re
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver import ledger, schema
from archiver.errors import UnreadableInput
from archiver.jsontext import Positions, pointer
from archiver.model import FileRef
from archiver.sidecar import dump
from archiver.validate import validate_file
from archiver.validate import validate_files as validated
from samples import EXAMPLE, full_sidecar, objects, rules

WRITER = "q7m2k4x5za"


FULL = full_sidecar()
OBJECTS = [
    (path, part)
    for path, part in objects(FULL)
    if path[:1] != ("assertions",) or path[1] in (0, len(FULL["assertions"]) - 1)  # one by software, one by a person
]
MEMBERS = [(path, key) for path, part in OBJECTS for key in part]
REQUIRED = [(path, key) for path, part in OBJECTS for key in rules(path).get("required", ())]
FORMED = [
    (path, key)
    for path, part in OBJECTS
    for key in part
    if isinstance(part[key], str) and {"pattern", "format", "const", "enum", "if"} & rules((*path, key)).keys()
]
IMPOSSIBLE = {
    "date-time": "2026-02-30T14:01:12Z",
    "date": "2026-02-30",
    "ipv4": "192.0.2.256",
    "ipv6": "2001:db8::1::2",
}


def validate_files(paths, *progress) -> list:
    """All findings in one list."""
    return [one for judged in validated(paths, *progress) for one in judged.findings]


def judged(tmp_path: Path, document) -> tuple[str, list]:
    file = tmp_path / "a.json"
    file.write_bytes(document if isinstance(document, bytes) else dump(document))
    return str(file), validate_files([file])


def within(document, path):
    for step in path:
        document = document[step]
    return document


def test_the_example_and_the_full_document_are_valid(tmp_path):
    assert judged(tmp_path, EXAMPLE)[1] == []
    assert judged(tmp_path, FULL)[1] == []
    for path, part in objects(FULL):
        absent = rules(path).get("properties", {}).keys() - part.keys()
        assert not absent or path[:1] in (("assertions",), ("article",)), f"{pointer(*path)} lacks {absent}"


def named(part) -> str:
    return pointer(*part) if isinstance(part, tuple) else part


@pytest.mark.parametrize(("path", "key"), REQUIRED, ids=named)
def test_a_member_dropped_is_missed(tmp_path, path, key):
    document = deepcopy(FULL)
    del within(document, path)[key]
    file, found = judged(tmp_path, document)
    line, column = Positions(dump(document).decode()).find(pointer(*path))
    expected = (f"{file}:{line}:{column}", "schema-required", pointer(*path, key), f"{key} is missing")
    assert expected in {(one.where, one.code, one.pointer, one.message) for one in found}
    assert {one.level for one in found} == {"error"}


@pytest.mark.parametrize(("path", "key"), MEMBERS, ids=named)
def test_another_type_is_found_on_its_line(tmp_path, path, key):
    document = deepcopy(FULL)
    marker = [["wrong"]] if not isinstance(within(FULL, path)[key], list) else {"wrong": 1}
    within(document, path)[key] = marker
    file, found = judged(tmp_path, document)
    place = pointer(*path, key)
    at_it = [one for one in found if (one.pointer + "/").startswith(f"{place}/")]
    assert at_it
    lines = dump(document).decode().splitlines()
    for one in at_it:
        line, column = map(int, one.where.removeprefix(f"{file}:").split(":"))
        begins = lines[line - 1][column - 1 :]
        assert begins.startswith((f'"{key}": ', '"wrong": ', "[", '"wrong"')), one


@pytest.mark.parametrize(("path", "key"), FORMED, ids=named)
def test_a_broken_form_is_found_on_its_line(tmp_path, path, key):
    document = deepcopy(FULL)
    within(document, path)[key] = "no such \x07 form\n"
    file, found = judged(tmp_path, document)
    number, text = next(
        (number, line) for number, line in enumerate(dump(document).decode().splitlines(), 1) if "no such" in line
    )
    expected = (pointer(*path, key), f"{file}:{number}:{text.index(json.dumps(key)) + 1}")
    assert expected in {(one.pointer, one.where) for one in found}


def formats(part) -> set[str]:
    """The formats that a schema asks of a value, on whatever condition."""
    if isinstance(part, dict):
        here = {part["format"]} if isinstance(part.get("format"), str) else set()
        return here.union(*map(formats, part.values()))
    return set()


@pytest.mark.parametrize(("path", "key"), [one for one in FORMED if formats(rules((*one[0], one[1])))], ids=named)
def test_what_has_the_form_and_cannot_be_is_found(tmp_path, path, key):
    for name in formats(rules((*path, key))):
        document = deepcopy(FULL)
        within(document, path)[key] = IMPOSSIBLE[name]
        _, found = judged(tmp_path, document)
        assert pointer(*path, key) in {one.pointer for one in found if one.level == "error"}, IMPOSSIBLE[name]


@pytest.mark.parametrize("path", [path for path, _ in OBJECTS], ids=named)
def test_an_unknown_key_is_found_where_it_stands(tmp_path, path):
    document = deepcopy(FULL)
    within(document, path)["zzz/~"] = 1
    file, found = judged(tmp_path, document)
    number, text = next(
        (number, line) for number, line in enumerate(dump(document).decode().splitlines(), 1) if "zzz/~" in line
    )
    column = text.index('"zzz') + 1
    errors = [one for one in found if one.level == "error"]
    assert [(one.code, one.where) for one in errors] == [("schema-unknown-key", f"{file}:{number}:{column}")]
    assert errors[0].pointer == f"{pointer(*path)}/zzz~1~0"


@pytest.mark.parametrize(
    ("content", "code", "place"),
    [
        (b'{\n  "a": 1,\n  "b": [2,]\n}', "json-syntax", "3:11"),
        (b'{\n  "a": 1,\n  "b": {"c": 1, "d": 2, "c": 3}\n}', "json-duplicate-key", "3:25"),
        (b'{"a": "\xc3\xa4\n\xff"}', "json-encoding", "2:1"),
        (b"\xef\xbb\xbf{}", "json-encoding", "1:1"),
        (b"[" * 100_000, "json-depth", "1:65"),
        (b'{"a":\n' + b"[" * 64 + b"]" * 64 + b"}", "json-depth", "2:64"),
        (b"[1,\n  NaN]", "json-number", "2:3"),
        (b'["NaN", 1e999]', "json-number", "1:9"),
        (b"[9007199254740992]", "json-number", "1:2"),
        (b"[" + b"1" * 5000 + b"]", "json-number", "1:2"),
        ('{"a": 1}'.encode("utf-16"), "json-encoding", "1:1"),
        ('{"a": 1}'.encode("utf-16-be"), "json-encoding", "1:1"),
        ('{"a":\n "é"}'.encode("latin-1"), "json-encoding", "2:3"),
        (b'["\\ud800"]', "json-encoding", "1:1"),
        (b"", "json-syntax", "1:1"),
        (b"{}", "kind-unknown", "1:1"),
        (b'\n\n  {"$schema": "http://json-schema.org/draft-07/schema#"}', "kind-unknown", "3:4"),
        (b'{"a": 0,\n "$schema": "urn:archiver:schema:sidecar:9.0.0"}', "schema-version", "2:2"),
        (
            b'{"$schema": "urn:archiver:schema:sidecar:1.0.0", "capture": [], "id": {"x": "\xf0\x9f\x98\x80"}}',
            None,
            None,
        ),
    ],
)
def test_files_that_are_no_such_documents(tmp_path, content, code, place):
    file, found = judged(tmp_path, content)
    assert found
    if code:
        assert [(one.code, one.where) for one in found] == [(code, f"{file}:{place}")]


def test_strange_dates_are_warnings_at_their_line(tmp_path):
    text = dump(EXAMPLE).decode().replace("2026-11-19T08:30:00+02:00", "2026-12-19T08:30:00+02:00")
    _, found = judged(tmp_path, text.encode())
    line = next(number for number, line in enumerate(text.splitlines(), 1) if '"datePublished"' in line)
    assert [(one.level, one.code, one.where.split(":")[1]) for one in found] == [
        ("warning", "date-after-capture", str(line)),
        ("warning", "date-modified-before-published", str(line + 1)),
    ]


def test_a_file_changed_after_it_was_named_is_found(tmp_path):
    content = dump(EXAMPLE)
    file = tmp_path / f"{EXAMPLE['id']}.r2-{hashlib.sha256(content).hexdigest()[:12]}.json"
    file.write_bytes(content)
    assert validate_file(file) == []
    file.write_bytes(content.replace(b"B-12", b"B-13"))
    assert [(one.code, one.where) for one in validate_file(file)] == [("name-digest", str(file))]


def test_a_description_of_a_collection(tmp_path):
    document = {"$schema": schema.ids()["collection"], "name": "a", "title": "A", "created": "2026-11-22T13:58:40Z"}
    assert judged(tmp_path, document)[1] == []
    file, found = judged(tmp_path, document | {"title": ""})
    assert [(one.code, one.where) for one in found] == [("schema-minLength", f"{file}:4:3")]


# The ledger


def segment(tmp_path: Path) -> Path:
    """A segment as the program writes it."""
    chain = ledger.Chain(tmp_path / "ledger", WRITER)
    file = FileRef("archive/2026/11/22/x.warc.gz", 10, "0" * 64)
    chain.append(ledger.Event("creation", "archiver/0.1.0"))
    chain.append(ledger.Event("capture", "archiver/0.1.0", (file,), capture=EXAMPLE["id"], codes=("ok",)))
    sealed = chain.seal()
    chain.append(ledger.Event("fixity check", "archiver/0.1.0", outcome="failure", codes=("file-digest",)))
    assert sealed
    return sealed


def test_what_the_ledger_writes_is_valid(tmp_path):
    sealed = segment(tmp_path)
    assert validate_files([sealed, sealed.with_name("open.jsonl")]) == []
    assert validate_files([tmp_path]) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b'"outcome":"success"', b'"outcome":"fine"', [("schema-enum", "2:", "/outcome")]),
        (b'"bytes":10', b'"bytes":-1', [("schema-minimum", "3:", "/objects/0/bytes")]),
        (b'"type":"capture"', b'"type":"capture","url":"https://x"', [("schema-unknown-key", "3:", "/url")]),
        (b'"seq":1,', b"", [("schema-required", "1:1", "/seq")]),
        (b'"seq":1,', b'"seq": 1,', [("ledger-canonical", "1:1", "")]),
        (b'"outcome":"success"', b'"outcome":"success","outcome":"x"', [("json-duplicate-key", "2:", "")]),
        (b'"type":"segment"', b'"type":"capture"', [("ledger-order", "1:1", "")]),
    ],
)
def test_a_line_that_is_none_is_found(tmp_path, old, new, expected):
    sealed = segment(tmp_path)
    changed = tmp_path / "lines.jsonl"
    changed.write_bytes(sealed.read_bytes().replace(old, new, 1))
    found = validate_file(changed)
    for code, place, word in expected:
        assert any(
            one.code == code and one.where.startswith(f"{changed}:{place}") and one.pointer in (word, "")
            for one in found
        ), found


def test_a_cut_tail_and_a_changed_segment(tmp_path):
    sealed = segment(tmp_path)
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(sealed.read_bytes()[:-5])
    assert [(one.level, one.code) for one in validate_file(cut)] == [("warning", "ledger-tail")]
    sealed.write_bytes(sealed.read_bytes().replace(b'"bytes":10', b'"bytes":11'))
    assert [one.code for one in validate_file(sealed)] == ["name-digest"]
    empty = tmp_path / "empty.jsonl"
    empty.write_bytes(b"")
    assert [one.code for one in validate_file(empty)] == ["kind-unknown"]


# Positions


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, st.sampled_from([None, 0, 3]), st.booleans())
def test_every_value_has_its_position(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    positions = Positions(text)

    def check(inner, place, keyed):
        line, column = positions.find(place)
        rest = text.split("\n")[line - 1][column - 1 :] if indent is not None else text[column - 1 :]
        if keyed is not None:
            assert rest.startswith(json.dumps(keyed, ensure_ascii=ascii_only) + ":")
        else:
            assert rest[0] == json.dumps(inner)[0]
        for key, child in (
            inner.items() if isinstance(inner, dict) else enumerate(inner) if isinstance(inner, list) else ()
        ):
            check(child, place + pointer(key), key if isinstance(inner, dict) else None)

    check(value, "", None)
    assert positions.duplicates == []
    for place in positions.values:
        assert Positions(text, [place]).find(place) == positions.find(place)
        assert Positions(text, [f"{place}/gone", "/x"]).find(f"{place}/gone") == positions.find(f"{place}/gone")


NAMES = (
    "a.json", "a.jsonld", "datapackage.json", "datapackage-digest.json", "a.jsonl", "pages.jsonl", "open.jsonl",
    "a.cdxj", "a.cdxj.gz", "a.wacz", "metadata.yaml", "bagit.txt", "bag-info.txt", "manifest-sha256.txt", "fetch.txt",
)  # fmt: skip
PLACE = re.compile(r".*:[1-9][0-9]*:[1-9][0-9]*", re.DOTALL)


def judged_as(name: str, content: bytes) -> list:
    with TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(content)
        return validate_file(Path(folder) / name)


@given(st.sampled_from(NAMES), st.text() | st.binary())
def test_no_content_breaks_validation(name, content):
    found = judged_as(name, content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    for one in found:
        assert PLACE.fullmatch(one.where) or one.code in ("wacz-zip", "name-digest"), one


SEEDS = [
    FULL,
    {"$schema": schema.ids()["collection"], "name": "a", "title": "A", "created": "2026-11-22T13:58:40Z"},
    {"profile": "wacz", "wacz_version": "1.2.0", "resources": [{"path": "a", "hash": f"md5:{'0' * 32}", "bytes": 1}]},
    {"path": "datapackage.json", "hash": f"sha256:{'0' * 64}", "signedData": {"hash": "x"}},
    {"@context": "https://schema.org", "@graph": [{"@type": "NewsArticle", "author": [{"name": "A"}], "image": "a"}]},
    {"format": "json-pages-1.0", "id": "pages"},
    {"type": "segment", "seq": 1},
]


@settings(max_examples=200)
@given(st.sampled_from(NAMES[:9]), st.sampled_from(SEEDS), st.data())
def test_no_document_breaks_validation(name, seed, data):
    """Good documents with anything put anywhere: each finding has its place, and its pointer leads there."""
    document = deepcopy(seed)
    for _ in range(data.draw(st.integers(1, 3))):
        parent = document
        while isinstance(parent, dict | list) and parent:
            keys = list(parent) if isinstance(parent, dict) else range(len(parent))
            key = data.draw(st.sampled_from(keys))
            if not isinstance(parent[key], dict | list) or data.draw(st.booleans()):
                parent[key] = data.draw(JSON)
                break
            parent = parent[key]
    content = dump(document) if not name.endswith(("l", "j")) else json.dumps(document).encode() + b"\n"
    for one in judged_as(name, content):
        assert PLACE.fullmatch(one.where), one


def test_every_repeated_key_is_told(tmp_path):
    file, found = judged(tmp_path, b'{"a": 1,\n "b": {"c": 1, "c": 2},\n "a": {"a": 1}}')
    expected = [("json-duplicate-key", f"{file}:2:16"), ("json-duplicate-key", f"{file}:3:2")]
    assert [(one.code, one.where) for one in found] == expected


@pytest.mark.parametrize("size", [1, 2])
def test_huge_values_are_told_in_a_short_line(tmp_path, size):
    document = deepcopy(FULL)
    document["article"]["headline"] = "x" * (size << 20)
    document["capture"]["status"] = int("9" * 15)
    document["k" * 100_000] = 1
    _, found = judged(tmp_path, document)
    assert {one.code for one in found} >= {"schema-maxLength", "schema-maximum", "schema-unknown-key"}
    assert all(len(one.message) < 200 for one in found)
    file = tmp_path / "b.json"
    file.write_bytes(b'"' + b"x" * (17 << 20) + b'"')
    assert [(one.code, one.where) for one in validate_files([file])] == [("json-size", f"{file}:1:1")]


def test_findings_stand_in_the_order_of_the_file(tmp_path):
    text = (
        dump(EXAMPLE)
        .decode()
        .replace('"headline":', '"headlin":', 1)
        .replace('"type": "Capture"', '"type": "Snapshot"')
    )
    _, found = judged(tmp_path, text.encode())
    lines = [int(one.where.split(":")[1]) for one in found]
    assert len(lines) == 2
    assert lines == sorted(lines)


def test_other_files_are_not_guessed_at(tmp_path):
    file = tmp_path / "a.warc.gz"
    file.write_bytes(b"\x1f\x8b")
    assert [(one.level, one.code) for one in validate_files([file])] == [("error", "kind-unknown")]


def test_paths_that_are_not_there(tmp_path):
    with pytest.raises(UnreadableInput, match="no such file"):
        validate_files([tmp_path / "gone.json"])
    assert validate_file(tmp_path / "gone.json")[0].code == "file-unreadable"


def test_progress_is_told(tmp_path):
    told = []
    files = [tmp_path / f"{number}.json" for number in range(3)]
    for file in files:
        file.write_bytes(dump(EXAMPLE))
    assert validate_files(files, lambda what, done, total: told.append((done, total))) == []
    assert told == [(3, 3)]
