"""`sync verify` over the memory store: what each level sees, what it reads first, and what it makes of locks."""

import json
import re
from datetime import timedelta
from pathlib import Path

import click
import pytest

from archiver import disk
from archiver.cli import run
from archiver.cli.options import Percentage, Size
from archiver.collection import Root
from archiver.collection.description import redescribe
from archiver.errors import StoreError
from archiver.fixity import Fixity
from archiver.ledger import Event
from archiver.model import FileRef, now
from archiver.stores import Lock
from archiver.stores.memory import MemoryStore
from archiver.sync import push, status
from archiver.sync.audit import Share, audit
from archiver.sync.locking import shortcoming
from archiver.sync.mending import repair

AGENT = "test/1"
CAPTURE = "20261122T140112Z-k3v7q2mzpa"
LEVELS = ["list", "head", "deep"]


class Store(MemoryStore):
    """Tells, as S3 does, the digest that was noted when an object was put, and has objects that cannot be read."""

    def __init__(self):
        super().__init__("memory:there")
        self.noted = {}
        self.rotten = set()
        self.gone = False

    def put(self, key, body, *, bytes, sha256, free=False):
        self.noted[key] = sha256
        return super().put(key, body, bytes=bytes, sha256=sha256)

    def stat(self, key):
        info = super().stat(key)
        return info and type(info)(key, info.bytes, self.noted.get(key), info.lock)

    def open(self, key, start=0, bytes=None):
        if key in self.rotten or self.gone:
            raise StoreError(key, "the server refused (500 InternalError)", retryable=True)
        return super().open(key, start, bytes)

    def list(self, prefix):
        if self.gone:
            raise StoreError("memory:", "the server cannot be reached", retryable=True)
        return super().list(prefix)


def add(collection, path, content, **more):
    disk.write_atomic(collection.local(path), content)
    file = FileRef(path, len(content), disk.sha256_bytes(content))
    collection.record(Event("ingestion", AGENT, (file,), **more))
    return file


@pytest.fixture
def here(tmp_path):
    collection = Root(tmp_path / "root").create("news", "News", agent=AGENT)
    for name in "abc":
        add(collection, f"sidecars/{name}.json", name.encode() * 100)
    return collection


@pytest.fixture
def store(here):
    there = Store()
    assert push(here, there).exit_code == 0
    return there


def codes(report, *, quiet=("info",)):
    return sorted((one.code, one.where) for one in report.findings if one.level not in quiet)


@pytest.mark.parametrize("level", LEVELS)
def test_a_store_that_holds_what_was_pushed_is_sound(here, store, level):
    report = audit(here, store, level)
    assert (report.findings, report.exit_code) == ((), 0)
    assert report.expected == report.present == len(store.objects)
    assert len(report.read) == (len(store.objects) if level == "deep" else 0)
    assert report.bytes == (sum(map(len, store.objects.values())) if level == "deep" else 0)
    (check,) = [one for one in Fixity(here.state, "news").checks() if one.kind == level]
    assert (check.place, check.files, check.errors) == ("memory:there", report.present, 0)


@pytest.mark.parametrize(
    ("harm", "code", "seen_by"),
    [
        ("missing", "remote-missing", "list head deep"),
        ("longer", "remote-size", "list head deep"),
        ("other", "remote-digest", "deep"),
        ("other, noted", "remote-digest", "head deep"),
        ("rotten", "remote-unreadable", "deep"),
        ("hidden", "remote-delete-marker", "list head deep"),
    ],
)
@pytest.mark.parametrize("path", ["sidecars/b.json", "ledger"])
@pytest.mark.parametrize("level", LEVELS)
def test_each_level_sees_what_it_can_see(here, store, level, harm, code, seen_by, path):
    if path == "ledger":
        audit(here, store, "deep")  # a segment that nobody saw there counts as not yet pushed
    key = next(key for key in store.objects if key.startswith(path))
    match harm:
        case "missing":
            del store.objects[key]
        case "hidden":
            store.hidden[key] = store.objects.pop(key)
        case "longer":
            store.objects[key] += b"x"
        case "rotten":
            store.rotten.add(key)
        case "other" | "other, noted":
            store.objects[key] = b"x" + store.objects[key][1:]
            if harm == "other, noted":
                store.noted[key] = disk.sha256_bytes(store.objects[key])
    before = dict(store.objects)
    report = audit(here, store, level)
    assert {where for _, where in codes(report)} == ({key} if level in seen_by else set())
    assert code in {one for one, _ in codes(report)} or level not in seen_by
    assert report.exit_code == int(level in seen_by)
    assert store.objects == before


