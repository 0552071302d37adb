"""The figures that the documents name, both sides measured in the same run. `make bench` runs all, or those named.

Each measure prints one line: what, ours, theirs, the ratio, the target. Nothing here passes or fails.
"""

import asyncio
import io
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from loading import Way, pages_a_second
from processes import Peak, memory
from sidecars import jsonschema_a_second, make_sidecars, validated_a_second
from sites import plain_site

import archiver

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


def capture_command(root: str, *options: str) -> list[str]:
    """`archiver capture` into `root`, which may reach this machine."""
    return [str(BIN / "archiver"), "--root", root, "capture", "--allow-private", *options]


def article() -> None:
    """One article of the local newsroom by the browser engine: from command to commit, and in a running browser.

    browsertrix-crawler 1.14 took 5.8 s and 617 MB for 88 % of such a page on a machine like this; it needs Docker or
    a browser of its own, and is cited, not measured again.
    """
    from newsroom import Newsroom

    with Newsroom() as site, tempfile.TemporaryDirectory() as folder:
        command = capture_command(folder, "--engine", "browser", "--ca-file", str(site.ca_file), "--jobs", "1")
        seconds([*command, site.article])  # the machine has read its files
        cold = statistics.median(seconds([*command, site.article]) for _ in range(5))
        urls = [f"{site.article}?copy={n}" for n in range(6)]
        done = subprocess.run([*command, "--json", *urls], capture_output=True, text=True, check=True)
        warm = statistics.median(json.loads(line)["seconds"] for line in done.stdout.splitlines()[1:])
        with (
            subprocess.Popen([*command, site.article], stdout=subprocess.DEVNULL) as running,
            Peak(running.pid) as peak,
        ):
            running.wait()
    theirs = "browsertrix 5.8 s (as recorded)"
    report("one article, browser, cold", f"{cold:.2f} s", theirs, f"{5.8 / cold:.1f}x", "at most 4.5 s")
    report("one article, running browser", f"{warm:.2f} s", "", "", "at most 3 s")
    report("one article, memory", f"{peak.megabytes:.0f} MB", "browsertrix 617 MB", "", "at most 750 MB")


def recording() -> None:
    """Pages a second of four tabs: recorded with the WARC written; Chromium alone, with our switches and with its own.

    Taken in turn, five times each; the medians.
    """
    ways: tuple[Way, ...] = ("recorded", "alone", "as it comes")
    with plain_site() as url:
        rounds = [[asyncio.run(pages_a_second(url, way)) for way in ways] for _ in range(5)]
    ours, *others = (statistics.median(side) for side in zip(*rounds, strict=True))
    for way, theirs in zip(ways[1:], others, strict=True):
        share = f"{(ours / theirs - 1) * 100:+.0f} %"
        figures = f"{ours:.1f} pages/s", f"Chromium {way} {theirs:.1f} pages/s"
        report("recording, four tabs", *figures, share, "at most -15 %")


def http() -> None:
    """Pages a second with all requisites and a WARC for each page: our HTTP engine, and wget for each page.

    Over TLS, as nearly all of the web is now, and without. Each tries its three rounds in turn with the other.
    """
    if not shutil.which("wget"):
        print("wget is not installed: the HTTP engine is not compared")
        return
    for name in ("https", "http"):
        with tempfile.TemporaryDirectory() as folder:
            ca_file = Path(folder, "authority.pem") if name == "https" else None
            with plain_site(ca_file) as url:
                pairs = [(engine_rate(url, Path(folder), ca_file), wget_rate(url, folder, ca_file)) for _ in range(3)]
        ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
        report(
            f"HTTP engine, WARC written, {name}",
            f"{ours:.0f} pages/s",
            f"wget {theirs:.0f} pages/s",
            f"{ours / theirs:.1f}x",
            "5x",
        )


def wget_rate(url: str, folder: str, ca_file: Path | None) -> float:
    """Pages a second of wget, a process for each page as its WARC files demand."""
    wget = ["wget", "-q", "-p", "-H", "-e", "robots=off", "--no-warc-keep-log"]
    wget += [f"--ca-certificate={ca_file}"] if ca_file else []
    begun = time.perf_counter()
    for n in range(40):
        subprocess.run([*wget, "--warc-file", f"{folder}/w{n}", "-P", f"{folder}/{n}", f"{url}?{n}"], check=True)
    return 40 / (time.perf_counter() - begun)


