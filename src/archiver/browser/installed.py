"""Which Chromium is used."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from archiver.errors import PartMissing

SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome")
REMEDY = "Install one (Debian: apt install chromium; elsewhere: playwright install chromium), or set ARCHIVER_CHROMIUM."


def find_chromium(environment: Mapping[str, str] = os.environ) -> Path:
    """The browser to use: what ARCHIVER_CHROMIUM names, else the system's, else the one that Playwright installed.

    Raises `PartMissing` if there is none, or if the variable names something that cannot be run.
    """
    wanted = environment.get("ARCHIVER_CHROMIUM")
    for candidate in [wanted] if wanted else [*SYSTEM_NAMES, *_installed_by_playwright(environment)]:
        if found := shutil.which(candidate, path=environment.get("PATH")):
            return Path(found)
    if wanted:
        raise PartMissing("The browser", f"ARCHIVER_CHROMIUM names {wanted}, which cannot be run", REMEDY)
    raise PartMissing("A browser", "no Chromium was found", REMEDY)


def _installed_by_playwright(environment: Mapping[str, str]) -> list[str]:
    """Full Chromiums in Playwright's folder, the newest first. (Playwright itself takes half a second to say.)"""
    cache = Path(environment.get("HOME", "/nonexistent"), ".cache", "ms-playwright")
    folder = Path(environment.get("PLAYWRIGHT_BROWSERS_PATH") or cache)
    found = [
        (int(path.parts[-3].rpartition("-")[2]), str(path)) for path in folder.glob("chromium-[0-9]*/chrome-*/chrome")
    ]
    return [path for _, path in sorted(found, reverse=True)]
