"""`sync repair` over the memory store: the side that agrees with the ledger wins, nothing damaged is thrown away."""

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver import disk
from archiver.cli import run
from archiver.collection import Root
from archiver.collection.description import redescribe
from archiver.errors import StoreError
from archiver.fixity import Fixity
from archiver.ledger import Event, sealed_files
from archiver.model import FileRef
from archiver.stores.memory import MemoryStore
from archiver.sync import pull, push
from archiver.sync.audit import audit
from archiver.sync.mending import repair
from archiver.verify import verify_collection
from material import collection_with

AGENT = "test/1"
NAMES = [f"sidecars/{name}.json" for name in "abcd"]


class Store(MemoryStore):
    """Has objects that cannot be read until other bytes take their place, and can be read only."""

    def __init__(self):
        super().__init__("memory:there")
        self.rotten = set()
        self.refuses = False

    def open(self, key, start=0, bytes=None):
        if key in self.rotten:
            raise StoreError(key, "the server refused (500 InternalError)", retryable=True)
        return super().open(key, start, bytes)

    def replace(self, key, body, *, bytes, sha256):
        if self.refuses:
            raise StoreError(key, "access is denied")
        super().replace(key, body, bytes=bytes, sha256=sha256)
        self.rotten.discard(key)


def add(collection, path, content):
    disk.write_atomic(collection.local(path), content)
    file = FileRef(path, len(content), disk.sha256_bytes(content))
    collection.record(Event("ingestion", AGENT, (file,)))


def begun(folder, title="News"):
    collection = Root(folder).create("news", title, agent=AGENT)
    for name in NAMES:
        add(collection, name, name.encode() * 50)
    store = Store()
    assert push(collection, store).exit_code == 0
    return collection, store


@pytest.fixture
def pair(tmp_path):
    return begun(tmp_path / "root")


def quarantined(collection):
    """What was set aside, by path in the collection."""
    folder = collection.state.path / "quarantine" / collection.name
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix().partition("/")[2]: path.read_bytes() for path in found}


def steps(report):
    return [(action.verb, action.key) for action in report.actions]


def codes(report):
    return [(one.level, one.code, one.where) for one in report.findings]


def assert_sound(collection, store):
    wrong = [one for one in verify_collection(collection).findings if one.level == "error"]
    assert [one for one in wrong if one.code != "sidecar-unreadable"] == []  # ours here are no sidecars
    report = audit(collection, store, "deep", dry_run=True)
    assert [one for one in report.findings if one.level == "error"] == []


def recoveries(collection):
    return [one for segment in collection.history() for one in segment.events if one.type == "recovery"]


def test_where_all_is_well_nothing_is_done(pair):
    collection, store = pair
    before = dict(store.objects)
    report = repair(collection, store)
    assert (report.actions, report.findings, report.here, report.there) == ((), (), (), ())
    assert store.objects == before
    assert recoveries(collection) == []
    assert set(Fixity(collection.state, "news").last_read("memory:there")) == set(store.objects)


def test_each_copy_is_mended_from_the_other_and_what_was_damaged_is_kept(pair):
    collection, store = pair
    a, b, c, d = NAMES
    good = {name: store.objects[name] for name in NAMES}
    store.objects[a] = b"x" * len(good[a])
    del store.objects[b]
    collection.local(c).write_bytes(b"rot here")
    collection.local(d).unlink()
    planned = repair(collection, store, dry_run=True)
    assert steps(planned) == [("replace", a), ("upload", b), ("restore", c), ("download", d)]
    assert (quarantined(collection), b in store.objects, collection.local(d).exists()) == ({}, False, False)
    report = repair(collection, store)
    assert (report.actions, report.findings) == (planned.actions, ())
    assert [file.path for file in report.there] == [a, b]
    assert [file.path for file in report.here] == [c, d]
    assert {name: store.objects[name] for name in NAMES} == good
    assert quarantined(collection) == {a: b"x" * len(good[a]), c: b"rot here"}
    (event,) = recoveries(collection)
    assert (event.outcome, dict(event.counts)) == ("success", {"here": 2, "there": 2})
    assert_sound(collection, store)


