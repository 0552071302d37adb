"""Packages that come back or come from others: taken in whole, or refused whole."""

import hashlib
import json
import random
import shutil

import pytest

from archiver.capture import AGENT, Terms, capture_url
from archiver.collection import Collection, Root
from archiver.collection.erasure import erase
from archiver.errors import ErasedContent, StorageError, UnreadableInput
from archiver.package import PackageConflict, RefusedPackage, export, import_all, import_package
from archiver.sidecar import Sidecar
from archiver.verify import verify_collection
from material import PAGE, URL, PaperEngine, Site, answer, collection_with, foreign_record, repacked


@pytest.fixture
def source(tmp_path):
    return collection_with(tmp_path / "source", 3)[0]


@pytest.fixture
def target(tmp_path):
    return Root(tmp_path / "target").create("other", "Other", agent=AGENT)


class Varied(PaperEngine):
    """Each page differs, until some record's digest ends in a Z, as one in 32 does: no zone of time is meant."""

    def capture(self, url, limits):
        self.text = f"It stood, night by night. {url}"
        yield from super().capture(url, limits)


def test_a_digest_may_end_in_a_z(tmp_path, target):
    source = Root(tmp_path / "source").create("news", "News", agent=AGENT)
    for number in range(400):
        done = capture_url(f"{URL}/{number}", source, Varied(), Terms())
        records = source.sidecar(done.capture_id).document["warc"]["records"].values()
        if any(one["payload_digest"].endswith("Z") for one in records):
            break
    export(source, tmp_path / "z.wacz", "wacz", [done.capture_id])
    list(import_package(tmp_path / "z.wacz", target))
    assert target.captures() == [done.capture_id]


@pytest.fixture(params=["wacz", "bagit"])
def package(request, source, tmp_path):
    export(source, tmp_path / "a.wacz" if request.param == "wacz" else tmp_path / "bag", request.param)
    return tmp_path / "a.wacz" if request.param == "wacz" else tmp_path / "bag"


def state(collection):
    return {path: file.sha256 for path, file in collection.files().items()}


def refused(package, target, kind=RefusedPackage):
    """The codes of what is wrong with it; and nothing was taken in."""
    before, places = state(target), sorted(target.path.rglob("*"))
    with pytest.raises(kind) as told:
        list(import_package(package, target))
    assert state(target) == before and sorted(target.path.rglob("*")) == places
    return {one.code for one in told.value.findings if one.level == "error"}


def test_captures_come_back_with_their_ids_and_revisions(source, target, package):
    head, *files = import_package(package, target)
    assert [one.level for one in head.findings if one.code != "package-unsigned"] == []
    assert sorted(capture for file in files for capture in file.captures) == source.captures() == target.captures()
    kept = {path: digest for path, digest in state(source).items() if path.startswith(("archive/", "sidecars/"))}
    assert kept.items() <= state(target).items()
    assert {event.capture for segment in target.history() for event in segment.events} == {None, *source.captures()}
    assert verify_collection(target).findings == ()
    assert list(target.read_index()) == list(source.read_index())
    [again] = import_package(package, target)
    assert {one.code for one in again.findings} == {"known"} | {one.code for one in head.findings}
    assert not list(target.path.rglob(".tmp-*"))


def test_what_was_cut_off_goes_on(source, target, package, monkeypatch):
    commit, done = Collection.commit, []

    def failing(self, *arguments):
        if len(done) == 2:
            raise OSError(28, "No space left on device")
        done.append(commit(self, *arguments))

    monkeypatch.setattr(Collection, "commit", failing)
    with pytest.raises(StorageError, match="space"):
        list(import_package(package, target))
    monkeypatch.undo()
    assert len(target.captures()) == 2 and verify_collection(target).findings == ()
    list(import_package(package, target))
    assert target.captures() == source.captures() and verify_collection(target).findings == ()


def changed(name_of, change):
    """A change to the one file whose name fits."""

    def apply(files):
        name = next(one for one in sorted(files) if one.startswith(name_of))
        change(files, name)

    return apply


def rename(to):
    return lambda files, name: files.update({to(name): files.pop(name)})


