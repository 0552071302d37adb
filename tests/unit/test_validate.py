"""Validation: whatever is wrong with a file is told at its line and column, by its pointer."""

import hashlib
import json
from copy import deepcopy
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import ledger, schema
from archiver.errors import UnreadableInput
from archiver.jsontext import Positions, pointer
from archiver.model import FileRef
from archiver.sidecar import dump
from archiver.validate import validate_file
from archiver.validate import validate_files as validated

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = json.loads((REPOSITORY / "docs/sidecar.example.json").read_text("utf-8"))
SCHEMA = json.loads((REPOSITORY / "schemas/sidecar/1.2.0.json").read_bytes())
WRITER = "q7m2k4x5za"


def objects(value, path=()):
    """Every object of a document that the schema describes, with its path."""
    if isinstance(value, (dict, list)):
        if isinstance(value, dict):
            yield path, value
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            if key not in ("@context", "extensions") and not (key == "value" and path[:1] == ("assertions",)):
                yield from objects(child, (*path, key))


def rules(path) -> dict:
    """The schema's part for what stands at `path`."""
    part = SCHEMA
    for step in path:
        part = part["items"] if isinstance(step, int) else part["properties"][step]
        while "$ref" in part:
            target = SCHEMA
            for name in part["$ref"].removeprefix("#/").split("/"):
                target = target[name]
            part = target
    return part


OBJECTS = [
    (path, part)
    for path, part in objects(EXAMPLE)
    if path[:1] != ("assertions",) or path[1] in (0, len(EXAMPLE["assertions"]) - 1)  # one by software, one by a person
]
MEMBERS = [(path, key) for path, part in OBJECTS for key in part]
REQUIRED = [(path, key) for path, part in OBJECTS for key in rules(path).get("required", ())]


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


def test_the_example_is_valid(tmp_path):
    assert judged(tmp_path, EXAMPLE)[1] == []


@pytest.mark.parametrize(
    ("path", "key"), REQUIRED, ids=lambda part: pointer(*part) if isinstance(part, tuple) else part
)
def test_a_member_dropped_is_missed(tmp_path, path, key):
    document = deepcopy(EXAMPLE)
    del within(document, path)[key]
    file, found = judged(tmp_path, document)
    line, column = Positions(dump(document).decode()).find(pointer(*path))
    expected = (f"{file}:{line}:{column}", "schema-required", pointer(*path, key), f"{key} is missing")
    assert expected in {(one.where, one.code, one.pointer, one.message) for one in found}
    assert {one.level for one in found} == {"error"}


@pytest.mark.parametrize(("path", "key"), MEMBERS, ids=lambda part: pointer(*part) if isinstance(part, tuple) else part)
def test_another_type_is_found_on_its_line(tmp_path, path, key):
    document = deepcopy(EXAMPLE)
    marker = [["wrong"]] if not isinstance(within(EXAMPLE, path)[key], list) else {"wrong": 1}
    within(document, path)[key] = marker
    file, found = judged(tmp_path, document)
    place = pointer(*path, key)
    if place == "/extensions":
        assert [one.pointer for one in found] == [place]
    at_it = [one for one in found if (one.pointer + "/").startswith(f"{place}/")]
    assert at_it
    lines = dump(document).decode().splitlines()
    for one in at_it:
        line, column = map(int, one.where.removeprefix(f"{file}:").split(":"))
        begins = lines[line - 1][column - 1 :]
        assert begins.startswith((f'"{key}": ', '"wrong": ', "[", '"wrong"')), one


@pytest.mark.parametrize("path", [path for path, _ in OBJECTS], ids=lambda path: pointer(*path))
def test_an_unknown_key_is_found_where_it_stands(tmp_path, path):
    document = deepcopy(EXAMPLE)
    within(document, path)["zzz/~"] = 1
    file, found = judged(tmp_path, document)
    number, text = next(
        (number, line) for number, line in enumerate(dump(document).decode().splitlines(), 1) if "zzz/~" in line
    )
    column = text.index('"zzz') + 1
    assert [(one.code, one.where) for one in found] == [("schema-unknown-key", f"{file}:{number}:{column}")]
    assert found[0].pointer == f"{pointer(*path)}/zzz~1~0"


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


@given(st.text() | st.binary())
def test_no_content_breaks_validation(content):
    with NamedTemporaryFile(suffix=".json") as file:
        file.write(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
        file.flush()
        assert validate_file(Path(file.name))


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