def test_where_neither_copy_is_good_nothing_is_touched(pair):
    collection, store = pair
    name = NAMES[0]
    store.objects[name] = b"junk there"
    collection.local(name).write_bytes(b"junk here")
    report = repair(collection, store)
    assert codes(report) == [("error", "no-good-copy", name)]
    assert report.exit_code == 1
    assert (store.objects[name], collection.local(name).read_bytes()) == (b"junk there", b"junk here")
    assert quarantined(collection) == {}


def test_an_object_that_cannot_be_read_is_replaced_and_the_loss_told(pair):
    collection, store = pair
    store.rotten.add(NAMES[0])
    report = repair(collection, store)
    assert codes(report) == [("warning", "remote-not-kept", NAMES[0])]
    assert [file.path for file in report.there] == [NAMES[0]]
    assert_sound(collection, store)


def test_a_delete_marker_is_taken_away_also_where_this_copy_is_lost(pair):
    collection, store = pair
    for name in NAMES[:2]:
        store.hidden[name] = store.objects.pop(name)
    collection.local(NAMES[0]).unlink()
    store.hidden[NAMES[1]] = b"junk beneath"
    assert steps(repair(collection, store, dry_run=True)) == [("undelete", NAMES[0]), ("undelete", NAMES[1])]
    assert set(store.hidden) == set(NAMES[:2])
    report = repair(collection, store)
    assert steps(report) == [
        ("undelete", NAMES[0]),
        ("undelete", NAMES[1]),
        ("download", NAMES[0]),
        ("replace", NAMES[1]),
    ]
    assert store.hidden == {}
    assert quarantined(collection) == {NAMES[1]: b"junk beneath"}
    assert_sound(collection, store)


def test_a_store_that_refuses_is_a_finding_and_this_copy_is_mended_all_the_same(pair):
    collection, store = pair
    store.objects[NAMES[0]] = b"junk"
    collection.local(NAMES[1]).unlink()
    store.refuses = True
    report = repair(collection, store)
    assert codes(report) == [("error", "repair-failed", NAMES[0])]
    assert [file.path for file in report.here] == [NAMES[1]]
    (event,) = recoveries(collection)
    assert (event.outcome, event.codes) == ("warning", ("repair-failed",))


@pytest.mark.parametrize("harm", ["cut", "gone", "other bytes"])
@pytest.mark.parametrize("number", [0, 1])
def test_the_ledger_here_is_mended_first(pair, harm, number):
    collection, store = pair
    add(collection, "sidecars/e.json", b"e")
    push(collection, store)
    add(collection, "sidecars/f.json", b"f")
    push(collection, store)
    segment = sealed_files(collection.path / "ledger")[number]
    content = segment.read_bytes()
    match harm:
        case "cut":
            segment.write_bytes(content[:-20])
        case "gone":
            segment.unlink()
        case "other bytes":
            segment.write_bytes(content.replace(b"test/1", b"evil/1"))
    path = segment.relative_to(collection.path).as_posix()
    collection.local("sidecars/a.json").unlink()
    verb = "download" if harm == "gone" else "restore"
    planned = repair(collection, store, dry_run=True)
    assert steps(planned) == [(verb, path)]
    assert "ledger-first" in {one.code for one in planned.findings}
    report = repair(collection, store)
    assert steps(report) == [(verb, path), ("download", "sidecars/a.json")]
    assert segment.read_bytes() == content
    assert_sound(collection, store)


def test_a_segment_damaged_on_both_sides_stays_as_it_is(pair):
    collection, store = pair
    (segment,) = sealed_files(collection.path / "ledger")
    path = segment.relative_to(collection.path).as_posix()
    segment.write_bytes(b"junk")
    store.objects[path] = b"junk too"
    report = repair(collection, store)
    assert codes(report) == [("error", "no-good-copy", path), ("info", "ledger-first", "news")]
    assert segment.read_bytes() == b"junk"


