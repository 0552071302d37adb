"""One collection: what it holds, how something new gets in, and how its index is kept."""

import stat
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, Literal

from archiver import disk, ledger
from archiver.collection import description, index, layout, zipnum
from archiver.collection.draft import Draft
from archiver.collection.entry import Entry
from archiver.collection.layout import revisions
from archiver.collection.refusal import refuse_erased
from archiver.collection.state import State
from archiver.errors import ArchiverError, UnreadableInput
from archiver.ledger import Chain, Event, Holdings, Segment
from archiver.model import FileRef, Finding, Progress, silent
from archiver.sidecar import Sidecar, united

BATCH_LINES = 50_000
"""So many index lines of a pull are held in memory and merged at a time."""

Heads = Callable[[str], list[Sidecar]]
"""A capture's id to its current revisions: none where it is not here, several where people edited it apart."""


class Collection:
    """A folder `ROOT/NAME`. The WARCs, sidecar revisions and the ledger in it are the truth."""

    def __init__(self, path: Path) -> None:
        """`path` is the existing folder."""
        self.path = path
        self.name = path.name
        self.state = State(path.parent)

    # What it holds

    def local(self, path: str) -> Path:
        """The file behind a path of the ledger. Raises `UnreadableInput` if that leads out of the collection."""
        return disk.within(self.path, path)

    def bytes_here(self, path: str) -> int | None:
        """The size of the file behind a path of the ledger; None where no plain file lies there."""
        try:
            found = self.local(path).stat()
        except (UnreadableInput, OSError):
            return None
        return found.st_size if stat.S_ISREG(found.st_mode) else None

    @property
    def indexes(self) -> Path:
        """The folder of the index levels."""
        return self.local("indexes")

    def history(self, skip: Container[str] = (), *, naming: str = "") -> Iterator[Segment]:
        """All segments of all writers, the open ones included, but for those whose name or digest is in `skip`.

        With `naming`, they have only the events whose line holds that text: much faster than reading all.
        Raises `UnreadableInput` at a damaged one.
        """
        yield from ledger.read_segments(self.path / "ledger", skip, naming)

    def holdings(self) -> Holdings:
        """The fold of the ledger: what the collection holds, and what it must not hold any more."""
        return ledger.fold(self.history())

    def files(self) -> dict[str, FileRef]:
        """Every file that the collection holds, by path."""
        return self.holdings().files

    def readable(self, held: Holdings) -> dict[str, FileRef]:
        """Every file that it holds, by path, but those that were stated as lost and are not here."""
        lost = {path for path in held.lost if self.bytes_here(path) is None}
        return {path: file for path, file in held.files.items() if path not in lost} if lost else held.files

    def metadata(self) -> dict[str, Any]:
        """The collection's own description: the revision that no other follows; empty where there is none.

        Raises `UnreadableInput` if one is malformed.
        """
        found = list(description.heads(self.path).values())
        return found[-1] if found else {}

    def rights(self) -> dict[str, str]:
        """The rights that its captures begin with."""
        rights: dict[str, str] = self.metadata().get("rights", {"access": "open"})
        return rights

    def dedup(self) -> Literal["capture", "collection"]:
        """Where originals of revisit records may be: in the `capture` itself, or anywhere in the `collection`."""
        policies = self.metadata().get("policies", {})
        return "collection" if policies.get("dedup") == "collection" else "capture"

    def sidecars(self) -> Iterator[Sidecar]:
        """The current sidecar of every capture, oldest capture first."""
        for _, paths in sorted(revisions(self.readable(self.holdings())).items()):
            yield united(*self.heads_of(paths))

    def captures(self) -> list[str]:
        """The ids of all captures, oldest first."""
        return sorted(revisions(self.files()))

    def sidecar(self, capture: str) -> Sidecar | None:
        """The current sidecar of one capture, or None. Where there are several, it is what they come to together."""
        heads = self.heads(capture)
        return united(*heads) if heads else None

    def lookup(self) -> Callable[[str], Sidecar | None]:
        """`sidecar` for many captures, of those that are here now."""
        heads = self.lookup_heads()
        return lambda capture: united(*found) if (found := heads(capture)) else None

    def heads(self, capture: str) -> list[Sidecar]:
        """The current revisions of one capture: those that no other follows. None where it is not here."""
        return self.heads_of(self.revisions(capture))

    def lookup_heads(self) -> Heads:
        """`heads` for many captures, of those that are here now."""
        table = revisions(self.readable(self.holdings()))
        return lambda capture: self.heads_of(table.get(capture, []))

    def revisions(self, capture: str) -> list[str]:
        """Paths of all revisions of a capture's sidecar, the first one first."""
        if not layout.is_capture_id(capture):
            return []
        paths = self.readable(ledger.fold(self.history(naming=capture)))
        return sorted(revisions(paths).get(capture, []), key=layout.revision_of)

    def heads_of(self, paths: list[str]) -> list[Sidecar]:
        """Those of a capture's revisions that no other follows, in the order of their names.

        What is followed is not needed, and may be missing or damaged: `verify` tells of it.
        """
        followed: set[str] = set()
        for path in paths if len(paths) > 1 else ():
            with suppress(ArchiverError, OSError):
                followed.update(self._revision(path).parents)
        heads = [path for path in paths if path.rpartition("/")[2] not in followed]
        return [self._revision(path) for path in sorted(heads, key=layout.revision_of)]

    def _revision(self, path: str) -> Sidecar:
        found = Sidecar.parse(self.local(path).read_bytes(), path)
        if (named := layout.SIDECAR_NAME.match(path.rpartition("/")[2])) and named[1] != found.id:
            raise UnreadableInput(path, f"it is the sidecar of another capture, {found.id}")
        return found

    # How something gets in

    def draft(self, capture: str) -> AbstractContextManager[tuple[Draft, BinaryIO]]:
        """A place to write a new capture's WARC; nothing of it counts before `commit`."""
        return Draft.capture(self.path, self.state, capture)

    def copy_in(self, source: Path, archive_path: str) -> AbstractContextManager[Draft]:
        """A draft that holds a byte-identical copy of a file made by others."""
        return Draft.copy(self.path, self.state, source, archive_path)

    def commit(self, draft: Draft, sidecars: Iterable[Sidecar], event: Event) -> list[FileRef]:
        """Enter a finished draft: WARC and sidecars renamed, then the one ledger line that names all, then the index.

        Returns the sidecars' files. A kill before the line leaves nothing that counts, after it the whole. Raises
        `ErasedContent` for what was erased before.
        """
        warc = draft.publish()
        files, captures, required = [], [], set[str]()
        for sidecar in sidecars:
            files.append(draft.add(sidecar))
            captures.append(sidecar.id)
            required.update(sidecar.requires)
        lines = self.lines_of(warc.path)
        with self.state.lock(self.name):
            refuse_erased(self, warc, captures, required)
            draft.enter(event, warc, *files, *draft.schemas(), lines=lines)
        self.compact()
        return files

    def revise(self, change: Callable[[], Iterable[Sidecar]], event: Event) -> list[FileRef]:
        """Enter further revisions of sidecars by one ledger line: all of them, or none if anything fails.

        `change` says which. It is called with the lock held: the `heads` that it looks up stay current until its own
        revisions are in, so that of two editors at once one follows the other. Returns the files; none: nothing is
        entered.
        """
        with Entry.revisions(self.path, self.state) as entry, self.state.lock(self.name):
            files = [entry.add(sidecar) for sidecar in list(change())]
            if files:
                entry.enter(event, *files, *entry.schemas())
        return files

    def record(self, event: Event) -> None:
        """Enter an event that brings in no files."""
        with self.state.lock(self.name):
            Chain(self.path / "ledger", self.state.writer()).append(event)

    def settle(self, progress: Progress = silent) -> list[Finding]:
        """Carry out what the ledger's deletions say: see `archiver.collection.erasure`. Cheap when there is nothing."""
        from archiver.collection.erasure import settle  # which needs a collection

        return settle(self, progress)

    def clear_leftovers(self) -> list[Finding]:
        """Finish or remove what killed writers left behind: see `archiver.collection.leftovers`."""
        from archiver.collection.leftovers import clear  # which needs a collection

        return clear(self) + (self.settle() if self.state.is_due(self.name) else [])

    # Exchange with other copies

    def seal(self) -> None:
        """Close the open ledger segments, so that they can be pushed.

        Only this root's writer appends here: what others left open came with a copied or restored folder, and no
        other copy may have it. One that is damaged stays open.
        """
        folder = self.path / "ledger"
        with self.state.lock(self.name):
            Chain(folder, self.state.writer()).seal()
            for path in ledger.open_files(folder):
                with suppress(ArchiverError):
                    Chain(folder, path.parent.name).seal()

    @contextmanager
    def incoming(self) -> Iterator[str]:
        """What the temporary names of files that are being brought begin with: a kill's leavings are known by it."""
        name = f"pull-{layout.random_base32(10)}"
        prefix = f"{disk.TEMPORARY}{name}-"
        claims = [f"{folder}{prefix}*" for folder in ("", "*/", "archive/**/", "ledger/*/")]
        with self.state.marked(self.name, name, claims) as mark:
            try:
                yield prefix
            finally:
                mark.unlink()

    def adopt(self, segments: list[tuple[str, bytes]]) -> None:
        """Take in segments of other writers (path, content) whose files are here already: index, then ledger."""
        for path, content in segments:
            segment = ledger.parse_segment(content, path)
            files = (file.path for file in segment.objects() if file.path.startswith("archive/"))
            self.add_lines(line for file in files for line in self.lines_of(file))
            with self.state.lock(self.name):
                index.create(self.indexes)
                if any(event.removed for event in segment.events):
                    self.state.note_due(self.name)
                if not self.local(path).exists():
                    disk.write_atomic(self.local(path), content)

    # The index

    def lines_of(self, path: str) -> list[bytes]:
        """The index lines of one WARC, made afresh; none where it is not there or nothing in it can be replayed."""
        from archiver import cdxj  # which reads WARCs; most commands read none

        try:
            return [line.encode() for line in cdxj.index_lines(self.local(path), self.path / "archive")]
        except UnreadableInput:
            return []  # `verify` tells what is wrong with it

    def add_lines(self, lines: Iterable[bytes]) -> None:
        """Take further lines in, however many."""
        lines = iter(lines)
        while batch := list(islice(lines, BATCH_LINES)):
            with self.state.lock(self.name):
                index.add(self.indexes, batch)
            self.compact()

    def absent_warcs(self) -> dict[str, FileRef]:
        """WARCs that the collection holds and this disk does not."""
        warcs = ((path, file) for path, file in self.files().items() if path.startswith("archive/"))
        return {path: file for path, file in warcs if self.bytes_here(path) is None}

    def read_index(self) -> Iterator[bytes]:
        """All index lines, sorted, without repetitions."""
        return index.read(self.indexes)

    def index_starting(self, prefix: str, most: int) -> Iterator[bytes]:
        """Index lines whose key begins with `prefix`, at most so many of each level, in no order."""
        return index.starting(self.indexes, prefix.encode(), most)

    def reindex(self, *, packed: bool | None = None) -> int:
        """Rebuild the index from the WARCs; returns the number of lines. Those of WARCs that are not here stay.

        `packed`: as ZipNum, or not; None: as it was.
        """
        with self.state.lock(f"{self.name}.compact"), self.state.lock(self.name):
            absent = self.absent_warcs()
            kept = (line for line in self.read_index() if index.file_of(line) in absent) if absent else ()
            warcs = (path for path in sorted(self.files()) if path.startswith("archive/"))
            lines = chain(kept, (line for path in warcs for line in self.lines_of(path)))
            is_packed = zipnum.is_packed(self.indexes)
            return index.rebuild(self.indexes, lines, packed=is_packed if packed is None else packed)

    def compact(self) -> None:
        """Merge index levels that have outgrown their size, unless another process is at it: nobody waits for that."""
        if index.full(self.indexes):
            with self.state.lock(f"{self.name}.compact", wait=False) as ours:
                if ours:
                    index.compact(self.indexes, lambda: self.state.lock(self.name))
