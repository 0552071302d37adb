"""What the end-to-end tests share."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from archived import Archived, capture_newsroom
from archiver.browser import find_chromium
from archiver.replay import Replay


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium of the test's own, for looking at what is served."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox", "--disable-quic"])
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Archived:
    """Every honest page of the newsroom, captured once; the site is stopped."""
    return capture_newsroom(tmp_path_factory.mktemp("newsroom") / "collections")


@pytest.fixture(scope="module")
def app(archived: Archived) -> Iterator[str]:
    """The address of an app over the newsroom's captures, with the replay host beside it."""
    with Replay(archived.root, port=0, replay_port=0) as servers:
        yield servers.app