def test_a_segment_damaged_there_is_mended_from_here(pair):
    collection, store = pair
    (path,) = [key for key in store.objects if key.startswith("ledger/")]
    good, store.objects[path] = store.objects[path], b"junk"
    report = repair(collection, store)
    assert steps(report) == [("replace", path)]
    assert store.objects[path] == good


def test_a_lost_warc_is_replayed_again_and_one_left_at_the_store_stays_there(tmp_path):
    collection, [captured] = collection_with(tmp_path)
    store = Store()
    push(collection, store)
    lines = list(collection.read_index())
    collection.local(captured.warc).unlink()
    left = repair(collection, store, warcs=False)
    assert (left.actions, left.findings) == ((), ())
    for level in collection.indexes.glob("*.cdxj"):
        level.write_bytes(b"")
    repair(collection, store)
    assert list(collection.read_index()) == lines
    assert_sound(collection, store)


def test_what_was_erased_is_not_brought_back(pair):
    collection, store = pair
    capture = "20261122T140112Z-k3v7q2mzpa"
    path = f"sidecars/{capture}.r1-0123456789ab.json"
    add(collection, path, b"secret")
    push(collection, store)
    file = collection.files()[path]
    collection.record(Event("deletion", AGENT, capture=capture, basis="court-order", removed=(file,)))
    collection.local(path).unlink()
    report = repair(collection, store)
    assert path not in {action.key for action in report.actions}
    assert not collection.local(path).exists()


def test_what_was_not_pushed_yet_is_left_to_a_push(pair):
    collection, store = pair
    add(collection, "sidecars/e.json", b"e")
    collection.seal()
    assert (repair(collection, store).actions, "sidecars/e.json" in store.objects) == ((), False)


def test_a_damaged_description_is_mended_before_it_says_how_to_lock(pair):
    collection, store = pair
    lock = {"mode": "governance", "days": 3}
    file = redescribe(collection, lambda one: one | {"policies": {"lock": lock}}, Event("policy assignment", AGENT))
    push(collection, store)
    collection.local(file.path).write_bytes(b"{")
    store.objects[NAMES[0]] = b"junk"
    store.locks.clear()
    report = repair(collection, store)
    assert steps(report) == [("restore", file.path), ("replace", NAMES[0])]
    assert set(store.locks) == {NAMES[0]}


def test_an_older_version_is_a_good_copy_where_no_newest_is(pair):
    collection, store = pair
    a, b, c, _ = NAMES
    good = {name: store.objects[name] for name in NAMES}
    for name in (a, b, c):
        store.beneath[name] = [b"older junk", store.objects[name]]
        store.objects[name] = b"ransom"
    store.beneath[c].pop()
    collection.local(a).unlink()
    collection.local(b).write_bytes(b"rot")
    collection.local(c).write_bytes(b"rot")
    planned = repair(collection, store, dry_run=True)
    assert steps(planned) == [("revert", a), ("download", a), ("revert", b), ("restore", b)]
    report = repair(collection, store)
    assert codes(report) == [("error", "no-good-copy", c)]
    for name in (a, b):
        assert store.objects[name] == collection.local(name).read_bytes() == good[name]
    kept = [path.read_bytes() for path in (collection.state.path / "quarantine").rglob("*") if path.is_file()]
    assert sorted(kept) == [b"ransom", b"ransom", b"rot"]
    assert store.objects[c] == b"ransom"


def test_what_was_never_pulled_is_mended_there_and_left_to_a_pull(pair, tmp_path):
    collection, store = pair
    other = Root(tmp_path / "other").place("news")
    pull(other, store)
    add(collection, "sidecars/e.json", b"e")
    add(collection, "sidecars/f.json", b"f")
    push(collection, store)
    store.beneath["sidecars/e.json"] = [store.objects["sidecars/e.json"]]
    store.objects["sidecars/e.json"] = b"ransom"
    store.objects["sidecars/f.json"] = b"ransom"
    report = repair(other, store)
    assert steps(report) == [("revert", "sidecars/e.json")]
    assert codes(report) == [("error", "no-good-copy", "sidecars/f.json")]
    assert not other.local("sidecars/e.json").exists()
    assert store.objects["sidecars/e.json"] == b"e"


