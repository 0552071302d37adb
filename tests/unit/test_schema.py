"""The shipped schemas: frozen, self-contained, strict, documented; and the problems that they find."""

import hashlib
import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import jsonschema
import pytest

from archiver import schema
from archiver.errors import PartMissing
from archiver.jsontext import pointer

CHECKER = jsonschema.Draft202012Validator.FORMAT_CHECKER
REPOSITORY = Path(__file__).parents[2]
EXAMPLE = json.loads((REPOSITORY / "docs/sidecar.example.json").read_text("utf-8"))
COLLECTION = {
    "$schema": "urn:archiver:schema:collection:1.0.0",
    "name": "health-care",
    "title": "Attacks on health care",
    "created": "2026-11-22T13:58:40Z",
    "rights": {"access": "embargo", "embargo_until": "2031-01-01"},
    "policies": {"contact": "archive@museum.example"},
    "parents": ["r1-0f3ac01b9d21.json"],
}
OBJECT = {"path": "archive/imported/0f3ac01b9d21-old.warc.gz", "bytes": 0, "sha256": "0" * 64}
EVENT = {
    "type": "capture",
    "at": "2026-11-22T14:01:15Z",
    "agent": "archiver/0.1.0",
    "capture": "20261122T140112Z-k3v7q2mzpa",
    "objects": [OBJECT],
    "outcome": "success",
    "codes": ["ok"],
    "counts": {"files": 1},
}
SEGMENT = {
    "type": "segment",
    "format": "archiver-ledger/1.0.0",
    "writer": "q7m2k4x5za",
    "seq": 2,
    "previous": "0" * 64,
    "seen": {"a2b3c4d5e6": "000002-0123456789abcdef.jsonl"},
    "at": "2026-11-22T14:01:15Z",
}
ERASURE = {
    "$schema": "urn:archiver:schema:erasure:1.0.0",
    "capture": "20261122T140112Z-k3v7q2mzpa",
    "basis": "personal-data",
    "by": "M. K.",
    "at": "2026-12-03T09:14:00Z",
    "agent": "archiver/0.1.0",
    "files": 3,
    "bytes": 1847110,
    "rewritten": ["20261123T090000Z-2hq5xw7d4n"],
}
LOSS = {
    "$schema": "urn:archiver:schema:loss:1.0.0",
    "files": ["archive/2026/11/22/20261122T140112Z-k3v7q2mzpa.warc.gz", "README.txt"],
    "reason": "The disk failed before the first push; no backup has it",
    "by": "M. K.",
    "at": "2026-12-03T09:14:00Z",
    "agent": "archiver/0.1.0",
}
QA = {
    "$schema": "urn:archiver:schema:qa:1.1.0",
    "format": "archiver-qa/1.1.0",
    "capture": "20261122T140112Z-k3v7q2mzpa",
    "url": "https://news.example/hospital-reopens",
    "captured_at": "2026-11-22T14:01:12.480113Z",
    "checked_at": "2026-11-24T09:00:00Z",
    "seconds": 3.2,
    "verdict": "warn",
    "reasons": [
        {"level": "warning", "code": "resource-lost", "where": "https://x/a.png", "message": "lost", "hint": ""}
    ],
    "measures": [{"name": "completeness", "value": 0.9, "warn": 0.95, "fail": 0.8, "good": "high", "unit": "share"}],
    "resources": [
        {
            "url": "https://x/a.png",
            "type": "image",
            "state": "lost",
            "cause": "replay answers 404",
            "area": 0.1,
            "weight": 1,
            "offset": None,
        }
    ],
    "absent": ["A paragraph."],
    "script_errors": [],
    "leaks": [],
    "pictures": [{"name": "view", "captured": "urn:view:https://x/", "replayed": "urn:qa:view:https://x/"}],
    "agents": ["pywb/2.10.0"],
    "settings": {"width": 1280, "behaviours": True},
}
RULE = {
    "$schema": "urn:archiver:schema:access:1.0.0",
    "id": "20261203T091400Z-4tq7w2mzpa",
    "target": {"capture": "20261122T140112Z-k3v7q2mzpa"},
    "access": "takedown",
    "basis": "court-order",
    "reason": "Withdrawn by order of a court.",
    "by": "M. K.",
    "at": "2026-12-03T09:14:00Z",
    "agent": "archiver/0.1.0",
    "replaces": ["20261130T160000Z-2hq5xw7d4n", "descriptions"],
}
VALID = [
    ("sidecar", EXAMPLE),
    ("collection", COLLECTION),
    ("ledger", EVENT),
    ("ledger", SEGMENT),
    ("erasure", ERASURE),
    ("loss", LOSS),
    ("qa", QA),
    ("access", RULE),
]

