"""The queue and the runs that work it off: nothing is lost, nothing done twice, whoever dies when."""

import json
import multiprocessing
import os
import time
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from archiver.capture import AGENT, Captured, Terms, recall
from archiver.collection import Root, draft
from archiver.errors import CutOff, FetchFailed, StorageError
from archiver.jobs import retry, run, threads
from archiver.jobs.hosts import Hosts
from archiver.jobs.queue import Job, open_queue
from archiver.jobs.retry import Patience
from archiver.jobs.run import work_off
from archiver.jobs.threads import Threads
from archiver.ledger import Chain
from archiver.model import Exchange, PageInfo, Request, RequestNote, Response, new_body, timestamp
from archiver.verify import verify_collection
from material import STARTED, URL, PaperEngine, collection_with

QUICK = Patience(retries=2, longest=5)


@pytest.fixture
def collection(tmp_path):
    return Root(tmp_path).create("news", "News", agent=AGENT)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(run, "TURN", 0.01)
    monkeypatch.setattr(run, "ASKED", 0.0)


def worked_off(collection, urls, engine, *, jobs=3, patience=QUICK, queue=None, hosts=None):
    """The outcomes of a run over `urls`, in a queue on disk unless one is given."""
    if queue is None:
        with open_queue(collection.path.parent, collection.name) as queue:
            return worked_off(collection, urls, engine, jobs=jobs, patience=patience, queue=queue, hosts=hosts)
    batch = queue.put(urls, {})
    with Threads(collection, engine, Terms(), jobs) as crew:
        return list(work_off(queue, batch, crew, patience, hosts))


def states(collection):
    with open_queue(collection.path.parent, collection.name) as queue:
        return {job["url"]: job["state"] for job in queue.jobs()}


class Moody(PaperEngine):
    """Answers as it is told, in turn; then with the page."""

    def __init__(self, *moods):
        super().__init__()
        self.moods = list(moods)
        self.asked = Counter()

    def capture(self, url, limits):
        self.asked[url] += 1
        mood = self.moods.pop(0) if self.moods else None
        if isinstance(mood, Exception):
            raise mood
        if mood is None:
            yield from super().capture(url, limits)
            return
        status, headers = mood
        request = Request("GET", (("Host", "news.example"),))
        response = Response(status, "No", (("Content-Type", "text/html"), *headers), new_body(b"<p>Later."))
        yield Exchange(url, STARTED, request, response, role="main")
        note = RequestNote(url, "GET", status, "document", timestamp(STARTED), 0.1, recorded=True)
        yield PageInfo(url, url, STARTED, STARTED, "http", "entity", "test", (AGENT,), (note,))


# Runs


def test_pages_in_parallel_are_all_captured(collection):
    urls = [f"{URL}/{n}" for n in range(25)]
    done = worked_off(collection, urls, PaperEngine(), jobs=5)
    assert sorted(one.url for one in done) == sorted(urls)
    assert len(list(collection.sidecars())) == 25
    assert set(states(collection).values()) == {"done"}
    assert verify_collection(collection).findings == ()


def test_a_url_twice_in_a_list_is_one_page(collection):
    assert len(worked_off(collection, [URL, f"{URL}/b", URL], PaperEngine())) == 2


def test_a_fault_in_one_page_does_not_end_the_others(collection):
    class Faulty(PaperEngine):
        def capture(self, url, limits):
            if url.endswith("/1"):
                raise RuntimeError("nobody foresaw this")
            yield from super().capture(url, limits)

    done = worked_off(collection, [f"{URL}/{n}" for n in range(4)], Faulty(), jobs=2)
    assert sorted(one.verdict for one in done) == ["error", "ok", "ok", "ok"]
    [fault] = [one.error for one in done if one.error]
    assert "nobody foresaw this" in str(fault)
    assert states(collection)[f"{URL}/1"] == "failed"
    assert verify_collection(collection).findings == ()


