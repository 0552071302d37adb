"""`archiver erase`: what is asked, what is refused, what is told."""

import json
import os
import pty
import subprocess
import sys
from contextlib import suppress

import pytest

from archiver import disk
from archiver.capture import Terms, capture_url
from archiver.catalogue import open_catalogue
from archiver.cli import run
from archiver.collection import Root
from archiver.errors import WarcShared
from archiver.jobs.queue import open_queue
from archiver.package import import_all, import_warc
from archiver.stores.local import LocalStore
from archiver.sync import push
from archiver.validate import validate_files
from archiver.verify import verify_collection
from material import URL, PaperEngine, collection_with

BASIS = ("--basis", "personal-data", "--by", "M. K.")


@pytest.fixture
def archiver(tmp_path, capfd):
    """Runs a command in this process: exit code, stdout, stderr."""

    def command(*arguments):
        code = run(["--root", str(tmp_path / "root"), *map(str, arguments)])
        return code, *capfd.readouterr()

    return command


@pytest.fixture
def news(tmp_path):
    return collection_with(tmp_path / "root", 3)


def everywhere(root, words):
    """Files under a root that hold any of some words."""
    files = (path for path in root.rglob("*") if path.is_file())
    return [str(path) for path in files if any(word.encode() in path.read_bytes() for word in words)]


def test_nothing_of_it_is_left_under_the_root(archiver, news, tmp_path):
    collection, (one, two, three) = news
    address = f"{URL}/0"
    aside = collection.state.path / "quarantine/news/20261122T140112Z" / one.warc
    aside.parent.mkdir(parents=True)
    aside.write_bytes(b"damaged")
    with open_catalogue(collection) as catalogue:
        assert catalogue.count() == 3
    assert everywhere(tmp_path, [address, "abcdefghij"]) != []
    code, out, err = archiver("erase", one.capture_id, *BASIS, "--note", "Request 2026/118", "--yes", "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert (told["status"], told["basis"], told["rewritten"]) == ("erased", "personal-data", [])
    assert one.warc in told["files"]
    assert everywhere(tmp_path, [address]) == [] and not aside.exists()
    assert {path.name for path in tmp_path.rglob(f"*{one.capture_id}*")} == {
        path.name for path in collection.path.glob("erasures/*")
    }
    with open_catalogue(collection) as catalogue:
        assert {row.id for row in catalogue.captures()} == {two.capture_id, three.capture_id}
    assert everywhere(tmp_path, [address]) == []
    assert verify_collection(collection).findings == ()
    assert archiver("reindex")[0] == 0
    assert archiver("list", "--json")[1].count("\n") == 2
    assert archiver("show", one.capture_id)[0] == 2
    code, out, _ = archiver("history", one.capture_id, "--json")
    assert [json.loads(line)["event"] for line in out.splitlines()] == ["capture", "deletion"]


def test_what_killed_commands_left_of_it_goes_too(archiver, news, tmp_path):
    """A check of replay that was killed leaves pictures of the page under a name that tells nothing of it."""
    collection, (one, *_) = news
    cut_off = collection.local(one.warc).with_name(".tmp-qa-aaaaaaaaaa")
    mark = collection.state.marks("news") / "qa-aaaaaaaaaa"
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(f"{cut_off.relative_to(collection.path)}\n")
    aside = collection.state.path / "quarantine/news/20261122T140112Z" / one.warc
    aside.parent.mkdir(parents=True)
    aside = disk.temporary_beside(aside)
    for file in (cut_off, aside):
        file.write_bytes(b"Zanzibar")
    code, _, err = archiver("erase", one.capture_id, *BASIS, "--yes")
    assert code == 0 and "leftover-removed" in err
    assert everywhere(tmp_path, ["Zanzibar"]) == []
    assert verify_collection(collection).findings == ()


def test_the_record_says_who_and_why_and_is_valid(archiver, news):
    collection, (one, *_) = news
    archiver("erase", one.capture_id, *BASIS, "--note", "Request 2026/118", "--yes")
    (path,) = collection.path.glob("erasures/*.json")
    record = json.loads(path.read_bytes())
    assert (record["by"], record["note"], record["basis"]) == ("M. K.", "Request 2026/118", "personal-data")
    assert (record["capture"], record["files"]) == (one.capture_id, 2)
    ledger = b"".join(file.read_bytes() for file in collection.path.glob("ledger/*/*.jsonl"))
    assert b"M. K." not in ledger and b"Request" not in ledger
    judged = list(validate_files([collection.path]))
    assert path.name in {file.file.rpartition("/")[2] for file in judged}
    assert [found for file in judged for found in file.findings] == []
    path.write_bytes(path.read_bytes().replace(b"personal-data", b"because"))
    assert {found.code for found in next(validate_files([path])).findings} == {"schema-enum", "name-digest"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "ground"),
        (["--basis", "whim", "--by", "M. K."], "ground"),
        (["--basis", "contract"], "name"),
        (["--basis", "other", "--by", "M. K."], "told"),
        ([*BASIS, "--note", f"see {URL}"], "address"),
        ([*BASIS, "--note", "It is about THE BRIDGE STANDS."], "headline"),
        (BASIS, "asked"),
    ],
    ids=["nothing", "no-code", "nobody", "no-note", "address", "headline", "not-asked"],
)
def test_what_is_missing_or_would_keep_it_is_refused(archiver, news, options, sentence):
    collection, (one, *_) = news
    yes = ["--yes"] if sentence != "asked" else []
    code, _, err = archiver("erase", one.capture_id, *options, *yes)
    assert code == 2 and sentence in err
    assert collection.holdings().erased == frozenset()
    assert verify_collection(collection).findings == ()