def document(edit, *, named=True):
    """A change to a sidecar; `named`: under the name that it then should have."""

    def apply(files, name):
        read = json.loads(files.pop(name))
        edit(read)
        content = json.dumps(read).encode()
        files[f"sidecars/{Sidecar(read, content).file_name}" if named else name] = content

    return apply


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (changed("sidecars/", document(lambda d: d["article"].update(headline="No"))), "article-derived"),
        (changed("sidecars/", document(lambda d: d.update(surprise=1))), "schema-unknown-key"),
        (changed("sidecars/", document(lambda d: d["capture"].update(status=404), named=False)), "sidecar-name"),
        (changed("sidecars/", document(lambda d: d.update(id="20261122T140112Z-k3v7q2m5xa"))), "warc-name"),
        (changed("sidecars/", document(lambda d: d["warc"].update(file="ledger/x.warc.gz"))), "schema-pattern"),
        (changed("sidecars/", document(lambda d: d["warc"].update(file="archive/x.warc.gz"))), "warc-absent"),
        (changed("sidecars/", document(lambda d: d["warc"].update(file=f"archive/2020/01/01/{d['id']}.warc.gz"))),
         "warc-name"),
        (changed("sidecars/", document(lambda d: d["warc"].update(sha256="0" * 64))), "warc-absent"),
        (changed("sidecars/", document(lambda d: d["warc"]["records"]["text"].update(id="urn:1"))), "record-absent"),
        (changed("sidecars/", lambda f, n: f.update({n: b"{}"})), "sidecar-unreadable"),
        (changed("sidecars/", lambda f, n: f.update({n: b"{" * 9999})), "sidecar-unreadable"),
        (changed("archive/", lambda f, n: f.pop(n)), "warc-absent"),
        (changed("archive/", lambda f, n: f.update({n: f[n][:-9]})), "warc-absent"),
        (changed("archive/", rename(lambda name: f"{name[:-8]}0.warc.gz")), "warc-absent"),
        (lambda files: files.update({"archive/more.warc.gz": b"no WARC"}), "warc-unreadable"),
    ],
)  # fmt: skip
def test_forged_packages_are_refused_whole(target, package, change, code):
    assert code in refused(repacked(package, change), target)


def test_a_warc_with_the_name_of_another_place(target, package, source):
    """A product's name carries the beginning of its digest; what does not is none."""
    capture = source.captures()[0]
    warc = f"archive/{capture}.text-{'0' * 12}.warc.gz"
    assert refused(repacked(package, lambda files: files.update({warc: foreign_record(1)})), target) == {"warc-name"}
    good = f"archive/{capture}.text-{hashlib.sha256(foreign_record(1)).hexdigest()[:12]}.warc.gz"
    list(import_package(repacked(package, lambda files: files.update({good: files.pop(warc)})), target))
    assert f"archive/{capture[:4]}/{capture[4:6]}/{capture[6:8]}/{good[8:]}" in target.files()
    assert verify_collection(target).ok


def test_what_is_here_is_not_changed_by_a_package(source, target, package, tmp_path):
    list(import_package(package, target))
    forge = document(lambda d: d.update(parents=[target.sidecar(d["id"]).file_name]))
    extra = changed("sidecars/", lambda f, n: forge(copy := {n: f[n]}, n) or f.update(copy))
    before = state(target)
    [done] = import_package(repacked(package, extra), target)
    assert "revisions-differ" in {one.code for one in done.findings} and state(target) == before
    other = Root(tmp_path / "third").create("other", "Other", agent=AGENT)
    list(import_package(package, other))  # where it is new, all revisions come in
    assert len(other.revisions(source.captures()[0])) == 2


def test_a_capture_that_is_here_with_other_bytes(source, target, package):
    list(import_package(package, target))
    capture = source.captures()[0]

    def forge(files):
        [warc] = [name for name in files if name.startswith("archive/") and capture in name]
        [name] = [name for name in files if name.startswith("sidecars/") and capture in name]
        files[warc] += foreign_record(1)
        sha256, size = hashlib.sha256(files[warc]).hexdigest(), len(files[warc])
        document(lambda d: d["warc"].update(sha256=sha256, bytes=size))(files, name)

    assert refused(repacked(package, forge), target, PackageConflict) == {"capture-conflict"}


def test_a_capture_that_another_collection_of_the_root_has(source, package):
    beside = Root(source.path.parent).create("beside", "Beside", agent=AGENT)
    assert refused(package, beside, PackageConflict) == {"capture-elsewhere"}


def test_what_was_erased_does_not_come_back(source, target, package, tmp_path):
    list(import_package(package, target))
    first, second, third = source.captures()
    erase(target, first, "court-order", lambda _: b"{}\n")
    target.settle()
    head, *files = import_package(package, target)
    assert [one.where.endswith(f"{first}.warc.gz") for one in head.findings if one.code == "erased"] == [True]
    assert files == [] and target.captures() == [second, third]
    loose = tmp_path / "another name.warc.gz"
    shutil.copy(source.local(source.sidecar(first).warc_file), loose)
    [done] = import_all([loose], target)
    assert isinstance(done.error, ErasedContent) and done.captures == ()
    bare = repacked(package, lambda f: [f.pop(n) for n in sorted(f) if n.startswith("sidecars/")])
    head, *files = import_package(bare, target)
    assert [one.code for file in files for one in file.findings if file.path is None] == ["erased"]
    assert verify_collection(target).ok and first not in target.captures()


