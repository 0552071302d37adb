"""A collection: what gets in, what a crash leaves, how copies meet."""

import os
import shutil
from dataclasses import replace

import pytest

from archiver import disk, ledger
from archiver.capture import AGENT, Terms, capture_url
from archiver.collection import Root, draft, index
from archiver.errors import ConflictError, StorageError, UnknownCollection, UsageError
from archiver.ledger import Chain
from archiver.ledger.chain import SEAL_LINES
from archiver.model import PageInfo
from archiver.verify import verify_collection
from material import URL, PaperEngine, collection_with, sealed


def test_a_new_collection_explains_itself_and_is_sound(tmp_path):
    collection = Root(tmp_path).create("news", "News", description="Why.", agent=AGENT)
    assert "pip install pywb" in (collection.path / "README.txt").read_text()
    assert collection.metadata()["title"] == "News"
    assert {path.name for path in (collection.path / "schemas").iterdir()} == {
        "access-1.0.0.json",
        "sidecar-1.0.0.json",
        "sidecar-1.1.0.json",
        "sidecar-1.2.0.json",
        "collection-1.0.0.json",
        "collection-1.1.0.json",
        "collection-1.2.0.json",
        "collection-1.3.0.json",
        "ledger-1.0.0.json",
        "ledger-1.1.0.json",
        "ledger-1.2.0.json",
        "erasure-1.0.0.json",
        "loss-1.0.0.json",
        "qa-1.0.0.json",
        "qa-1.1.0.json",
        "context-1.0.0.jsonld",
    }
    assert verify_collection(collection).findings == ()


def test_names_are_checked_and_taken_once(tmp_path):
    Root(tmp_path).create("news", "News", agent=AGENT)
    with pytest.raises(ConflictError):
        Root(tmp_path).create("news", "Again", agent=AGENT)
    with pytest.raises(UnknownCollection):
        Root(tmp_path).collection("other")
    for name in ("../up", "", ".hidden", "a/b", "-x", "a\n"):
        with pytest.raises(UsageError):
            Root(tmp_path).create(name, "Bad", agent=AGENT)


def test_a_capture_is_entered_by_one_line_that_names_all_its_files(tmp_path):
    collection, [captured] = collection_with(tmp_path)
    *_, segment = collection.history()
    event = segment.events[-1]
    assert (event.type, event.capture) == ("capture", captured.capture_id)
    assert [file.path for file in event.objects] == [captured.warc, captured.sidecar]
    assert captured.verdict == "ok" and captured.records == 6
    sidecar = collection.sidecar(captured.capture_id)
    assert sidecar.headline == "The bridge stands"
    assert sidecar.document["article"]["datePublished"] == "2026-11-21T08:00:00+02:00"
    assert verify_collection(collection).findings == ()


def test_a_capture_whose_sidecar_is_not_valid_says_so(tmp_path):
    class Lost(PaperEngine):
        def capture(self, url, limits):
            for item in super().capture(url, limits):
                yield replace(item, final_url="about:blank") if isinstance(item, PageInfo) else item

    captured = capture_url(URL, Root(tmp_path).create("news", "News", agent=AGENT), Lost(), Terms())
    assert [(one.level, one.where) for one in captured.findings] == [("error", captured.capture_id)]
    assert "/capture/final_url" in captured.findings[0].message


STEPS = [
    (draft.Draft, "publish"),
    (draft.Draft, "claim"),
    (Chain, "append"),
    (Chain, "_write_head"),
    (index, "add"),
    (draft.Draft, "enter"),
]


@pytest.mark.parametrize(("place", "step"), STEPS, ids=[step for _, step in STEPS])
@pytest.mark.parametrize("when", ["before", "after"])
def test_dying_at_any_step_leaves_nothing_or_the_whole(tmp_path, place, step, when):
    """A child process dies, as by SIGKILL, before or after each step of the commit."""
    collection, _ = collection_with(tmp_path)
    if not (child := os.fork()):
        original = getattr(place, step)

        def dying(*arguments, **options):
            if when == "after":
                original(*arguments, **options)
            os._exit(9)

        setattr(place, step, dying)
        capture_url(f"{URL}/dying", collection, PaperEngine(), Terms())
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    before = verify_collection(collection)
    assert before.ok, before.findings
    whole = {sidecar.id for sidecar in collection.sidecars()}
    findings = collection.clear_leftovers()
    assert [one.code for one in findings] in (["leftover-removed"], ["leftover-finished"], [])
    assert {sidecar.id for sidecar in collection.sidecars()} == whole
    assert verify_collection(collection).findings == ()
    assert capture_url(f"{URL}/next", collection, PaperEngine(), Terms()).verdict == "ok"
    assert verify_collection(collection).findings == ()


