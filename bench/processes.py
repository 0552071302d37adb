"""Memory of a process and of all that it has started."""

import os
import threading
import time
from pathlib import Path


def tree(root: int) -> list[int]:
    """The process and its descendants."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found = [root]
    for process in found:
        found += [child for child, parent in parents.items() if parent == process]
    return found


def memory(root: int) -> float:
    """Megabytes of the tree: proportional set size, so that shared pages count once."""
    total = 0
    for process in tree(root):
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1000


class Peak:
    """The highest memory of a tree, looked at five times a second while the block runs."""

    def __init__(self, root: int | None = None) -> None:
        self.root, self.megabytes = root or os.getpid(), 0.0
        self._over = threading.Event()

    def __enter__(self) -> "Peak":
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.2):
            self.megabytes = max(self.megabytes, memory(self.root))


def settle() -> None:
    """A moment for what was just ended to be gone."""
    time.sleep(1)
