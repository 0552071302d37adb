"""Pages from files, without a capture: one, or many on all cores."""

import gzip
import os
import signal
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

from archiver import extract, jsontext
from archiver.errors import ArchiverError, UnreadableInput, UsageError
from archiver.extract.page import MAX_BYTES, join
from archiver.sidecar import choose

AHEAD = 64
"""So many lines are read ahead of the answers."""
_GZIP = b"\x1f\x8b"


def described(path: Path, url: str) -> dict[str, Any]:
    """What the HTML file, gzipped or not, says as the page at `url`: {article, text, paragraphs, assertions}.

    `article` is chosen from the assertions as in a sidecar; `text` is the paragraphs, one a line.
    Raises `UsageError` where `url` is no web address, `UnreadableInput` where the file cannot be read.
    """
    if not join(url, ""):
        raise UsageError(f"{url[:200]!r} is not a web address.", "Name the page's own: https://example.org/article.")
    page = extract.page_of(_content(path), url)
    claims = extract.assertions(page, url)
    text = extract.article_text(page)
    return {
        "article": choose(claims),
        "text": text.plain,
        **text.as_json(),
        "assertions": [one.as_json() for one in claims],
    }


_Waiting = Queue[Future[dict[str, Any]] | None]


def answers(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """For each JSON line {html: path, url}, in order, what `described` tells, or {error: why}; read on all cores.

    A line is answered as soon as it can be, also while the next is not there yet. `lines` are read in a thread.
    Raises `ArchiverError` when a page ends the process that reads it.
    """
    waiting: _Waiting = Queue(AHEAD)
    cores, quiet = len(os.sched_getaffinity(0)), (signal.SIGINT, signal.SIG_IGN)
    with ProcessPoolExecutor(cores, get_context("spawn"), initializer=signal.signal, initargs=quiet) as pool:
        Thread(target=_submit, args=(lines, pool, waiting), daemon=True).start()
        try:
            while (future := waiting.get()) is not None:
                yield future.result()
        except BrokenProcessPool as error:
            raise ArchiverError("A page ended the process that read it.", "Lines not answered are not read.") from error
        finally:
            pool.shutdown(cancel_futures=True)


def _submit(lines: Iterable[bytes], pool: ProcessPoolExecutor, waiting: _Waiting) -> None:
    try:
        with suppress(RuntimeError):  # nobody waits for answers any more
            for line in lines:
                waiting.put(pool.submit(_answer, line))
    finally:
        waiting.put(None)


def _answer(line: bytes) -> dict[str, Any]:
    try:
        asked = jsontext.read(line, "line")
        html, url = (asked.get(name) for name in ("html", "url")) if isinstance(asked, dict) else (None, None)
        if not isinstance(html, str) or not isinstance(url, str):
            raise UsageError('The line is not {"html": path, "url": address}.')
        return described(Path(html), url)
    except ArchiverError as error:
        return {"error": str(error)}


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == _GZIP
            file.seek(0)
            return (gzip.GzipFile(fileobj=file) if zipped else file).read(MAX_BYTES)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        why = getattr(error, "strerror", None) or str(error) or "it is cut short"
        raise UnreadableInput(str(path), why.lower()) from error
