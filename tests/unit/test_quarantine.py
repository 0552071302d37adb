"""Damaged bytes are moved, never thrown away; good ones come back only when they are those of the ledger."""

import io

import pytest

from archiver import disk
from archiver.collection import quarantine
from archiver.errors import DigestMismatch, UnreadableInput
from archiver.verify import verify_collection
from material import collection_with


@pytest.fixture
def collection(tmp_path):
    return collection_with(tmp_path)[0]


def a_warc(collection):
    return next(file for path, file in collection.files().items() if path.startswith("archive/"))


def test_what_is_set_aside_lies_outside_whole_and_two_of_a_name_too(collection):
    for content in (b"one", b"two", b"three"):
        place = collection.path / "sidecars" / "x.json"
        place.write_bytes(content)
        target = quarantine.set_aside(collection, "sidecars/x.json")
        assert (target.read_bytes(), place.exists()) == (content, False)
        assert target.is_relative_to(collection.state.path / "quarantine" / "news")
    kept = (collection.state.path / "quarantine" / "news").glob("*/sidecars/x.json")
    assert sorted(path.read_bytes() for path in kept) == [b"one", b"three", b"two"]


def test_a_link_is_set_aside_as_the_link_it_is(collection, tmp_path):
    (tmp_path / "outside").write_bytes(b"secret")
    (collection.path / "link").symlink_to(tmp_path / "outside")
    target = quarantine.set_aside(collection, "link")
    assert target.is_symlink()
    assert (tmp_path / "outside").read_bytes() == b"secret"
    (collection.path / "folder").symlink_to(tmp_path)
    with pytest.raises(UnreadableInput):
        quarantine.set_aside(collection, "folder/outside")
    for path in ("../outside", "archive/..", "", "nothing/there"):
        with pytest.raises(UnreadableInput):
            quarantine.set_aside(collection, path)


def test_a_file_comes_back_and_the_damaged_one_is_kept(collection):
    file = a_warc(collection)
    place = collection.local(file.path)
    whole = place.read_bytes()
    place.write_bytes(b"damaged")
    assert quarantine.restore(collection, file, io.BytesIO(whole))
    assert [path.read_bytes() for path in collection.state.path.glob("quarantine/news/*/archive/**/*.gz")] == [
        b"damaged"
    ]
    assert not quarantine.restore(collection, file, io.BytesIO(whole)), "nothing to do"
    place.unlink()
    place.parent.rmdir()
    assert quarantine.restore(collection, file, io.BytesIO(whole))
    assert verify_collection(collection).findings == ()


@pytest.mark.parametrize("change", [lambda b: b[:-1], lambda b: b + b"x", lambda b: b"x" + b[1:], lambda b: b""])
def test_other_bytes_are_not_taken(collection, change):
    file = a_warc(collection)
    place = collection.local(file.path)
    whole = place.read_bytes()
    place.write_bytes(b"damaged")
    with pytest.raises(DigestMismatch):
        quarantine.restore(collection, file, io.BytesIO(change(whole)))
    assert place.read_bytes() == b"damaged"
    assert not [path for path in collection.path.rglob("*") if path.name.startswith(disk.TEMPORARY)]


def test_a_file_that_grows_for_ever_is_not_followed(collection):
    class Endless(io.RawIOBase):
        read_bytes = 0

        def read(self, size=-1):
            self.read_bytes += size
            return b"x" * size

    file = a_warc(collection)
    with pytest.raises(DigestMismatch):
        quarantine.restore(collection, file, source := Endless())
    assert source.read_bytes == file.bytes + 1
