"""Parts of a verification: what is read of a collection, dates, quarantine, several processes, the ledger's order."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from archiver import ledger
from archiver.capture import AGENT, Terms, capture_url
from archiver.fixity import LOCAL, Fixity
from archiver.ledger import Chain, Event
from archiver.model import timestamp
from archiver.verify import Scope, keep_dates, record_result, set_aside, verify_collection
from material import URL, PaperEngine, collection_with


def codes(report):
    return [(one.level, one.code) for one in report.findings]


def flip(path, place=40):
    whole = path.read_bytes()
    path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])


def warc_of(collection, captured):
    return collection.path / captured.warc


def test_a_budget_begins_with_what_has_waited_longest_until_all_is_read(tmp_path):
    collection, _ = collection_with(tmp_path, captures=5)
    reports = []
    for _ in range(40):
        report = verify_collection(collection, scope=Scope(budget=9_000))
        keep_dates(collection, report)
        assert report.ok and 0 < len(report.read) < report.files
        reports.append(report)
        if report.unread == 0:
            break
    assert reports[0].within_days is None
    assert reports[-1].within_days == 1
    read = [file.path for report in reports for file in report.read]
    assert set(read) == set(collection.files())
    early = [file.path for report in reports[:-1] for file in report.read]
    assert len(early) == len(set(early)), "nothing was read twice before all was read once"


def test_every_byte_was_read_within_the_days_of_the_oldest(tmp_path):
    collection, _ = collection_with(tmp_path)
    fixity = Fixity(collection.state, collection.name)
    long_ago = timestamp(datetime.now(UTC) - timedelta(days=9, hours=5))
    fixity.note_read(LOCAL, collection.files(), long_ago)
    report = verify_collection(collection, scope=Scope(budget=0))
    assert (report.oldest, report.within_days, report.unread) == (long_ago, 10, 0)
    keep_dates(collection, verify_collection(collection))
    assert verify_collection(collection, scope=Scope(budget=0)).within_days == 1
    assert [check.kind for check in fixity.checks()] == ["verify"]


def test_what_is_not_read_is_looked_for_all_the_same(tmp_path):
    collection, [first, second, third] = collection_with(tmp_path, captures=3)
    warc_of(collection, first).unlink()
    with warc_of(collection, second).open("ab") as stream:
        stream.write(b"x")
    flip(warc_of(collection, third))
    report = verify_collection(collection, scope=Scope(since=datetime(2999, 1, 1, tzinfo=UTC)))
    assert report.read == ()
    assert sorted(codes(report)) == [("error", "file-missing"), ("error", "file-size")]
    assert len(report.damaged) == 2


def test_since_reads_what_came_in_later(tmp_path):
    collection, _ = collection_with(tmp_path)
    time.sleep(1.1)
    at = datetime.now(UTC).replace(microsecond=0)
    captured = capture_url(f"{URL}/later", collection, PaperEngine(), Terms())
    report = verify_collection(collection, scope=Scope(since=at))
    assert {file.path for file in report.read} == {captured.warc, captured.sidecar}
    assert len(verify_collection(collection, scope=Scope(share=0.01)).read) >= 1
    assert len(verify_collection(collection, scope=Scope(share=1.0)).read) == report.files


def test_damage_names_the_captures_that_suffer(tmp_path):
    collection, [first, second] = collection_with(tmp_path, captures=2)
    flip(warc_of(collection, first), 600)
    (collection.path / str(second.sidecar)).unlink()
    report = verify_collection(collection)
    affected = {one.code: one.affects for one in report.findings}
    assert affected["file-digest"] == (first.capture_id,)
    assert affected["file-missing"] == (second.capture_id,)
    assert [one.as_json().get("affects") for one in report.findings if one.code == "file-missing"] == [
        [second.capture_id]
    ]


def test_quarantine_moves_what_is_damaged_or_strange_and_enters_it(tmp_path):
    collection, [first, _] = collection_with(tmp_path, captures=2)
    flip(warc_of(collection, first))
    stray = collection.path / "sidecars" / "stray"
    stray.write_bytes(b"stray")
    report = verify_collection(collection)
    moved = set_aside(collection, report)
    assert sorted(path.name for path in moved) == sorted([warc_of(collection, first).name, "stray"])
    assert all(path.is_relative_to(collection.state.path / "quarantine" / "news") for path in moved)
    assert codes(verify_collection(collection)) == [("error", "file-missing")]
    *_, last = (event for segment in collection.history() for event in segment.events)
    assert (last.type, [file.path for file in last.objects]) == ("quarantine", [first.warc])
    assert set_aside(collection, verify_collection(collection)) == []


def test_several_processes_find_what_one_finds(tmp_path):
    collection, captured = collection_with(tmp_path, captures=6)
    flip(warc_of(collection, captured[1]), 700)
    (collection.path / str(captured[2].sidecar)).unlink()
    alone, forked = (verify_collection(collection, processes=number) for number in (1, 2))
    ended = threading.Event()
    threading.Thread(target=ended.wait).start()
    afresh = verify_collection(collection, processes=2)
    ended.set()
    for together in (forked, afresh):
        assert together.findings == alone.findings
        assert (together.read, together.damaged) == (alone.read, alone.damaged)
    assert len(alone.findings) >= 2


@pytest.mark.parametrize(("way", "processes"), [("fork", 2), ("spawn", 3)])
def test_ctrl_c_ends_all_processes_at_once(tmp_path, way, processes):
    collection, _ = collection_with(tmp_path)
    code = (
        "import sys, threading, time; from archiver import cli; from archiver.verify import crew, reading\n"
        "crew.WORTH_GROUPS = 1\n"
        "crew.read_group = lambda *_: time.sleep(600)\n"
        "if __name__ == '__main__':\n"
        "    if sys.argv[2] == 'spawn':\n"
        "        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
        "    print('ready', flush=True); sys.argv[1:] = ['--root', sys.argv[1], 'verify']; cli.main()\n"
    )
    script = tmp_path / "slow.py"
    script.write_text(code)
    running = subprocess.Popen(
        [sys.executable, str(script), str(collection.path.parent), way],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert running.stdout.readline() == "ready\n"
    try:
        until = time.monotonic() + 300
        while len(workers := children(running.pid)) < processes:  # one more tracks semaphores of those begun afresh
            assert running.poll() is None and time.monotonic() < until
            time.sleep(0.05)
        os.killpg(running.pid, signal.SIGINT)
        _, told = running.communicate(timeout=300)
    finally:
        running.kill()
    assert running.returncode == 130, told
    assert "Interrupted" in told and "Traceback" not in told
    while any(map(alive, workers)):  # the tracker follows the others
        assert time.monotonic() < until
        time.sleep(0.05)


def children(pid):
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_recorded_check_counts_what_was_read(tmp_path):
    collection, _ = collection_with(tmp_path)
    report = verify_collection(collection)
    record_result(collection, report)
    *_, last = (event for segment in collection.history() for event in segment.events)
    assert dict(last.counts) == {"files": report.files, "bytes": report.bytes}


def test_the_end_of_a_chain_that_is_gone_is_missed_by_the_next_verification(tmp_path):
    collection, _ = collection_with(tmp_path)
    collection.seal()
    collection.record(Event("fixity check", AGENT))
    collection.seal()
    report = verify_collection(collection)
    assert report.findings == ()
    keep_dates(collection, report)
    *_, last = ledger.sealed_files(collection.path / "ledger")
    last.unlink()
    assert [(one.code, one.where) for one in verify_collection(collection).findings] == [("ledger-lost", str(last))]
    shutil.rmtree(collection.path)
    again, _ = collection_with(tmp_path)
    assert verify_collection(again).findings == (), "another collection under the old name"


def rewritten(collection, change):
    """The open segment as a hostile hand writes it, head and all."""
    own = collection.path / "ledger" / collection.state.writer()
    lines = [json.loads(line) for line in (own / ledger.OPEN).read_bytes().splitlines()]
    change(lines)
    content = b"".join(map(ledger.canonical, lines))
    (own / ledger.OPEN).write_bytes(content)
    Chain(collection.path / "ledger", own.name)._write_head(len(lines), sha256(content).hexdigest())


def test_numbers_without_a_gap_and_times_that_run_on(tmp_path):
    collection, _ = collection_with(tmp_path)
    collection.seal()
    collection.record(Event("fixity check", AGENT))

    def skip(lines):
        lines[0]["seq"] += 1

    def turn_back(lines):
        lines[0]["seq"] -= 1
        lines[1]["at"] = "2020-01-01T00:00:00Z"

    rewritten(collection, skip)
    assert codes(verify_collection(collection)) == [("error", "ledger-order")]
    rewritten(collection, turn_back)
    assert codes(verify_collection(collection)) == [("warning", "ledger-time")]


@pytest.mark.parametrize(("rest", "code"), [(b'{"agent":"archiver/0', "ledger-partial-line"), (b"x", "ledger-tail")])
def test_what_a_kill_leaves_behind_the_last_line_is_told_from_what_none_does(tmp_path, rest, code):
    collection, _ = collection_with(tmp_path)
    with (collection.path / "ledger" / collection.state.writer() / ledger.OPEN).open("ab") as stream:
        stream.write(rest)
    assert [one.code for one in verify_collection(collection).findings] == [code]
    assert verify_collection(collection).ok == (code == "ledger-partial-line")