PUBLISHED = {
    "sidecar/1.0.0.json": "7debe83913d6bbf24ab4e9973db22739ec0a5e98259ddf4b7888e30bd1faf056",
    "sidecar/1.1.0.json": "dbf3ce8bbfc70e4572ef1b92738dbd260435dd0f0c26d58ce942d46c2d9ef612",
    "sidecar/1.2.0.json": "5cba5fc096825266fb4597f9899d5303310cb53e443f9930fb61949530df3d99",
    "collection/1.0.0.json": "52b1f9ca74417b3514ad8903087f21a57cf11d8e1e2f288060367fbf635bcc5c",
    "collection/1.1.0.json": "0c979af5c2016986a2e3b652b9796fd22c5d23902077aee621584985b2e56e44",
    "collection/1.2.0.json": "6fb1f0c4a16d35ae181a840bc106202533e06e1fd2f28ae6df28d82143608994",
    "collection/1.3.0.json": "70b1df6fa8a41dea3790ceb6d28b51072fec23e7ef17c90308d206ad249a99b2",
    "ledger/1.0.0.json": "751b2f18ada0df955c9aac184fa430d95059504a4c354f1fc5ec1a1d55044c8d",
    "ledger/1.1.0.json": "1fcab9b3afee914ab40267ac75e5a8143d856aca225ec816dca6534792ca28fb",
    "ledger/1.2.0.json": "32d9fbf78739361c610a6cf0804f051fabc47e64db47cbf632c2a34462aad964",
    "erasure/1.0.0.json": "1559d2291015cc7c7d8a90afecc4f3d077b5019d501d6e7490e6fca785913d53",
    "loss/1.0.0.json": "cf0889b95cf00f9b548f7f4cd2b3835d4943277cb59a00f933d9fdb5e0eb0660",
    "qa/1.0.0.json": "ceb036c9b1f83b308cdadd2011e58418589cd4c39973602b0f85c7ecf64a1605",
    "qa/1.1.0.json": "2b61ed0e6d20dd0cf23543a22f2b0d3795850ea1974137b9b3f0221af953b1b8",
    "access/1.0.0.json": "4498f2bf84c469421b61ccc62e1f0ece34ae1542af298ecc231180902064b07d",
    "bagit-profile/1.0.0.json": "7720f187abd8108256dc2032f2f125c85b7b465662bba735c12938880aa0a717",
    "context/1.0.0.jsonld": "500daeb04018c5d947dec8f9c1ea0382b256cc1fc64f693af290ad1386e46c45",
}


def shipped(kind: str) -> dict:
    return json.loads((REPOSITORY / "schemas" / kind / f"{schema.VERSIONS[kind][-1]}.json").read_bytes())


def parts(value, path=()):
    """Every object and list inside a JSON value, with its path."""
    if isinstance(value, (dict, list)):
        yield path, value
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from parts(child, (*path, key))


def changed(document, path, value):
    copy = deepcopy(document)
    parent = copy
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = value
    return copy


@pytest.mark.parametrize(("name", "digest"), PUBLISHED.items())
def test_a_published_schema_never_changes(name, digest):
    """Documents name it for ever. What must change gets a new version beside it."""
    assert hashlib.sha256((REPOSITORY / "schemas" / name).read_bytes()).hexdigest() == digest


def test_every_schema_is_published():
    folder = REPOSITORY / "schemas"
    shipped = {path.relative_to(folder).as_posix() for path in folder.rglob("*.json*")}
    assert {path for path in shipped if not path.startswith("foreign/")} == set(PUBLISHED)


