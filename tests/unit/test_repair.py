"""Whatever was lost of a collection comes back from any copy that has it, and nothing else does."""

import json
import shutil

import pytest

from archiver.access import Reader, Wish, restrict, targets
from archiver.capture import AGENT, Terms, capture_url
from archiver.catalogue import open_catalogue
from archiver.cli import run
from archiver.collection import Root
from archiver.errors import UnreadableInput
from archiver.ledger import Event
from archiver.package import import_warc
from archiver.package.exporting import export
from archiver.repair import open_copy, repair_collection
from archiver.repair.copies import store_copy
from archiver.stores.memory import MemoryStore
from archiver.sync import push
from archiver.verify import keep_dates, verify_collection
from material import URL, PaperEngine, collection_with, copied


@pytest.fixture
def collection(tmp_path):
    """Captures, an import, two sealed segments and an open one."""
    collection, _ = collection_with(tmp_path / "here")
    other, [made] = collection_with(tmp_path / "other")
    assert import_warc(other.path / made.warc, collection).error is None
    collection.seal()
    collection.record(Event("fixity check", AGENT))
    collection.seal()
    capture_url(f"{URL}/last", collection, PaperEngine(), Terms())
    return collection


@pytest.fixture
def copy(collection, tmp_path):
    """The folder of the collection as it was."""
    shutil.copytree(collection.path, tmp_path / "backup" / "news")
    return tmp_path / "backup"


def content(collection):
    files = (path for path in collection.path.rglob("*") if path.is_file())
    names = ((path.relative_to(collection.path).as_posix(), path) for path in files)
    return {name: path.read_bytes() for name, path in names if not name.startswith(("derived/", "indexes/"))}


def damage(path, how):
    if how == "gone":
        path.unlink()
    else:
        whole = path.read_bytes()
        path.write_bytes(whole[:-3] if how == "cut" else whole[:9] + bytes([whole[9] ^ 1]) + whole[10:])


def from_folder(collection, place):
    with open_copy(place, "news") as source:
        return repair_collection(collection, source)


@pytest.mark.parametrize("how", ["gone", "cut", "flipped"])
def test_every_file_of_a_collection_comes_back_from_a_folder(collection, copy, how):
    keep_dates(collection, verify_collection(collection))
    for name, whole in content(collection).items():
        damage(collection.path / name, how)
        assert not verify_collection(collection).ok
        repaired = from_folder(collection, copy)
        assert repaired.findings == (), name
        assert [file.path for file in repaired.brought] == [name]
        if "open." not in name:
            assert (collection.path / name).read_bytes() == whole
        shutil.rmtree(copy / "news")
        shutil.copytree(collection.path, copy / "news")
    events = [event for segment in collection.history() for event in segment.events]
    assert {event.outcome for event in events if event.type == "recovery"} == {"success"}
    if how != "gone":
        kept = collection.state.path / "quarantine" / "news"
        assert len([path for path in kept.rglob("*") if path.is_file()]) >= len(content(collection)) - 1


def test_all_at_once_comes_back_from_a_store(collection):
    store = MemoryStore()
    push(collection, store)
    keep_dates(collection, verify_collection(collection))
    whole = content(collection)
    for number, name in enumerate(whole):
        damage(collection.path / name, ("gone", "cut", "flipped")[number % 3])
    repaired = repair_collection(collection, store_copy(store))
    assert repaired.findings == ()
    assert {name: one for name, one in content(collection).items() if name in whole} == whole


def test_a_copy_that_is_damaged_itself_changes_nothing(collection, copy):
    for place in (collection.path, copy / "news"):
        for path in place.glob("archive/**/*.warc.gz"):
            damage(path, "flipped")
    before = content(collection)
    repaired = from_folder(collection, copy)
    assert repaired.brought == ()
    assert {one.code for one in repaired.failed} == {"repair-failed"}
    assert content(collection) == before


