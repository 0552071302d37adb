"""What was erased is gone for ever, and what depended on it is whole."""

import json

import pytest

from archiver import warc
from archiver.capture import AGENT, Terms, capture_url
from archiver.collection import Root
from archiver.collection.erasure import erase
from archiver.verify import verify_collection
from material import PAGE, PICTURE, Site, answer


def record(gone):
    return json.dumps({"capture": gone.capture}).encode()


def erased(collection, capture):
    erase(collection, capture, "court-order", record)
    return collection.settle()


def types(collection, path):
    return [one.type for one in warc.read_records(collection.local(path))]


@pytest.fixture
def shared(tmp_path):
    """A page and its picture, captured on two days; the second capture refers to the first for the picture."""
    collection = Root(tmp_path / "root").create("news", "News", dedup=True, agent=AGENT)
    made = [capture_url(PAGE, collection, Site(answer(), days=day), Terms()) for day in (0, 1)]
    return collection, made


def test_a_dependent_gets_the_body(shared):
    collection, (first, second) = shared
    before = list(warc.read_records(collection.local(second.warc)))
    told = [(one.id, one.offset) for one in before]
    old = collection.local(second.warc).read_bytes()
    erased(collection, first.capture_id)
    after = collection.sidecar(second.capture_id)
    assert after.requires == [] and after.warc_file.startswith(second.warc.removesuffix("warc.gz") + "whole-")
    assert collection.sidecar(first.capture_id) is None
    read = list(warc.read_records(collection.local(after.warc_file)))
    assert [one.id for one in read] == [name for name, _ in told], "each keeps its id"
    assert [one.type for one in before].count("revisit") == 1 and "revisit" not in [one.type for one in read]
    (picture,) = (one for one in read if one.type == "response" and one.url == PICTURE)
    lines = dict(picture.headers)
    assert lines["WARC-Was-Revisit"] and "WARC-Refers-To-Date" not in lines and "WARC-Profile" not in lines
    assert collection.local(after.warc_file).read_bytes().startswith(old[: picture.offset]), "what is before stays"
    assert not collection.local(first.warc).exists() and not collection.local(second.warc).exists()
    assert verify_collection(collection).findings == ()
