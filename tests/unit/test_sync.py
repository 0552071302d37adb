"""Replication over the memory store: plans, damage on either side, hostile ledgers, two writers."""

import errno
import hashlib
import io
import json
import os
import shutil
import time
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from archiver import disk, erasing, ledger
from archiver.collection import Root, index
from archiver.errors import StorageError, StoreError, UsageError
from archiver.fixity import Fixity
from archiver.ledger import Event, Segment
from archiver.model import FileRef
from archiver.stores.local import LocalStore
from archiver.stores.memory import MemoryStore
from archiver.sync import LISTED_FROM, Line, pull, push, status, transfer
from archiver.sync.cut import cut
from archiver.sync.plan import Side, plan, sound
from archiver.verify import verify_collection
from material import collection_with, sealed

AGENT = "test/1"


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def add(collection, path, content):
    """Bring a file in, as an ingest does: content first, then the ledger's line."""
    disk.write_atomic(collection.local(path), content)
    collection.record(Event("ingestion", AGENT, (FileRef(path, len(content), sha256(content)),)))


def contents(collection):
    """Every file that the ledger names, as it is on disk."""
    return {path: collection.local(path).read_bytes() for path in collection.files()}


def names(store, prefix=""):
    return {key for key in store.objects if key.startswith(prefix)}


def codes(report):
    return sorted(finding.code for finding in report.findings)


def assert_whole(store):
    """What must hold for a store at every instant: the files named by any segment are there, with those bytes."""
    for key in names(store, "ledger/"):
        segment = ledger.parse_segment(store.objects[key], key)
        assert segment.path == key
        for file in segment.objects():
            assert sha256(store.objects[file.path]) == file.sha256


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def here(tmp_path):
    collection = Root(tmp_path / "here").create("news", "News", agent=AGENT)
    add(collection, "sidecars/a.json", b"a")
    add(collection, "sidecars/b.json", b"b" * 3000)
    return collection


@pytest.fixture
def other(tmp_path):
    return Root(tmp_path / "other").place("news")


class Strict(MemoryStore):
    """Writes down what it is asked, and fails when told."""

    def __init__(self):
        super().__init__()
        self.asked = []
        self.fail_at = None
        self.unreadable = set()

    def list(self, prefix):
        self._note("list", prefix)
        return super().list(prefix)

    def open(self, key, start=0, bytes=None):
        self._note("open", key)
        if key in self.unreadable:
            raise StoreError(key, "the server refused (500 InternalError)", retryable=True)
        return super().open(key, start, bytes)

    def put(self, key, body, *, bytes, sha256, free=False):
        self._note("put", key)
        return super().put(key, body, bytes=bytes, sha256=sha256, free=free)

    def _note(self, *what):
        if self.fail_at is not None and len(self.asked) >= self.fail_at:
            raise StoreError("memory:", "the server cannot be reached", retryable=True)
        self.asked.append(what)


# The plan


def file(path, content="x"):
    return FileRef(path, len(content), sha256(content.encode()))


def segment(seq, *files, previous=None, writer="aaaaaaaaaa", digest=None):
    return Segment(writer, seq, previous, {}, (Event("capture", AGENT, files),), digest or f"{seq:064x}")


def side(*files, segments=(), absent=()):
    return Side({one.path: one for one in segments}, {one.path: one for one in files}, frozenset(absent))


@pytest.mark.parametrize(
    ("source", "target", "verb"),
    [
        (side(file("a")), side(), "upload"),
        (side(file("a")), side(file("a")), "keep"),
        (side(file("a")), side(file("a"), absent="a"), "upload"),
        (side(file("a")), side(file("a", "y")), "conflict"),
        (side(file("a")), side(file("a", "y"), absent="a"), "conflict"),
        (side(file("a"), absent="a"), side(), "missing"),
        (side(file("a"), absent="a"), side(file("a")), "keep"),
    ],
)
def test_each_file_gets_its_step(source, target, verb):
    (action,) = plan(source, target, "upload")
    assert (action.verb, action.key, action.bytes) == (verb, "a", 1)
    assert action.reason


def test_what_only_the_target_holds_is_left_alone():
    assert plan(side(), side(file("a"), segments=[segment(1)]), "upload") == []


def test_segments_come_last_and_in_chain_order():
    chain = [segment(seq, file(f"f{seq}")) for seq in (10, 9, 11)]
    actions = plan(side(*(file(f"f{seq}") for seq in (9, 10, 11)), segments=chain), side(), "upload")
    assert [action.key.split("/")[-1][:6] for action in actions] == ["f10", "f11", "f9", "000009", "000010", "000011"]


def test_a_segment_is_held_back_with_all_that_build_on_it():
    first, second = segment(1, file("good")), segment(2, file("bad"), previous=f"{1:064x}")
    third = segment(3, file("fine"), previous=f"{2:064x}")
    another = segment(1, file("fine too"), writer="bbbbbbbbbb", digest="b" * 64)
    passed, findings = sound([third, another, second, first], [], {"bad"})
    assert passed == [first, another]
    assert [finding.where for finding in findings] == [second.path, third.path]