EVERY = [(kind, version) for kind, versions in schema.VERSIONS.items() for version in versions]
EVERY += [(kind, "") for kind in schema.FOREIGN]
KEYWORDS = set(jsonschema.Draft202012Validator.VALIDATORS) | {
    *("$schema", "$id", "$defs", "$comment", "title", "description", "examples", "then", "else"),
}


def misspelt(whole: dict) -> list[str]:
    """Where a schema has a keyword that nobody reads: validators pass such a word by in silence."""
    found = []
    for path, part in parts(whole):
        names_of_members = path and path[-1] in ("properties", "$defs")
        if isinstance(part, dict) and not names_of_members and not {"const", "examples"} & set(path):
            found += [pointer(*path, word) for word in sorted(set(part) - KEYWORDS)]
    return found


@pytest.mark.parametrize(("kind", "version"), EVERY)
def test_schemas_are_sound_and_refer_to_nothing_outside(kind, version):
    whole = schema.loaded(kind, version)
    jsonschema.Draft202012Validator.check_schema(whole)
    assert whole["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert whole["$id"] == f"urn:archiver:schema:{kind}:{version}" if version else f"urn:archiver:schema:foreign:{kind}"
    assert all(ref.startswith("#/") for ref in re.findall(r'"\$ref": "([^"]+)"', json.dumps(whole)))
    assert misspelt(whole) == []


def test_a_misspelt_keyword_is_seen_wherever_it_stands():
    whole = shipped("sidecar")
    seen = 0
    for path, part in list(parts(whole)):
        if isinstance(part, dict) and "type" in part and "properties" not in path[-1:] and "const" not in path:
            wrong = changed(whole, (*path, "requird"), ["x"]) if path else whole | {"requird": ["x"]}
            assert misspelt(wrong) == [pointer(*path, "requird")]
            seen += 1
    assert seen > 50


@pytest.mark.parametrize("kind", schema.VERSIONS)
def test_schemas_are_strict(kind):
    for path, part in parts(shipped(kind)):
        described = isinstance(part, dict) and isinstance(part.get("properties"), dict)
        conditional = {"if", "then", "else"} & set(path)
        if described and not conditional:
            assert part.get("unevaluatedProperties") is False, path


@pytest.mark.parametrize(("kind", "document"), VALID)
def test_valid_documents_have_no_problems(kind, document):
    assert schema.problems(document, kind) == []


FREE_TEXT = re.compile(
    r"/(title|name|version|reasons?|raw|path|agents|protocols|case|by|basis|statement|contact|user_agent|issuer|subject"
    r"|headline|alternativeHeadline|jobTitle|text|description|articleSection|keywords|missing/0/url|records/\w+/url"
    r")(/|$)|^/(url$|absent/|(reasons|resources|pictures)/\d+/(where|message|hint|url|type|cause|captured|replayed)$)"
)


@pytest.mark.parametrize(("kind", "document"), VALID)
def test_a_line_break_after_an_id_a_digest_or_a_date_is_seen(kind, document):
    """Python's `$` matches before one."""
    judged = 0
    for path, part in parts(document):
        for key, value in part.items() if isinstance(part, dict) else enumerate(part):
            place = pointer(*path, key)
            free = kind != "ledger" and FREE_TEXT.search(place)
            if (
                isinstance(value, str)
                and not free
                and not re.match("/@context|/extensions|/assertions/.*/value", place)
            ):
                judged += 1
                found = schema.problems(changed(document, (*path, key), value + "\n"), kind)
                assert place in {one.pointer for one in found}
    assert judged >= 5


def test_formats_are_really_checked():
    for wrong in ("yesterday", "2026-13-01T00:00:00Z", "2026-11-22T14:01:12", "2026-11-22T14:01:12+02:00"):
        found = schema.problems(changed(EXAMPLE, ("capture", "captured_at"), wrong), "sidecar")
        assert {one.pointer for one in found} == {"/capture/captured_at"}, wrong


def test_every_format_that_a_schema_names_is_checked():
    """jsonschema passes a format that it has no checker for; each extra checker costs a package and time at start."""
    named = set(re.findall(rb'"format": "([a-z0-9-]+)"', b"".join(schema.schema_files().values())))
    assert named == {b"date", b"date-time", b"ipv4", b"ipv6"}
    for name in named:
        only = jsonschema.Draft202012Validator({"format": name.decode()}, format_checker=CHECKER)
        assert not only.is_valid("nonsense"), name


def test_a_checker_without_formats_is_refused(monkeypatch):
    monkeypatch.setattr(jsonschema.Draft202012Validator, "FORMAT_CHECKER", jsonschema.FormatChecker(formats=()))
    schema.judge._validator.cache_clear()
    try:
        with pytest.raises(PartMissing):
            schema.problems({}, "sidecar")
    finally:
        schema.judge._validator.cache_clear()


def test_an_engine_that_takes_anything_for_a_date_is_refused():
    for name in schema.FORMATS:
        with pytest.raises(PartMissing, match="format checker"):
            schema.judge._refuse_blindness("an engine", lambda rules, name=name: lambda _: rules["format"] == name)
    schema.judge._refuse_blindness("an engine", lambda _: lambda _: False)


@pytest.mark.parametrize(
    ("claimed", "good"),
    [
        ("2026", True),
        ("2026-11", True),
        ("2026-11-22", True),
        ("2026-11-22T08:30:00+02:00", True),
        ("2026-11-22T08:30:00.25Z", True),
        ("2026-02-30", False),
        ("2026-13", False),
        ("0000", False),
        ("2026-11-22T08:30:00", False),
        ("2026-11-22T25:30:00Z", False),
        ("22.11.2026", False),
        ("2026-11-22\n", False),
        ("2026\n", False),
        ("٢٠٢٦", False),
    ],
)
def test_claimed_dates(claimed, good):
    found = schema.problems(changed(EXAMPLE, ("article", "datePublished"), claimed), "sidecar")
    assert (found == []) is good
    assert good or {one.pointer for one in found} == {"/article/datePublished"}


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "http://", "//host/", "https://a b/", "ftp://x/", "https://x/\x07"]
)
def test_only_web_addresses_are_addresses(address):
    found = schema.problems(changed(EXAMPLE, ("article", "url"), address), "sidecar")
    assert [one.pointer for one in found] == ["/article/url"]


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "archive/../../x.warc", "archive//x", "archive/./x", "archive\\x", "archive/.."]
)
def test_paths_stay_in_the_collection(path):
    for kind, document, place in (
        ("sidecar", EXAMPLE, ("warc", "file")),
        ("ledger", EVENT, ("objects", 0, "path")),
    ):
        found = schema.problems(changed(document, place, path), kind)
        assert [one.pointer for one in found] == [pointer(*place)]


