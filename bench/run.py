"""The figures that the documents name, both sides measured in the same run. `make bench` runs all, or those named.

Each measure prints one line: what, ours, theirs, the ratio, the target. Nothing here passes or fails.
"""

import io
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY / "tests"))

BIN = Path(sys.executable).parent
RUNS = 15


def report(what: str, ours: str, theirs: str, ratio: str, target: str) -> None:
    print(f"{what:34} {ours:>16} {theirs:>30} {ratio:>8}   {target}", flush=True)


def seconds(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def start() -> None:
    """`archiver --help` against importing click, in turn; medians."""
    pairs = [([BIN / "archiver", "--help"], [sys.executable, "-c", "import click"])] * RUNS
    ours, theirs = zip(*[(seconds(a), seconds(b)) for a, b in pairs], strict=True)
    a, b = statistics.median(ours), statistics.median(theirs)
    report("archiver --help", f"{a * 1000:.0f} ms", f"import click {b * 1000:.0f} ms", f"{a / b:.2f}x", "under 2x")


def warc_writing() -> None:
    """100 MB of a news site's mix, by our writer and by warcio's as it comes."""
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    from archiver.model import Exchange, Request, Response, new_body, now
    from archiver.warc import WarcWriter

    chance = random.Random(1)
    text = b"".join(path.read_bytes() for path in sorted(REPOSITORY.glob("docs/**/*.md")))
    pages = [("text/html", text[n * 97 :] + text[: n * 97]) for n in range(24_000_000 // len(text))]
    bodies = pages + [("image/jpeg", chance.randbytes(200_000))] * 400
    total = sum(len(body) for _, body in bodies) / 1e6

    def ours() -> int:
        stream = io.BytesIO()
        writer = WarcWriter(stream, filename="bench.warc.gz", info={})
        for number, (kind, body) in enumerate(bodies):
            response = Response(200, "OK", (("Content-Type", kind),), new_body(body))
            writer.write(Exchange(f"https://example.org/{number}", now(), Request("GET", ()), response))
        return stream.tell()

    def theirs() -> int:
        stream = io.BytesIO()
        writer = WARCWriter(stream, gzip=True, warc_version="1.1")
        for number, (kind, body) in enumerate(bodies):
            head = StatusAndHeaders("200 OK", [("Content-Type", kind)], protocol="HTTP/1.1")
            url = f"https://example.org/{number}"
            writer.write_record(writer.create_warc_record(url, "response", io.BytesIO(body), http_headers=head))
        return stream.tell()

    a, size = rate(ours, total)
    b, other = rate(theirs, total)
    mine, warcio = f"{a:.0f} MB/s, {size / 1e6:.0f} MB", f"warcio {b:.0f} MB/s, {other / 1e6:.0f} MB"
    report("WARC writing, 104 MB", mine, warcio, f"{a / b:.1f}x", "equal size")


def rate(write: Callable[[], int], megabytes: float) -> tuple[float, int]:
    begun = time.process_time()
    size = write()
    return megabytes / (time.process_time() - begun), size


def article() -> None:
    """One article of the local newsroom by the browser engine: from command to commit, and in a running browser."""
    from newsroom import Newsroom

    with Newsroom() as site, tempfile.TemporaryDirectory() as folder:
        options = ["--engine", "browser", "--allow-private", "--ca-file", str(site.ca_file), "--jobs", "1"]
        command = [str(BIN / "archiver"), "--root", folder, "capture", *options]
        cold = statistics.median(seconds([*command, site.article]) for _ in range(3))
        urls = [site.article, *(f"{site.article}?copy={n}" for n in range(4))]
        warm = (seconds([*command, *urls]) - cold) / (len(urls) - 1)
    report("one article, browser", f"{cold:.1f} s cold", f"{warm:.1f} s in a running browser", "", "")


def articles_over_http() -> None:
    """The same article by the HTTP engine, pages a second of one process."""
    from newsroom import Newsroom

    with Newsroom() as site, tempfile.TemporaryDirectory() as folder:
        options = ["--engine", "http", "--allow-private", "--ca-file", str(site.ca_file), "--jobs", "4"]
        command = [str(BIN / "archiver"), "--root", folder, "capture", *options]
        one = seconds([*command, site.article])
        many = seconds([*command, *(f"{site.article}?copy={n}" for n in range(41))])
    report("articles, HTTP engine", f"{40 / (many - one):.1f} pages/s", f"one page {one:.1f} s", "", "")


MEASURES = {"start": start, "warc": warc_writing, "article": article, "http": articles_over_http}


def main() -> None:
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}")
    for name in sys.argv[1:] or MEASURES:
        MEASURES[name]()


if __name__ == "__main__":
    main()
