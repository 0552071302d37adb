"""Chromium: finding it, starting it, and pages with their DevTools sessions.

What fails on the browser's side, a closed page or a refused command, is a `BrowserError`; the callers, which have
other pages to think of, decide what that means.
"""

from archiver.browser.chromium import ARGUMENTS, Chromium
from archiver.browser.devtools import BrowserError, Event, Session
from archiver.browser.installed import REMEDY, find_chromium
from archiver.browser.tab import HEIGHT, TALLEST, WIDTH, Tab
from archiver.browser.thumbnail import thumbnail

__all__ = [
    "ARGUMENTS",
    "HEIGHT",
    "REMEDY",
    "TALLEST",
    "WIDTH",
    "BrowserError",
    "Chromium",
    "Event",
    "Session",
    "Tab",
    "find_chromium",
    "thumbnail",
]