def test_a_segment_may_follow_one_that_is_there_already():
    first, second = segment(1), segment(2, previous=f"{1:064x}")
    assert sound([second], [first], ()) == ([second], [])


# Push


def test_a_push_brings_everything_and_a_second_one_nothing(here, store):
    report = push(here, store)
    assert report.exit_code == 0
    assert (len(report.moved), report.segments) == (len(here.files()), 1)
    assert {key: store.objects[key] for key in here.files()} == contents(here)
    assert names(store) == set(here.files()) | set(sealed(here))
    assert_whole(store)
    again = push(here, store)
    assert (again.moved, again.segments, again.count("keep")) == ((), 0, len(here.files()))


def test_a_push_lists_only_the_ledger_and_sends_segments_last(here):
    store = Strict()
    push(here, store)
    assert [what for what in store.asked if what[0] == "list"] == [("list", "ledger/")]
    puts = [key for verb, key in store.asked if verb == "put"]
    assert [key.startswith("ledger/") for key in puts] == [False] * (len(puts) - 1) + [True]
    del store.asked[:]
    add(here, "sidecars/c.json", b"c")
    push(here, store)
    assert [what[0] for what in store.asked] == ["list", "put", "put"]


def test_a_dry_run_changes_nothing_and_tells_what_will_be_done(here, other, store):
    before = {path: path.read_bytes() for path in here.path.rglob("*") if path.is_file()}
    planned = push(here, store, dry_run=True)
    assert store.objects == {}
    assert {path: path.read_bytes() for path in here.path.rglob("*") if path.is_file()} == before
    assert planned.actions == push(here, store).actions
    assert {action.key for action in planned.actions} == names(store)
    planned = pull(other, store, dry_run=True)
    assert other.files() == {}
    assert planned.actions == pull(other, store).actions


def test_local_rot_is_not_sent_nor_what_builds_on_it(here, store):
    push(here, store)
    add(here, "sidecars/c.json", b"sound")
    add(here, "sidecars/d.json", b"right")
    here.seal()
    add(here, "sidecars/e.json", b"later")
    here.local("sidecars/d.json").write_bytes(b"wrong")
    report = push(here, store)
    assert report.exit_code == 1
    assert codes(report) == ["local-damaged", "segment-held-back", "segment-held-back"]
    assert {"sidecars/c.json", "sidecars/e.json"} <= names(store)
    assert "sidecars/d.json" not in store.objects
    assert len(names(store, "ledger/")) == 1
    assert_whole(store)
    here.local("sidecars/d.json").write_bytes(b"right")
    mended = push(here, store)
    assert (mended.exit_code, mended.segments) == (0, 2)
    assert_whole(store)


def test_local_rot_never_reaches_a_good_remote_copy(here, store):
    push(here, store)
    here.local("sidecars/a.json").write_bytes(b"x")
    push(here, store)
    assert store.objects["sidecars/a.json"] == b"a"


def test_a_file_that_is_gone_is_an_error_and_its_segment_stays(here, store):
    here.local("sidecars/a.json").unlink()
    report = push(here, store)
    assert codes(report) == ["local-missing", "segment-held-back"]
    assert report.count("missing") == 1
    assert names(store, "ledger/") == set()


def test_a_damaged_segment_is_not_sent(here, store):
    here.seal()
    (path,) = sealed(here)
    here.local(path).write_bytes(here.local(path).read_bytes().replace(AGENT.encode(), b"tset/1"))
    report = push(here, store)
    assert codes(report) == ["local-damaged"]
    assert names(store, "ledger/") == set()


def test_what_a_former_working_copy_left_open_is_sent_as_well(here, other, store):
    """A folder that was copied or restored without its root's state: nobody else may have what its writer wrote."""
    (here.path.parent / ".archiver/writer").write_text("zzzzzzzzzz\n")
    add(here, "sidecars/new.json", b"new")
    report = push(here, store)
    assert (codes(report), report.segments) == ([], 2)
    assert pull(other, store).exit_code == 0
    assert contents(other) == contents(here)


def test_what_a_former_working_copy_left_damaged_is_told(here, store):
    (here.path.parent / ".archiver/writer").write_text("zzzzzzzzzz\n")
    add(here, "sidecars/new.json", b"new")
    (head,) = [one for one in here.path.glob("ledger/*/open.head") if one.parent.name != "zzzzzzzzzz"]
    head.write_bytes(b"{}")
    report = push(here, store)
    assert [(finding.level, finding.code) for finding in report.findings] == [("warning", "segment-open")]
    assert "sidecars/new.json" in store.objects
    assert "sidecars/a.json" not in store.objects


def test_foreign_bytes_in_the_way_are_a_conflict_and_stay(here, store):
    store.objects["sidecars/a.json"] = b"somebody else's"
    report = push(here, store)
    assert report.exit_code == 6
    assert store.objects["sidecars/a.json"] == b"somebody else's"
    assert names(store, "ledger/") == set()