def test_a_good_article_needs_a_headline_and_its_main_record():
    good = changed(EXAMPLE, ("capture", "verdict"), {"word": "ok", "reasons": []})
    assert schema.problems(good, "sidecar") == []
    good["article"], good["assertions"] = {}, []
    del good["warc"]["records"]["main"]
    pointers = [one.pointer for one in schema.problems(good, "sidecar")]
    assert pointers == ["/article/@type", "/article/headline", "/warc/records/main"]


def test_an_assertion_is_judged_by_what_it_is_about():
    for index, assertion in enumerate(EXAMPLE["assertions"]):
        found = schema.problems(changed(EXAMPLE, ("assertions", index, "value"), [[]]), "sidecar")
        assert found, assertion["about"]
        assert all(one.pointer.startswith(f"/assertions/{index}/value") for one in found)
    for index, allowed in ((0, False), (len(EXAMPLE["assertions"]) - 1, True)):  # software, a person
        found = schema.problems(changed(EXAMPLE, ("assertions", index, "value"), None), "sidecar")
        assert (found == []) is allowed


def test_messages_are_short_whatever_the_value():
    found = schema.problems(changed(EXAMPLE, ("id",), "x" * 5000), "sidecar")
    assert {one.code for one in found} == {"schema-maxLength", "schema-pattern"}
    assert all(len(one.message) < 150 for one in found)


def test_a_typing_mistake_gets_a_suggestion():
    found = schema.problems(changed(EXAMPLE, ("article", "headlin"), "x"), "sidecar")
    assert [(one.pointer, one.code, one.hint) for one in found] == [
        ("/article/headlin", "schema-unknown-key", "Did you mean headline?")
    ]


def test_a_later_version_is_not_guessed_at():
    found = schema.problems(EXAMPLE | {"$schema": "urn:archiver:schema:sidecar:2.0.0", "new": 1}, "sidecar")
    assert [one.code for one in found] == ["schema-version"]
    assert "2.0.0" in found[0].message


@pytest.mark.parametrize("document", [None, 3, "x", [], {}, {"$schema": 5}])
def test_anything_can_be_judged(document):
    for kind in schema.VERSIONS:
        assert schema.problems(document, kind)


def test_order_is_the_schemas_and_nothing_is_lost():
    def turned(value):
        if isinstance(value, dict):
            return {key: turned(value[key]) for key in reversed(value)}
        return [turned(item) for item in value] if isinstance(value, list) else value

    assert json.dumps(schema.ordered(turned(EXAMPLE) | {"unknown": {"b": 1, "a": 2}}, "sidecar")) != json.dumps(EXAMPLE)
    again = schema.ordered({"zzz": 1, **turned(EXAMPLE)}, "sidecar")
    assert list(again) == [*EXAMPLE, "zzz"]
    assert list(again["capture"]) == list(EXAMPLE["capture"])
    assert list(again["warc"]["records"]["main"]) == list(EXAMPLE["warc"]["records"]["main"])
    assert [list(item) for item in again["assertions"]] == [list(item) for item in EXAMPLE["assertions"]]
    assert {key: value for key, value in again.items() if key != "zzz"} == EXAMPLE


def test_collections_carry_copies():
    for name, content in schema.schema_files().items():
        assert content == (REPOSITORY / "schemas" / name.replace("-", "/", 1)).read_bytes()


def described(part: dict, whole: dict, path: str = "") -> Iterator[tuple[str, dict, dict]]:
    """Every member that a schema describes: its dotted path, what the member says, and the form it must have."""
    part = resolved(part, whole)
    for name, member in part.get("properties", {}).items():
        inner = f"{path}.{name}" if path else name
        yield inner, member, resolved(member, whole)
        yield from described(member, whole, inner)
    if "items" in part:
        yield from described(part["items"], whole, f"{path}[]")


def resolved(part: dict, whole: dict) -> dict:
    while "$ref" in part:
        reference, part = part["$ref"], whole
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]
    return part


@pytest.mark.parametrize("kind", schema.VERSIONS)
def test_every_field_is_explained_with_an_example(kind):
    """In the schema, from whose words the tables of `docs/sidecar.md` are made."""
    page = (REPOSITORY / "docs/sidecar.md").read_text("utf-8")
    whole = shipped(kind)
    roots = [whole["$defs"]["segment"], whole["$defs"]["event"]] if kind == "ledger" else [whole]
    for path, member, form in (one for root in roots for one in described(root, whole)):
        shown = re.sub(r"^(warc\.records)\.\w+(\[\])?\.", r"\1.*.", path)
        assert f"| `{shown}`" in page
        assert member.get("description"), path
        holds_objects = "properties" in form or "properties" in resolved(form.get("items", {}), whole)
        examples = member.get("examples", [form["const"]] if "const" in form else [])
        assert examples or holds_objects, f"{path} has no example"
        for example in examples:
            rules = whole | {"$ref": "#/$defs/example", "$defs": whole["$defs"] | {"example": member}}
            for key in ("$id", "type", "required", "properties", "unevaluatedProperties", "if", "then", "else"):
                rules.pop(key, None)
            assert jsonschema.Draft202012Validator(rules, format_checker=CHECKER).is_valid(example), (path, example)


def test_a_document_of_an_older_version_is_judged_by_that_version():
    older = json.loads((Path(__file__).parent / "golden/sidecar-1.0.0.json").read_bytes())
    assert schema.problems(older, "sidecar") == []
    found = schema.problems(changed(older, ("capture", "counts"), {"more_clicks": 3}), "sidecar")
    assert [one.code for one in found] == ["schema-unknown-key"]
