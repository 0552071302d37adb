"""What was erased is gone for ever, and what depended on it is whole."""

import gzip
import json
import os
import pkgutil
import subprocess
import sys

import pytest
from fastwarc.warc import ArchiveIterator
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver import warc
from archiver.capture import AGENT, Terms, capture_url
from archiver.catalogue import open_catalogue
from archiver.collection import Root
from archiver.collection.erasure import erase
from archiver.errors import ConflictError, OriginalErased
from archiver.ledger import Event
from archiver.model import FileRef, PageInfo
from archiver.package import import_warc
from archiver.verify import verify_collection
from material import BYTES, OTHER, PAGE, PICTURE, Site, answer


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


def test_only_those_that_really_needed_a_body_are_said_to_have_been_made_whole(shared):
    collection, (first, second) = shared
    elsewhere = f"{PICTURE}?copy"  # the same bytes under an address of their own, of which it has the original itself
    third = capture_url(f"{PAGE}/3", collection, Site(answer(elsewhere), answer(elsewhere), days=2), Terms())
    assert "revisit" in types(collection, third.warc)
    gone = erase(collection, first.capture_id, "court-order", record)
    assert [name for one in gone.dependents for name in one.captures] == [second.capture_id]
    collection.settle()
    assert collection.local(third.warc).exists() and verify_collection(collection).findings == ()


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


def test_a_capture_that_refers_to_what_is_erased_meanwhile_is_refused(shared):
    collection, (first, _) = shared

    class Late(Site):
        def capture(self, url, limits):
            for item in super().capture(url, limits):
                if isinstance(item, PageInfo):
                    erased(collection, first.capture_id)
                yield item

    done = capture_url(PAGE, collection, Late(answer(), days=2), Terms())
    assert isinstance(done.error, OriginalErased) and done.error.capture_id == first.capture_id
    again = capture_url(PAGE, collection, Site(answer(), days=2), Terms())
    assert again.error is None
    assert verify_collection(collection).findings == ()


def test_a_body_that_cannot_be_read_keeps_what_others_need(shared):
    collection, (first, second) = shared
    path = collection.local(first.warc)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(BYTES[200:], BYTES[201:] + b"!"))
    with pytest.raises(ConflictError, match=second.capture_id):
        erased(collection, first.capture_id)
    path.unlink()
    with pytest.raises(ConflictError, match="cannot be read"):
        erased(collection, first.capture_id)
    path.write_bytes(whole)
    assert verify_collection(collection).findings == (), "nothing was changed"
    erased(collection, first.capture_id)
    assert collection.sidecar(second.capture_id).requires == []


def test_a_damaged_dependent_is_not_given_a_digest_of_its_own(shared):
    collection, (first, second) = shared
    path = collection.local(second.warc)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(ConflictError, match="missing or damaged"):
        erased(collection, first.capture_id)
    deletion = Event(
        "deletion", AGENT, capture=first.capture_id, basis="court-order", removed=files_of(collection, first)
    )
    collection.record(deletion)
    found = collection.settle()
    assert [(one.level, one.code) for one in found] == [("error", "erasure-waits"), ("info", "erasure-settled")]
    assert collection.local(first.warc).exists(), "it waits for the dependent's repair"
    assert not any(first.capture_id.encode() in line for line in collection.read_index())
    path.write_bytes(whole)
    assert [one.code for one in collection.clear_leftovers()] == ["erasure-settled"]
    assert not collection.local(first.warc).exists()
    assert verify_collection(collection).findings == ()


def files_of(collection, done):
    return tuple(file for path, file in collection.files().items() if done.capture_id in path)


def test_a_hostile_deletion_ends_nothing_but_captures(shared, tmp_path):
    collection, (first, second) = shared
    (tmp_path / "outside").write_bytes(b"x")
    names = ("README.txt", *(path for path in collection.files() if path.startswith(("collection/", "schemas/"))))
    outward = ("archive/../../outside", "sidecars/../../../outside", "/etc/nothing", "ledger/aaaaaaaaaa/open.jsonl")
    removed = tuple(FileRef(name, 1, "0" * 64) for name in (*names, *outward))
    collection.record(Event("deletion", AGENT, capture=first.capture_id, basis="other", removed=removed))
    collection.settle()
    assert (tmp_path / "outside").exists() and all(collection.local(name).exists() for name in names)
    assert set(names) <= collection.files().keys()
    assert collection.sidecar(second.capture_id).requires == []