def test_what_went_well_is_told_before_what_stops_all(collection, monkeypatch):
    """Two pages end at the same moment: one is kept, at the other the disk is full. The queue has the rest."""

    def one_fails(job, *_):
        if job.url.endswith("full"):
            raise StorageError(job.url, "no space left on device")
        return Captured(job.url, "ok", 0.1, capture_id=job.capture)

    wait = threads.wait
    monkeypatch.setattr(threads, "capture_job", one_fails)
    monkeypatch.setattr(threads, "wait", lambda running, **_: wait(running))
    told = []
    with open_queue(None) as queue:
        batch = queue.put([f"{URL}/full", f"{URL}/a", f"{URL}/b"], {})
        with Threads(collection, PaperEngine(), Terms(), 3) as crew, pytest.raises(StorageError):
            for one in work_off(queue, batch, crew, QUICK):
                told.append(one.url)
    assert sorted(told) == [f"{URL}/a", f"{URL}/b"]


def test_a_list_of_any_length_is_not_held_in_memory(collection):
    """No more pages are in hand than may be, and the list is read as it is entered."""
    alive, most = [0], [0]

    class Counting(PaperEngine):
        def capture(self, url, limits):
            alive[0] += 1
            most[0] = max(most[0], alive[0])
            yield from super().capture(url, limits)
            alive[0] -= 1

    taken = []
    urls = (taken.append(n) or f"{URL}/{n}" for n in range(40))
    assert len(worked_off(collection, urls, Counting(), jobs=2)) == 40
    assert most[0] <= 2 and len(taken) == 40


def test_hosts_that_are_busy_wait_for_their_turn(collection):
    """Per-host manners: one page of each host at a time, and the hosts side by side."""
    most, together = Counter(), set()

    class Watched(Hosts):
        def busy(self, in_hand):
            for host, count in in_hand.items():
                most[host] = max(most[host], count)
            together.add(frozenset(host for host, count in in_hand.items() if count))
            return super().busy(in_hand)

    urls = [f"https://{host}.example/{n}" for host in "ab" for n in range(6)]
    assert len(worked_off(collection, urls, PaperEngine(), jobs=4, hosts=Watched(jobs=1))) == 12
    assert max(most.values()) == 1 and {"a.example", "b.example"} in together


def test_pages_of_one_host_begin_with_a_pause_between_them(collection):
    """A clock that stands until it is asked to go: each page waits for its own turn, and no other host does."""
    now, begun = [0.0], []

    class Noted(Hosts):
        def busy(self, in_hand):
            now[0] += 0.5
            return super().busy(in_hand)

        def begun(self, host):
            begun.append((host, now[0]))
            super().begun(host)

    urls = [f"https://{host}.example/{n}" for n in range(3) for host in "ab"]
    assert len(worked_off(collection, urls, PaperEngine(), jobs=4, hosts=Noted(5, clock=lambda: now[0]))) == 6
    for name in ("a.example", "b.example"):
        times = [at for host, at in begun if host == name]
        assert all(later - earlier >= 5 for earlier, later in pairwise(times))
    assert begun[1][0] != begun[0][0] and begun[1][1] - begun[0][1] < 5


# Tried again


def test_a_busy_site_is_tried_again_and_every_answer_is_kept(collection):
    engine = Moody((503, (("Retry-After", "0"),)), (429, ()))
    [done] = worked_off(collection, [URL], engine)
    assert (done.verdict, engine.asked[URL]) == ("ok", 3)
    assert [(one["verdict"], one["status"]) for one in done.attempts] == [("error", 503), ("blocked", 429)]
    kept = {sidecar.id: sidecar for sidecar in collection.sidecars()}
    assert len(kept) == 3 and {one["capture"] for one in done.attempts} < set(kept)
    last = kept[done.capture_id].document["capture"]["attempts"]
    assert last == [dict(one) for one in done.attempts] == done.as_json()["attempts"]
    assert verify_collection(collection).findings == ()


def test_no_more_tries_than_allowed_and_the_last_answer_stands(collection):
    engine = Moody(*[(503, ())] * 5)
    [done] = worked_off(collection, [URL], engine)
    assert (done.status, len(done.attempts), engine.asked[URL]) == (503, 2, 3)
    assert states(collection) == {URL: "failed"}
    engine = Moody(FetchFailed(URL, "the connection was refused"))
    [done] = worked_off(collection, [URL], engine, patience=Patience(0, 5))
    assert (done.verdict, done.attempts, done.exit_code) == ("offline", (), 5)


