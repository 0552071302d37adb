"""A working copy without its WARCs: they stay at the store, and the index is made from there."""

from io import BytesIO

import pytest

from archiver.capture import Terms, capture_url
from archiver.catalogue import open_catalogue, parse
from archiver.collection import Root, erasure, index
from archiver.errors import StoreError
from archiver.reindex import reindex
from archiver.stores.memory import MemoryStore
from archiver.sync import pull, push
from material import URL, PaperEngine, collection_with


@pytest.fixture
def here(tmp_path):
    return collection_with(tmp_path / "here", 3)[0]


@pytest.fixture
def store(here):
    store = MemoryStore()
    assert push(here, store).exit_code == 0
    return store


@pytest.fixture
def bare(tmp_path, store):
    """The same collection on another machine, without WARCs."""
    place = Root(tmp_path / "there").place("news")
    report = pull(place, store, warcs=False)
    assert (report.exit_code, report.count("skip")) == (0, 3)
    assert "3 WARCs left at the store" in report.summary()
    assert report.as_json()["skipped"] == 3
    assert not any(action["key"].startswith("archive/") for action in report.as_json()["actions"])
    return place


def warcs(collection):
    return sorted(path for path in collection.files() if path.startswith("archive/"))


def test_a_pull_without_warcs_brings_all_else(here, bare, store):
    assert bare.files() == here.files()
    assert set(bare.absent_warcs()) == set(warcs(here))
    assert all(bare.local(path).is_file() for path in bare.files() if not path.startswith("archive/"))
    assert list(bare.read_index()) == []
    assert pull(bare, store).exit_code == 0  # and what was left can be brought later
    assert bare.absent_warcs() == {}
    assert list(bare.read_index()) == list(here.read_index())


def test_the_index_is_made_from_the_store(here, bare, store):
    made = reindex(bare, store)
    assert (made.read, made.captures, made.findings) == (3, 3, ())
    assert list(bare.read_index()) == list(here.read_index())
    assert made.lines == len(list(here.read_index()))
    assert set(bare.absent_warcs()) == set(warcs(here))
    assert not (bare.state.path / "reindex" / "news").exists()
    opened = []
    store.open = lambda key, start, size: opened.append((key, start)) or BytesIO()
    assert reindex(bare, store).read == 0  # what has lines is not read again as a whole
    assert all(start > 0 for _, start in opened)


def found(collection, words):
    with open_catalogue(collection) as catalogue:
        return len(catalogue.search(parse(words)))


def test_search_finds_the_words_of_texts_at_the_store(here, bare, store):
    assert found(here, "engineers crack") == 3  # of the text alone
    assert found(bare, "engineers crack") == 0
    reindex(bare, store)
    assert found(bare, "engineers crack") == 3
    assert found(bare, "bridge") == found(here, "bridge") == 3
    asked = []
    whole = store.open
    store.open = lambda *place: asked.append(place) or whole(*place)
    reindex(bare, store)
    assert found(bare, "engineers crack") == 3
    assert len(asked) == 3 and all(start > 0 and size < 5000 for _, start, size in asked)  # a part of each, no more


def test_a_text_that_cannot_be_had_is_left_out(here, bare, store):
    reindex(bare, store)
    del store.objects[warcs(here)[0]]
    assert reindex(bare, store).captures == 3
    assert found(bare, "engineers crack") == 2


def test_a_machine_without_warcs_captures_and_pushes(here, bare, store):
    reindex(bare, store)
    capture_url(f"{URL}/9", bare, PaperEngine(), Terms())
    assert [one.code for one in push(bare, store).findings] == ["local-absent"]
    assert set(store.objects) >= set(bare.files())
    assert len(bare.absent_warcs()) == 3
    assert pull(here, store).exit_code == 0
    assert list(here.read_index()) == list(bare.read_index())


def test_lines_of_warcs_that_are_not_here_stay(here):
    before = list(here.read_index())
    here.local(warcs(here)[0]).unlink()
    assert reindex(here).lines == len(before)
    assert list(here.read_index()) == before
    stray = b'com,example)/ 20200101000000 {"url": "x", "offset": "0", "filename": "no/such.warc.gz"}\n'
    index.add(here.indexes, [stray])
    assert reindex(here).lines == len(before)


def test_bytes_that_disagree_with_the_ledger_give_no_lines(here, bare, store):
    first, second, third = warcs(here)
    store.objects[first] = store.objects[first][:-1] + bytes([store.objects[first][-1] ^ 1])
    del store.objects[second]
    made = reindex(bare, store)
    assert [(one.code, one.where) for one in made.findings] == [("remote-damaged", first), ("remote-absent", second)]
    assert {index.file_of(line) for line in bare.read_index()} == {third}


def test_what_was_read_before_the_store_failed_is_kept(here, bare, store, monkeypatch):
    monkeypatch.setattr("archiver.reindex.BATCH", 1)
    whole = store.open

    def failing(key, *more):
        if key == warcs(here)[2]:
            raise StoreError(key, "the server cannot be reached", retryable=True)
        return whole(key, *more)

    store.open = failing
    with pytest.raises(StoreError, match="cannot be reached"):
        reindex(bare, store)
    assert {index.file_of(line) for line in bare.read_index()} == set(warcs(here)[:2])
    store.open = whole
    assert reindex(bare, store).read == 1


@pytest.mark.parametrize("command", [reindex, lambda here: erase_first(here)], ids=["reindex", "erase"])
def test_what_a_killed_reindex_left_goes(here, command):
    """It holds addresses, also of captures that are erased meanwhile."""
    left = here.indexes / ".tmp-killed"
    left.mkdir()
    (left / "0").write_bytes(b"lines")
    command(here)
    assert not left.exists()


def erase_first(here):
    erasure.erase(here, here.captures()[0], "contract", lambda _gone: b"{}")
    here.settle()


@pytest.mark.parametrize("line", [b"", b"x\n", b"a 2 {\n", b"a 2 []\n", b'a 2 {"url": "x"}\n'])
def test_a_line_that_is_none_points_nowhere(line):
    assert index.file_of(line) == ""