def test_an_imported_dependent_is_made_whole_for_all_its_captures(tmp_path, shared):
    source, (first, second) = shared
    collection = Root(tmp_path / "root").create("other", "Other", agent=AGENT)
    originals = import_warc(source.local(first.warc), collection)
    two = tmp_path / "two.warc.gz"
    third = capture_url(PAGE, source, Site(answer(), days=2), Terms())
    two.write_bytes(source.local(second.warc).read_bytes() + source.local(third.warc).read_bytes())
    dependents = import_warc(two, collection)
    assert len(dependents.captures) == 2
    erased(collection, originals.captures[0])
    told = [collection.sidecar(capture) for capture in dependents.captures]
    (path,) = {one.warc_file for one in told}
    assert path.startswith("archive/imported/") and path.endswith("-whole-two.warc.gz")
    assert types(collection, path).count("revisit") == 0
    assert collection.files()[path].sha256 == told[0].warc_sha256
    assert not collection.local(dependents.path).exists()
    assert [one for one in verify_collection(collection).findings if one.level == "error"] == []


def test_a_dependent_in_a_file_that_is_not_packed(tmp_path, shared):
    source, (first, second) = shared
    collection = Root(tmp_path / "root").create("other", "Other", agent=AGENT)
    originals = import_warc(source.local(first.warc), collection)
    plain = tmp_path / "plain.warc"
    plain.write_bytes(gzip.decompress(source.local(second.warc).read_bytes()))
    done = import_warc(plain, collection)
    erased(collection, originals.captures[0])
    path = collection.sidecar(done.captures[0]).warc_file
    assert types(collection, path).count("revisit") == 0
    assert [one for one in warc.check(collection.local(path)) if one.level != "info"] == []
    assert [one for one in verify_collection(collection).findings if one.level == "error"] == []


def test_the_new_record_satisfies_other_readers(shared):
    collection, (first, second) = shared
    erased(collection, first.capture_id)
    path = collection.local(collection.sidecar(second.capture_id).warc_file)
    check = [sys.executable, "-m", "warcio.cli", "check", "-v", path]
    told = subprocess.run(check, capture_output=True, text=True, check=False)
    assert told.returncode == 0 and "failed" not in told.stdout, told
    with path.open("rb") as stream:
        assert all(one.verify_block_digest() for one in ArchiveIterator(stream, parse_http=False))


def test_later_captures_refer_to_the_one_that_has_the_body_now(tmp_path):
    collection = Root(tmp_path / "root").create("news", "News", dedup=True, agent=AGENT)
    parts = answer(PICTURE), answer(OTHER, body=BYTES[::-1])
    first, one, two = (
        capture_url(PAGE, collection, Site(*those, days=day), Terms()).capture_id
        for day, those in enumerate((parts, parts[:1], parts[1:]))
    )
    erased(collection, first)
    for part, owner in zip(parts, (one, two), strict=True):
        done = capture_url(PAGE, collection, Site(part, days=5), Terms())
        assert collection.sidecar(done.capture_id).requires == [owner]
    assert verify_collection(collection).findings == ()


def test_the_owner_of_a_shared_file_is_a_capture_that_is_not_erased(tmp_path, shared):
    source, (first, _) = shared
    collection = Root(tmp_path / "root").create("other", "Other", dedup=True, agent=AGENT)
    both = tmp_path / "both.warc.gz"
    more = capture_url(OTHER, source, Site(days=1), Terms())
    both.write_bytes(source.local(first.warc).read_bytes() + source.local(more.warc).read_bytes())
    captures = sorted(import_warc(both, collection).captures)
    erased(collection, captures[0])
    done = capture_url(PAGE, collection, Site(answer(), days=5), Terms())
    assert collection.sidecar(done.capture_id).requires == [captures[1]]
    erased(collection, captures[1])
    assert collection.sidecar(done.capture_id).requires == []
    assert [one for one in verify_collection(collection).findings if one.level == "error"] == []


KINDS = st.lists(st.tuples(st.sets(st.integers(0, 3), min_size=1), st.booleans()), min_size=2, max_size=6)


@settings(max_examples=12)
@given(KINDS, st.randoms(use_true_random=False))
def test_whatever_is_erased_every_capture_that_stays_has_all_its_bodies(tmp_path_factory, captures, chance):
    """Pictures are shared by captures in all ways; some go, in any order; those that stay are as they were."""
    root = Root(tmp_path_factory.mktemp("root"))
    collection = root.create("news", "News", dedup=True, agent=AGENT)
    made = []
    for day, (pictures, goes) in enumerate(captures):
        parts = [answer(f"https://cdn.example/{n}.png", bytes([n]) + BYTES) for n in sorted(pictures)]
        made.append((capture_url(PAGE, collection, Site(*parts, days=day), Terms()).capture_id, goes))
    going = [capture for capture, goes in made if goes]
    chance.shuffle(going)
    for capture in going:
        erased(collection, capture)
    assert collection.captures() == sorted(capture for capture, goes in made if not goes)
    assert verify_collection(collection).findings == ()
    for (capture, _), (pictures, _) in zip(made, captures, strict=True):
        if sidecar := collection.sidecar(capture):
            assert set(sidecar.requires) <= set(collection.captures())
            read = [one for one in warc.read_records(collection.local(sidecar.warc_file)) if "cdn" in one.url]
            assert len([one for one in read if one.type in ("response", "revisit")]) == len(pictures)