@given(fail_at=st.integers(0, 12))
@settings(max_examples=13)
def test_a_push_cut_off_anywhere_leaves_a_whole_remote_and_is_taken_up_again(fail_at):
    with TemporaryDirectory() as folder:
        here = Root(Path(folder)).create("news", "News", agent=AGENT)
        for number in range(3):
            add(here, f"sidecars/{number}.json", bytes([number]))
            here.seal()
        store = Strict()
        store.fail_at = fail_at
        try:
            push(here, store)
        except StoreError:
            pass
        assert_whole(store)
        store.fail_at = None
        assert push(here, store).exit_code == 0
        assert names(store) == set(here.files()) | set(sealed(here))


def test_an_interruption_ends_a_push_after_what_is_under_way(here, store):
    for number in range(100):
        add(here, f"sidecars/{number}.json", b"x")

    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        push(here, Slow(store), progress=interrupt)
    assert len(store.objects) < 50


class Slow:
    """A store behind a thin line."""

    url = "slow:"

    def __init__(self, store):
        self.list = store.list
        self.clear_uploads = store.clear_uploads
        self.store = store

    def put(self, *arguments, **facts):
        time.sleep(0.02)
        return self.store.put(*arguments, **facts)


def test_of_many_new_files_those_at_the_store_are_listed_and_the_others_not_asked_about(here, store):
    for number in range(LISTED_FROM):
        add(here, f"sidecars/{number}.json", b"%d" % number)
    store.objects["sidecars/7.json"] = b"7"
    store.objects["sidecars/8.json"] = b"foreign"
    said = {}
    put = store.put
    store.put = lambda key, body, **facts: said.update({key: facts["free"]}) or put(key, body, **facts)
    report = push(here, store)
    assert [(one.code, one.where) for one in report.findings if one.code == "conflict"] == [
        ("conflict", "sidecars/8.json")
    ]
    assert {key for key, free in said.items() if not free} == {"README.txt", "sidecars/7.json", "sidecars/8.json"}
    assert store.objects["sidecars/8.json"] == b"foreign"


@pytest.mark.parametrize(("content", "code"), [(b"a", "local-changed"), (b"x", "local-damaged")])
def test_a_file_that_is_written_to_while_it_is_sent_is_noticed(here, store, content, code):
    place, put = here.local("sidecars/a.json"), store.put

    def meddled(key, body, **facts):
        if key == "sidecars/a.json":
            place.write_bytes(content)
            os.utime(place, ns=(1, 1))
        return put(key, body, **facts)

    store.put = meddled
    report = push(here, store)
    told = [one.message for one in report.findings if (one.code, one.where) == (code, "sidecars/a.json")]
    assert told == ["it was changed while it was being sent"]
    assert names(store, "ledger/") == set()
    assert store.objects.get("sidecars/a.json", b"a") == b"a"


def test_a_limit_holds_for_all_transfers_together(here, store, monkeypatch):
    waited = []
    monkeypatch.setattr("archiver.sync.line.monotonic", lambda: sum(waited))
    limited = Line(jobs=1, limit=1000)
    monkeypatch.setattr(limited._cut, "wait", lambda seconds: waited.append(seconds) or False)
    report = push(here, store, line=limited)
    assert report.exit_code == 0
    assert sum(waited) == pytest.approx(report.bytes / 1000, abs=1.1)
    assert max(waited) <= 1.1


def test_what_was_moved_is_noted_beside_the_collection(here, other, store):
    pushed, pulled = push(here, store), pull(other, store)
    place = "memory:"
    fixity = Fixity(here.state, "news")
    assert set(fixity.last_read("local")) == {file.path for file in pushed.moved}
    assert [(one.place, one.kind, one.files, one.bytes, one.errors) for one in fixity.checks()] == [
        (place, "push", len(pushed.moved), pushed.bytes, 0)
    ]
    assert set(Fixity(other.state, "news").last_read(place)) == {file.path for file in pulled.moved}


# Erasures, clones, points in time


def erase(collection, path):
    """Enter a deletion as an erasure does, and remove the file."""
    file = collection.files()[path]
    collection.record(Event(ledger.DELETION, AGENT, removed=(file,), basis="court-order"))
    collection.local(path).unlink()


def test_what_was_erased_on_either_side_goes_neither_way(here, other, store):
    push(here, store)
    pull(other, store)
    add(other, "sidecars/theirs.json", b"t")
    erase(here, "sidecars/b.json")
    assert push(here, store).exit_code == 0
    assert "sidecars/b.json" not in store.objects
    report = push(other, store)  # has not heard of it, and still has the file
    assert report.exit_code == 0
    assert "sidecars/b.json" not in store.objects
    assert "sidecars/b.json" not in {action.key for action in status(other, store).actions}
    report = pull(other, store)
    assert report.exit_code == 0
    assert not other.local("sidecars/b.json").exists()
    assert "sidecars/b.json" not in {action.key for action in pull(here, store).actions}


