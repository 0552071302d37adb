"""A collection of a news site's mix, verified whole; and its WARC files by `warcio check`."""

import random
import subprocess
import sys
import time
from pathlib import Path

from archiver.capture import Terms, capture_url
from archiver.collection import Collection, Root
from archiver.model import Exchange, Request, Response, new_body
from material import AGENT, STARTED, URL, PaperEngine

REPOSITORY = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


class HeavyEngine(PaperEngine):
    """Each page with 24 texts of 60 kB and 24 pictures of 100 kB, half of the bytes each before they are packed."""

    def __init__(self) -> None:
        super().__init__()
        text = b"".join(path.read_bytes() for path in sorted(REPOSITORY.glob("docs/**/*.md")))
        self._chance, self._text = random.Random(1), text

    def capture(self, url, limits):
        *page, last = super().capture(url, limits)
        yield from page
        for number in range(24):
            start = self._chance.randrange(len(self._text) - 60_000)
            for kind, body in (
                ("text/html", self._text[start : start + 60_000]),
                ("image/jpeg", self._chance.randbytes(100_000)),
            ):
                headers = (("Content-Type", kind), ("Content-Length", str(len(body))))
                response = Response(200, "OK", headers, new_body(body))
                yield Exchange(f"{url}/{kind}/{number}", STARTED, Request("GET", ()), response)
        yield last


def heavy_collection(root: Path, megabytes: int) -> tuple[Collection, float]:
    """A collection of at least so many MB, and how many its WARC files have."""
    collection, size, number = Root(root).create("bench", "Bench", agent=AGENT), 0.0, 0
    while size < megabytes:
        warc = capture_url(f"{URL}/{number}", collection, HeavyEngine(), Terms()).warc
        size += (collection.path / str(warc)).stat().st_size / 1e6
        number += 1
    return collection, size


def verified(collection: Collection) -> float:
    """Seconds of `archiver verify`, from command to end."""
    return _seconds([BIN / "archiver", "--root", collection.path.parent, "verify", "--json"])


def checked(collection: Collection) -> float:
    """Seconds of `warcio check` over the same WARC files."""
    return _seconds([BIN / "warcio", "check", *sorted(collection.path.glob("archive/**/*.warc.gz"))])


def _seconds(command: list) -> float:
    begun = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun
