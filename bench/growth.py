"""What one commit costs in a small collection and in one of 100,000 captures: a capture must not pay for the others.

The large one is laid out directly: small files with real names in the folders where a commit puts its own, whole
ledger segments, the index in its levels. The commits measured are real: WARC, sidecar, fsyncs, ledger line, index.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archiver import disk, ledger
from archiver.capture import AGENT
from archiver.collection import Collection, Root, index, layout
from archiver.ledger import Event
from archiver.ledger.chain import SEAL_LINES
from archiver.model import FileRef, Limits, PageInfo, close_bodies
from archiver.sidecar import Kept, Sidecar, Visit, new_sidecar
from archiver.warc import WarcWriter
from material import STARTED, PaperEngine

SMALL, LARGE = 100, 100_000
COMMITS = 200
LINES = 10
"""Index lines of a capture laid out."""
OPEN = COMMITS
"""So many lines before the large collection's open segment is sealed, it begins: where appending costs most."""
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


Times = tuple[float, float]
"""Seconds by the clock, and of the processor: the disk's and the neighbours' part is only in the first."""


def commits() -> tuple[list[Times], list[Times]]:
    """What each commit took in the small and in the large collection, in turn."""
    with tempfile.TemporaryDirectory() as folder:
        small, large = (_laid_out(Root(Path(folder) / f"{size}"), size) for size in (SMALL, LARGE))
        pairs = [(_committed(small, number), _committed(large, number)) for number in range(COMMITS)]
    return [one for one, _ in pairs], [one for _, one in pairs]


def merging() -> float:
    """Seconds of merging index levels, beyond those of the first two, that a capture causes in the long run.

    From the time a line takes in the merge of two full levels: each line is merged into a level about six times, with
    all that comes after it, before it goes on to the next; in a collection of 100,000 such captures, into two.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        index.create(folder)
        for number, captures in ((1, 1_100), (2, 9_000)):
            lines = [line for one in range(captures) for line in _lines(_identity(one), one * number)]
            index.level(folder, number).write_bytes(b"".join(sorted(lines)))
        begun = time.perf_counter()
        index.compact(folder, nullcontext)
        line = (time.perf_counter() - begun) / (10_100 * LINES)
    return line * LINES * 6 * 2


def _laid_out(root: Root, size: int) -> Collection:
    """A collection with so many captures."""
    collection = root.create("news", "News", agent=AGENT)
    collection.seal()
    events = [_event(collection, number) for number in range(size)]
    (collection.path / "sidecars").mkdir(exist_ok=True)
    _append(collection, events)
    index.rebuild(collection.indexes, (line for number in range(size) for line in _lines(_identity(number), number)))
    return collection


def _identity(number: int) -> str:
    return layout.derived_capture_id(BEGAN + timedelta(minutes=4 * number), str(number))


def _event(collection: Collection, number: int) -> Event:
    """The capture's files, and its event."""
    capture = _identity(number)
    paths = layout.capture_path(capture), f"sidecars/{capture}.r1-{number:012x}.json"
    for path in paths:
        place = collection.path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"{}\n")
    return Event("capture", AGENT, tuple(FileRef(path, 3, f"{number:064x}") for path in paths), capture, codes=("ok",))


def _append(collection: Collection, events: list[Event]) -> None:
    """The events in sealed segments and an open one, chained as the ledger would."""
    chain = ledger.Chain(collection.path / "ledger", collection.state.writer())
    first = max(len(events) % SEAL_LINES, SEAL_LINES - OPEN) if len(events) > SEAL_LINES else 0
    bounds = [*range(0, max(len(events) - first, 0), SEAL_LINES - 2), len(events) - first if first else 0]
    starts = sorted(set(bounds))
    for begin, end in zip(starts, [*starts[1:], len(events)], strict=True):
        chain.append(events[begin])
        path = chain.own / ledger.OPEN
        content = path.read_bytes() + b"".join(event.as_line() for event in events[begin + 1 : end])
        path.write_bytes(content)
        chain._write_head(content.count(b"\n"), disk.sha256_bytes(content))
        if end < len(events):
            chain.seal()


def _lines(capture: str, number: int) -> Iterator[bytes]:
    stamp = capture[:8] + capture[9:15]
    for one in range(LINES):
        key = f"example,news)/2026/{number * 7919 % 1_000_003:07d}/part-{one}"
        fields = f'{{"url": "https://news.example/{number}/{one}", "mime": "text/html", "status": "200", '
        fields += f'"digest": "sha1:QJ5L3GZMXCNNQWGM36QW2EJIC7HWLFGN", "length": "{number}", "offset": "{one}", '
        fields += f'"filename": "{layout.capture_path(capture)[8:]}"}}'
        yield f"{key} {stamp} {fields}\n".encode()


def _committed(collection: Collection, number: int) -> Times:
    """What one commit took, the WARC written before."""
    url, identity = f"https://news.example/new/{number}", layout.capture_id(STARTED)
    with collection.draft(identity) as (draft, stream):
        writer, refs, info = WarcWriter(stream, filename=draft.final.name, info={}), [], None
        for item in PaperEngine().capture(url, Limits()):
            refs.append(writer.write(item))
            info = item if isinstance(item, PageInfo) else info
            close_bodies(item)
        assert info is not None
        kept = Kept(draft.fixity(), refs, writer.records)
        sidecar: Sidecar = new_sidecar(
            capture_id=identity, visit=Visit.of(info, "partial"), kept=kept, assertions=[], rights=collection.rights()
        )
        begun, worked = time.perf_counter(), time.process_time()
        collection.commit(draft, [sidecar], Event("capture", AGENT, capture=identity, codes=("partial",)))
        return time.perf_counter() - begun, time.process_time() - worked