@pytest.mark.parametrize(("place", "step"), STEPS, ids=[step for _, step in STEPS])
def test_a_full_disk_at_any_step_loses_nothing(tmp_path, monkeypatch, place, step):
    collection, _ = collection_with(tmp_path)

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(place, step, full)
    with pytest.raises((StorageError, OSError)):
        capture_url(f"{URL}/full", collection, PaperEngine(), Terms())
    monkeypatch.undo()
    collection.clear_leftovers()
    assert verify_collection(collection).findings == ()
    assert len(list(collection.sidecars())) in (1, 2)


def test_an_exception_in_the_engine_leaves_nothing(tmp_path):
    class Failing(PaperEngine):
        def capture(self, url, limits):
            yield next(super().capture(url, limits))
            raise RuntimeError("the engine broke")

    collection, _ = collection_with(tmp_path)
    with pytest.raises(RuntimeError):
        capture_url(f"{URL}/x", collection, Failing(), Terms())
    assert not list(collection.path.glob(f"archive/**/{disk.TEMPORARY}*"))
    assert collection.clear_leftovers() == []
    assert verify_collection(collection).findings == ()


def test_a_writer_under_way_is_left_alone(tmp_path):
    collection, _ = collection_with(tmp_path)
    with collection.draft("20261122T140112Z-aaaaaaaaaa") as (_, stream):
        stream.write(b"half")
        assert collection.clear_leftovers() == []
        assert verify_collection(collection).findings == ()


def test_a_copied_root_is_a_new_writer_and_a_clone_is_told(tmp_path):
    collection, _ = collection_with(tmp_path / "a")
    collection.seal()
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    twin = Root(tmp_path / "b").collection("news")
    for copy in (collection, twin):
        capture_url(f"{URL}/{copy.path}", copy, PaperEngine(), Terms())
        copy.seal()
    new = [path for path in sealed(twin) if path not in sealed(collection)]
    for file in twin.files():
        if file not in collection.files():
            collection.local(file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(twin.local(file), collection.local(file))
    collection.adopt([(path, twin.local(path).read_bytes()) for path in new])
    report = verify_collection(collection)
    assert [one.code for one in report.findings] == ["ledger-clone"]
    assert len(list(collection.sidecars())) == 3
    shutil.rmtree(tmp_path / "b" / ".archiver")
    assert Root(tmp_path / "b").state.writer() != collection.state.writer()


def test_the_ledger_holds_no_url_and_no_name(tmp_path):
    collection, _ = collection_with(tmp_path)
    text = b"".join(path.read_bytes() for path in collection.path.glob("ledger/*/*"))
    for private in (b"news.example", b"Kovalenko", b"bridge"):
        assert private not in text
    assert ledger.FORMAT.encode() in text


def test_nobody_waits_while_another_merges_index_levels(tmp_path):
    collection, _ = collection_with(tmp_path)
    lines = [b'example,news)/%06d 20261122140112 {"filename": "x"}\n' % number for number in range(6000)]
    index.add(collection.indexes, lines)
    level = index.level(collection.indexes, 0)
    full = level.stat().st_size
    assert full > index.LEVEL_0_BYTES
    with collection.state.lock("news.compact"):
        capture_url(f"{URL}/meanwhile", collection, PaperEngine(), Terms())
        assert level.stat().st_size > full
    capture_url(f"{URL}/after", collection, PaperEngine(), Terms())
    assert level.stat().st_size == 0


def test_a_segment_stays_small_enough_to_be_read_for_every_line(tmp_path):
    collection, _ = collection_with(tmp_path, 0)
    for _ in range(SEAL_LINES + 3):
        collection.record(ledger.Event("fixity check", "test/1"))
    own = collection.path / "ledger" / collection.state.writer()
    assert len(ledger.sealed_files(own.parent)) == 1
    assert (own / ledger.OPEN).stat().st_size < 2000