def test_what_will_not_pass_is_not_tried_again(collection):
    for mood in ((404, ()), (500, ()), FetchFailed(URL, "its certificate is not trusted")):
        engine = Moody(mood)
        worked_off(collection, [URL], engine)
        assert engine.asked[URL] == 1, mood


def test_others_go_on_while_one_waits(collection):
    engine = Moody((503, (("Retry-After", "1"),)))
    begun = time.monotonic()
    done = worked_off(collection, [f"{URL}/{n}" for n in range(4)], engine, jobs=1)
    assert [one.url for one in done][-1] == f"{URL}/0"
    assert time.monotonic() - begun >= 0.9


def test_what_is_asked_to_wait_long_stays_in_the_queue(collection):
    engine = Moody((503, (("Retry-After", "3600"),)))
    [told] = worked_off(collection, [URL], engine)
    assert (told.status, [one.code for one in told.findings][-1]) == (503, "retry-later")
    with open_queue(collection.path.parent, "news") as queue:
        [job] = queue.jobs()
        assert job["state"] == "waiting" and job["not_before"] > timestamp(datetime.now(UTC))
        assert worked_off(collection, [URL], engine, queue=queue) == []
        assert queue.retry() == 1
        [done] = worked_off(collection, [], engine, queue=queue)
        assert (done.verdict, len(done.attempts)) == ("ok", 1)


def test_without_a_queue_that_lasts_it_is_told_and_let_be(collection):
    engine = Moody((503, (("Retry-After", "3600"),)))
    with open_queue(None) as queue:
        [told] = worked_off(collection, [URL], engine, queue=queue)
    assert "not tried again" in told.findings[-1].message
    assert not (collection.path.parent / ".archiver" / "queue").exists()


@pytest.mark.parametrize("patience", [Patience(0, 5), Patience(2, 5)])
def test_a_dead_browser_is_not_the_page_s_fault(collection, patience):
    engine = Moody(CutOff(URL, "The browser"))
    [done] = worked_off(collection, [URL], engine, patience=patience)
    assert (done.verdict, [one["verdict"] for one in done.attempts]) == ("ok", ["error"])
    engine = Moody(*[CutOff(URL, "The browser")] * 9)
    [done] = worked_off(collection, [URL], engine, patience=patience)
    assert done.capture_id is None and engine.asked[URL] == patience.retries + 2


AT = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Wed, 25 Nov 2026 12:02:00 GMT", 120),
        ("Wed, 25 Nov 2026 11:00:00 GMT", 0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("9" * 400, 999_999_999_999),
    ],
)
def test_retry_after_is_read_as_the_standard_has_it(value, seconds):
    assert retry.wished(value, AT) == seconds


def test_pauses_grow_and_no_wish_is_taken_too_far():
    refused = Captured(URL, "offline", 0.1, error=FetchFailed(URL, "refused"))
    pauses = [retry.pause(refused, attempts, Patience(9, 60)) for attempts in range(9)]
    assert all(0.59 < later / pauses[0] / 2**n < 1.7 for n, later in enumerate(pauses))
    assert retry.pause(Captured(URL, "error", 0.1, status=503, retry_after="9" * 400), 0, QUICK) == retry.LONGEST_WISH


# The queue itself


def test_a_list_given_again_after_a_cut_does_only_the_rest(tmp_path):
    with open_queue(tmp_path, "news") as queue:
        batch = queue.put(["a", "b"], {"engine": "http"})
        queue.finish(queue.claim(batch), {"verdict": "ok"}, failed=False)
    with open_queue(tmp_path, "news") as queue:
        assert queue.put(["a", "b", "c"], {"engine": "http"}) == batch
        assert [job["url"] for job in queue.jobs(["waiting"])] == ["b", "c"]
        queue.end(batch)
        queue.put(["a"], {"engine": "http"})
        assert [job["url"] for job in queue.jobs(["waiting"])] == ["b", "c", "a"]
        assert queue.put(["a"], {"engine": "browser"}) != batch
        assert [options for _, options in queue.batches()] == [{"engine": "http"}, {"engine": "browser"}]


