"""The catalogue follows the ledger, whatever happens to that, and mends itself."""

import json
import shutil
import sqlite3
from dataclasses import replace

import pytest

from archiver import ledger
from archiver.capture import Terms, capture_url
from archiver.catalogue import BadQuery, feeding, open_catalogue, parse, path_of, tables
from archiver.catalogue.shelves import Shelves, Wanted
from archiver.cli import run
from archiver.collection import Root
from archiver.collection.erasure import erase
from archiver.editing import Wish, edit
from material import URL, PaperEngine, collection_with, copied


def listed(collection):
    with open_catalogue(collection) as opened:
        return {row.id for row in opened.captures()}


def test_a_list_reads_what_is_new_and_nothing_twice(tmp_path, monkeypatch):
    collection, done = collection_with(tmp_path, 3)
    assert listed(collection) == {one.capture_id for one in done}
    read = []
    parse = feeding.Sidecar.parse
    monkeypatch.setattr(feeding.Sidecar, "parse", lambda content, where: read.append(where) or parse(content, where))
    collection.seal()
    new = capture_url(f"{URL}/new", collection, PaperEngine(), Terms())
    assert new.capture_id in listed(collection)
    assert read == [new.sidecar]
    listed(collection)
    assert read == [new.sidecar]


def test_a_ledger_that_has_not_grown_is_not_parsed_again(tmp_path, monkeypatch):
    """Every page of the web app asks."""
    collection, [one] = collection_with(tmp_path)
    listed(collection)
    parsed = []
    parse = ledger.parse_segment
    monkeypatch.setattr(ledger.files, "parse_segment", lambda *given: parsed.append(given[1]) or parse(*given))
    assert listed(collection) == {one.capture_id}
    assert parsed == []
    collection.record(ledger.Event("fixity check", "test/1"))
    listed(collection)
    assert len(parsed) == 1
    collection.seal()
    parsed.clear()
    for _ in range(2):
        listed(collection)
    assert len(parsed) == 1
    with sqlite3.connect(path_of(collection)) as database:
        assert database.execute("SELECT count(*) FROM seen").fetchone() == (1,)


