"""What no copy has any more: an error until somebody states it, then known; whatever copy turns up is taken back."""

import json
import shutil

import pytest

from archiver import disk, ledger
from archiver.cli import run
from archiver.collection import Root
from archiver.collection.loss import give_up, take_back
from archiver.errors import UsageError
from archiver.ledger import Event, fold
from archiver.model import FileRef
from archiver.package import import_all
from archiver.package.exporting import export
from archiver.repair import open_copy, repair_collection
from archiver.stores.memory import MemoryStore
from archiver.sync import pull, push, status
from archiver.sync.audit import audit
from archiver.sync.mending import repair
from archiver.validate import validate_files
from archiver.verify import verify_collection
from material import collection_with, copied

WHO = ("M. K.", "The disk failed; no backup has it")


class Lossy:
    """Two captures, of the first of which the WARC was lost before anything was pushed; and what others have."""

    def __init__(self, tmp_path):
        self.here, [lost, self.kept] = collection_with(tmp_path / "here", 2)
        self.backup = copied(self.here, tmp_path / "backup")
        self.path, self.store, self.capture = lost.warc, MemoryStore(), lost.capture_id
        self.content = self.here.local(self.path).read_bytes()
        self.here.local(self.path).unlink()
        self.other = Root(tmp_path / "other").place("news")

    def levels(self, collection):
        return [(one.level, one.code) for one in verify_collection(collection).findings]

    def remedied(self, collection):
        assert collection.local(self.path).read_bytes() == self.content
        assert not collection.holdings().lost
        assert verify_collection(collection).findings == ()


@pytest.fixture
def lossy(tmp_path):
    return Lossy(tmp_path)


@pytest.fixture
def stated(lossy):
    assert [file.path for file in give_up(lossy.here, [lossy.path], *WHO)] == [lossy.path]
    return lossy


def test_a_loss_that_nobody_stated_is_an_error_and_holds_back_what_names_it(lossy):
    report = push(lossy.here, lossy.store)
    assert report.exit_code == 1
    assert not [key for key in lossy.store.objects if key.startswith("ledger/")]
    [told] = [one for one in report.findings if one.code == "local-missing"]
    assert "--give-up" in told.hint
    assert lossy.levels(lossy.here) == [("error", "file-missing")]


def test_once_stated_all_else_is_pushed_and_the_loss_is_told_everywhere_but_fails_nothing(stated):
    report = push(stated.here, stated.store)
    assert (report.exit_code, report.findings) == (0, ())
    assert [one.key for one in report.actions if one.verb == "lost"] == [stated.path]
    assert stated.path not in stated.store.objects
    assert push(stated.here, stated.store).moved == ()
    for collection in (stated.here, stated.other):
        if collection is stated.other:
            assert pull(collection, stated.store).exit_code == 0
            assert status(collection, stated.store).count("download") == 0
        [told] = verify_collection(collection).findings
        assert (told.level, told.code, told.affects) == ("warning", "file-lost", (stated.capture,))
        found = audit(collection, stated.store, "deep").findings
        assert [(one.level, one.code, one.where) for one in found] == [("warning", "file-lost", stated.path)]
        mended = repair(collection, stated.store)
        assert [(one.level, one.code) for one in mended.findings] == [("warning", "file-lost")]
        assert collection.sidecar(stated.capture)
    assert not stated.here.holdings().gone
    assert push(stated.other, stated.store).exit_code == 0


def test_who_states_it_and_why_stands_in_a_record_and_not_in_the_ledger(stated):
    [record] = stated.here.path.glob("losses/*.json")
    document = json.loads(record.read_bytes())
    assert (document["by"], document["reason"], document["files"]) == (*WHO, [stated.path])
    assert [one.findings for one in validate_files([record])] == [()]
    lines = b"".join(path.read_bytes() for path in (stated.here.path / "ledger").glob("*/*.jsonl"))
    assert b"M. K." not in lines
    assert record.name.encode() in lines


def test_another_loss_is_not_hidden_by_one_that_was_stated(stated):
    stated.here.local(stated.kept.warc).unlink()
    assert sorted(stated.levels(stated.here)) == [("error", "file-missing"), ("warning", "file-lost")]
    assert push(stated.here, stated.store).exit_code == 1


def test_what_was_found_and_lost_again_is_an_error_until_it_is_stated_again(stated):
    for _ in range(2):
        stated.here.local(stated.path).write_bytes(stated.content)
        assert [file.path for file in take_back(stated.here)] == [stated.path]
        stated.remedied(stated.here)
        stated.here.local(stated.path).unlink()
        assert stated.levels(stated.here) == [("error", "file-missing")]
        give_up(stated.here, [stated.path], *WHO)
        assert stated.levels(stated.here) == [("warning", "file-lost")]