@pytest.mark.parametrize("form", ["wacz", "bagit"])
def test_originals_go_with_what_refers_to_them(target, tmp_path, form):
    """A page and its picture, captured on two days; the second capture refers to the first for the picture."""
    source = Root(tmp_path / "dedup").create("news", "News", dedup=True, agent=AGENT)
    first, second = (capture_url(PAGE, source, Site(answer(), days=day), Terms()).capture_id for day in (0, 1))
    out = tmp_path / f"both.{form}"
    assert export(source, out, form, [second]).captures == tuple(sorted((first, second)))
    assert export(source, tmp_path / f"one.{form}", form, [first]).captures == (first,)
    list(import_package(out, target))
    assert target.captures() == sorted((first, second)) and verify_collection(target).findings == ()
    other = Root(tmp_path / "third").create("other", "Other", agent=AGENT)
    list(import_package(tmp_path / f"one.{form}", other))
    erase(other, first, "court-order", lambda _: b"{}\n")
    other.settle()
    head, *files = import_package(out, other)
    assert {one.code for one in head.findings if one.level == "warning"} == {"erased", "original-erased"}
    assert files == [] and verify_collection(other).ok


def test_an_erased_page_of_others_does_not_come_back(target, tmp_path):
    file = tmp_path / "one.warc.gz"
    file.write_bytes(foreign_record(1))
    [done] = import_all([file], target)
    erase(target, *done.captures, "court-order", lambda _: b"{}\n")
    target.settle()
    [again] = import_all([file], target)
    assert isinstance(again.error, ErasedContent) and target.captures() == []


def test_packages_of_others_are_taken_in_page_by_page(target, package):
    bare = repacked(package, lambda f: [f.pop(n) for n in sorted(f) if n.startswith("sidecars/")])
    _, *files = import_package(bare, target)
    assert len(files) == 3 and all(len(file.captures) == 1 for file in files)
    assert all(file.path.startswith("archive/imported/") for file in files)
    assert {target.sidecar(file.captures[0]).headline for file in files} == {"The bridge stands"}
    assert [one for one in verify_collection(target).findings if one.level == "error"] == []


def test_folders_stand_for_what_is_in_them(target, source, tmp_path):
    folder = tmp_path / "in"
    (folder / "a/b").mkdir(parents=True)
    (folder / "a/b/1.warc.gz").write_bytes(foreign_record(1))
    (folder / "a/2.warc").write_bytes(b"")
    (folder / "notes.txt").write_text("no WARC")
    export(source, folder / "bag", "bagit")
    empty, first, bag, *own = import_all([folder], target)
    assert isinstance(empty.error, UnreadableInput) and empty.file == str(folder / "a/2.warc")
    assert len(first.captures) == 1 and bag.file == str(folder / "bag") and len(own) == 3
    (folder / "3.warc.gz").symlink_to(folder / "a/b/1.warc.gz")
    (tmp_path / "empty").mkdir()
    for path, why in ((folder, "link"), (tmp_path / "empty", "no WARC"), (source.path, "collection")):
        [done] = import_all([path], target)
        assert why in str(done.error) and done.error.exit_code == 2


def test_a_sound_package_without_a_warc(target, tmp_path, source):
    export(source, tmp_path / "bag", "bagit")
    bag = repacked(tmp_path / "bag", lambda f: [f.pop(n) for n in sorted(f) if n.startswith(("arch", "side"))])
    [done] = import_all([bag], target)
    assert "no WARC" in str(done.error)
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 something")
    [done] = import_all([tmp_path / "a.zip"], target)
    assert done.error.exit_code == 2 and "not-imported" in {one.code for one in done.findings}


@pytest.mark.parametrize("seed", range(2))
def test_no_damage_crashes_it_or_comes_in_by_half(target, package, tmp_path, seed):
    """Bits flipped, bytes cut and swapped: what comes in is what was sent, or nothing does."""
    chance = random.Random(seed)
    files = [package] if package.is_file() else [p for p in sorted(package.rglob("*")) if p.is_file()]
    begun = state(target)
    for trial in range(40):
        victim = chance.choice(files)
        whole = victim.read_bytes()
        content, at = bytearray(whole), chance.randrange(len(whole))
        match trial % 4:
            case 0:
                content[at] ^= 1 << chance.randrange(8)
            case 1:
                del content[at:]
            case 2:
                content[at:at] = bytes(chance.randrange(256) for _ in range(5))
            case 3:
                del content[at : at + chance.randrange(1, 300)]
        victim.write_bytes(content)
        outcomes = list(import_all([package], target))
        victim.write_bytes(whole)
        if any(one.error for one in outcomes):
            assert state(target) == begun, (victim, at)
            assert all(one.error.exit_code in (2, 6) for one in outcomes if one.error)
        else:  # only where the damage changes nothing that anybody reads
            assert len(target.captures()) == 3 and verify_collection(target).findings == ()
            shutil.rmtree(target.path.parent)
            target = Root(tmp_path / "target").create("other", "Other", agent=AGENT)
            begun = state(target)
    list(import_package(package, target))
    assert len(target.captures()) == 3 and verify_collection(target).findings == ()
