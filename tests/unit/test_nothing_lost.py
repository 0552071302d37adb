"""Working copies, one remote, and all that befalls them: what was once known comes back while one good copy exists.

The model is small: every file that a ledger ever named, with its digest. The rest is looked up on the disks: where
good copies are, and where bad ones. NOTHING_LOST=EXAMPLESxSTEPS in the environment asks for a longer search.
"""

import hashlib
import os
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from archiver import erasing, ledger, sync
from archiver.capture import AGENT, Terms, capture_url
from archiver.collection import Collection, Root
from archiver.collection.loss import give_up
from archiver.editing import Wish, edit
from archiver.errors import ArchiverError, StoreError
from archiver.model import Exchange, FileRef, PageInfo, Request, Response, new_body
from archiver.repair import open_copy, repair_collection
from archiver.sync.line import Line
from archiver.sync.mending import repair as sync_repair
from archiver.verify import verify_collection
from mishaps import FaultyStore, Trouble, damage, killed_at

EXAMPLES, STEPS = map(int, os.environ.get("NOTHING_LOST", "20x14").split("x"))
MOST_ROT = 5
NAME, REMOTE = "news", "remote"
PICTURE = bytes(range(256)) * 8

WHO = st.integers(0, 2)
PLACE = st.integers(0, 1 << 16)
HOW = st.sampled_from(["flip", "cut", "grow", "delete"])
STEP = st.integers(1, 45)
"""Before which change of the disk the process is killed."""
MAYBE_KILL = st.one_of(st.none(), st.none(), STEP)
TROUBLE = st.builds(Trouble, st.sampled_from(["dead", "once", "lost", "cut", "flip"]), st.integers(1, 14))
MISHAP = st.one_of(st.none(), st.none(), TROUBLE, STEP)


class Pictured:
    """An engine whose pages all show one picture: with the policy for it, later captures refer to the first."""

    name, fidelity = "http", "entity"

    def __init__(self, number: int) -> None:
        self.at = datetime(2026, 11, 22, 14, 1, 12, 345678, UTC) + timedelta(minutes=number)

    def capture(self, url, limits):
        html = f"<title>{url}</title><h1>A day</h1>{'<p>It stood all night and nobody knew. ' * 20}".encode()
        yield self._answer(url, "text/html", html, "main")
        yield self._answer("https://cdn.example/a.png", "image/png", PICTURE, "part")
        yield PageInfo(url, url, self.at, self.at, "http", "entity", "test", (AGENT,), ())

    def _answer(self, url, kind, body, role):
        headers = (("Content-Type", kind), ("Content-Length", str(len(body))))
        return Exchange(url, self.at, Request("GET", ()), Response(200, "OK", headers, new_body(body)), role=role)