def test_statements_and_what_answers_them_come_to_the_same_in_any_order():
    file = FileRef("archive/a.warc.gz", 1, "0" * 64)
    first, again = (Event("recovery", "t/1", (file,), outcome="failure", counts=(("loss", n),)) for n in (1, 2))
    found = Event("recovery", "t/1", (file,), counts=(("loss", 1),))
    mended = Event("recovery", "t/1", (file,))
    entered = Event("capture", "t/1", (file,))
    for events, lost in (((first,), 1), ((first, mended), 1), ((first, found), 0), ((first, found, again), 1)):
        for order in (events, events[::-1]):
            segments = [ledger.Segment("aaaaaaaaaa", 1, None, {}, (one,), "1" * 64) for one in (*order, entered)]
            assert len(fold(segments).lost) == lost, events
    ended = Event("deletion", "t/1", removed=(file,), capture="20261122T140112Z-k3v7q2mzpa")
    assert not fold([ledger.Segment("aaaaaaaaaa", 1, None, {}, (entered, first, ended), "1" * 64)]).lost


def test_a_copy_that_another_writer_always_had_reaches_all(stated):
    """The writer with the copy learns of the loss by a pull; what it pushes then answers it."""
    assert push(stated.here, stated.store).exit_code == 0
    assert pull(stated.backup, stated.store).exit_code == 0
    stated.remedied(stated.backup)
    assert push(stated.backup, stated.store).exit_code == 0
    assert stated.store.objects[stated.path] == stated.content
    for collection in (stated.here, stated.other):
        assert pull(collection, stated.store).exit_code == 0
        stated.remedied(collection)
    for collection in (stated.here, stated.other, stated.backup):
        assert push(collection, stated.store).exit_code == 0
    stated.here.local(stated.path).unlink()
    assert stated.levels(stated.here) == [("error", "file-missing")]


def test_a_copy_that_somebody_put_in_its_place_is_sent_by_the_next_push(stated):
    assert push(stated.here, stated.store).exit_code == 0
    stated.here.local(stated.path).write_bytes(stated.content)
    assert push(stated.here, stated.store).exit_code == 0
    assert stated.store.objects[stated.path] == stated.content
    stated.remedied(stated.here)


def test_a_copy_that_turns_up_at_the_store_is_brought(stated):
    assert push(stated.here, stated.store).exit_code == 0
    stated.store.objects[stated.path] = stated.content
    assert pull(stated.other, stated.store).exit_code == 0
    stated.remedied(stated.other)
    assert repair(stated.here, stated.store).exit_code == 0
    stated.remedied(stated.here)


def test_a_repair_from_another_copy_takes_it_back_and_does_not_fail_where_that_has_none(stated, tmp_path):
    shutil.copytree(stated.here.path, tmp_path / "as it is" / "news")
    for place, brought in ((tmp_path / "as it is", 0), (stated.backup.path.parent, 1)):
        with open_copy(place, "news") as copy:
            repaired = repair_collection(stated.here, copy)
        assert len(repaired.brought) == brought
        assert [one.code for one in repaired.findings] == ["file-lost"] * (1 - brought)
    stated.remedied(stated.here)


def test_damaged_bytes_are_no_loss_until_that_is_stated_and_then_lie_in_quarantine(lossy):
    place = lossy.here.local(lossy.path)
    place.write_bytes(b"rot")
    assert push(lossy.here, lossy.store).exit_code == 1
    give_up(lossy.here, [lossy.path], *WHO)
    assert not place.exists()
    [kept] = (lossy.here.state.path / "quarantine").rglob("*.warc.gz")
    assert kept.read_bytes() == b"rot"
    assert push(lossy.here, lossy.store).exit_code == 0
    place.write_bytes(b"rot again")
    assert ("error", "file-size") in lossy.levels(lossy.here)
    assert push(lossy.here, lossy.store).exit_code == 1
    give_up(lossy.here, [lossy.path], *WHO)
    assert lossy.levels(lossy.here) == [("warning", "file-lost")]


def test_bytes_that_only_have_its_size_take_nothing_back(stated):
    stated.here.local(stated.path).write_bytes(bytes(len(stated.content)))
    assert take_back(stated.here) == []
    assert ("error", "file-digest") in stated.levels(stated.here)


@pytest.mark.parametrize("format", ["wacz", "bagit"])
def test_a_package_has_all_but_what_is_lost_and_says_so(stated, tmp_path, format):
    exported = export(stated.here, tmp_path / f"out.{format}", format)
    assert ("warning", "file-lost", stated.path) in [(one.level, one.code, one.where) for one in exported.findings]
    taken = list(import_all([tmp_path / f"out.{format}"], Root(tmp_path / "new").create("news", "News", agent="t/1")))
    assert {one.error for one in taken} == {None}, taken
    assert Root(tmp_path / "new").collection("news").captures() == [stated.kept.capture_id]


def test_what_cannot_be_stated_is_refused(lossy, capsys):
    for paths, by, reason in (
        ([lossy.path], "", "x"),
        ([lossy.path], "M. K.", " "),
        (["archive/none.warc.gz"], *WHO),
        ([lossy.kept.warc], *WHO),
    ):
        with pytest.raises(UsageError):
            give_up(lossy.here, paths, by, reason)
    assert not (lossy.here.path / "losses").exists()
    command = ["--root", str(lossy.here.path.parent), "repair", "-c", "news"]
    assert run(command) == 2
    assert run([*command, "--give-up", lossy.path, "--by", "M. K.", "--reason", "Gone", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"collection": "news", "lost": [lossy.path]}
    assert run([*command, "--give-up", lossy.path, "--by", "M. K.", "--reason", "Gone"]) == 2
    assert disk.sha256_file(lossy.here.local(lossy.kept.warc))
