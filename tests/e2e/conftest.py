"""What the end-to-end tests share."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from archiver.browser import find_chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium of the test's own, for looking at what is served."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox", "--disable-quic"])
        yield launched
        launched.close()