def test_nothing_that_was_erased_and_nothing_new_comes_back(collection, copy):
    [first, *_] = collection.captures()
    gone = tuple(file for path, file in collection.files().items() if first in path)
    capture_url(f"{URL}/new", elsewhere := Root(copy).collection("news"), PaperEngine(), Terms())
    elsewhere.seal()
    collection.record(Event("deletion", AGENT, capture=first, basis="court-order", removed=gone))
    for file in gone:
        collection.local(file.path).unlink()
    collection.reindex()
    before = content(collection)
    repaired = from_folder(collection, copy)
    assert (repaired.brought, repaired.findings) == ((), ())
    assert content(collection) == before


def test_a_damaged_index_is_made_again(collection, copy):
    level = collection.path / "indexes/0.cdxj"
    damage(level, "flipped")
    repaired = from_folder(collection, copy)
    assert (repaired.brought, repaired.findings) == ((), ())


def test_a_segment_of_another_content_is_not_taken(collection, copy):
    [first, *_] = sorted(collection.path.glob("ledger/*/0*.jsonl"))
    damage(first, "gone")
    damage(copy / "news" / first.relative_to(collection.path), "flipped")
    repaired = from_folder(collection, copy)
    assert not first.exists()
    assert "no-good-copy" in {one.code for one in repaired.failed}
    assert not repaired.report.ok


def test_two_copies_made_of_one_root_repair_each_other(collection, tmp_path):
    other = copied(collection, tmp_path / "machine")
    damage(next(other.path.glob("archive/**/*.warc.gz")), "cut")
    assert from_folder(other, collection.path.parent).findings == ()


@pytest.mark.parametrize("form", ["wacz", "bag"])
@pytest.mark.parametrize("how", ["gone", "flipped"])
def test_captures_come_back_from_a_package(collection, tmp_path, form, how):
    out = tmp_path / ("out.wacz" if form == "wacz" else "out")
    export(collection, out, "wacz" if form == "wacz" else "bagit")
    for name in (name for name in collection.files() if name.startswith(("archive/", "sidecars/"))):
        damage(collection.path / name, how)
    assert not verify_collection(collection).ok
    with open_copy(out, "news") as package:
        repaired = repair_collection(collection, package)
    assert repaired.findings == ()
    assert len(repaired.brought) >= 4


def test_a_package_in_which_anything_is_wrong_is_refused(collection, tmp_path):
    export(collection, tmp_path / "out.wacz", "wacz")
    damage(tmp_path / "out.wacz", "cut")
    with pytest.raises(UnreadableInput), open_copy(tmp_path / "out.wacz", "news"):
        pass


def test_the_command_says_what_it_brought(collection, copy, capsys):
    damage(next(collection.path.glob("archive/**/*.warc.gz")), "gone")
    command = ["--root", str(collection.path.parent), "repair", "-c", "news", "--from"]
    assert run([*command, str(tmp := copy / "nothing")]) == 2, tmp
    assert run([*command, str(copy), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], len(told["brought"]), told["failed"]) == (True, 1, [])
    assert run([*command, str(copy)]) == 0
    assert "0 files brought back, 0 errors, 0 warnings remain" in capsys.readouterr().out


@pytest.mark.parametrize("harm", ["missing", "damaged"])
def test_an_access_rule_comes_back_and_hides_no_more_than_it_did(tmp_path, harm, capsys):
    here, captured = collection_with(tmp_path / "here", 2)
    hidden, seen = (one.capture_id for one in captured)
    restrict(here, Wish.of("dark", "M. K."), targets([hidden]))
    there = copied(here, tmp_path / "there")
    (path,) = (path for path in here.files() if path.startswith("access/"))

    def shown():
        with open_catalogue(there, Reader()) as catalogue:
            return [row.id for row in catalogue.captures()]

    there.local(path).unlink() if harm == "missing" else there.local(path).write_bytes(b"{}")
    assert shown() == []
    assert run(["--root", str(tmp_path / "there"), "restrict", "--list"]) == 0
    assert "`archiver repair` brings it back" in capsys.readouterr().out
    assert path in {one.path for one in verify_collection(there).damaged}
    with open_copy(here.path, "news") as copy:
        done = repair_collection(there, copy)
    assert ([file.path for file in done.brought], done.failed) == ([path], ())
    assert shown() == [seen]
