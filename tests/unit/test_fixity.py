"""Dates of reading: kept, and never in the way of a check."""

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta

import pytest

from archiver.collection.state import State
from archiver.fixity import LOCAL, Check, Fixity

EARLY, LATE = "2026-11-22T14:01:12Z", "2026-11-23T14:01:12Z"


@pytest.fixture
def fixity(tmp_path):
    return Fixity(State(tmp_path), "news")


def test_what_is_noted_is_told_place_by_place(fixity):
    fixity.note_read(LOCAL, ["a", "b"], LATE)
    fixity.note_read(LOCAL, iter(["b", "c"]), EARLY)
    fixity.note_read("s3://bucket/news", ["a"], EARLY)
    fixity.note_check(LOCAL, "verify", EARLY, 3, 30, 0)
    fixity.note_check("s3://other", "head", LATE, 2, 0, 1)
    assert fixity.last_read(LOCAL) == {"a": LATE, "b": LATE, "c": EARLY}, "an earlier date does not replace a later"
    assert fixity.last_read("s3://bucket/news") == {"a": EARLY}
    assert fixity.last_read("nowhere") == {}
    assert fixity.checks() == [Check(LOCAL, "verify", EARLY, 3, 30, 0), Check("s3://other", "head", LATE, 2, 0, 1)]
    assert fixity.places() == [LOCAL, "s3://bucket/news", "s3://other"]
    fixity.forget(LOCAL, ["a", "x"])
    assert fixity.last_read(LOCAL) == {"b": LATE, "c": EARLY}


def test_until_when_objects_are_locked_is_kept_also_in_what_an_earlier_version_made(fixity):
    fixity.note_read(LOCAL, ["a"], EARLY)
    with closing(sqlite3.connect(fixity.path)) as database:
        database.executescript("DROP TABLE locks; PRAGMA user_version = 1;")
    fixity.note_locked("s3://b", {"a": LATE, "b": EARLY, "c": ""})
    assert fixity.last_read(LOCAL) == {"a": EARLY}
    assert fixity.locked("s3://b", LATE) == {"b": EARLY}
    fixity.note_locked("s3://b", {"b": ""})
    assert fixity.locked("s3://b", "9999") == {"a": LATE}
    at = datetime.fromisoformat(LATE)
    assert fixity.ending("s3://b", {"a"}, at) == [LATE]
    assert fixity.ending("s3://b", set(), at) == fixity.ending("s3://b", {"a"}, at - timedelta(days=8)) == []


def foreign(path):
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE reads (other)")
    database.close()


@pytest.mark.parametrize("spoil", [lambda path: path.write_bytes(b"no database" * 1000), foreign])
def test_what_is_no_database_of_ours_is_made_anew(fixity, spoil):
    fixity.path.parent.mkdir(parents=True)
    spoil(fixity.path)
    assert fixity.last_read(LOCAL) == {}
    fixity.note_read(LOCAL, ["a"], EARLY)
    assert fixity.last_read(LOCAL) == {"a": EARLY}


def test_every_damage_ends_in_a_database_that_works(fixity):
    fixity.note_read(LOCAL, [f"archive/{number:04}" for number in range(500)], EARLY)
    whole = fixity.path.read_bytes()
    for place in range(0, len(whole), 61):
        damaged = bytearray(whole)
        damaged[place : place + 8] = b"\xff" * 8
        fixity.path.write_bytes(damaged[: len(whole) - place % 4096])
        fixity.checks()
        for _ in range(2):  # damage may come to light at the first
            fixity.note_read(LOCAL, ["archive/0007"], LATE)
            fixity.last_read(LOCAL)
        assert fixity.last_read(LOCAL)["archive/0007"] == LATE
    fixity.path.unlink()
    assert (fixity.last_read(LOCAL), fixity.checks(), fixity.places()) == ({}, [], [])


def test_where_nothing_can_be_written_nothing_is_kept_and_nothing_fails(fixity):
    fixity.path.parent.parent.mkdir()
    fixity.path.parent.write_bytes(b"a file where the folder would be")
    fixity.note_read(LOCAL, ["a"], EARLY)
    assert fixity.last_read(LOCAL) == {}
