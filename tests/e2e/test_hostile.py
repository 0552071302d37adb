"""The hostile corner: every page ends by the caps with a true verdict, and leaves nothing behind."""

import os
import time
from pathlib import Path

import pytest

from conftest import Program
from newsroom import Newsroom
from newsroom.hostile import HEADS, PARTS, SCRIPTS

pytestmark = pytest.mark.browser

SECONDS = 6
LONGEST = 300
"""Seconds that no page may take, however slow the machine; alone they end after about eight."""
NEVER_OK = {"hangs", "hangs-at-once", "eats-memory", "endless", "asks-ten-thousand", "with-bomb"}
"""Something of these is cut, and the verdict must say so."""
CAPS = ("--timeout", SECONDS, "--max-body", 2_000_000, "--max-requests", 150, "--retries", 0)


def marked(mark: str) -> list[str]:
    """Command lines of processes that were started with this mark in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def test_the_hostile_corner(archiver: Program, newsroom: Newsroom):
    names = [*SCRIPTS, *HEADS, *(f"with-{part}" for part in PARTS)]
    urls = "\n".join(newsroom.trick(f"hostile/{name}", "http") for name in names)
    mark = f"hostile-{os.getpid()}-{time.time_ns()}"
    options = ("--seeds", "-", "--json", "--allow-private", "--engine", "browser", "--jobs", 4, *CAPS)
    done = archiver("capture", *options, stdin=urls, ARCHIVER_MARK=mark)
    assert done.code == 1
    deadline = time.monotonic() + 300
    while (left := marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []

    ended = {line["url"].rpartition("/")[2]: line for line in done.lines}
    assert set(ended) == set(names)
    for name, line in ended.items():
        assert line["seconds"] < LONGEST, name
        assert line["verdict"] in ("ok", "partial", "offline"), (name, line["verdict"])
        assert (line["capture_id"] is None) == (line["verdict"] == "offline"), name
        if name in NEVER_OK:
            assert line["verdict"] != "ok" and line["findings"], name
    verified = archiver("verify")
    assert verified.code == 0, verified.out
