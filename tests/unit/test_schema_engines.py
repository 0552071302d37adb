"""jsonschema-rs says yes or no, jsonschema finds the words: they must agree, or a fault would pass without a word."""

import json
import os
import re
import tarfile
from copy import deepcopy
from pathlib import Path

import jsonschema
import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver import schema
from archiver.schema.judge import _plain, _quick_validator, _validator
from samples import EXAMPLE, REPOSITORY, full_sidecar, objects

CHECKER = jsonschema.Draft202012Validator.FORMAT_CHECKER
SUITE = Path(os.environ.get("ARCHIVER_SCHEMA_SUITE", REPOSITORY / ".venv/schema-suite"))
OURS = [(kind, version) for kind, versions in schema.VERSIONS.items() for version in versions]
OURS += [(kind, "") for kind in schema.FOREIGN]
NOT_USED = re.compile("anchor|defs|dynamicRef|infinite-loop|ref|refRemote|vocabulary|format|unknownKeyword|proposals")
"""Parts of the suite about keywords that none of our schemas has, or that reach outside the schema."""


def suite() -> list[tuple[str, dict, list[dict]]]:
    """The cases of the JSON-Schema-Test-Suite for Draft 2020-12 about keywords that we use; none if it is not here."""
    found = []
    for archive in sorted(SUITE.glob("jsonschema-*.tar.gz")):
        with tarfile.open(archive) as files:
            for member in files:
                name = member.name.partition("json/tests/draft2020-12/")[2]
                if name.endswith(".json") and "/" not in name and not NOT_USED.fullmatch(name.removesuffix(".json")):
                    cases = json.load(files.extractfile(member))
                    found += [(f"{name}: {case['description']}", case["schema"], case["tests"]) for case in cases]
        break
    return found


def test_both_agree_with_the_public_suite():
    if not (cases := suite()):
        pytest.skip("the test suite of JSON Schema is not here; `make test` fetches it with the source of jsonschema")
    judged = 0
    for name, rules, tests in cases:
        ours = jsonschema.Draft202012Validator(rules)
        theirs = jsonschema_rs.Draft202012Validator(rules)
        for test in tests:
            judged += 1
            answers = ours.is_valid(test["data"]), theirs.is_valid(test["data"])
            assert answers == (test["valid"], test["valid"]), f"{name}: {test['description']}"
    assert judged > 900


def parts(value, path=()):
    if isinstance(value, dict | list):
        yield path, value
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from parts(child, (*path, key))


@pytest.mark.parametrize(("kind", "version"), OURS)
def test_unevaluated_and_additional_mean_the_same_in_our_schemas(kind, version):
    """So that the schemas may be strict in the one way and judged in the other."""
    whole = schema.loaded(kind, version)
    for path, part in parts(whole):
        if isinstance(part, dict) and part.get("unevaluatedProperties") is False:
            assert "$ref" not in part, path
            known = set(part["properties"])
            for word in ("if", "then", "else"):
                assert set(part.get(word, {}).get("properties", {})) <= known, path
            assert all(set(one) == {"$ref"} for one in part.get("allOf", ())), path
    text = json.dumps(_plain(whole))
    assert "unevaluatedProperties" not in text
    assert json.dumps(whole).replace("unevaluatedProperties", "additionalProperties") == text


STRANGE = st.sampled_from(
    [
        None, True, 0, -1, 1.5, 1e300, "", "x", "x\n", "2026", "2026-02-30", "2026-11-22T14:01:60Z", "0000-01-01",
        "2026-11-22T24:00:00Z", "2026-11-22T14:01:12+24:00", "2026-11-22T14:01:12.123456789Z", "192.0.2.256",
        "::1%eth0", "1.2.3", "::ffff:192.0.2.1",
        "https://a/", "https://ä/", "\u2028", "\U0001f600", "٢٠٢٦", [], {}, [[]], {"a": 1},
        "2026-11-22T14:01:12Z", "2026-11-22", "NewsArticle", "human", "a" * 1001, ["x", "x"], 2**53, "PT4M", "P", "PT",
    ]
)  # fmt: skip
PLACES = [(path, key) for path, part in objects(full_sidecar()) for key in part] + [
    (("article",), key) for key in EXAMPLE["article"]
]


@settings(max_examples=300)
@given(st.data(), st.sampled_from(schema.VERSIONS["sidecar"]))
def test_both_agree_on_sidecars_with_anything_anywhere(data, version):
    document = deepcopy(full_sidecar() | {"$schema": f"urn:archiver:schema:sidecar:{version}"})
    if version != schema.VERSIONS["sidecar"][-1]:
        golden = Path(__file__).parent / f"golden/sidecar-{version}.json"
        document = json.loads(golden.read_bytes())
    places = [one for one in PLACES if _there(document, *one)]
    for path, key in data.draw(st.lists(st.sampled_from(places), max_size=2, unique_by=str)):
        parent = document
        for step in path:
            parent = parent[step] if isinstance(parent, dict | list) and _has(parent, step) else None
        if isinstance(parent, dict):
            parent[data.draw(st.sampled_from([key, key, key, "zzz"]))] = data.draw(STRANGE)
    quick = _quick_validator("sidecar", version).is_valid(document)
    assert quick == _validator("sidecar", version).is_valid(document)


def _has(parent, step) -> bool:
    return step in parent if isinstance(parent, dict) else isinstance(step, int) and step < len(parent)


def _there(document, path, key) -> bool:
    for step in (*path, key):
        if not isinstance(document, dict | list) or not _has(document, step):
            return False
        document = document[step]
    return True


@settings(max_examples=50)
@given(
    st.sampled_from(OURS),
    st.recursive(STRANGE, lambda inner: st.dictionaries(st.text(max_size=5), inner), max_leaves=5),
)
def test_both_agree_on_anything(which, document):
    assert _quick_validator(*which).is_valid(document) == _validator(*which).is_valid(document)


def test_strictness_by_unevaluated_members_is_what_is_judged():
    """The schema as published and as judged say the same of a document with a key too many anywhere."""
    published = jsonschema.Draft202012Validator(
        schema.loaded("sidecar", schema.VERSIONS["sidecar"][-1]), format_checker=CHECKER
    )
    assert published.is_valid(full_sidecar())
    for path, _ in [one for one in objects(full_sidecar()) if one[0][:1] != ("assertions",)][::3]:
        document = full_sidecar()
        parent = document = deepcopy(document)
        for step in path:
            parent = parent[step]
        parent["zzz"] = 1
        assert not published.is_valid(document), path
