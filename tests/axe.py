"""axe-core in a page that is open in Chromium: what it finds against WCAG 2.2 AA and its own best practices."""

import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page

AXE = Path(sys.prefix) / "axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[str]:
    """What axe-core finds in `page`: a line for each place, `rule: what to do (place)`.

    It looks into no frame: what is replayed there is as accessible as its site made it. It is run by the debugger,
    which no Content-Security-Policy binds. The test is skipped where axe-core is absent.
    """
    if not AXE.is_file():
        pytest.skip(f"axe-core is not at {AXE}")
    page.evaluate(AXE.read_text("utf-8"))
    options = {"iframes": False, "runOnly": {"type": "tag", "values": RULES}}
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [f"{one['id']}: {one['help']} ({node['target'][0]})" for one in found for node in one["nodes"]]
