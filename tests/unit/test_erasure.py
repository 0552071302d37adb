"""What was erased is gone for ever, and what depended on it is whole."""

import json
import os
import pkgutil

import pytest

from archiver import warc
from archiver.capture import AGENT, Terms, capture_url
from archiver.catalogue import open_catalogue
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


STEPS = (
    "archiver.collection.entry.Entry.stream",
    "archiver.collection.entry.Entry.add",
    "archiver.collection.entry.Entry.write",
    "archiver.collection.state.State.note_due",
    "archiver.ledger.Chain.append",
    "archiver.collection.index.add",
    "archiver.collection.index.drop",
    "archiver.collection.erasure._remove",
    "archiver.collection.state.State.note_settled",
)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_leaves_nothing_or_a_deletion_that_is_finished(shared, step, after):
    collection, (first, second) = shared
    child = os.fork()
    if child == 0:
        real = pkgutil.resolve_name(step)

        def killed(*args, **more):
            if after:
                real(*args, **more)
            os._exit(9)

        owner, name = step.rpartition(".")[::2]
        setattr(pkgutil.resolve_name(owner), name, killed)
        erased(collection, first.capture_id)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9, "it was met"
    stands = first.capture_id in collection.holdings().erased
    assert stands == (STEPS.index(step) + after > STEPS.index("archiver.ledger.Chain.append"))
    collection.clear_leftovers()
    assert verify_collection(collection).findings == ()
    assert not collection.state.is_due(collection.name)
    assert not list(collection.path.rglob(".tmp-*"))
    told = collection.sidecar(second.capture_id)
    assert told.requires == ([] if stands else [first.capture_id])
    assert PICTURE in urls(collection, told.warc_file, "response" if stands else "revisit")
    if not stands:
        erased(collection, first.capture_id)
    assert traces(collection, first.capture_id) == []


def urls(collection, path, kind):
    return [one.url for one in warc.read_records(collection.local(path)) if one.type == kind]


def traces(collection, capture):
    """Where an erased capture still is: files, index lines, catalogue. Others may name its id."""
    found = [path.name for path in collection.path.rglob(f"*{capture}.*")]
    found += [line for line in collection.read_index() if capture.encode() in line]
    with open_catalogue(collection) as catalogue:
        found += [row.id for row in catalogue.captures() if row.id == capture]
    speaking = ("ledger", "erasures", "sidecars", "derived")
    files = [path for path in collection.path.rglob("*") if path.is_file() and not {*speaking} & {*path.parts}]
    return found + [path.name for path in files if capture.encode() in path.read_bytes()]