def test_an_erased_file_is_not_brought_to_an_empty_disk_though_the_store_still_has_it(here, other, store):
    push(here, store)
    erase(here, "sidecars/b.json")
    kept = store.objects["sidecars/b.json"]
    push(here, store)
    store.objects["sidecars/b.json"] = kept  # a lock kept it, say
    assert pull(other, store).exit_code == 0
    assert not other.local("sidecars/b.json").exists()
    assert contents(other) == contents(here)


def test_a_deletion_of_what_is_no_file_of_a_collection_is_hostile(here, store):
    push(here, store)
    event = Event(ledger.DELETION, AGENT, removed=(evil("../../precious"),), basis="court-order")
    plant(store, events=event.as_line())
    assert codes(pull(here, store)) == ["remote-hostile"]


def test_a_clone_of_a_working_copy_is_told_and_both_of_its_chains_travel(here, other, store, tmp_path):
    push(here, store)
    shutil.copytree(here.path.parent, tmp_path / "clone")
    clone = Root(tmp_path / "clone").collection("news")
    add(here, "sidecars/one.json", b"1")
    add(clone, "sidecars/two.json", b"2")
    assert codes(push(here, store)) == []
    assert codes(push(clone, store)) == ["ledger-clone"]
    report = pull(other, store)
    assert (codes(report), report.exit_code) == (["ledger-clone"], 0)
    assert {"sidecars/one.json", "sidecars/two.json"} <= set(contents(other))


def written(writer, seq, at, *files, previous=None, seen=None):
    events = tuple(Event("capture", AGENT, (one,), at=at) for one in files)
    return Segment(
        writer * 10, seq, previous and previous.sha256, seen or {}, events, sha256(f"{writer}{seq}".encode())
    )


def test_a_cut_has_what_was_written_by_then_and_all_that_was_seen_of_others():
    a1 = written("a", 1, "2026-11-22T10:00:00Z", file("a1"))
    a2 = written("a", 2, "2026-11-23T10:00:00Z", file("a2"), previous=a1)
    b1 = written("b", 1, "2031-01-01T00:00:00Z", file("b1"))  # its clock is wrong
    c1 = written("c", 1, "2026-11-22T23:59:59Z", file("c1"), seen={b1.writer: b1.name, "zz": "unknown"})
    c2 = written("c", 2, "a lie", file("c2"), previous=c1)
    all_of_them = {one.path: one for one in (a1, a2, b1, c1, c2)}
    for until, expected in {
        "2026-11-22": [a1, b1, c1],
        "2026-11-22T12:00:00Z": [a1],
        "2026-11-22T12:00:00": [a1],
        "2026-11-22T11:00:00+02:00": [],
        "2026-11-23": [a1, a2, b1, c1],
        "aaaaaaaaaa/000002": [a1, a2],
        c2.path: [b1, c1, c2],
    }.items():
        assert set(cut(all_of_them, until)) == {one.path for one in expected}, until
    for until in ("yesterday", "aaaaaaaaaa/000009", "2026-13-01", "/"):
        with pytest.raises(UsageError):
            cut(all_of_them, until)


def test_a_pull_as_of_a_point_in_time_then_the_rest(here, other, store, tmp_path):
    push(here, store)
    then = contents(here)
    erase(here, "sidecars/b.json")
    add(here, "sidecars/later.json", b"later")
    push(here, store)
    (first,) = [path for path in sealed(here) if "/000001-" in path]
    report = pull(other, store, until=first)
    assert codes(report) == ["erased-since"]
    assert set(sealed(other)) == {first}
    assert {path for path in then if other.local(path).exists()} == set(then) - {"sidecars/b.json"}
    with pytest.raises(UsageError, match="holds more"):
        pull(here, store, until=first)
    with pytest.raises(UsageError, match="Nothing that is there"):
        pull(Root(tmp_path / "third").place("news"), store, until="1999-01-01")
    assert not (tmp_path / "third").exists()
    assert pull(other, store).exit_code == 0
    assert contents(other) == contents(here)


# Pull


def test_a_pull_into_an_empty_root_brings_the_whole_collection_back(here, other, store):
    push(here, store)
    seen = []
    report = pull(other, store, progress=lambda *what: seen.append(what))
    assert report.exit_code == 0
    assert contents(other) == contents(here)
    assert sealed(other) == sealed(here)
    assert seen[-1] == ("downloading", report.bytes, report.bytes)
    assert json.loads(json.dumps(report.as_json()))["ok"] is True
    again = pull(other, store)
    assert (again.moved, again.segments) == ((), 0)


@pytest.mark.parametrize("path", ["proofs/head-1.sig", "erasures/20261122T140112Z-aaaaaaaaaa-0123456789ab.json"])
def test_proofs_and_records_of_erasures_travel_as_all_files_do(here, other, store, path):
    add(here, path, b"x")
    assert push(here, store).exit_code == 0
    assert pull(other, store).exit_code == 0
    assert other.local(path).read_bytes() == b"x"


