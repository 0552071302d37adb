"""A kill at any moment leaves nothing or a whole capture, and the next capture cleans up and says so."""

import random
import signal
import subprocess
import time

import pytest

from archiver.collection import Root
from archiver.editing import Wish, edit
from archiver.verify import verify_collection
from material import collection_with

KILLS = 30


def kill_one(archiver, url, options, after):
    """Start a capture and end it with SIGKILL `after` seconds later."""
    child = archiver.start("capture", url, *options)
    time.sleep(after)
    child.send_signal(signal.SIGKILL)
    child.wait()


def kill_under_way(archiver, url, options, after):
    """The same, counted from the moment when the capture has begun to write; or when it has ended."""
    child = archiver.start("capture", url, *options)
    before = set(left_behind(archiver))
    while child.poll() is None and not set(left_behind(archiver)) - before:
        time.sleep(0.005)
    time.sleep(after)
    child.send_signal(signal.SIGKILL)
    child.wait()


def left_behind(archiver):
    return [path for path in archiver.root.glob(".archiver/open/default/*") if path.is_file()]


def test_thirty_kills_leave_no_damage_that_the_ledger_calls_good(archiver, newsroom, reach):
    begun = time.monotonic()
    assert archiver("capture", newsroom.article, *reach, "--engine", "http").code == 0
    whole = time.monotonic() - begun
    moments = random.Random(20261123)
    leftovers = 0
    for number in range(KILLS):
        kill = kill_under_way if number % 3 else kill_one
        after = moments.uniform(0, 1) * whole if number % 3 < 2 else 0
        kill(archiver, newsroom.article, (*reach, "--engine", "http"), after)
        leftovers += bool(left_behind(archiver))
        report = verify_collection(Root(archiver.root).collection("default"))
        assert report.ok, report.findings
        assert {one.code for one in report.findings} <= {"leftover", "ledger-partial-line"}
    assert leftovers, "no kill met a capture under way: the test has to be made sharper"
    kill_under_way(archiver, newsroom.article, (*reach, "--engine", "http"), 0)
    assert left_behind(archiver)
    after = archiver("capture", newsroom.article, *reach, "--engine", "http")
    assert after.code == 0
    assert "leftover-removed" in after.err or "leftover-finished" in after.err
    assert not left_behind(archiver)
    assert archiver("verify", "--json").lines[0]["findings"] == []
    held = {path.name for path in archiver.root.glob("default/archive/*/*/*/*")}
    listed = {line["warc"].rpartition("/")[2] for line in archiver("list", "--json").lines}
    assert held == listed, "whole captures and nothing else"


def test_killed_edits_of_many_are_made_whole_or_not_at_all(archiver):
    collection, captures = collection_with(archiver.root, 12, name="default")
    table, moments = archiver.root / "table.csv", random.Random(20261125)
    begun, leftovers = time.monotonic(), 0
    edit(collection, [Wish(one.capture_id, "headline", "First", "M. K.", "r") for one in captures])
    whole = 1.5 * (time.monotonic() - begun)
    for number in range(12):
        before, old = headlines(collection), set(left_behind(archiver))
        rows = [f"{one.capture_id},headline,Number {number}\n" for one in captures]
        table.write_text("id,field,value\n" + "".join(rows))
        child = archiver.start("edit", "--csv", table, "--by", "M. K.", "--reason", "r")
        while child.poll() is None and not set(left_behind(archiver)) - old:
            time.sleep(0.002)
        time.sleep(moments.uniform(0, 1) * whole if number % 2 else 0)
        child.send_signal(signal.SIGKILL)
        child.wait()
        leftovers += bool(left_behind(archiver))
        assert headlines(collection) in (before, {f"Number {number}"})
        report = verify_collection(collection)
        assert {one.code for one in report.findings} <= {"leftover", "ledger-partial-line"}
    assert leftovers, "no kill met an edit under way: the test has to be made sharper"
    after = archiver("edit", "--csv", table, "--by", "M. K.", "--reason", "r")
    assert after.code == 0
    assert headlines(collection) == {"Number 11"}
    assert not left_behind(archiver)
    assert verify_collection(collection).findings == ()


def test_killed_erasures_are_finished_by_the_next_command(archiver):
    collection, captures = collection_with(archiver.root, 16, name="default")
    moments, stood = random.Random(20261203), 0
    begun = time.monotonic()
    basis = ("--basis", "court-order", "--by", "M. K.", "--yes")
    assert archiver("erase", captures[0].capture_id, *basis).code == 0
    whole = time.monotonic() - begun
    for number, one in enumerate(captures[1:13]):
        child = archiver.start("erase", one.capture_id, *basis)
        if number % 2:
            time.sleep(moments.uniform(0.3, 1) * whole)
        else:
            while child.poll() is None and one.capture_id not in collection.holdings().erased:
                time.sleep(0.002)
        child.send_signal(signal.SIGKILL)
        child.wait()
        erased = one.capture_id in collection.holdings().erased
        stood += erased
        assert archiver("erase", "--settle").code == 0
        assert verify_collection(collection).findings == ()
        assert (one.capture_id in collection.captures()) != erased
        assert bool(list(collection.path.rglob(f"*{one.capture_id}.*"))) != erased
    assert stood >= 6 and not left_behind(archiver)


def headlines(collection):
    return {one.headline for one in collection.sidecars()}


@pytest.mark.browser
def test_a_killed_browser_capture_leaves_no_browser_and_no_damage(archiver, newsroom, reach):
    assert archiver("init", "default", "--title", "Default").code == 0
    for after in (1.5, 2.5, 3.5, 4.5):
        kill_one(archiver, newsroom.article, (*reach, "--engine", "browser"), after)
        assert archiver("verify", "--json").code == 0
    done = archiver("capture", newsroom.article, *reach, "--engine", "browser", "--json")
    assert done.lines[0]["verdict"] == "ok"
    assert archiver("verify", "--json").lines[0]["findings"] == []


@pytest.mark.browser
@pytest.mark.parametrize("engine", ["http", "browser"])
def test_an_interrupt_ends_in_a_sentence_and_leaves_nothing(archiver, newsroom, reach, engine):
    assert archiver("init", "default", "--title", "Default").code == 0
    slow = newsroom.trick("slow") + "?seconds=30"
    child = subprocess.Popen(
        archiver.command("capture", slow, *reach, "--engine", engine), stderr=subprocess.PIPE, text=True
    )
    while not left_behind(archiver):
        time.sleep(0.05)
    time.sleep(1)
    child.send_signal(signal.SIGINT)
    time.sleep(0.1)
    child.send_signal(signal.SIGINT)  # people press it twice
    _, err = child.communicate(timeout=300)
    assert child.returncode == 130
    assert "Interrupted" in err and "Traceback" not in err
    assert not left_behind(archiver)
    assert archiver("verify", "--json").lines[0]["findings"] == []