def test_a_segment_once_read_there_is_missed_and_one_never_there_is_told_apart(here, store):
    (segment,) = [key for key in store.objects if key.startswith("ledger/")]
    add(here, "sidecars/d.json", b"d")
    here.seal()
    report = audit(here, store)
    assert codes(report) == [("remote-behind", "memory:there")]
    assert report.exit_code == 0
    audit(here, store, "deep")
    del store.objects[segment]
    assert ("remote-missing", segment) in codes(audit(here, store))


@pytest.mark.parametrize("level", LEVELS)
def test_an_empty_store_is_no_sound_copy(here, store, level):
    """A wrong prefix, or a bucket that somebody emptied, must not pass for a copy of which all is there."""
    store.objects.clear()
    report = audit(here, store, level)
    assert (codes(report), report.exit_code) == ([("remote-empty", "memory:there")], 1)
    assert [one.code for one in repair(here, store, dry_run=True).findings] == ["remote-empty"]


def test_more_than_there_should_be_is_told_and_what_waits_for_its_segment_is_not(here, store):
    store.objects["sidecars/extra.json"] = b"x"
    file = add(here, "sidecars/d.json", b"d")
    store.objects[file.path] = b"d"
    here.seal()
    found = codes(audit(here, store))
    assert found == [("remote-behind", "memory:there"), ("remote-extra", "sidecars/extra.json")]


def test_what_was_erased_must_not_be_there(here, store):
    path = f"sidecars/{CAPTURE}.r1-0123456789ab.json"
    file = add(here, path, b"secret")
    push(here, store)
    here.record(Event("deletion", AGENT, capture=CAPTURE, basis="court-order", removed=(file,)))
    here.local(path).unlink()
    for level in LEVELS:
        assert codes(audit(here, store, level)) == [("remote-erased-present", path)]
    until = now() + timedelta(days=3)
    store.locks[path] = Lock(until, mode="governance")
    report = audit(here, store)
    assert (report.exit_code, report.findings[0].level) == (0, "warning")
    assert f"{until:%Y-%m-%d}" in report.findings[0].message
    del store.objects[path]
    assert audit(here, store).findings == ()


def test_a_store_that_fails_altogether_is_an_error_and_no_list_of_findings(here, store):
    class Leaving(Store):
        def list(self, prefix):
            found = list(super().list(prefix))
            self.gone = prefix == ""
            return iter(found)

    leaving = Leaving()
    leaving.objects = store.objects
    with pytest.raises(StoreError, match="cannot be reached"):
        audit(here, leaving, "deep")


# How much is read, and when it was read last


