"""Many files: found in folders, and judged on all cores."""

import gc
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from archiver.errors import UnreadableInput
from archiver.model import Finding, Progress, silent
from archiver.validate.kinds import KNOWN, validate_file

FOLDERS = (
    "sidecars/*.json",
    "collection/*.json",
    "erasures/*.json",
    "losses/*.json",
    "access/*.json",
    "ledger/*/*.jsonl",
    "metadata.yaml",
)
"""Where a collection keeps what can be judged; `archiver verify` reads the rest of it."""
_BATCH = 100
_MANY = 4 * _BATCH
"""Files for which a process on each core is worth its start."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One file and what was found."""

    file: str
    findings: tuple[Finding, ...] = ()


def validate_files(paths: Iterable[Path], progress: Progress = silent, *, warcs: bool = True) -> Iterator[Judged]:
    """Every file at `paths` or in them, in their order, as soon as it is judged.

    A collection, a bag, and any other folder stand for the files in them that can be judged; `warcs` tells whether the
    WARC files that sidecars name are read as well. Raises `UnreadableInput` for a path that is not there.
    """
    named = list(paths)
    for path in named:
        if not path.exists():
            raise UnreadableInput(str(path), "there is no such file")
    files: list[Path] = []
    for path in named:
        try:
            found = list(_within(path)) if path.is_dir() else [path]
        except OSError as error:
            raise UnreadableInput(str(error.filename), (error.strerror or str(error)).lower()) from error
        if not found:
            yield Judged(str(path), (Finding("warning", "nothing-here", str(path), "nothing in it can be judged"),))
        files += found
    done = 0
    for batch in _batches(files, warcs=warcs):
        for judged in batch:
            done += 1
            yield judged
        progress("validating", done, len(files))


def _within(folder: Path) -> Iterator[Path]:
    """The files of a folder that can be judged. A bag is judged as a whole; links and hidden folders are passed by."""
    if (folder / "bagit.txt").is_file():
        yield folder
    elif (folder / "ledger").is_dir() or (folder / "sidecars").is_dir():
        yield from (path for pattern in FOLDERS for path in sorted(folder.glob(pattern)))
    else:
        for path in sorted(folder.iterdir()):
            if path.is_symlink() or path.name.startswith("."):
                continue
            if path.is_dir():
                yield from _within(path)
            elif any(path.match(pattern) for pattern in KNOWN):
                yield path


def _batches(files: list[Path], *, warcs: bool) -> Iterator[list[Judged]]:
    judge = partial(_judged, warcs=warcs)
    batches = [files[start : start + _BATCH] for start in range(0, len(files), _BATCH)]
    cores = os.cpu_count() or 1
    if len(files) < _MANY or cores == 1:
        yield from map(judge, batches)
        return
    with ProcessPoolExecutor(cores, get_context("spawn"), _settle) as pool:
        yield from pool.map(judge, batches)


def _judged(files: list[Path], *, warcs: bool) -> list[Judged]:
    return [Judged(str(path), tuple(validate_file(path, warcs=warcs))) for path in files]


def _settle() -> None:
    """A worker reads one document after another and keeps none: looking for garbage so often is wasted on it."""
    gc.freeze()
    gc.set_threshold(100_000)
