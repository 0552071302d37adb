"""A collection that came from anywhere: nothing in it makes us read, write or fail outside of it."""

import json
import os
import shutil

import pytest

from archiver import disk, ledger
from archiver.capture import AGENT, Terms, capture_url
from archiver.catalogue import open_catalogue
from archiver.collection import Root
from archiver.errors import ArchiverError, UnreadableInput
from archiver.ledger import Event
from archiver.model import FileRef
from archiver.report import report
from archiver.sidecar import Sidecar, dump
from archiver.verify import verify_collection
from material import URL, PaperEngine, collection_with


def enter(collection, path, content=b"", place=None):
    """A line of the ledger by a hostile hand."""
    file = FileRef(path, len(content), disk.sha256_bytes(content))
    if place is not None:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    collection.record(Event("ingestion", AGENT, (file,)))


def enter_sidecar(collection, document):
    """A sidecar as a hostile hand writes it, under the name that fits."""
    content = dump(document)
    name = f"{document['id']}.r{len(document['parents']) + 1}-{disk.sha256_bytes(content)[:12]}.json"
    enter(collection, f"sidecars/{name}", content, collection.path / "sidecars" / name)


def codes(collection):
    return {one.code for one in verify_collection(collection).findings if one.level == "error"}


@pytest.mark.parametrize("path", ["../../secret", "archive/../../secret", "archive//x", "./x", "", "archive/x\0y", "/"])
def test_a_path_that_leads_out_is_never_followed(tmp_path, path):
    collection, _ = collection_with(tmp_path / "root")
    (tmp_path / "secret").write_bytes(b"secret")
    for evil in (path, str(tmp_path / "secret"), "archive/" + "x" * 5000):
        with pytest.raises(UnreadableInput):
            collection.local(evil)
    enter(collection, path, b"secret")
    assert codes(collection) == {"file-outside"}
    with open_catalogue(collection) as catalogue:
        assert catalogue.count() == 1
    collection.reindex()
    assert report(collection).facts.local.complete is False


@pytest.mark.parametrize("depth", ["file", "folder", "pipe"])
def test_links_and_pipes_in_a_collection_are_not_followed(tmp_path, depth):
    collection, _ = collection_with(tmp_path / "root")
    secret = tmp_path / "outside" / "x.warc.gz"
    secret.parent.mkdir()
    secret.write_bytes(b"secret")
    place = collection.path / "archive" / "extra" / "x.warc.gz"
    if depth == "folder":
        place.parent.symlink_to(secret.parent)
    else:
        place.parent.mkdir()
        place.symlink_to(secret) if depth == "file" else os.mkfifo(place)
    enter(collection, "archive/extra/x.warc.gz", b"secret")
    assert "file-outside" in codes(collection)
    collection.reindex()
    told = report(collection)
    assert (told.facts.local.complete, told.formats.warcs_total) == (False, 1)


def test_a_ledger_that_is_a_link_does_not_count(tmp_path):
    collection, _ = collection_with(tmp_path / "root")
    outside = tmp_path / "outside"
    shutil.move(collection.path / "ledger" / collection.state.writer(), outside)
    (collection.path / "ledger" / collection.state.writer()).symlink_to(outside)
    assert collection.files() == {}
    assert "ledger-missing" in codes(collection)


def test_a_collection_whose_ledger_is_gone_is_not_sound(tmp_path):
    collection, _ = collection_with(tmp_path)
    shutil.rmtree(collection.path / "ledger" / collection.state.writer())
    assert "ledger-missing" in codes(collection)


def broken_documents(document):
    """Sidecars that pass for some at a glance."""
    for place, value in [
        (("capture", "engine"), None),
        (("capture", "fidelity"), 7),
        (("capture", "status"), 10**30),
        (("capture", "captured_at"), "yesterday"),
        (("capture", "verdict", "reasons"), [1, None]),
        (("warc", "records"), []),
        (("warc", "records"), {"main": 1, "text": {}}),
        (("warc", "file"), "../../../etc/passwd"),
        (("article",), {"headline": {"@value": 1}, "author": [[1]], "datePublished": "0000-00-00"}),
        (("assertions",), [1]),
        (("id",), "20261122T140112Z-zzzzzzzzzz"),
    ]:
        changed = json.loads(json.dumps(document))
        inner = changed
        for step in place[:-1]:
            inner = inner[step]
        inner[place[-1]] = value
        yield changed | {"parents": ["one"]}


def test_a_malformed_sidecar_spoils_neither_list_nor_verify(tmp_path):
    collection, [captured] = collection_with(tmp_path)
    whole = collection.sidecar(captured.capture_id).document
    for number, document in enumerate(broken_documents(whole)):
        root = tmp_path / str(number)
        shutil.copytree(tmp_path / "news", root / "news")
        copy = Root(root).collection("news")
        enter_sidecar(copy, document)
        with open_catalogue(copy) as catalogue:
            for row in catalogue.captures():
                json.dumps(row.as_json())
            assert catalogue.count() in (1, 2)
        assert codes(copy)


@pytest.mark.parametrize("content", [b"[]", b'{"parents": 1}', b'{"rights": 1}', b"{", b'{"parents": [[]]}'])
def test_a_malformed_description_is_told_in_a_sentence(tmp_path, content):
    collection, _ = collection_with(tmp_path)
    for path in collection.path.glob("collection/*.json"):
        path.write_bytes(content)
    with pytest.raises(UnreadableInput):
        collection.rights()
    assert isinstance(capture_url(URL, collection, PaperEngine(), Terms()).error, ArchiverError)


def test_a_segment_whose_predecessor_is_no_text_is_unreadable():
    head = {"type": "segment", "format": ledger.FORMAT, "writer": "a" * 10, "seq": 2, "previous": ["x"], "seen": {}}
    with pytest.raises(UnreadableInput):
        ledger.parse_segment(ledger.canonical(head), "here")


def test_a_sidecar_of_another_capture_is_not_taken_for_this_one(tmp_path):
    collection, [captured] = collection_with(tmp_path)
    document = dict(collection.sidecar(captured.capture_id).document) | {"id": "20261122T140112Z-zzzzzzzzzz"}
    content = dump(document)
    path = f"sidecars/{captured.capture_id}.r2-{disk.sha256_bytes(content)[:12]}.json"
    enter(collection, path, content, collection.path / path)
    with pytest.raises(UnreadableInput):
        collection.sidecar(captured.capture_id)
    assert Sidecar.parse(content, "x").id != captured.capture_id
