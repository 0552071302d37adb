"""Whatever people and machines do to a capture, in whatever order: each person's word counts, and nothing is lost."""

import json
import os
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from archiver import schema
from archiver.capture import page
from archiver.collection import Root
from archiver.editing import Wish, edit, history, unite
from archiver.editing.edit import enter
from archiver.editing.rereading import plan
from archiver.sidecar import Agent, Assertion, Sidecar, choose, migrated, moment, new_sidecar, problems
from archiver.verify import verify_collection
from material import bring, collection_with, copied

NAMES = {"headline": ["A", "B", "Ж"], "description": ["a", "b", None], "keywords": [["x"], ["x", "y"], None]}
MACHINES = st.sampled_from([0, 1])
FIELDS = st.sampled_from([(name, value) for name, values in NAMES.items() for value in values])
READINGS = st.lists(
    st.tuples(FIELDS, st.sampled_from(["json-ld", "meta", "page"]), st.sampled_from([0.1, 0.9])), max_size=4
)
FIRST = datetime(2026, 12, 1, tzinfo=UTC)


def claims_of(readings, at):
    """What a version of the software finds: any values at all, the same headline always among them."""
    by = Agent("software", "archiver", "0.1.0")
    found = [Assertion("/article/headline", "As read", "url", by, at, "raw", "path", 0.1)]
    for (name, value), method, confidence in readings:
        if value is not None:
            found.append(Assertion(f"/article/{name}", value, method, by, at, "raw", "path", confidence))
    return found


def in_version_1_0_0(sidecar: Sidecar) -> Sidecar:
    """As a capture of long ago was described."""
    oldest = json.loads(schema.schema_files()["sidecar-1.0.0.json"])
    parts = {name: oldest["$defs"][name]["properties"] for name in ("capture", "warc")}
    kept = {name: {key: value for key, value in sidecar.document[name].items() if key in parts[name]} for name in parts}
    roles = oldest["$defs"]["warc"]["properties"]["records"]["properties"]
    kept["warc"]["records"] = {key: value for key, value in kept["warc"]["records"].items() if key in roles}
    context = {key: value["const"] for key, value in oldest["$defs"].items() if key == "context"}["context"]
    return Sidecar.of(sidecar.document | kept | {"$schema": oldest["$id"], "@context": context})


@pytest.fixture(scope="module")
def beginnings(tmp_path_factory):
    """A collection with one capture, described in the newest version and in the oldest: folder, capture's id."""
    made = {}
    for version in ("newest", "oldest"):
        folder = tmp_path_factory.mktemp(version)
        with pytest.MonkeyPatch.context() as patch:
            if version == "oldest":
                patch.setattr(page, "new_sidecar", lambda **facts: in_version_1_0_0(new_sidecar(**facts)))
            _, [captured] = collection_with(folder)
        assert captured.verdict == "ok" and not captured.findings
        made[version] = folder, captured.capture_id
    return made