def test_unknown_ids_are_refused_before_anything_goes(archiver, news):
    collection, (one, *_) = news
    code, _, err = archiver("erase", one.capture_id, "20200101T000000Z-aaaaaaaaaa", *BASIS, "--yes")
    assert code == 2 and "20200101T000000Z-aaaaaaaaaa" in err
    assert len(collection.captures()) == 3


def test_what_was_erased_before_is_told(archiver, news):
    _, (one, *_) = news
    archiver("erase", one.capture_id, *BASIS, "--yes")
    code, out, err = archiver("erase", one.capture_id, *BASIS)
    assert (code, "before" in out, "info" in err) == (0, True, True)


def test_a_dry_run_shows_it_and_changes_nothing(archiver, news):
    collection, (one, *_) = news
    before = {path: path.read_bytes() for path in collection.path.rglob("*") if path.is_file()}
    code, out, _ = archiver("erase", one.capture_id, "--dry-run")
    assert code == 0 and "would be erased: 2 files" in out and one.warc in out
    assert {path: path.read_bytes() for path in collection.path.rglob("*") if path.is_file()} == before


@pytest.fixture
def imported(tmp_path):
    """A WARC made by others with two pages, taken in."""
    source, made = collection_with(tmp_path / "other", 2)
    file = tmp_path / "crawl.warc.gz"
    file.write_bytes(b"".join(source.local(one.warc).read_bytes() for one in made))
    collection = Root(tmp_path / "root").create("news", "News", agent="test/1")
    return collection, file, import_warc(file, collection)


def test_a_shared_warc_goes_whole_or_not(archiver, imported):
    collection, _, done = imported
    first, other = done.captures
    code, _, err = archiver("erase", first, *BASIS, "--yes")
    assert code == 2 and other in err and "--whole-file" in err
    code, out, _ = archiver("erase", first, "--whole-file", "--dry-run", "--json")
    assert done.path in json.loads(out.splitlines()[-1])["files"], "the last one takes it along"
    assert archiver("erase", first, *BASIS, "--whole-file", "--yes")[0] == 0
    assert collection.captures() == [] and not collection.local(done.path).exists()
    assert verify_collection(collection).findings == ()


def test_naming_all_captures_of_a_shared_warc_is_enough(archiver, imported):
    collection, _, done = imported
    assert archiver("erase", *done.captures, *BASIS, "--yes")[0] == 0
    assert not collection.local(done.path).exists()


def test_what_was_erased_is_not_taken_in_again_under_any_name(archiver, imported, tmp_path):
    collection, file, done = imported
    archiver("erase", *done.captures, *BASIS, "--yes")
    renamed = tmp_path / "another.warc.gz"
    file.rename(renamed)
    code, _, err = archiver("import", renamed, "-c", "news")
    assert code == 4 and "was erased" in err
    (outcome,) = import_all([renamed], collection)
    assert outcome.path is None and outcome.error is not None
    assert collection.captures() == []