def test_captures_of_a_cloned_writer_are_listed(tmp_path):
    collection, _ = collection_with(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    twin = Root(tmp_path / "b").collection("news")
    for copy in (collection, twin):
        capture_url(f"{URL}/{copy.path}", copy, PaperEngine(), Terms())
    assert len(listed(collection)) == 2
    collection.seal()
    twin.seal()
    new = [
        path for path in twin.path.glob("ledger/*/0*") if not (collection.path / path.relative_to(twin.path)).exists()
    ]
    for file in set(twin.files()) - set(collection.files()):
        collection.local(file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(twin.local(file), collection.local(file))
    collection.adopt([(path.relative_to(twin.path).as_posix(), path.read_bytes()) for path in new])
    assert len(listed(collection)) == 3


def test_a_segment_sealed_while_it_is_read_is_read_again(tmp_path, monkeypatch):
    collection, _ = collection_with(tmp_path)
    monkeypatch.setattr("archiver.ledger.chain.SEAL_LINES", 4)
    take = feeding._take
    late = []

    def overtaken(*arguments):
        if not late:
            late.append(capture_url(f"{URL}/late", collection, PaperEngine(), Terms()))
        take(*arguments)

    monkeypatch.setattr(feeding, "_take", overtaken)
    listed(collection)
    assert late[0].capture_id in listed(collection)


def test_a_damaged_catalogue_is_made_again(tmp_path):
    collection, [one] = collection_with(tmp_path)
    listed(collection)
    path_of(collection).write_bytes(b"no database" * 500)
    assert listed(collection) == {one.capture_id}
    with sqlite3.connect(path_of(collection)) as database:
        database.execute("PRAGMA user_version = 99")
    assert listed(collection) == {one.capture_id}


@pytest.mark.parametrize("place", [".archiver", "news/derived"])
def test_where_nothing_can_be_written_lists_are_made_in_memory(tmp_path, place):
    collection, [one] = collection_with(tmp_path)
    shutil.rmtree(tmp_path / place, ignore_errors=True)
    (tmp_path / place).write_text("in the way, as a read-only disk is")
    assert listed(collection) == {one.capture_id}


def test_a_catalogue_on_a_read_only_disk_is_read_as_long_as_it_is_current(tmp_path, monkeypatch):
    collection, [one] = collection_with(tmp_path)
    listed(collection)
    shutil.copytree(tmp_path / ".archiver", tmp_path / "kept")
    shutil.rmtree(tmp_path / ".archiver")
    (tmp_path / ".archiver").write_text("in the way, as a read-only disk is")
    parse_sidecar = feeding.Sidecar.parse
    monkeypatch.setattr(feeding.Sidecar, "parse", lambda *_: pytest.fail("a sidecar was read"))
    assert listed(collection) == {one.capture_id}
    monkeypatch.setattr(feeding.Sidecar, "parse", parse_sidecar)
    (tmp_path / ".archiver").unlink()
    (tmp_path / "kept").rename(tmp_path / ".archiver")
    second = capture_url(f"{URL}/second", collection, PaperEngine(), Terms())
    shutil.rmtree(tmp_path / ".archiver")
    (tmp_path / ".archiver").write_text("in the way, as a read-only disk is")
    assert listed(collection) == {one.capture_id, second.capture_id}


def test_a_catalogue_that_cannot_be_written_is_left_alone(tmp_path):
    collection, [one] = collection_with(tmp_path)
    listed(collection)
    second = capture_url(f"{URL}/second", collection, PaperEngine(), Terms())
    holder = sqlite3.connect(path_of(collection), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    waited, tables.WAIT_SECONDS = tables.WAIT_SECONDS, 0.1
    try:
        assert listed(collection) == {one.capture_id, second.capture_id}
    finally:
        tables.WAIT_SECONDS = waited
        holder.close()
    assert listed(collection) == {one.capture_id, second.capture_id}


def test_a_thousand_words_are_no_fault(tmp_path):
    collection, _ = collection_with(tmp_path)
    with open_catalogue(collection) as opened:
        assert opened.count(parse("bridge " * 2000)) == 1


def checked(capture, verdict, at, **more):
    codes = ("qa", f"qa-{verdict}", "text-differs")
    return ledger.Event("validation", "test/1", capture=capture, codes=codes, at=at, **more)


def told(collection, query):
    with open_catalogue(collection) as opened:
        return [(row.id, row.qa) for row in opened.captures(parse(query))]


def test_the_newest_check_of_replay_counts_whatever_comes_first(tmp_path):
    collection, (one, other) = collection_with(tmp_path, 2)
    assert {qa for _, qa in told(collection, "-qa:pass")} == {""}
    assert len(told(collection, "qa:none")) == 2
    collection.record(checked(one.capture_id, "pass", "2026-12-02T00:00:00Z"))
    collection.record(checked(one.capture_id, "fail", "2026-12-01T00:00:00Z"))
    assert told(collection, "qa:pass") == [(one.capture_id, "pass")]
    assert told(collection, "qa:none") == [(other.capture_id, "")]
    collection.record(checked(one.capture_id, "warn", "2026-12-03T00:00:00Z"))
    assert (told(collection, "qa:pass"), told(collection, "qa:warn")) == ([], [(one.capture_id, "warn")])
    assert Shelves(None).find([collection], Wanted()).counts["qa"] == {"": 1, "warn": 1}
    path_of(collection).unlink()
    assert told(collection, "-qa:none") == [(one.capture_id, "warn")]
    with pytest.raises(BadQuery, match="nothing that a check"):
        parse("qa:perfect")


def test_a_check_stays_with_a_capture_that_is_corrected_or_comes_later(tmp_path):
    """The ledgers of several writers are read one after the other: the check may be met before what it checked."""
    collection, (one,) = collection_with(tmp_path, 1)
    late = "20261201T000000Z-aaaaaaaaaa"
    collection.record(checked(one.capture_id, "fail", "2026-12-01T00:00:00Z"))
    collection.record(checked(late, "pass", "2026-12-01T00:00:00Z"))
    assert told(collection, "qa:fail") == [(one.capture_id, "fail")]
    edit(collection, [Wish(one.capture_id, "headline", "Corrected", "N. N.", "it was wrong")])
    assert told(collection, "headline:corrected") == [(one.capture_id, "fail")]
    with open_catalogue(collection) as opened:
        row = opened.capture(one.capture_id)
        with opened.database:
            feeding._enter_anew(opened.database, replace(row, id=late), opened.sidecar(row.id), "")
        assert opened.capture(late).qa == "pass"


def test_captures_without_a_readable_sidecar_are_told_of_until_it_is_back(tmp_path, capfd):
    collection, [one, two, three] = collection_with(tmp_path, 3)
    kept = copied(collection, tmp_path / "kept")
    collection.local(one.sidecar).unlink()
    collection.local(two.sidecar).write_text("{")
    ask = ["--root", str(tmp_path), "list", "--json"]
    assert run(ask) == 0
    out, err = capfd.readouterr()
    assert [json.loads(line)["id"] for line in out.splitlines()] == [three.capture_id]
    assert "2 captures left out" in err
    assert one.capture_id in err
    assert two.capture_id in err
    assert "archiver verify -c news" in err
    assert run(["--root", str(tmp_path), "search", "bridge", "--facets"]) == 0
    assert "2 captures left out" in capfd.readouterr().err
    assert run(["--root", str(tmp_path), "repair", "-c", "news", "--from", str(kept.path)]) == 0
    capfd.readouterr()
    assert run(ask) == 0
    out, err = capfd.readouterr()
    assert len(out.splitlines()) == 3
    assert err == ""


def test_of_an_erased_capture_nothing_is_missing(tmp_path):
    collection, [one] = collection_with(tmp_path)
    collection.local(one.sidecar).unlink()
    with open_catalogue(collection) as opened:
        assert opened.unread() == [one.capture_id]
    erase(collection, one.capture_id, "other", lambda _: b"{}")
    with open_catalogue(collection) as opened:
        assert opened.unread() == []