def test_a_mounted_disk_is_as_good_as_a_bucket(here, other, tmp_path):
    (tmp_path / "disk").mkdir()
    store = LocalStore(tmp_path / "disk")
    assert push(here, store).exit_code == 0
    assert pull(other, store).exit_code == 0
    assert contents(other) == contents(here)


def test_a_file_lost_from_disk_comes_back(here, store):
    push(here, store)
    here.local("sidecars/b.json").unlink()
    report = pull(here, store)
    assert [file.path for file in report.moved] == ["sidecars/b.json"]
    assert here.local("sidecars/b.json").read_bytes() == b"b" * 3000


def test_a_disk_that_lost_what_the_store_has_is_told_so_by_a_push(here, store):
    push(here, store)
    here.local("sidecars/b.json").unlink()
    report = push(here, store)
    assert (report.exit_code, codes(report), report.moved) == (0, ["local-absent"], ())
    assert store.objects["sidecars/b.json"] == b"b" * 3000


def test_damage_at_the_store_is_not_taken_over(here, other, store):
    push(here, store)
    add(here, "sidecars/c.json", b"c")
    push(here, store)
    store.objects["sidecars/c.json"] = b"C"
    report = pull(other, store)
    assert (report.exit_code, codes(report)) == (1, ["remote-damaged"])
    assert not other.local("sidecars/c.json").exists()
    assert other.local("sidecars/a.json").exists()
    assert "sidecars/c.json" in other.files(), "known, and missing"
    assert "file-missing" in {one.code for one in verify_collection(other).findings}


def test_damage_at_the_store_keeps_nothing_else_away(here, other, store):
    """One rotten object among a hundred thousand must not cost the rest."""
    push(here, store)
    add(here, "sidecars/c.json", b"c")
    push(here, store)
    store.objects["sidecars/a.json"] = b"A"
    assert codes(pull(other, store)) == ["remote-damaged"]
    there = {path for path in other.files() if other.local(path).is_file()}
    assert there == set(here.files()) - {"sidecars/a.json"}
    assert sealed(other) == sealed(here)
    assert codes(pull(other, store)) == ["remote-damaged"], "it is told again"
    store.objects["sidecars/a.json"] = b"a"
    assert pull(other, store).exit_code == 0
    assert contents(other) == contents(here)


@pytest.fixture(scope="module")
def pushed(tmp_path_factory):
    """The objects of a small collection's replica."""
    collection = Root(tmp_path_factory.mktemp("pushed")).create("news", "News", agent=AGENT)
    add(collection, "sidecars/a.json", b"some words")
    store = MemoryStore()
    push(collection, store)
    return store.objects


@given(data=st.data())
@settings(max_examples=40)
def test_no_flipped_bit_and_no_cut_is_ever_taken_over(pushed, data):
    with TemporaryDirectory() as folder:
        store = MemoryStore()
        store.objects |= pushed
        key = data.draw(st.sampled_from(sorted(store.objects)), "key")
        content = store.objects[key]
        place = data.draw(st.integers(0, len(content) - 1), "place")
        flipped = content[:place] + bytes([content[place] ^ 1 << data.draw(st.integers(0, 7))]) + content[place + 1 :]
        store.objects[key] = data.draw(st.sampled_from([flipped, content[:place], content + b"\n"]))
        other = Root(Path(folder) / "other").place("news")
        report = pull(other, store)
        assert report.exit_code == 1
        assert key in {finding.where for finding in report.findings}
        assert not other.local(key).exists()
        assert all(other.local(path).is_file() for path in other.files() if path != key)
        assert not list(other.path.rglob(f"{disk.TEMPORARY}*"))


def test_an_object_that_cannot_be_read_is_a_finding_but_a_dead_store_an_error(here, other):
    store = Strict()
    push(here, store)
    store.unreadable = {"sidecars/a.json"}
    report = pull(other, store)
    assert codes(report) == ["remote-damaged"]
    store.fail_at = len(store.asked) + 1
    with pytest.raises(StoreError, match="cannot be reached"):
        pull(other, store)
    assert not list(other.path.rglob(f"{disk.TEMPORARY}*"))


def test_a_pull_cut_off_is_taken_up_again_without_loading_twice(here, other):
    store = Strict()
    push(here, store)
    del store.asked[:]
    store.fail_at = 5
    with pytest.raises(StoreError):
        pull(other, store)
    assert other.files() == {}
    have = {path.relative_to(other.path).as_posix() for path in other.path.rglob("*") if path.is_file()}
    del store.asked[:]
    store.fail_at = None
    assert pull(other, store).exit_code == 0
    assert contents(other) == contents(here)
    assert not have & {key for verb, key in store.asked if verb == "open"}


