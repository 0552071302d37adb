"""Index levels: nothing lost, nothing doubled, however lines come in and levels move."""

from contextlib import nullcontext

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.collection import index

LINES = st.lists(st.from_regex(rb"[a-z]{1,3} [0-9]{2}\n", fullmatch=True), max_size=30)


@pytest.fixture(autouse=True)
def small_levels(monkeypatch):
    monkeypatch.setattr(index, "LEVEL_0_BYTES", 40)
    monkeypatch.setattr(index, "RUN_LINES", 7)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(batches=st.lists(LINES, max_size=12))
def test_reading_gives_every_line_once_in_order(tmp_path_factory, batches):
    folder = tmp_path_factory.mktemp("indexes")
    index.create(folder)
    for batch in batches:
        index.add(folder, batch)
        index.compact(folder, nullcontext)
    assert list(index.read(folder)) == sorted({line for batch in batches for line in batch})
    assert not index.full(folder)


def test_lines_added_while_a_level_is_merged_stay(tmp_path):
    index.create(tmp_path)
    index.add(tmp_path, [b"a %02d\n" % n for n in range(20)])

    class Late:
        """Somebody commits between the merge and its swap."""

        def __enter__(self):
            index.add(tmp_path, [b"late 99\n"])

        def __exit__(self, *exc):
            return None

    index.compact(tmp_path, Late)
    assert b"late 99\n" in list(index.read(tmp_path))
    assert len(list(index.read(tmp_path))) == 21


def test_a_commit_rewrites_only_the_smallest_level(tmp_path):
    index.create(tmp_path)
    index.add(tmp_path, [b"a %02d\n" % n for n in range(20)])
    index.compact(tmp_path, nullcontext)
    before = {n: index.level(tmp_path, n).stat().st_ino for n in range(1, index.LEVELS)}
    index.add(tmp_path, [b"b 01\n"])
    assert {n: index.level(tmp_path, n).stat().st_ino for n in range(1, index.LEVELS)} == before


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(old=LINES, lines=LINES)
def test_rebuilding_replaces_everything(tmp_path_factory, old, lines):
    folder = tmp_path_factory.mktemp("indexes")
    index.create(folder)
    index.add(folder, old)
    assert index.rebuild(folder, lines) == len(set(lines))
    assert list(index.read(folder)) == sorted(set(lines))
    assert all(index.level(folder, n).is_file() for n in range(index.LEVELS))
