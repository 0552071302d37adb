"""What one writer erased goes from the store and from every other copy, and no old copy brings it back."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from archiver import warc
from archiver.capture import AGENT, Terms, capture_url
from archiver.collection import Root
from archiver.collection.erasure import erase
from archiver.editing import Wish, edit
from archiver.errors import ConflictError
from archiver.stores import Lock
from archiver.stores.memory import MemoryStore
from archiver.sync import pull, push, status
from archiver.verify import verify_collection
from material import BYTES, OTHER, PAGE, PICTURE, Site, answer


def captured(collection, day):
    done = capture_url(PAGE, collection, Site(answer(), days=day), Terms())
    assert done.error is None
    return done.capture_id


def erased(collection, capture):
    erase(collection, capture, "court-order", lambda gone: b"{}\n")
    return collection.settle()


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def first(tmp_path, store):
    """A writer whose collection shares bodies, and is at the store."""
    collection = Root(tmp_path / "first").create("news", "News", dedup=True, agent=AGENT)
    captured(collection, 0)
    push(collection, store)
    return collection


@pytest.fixture
def original(first):
    return first.captures()[0]


@pytest.fixture
def second(tmp_path, store, first):
    """Another writer, in step with the first."""
    collection = Root(tmp_path / "second").place("news")
    assert pull(collection, store).exit_code == 0
    return collection


def at(store, capture):
    """What of a capture the store holds; its id also stands in the ledger, and begins the name of the record."""
    return sorted(key for key in store.objects if f"{capture}." in key)


def codes(report):
    return sorted(finding.code for finding in report.findings)


def is_whole(collection, capture):
    path = collection.local(collection.sidecar(capture).warc_file)
    kinds = [(one.type, one.url) for one in warc.read_records(path)]
    return ("response", PICTURE) in kinds and "revisit" not in {kind for kind, _ in kinds}


def sound(*collections):
    for collection in collections:
        assert verify_collection(collection).findings == ()


def test_it_goes_from_the_store_and_from_the_other_writer(store, first, second, original):
    erased(first, original)
    report = push(first, store)
    assert (report.exit_code, codes(report)) == (0, ["remote-erased"])
    assert at(store, original) == []
    assert codes(pull(second, store)) == ["erasure-settled"]
    assert not list(second.path.rglob(f"*{original}.*"))
    sound(first, second)
    push(second, store)  # it cannot know what was done there
    assert codes(push(first, store)) == codes(push(second, store)) == codes(status(second, store)) == []


def test_what_only_the_other_writer_has_is_made_whole_before(store, first, second, original):
    dependent = captured(second, 1)
    assert not is_whole(second, dependent)
    erased(first, original)
    push(first, store)
    pull(second, store)
    assert is_whole(second, dependent) and second.sidecar(dependent).requires == []
    push(second, store)
    pull(first, store)
    assert is_whole(first, dependent)
    sound(first, second)


def test_a_body_stays_at_the_store_while_a_capture_needs_it(store, first, second, original):
    dependent = captured(second, 1)
    push(second, store)
    erased(first, original)
    report = push(first, store)
    assert "erasure-waits" in codes(report)
    assert [key.partition("/")[0] for key in at(store, original)] == ["archive"], "only what may be needed waits"
    assert pull(first, store).exit_code == 0
    assert "erasure-waits" in codes(push(first, store)), "the capture is here by now, but not whole"
    pull(second, store)
    assert is_whole(second, dependent)
    assert "remote-erased" in codes(push(second, store))
    assert at(store, original) == []
    pull(first, store)
    assert is_whole(first, dependent)
    sound(first, second)
    assert codes(push(first, store)) == ["remote-erased"], "what it did not know to be gone"


def test_a_revision_by_who_did_not_know_is_ended(store, first, second, original):
    edit(second, [Wish(original, "headline", "Another", "M. K.", "r")])
    erased(first, original)
    push(first, store)
    assert push(second, store).exit_code == 0
    assert at(store, original) == []
    pull(first, store)
    pull(second, store)
    assert (first.captures(), second.captures()) == ([], [])
    sound(first, second)


def test_an_old_copy_brings_nothing_back(tmp_path, store, first, original):
    old = tmp_path / "old"
    shutil.copytree(first.path.parent, old, ignore=shutil.ignore_patterns(".archiver"))
    erased(first, original)
    push(first, store)
    restored = Root(old).collection("news")
    assert restored.captures() == [original]
    push(restored, store)
    assert at(store, original) == [], "it does not go up again"
    pull(restored, store)
    assert restored.captures() == []
    assert not list(restored.path.rglob(f"*{original}.*"))
    pull(first, store)
    sound(first, restored)


def test_a_bucket_set_back_to_an_old_state_is_cleaned_again(store, first, original):
    before = dict(store.objects)
    erased(first, original)
    push(first, store)
    store.objects = before
    assert "remote-erased" in codes(push(first, store))
    assert at(store, original) == []


def test_a_single_object_put_back_goes_when_it_is_asked_for(store, first, original):
    before = dict(store.objects)
    erased(first, original)
    push(first, store)
    store.objects |= {key: before[key] for key in before if original in key}
    push(first, store)
    assert at(store, original), "a push does not list content"
    push(first, store, erase_again=True)
    assert at(store, original) == []


def test_a_restore_from_the_store_does_not_miss_what_was_erased(tmp_path, store, first, original):
    kept = captured(first, 1)
    erased(first, original)
    push(first, store)
    empty = Root(tmp_path / "third").place("news")
    report = pull(empty, store)
    assert (report.exit_code, codes(report)) == (0, [])
    assert empty.captures() == [kept] and is_whole(empty, kept)
    sound(empty)


def test_a_locked_object_stays_until_its_lock_ends_and_nobody_is_shown_it(store, first, second, original):
    (path,) = (key for key in at(store, original) if key.startswith("archive/"))
    until = datetime(2031, 1, 1, tzinfo=UTC)
    store.locks[path] = Lock(until)
    erased(first, original)
    report = push(first, store)
    (found,) = (one for one in report.findings if one.code == "erasure-locked")
    assert "2031-01-01" in found.message and found.level == "warning" and report.exit_code == 0
    assert at(store, original) == [path]
    pull(second, store)
    assert second.captures() == [] and not second.local(path).exists()
    assert "erasure-locked" in codes(push(first, store)), "it is told each time"
    store.locks.clear()
    assert codes(push(first, store)) == ["remote-erased"]
    assert at(store, original) == []
    assert codes(push(first, store)) == []


def test_two_who_erase_the_same_apart_agree(store, first, second, original):
    dependent = captured(first, 1)
    push(first, store)
    pull(second, store)
    erased(first, original)
    erased(second, original)
    for collection in (first, second, first):
        push(collection, store)
        pull(collection, store)
    assert is_whole(first, dependent)
    assert first.sidecar(dependent) == second.sidecar(dependent)
    assert len(first.heads(dependent)) == 1, "the same rewriting gives the same bytes"
    sound(first, second)


def test_two_who_erase_different_originals_of_one_capture_agree(tmp_path, store):
    first = Root(tmp_path / "first").create("news", "News", dedup=True, agent=AGENT)
    parts = answer(PICTURE), answer(OTHER, body=BYTES[::-1])
    one, other, both = (
        capture_url(PAGE, first, Site(*those, days=day), Terms()).capture_id
        for day, those in enumerate((parts[:1], parts[1:], parts))
    )
    assert first.sidecar(both).requires == sorted([one, other])
    push(first, store)
    second = Root(tmp_path / "second").place("news")
    pull(second, store)
    erased(first, one)
    erased(second, other)
    for collection in (first, second) * 3:
        push(collection, store)
        pull(collection, store)
    push(first, store)
    assert at(store, one) == at(store, other) == []
    assert first.sidecar(both) == second.sidecar(both) and first.sidecar(both).requires == []
    assert is_whole(first, both)
    assert {found.code for found in verify_collection(first).findings} == {"sidecar-fork"}, "each followed its own"
    assert len({head.warc_file for head in first.heads(both)}) == 1, "but the WARC is the same"


def test_an_edit_made_apart_from_a_rewriting_follows_the_whole_file(store, first, second, original):
    dependent = captured(first, 1)
    push(first, store)
    pull(second, store)
    edit(second, [Wish(dependent, "headline", "Corrected", "M. K.", "r")])
    edit(second, [Wish(dependent, "headline", "Corrected again", "M. K.", "r")])
    erased(first, original)
    for collection in (first, second, first):
        push(collection, store)
        pull(collection, store)
    for collection in (first, second):
        assert is_whole(collection, dependent)
        assert collection.sidecar(dependent).headline == "Corrected again"
    assert {one.code for one in verify_collection(first).findings} == {"sidecar-fork"}
    edit(first, [Wish(dependent, "headline", "For good", "M. K.", "r")])
    assert is_whole(first, dependent)
    sound(first)


def test_a_deletion_of_much_that_is_here_is_carried_out_only_by_whoever_accepts_it(tmp_path, first, second, store):
    """Whoever can write to the bucket could end everything everywhere."""
    captured(first, 1)
    captured(first, 2)
    push(first, store)
    pull(second, store)
    for capture in first.captures()[:2]:
        erased(first, capture)
    push(first, store)
    before = second.captures()
    report = pull(second, store)
    assert (report.exit_code, report.moved, report.segments) == (6, (), 0)
    assert "erasures-unaccepted" in codes(report)
    assert second.captures() == before
    sound(second)
    assert pull(second, store, accept_erasures=True).exit_code == 0
    assert second.captures() == first.captures()
    fresh = Root(tmp_path / "fresh").place("news")
    assert pull(fresh, store).exit_code == 0, "where nothing is, nothing is lost"


def test_who_has_no_warcs_removes_none(tmp_path, store, first, original):
    captured(first, 1)
    push(first, store)
    before = dict(store.objects)
    erased(first, original)
    push(first, store)
    store.objects |= {key: before[key] for key in before if f"{original}." in key}  # as if it was cut off
    light = Root(tmp_path / "light").place("news")
    assert pull(light, store, warcs=False).exit_code == 0
    assert "erasure-waits" in codes(push(light, store)), "it cannot tell what else needs a body"
    assert [key.partition("/")[0] for key in at(store, original)] == ["archive"]
    push(first, store, erase_again=True)
    assert at(store, original) == []


class TwoWriters(RuleBasedStateMachine):
    """Captures that share bodies in all ways, edits, erasures, pushes and pulls, in any order."""

    def __init__(self):
        super().__init__()
        self.folder = TemporaryDirectory()
        place = Path(self.folder.name)
        self.store, self.erased, self.day = MemoryStore(), set(), 0
        here = Root(place / "here").create("news", "News", dedup=True, agent=AGENT)
        self.writers, self.pictures = (here, Root(place / "there").place("news")), {}
        for pictures in ({0, 1, 2}, {0}, {1, 2}):
            self.capture(0, pictures)
        push(here, self.store)
        pull(self.writers[1], self.store)

    @rule(writer=st.integers(0, 1), pictures=st.sets(st.integers(0, 2), min_size=1))
    def capture(self, writer, pictures):
        """The oldest captures hold the pictures that later ones refer to."""
        self.day += 1
        parts = [answer(f"https://cdn.example/{n}.png", bytes([n]) + BYTES) for n in sorted(pictures)]
        done = capture_url(PAGE, self.writers[writer], Site(*parts, days=self.day), Terms())
        assert done.error is None
        self.pictures[done.capture_id] = len(pictures)

    @rule(writer=st.integers(0, 1), choice=st.integers(0, 3))
    def erase(self, writer, choice):
        collection = self.writers[writer]
        if captures := collection.captures():
            capture = captures[choice % len(captures)]
            try:
                erased(collection, capture)
                self.erased.add(capture)
            except ConflictError:
                pass  # what it needs is not here; the other writer has it

    @rule(writer=st.integers(0, 1), choice=st.integers(0, 9))
    def edit(self, writer, choice):
        if captures := self.writers[writer].captures():
            self.day += 1
            wish = Wish(captures[choice % len(captures)], "headline", f"Number {self.day}", "M. K.", "r")
            edit(self.writers[writer], [wish])

    @rule(writer=st.integers(0, 1))
    def push(self, writer):
        assert push(self.writers[writer], self.store).exit_code == 0

    @rule(writer=st.integers(0, 1))
    def pull(self, writer):
        report = pull(self.writers[writer], self.store, accept_erasures=True)
        assert not report.conflict

    def teardown(self):
        for collection in self.writers * 4:
            push(collection, self.store)
            pull(collection, self.store, accept_erasures=True)
        push(self.writers[0], self.store)
        for collection in self.writers:
            assert not {*collection.captures()} & self.erased
            assert {one.code for one in verify_collection(collection).findings} <= {"sidecar-fork"}
            assert not [path for one in self.erased for path in collection.path.rglob(f"*{one}.*")]
            for capture in {*collection.captures()} & self.pictures.keys():
                sidecar = collection.sidecar(capture)
                assert {*sidecar.requires} <= {*collection.captures()}
                read = [one for one in warc.read_records(collection.local(sidecar.warc_file)) if "cdn" in one.url]
                assert len([one for one in read if one.type != "request"]) == self.pictures[capture]
        assert self.writers[0].captures() == self.writers[1].captures()
        assert [key for one in self.erased for key in at(self.store, one)] == []
        self.folder.cleanup()


TwoWriters.TestCase.settings = settings(max_examples=8, stateful_step_count=12)
TestTwoWriters = TwoWriters.TestCase