def test_another_collection_is_not_mended_from_this_one(pair, tmp_path):
    _, store = pair
    stranger, _ = begun(tmp_path / "stranger", "Other news")
    before = dict(store.objects)
    report = repair(stranger, store)
    assert "conflict" in {code for _, code, _ in codes(report)}
    assert (report.actions, report.exit_code, store.objects) == ((), 1, before)


FATES = st.sampled_from(["good", "good", "junk", "gone", "cut"])


@settings(max_examples=25)
@given(st.lists(st.tuples(FATES, FATES), min_size=4, max_size=4))
def test_what_one_copy_has_good_both_have_good_after_a_repair(fates):
    with TemporaryDirectory() as folder:
        collection, store = begun(Path(folder))
        good = {name: store.objects[name] for name in NAMES}
        for name, (here, there) in zip(NAMES, fates, strict=True):
            harm_here(collection.local(name), here)
            harm_there(store, name, there)
        before = {name: (read(collection, name), store.objects.get(name)) for name in NAMES}
        report = repair(collection, store)
        kept = list(quarantined(collection).values())
        for name, copies in before.items():
            after = (read(collection, name), store.objects.get(name))
            assert after == ((good[name],) * 2 if good[name] in copies else copies)
            lost = [one for one in copies if one not in (None, good[name])] if good[name] in copies else []
            assert all(one in kept for one in lost)
        hopeless = {name for name, copies in before.items() if good[name] not in copies}
        assert {one.where for one in report.findings if one.code == "no-good-copy"} == hopeless
        assert report.exit_code == int(bool(hopeless))


def read(collection, name):
    path = collection.local(name)
    return path.read_bytes() if path.exists() else None


def harm_here(path, fate):
    match fate:
        case "junk":
            path.write_bytes(b"here" * 100)
        case "gone":
            path.unlink()
        case "cut":
            path.write_bytes(path.read_bytes()[:-1])


def harm_there(store, name, fate):
    match fate:
        case "junk":
            store.objects[name] = b"there" * 100
        case "gone":
            del store.objects[name]
        case "cut":
            store.objects[name] = store.objects[name][:-1]


def test_the_command(tmp_path, capfd):
    Root(tmp_path / "root").create("news", "News", agent=AGENT)
    (tmp_path / "disk").mkdir()
    url, root = (tmp_path / "disk").as_uri(), str(tmp_path / "root")
    run(["sync", "push", "--root", root, "-c", "news", url])
    (tmp_path / "disk" / "README.txt").write_text("junk")
    capfd.readouterr()
    assert run(["sync", "repair", "--root", root, "-c", "news", url, "--dry-run"]) == 0
    out, _ = capfd.readouterr()
    assert out.splitlines()[0].startswith("replace\tREADME.txt\t")
    assert "1 steps would mend them, 0 faults remain" in out
    assert run(["sync", "repair", "--root", root, "-c", "news", url, "--json"]) == 0
    report = json.loads(capfd.readouterr().out)
    assert (report["ok"], report["here"], report["there"]) == (True, 0, 1)
    assert "collection of archived" in (tmp_path / "disk" / "README.txt").read_text()


def test_a_segment_that_is_open_here_and_was_sealed_in_a_copy_of_this_root(tmp_path):
    """The root was copied with its state, and the copy pushed first."""
    collection, _ = collection_with(tmp_path / "here")
    shutil.copytree(tmp_path / "here", tmp_path / "copy")
    store = MemoryStore()
    assert push(Root(tmp_path / "copy").collection("news"), store).exit_code == 0
    assert audit(collection, store, "deep").exit_code == 0
    assert repair(collection, store).exit_code == 0
    assert push(collection, store).exit_code == 0
    assert [one for one in verify_collection(collection).findings if one.level == "error"] == []
