"""Whether everything that is needed is here, and the remedy where it is not."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from archiver.browser import REMEDY, find_chromium
from archiver.errors import PartMissing
from archiver.schema import problems

REINSTALL = "Run `make setup`, or install archiver again."
FREE_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""

    def as_json(self) -> dict[str, Any]:
        """The JSON line of `archiver doctor`."""
        return asdict(self)


def examine(root: Path) -> Iterator[Check]:
    """All checks, in order."""
    checks: tuple[Callable[[], Check], ...] = (python, chromium, pywb, libcurl, schemas)
    for check in checks:
        yield check()
    yield disk_space(root)


def python() -> Check:
    """The interpreter."""
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("python", sys.version_info >= (3, 11), version, "Install Python 3.11 or later.")


def chromium() -> Check:
    """A browser that starts and tells its version."""
    try:
        path = find_chromium()
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30, check=True)
    except PartMissing as error:
        return Check("chromium", False, f"{error} Only --engine http works.", error.hint)
    except (OSError, subprocess.SubprocessError) as error:
        return Check("chromium", False, f"it does not start ({error})", REMEDY)
    return Check("chromium", True, f"{done.stdout.strip()} at {path}")


def pywb() -> Check:
    """The replay server; found, not imported (its import patches sockets)."""
    found = importlib.util.find_spec("pywb") is not None
    detail = "pywb is installed" if found else "pywb is not installed; replay does not work"
    return Check("replay", found, detail, REINSTALL)


def libcurl() -> Check:
    """The HTTP engine's library."""
    try:
        from archiver.engines.http.transfer import AGENTS
    except ImportError as error:
        return Check("http engine", False, f"pycurl does not load ({error})", REINSTALL)
    return Check("http engine", True, ", ".join(AGENTS))


def schemas() -> Check:
    """That the schemas are here and formats such as date-time are really checked."""
    try:
        problems({}, "sidecar")
    except PartMissing as error:
        return Check("schemas", False, str(error), error.hint)
    return Check("schemas", True, "sidecars, collections and ledger lines can be validated")


def disk_space(root: Path) -> Check:
    """Room and the right to write where the collections are."""
    folder = next(place for place in (root.absolute(), *root.absolute().parents) if place.exists())
    free = shutil.disk_usage(folder).free
    if not os.access(folder, os.W_OK):
        return Check("disk", False, f"{folder} may not be written", "Choose another folder with --root.")
    detail = f"{free / 1e9:.1f} GB free at {folder}"
    return Check("disk", free > FREE_BYTES, detail, "Free some space: less than 1 GB is left.")