def engine_rate(url: str, folder: Path, ca_file: Path | None) -> float:
    """Pages a second of the HTTP engine, eight at a time, each in a WARC file."""
    from archiver.engines import EngineOptions
    from archiver.engines.http import HttpEngine
    from archiver.model import Limits, close_bodies
    from archiver.warc import WarcWriter

    def one(number: int) -> None:
        with (folder / f"{number}.warc.gz").open("wb") as stream:
            writer = WarcWriter(stream, filename=stream.name, info={})
            for item in engine.capture(f"{url}?{number}", Limits()):
                writer.write(item)
                close_bodies(item)
        assert writer.records >= 24, "every answer is recorded"

    options = EngineOptions(allow_private=True, jobs=8, ca_file=ca_file)
    with HttpEngine(options) as engine, ThreadPoolExecutor(8) as pool:
        one(0)
        begun = time.perf_counter()
        list(pool.map(one, range(1, 201)))
        return 200 / (time.perf_counter() - begun)


def commands() -> None:
    """The same through the whole command, with proof, extraction and commit; and 500 pages in one browser."""
    with plain_site() as url, tempfile.TemporaryDirectory() as folder:
        command = capture_command(folder, "--engine", "http", "--jobs", "4")
        one = seconds([*command, url])
        many = seconds([*command, *(f"{url}?copy={n}" for n in range(101))])
    report("whole command, HTTP engine", f"{100 / (many - one):.1f} pages/s", f"one page {one:.1f} s", "", "")


