"""Sidecars of older versions become newest ones step by step, and say the same."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from archiver import schema, sidecar
from archiver.sidecar import Sidecar, dump, migrated
from archiver.sidecar.migration import STEPS

GOLDEN = Path(__file__).parent / "golden"
VERSIONS = schema.VERSIONS["sidecar"]
PAIRS = list(pairwise(VERSIONS))


def golden(version: str) -> dict:
    return json.loads((GOLDEN / f"sidecar-{version}.json").read_bytes())


@pytest.mark.parametrize("version", VERSIONS)
def test_the_golden_documents_are_valid_and_of_their_version(version):
    assert golden(version)["$schema"].endswith(f":{version}")
    assert [one for one in sidecar.problems(Sidecar.parse(dump(golden(version)), "")) if one.level == "error"] == []


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_each_step_gives_the_next_golden_document(old, new):
    before = golden(old)
    given = json.dumps(before)
    assert STEPS[before["$schema"]](before) == golden(new)
    assert json.dumps(before) == given, "a step changes what it is given"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_steps_are_chained_and_end(version):
    newest = migrated(golden(version))
    assert newest == golden(VERSIONS[-1])
    assert migrated(newest) == newest
    assert Sidecar.of(newest).content == (GOLDEN / f"sidecar-{VERSIONS[-1]}.json").read_bytes()


@pytest.mark.parametrize("document", [{}, {"$schema": 5}, {"$schema": "urn:archiver:schema:sidecar:9.0.0", "a": 1}])
def test_what_has_no_known_version_is_left_alone(document):
    assert migrated(document) == document


@pytest.mark.parametrize("version", VERSIONS)
def test_the_next_revision_is_of_the_newest_version_and_drops_nothing(version):
    old = Sidecar.parse(dump(golden(version)), "")
    new = sidecar.successor(old)
    assert new.document["$schema"] == schema.ids()["sidecar"]
    assert new.document["assertions"] == old.document["assertions"]
    kept = set(old.document) - {"$schema", "@context", "article", "parents"}
    assert {key: new.document[key] for key in kept} == {key: old.document[key] for key in kept}
    assert old.content == dump(golden(version)), "reading changes nothing"