class Place:
    """A working copy or the remote, as it lies on the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def digest(self, path: str) -> str | None:
        place = self.folder / path
        return hashlib.sha256(place.read_bytes()).hexdigest() if place.is_file() else None

    def sealed(self) -> dict[str, ledger.Segment]:
        """Segments whose content is what their name says, by path."""
        found = {}
        for path in ledger.sealed_files(self.folder / "ledger"):
            key = path.relative_to(self.folder).as_posix()
            segment = readable(path.read_bytes())
            if segment and segment.path == key:
                found[key] = segment
        return found

    def growing(self) -> dict[str, ledger.Segment]:
        """Open segments that are whole, by writer."""
        found = {}
        for path in ledger.open_files(self.folder / "ledger"):
            content = ledger.open_content(path)
            segment = readable(content)
            if segment and ledger.head_complaint(path.parent, content) is None:
                found[path.parent.name] = segment
        return found

    def segments(self) -> list[ledger.Segment]:
        return [*self.sealed().values(), *self.growing().values()]

    def spoilt_segments(self) -> set[str]:
        every = {path.relative_to(self.folder).as_posix() for path in ledger.sealed_files(self.folder / "ledger")}
        return every - set(self.sealed())


def readable(content: bytes) -> ledger.Segment | None:
    try:
        return ledger.parse_segment(content, "")
    except ArchiverError:
        return None


BEGINNINGS = ("new", "shared")


@pytest.fixture(scope="module")
def beginnings(tmp_path_factory):
    """Where a run begins: with an empty collection, or with captures that two copies and the remote hold."""
    folder = tmp_path_factory.mktemp("beginnings")
    for begun in BEGINNINGS:
        for dedup in (False, True):
            home = folder / f"{begun}-{dedup}"
            (home / REMOTE).mkdir(parents=True)
            first, second = (Root(home / name) for name in "01")
            collection, store = first.create(NAME, "News", dedup=dedup, agent=AGENT), FaultyStore(home / REMOTE)
            if begun == "shared":
                for copy in (collection, second.place(NAME)):
                    assert sync.pull(copy, store).exit_code == int(copy is collection)
                    for number in (1, 2):
                        url = f"https://news.example/{copy.path.parent.name}/{number}"
                        assert capture_url(url, copy, Pictured(number), Terms()).verdict == "ok"
                    assert sync.push(copy, store).exit_code == 0
    return folder


class Archives(RuleBasedStateMachine):
    """Three working copies of a collection (the third and second begin empty) and a remote."""

    beginnings: Path

    @initialize(begun=st.sampled_from(BEGINNINGS), dedup=st.booleans())
    def begin(self, begun, dedup):
        self.home = Path(tempfile.mkdtemp())
        shutil.copytree(self.beginnings / f"{begun}-{dedup}", self.home, dirs_exist_ok=True)
        self.store = FaultyStore(self.home / REMOTE)
        self.known: dict[str, FileRef] = {}
        self.segments: dict[str, ledger.Segment] = {}
        self.captures = self.rotten = 0
        self.proven: dict[str, bytes] = {}
        self._look()

    # What people do

    @rule(who=WHO, step=MAYBE_KILL)
    def capture(self, who, step):
        if self._collection(who):
            self._enter(lambda: self._captured(who), who, step)
            if step and step % 2:
                self._do(lambda: self._place(who).clear_leftovers(), who)

    @rule(who=WHO, which=PLACE, step=MAYBE_KILL)
    def edit(self, who, which, step):
        collection = self._collection(who)
        if collection and self._is_sound(who) and (captures := collection.captures()):
            wish = Wish(captures[which % len(captures)], "headline", f"Edited {which}", "M. K.", "r", confirms=True)
            self._enter(lambda: edit(self._collection(who), [wish]), who, step)

    @rule(who=WHO, which=PLACE, step=MAYBE_KILL)
    def erase(self, who, which, step):
        collection = self._collection(who)
        if collection and self._is_sound(who) and (captures := collection.captures()):
            wanted = captures[which % len(captures)]
            self._enter(lambda: self._erased(who, wanted), who, step)

    @rule(who=WHO, mishap=MISHAP)
    def push(self, who, mishap):
        if self._collection(who):
            self._exchange(sync.push, who, mishap)

    @rule(who=WHO, mishap=MISHAP)
    def pull(self, who, mishap):
        self._exchange(sync.pull, who, mishap)

    @rule(first=WHO, second=WHO, mishap=MISHAP)
    def pass_on(self, first, second, mishap):
        """What most people do with a remote."""
        if self._collection(first):
            self._exchange(sync.push, first, None)
            self._exchange(sync.pull, second, mishap)

    @rule(who=WHO, mishap=MISHAP)
    def sync_repair(self, who, mishap):
        if not self._collection(who):
            return
        shared = self._named(who) & self._named(REMOTE)
        had = {path for (at, path), good in self._copies().items() if good and at in (str(who), REMOTE)}
        report = self._troubled(lambda: sync_repair(self._place(who), self.store), who, mishap)
        if report and not mishap and not any(one.code == "ledger-first" for one in report.findings):
            copies, ended = self._copies(), self._ended()
            for path in shared & had - ended:
                assert copies.get((str(who), path)) and copies.get((REMOTE, path)), (path, report)

    @rule(who=WHO, whose=WHO, step=MAYBE_KILL)
    def repair(self, who, whose, step):
        """From the folder of another working copy."""
        if who == whose or not self._collection(who) or not self._collection(whose):
            return
        named = self._named(who)
        had = {path for (at, path), good in self._copies().items() if good and at in (str(who), str(whose))}
        self._do(self._maybe_killed(lambda: self._repaired(who, whose), step), who)
        if step is None:
            copies = self._copies()
            for path in named & had - self._ended():
                assert copies.get((str(who), path)), path

    @rule(who=WHO, which=PLACE, step=MAYBE_KILL)
    def give_up(self, who, which, step):
        """Some file that this copy has no good copy of is stated as lost, whoever else may have one."""
        place = Place(self._folder(who))
        here = sorted(path for path in self._named(who) & self.known.keys() if place.digest(path))
        if not self._spoilt(who) and here and self.rotten < MOST_ROT:
            self.rotten += 1
            (place.folder / here[which % len(here)]).unlink()
        lost = sorted(self._spoilt(who) & self.known.keys())
        if not self._collection(who) or not lost:
            return
        path = lost[which % len(lost)]
        before = self._copies()
        try:
            self._maybe_killed(lambda: give_up(self._place(who), [path], "M. K.", "Rot"), step)()
        except ArchiverError as error:
            assert len(ledger.open_files(place.folder / "ledger")) > len(place.growing()), error
        finally:
            self._look()
            self._compare(before)

    @rule(who=WHO)
    def look(self, who):
        """Status and verify change nothing, and verify tells what is wrong, and only that."""
        collection = self._collection(who)
        if not collection:
            return
        before = self._everything()
        try:
            sync.status(collection, self.store)
        except ArchiverError as error:
            assert not self._is_sound(who), error
        report = verify_collection(collection)
        assert self._everything() == before
        told = {finding.where.partition("#")[0] for finding in report.findings if finding.level == "error"}
        spoilt = self._spoilt(who)
        for path in spoilt:
            assert any(where.endswith(path) for where in told), (path, report.findings)
        wrong = {finding.code for finding in report.findings if finding.level == "error"} - self._excused()
        if not spoilt and self._is_closed(who):
            assert bool(wrong) == bool(self._returned(who)), report.findings

    # What befalls them

    @rule(who=st.sampled_from([0, 1, 2, REMOTE]), which=PLACE, how=HOW, place=PLACE)
    def rot(self, who, which, how, place):
        """Any file that counts, but for a segment that grows: that one has no other copy anywhere."""
        folder = self._folder(who)
        here = sorted(path for path in self._named(who) if (folder / path).is_file())
        if here and self.rotten < MOST_ROT:
            self.rotten += 1
            damage(folder / here[which % len(here)], how, place)

    @rule(who=WHO, whose=WHO, what=st.sampled_from(["tear", "clone", "copy", "back up", "restore", "disaster"]))
    def befall(self, who, whose, what):
        if what == "tear":
            self._tear(who)
        elif what in ("clone", "copy") and who != whose and self._collection(whose):
            self._replace(str(whose), who, state=what == "clone")
        elif what == "back up" and self._collection(who):
            shutil.rmtree(self.home / f"backup-{who}", ignore_errors=True)
            shutil.copytree(self.home / str(who), self.home / f"backup-{who}")
        elif what == "restore" and (self.home / f"backup-{whose}").is_dir():
            self._replace(f"backup-{whose}", who, state=True)
        elif what == "disaster" and self._everything() != self.proven:
            self._recover()
            self.proven = self._everything()

    def _tear(self, who):
        """A kill in the midst of writing a line of the ledger."""
        for path in ledger.open_files(self._folder(who) / "ledger"):
            path.write_bytes(ledger.open_content(path) + ledger.Event("validation", AGENT).as_line()[:40])

    def _replace(self, source, who, *, state):
        """An old or another copy takes the place of a root: what only that had is gone. `state`: with its writer."""
        shutil.rmtree(self.home / str(who), ignore_errors=True)
        kept = None if state else shutil.ignore_patterns(".archiver")
        shutil.copytree(self.home / source, self.home / str(who), ignore=kept)

    # How it is done

    def _folder(self, who) -> Path:
        return self.home / REMOTE if who == REMOTE else self.home / str(who) / NAME

    def _place(self, who) -> Collection:
        return Root(self.home / str(who)).place(NAME)

    def _collection(self, who) -> Collection | None:
        return self._place(who) if (self._folder(who) / "ledger").is_dir() else None

    def _captured(self, who):
        self.captures += 1
        collection = self._place(who)
        collection.clear_leftovers()
        url = f"https://news.example/{self.captures}"
        done = capture_url(url, collection, Pictured(self.captures), Terms())
        assert done.capture_id, done.findings

    def _erased(self, who, capture):
        collection = self._place(who)
        collection.clear_leftovers()
        collection.settle()
        for plan in erasing.plan([collection], [capture]):
            for done in erasing.erase(plan, erasing.Request.of("court-order", "M. K.", None)):
                assert done.status in ("erased", "known")

    def _repaired(self, who, whose):
        with open_copy(self.home / str(whose), NAME) as copy:
            return repair_collection(self._place(who), copy)

    def _maybe_killed(self, work, step):
        return work if step is None else lambda: killed_at(step, work)

    def _enter(self, work, who, step):
        """Something that brings files in, perhaps killed: what the ledger names then is there."""
        before = self._named(who)
        self._do(self._maybe_killed(work, step), who)
        missing = (self._named(who) - before) & self._spoilt(who)
        assert not missing, f"the ledger names what is not there: {missing}"

    def _do(self, work, *places):
        """A command that must not fail where its working copy is sound, and must never make a good copy bad."""
        before, sound = self._copies(), self._is_sound(places[0])
        try:
            return work()
        except (ArchiverError, AssertionError) as error:
            assert not sound, error
            return None
        finally:
            self._look()
            self._compare(before)

    def _troubled(self, work, who, mishap):
        """A command on a store that may fail as told, or killed; None if it could not go on."""
        if isinstance(mishap, int):
            self._do(self._maybe_killed(work, mishap), who)
            return None
        before, sound = self._copies(), self._is_sound(who)
        self.store.trouble, self.store.asked = mishap, 0
        try:
            return work()
        except StoreError:
            assert mishap, "nothing was wrong with the store"
        except ArchiverError as error:
            assert not sound, error
        finally:
            self.store.trouble = None
            self._look()
            self._compare(before)
        return None

    def _exchange(self, verb, who, mishap):
        target, source = (REMOTE, who) if verb is sync.push else (who, REMOTE)
        had = Place(self._folder(target)).sealed()
        known = {file.path for segment in had.values() for file in segment.objects()}  # may have rotted there since
        rotten = {path.stem[-16:] for path in (self._folder(target) / "ledger").glob("*/*.jsonl")}
        sound = all(self._is_sound(one) and self._is_closed(one) and not self._returned(one) for one in (who, REMOTE))
        report = self._troubled(lambda: verb(self._place(who), self.store), who, mishap)
        there = Place(self._folder(target))
        digests, ended = {one.sha256 for one in there.segments()}, self._ended()
        lost = ledger.losses(there.segments()).keys()
        for path, segment in there.sealed().items():
            if path not in had:
                follows = segment.previous in digests | {None} or segment.previous[:16] in rotten
                assert follows, f"{path} came before what it builds on"
                for file in segment.objects() if target == REMOTE else ():
                    whole = file.path in ended | known | lost or there.digest(file.path) == file.sha256
                    assert whole, f"{path} came without {file.path}"
        if report and sound and not mishap:
            empty = verb is sync.pull and not Place(self._folder(REMOTE)).sealed()
            told = {one.code for one in report.findings if one.level == "error"}
            assert told == ({"remote-empty"} if empty else set()), report.findings
            missing = set(Place(self._folder(source)).sealed()) - {one.path for one in there.segments()}
            assert not missing, (missing, report.findings)

    # What is known of the disks

    def _look(self):
        """Learn what the ledgers name by now."""
        for who in (0, 1, 2):
            place = Place(self._folder(who))
            for segment in place.segments():
                self.segments[segment.sha256] = segment
                for file in segment.objects():
                    assert self.known.setdefault(file.path, file) == file

    def _named(self, who) -> set[str]:
        """What lies at a place and counts: files that its ledger names, sealed segments."""
        place = Place(self._folder(who))
        every = {path.relative_to(place.folder).as_posix() for path in ledger.sealed_files(place.folder / "ledger")}
        return set(ledger.fold(place.segments()).files) | every

    def _ended(self) -> set[str]:
        """What some erasure has ended."""
        held = ledger.fold(self.segments.values())
        return {path for path in self.known if held.ended(path)}

    def _returned(self, who) -> set[str]:
        """What should be gone from a place, by its own ledger, and is not."""
        place = Place(self._folder(who))
        held = ledger.fold(place.segments())
        return {path for path in self.known if held.ended(path) and place.digest(path)}

    def _spoilt(self, who) -> set[str]:
        place = Place(self._folder(who))
        lost = {path for path in ledger.losses(place.segments()) if not place.digest(path)}
        named = {path for path in self._named(who) - lost if path in self.known}
        return {path for path in named if place.digest(path) != self.known[path].sha256} | place.spoilt_segments()

    def _is_sound(self, who) -> bool:
        place = Place(self._folder(who))
        growing = ledger.open_files(place.folder / "ledger")
        return not self._spoilt(who) and len(growing) == len(place.growing())

    def _is_closed(self, who) -> bool:
        """Whether each segment has those that it builds on and those that it saw."""
        place = Place(self._folder(who))
        segments = place.segments()
        digests, paths = {one.sha256 for one in segments}, set(place.sealed())
        seen = {f"ledger/{writer}/{name}" for one in segments for writer, name in one.seen.items()}
        return {one.previous for one in segments} <= digests | {None} and seen <= paths

    def _everything(self) -> dict[str, bytes]:
        """But for locks, and for notes of when bytes were read."""
        files = (path for path in self.home.rglob("*") if path.is_file() and path.suffix != ".lock")
        kept = (path for path in files if path.parent.parent.name != ".archiver" or path.parent.name != "fixity")
        return {str(path): path.read_bytes() for path in kept}

    def _copies(self) -> dict[tuple[str, str], bool]:
        """Every copy of what is known, at every place: whether it is good."""
        copies: dict[tuple[str, str], bool] = {}
        for who in ("0", "1", "2", REMOTE):
            place = Place(self._folder(who))
            counts = self.known if who == REMOTE else self._named(who) & self.known.keys()
            for path in counts:
                if digest := place.digest(path):
                    copies[who, path] = digest == self.known[path].sha256
            copies |= {(who, path): True for path in place.sealed()}
            copies |= {(who, path): False for path in place.spoilt_segments()}
        return copies

    def _compare(self, before):
        after, ended = self._copies(), self._ended()
        for copy, good in before.items():
            assert not good or after.get(copy) or (copy[1] in ended and copy not in after), (
                f"a good copy was harmed: {copy}"
            )
        for copy, good in after.items():
            assert good or before.get(copy) is False, f"a bad copy came to be: {copy}"

    # The proof

    def _recoverable(self) -> tuple[set[str], set[str]]:
        """Segments (digests) that are whole somewhere with all that they build on, and the files they name that are."""
        whole = {one.sha256 for who in (0, 1, 2, REMOTE) for one in Place(self._folder(who)).sealed().values()}
        whole |= {one.sha256 for who in (0, 1, 2) for one in Place(self._folder(who)).growing().values()}
        good = {path for (_, path), is_good in self._copies().items() if is_good}
        sent = {one.sha256 for one in Place(self._folder(REMOTE)).sealed().values()}
        chain: set[str] = set()
        held = ledger.fold(self.segments[digest] for digest in whole)
        for segment in sorted((self.segments[digest] for digest in whole), key=lambda one: one.seq):
            there = segment.sha256 in sent or all(
                file.path in good | held.lost.keys() or held.ended(file.path) for file in segment.objects()
            )
            if there and (segment.previous is None or segment.previous in chain):
                chain.add(segment.sha256)
        held = ledger.fold(self.segments[digest] for digest in chain)
        return chain, set(held.files) & good

    def _excused(self) -> set[str]:
        """A copy that comes back after an erasure may have lost a body that only the erased capture held."""
        return {"revisit-original"} if self._ended() else set()

    def _recover(self):
        """By what the commands give: into an empty root, from the remote, once all that is good was brought there."""
        kept = self.home.with_name(f"{self.home.name}-kept")
        shutil.copytree(self.home, kept)
        try:
            self._look()
            chain, files = self._recoverable()
            self._mend()
            self._look()
            fresh = Root(self.home / "fresh").place(NAME)
            report = sync.pull(fresh, self.store)
            place = Place(fresh.path)
            lost = {path for path in files if place.digest(path) != self.known[path].sha256}
            assert lost <= self._ended(), (lost, report.findings)
            for path in lost:
                self._assert_rewritten(fresh, path)
            back = self._returned("fresh")
            assert not back, back
            if (
                chain
                and chain <= {one.sha256 for one in place.segments()}
                and not self._spoilt("fresh")
                and self._is_closed("fresh")
            ):
                wrong = [one for one in verify_collection(fresh).findings if one.level == "error"]
                assert {one.code for one in wrong} <= self._excused(), (wrong, report.findings)
        finally:
            shutil.rmtree(self.home)
            kept.rename(self.home)

    def _assert_rewritten(self, collection, path):
        """A file that is not there any more belongs to what was erased since, or was made whole without that."""
        capture = ledger.capture_of(path)
        if capture not in collection.holdings().erased:
            current = collection.sidecar(capture)
            assert current, path
            assert Place(collection.path).digest(current.warc_file) == current.warc_sha256, path

    def _mend(self):
        """Each copy is mended from the remote and mends it, twice: what only the last one has reaches the first."""
        for who in (0, 1, 2) * 2:
            if self._collection(who):
                for command in (sync_repair, sync.push, sync.pull):
                    try:
                        command(self._place(who), self.store)
                    except ArchiverError as error:
                        assert not self._is_sound(who), error

    def teardown(self):
        try:
            if hasattr(self, "known"):
                self._recover()
        finally:
            shutil.rmtree(getattr(self, "home", "/nonexistent"), ignore_errors=True)


@pytest.fixture
def quick(beginnings, monkeypatch):
    Archives.beginnings = beginnings
    monkeypatch.setattr(os, "fsync", lambda _: None)  # kills are here, but nobody pulls the plug
    monkeypatch.setattr(Line.__init__, "__defaults__", (1, None))  # the same trouble meets the same call


KILLED = {
    "capture": lambda archives, step: archives.capture(0, step),
    "edit": lambda archives, step: archives.edit(0, 0, step),
    "erase": lambda archives, step: archives.erase(0, 0, step),
    "push": lambda archives, step: (archives.capture(0, None), archives.push(0, step)),
    "pull": lambda archives, step: archives.pull(2, step),
    "sync repair": lambda archives, step: (archives.rot(1, 5, "flip", 9), archives.sync_repair(1, step)),
}


@pytest.mark.parametrize("command", KILLED)
def test_a_command_that_is_killed_at_any_step_harms_nothing(quick, command):
    for step in range(1, 48, 4):
        archives = Archives()
        archives.begin("shared", dedup=True)
        try:
            KILLED[command](archives, step)
            archives.capture(0, None)
        finally:
            archives.teardown()


def test_whatever_happens_what_was_known_comes_back_while_one_good_copy_exists(quick):
    search = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.reuse, Phase.generate] + [Phase.shrink] * ("SHRINK" in os.environ),
        report_multiple_bugs=False,
    )
    run_state_machine_as_test(Archives, settings=search)