def test_a_killed_pull_leaves_nothing_for_ever(here, other, store, monkeypatch):
    push(here, store)
    if not (child := os.fork()):
        disk.publish = lambda *_, **__: os._exit(9)
        pull(other, store)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert list(other.path.rglob(".tmp-*"))
    assert {one.code for one in other.clear_leftovers()} == {"leftover-removed"}
    assert not list(other.path.rglob(".tmp-*"))
    assert pull(other, store).exit_code == 0
    assert contents(other) == contents(here)


@pytest.mark.parametrize("size", [7777, 8000])
def test_a_great_file_comes_in_pieces_and_is_right_or_not_there(here, other, store, monkeypatch, size):
    monkeypatch.setattr(transfer, "PIECE_BYTES", 1000)
    content = os.urandom(size)
    add(here, "archive/great.warc.gz", content)
    push(here, store)
    for damaged in (content + b"x", content[:-1], content[:5000] + b"?" + content[5001:]):
        store.objects["archive/great.warc.gz"] = damaged
        assert codes(pull(other, store)) == ["remote-damaged"]
        assert not other.local("archive/great.warc.gz").exists()
    store.objects["archive/great.warc.gz"] = content
    report = pull(other, store)
    assert report.exit_code == 0
    assert other.local("archive/great.warc.gz").read_bytes() == content


def test_a_disk_that_takes_only_a_part_of_what_is_written_is_written_on(tmp_path):
    """So do nearly full ones; what was not taken must not be taken for written."""

    class Reluctant(io.FileIO):
        def write(self, content):
            return super().write(content[:7])

    with Reluctant(tmp_path / "file", "w") as stream:
        disk.write_whole(stream, b"some words, and some more")
    assert (tmp_path / "file").read_bytes() == b"some words, and some more"


@pytest.mark.parametrize("writes", [0, 3, 12])
def test_a_full_disk_ends_a_pull_with_a_sentence_and_the_next_goes_on(here, other, store, monkeypatch, writes):
    push(here, store)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full_after(os.fsync, writes))
        with pytest.raises(StorageError, match="no space left") as caught:
            pull(other, store)
    assert caught.value.exit_code == 1
    assert other.files() == {}
    assert not list(other.path.rglob(f"{disk.TEMPORARY}*"))
    assert pull(other, store).exit_code == 0
    assert contents(other) == contents(here)


def full_after(fsync, times):
    left = iter(range(times))

    def one(descriptor):
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(descriptor)

    return one


def test_a_pull_from_where_nothing_is_tells_and_makes_nothing(other, store):
    report = pull(other, store)
    assert (codes(report), report.exit_code) == (["remote-empty"], 1)
    assert not other.path.exists()


def test_what_a_pull_brought_that_was_cut_off_is_no_error_whatever_runs_next(tmp_path, store, monkeypatch):
    here, _ = collection_with(tmp_path / "here", 2)
    push(here, store)
    other = Root(tmp_path / "there").place("news")
    with monkeypatch.context() as cut, pytest.raises(KeyboardInterrupt):
        cut.setattr(disk, "write_atomic", _cut_at_the_ledger(disk.write_atomic))
        pull(other, store)
    other.clear_leftovers()
    found = verify_collection(other).findings
    assert {one.code for one in found if one.level == "warning"} >= {"file-unlisted"}
    assert not [one for one in found if one.code in ("file-unlisted", "index-line") and one.level == "error"]
    assert pull(other, store).exit_code == 0
    assert not verify_collection(other).findings
    stray = other.local("archive/2026/11/30/stray.warc.gz")
    disk.write_atomic(stray, b"stray")
    told = {(one.level, one.where) for one in verify_collection(other).findings if one.code == "file-unlisted"}
    assert told == {("error", str(stray))}


def _cut_at_the_ledger(write):
    def one(path, content, **options):
        if "/ledger/" in str(path):
            raise KeyboardInterrupt
        write(path, content, **options)

    return one


def test_the_index_of_a_great_pull_is_taken_in_bit_by_bit(tmp_path, store, monkeypatch):
    here, _ = collection_with(tmp_path / "here", 4)
    push(here, store)
    sizes = []
    add_lines = index.add
    monkeypatch.setattr(index, "add", lambda folder, lines: sizes.append(len(lines)) or add_lines(folder, lines))
    monkeypatch.setattr("archiver.collection.collection.BATCH_LINES", 3)
    other = Root(tmp_path / "there").place("news")
    assert pull(other, store).exit_code == 0
    assert max(sizes) == 3
    assert list(other.read_index()) == list(here.read_index())
    assert verify_collection(other).findings == ()


def test_another_file_in_the_way_here_is_a_conflict_and_stays(here, other, store):
    push(here, store)
    disk.write_atomic(other.local("sidecars/a.json"), b"mine, not entered")
    report = pull(other, store)
    assert report.exit_code == 6
    assert other.local("sidecars/a.json").read_bytes() == b"mine, not entered"
    assert other.files() == {}