class Archives(RuleBasedStateMachine):
    """Two machines with a copy each of one collection, their people, and a clock that may go anywhere."""

    beginnings: dict

    @initialize(version=st.sampled_from(["newest", "oldest"]))
    def begin(self, version):
        folder, self.capture = self.beginnings[version]
        self.folder = Path(tempfile.mkdtemp())
        shutil.copytree(folder, self.folder / "0")
        first = Root(self.folder / "0").collection("news")
        self.copies = [first, copied(first, self.folder / "1")]
        self.said: list[set[tuple[str, str, str]]] = [set(), set()]
        """Of each machine: what people are known to have said: field, time, value as JSON."""
        self.files: list[dict[str, bytes]] = [{}, {}]
        self.read = 0

    @rule(
        machine=MACHINES,
        changes=st.lists(FIELDS, min_size=1, max_size=2, unique_by=lambda one: one[0]),
        skew=st.integers(-3, 3),
    )
    def correct(self, machine, changes, skew):
        changes = [(name, value) for name, value in changes if (name, value) != ("headline", None)]
        wishes = [Wish(self.capture, name, value, "M. K.", "because", confirms=True) for name, value in changes]
        if not wishes:
            return
        collection = self.copies[machine]
        edit(collection, wishes, at=FIRST + timedelta(days=skew))
        current = collection.sidecar(self.capture)
        for name, value in changes:
            assert current.article.get(name) == value, "it counts at once, whatever the clock says"
        self._note(machine)

    @rule(machine=MACHINES, readings=READINGS)
    def read_again(self, machine, readings):
        self.read += 1
        claims = claims_of(readings, f"2027-01-01T00:00:00.{self.read:06}Z")
        collection, said = self.copies[machine], set(self.said[machine])
        enter(collection, lambda: [plan(collection.heads(self.capture), claims, [])], "extraction")
        self._note(machine)
        assert self.said[machine] == said

    @rule(machine=MACHINES)
    def join(self, machine):
        before = self.copies[machine].sidecar(self.capture)
        unite(self.copies[machine], self.capture)
        after = self.copies[machine].heads(self.capture)
        assert [one.to_bytes() for one in after] == [before.to_bytes()], "it is what was shown before"
        self._note(machine)

    @rule(machine=MACHINES)
    def exchange(self, machine):
        bring(self.copies[machine], self.copies[1 - machine])
        self.said[1 - machine] |= self.said[machine]
        self._note(1 - machine)

    @rule(machine=MACHINES)
    def migrate(self, machine):
        """In memory, as every reading for a next revision does."""
        old = self.copies[machine].sidecar(self.capture)
        new = Sidecar.of(migrated(old.document))
        assert new.assertions == old.assertions
        assert choose(new.assertions) == choose(old.assertions)
        assert [one for one in problems(new) if one.level == "error"] == []

    def _note(self, machine):
        """What people said by now: nothing that was said before may be missing."""
        said = {
            (one.about.removeprefix("/article/"), moment(one.at), json.dumps(one.value))
            for one in self.copies[machine].sidecar(self.capture).assertions
            if one.method == "human"
        }
        assert self.said[machine] <= said
        self.said[machine] = said

    @invariant()
    def the_latest_word_of_a_person_is_chosen(self):
        for collection, said in zip(self.copies, self.said, strict=True):
            article = collection.sidecar(self.capture).article
            for name in {name for name, _, _ in said}:
                _, latest = max((at, value) for one, at, value in said if one == name)
                assert json.dumps(article.get(name)) == latest

    @invariant()
    def no_revision_is_lost_or_changed(self):
        for machine, collection in enumerate(self.copies):
            now = {path.name: path.read_bytes() for path in (collection.path / "sidecars").iterdir()}
            assert self.files[machine].items() <= now.items()
            self.files[machine] = now
            for name, content in now.items():
                assert Sidecar.parse(content, name).to_bytes() == content, "read, then written"
            told = history(collection, self.capture)
            assert sorted(one.revision for one in told if one.revision) == sorted(now)
            heads = {one.file_name for one in collection.heads(self.capture)}
            assert {one.revision for one in told if one.is_current} == heads
            assert not any(one.damage for one in told)

    @invariant()
    def what_is_current_is_in_the_newest_version_and_good(self):
        for collection in self.copies:
            for head in collection.heads(self.capture):
                assert not head.parents or head.document["$schema"] == schema.ids()["sidecar"]
                assert [one for one in problems(head) if one.level == "error"] == []

    def teardown(self):
        for collection in getattr(self, "copies", ()):
            found = {one.code for one in verify_collection(collection).findings}
            assert found <= {"sidecar-fork", "article-derived"}, found
        shutil.rmtree(getattr(self, "folder", "/nonexistent"), ignore_errors=True)


def test_any_sequence_of_readings_edits_migrations_and_unions_keeps_every_word(beginnings, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)  # nobody pulls the plug here, and there are thousands
    Archives.beginnings = beginnings
    run_state_machine_as_test(Archives, settings=settings(max_examples=20, stateful_step_count=12))
