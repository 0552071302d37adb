"""A run that is killed at any moment, and its browser that is: what had finished is kept once, the rest is done."""

import os
import random
import signal
import subprocess
import time
from collections import Counter
from urllib.parse import urlsplit

import psutil
import pytest

from archiver.collection import Root

KILLS = 6


@pytest.fixture
def seeds(newsroom, tmp_path):
    """A list of cheap pages; gives its file and the addresses."""

    def listed(count):
        urls = [newsroom.url("tricks", f"/walls/ok/short?page={number}") for number in range(count)]
        (tmp_path / "seeds.txt").write_text("# pages\n" + "\n".join(urls))
        return tmp_path / "seeds.txt", urls

    return listed


def under_way(archiver):
    """The marks of captures that were begun and have not ended."""
    return set(archiver.root.glob(".archiver/open/default/*"))


def assert_whole(archiver, urls):
    """Each page was captured once, and everything is sound."""
    captured = Counter(sidecar.requested_url for sidecar in Root(archiver.root).collection("default").sidecars())
    assert captured == Counter(urls)
    assert Counter(line["state"] for line in archiver("queue", "list", "--json").lines) == {"done": len(urls)}
    assert archiver("verify", "--json").lines[0]["findings"] == []


def test_a_run_killed_at_random_moments_loses_and_repeats_nothing(archiver, seeds, reach):
    file, urls = seeds(60)
    assert archiver("init", "default", "--title", "Default").code == 0
    moments = random.Random(20261125)
    capture = ("capture", "--seeds", file, *reach, "--engine", "http", "--jobs", "3")
    met = 0
    for number in range(KILLS):
        child = archiver.start(*(capture if number % 2 == 0 else ("queue", "run", "--jobs", "3")))
        before = under_way(archiver)
        wait_until(lambda before=before, child=child: under_way(archiver) - before or child.poll() is not None)
        time.sleep(moments.uniform(0, 0.3))
        child.send_signal(signal.SIGKILL)
        child.wait()
        met += bool(under_way(archiver))
    assert met, "no kill met a capture under way: the test has to be made sharper"
    done = archiver("queue", "run", "--json")
    assert done.code == 0, done.err
    assert_whole(archiver, urls)


def test_two_runs_share_a_queue(archiver, seeds, reach):
    file, urls = seeds(40)
    assert archiver("init", "default", "--title", "Default").code == 0
    command = ("capture", "--seeds", file, *reach, "--engine", "http", "--jobs", "2", "--json")
    runs = [subprocess.Popen(archiver.command(*command), stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [run.communicate(timeout=300)[0].splitlines() for run in runs]
    assert sum(map(len, told)) == len(urls)
    assert_whole(archiver, urls)


def test_a_list_that_is_wrong_is_told_and_one_from_standard_input_is_read(archiver, newsroom, reach, tmp_path):
    (tmp_path / "latin").write_bytes(b"https://a.example/\n\xff\xfe\n")
    done = archiver("capture", "--seeds", tmp_path / "latin", "--engine", "http")
    assert done.code == 2 and "no UTF-8 text" in done.err
    (tmp_path / "empty").write_text("# nothing\n\n")
    assert archiver("capture", "--seeds", tmp_path / "empty").code == 2
    page = newsroom.url("tricks", "/walls/ok/short")
    done = archiver("capture", "--seeds", "-", *reach, "--engine", "http", "--json", stdin=f"{page}\nnonsense\n")
    assert Counter(line["verdict"] for line in done.lines) == {"ok": 1, "error": 1}
    assert done.code == 1
    assert [line["url"] for line in archiver("queue", "list", "--state", "failed", "--json").lines] == ["nonsense"]
    assert archiver("queue", "retry", "--json").lines == [{"waiting": 1}]
    assert archiver("queue", "run").code == 2
    assert archiver("queue", "clear").out == "1 page cleared.\n"


def test_a_busy_page_stays_in_the_queue_until_its_time(archiver, newsroom, reach, tmp_path):
    (tmp_path / "seeds").write_text(newsroom.trick("busy"))
    done = archiver("capture", "--seeds", tmp_path / "seeds", *reach, "--engine", "http", "--json")
    assert "retry-later" in [one["code"] for one in done.lines[0]["findings"]]
    [job] = archiver("queue", "list", "--json").lines
    assert job["state"] == "waiting" and job["not_before"]
    assert archiver("queue", "run", "--json").lines == []
    archiver("queue", "retry")
    [again] = archiver("queue", "run", "--retries", "0", "--json").lines
    assert again["attempts"][0]["capture"] == done.lines[0]["capture_id"]


@pytest.mark.browser
def test_a_browser_killed_in_mid_capture_is_started_again_and_its_pages_are_retried(
    archiver, newsroom, reach, tmp_path
):
    """Two pages are in hand when it dies; they and the others come whole, and say that it took two attempts."""
    urls = [newsroom.trick("slow") + f"?seconds=3&page={number}" for number in range(2)]
    urls += [newsroom.url("tricks", f"/walls/ok/short?page={number}") for number in range(2)]
    (tmp_path / "seeds").write_text("\n".join(urls))
    command = ("capture", "--seeds", tmp_path / "seeds", *reach, "--engine", "browser", "--jobs", "2", "--json")
    run = subprocess.Popen(archiver.command(*command), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: len(connections(run.pid, newsroom)) >= 2)
    os.kill(browser_of(run.pid), signal.SIGKILL)
    out, err = run.communicate(timeout=300)
    assert run.returncode == 0, err
    captured = Counter(sidecar.requested_url for sidecar in Root(archiver.root).collection("default").sidecars())
    assert captured == Counter(urls)
    tried = {
        sidecar.requested_url: [one["verdict"] for one in sidecar.document["capture"].get("attempts", ())]
        for sidecar in Root(archiver.root).collection("default").sidecars()
    }
    assert tried == {url: ["error"] if "/slow" in url else [] for url in urls}
    assert len(out.splitlines()) == len(urls)
    assert archiver("verify", "--json").lines[0]["findings"] == []


def wait_until(condition, seconds=300):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def connections(pid, site):
    """Those of a process to the newsroom's https port."""
    port = urlsplit(site.article).port
    return [one for one in psutil.Process(pid).net_connections("tcp") if one.raddr and one.raddr.port == port]


def browser_of(pid):
    """The process id of the Chromium below a process, if there is one: that which has no other Chromium above it."""
    for child in psutil.Process(pid).children(recursive=True):
        command = child.cmdline()
        if command and "chrom" in command[0] and not any(part.startswith("--type=") for part in command):
            return child.pid
    return None