def test_a_budget_reads_what_was_unread_for_longest_until_all_is_read(here, store):
    total = sum(map(len, store.objects.values()))
    unread = set(store.objects)
    for _ in range(20):
        report = audit(here, store, "deep", Share(bytes=total // 3))
        read = {file.path for file in report.read}
        assert sum(file.bytes for file in report.read) <= total // 3 or len(read) == 1
        assert read <= unread or unread <= read
        unread -= read
        assert bool(report.oldest) is not bool(unread)
        if not unread:
            break
    assert not unread
    assert report.oldest in Fixity(here.state, "news").last_read("memory:there").values()


def test_a_sample_is_a_share_of_the_bytes_and_follows_no_name(here, store):
    files = [FileRef(f"f{number:03}", 10, disk.sha256_bytes(bytes([number]))) for number in range(200)]
    chosen = Share(part=0.05).of(files, {})
    assert len(chosen) == 10
    assert chosen != files[:10]
    assert not set(chosen) & set(Share(part=0.05).of(files, {file.path: "2026-11-30T00:00:00Z" for file in chosen}))
    assert len(Share(part=1.0).of(files, {})) == 200
    assert len(Share(part=0.0001).of(files, {})) == 1
    assert len(Share(bytes=30, part=0.05).of(files, {})) == 3


def test_damage_found_makes_a_file_unread_again(here, store):
    audit(here, store, "deep")
    store.objects["sidecars/b.json"] = b"x" * 100
    report = audit(here, store, "deep")
    assert report.oldest is None
    assert "sidecars/b.json" not in Fixity(here.state, "news").last_read("memory:there")


def test_a_dry_run_notes_nothing(here, store):
    audit(here, store, "deep", dry_run=True)
    assert Fixity(here.state, "news").last_read("memory:there") == {}
    assert "deep" not in {one.kind for one in Fixity(here.state, "news").checks()}


# Locks


def policy(collection, **lock):
    lock = {"mode": "governance", "days": 30} | lock
    redescribe(collection, lambda one: one | {"policies": {"lock": lock}}, Event("policy assignment", AGENT))


def test_what_is_locked_too_little_is_told_once_and_locked(here, store):
    unlocked = set(store.objects)
    policy(here)
    push(here, store)
    assert audit(here, store, "list").findings == ()
    looked = audit(here, store, "head", dry_run=True)
    assert codes(looked) == [("remote-lock-short", key) for key in sorted(unlocked)]
    assert (looked.exit_code, looked.locked) == (1, 0)
    told = audit(here, store, "head")
    assert codes(told) == codes(looked)
    assert (told.exit_code, told.locked) == (0, len(unlocked))
    assert audit(here, store, "deep").findings == ()
    assert all(lock.until > now() + timedelta(days=29) for lock in store.locks.values())


def test_governance_is_made_to_last_anew_and_compliance_is_not(here, store):
    for mode, extended in (("governance", len(store.objects)), ("compliance", 0)):
        policy(here, mode=mode)
        until = now() + timedelta(days=5)
        push(here, store)
        store.locks = {key: Lock(until, mode=mode) for key in store.objects}
        report = audit(here, store, "head")
        assert report.findings == ()
        assert report.locked == (len(store.objects) if extended else 0)
        assert {lock.until == until for lock in store.locks.values()} == {not extended}


class Asked(Store):
    """Counts what is asked of single objects."""

    def __init__(self):
        super().__init__()
        self.asked, self.protected = [], []

    def stat(self, key):
        self.asked.append(key)
        return super().stat(key)

    def protect(self, key, lock):
        self.protected.append(key)
        super().protect(key, lock)


@pytest.fixture
def locked(here, monkeypatch):
    """A collection whose every object a push has locked for 30 days; and a way to let days pass."""
    store = Asked()
    policy(here)
    push(here, store)
    store.asked.clear()

    def pass_days(days):
        for module in ("sync", "sync.rolling", "sync.locking", "sync.audit"):
            monkeypatch.setattr(f"archiver.{module}.now", lambda: now() + timedelta(days=days))
        store.asked.clear()

    return store, pass_days


def test_a_push_locks_anew_what_is_near_its_end_and_asks_of_nothing_else(here, locked):
    store, pass_days = locked
    every = set(store.objects)
    assert (push(here, store).locked, store.asked, store.protected) == (0, [], [])
    pass_days(10)
    assert (push(here, store).locked, store.asked) == (0, []), "two thirds are left"
    pass_days(20)
    report = push(here, store)
    assert (report.locked, report.findings, set(store.protected)) == (len(every), (), every)
    assert all(lock.until > now() + timedelta(days=49) for lock in store.locks.values())
    store.asked.clear()
    assert (push(here, store).locked, store.asked) == (0, []), "known from now on"
    pass_days(40)
    assert audit(here, store, "head").locked == len(every)
    store.asked.clear()
    assert (push(here, store).locked, store.asked) == (0, []), "an audit locked them, and that is known"


def test_a_push_does_not_lock_anew_without_a_policy_under_compliance_or_what_was_erased(here, locked):
    store, pass_days = locked
    gone = FileRef("sidecars/a.json", 1, "0" * 64)
    here.record(Event("deletion", AGENT, removed=(gone,), capture=CAPTURE))
    here.settle()
    pass_days(20)
    push(here, store)
    assert gone.path not in store.protected
    policy(here, mode="compliance")
    pass_days(45)
    store.protected.clear()
    push(here, store)
    assert store.protected == []


def test_a_push_that_finds_an_object_missing_or_unlockable_says_so(here, locked, monkeypatch):
    store, pass_days = locked
    del store.objects["sidecars/b.json"]
    pass_days(20)
    report = push(here, store)
    assert codes(report) == [("remote-missing", "sidecars/b.json")]
    pass_days(45)
    monkeypatch.setattr(store, "protect", lambda key, lock: _refuse())
    assert ("remote-lock-refused", "memory:there") in codes(push(here, store))


def test_a_dry_run_of_a_push_locks_nothing(here, locked):
    store, pass_days = locked
    pass_days(20)
    assert (push(here, store, dry_run=True).locked, store.protected) == (0, [])


def test_status_tells_when_locks_end_within_days(here, locked):
    store, pass_days = locked
    assert status(here, store).findings == ()
    pass_days(24)
    [told] = status(here, store).findings
    assert (told.level, told.code, told.where) == ("warning", "remote-lock-ending", "memory:there")
    assert "push" in told.hint
    push(here, store)
    assert status(here, store).findings == ()
    pass_days(60)
    assert [one.code for one in status(here, store).findings] == ["remote-lock-ending"], "they have ended"


def test_a_lock_is_never_made_shorter_and_a_missing_hold_is_put_on(here, store):
    policy(here, legal_hold=True)
    push(here, store)
    until = now() + timedelta(days=400)
    store.locks = {key: Lock(until, mode="governance") for key in store.objects}
    report = audit(here, store, "head")
    assert {one.code for one in report.findings} == {"remote-lock-short"}
    assert all("hold" in one.message for one in report.findings)
    assert set(store.locks.values()) == {Lock(until, hold=True, mode="governance")}


def test_a_store_that_cannot_lock_says_so_once(here, store, monkeypatch):
    policy(here)
    monkeypatch.setattr(store, "protect", lambda key, lock: _refuse())
    report = audit(here, store, "head")
    refused = [one for one in report.findings if one.code == "remote-lock-refused"]
    assert [one.where for one in refused] == ["memory:there"]
    assert "no Object Lock" in refused[0].message
    assert report.exit_code == 1


def _refuse():
    raise StoreError("s3://b", "the bucket has no Object Lock")


@pytest.mark.parametrize(
    ("found", "mode", "hold", "why"),
    [
        (None, "governance", False, "no lock"),
        (Lock(None, hold=True), "governance", True, "but its legal hold"),
        (Lock(now() + timedelta(days=1), mode="governance"), "governance", False, ""),
        (Lock(now() - timedelta(days=1), mode="governance"), "governance", False, "ran out"),
        (Lock(now() + timedelta(days=1), mode="governance"), "compliance", False, "the policy says compliance"),
        (Lock(now() + timedelta(days=1), mode="compliance"), "governance", False, ""),
        (Lock(now() - timedelta(days=1), mode="compliance"), "compliance", False, ""),
        (Lock(now() + timedelta(days=1), mode="governance"), "governance", True, "no legal hold"),
    ],
)
def test_in_what_a_lock_falls_short(found, mode, hold, why):
    from archiver.stores import Retention

    said = shortcoming(found, Retention(mode, 30, hold))
    assert why in said if why else said == ""


# The command


def test_the_command_over_a_folder(here, tmp_path, capfd):
    (tmp_path / "disk").mkdir()
    url, root = (tmp_path / "disk").as_uri(), str(tmp_path / "root")
    assert run(["sync", "push", "--root", root, "-c", "news", url]) == 0
    capfd.readouterr()
    assert run(["sync", "verify", "--root", root, "-c", "news", url, "--level", "deep", "--record", "--json"]) == 0
    report = json.loads(capfd.readouterr().out)
    assert (report["level"], report["ok"], report["proves"]) == ("deep", True, "every byte that was read")
    (event,) = [one for seg in here.history() for one in seg.events if one.type == "fixity check"]
    assert dict(event.counts) == {"bytes": report["bytes"], "objects": report["present"], "read": report["read"]}
    damaged = tmp_path / "disk" / "sidecars" / "a.json"
    damaged.write_bytes(b"x" * 100)
    assert run(["sync", "verify", "--root", root, "-c", "news", url, "--level", "deep"]) == 1
    out, err = capfd.readouterr()
    assert "sidecars/a.json: error[remote-digest]" in err
    assert "Level deep proves: every byte that was read." in out
    assert run(["sync", "verify", "--root", root, "-c", "news", url, "--level", "head", "--sample", "5%"]) == 2


@pytest.mark.parametrize(
    ("text", "size"), [("10GB", 10**10), ("1.5 MiB", 3 << 19), ("7", 7), ("20k", 20_000), ("4b", 4)]
)
def test_sizes(text, size):
    assert Size().convert(text, None, None) == size


@pytest.mark.parametrize("text", ["", "GB", "-1", "1XB", "ten"])
def test_no_sizes_and_no_percentages(text):
    for kind in (Size(), Percentage()):
        with pytest.raises(click.BadParameter):
            kind.convert(text, None, None)
    for text in ("0%", "101", "5GB"):
        with pytest.raises(click.BadParameter):
            Percentage().convert(text, None, None)
    assert Percentage().convert("5%", None, None) == 0.05


def test_every_code_is_explained():
    """Of what audits and repairs find; those of pushes and pulls stand elsewhere."""
    repository = Path(__file__).parents[2]
    page = (repository / "docs/remotes.md").read_text("utf-8")
    found = set()
    for name in ("audit", "chains", "expectation", "faults", "locking", "mending"):
        text = (repository / f"src/archiver/sync/{name}.py").read_text("utf-8")
        found |= set(re.findall(r'"((?:remote|no|repair|ledger|file)-[a-z]+(?:-[a-z]+)*)"', text))
    assert len(found) >= 17
    explained = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", page.partition("## Every finding")[2]))
    assert found <= explained


def test_every_line_of_the_doctor_is_explained():
    repository = Path(__file__).parents[2]
    page = (repository / "docs/remotes.md").read_text("utf-8")
    names = set(re.findall(r'Trait\("([a-z-]+)"', (repository / "src/archiver/stores/probe.py").read_text("utf-8")))
    assert len(names) >= 8
    assert names - set(re.findall(r"`([a-z0-9-]+)`", page)) == set()