def memory_over_500() -> None:
    """Memory of the process tree after 100 and after 500 pages by the browser engine."""
    with plain_site() as url, tempfile.TemporaryDirectory() as folder:
        command = capture_command(folder, "--engine", "browser", "--jobs", "4", "--json")
        seeds = "".join(f"{url}?page={n}\n" for n in range(500))
        begun, sizes = time.perf_counter(), []
        with subprocess.Popen(
            [*command, "--seeds", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as running:
            assert running.stdin and running.stdout
            running.stdin.write(seeds)
            running.stdin.close()
            for _ in running.stdout:
                sizes.append(memory(running.pid))
        rate = len(sizes) / (time.perf_counter() - begun)
    early, late = statistics.median(sizes[50:150]), statistics.median(sizes[-100:])
    report(
        "500 pages in one browser",
        f"{late:.0f} MB at the end",
        f"{early:.0f} MB at 100 pages",
        f"{late / early:.2f}x",
        "flat",
    )
    report("the same", f"{rate:.2f} pages/s", f"{len(sizes)} captured", "", "")


def heavy() -> None:
    """What could break a recorder: a body of 300 MB, a page of 2,000 requests, 50 pages in parallel."""
    with plain_site() as url, tempfile.TemporaryDirectory() as folder:
        for what, urls, jobs in (
            ("a body of 300 MB", [f"{url}long"], 1),
            ("a page of 2,000 requests", [f"{url}many"], 1),
            ("50 pages in parallel", [f"{url}?page={n}" for n in range(50)], 50),
        ):
            command = capture_command(folder, "--engine", "browser", "--jobs", str(jobs), "--json", *urls)
            begun = time.perf_counter()
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running, Peak(running.pid) as peak:
                lines = [json.loads(line) for line in running.stdout or ()]
            took = time.perf_counter() - begun
            words = ", ".join(sorted({line["verdict"] for line in lines}))
            told = (
                f"{sum(line['records'] for line in lines)} records, {sum(line['bytes'] for line in lines) / 1e6:.0f} MB"
            )
            report(what, f"{took:.1f} s, {peak.megabytes:.0f} MB", told, words, "memory bounded, nothing lost")


def queue() -> None:
    """The durable queue, with a list of 100,000 pages in it."""
    from queues import entered_and_settled

    entered, settled, size = entered_and_settled()
    report("queue of 100,000 pages", f"{settled:.0f} pages/s", f"{entered:.0f} seeds/s entered", f"{size:.0f} B", "")


def cluster() -> None:
    """The plain page by two workers of a cluster on this machine, HTTP engine, proof and commit included."""
    with plain_site() as url, tempfile.TemporaryDirectory() as folder:
        command = capture_command(folder, "--engine", "http", "--jobs", "4", "--cluster", "local:2")
        few = seconds([*command, *(f"{url}?few={n}" for n in range(10))])
        many = seconds([*command, *(f"{url}?many={n}" for n in range(210))])
    report("cluster of two workers", f"{200 / (many - few):.1f} pages/s", f"ten pages {few:.1f} s", "", "")


def articles() -> None:
    """What real pages say of themselves, against what people noted down; skipped where there are none."""
    import articles as corpus

    if not corpus.CORPUS.is_dir():
        print(f"articles: no pages in {corpus.CORPUS}")
        return
    for line in corpus.scored(corpus.pages()):
        report(*line)


def growth() -> None:
    """A commit among 100,000 captures against one among 100: medians by the clock, means of processor time."""
    from growth import commits, merging

    small, large = commits()
    for what, place, middle in (("commit", 0, statistics.median), ("the same, processor", 1, statistics.mean)):
        ours, theirs = (middle(one[place] for one in side) * 1000 for side in (large, small))
        report(what, f"{ours:.2f} ms at 100,000", f"{theirs:.2f} ms at 100", f"{ours / theirs:.2f}x", "at most 1.2x")
    report("merging large index levels", f"{merging() * 1000:.2f} ms a capture", "", "", "in the long run")


def search() -> None:
    """200 queries of all kinds over 100,000 articles in two languages: what `archiver search` waits for."""
    from searches import KINDS, searched

    times, built = searched()
    every = [one for of_kind in times.values() for one in of_kind]
    for kind in ("all", *KINDS):
        clock, worked = (sorted(side) for side in zip(*(every if kind == "all" else times[kind]), strict=True))
        late, middle = clock[int(len(clock) * 0.95)] * 1000, clock[len(clock) // 2] * 1000
        processor = f"processor p95 {worked[int(len(worked) * 0.95)] * 1000:.1f} ms"
        target = "p95 at most 50 ms" if kind == "all" else ""
        report(f"search, {kind}", f"p95 {late:.1f} ms", processor, "", f"median {middle:.1f} ms  {target}")
    report("articles entered", f"{built:.0f} a second", "", "", "")


def pages() -> None:
    """Lists and searches of a collection of 100,000 captures, through the web app by HTTP."""
    from pages import asked

    times, first = asked()
    for kind, taken in times.items():
        late, middle = (sorted(taken)[int(len(taken) * share)] * 1000 for share in (0.95, 0.5))
        target = "p95 at most 50 ms" if kind == "search" else "p95 at most 150 ms"
        report(f"web app, {kind}", f"p95 {late:.1f} ms", f"median {middle:.1f} ms", "", target)
    report("web app, first page after start", f"{first:.2f} s", "", "", "at most 3 s")


def validation() -> None:
    """100,000 sidecars of 17 kB, read and validated on all cores; and jsonschema alone on one."""
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "collection"
        make_sidecars(folder / "sidecars", range(100_000))
        ours, theirs = validated_a_second(folder), jsonschema_a_second(folder)
    mine, other = f"{ours:,.0f} a second", f"jsonschema alone {theirs:,.0f} a second"
    report("validating 100,000 sidecars", mine, other, f"{ours / theirs:.0f}x", "at least 5,000 a second on 2 cores")


def verify() -> None:
    """A collection of 600 MB, verified whole, three times in turn with `warcio check` of its WARC files; medians."""
    from verifying import checked, heavy_collection, verified

    with tempfile.TemporaryDirectory() as root:
        collection, size = heavy_collection(Path(root), 600)
        rounds = [(verified(collection), checked(collection)) for _ in range(3)]
        ours, theirs = (statistics.median(side) for side in zip(*rounds, strict=True))
    figures = f"{size / ours:.0f} MB/s", f"warcio check {size / theirs:.0f} MB/s"
    report(f"verifying {size:.0f} MB", *figures, f"{theirs / ours:.1f}x", "at least 2x")


def sync() -> None:
    """2,000 objects of 129 MB in all, and one of 1 GB: whole commands, ours and rclone's, on one SeaweedFS."""
    from transfers import beside_rclone

    chance = random.Random(2)
    many = [chance.randint(1_000, 128_000) for _ in range(2000)]
    for name, sizes, rounds in (("2,000 objects", many, 3), ("one of 1 GB", [1_000_000_000], 2)):
        for what, sides in beside_rclone(sizes, rounds).items():
            ours, theirs = statistics.median(sides.ours), statistics.median(sides.rclone)
            target = "at most 1.0x" if what == "no change" else "at most 1.2x"
            report(f"{name}, {what}", f"{ours:.2f} s", f"rclone {theirs:.2f} s", f"{ours / theirs:.2f}x", target)


def plan() -> None:
    """What a push of 100,000 captures would do, first and without a change."""
    from transfers import planned

    first, again, megabytes = planned(100_000)
    report("plan of 100,000 captures", f"{first:.1f} s", f"{again:.1f} s without a change", "", "seconds")
    report("the same, memory", f"{megabytes:.0f} MB", "", "", "bounded")


def replaying() -> None:
    """Our replay server with two workers, and pywb as it comes, over one collection, asked in turns."""
    from replaying import among_many, beside_pywb

    with tempfile.TemporaryDirectory() as root:
        mine, plain = beside_pywb(Path(root))
    for kind in mine.latencies:
        ours, theirs = mine.p50(kind), plain.p50(kind)
        report(f"replay, {kind}, p50", f"{ours:.1f} ms", f"pywb {theirs:.1f} ms", f"{ours / theirs:.2f}x", "")
    ours, theirs = mine.all_p50(), plain.all_p50()
    report("replay, all, p50", f"{ours:.1f} ms", f"pywb {theirs:.1f} ms", f"{ours / theirs:.2f}x", "at most 1.1x")
    ours, theirs = statistics.median(mine.rates), statistics.median(plain.rates)
    figures = f"{ours:.0f} a second", f"pywb {theirs:.0f} a second"
    report("replay, eight connections", *figures, f"{ours / theirs:.2f}x", "at least 1.8x")
    with tempfile.TemporaryDirectory() as root:
        for what, (ours, theirs) in among_many(Path(root)).items():
            report(what, f"{ours:.1f} ms", f"pywb {theirs:.1f} ms", f"{ours / theirs:.2f}x", "at most 100 ms")


def checking() -> None:
    """`archiver qa` of the newsroom's articles and stories: from the command to its end, and each within a run."""
    from newsroom import Newsroom

    with Newsroom() as site, tempfile.TemporaryDirectory() as folder:
        stories = [site.url("news", f"/{place}") for place in ("en/stories/ferry", "uk/stories/tower")]
        command = capture_command(folder, "--ca-file", str(site.ca_file), "--engine", "browser", "--json")
        done = subprocess.run([*command, site.article, site.article_uk, *stories], capture_output=True, text=True)
        captures = [json.loads(line)["capture_id"] for line in done.stdout.splitlines()]
        check = [str(BIN / "archiver"), "--root", folder, "qa", "--recheck", "--no-save", "--json"]
        subprocess.run([*check, *captures[:1]], capture_output=True, check=False)  # libraries are compiled only once
        for several, jobs in ((captures[:1], 1), (captures, 1), (captures, 2)):
            begun = time.perf_counter()
            run = subprocess.run([*check, "--jobs", str(jobs), *several], capture_output=True, text=True)
            took = (time.perf_counter() - begun) / len(several)
            told = [json.loads(line) for line in run.stdout.splitlines()]
            each = ((urlsplit(one["url"]).path[1:11], one["seconds"], one["verdict"]) for one in told)
            own = ", ".join(f"{page} {seconds:.1f} s ({verdict})" for page, seconds, verdict in each)
            report(f"qa of {len(several)}, {jobs} at a time, each", f"{took:.2f} s", own, "", "at most 5 s")


def starting() -> None:
    """`archiver replay` from the command to the first pages by HTTP; the median of five starts."""
    from replaying import started

    times = []
    for _ in range(5):
        with tempfile.TemporaryDirectory() as root:
            times.append(started(Path(root)))
    app, replay = (statistics.median(side) for side in zip(*times, strict=True))
    report("first article page after start", f"{app:.2f} s", f"first replayed page {replay:.2f} s", "", "at most 3 s")


MEASURES = {
    "start": start,
    "warc": warc_writing,
    "article": article,
    "recording": recording,
    "http": http,
    "commands": commands,
    "queue": queue,
    "growth": growth,
    "search": search,
    "pages": pages,
    "validation": validation,
    "verify": verify,
    "cluster": cluster,
    "heavy": heavy,
    "memory": memory_over_500,
    "articles": articles,
    "sync": sync,
    "plan": plan,
    "replaying": replaying,
    "starting": starting,
    "checking": checking,
}


def main() -> None:
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:  # our modules are compiled once, as pip does when it installs them
        os.environ["PYTHONPYCACHEPREFIX"] = folder
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        subprocess.run([sys.executable, "-m", "compileall", "-q", Path(archiver.__file__).parent], check=True)
        for name in sys.argv[1:] or MEASURES:
            MEASURES[name]()


if __name__ == "__main__":
    main()