def test_a_capture_that_shares_its_warc_is_named_by_the_error(imported):
    from archiver import erasing

    collection, _, done = imported
    with pytest.raises(WarcShared) as caught:
        erasing.plan([collection], [done.captures[0]])
    assert caught.value.sharing == done.captures[1:]


def test_settle_without_anything_to_do_does_nothing(archiver, news):
    assert archiver("erase", "--settle") == (0, "", "")
    code, _, err = archiver("erase", "--settle", news[1][0].capture_id)
    assert code == 2 and "no ids" in err


def test_the_queue_forgets_the_address(archiver, news, tmp_path):
    collection, _ = news
    root, address = collection.path.parent, "https://news.example/of-the-queue"
    with open_queue(root, "news") as queue:
        batch = queue.put([address], {})
        job = queue.claim(batch)
        done = capture_url(address, collection, PaperEngine(), Terms(), identity=job.capture)
        queue.finish(job, done.as_json(), failed=False)
        queue.end(batch)
    assert everywhere(root, [address]) != []
    assert archiver("erase", job.capture, *BASIS, "--yes")[0] == 0
    assert everywhere(root, [address]) == []
    with open_queue(root, "news") as queue:
        assert list(queue.jobs()) == []


def test_it_goes_from_a_remote_in_one_command(archiver, news, tmp_path):
    _, (one, *_) = news
    away = tmp_path / "away"
    away.mkdir()
    assert archiver("sync", "push", "-c", "news", away.as_uri())[0] == 0
    assert everywhere(away, [f"{URL}/0"]) != []
    code, out, err = archiver("erase", one.capture_id, *BASIS, "--yes", "--json", "--remote", away.as_uri())
    assert code == 0 and "remote-erased" in err
    assert [json.loads(line).get("status", json.loads(line).get("verb")) for line in out.splitlines()] == [
        "erased",
        "push",
    ]
    assert everywhere(away, [f"{URL}/0"]) == []
    again = archiver("erase", "--settle", "--remote", away.as_uri())
    assert again[0] == 0
    other = run(["--root", str(tmp_path / "other"), "sync", "pull", "-c", "news", away.as_uri()])
    assert other == 0 and len(Root(tmp_path / "other").collection("news").captures()) == 2


def test_a_remote_that_cannot_be_reached_is_told_before_anything_goes(archiver, news, tmp_path):
    collection, (one, *_) = news
    code, _, err = archiver("erase", one.capture_id, *BASIS, "--yes", "--remote", (tmp_path / "absent").as_uri())
    assert code == 5 and "no such folder" in err
    assert len(collection.captures()) == 3


def test_what_contradicts_a_remote_is_not_erased(archiver, news, tmp_path):
    collection, (one, *_) = news
    away = tmp_path / "away"
    away.mkdir()
    push(Root(tmp_path / "stranger").create("news", "Another", agent="test/1"), LocalStore(away))
    code, _, err = archiver("erase", one.capture_id, *BASIS, "--yes", "--remote", away.as_uri())
    assert code == 6 and "another collection" in err and "Nothing was erased" in err
    assert len(collection.captures()) == 3


@pytest.mark.parametrize(("answered", "code", "left"), [("n", 130, 3), ("y", 0, 2)])
def test_on_a_terminal_it_shows_what_goes_and_asks(news, tmp_path, answered, code, left):
    collection, (one, *_) = news
    ours, theirs = pty.openpty()
    command = ["--root", str(tmp_path / "root"), "erase", one.capture_id, *BASIS]
    child = subprocess.Popen(
        [sys.executable, "-m", "archiver", *command], stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True
    )
    os.close(theirs)
    shown = b""
    while b"[y/N]" not in shown:
        shown += os.read(ours, 4096)
    assert one.warc.encode() in shown and b"would be erased: 2 files" in shown
    os.write(ours, f"{answered}\n".encode())
    with suppress(OSError):  # what a pseudoterminal says at its end
        while os.read(ours, 4096):
            pass
    assert child.wait() == code
    os.close(ours)
    assert len(collection.captures()) == left
