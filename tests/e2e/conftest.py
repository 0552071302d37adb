"""What the end-to-end tests share."""

import fcntl
import json
import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from archived import Archived, capture_newsroom
from archiver.browser import find_chromium
from archiver.replay import Replay

expect.set_options(timeout=300_000)  # milliseconds; five seconds are little on a busy machine


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium of the test's own, for looking at what is served."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox", "--disable-quic"])
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Archived:
    """Every honest page of the newsroom, captured once by the first worker that wants it; the site is stopped."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "newsroom"
    folder.mkdir(exist_ok=True)
    told = folder / "lines.json"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            told.write_text(json.dumps(capture_newsroom(folder / "collections").lines))
    return Archived(folder / "collections", json.loads(told.read_text()))


@pytest.fixture(scope="module")
def app(archived: Archived) -> Iterator[str]:
    """The address of an app over the newsroom's captures, with the replay host beside it."""
    with Replay(archived.root, port=0, replay_port=0) as servers:
        yield servers.app
