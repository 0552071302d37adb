"""Several processes at one collection: nobody removes, hides or overlooks what another has entered."""

import multiprocessing
import os
import shutil

import pytest

from archiver import ledger
from archiver.capture import AGENT, Terms, capture_url
from archiver.collection import Collection, Root, index, state
from archiver.collection.draft import Draft
from archiver.errors import ConflictError
from archiver.ledger import Chain
from archiver.package import import_all
from archiver.verify import chain, reading, verify, verify_collection
from archiver.verify import index as index_check
from material import URL, PaperEngine, collection_with


@pytest.fixture
def warc(tmp_path):
    """A WARC made elsewhere."""
    elsewhere, [captured] = collection_with(tmp_path / "elsewhere")
    return elsewhere.local(captured.warc)


def test_one_file_imported_twice_at_once_is_there_once(tmp_path, warc, monkeypatch):
    """The second looks before the first has entered it, and gets its turn afterwards."""
    collection = Root(tmp_path / "root").create("news", "News", agent=AGENT)
    copy_in = Collection.copy_in

    def overtaken(self, *arguments):
        monkeypatch.undo()
        [first] = import_all([warc], collection)
        assert first.error is None
        return copy_in(self, *arguments)

    monkeypatch.setattr(Collection, "copy_in", overtaken)
    [second] = import_all([warc], collection)
    assert collection.local(second.path).is_file()
    assert verify_collection(collection).findings == ()


def test_a_file_that_another_brought_meanwhile_is_not_removed(tmp_path, warc):
    """A pull puts the same file there while an import is copying it."""
    collection = Root(tmp_path / "root").create("news", "News", agent=AGENT)
    place = "archive/imported/aaaaaaaaaaaa-x.warc.gz"
    with pytest.raises(ConflictError), collection.copy_in(warc, place) as draft:
        shutil.copy(warc, collection.local(place))
        draft.publish()
    assert collection.local(place).read_bytes() == warc.read_bytes()


def test_a_mark_left_by_the_dead_keeps_its_claims(tmp_path, warc):
    """A new writer of the same name neither forgets nor inherits them: first they are cleared."""
    collection = Root(tmp_path / "root").create("news", "News", agent=AGENT)
    if not (child := os.fork()):
        Collection.lines_of = lambda *_: os._exit(9)
        list(import_all([warc], collection))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    [refused] = import_all([warc], collection)
    assert isinstance(refused.error, ConflictError)
    assert [one.code for one in collection.clear_leftovers()] == ["leftover-removed"]
    [done] = import_all([warc], collection)
    assert done.error is None
    assert verify_collection(collection).findings == ()


def test_what_was_entered_while_others_were_cleared_stays(tmp_path, monkeypatch):
    """A writer commits and dies while the leftovers of another are looked at."""
    collection, _ = collection_with(tmp_path)

    def die(*_):
        os._exit(9)

    def dying_capture(place, step):
        if not (child := os.fork()):
            setattr(place, step, die)
            capture_url(f"{URL}/{step}", collection, PaperEngine(), Terms())
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9

    dying_capture(Draft, "claim")
    files, others = Collection.files, []

    def files_then_another(self):
        held = files(self)
        if not others:
            others.append(True)
            dying_capture(Collection, "compact")  # which comes after the line
        return held

    monkeypatch.setattr(Collection, "files", files_then_another)
    for _ in range(2):
        collection.clear_leftovers()
    assert len(list(collection.sidecars())) == 2
    assert verify_collection(collection).findings == ()


def test_a_segment_sealed_while_the_ledger_is_read_is_not_missed(tmp_path):
    Chain(tmp_path, "aaaaaaaaaa").append(ledger.Event("creation", AGENT))
    Chain(tmp_path, "aaaaaaaaaa").seal()
    Chain(tmp_path, "aaaaaaaaaa").append(ledger.Event("capture", AGENT))
    reading = ledger.read_segments(tmp_path)
    seen = [next(reading)]
    Chain(tmp_path, "aaaaaaaaaa").seal()
    Chain(tmp_path, "aaaaaaaaaa").append(ledger.Event("capture", AGENT))
    seen += reading
    assert [segment.seq for segment in seen][:2] == [1, 2]


def test_a_mark_dropped_while_its_lock_was_awaited_is_nobody_s_leftover(tmp_path, monkeypatch):
    collection, _ = collection_with(tmp_path)
    mark = collection.state.marks("news") / "20261122T140112Z-aaaaaaaaaa"
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text("archive/a.warc.gz\n")
    flock = state.fcntl.flock

    def finished_first(stream, how):
        mark.unlink(missing_ok=True)
        flock(stream, how)

    monkeypatch.setattr(state.fcntl, "flock", finished_first)
    assert collection.clear_leftovers() == []


def test_a_collection_may_be_called_writer(tmp_path):
    """No lock of ours has a name that a collection can have."""

    def make():
        Root(tmp_path).create("writer", "Writer", agent=AGENT)

    child = multiprocessing.get_context("fork").Process(target=make)
    child.start()
    child.join(10)
    hangs = child.is_alive()
    child.kill()
    child.join()
    assert not hangs
    assert Root(tmp_path).collection("writer")


def test_a_killed_reindex_does_not_stop_the_next_capture(tmp_path):
    collection, _ = collection_with(tmp_path)

    def dying(method):
        if not (child := os.fork()):
            setattr(*method, lambda *_: os._exit(9))
            if method[0] is index:
                collection.reindex()
            capture_url(f"{URL}/dying", collection, PaperEngine(), Terms())
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9

    dying((index, "_write_lines"))
    dying((Draft, "claim"))
    assert list((collection.path / "indexes").glob(".tmp-*"))
    assert [one.code for one in collection.clear_leftovers()] == ["leftover-removed"]
    assert not list((collection.path / "indexes").glob(".tmp-*"))
    assert verify_collection(collection).findings == ()


def test_a_collection_without_its_index_can_be_captured_into(tmp_path):
    """It is derived: whoever deletes it must be able to go on."""
    collection, _ = collection_with(tmp_path)
    shutil.rmtree(collection.path / "indexes")
    assert capture_url(f"{URL}/next", collection, PaperEngine(), Terms()).verdict == "ok"
    collection.reindex()
    assert verify_collection(collection).findings == ()


@pytest.mark.parametrize(
    "step",
    [
        (chain, "_parse"),
        (reading, "check_file"),
        (reading, "read_archive"),
        (verify, "check_unlisted"),
        (verify, "check_index"),
        (index_check, "_open"),
        (index_check, "_tallies"),
        (verify, "check_revisits"),
    ],
    ids=lambda step: step[1],
)
def test_captures_during_a_verification_are_no_errors(tmp_path, monkeypatch, step):
    """Verifying takes long; others capture and seal meanwhile."""
    collection, _ = collection_with(tmp_path)
    original, done = getattr(*step), []

    def overtaken(*arguments):
        if len(done) < 3:
            done.append(capture_url(f"{URL}/meanwhile", collection, PaperEngine(), Terms()))
            collection.seal()
        return original(*arguments)

    monkeypatch.setattr(*step, overtaken)
    assert verify_collection(collection).findings == ()
    assert done


def test_a_ledger_that_grows_while_it_is_read_is_not_damaged(tmp_path, monkeypatch):
    collection, _ = collection_with(tmp_path)
    complaint, done = ledger.head_complaint, []

    def overtaken(*arguments):
        if not done:
            done.append(True)
            collection.record(ledger.Event("fixity check", AGENT))
        return complaint(*arguments)

    monkeypatch.setattr(ledger, "head_complaint", overtaken)
    assert verify_collection(collection).findings == ()