def test_clearing_forgets_no_page_in_hand(tmp_path):
    with open_queue(tmp_path, "news") as queue:
        batch = queue.put("abcd", {})
        queue.claim(batch)
        queue.finish(queue.claim(batch), {}, failed=False)
        queue.finish(queue.claim(batch), {}, failed=True)
        assert queue.clear(["done"]) == 1
        assert queue.clear(["waiting", "leased", "done", "failed"]) == 2
        assert [job["state"] for job in queue.jobs()] == ["leased"]


def test_a_file_that_is_no_queue_is_told(tmp_path):
    (tmp_path / ".archiver/queue/news").mkdir(parents=True)
    (tmp_path / ".archiver/queue/news/queue.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(StorageError, match="not a database"), open_queue(tmp_path, "news"):
        pass


def _claimer(root, results):
    with open_queue(root, "news") as queue:
        [(batch, _)] = queue.batches()
        while job := queue.claim(batch):
            results.put(job.url)
            queue.finish(job, {}, failed=False)


def test_claimers_in_several_processes_share_without_overlap(tmp_path):
    with open_queue(tmp_path, "news") as queue:
        queue.put((str(n) for n in range(120)), {})
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    children = [context.Process(target=_claimer, args=(tmp_path, results)) for _ in range(3)]
    for child in children:
        child.start()
    claimed = [results.get() for _ in range(120)]
    for child in children:
        child.join()
    assert sorted(claimed, key=int) == [str(n) for n in range(120)]
    assert results.empty()


def dying(action):
    """Do `action` in a child process that then dies as by SIGKILL."""
    if not (child := os.fork()):
        try:
            action()
        finally:
            os._exit(9)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def test_a_lease_lasts_as_long_as_its_holder(tmp_path):
    with open_queue(tmp_path, "news") as queue:
        batch = queue.put("ab", {})
        mine = queue.claim(batch)

        def claim_and_die():
            with open_queue(tmp_path, "news") as other:
                assert other.take_over(batch) == [], "the holder of `a` lives"
                assert other.claim(batch).url == "b"
                os._exit(9)

        dying(claim_and_die)
        [taken] = queue.take_over(batch)
        assert taken.url == "b" and taken.capture != mine.capture
        assert queue.take_over(batch) == []
        queue.give_back(taken)
        assert queue.claim(batch).cut_off == 1
    with open_queue(tmp_path, "news") as queue:
        assert len(queue.take_over(batch)) == 2, "an orderly end frees them as well"


def test_a_page_that_takes_everything_with_it_comes_last_and_is_given_up(collection):
    engine = PaperEngine()
    with open_queue(collection.path.parent, "news") as queue:
        batch = queue.put(["a", "b"], {})
        for _ in range(retry.MOST_CUT_OFF):
            job = next(iter(_drawn(queue, batch, "a")))
            found = run._recalled(queue, Threads(collection, engine, Terms(), 1), [job])
        [(given_up, outcome)] = found[1]
        assert given_up.url == "a" and "given up" in str(outcome.error)
        assert queue.claim(batch).url == "b"


def _drawn(queue, batch, url):
    """The lease of one page; others are given back untouched."""
    others = []
    while (job := queue.claim(batch)).url != url:
        others.append(job)
    for other in others:
        queue._settle(other, "waiting")
    yield job


STEPS = [(draft.Draft, "publish"), (Chain, "append"), (draft.Draft, "enter")]


@pytest.mark.parametrize(("place", "step"), STEPS, ids=[step for _, step in STEPS])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_between_commit_and_done_captures_nothing_twice(tmp_path, place, step, when):
    """A run dies before or after each step of a commit; the next one finds what there is."""
    collection, _ = collection_with(tmp_path, captures=0)

    def dies_at_the_third():
        original, calls = getattr(place, step), [0]

        def wrapped(*arguments, **options):
            calls[0] += 1
            if calls[0] == 3 and when == "before":
                os._exit(9)
            result = original(*arguments, **options)
            if calls[0] == 3:
                os._exit(9)
            return result

        setattr(place, step, wrapped)
        worked_off(collection, [f"{URL}/{n}" for n in range(6)], PaperEngine(), jobs=1)

    dying(dies_at_the_third)
    done = worked_off(collection, [f"{URL}/{n}" for n in range(6)], PaperEngine(), jobs=1)
    assert len(done) in (4, 3)
    captured = Counter(sidecar.requested_url for sidecar in collection.sidecars())
    assert captured == {f"{URL}/{n}": 1 for n in range(6)}
    assert set(states(collection).values()) == {"done"}
    assert verify_collection(collection).findings == ()


def test_what_is_recalled_is_what_was_told(tmp_path):
    collection, [told] = collection_with(tmp_path)
    found = recall(collection, [told.capture_id, "20261122T140112Z-aaaaaaaaaa"])
    assert list(found) == [told.capture_id]
    again = found[told.capture_id].as_json()
    assert {**told.as_json(), "seconds": 0} == {**again, "seconds": 0}
    with collection.draft("20261122T140112Z-bbbbbbbbbb") as (_, stream):
        stream.write(b"half")
        assert recall(collection, ["20261122T140112Z-bbbbbbbbbb"]) == {"20261122T140112Z-bbbbbbbbbb": None}


class QueueMachine(RuleBasedStateMachine):
    """Claims, ends, kills and retries in any order: each page is in one state, and finished at most once a life."""

    @initialize(pages=st.integers(1, 6))
    def begin(self, pages):
        import tempfile
        from pathlib import Path

        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        self.urls = {str(n) for n in range(pages)}
        self.held: dict[str, Job] = {}
        self.committed: Counter[str] = Counter()
        self.ended: set[str] = set()
        self.ids: set[str] = set()
        self._open()
        self.batch = self.queue.put(self.urls, {})

    def _open(self):
        self.opened = open_queue(self.root, "news")
        self.queue = self.opened.__enter__()

    @rule()
    def claim(self):
        if job := self.queue.claim(self.batch):
            assert job.url not in self.held and job.url not in self.ended
            assert job.capture not in self.ids, "no id is reserved twice"
            self.ids.add(job.capture)
            self.held[job.url] = job

    @rule(data=st.data())
    def commit_and_finish(self, data):
        if self.held:
            url = data.draw(st.sampled_from(sorted(self.held)))
            self.committed[url] += 1
            self.queue.finish(self.held.pop(url), {"verdict": "ok"}, failed=False)
            self.ended.add(url)

    @rule(data=st.data())
    def postpone(self, data):
        if self.held:
            self.queue.postpone(self.held.pop(data.draw(st.sampled_from(sorted(self.held)))), {"verdict": "error"}, 0)

    @rule(data=st.data(), committed=st.booleans())
    def die(self, data, committed):
        """The process ends, perhaps after a commit that it told nobody of; the next one takes over and asks."""
        entered = set()
        if self.held and committed:
            url = data.draw(st.sampled_from(sorted(self.held)))
            self.committed[url] += 1
            entered.add(self.held[url].capture)
        self.opened.__exit__(None, None, None)
        self._open()
        taken = self.queue.take_over(self.batch)
        assert {job.capture for job in taken} == {job.capture for job in self.held.values()}
        for job in taken:
            if job.capture in entered:
                self.queue.finish(job, {"verdict": "ok"}, failed=False)
                self.ended.add(job.url)
            else:
                self.queue.give_back(job)
        self.held.clear()

    @rule()
    def the_list_again(self):
        assert self.queue.put(self.urls, {}) == self.batch

    @invariant()
    def nothing_lost_nothing_twice(self):
        jobs = {job["url"]: job["state"] for job in self.queue.jobs()}
        assert set(jobs) == self.urls
        assert all(count == 1 for count in self.committed.values())
        for url, state in jobs.items():
            expected = "done" if url in self.ended else "leased" if url in self.held else "waiting"
            assert state == expected, url

    def teardown(self):
        if hasattr(self, "opened"):
            self.opened.__exit__(None, None, None)
            self.folder.cleanup()


QueueMachine.TestCase.settings = settings(max_examples=20, stateful_step_count=25)
TestQueueMachine = QueueMachine.TestCase


def test_outcomes_in_the_queue_are_the_lines_told(collection):
    [told] = worked_off(collection, [URL], PaperEngine())
    with open_queue(collection.path.parent, "news") as queue:
        [job] = queue.jobs()
    assert job["outcome"] == json.loads(json.dumps(told.as_json()))