@pytest.mark.parametrize("verb", [push, pull, status])
def test_two_truths_under_one_name_change_nothing_on_either_side(here, other, store, verb):
    add(other, "sidecars/a.json", b"another a")
    add(other, "sidecars/only-here.json", b"x")
    push(here, store)
    before, objects = contents(other), dict(store.objects)
    report = verb(other, store)
    assert report.exit_code == 6
    assert "nothing was changed" in report.summary()
    assert [action.key for action in report.actions if action.verb == "conflict"] == ["sidecars/a.json"]
    assert (contents(other), store.objects) == (before, objects)


# Hostile ledgers


def plant(store, *files, seq=1, writer="hhhhhhhhhh", previous=None, events=None):
    """Put a well-formed segment of an evil writer, and the bytes it names, into the store."""
    head = {"type": "segment", "format": ledger.FORMAT, "writer": writer, "seq": seq, "previous": previous, "seen": {}}
    lines = ledger.canonical(head) + (events or Event("capture", AGENT, files).as_line())
    made = ledger.parse_segment(lines, "planted")
    store.objects[made.path] = lines
    for one in files:
        if not one.path.startswith("ledger/"):
            store.objects[one.path] = b"evil"
    return made


def evil(path, **changes):
    return FileRef(path, changes.get("bytes", 4), changes.get("sha256", sha256(b"evil")))


@pytest.mark.parametrize(
    "file",
    [
        evil("../escaped"),
        evil("/tmp/escaped"),
        evil("archive/../../escaped"),
        evil("archive\\..\\..\\escaped"),
        evil("archive/.tmp-x"),
        evil("archive/x\n"),
        evil("escaped"),
        evil("indexes/0.cdxj"),
        evil("derived/catalogue.sqlite"),
        evil("ledger/hhhhhhhhhh/open.jsonl"),
        evil("ledger/hhhhhhhhhh/000002-0000000000000000.jsonl"),
        evil("archive"),
        evil("README.txt/x"),
        evil("SIDECARS/a.json"),
        evil("sidecars/A.JSON"),
        evil("sidecars/a.json/x"),
        evil("archive/x", bytes=-1),
        evil("archive/x", sha256="../x"),
        evil("archive/x", sha256=sha256(b"evil").upper()),
    ],
    ids=lambda file: f"{file.path!a} {file.bytes} {file.sha256[:4]}",
)
def test_a_segment_that_names_what_could_do_harm_is_refused_whole(here, store, tmp_path, file):
    push(here, store)
    good = evil("archive/harmless.txt")
    planted = plant(store, good, file)
    plant(store, evil("archive/later.txt"), seq=2, previous=planted.sha256)
    before = sorted(tmp_path.rglob("*"))
    report = pull(here, store)
    assert codes(report) == ["remote-hostile", "segment-held-back"]
    assert sorted(tmp_path.rglob("*")) == before
    assert not Path("/tmp/escaped").exists()


def test_of_two_segments_that_contradict_each_other_one_is_refused(other, store):
    plant(store, evil("sidecars/x.json"))
    second = plant(store, evil("sidecars/x.json", sha256=sha256(b"good")), writer="iiiiiiiiii")
    report = pull(other, store)
    assert [(finding.code, finding.where) for finding in report.findings] == [("remote-hostile", second.path)]
    assert contents(other) == {"sidecars/x.json": b"evil"}


def test_damage_in_the_far_ledger_is_told_by_a_push_too(here, store):
    planted = plant(store, evil("sidecars/x.json"))
    store.objects[planted.path] += b"{}\n"
    report = push(here, store)
    assert codes(report) == ["remote-damaged"]
    assert set(here.files()) <= names(store)


@pytest.mark.parametrize("key", ["ledger/x", "ledger/hhhhhhhhhh/open.jsonl", "ledger/../../x/000001-0.jsonl"])
def test_what_is_no_segment_under_the_ledger_is_left_alone_and_told(here, other, store, key):
    push(here, store)
    store.objects[key] = b"{}\n"
    report = pull(other, store)
    assert codes(report) == ["remote-unknown"]
    assert report.exit_code == 0
    assert contents(other) == contents(here)


def test_a_chain_with_a_link_missing_is_not_taken_over(here, other, store):
    push(here, store)
    add(here, "sidecars/c.json", b"c")
    push(here, store)
    first, second = sorted(names(store, "ledger/"))
    del store.objects[first]
    report = pull(other, store)
    assert [(finding.code, finding.where) for finding in report.findings] == [("segment-held-back", second)]
    assert other.files() == {}


def test_a_segment_as_long_as_a_disk_is_not_read_to_its_end(here, other, store, monkeypatch):
    monkeypatch.setattr("archiver.sync.sides.SEGMENT_BYTES", 100)
    push(here, store)
    assert codes(pull(other, store)) == ["remote-damaged"]


def test_a_body_longer_than_announced_is_not_read_to_its_end(here, other, store):
    push(here, store)

    class Endless(BytesIO):
        given = 0

        def read(self, size=-1):
            assert size >= 0
            self.given += size
            assert self.given < 100
            return b"a" * size

    opened = store.open
    store.open = lambda key, *part: Endless() if key == "sidecars/a.json" else opened(key, *part)
    assert codes(pull(other, store)) == ["remote-damaged"]


# Two writers


def test_status_tells_both_directions_and_changes_nothing(here, other, store):
    push(here, store)
    pull(other, store)
    add(other, "sidecars/theirs.json", b"t")
    push(other, store)
    add(here, "sidecars/mine.json", b"m")
    before = dict(store.objects)
    report = status(here, store)
    steps = {(action.verb, action.key.split("/")[0]) for action in report.actions if action.verb != "keep"}
    assert steps == {(verb, part) for verb in ("upload", "download") for part in ("sidecars", "ledger")}
    assert report.exit_code == 0
    assert store.objects == before


class Archivists(RuleBasedStateMachine):
    """Two working copies and one prefix; whatever they do in whatever order, in the end all have all."""

    def __init__(self):
        super().__init__()
        self.folder = TemporaryDirectory()
        roots = [Root(Path(self.folder.name) / name) for name in "ab"]
        self.copies = [roots[0].create("news", "News", agent=AGENT), roots[1].place("news")]
        self.store = Strict()
        self.written = 0

    who = st.sampled_from([0, 1])

    @rule(who=who, size=st.integers(0, 9))
    def capture(self, who, size):
        self.written += 1
        add(self.copies[who], f"sidecars/{self.written}.json", bytes([who]) * size)

    @rule(who=who)
    def seal(self, who):
        self.copies[who].seal()

    @rule(who=who, verb=st.sampled_from([push, pull]))
    def exchange(self, who, verb):
        nothing = verb is pull and not any("ledger/" in key for key in self.store.objects)  # a push was broken off
        report = verb(self.copies[who], self.store)
        assert (report.exit_code, codes(report)) == ((1, ["remote-empty"]) if nothing else (0, []))

    @rule(who=who, verb=st.sampled_from([push, pull]), steps=st.integers(0, 9))
    def break_off(self, who, verb, steps):
        self.store.asked.clear()
        self.store.fail_at = steps
        try:
            verb(self.copies[who], self.store)
        except StoreError:
            pass
        self.store.fail_at = None

    @precondition(lambda self: self.store.objects)
    @invariant()
    def the_remote_is_whole(self):
        assert_whole(self.store)

    @invariant()
    def every_copy_holds_what_its_ledger_names(self):
        for copy in self.copies:
            for path, content in contents(copy).items():
                assert sha256(content) == copy.files()[path].sha256

    def teardown(self):
        try:
            for verb in (push, pull):
                for copy in self.copies:
                    assert verb(copy, self.store).exit_code == 0
            a, b = self.copies
            assert contents(a) == contents(b)
            assert sealed(a) == sealed(b)
            assert names(self.store) == set(a.files()) | set(sealed(a))
            assert len([path for path in a.files() if path.startswith("sidecars/")]) == self.written
        finally:
            self.folder.cleanup()


TestArchivists = Archivists.TestCase
TestArchivists.settings = settings(max_examples=20, stateful_step_count=12)


def test_another_collection_at_the_store_is_a_conflict_and_nothing_moves(tmp_path):
    """Mixed collections could never be told apart again."""
    store = MemoryStore()
    first, _ = collection_with(tmp_path / "first")
    other = Root(tmp_path / "other").create("other", "Another one", agent=AGENT)
    assert push(first, store).exit_code == 0
    before = names(store)
    for act in (push, pull):
        report = act(other, store)
        assert (report.exit_code, codes(report), report.moved) == (6, ["conflict"], ())
    assert status(other, store).exit_code == 6
    assert names(store) == before
    assert verify_collection(other).findings == ()


@pytest.mark.parametrize("what", ["archive/", "sidecars/"])
def test_a_capture_that_no_copy_has_whole_is_given_up_and_the_rest_goes_on(tmp_path, store, what):
    """Otherwise one byte that rots before the first push would keep all that follows from the store, for ever."""
    collection, captures = collection_with(tmp_path / "here", 3)
    path = min(path for path in collection.files() if path.startswith(what))
    damaged = collection.local(path).read_bytes()[:-40]
    collection.local(path).write_bytes(damaged)
    report = push(collection, store)
    assert codes(report) == ["local-damaged", "segment-held-back"]
    (lost,) = [one.capture_id for one in captures if one.capture_id in path]
    for chosen in erasing.plan([collection], [lost]):
        assert [one.status for one in erasing.erase(chosen, erasing.Request("other", "M. K.", "it rotted"))] == [
            "erased"
        ]
    assert push(collection, store).exit_code == 0
    copy = Root(tmp_path / "copy").place("news")
    assert pull(copy, store).exit_code == 0
    assert copy.captures() == sorted({one.capture_id for one in captures} - {lost})
    assert verify_collection(copy).findings == ()
