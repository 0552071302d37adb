"""The browser engine against real sites: what they served is what was recorded, and no page gets the better of it."""

import errno
import hashlib
import io
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme
from PIL import Image

from archiver.engines import EngineOptions, guard
from archiver.engines.browser import BrowserEngine, bodies
from archiver.errors import AddressRefused, ArchiverError, CutOff, FetchFailed, PartMissing, StorageError
from archiver.model import Exchange, Item, Limits, PageInfo, Resource
from labsite import BIG, SOUND, Lab
from newsroom import Newsroom

pytestmark = pytest.mark.browser

REDIRECTS = (301, 302)


@dataclass
class Capture:
    """What a capture yielded, bodies read and closed."""

    exchanges: list[Exchange] = field(default_factory=list)
    bodies: dict[int, bytes] = field(default_factory=dict)
    posted: dict[int, bytes] = field(default_factory=dict)
    resources: dict[str, bytes] = field(default_factory=dict)
    info: PageInfo | None = None

    def add(self, item: Item) -> None:
        assert self.info is None, "the page info is the last item"
        if isinstance(item, Exchange):
            assert not self.resources or item.role == "part"
            self.bodies[id(item)] = read(item.response.body)
            self.posted[id(item)] = read(item.request.body) if item.request.body else b""
            self.exchanges.append(item)
        elif isinstance(item, Resource):
            self.resources[item.name] = read(item.body)
        else:
            self.info = item

    def roles(self) -> list[tuple[str, str]]:
        """Role and path of the page's own documents, in the order in which they came."""
        return [(x.role, urlsplit(x.url).path) for x in self.exchanges if x.role != "part"]

    def of(self, path: str) -> list[Exchange]:
        return [x for x in self.exchanges if urlsplit(x.url).path == path]

    def one(self, path: str) -> tuple[Exchange, bytes]:
        (found,) = self.of(path)
        return found, self.bodies[id(found)]

    def main(self) -> Exchange:
        (found,) = [x for x in self.exchanges if x.role == "main"]
        return found


def read(stream: io.BufferedIOBase) -> bytes:
    with stream:
        return stream.read()


def capture(engine: BrowserEngine, url: str, **limits: float) -> Capture:
    result = Capture()
    for item in engine.capture(url, Limits(**limits)):
        result.add(item)
    assert result.info is not None
    return result


def digest(body: bytes) -> str:
    return hashlib.sha1(body).hexdigest()


@pytest.fixture(scope="module")
def engine() -> Iterator[BrowserEngine]:
    with BrowserEngine(EngineOptions(allow_private=True, jobs=4)) as running:
        yield running


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as site:
        yield site


def assert_complete(lab: Lab, n: int, result: Capture) -> None:
    """Every answer that left the site is recorded, with an equal body, as often; nothing else is."""
    # A redirect's body is never given out; ranges of a file are recorded as one whole.
    served = Counter(
        (line.method, line.url, line.status, "" if line.status in REDIRECTS else line.sha1, line.posted)
        for line in lab.of_page(n)
        if line.status != 206
    )
    recorded = Counter(
        (
            x.request.method,
            x.url,
            x.response.status,
            "" if x.response.status in REDIRECTS else digest(result.bodies[id(x)]),
            digest(result.posted[id(x)]),
        )
        for x in result.exchanges
    )
    assert recorded == served
    assert result.info.missing == ()


def test_everything_a_page_asks_for_is_recorded(engine: BrowserEngine, lab: Lab):
    result = capture(engine, lab.article(1))
    assert_complete(lab, 1, result)
    paths = {urlsplit(x.url).path for x in result.exchanges}
    for path in ("/sw.js", "/precached", "/worker.js", "/from-worker", "/from-shared", "/favicon.ico", "/beacon"):
        assert path in paths
    assert {x.request.method for x in result.of("/cors")} == {"OPTIONS", "PUT"}
    assert len({digest(result.bodies[id(x)]) for x in result.of("/twice")}) == 2
    assert result.info.reasons == ()


def test_what_a_reader_would_do_is_done(engine: BrowserEngine, lab: Lab):
    result = capture(engine, lab.article(2))
    counts = result.info.counts
    assert (counts["more_clicks"], counts["more_left"]) == (3, 0)
    assert counts["screens"] >= 6
    assert (counts["media"], counts["media_started"]) == (1, 1)
    assert {"/lazy1.svg", "/lazy2.svg", "/item3.svg"} <= {urlsplit(x.url).path for x in result.exchanges}
    assert not result.of("/elsewhere") and not result.of("/submitted")
    text = result.resources["text"].decode()
    assert "Новина 3" in text and "Members: 1234" in text


def test_heads_are_true_of_the_stored_bodies(engine: BrowserEngine, lab: Lab):
    result = capture(engine, lab.article(3))
    main = result.main()
    headers = [(name.lower(), value) for name, value in main.response.headers]
    named = dict(headers)
    assert [value for name, value in headers if name == "set-cookie"] == ["a=1; Path=/", "b=2; Path=/"]
    assert named["x-note"].encode("latin-1").decode() == "звіт"
    assert named["x-archive-orig-content-encoding"] == "gzip"
    assert named["x-archive-orig-transfer-encoding"] == "chunked"
    assert "content-encoding" not in named and "transfer-encoding" not in named
    for x in result.exchanges:
        lengths = [value for name, value in x.response.headers if name.lower() == "content-length"]
        assert lengths in ([], [str(len(result.bodies[id(x)]))])
        assert x.started.tzinfo is not None and result.info.started <= x.started <= result.info.finished
        assert x.ip == "127.0.0.1"
    assert main.protocols == ("http/1.1",)
    count, _ = result.one("/api/count")
    assert any(name == "Cookie" and value.startswith("a=1; b=2") for name, value in count.request.headers)


def test_a_sound_taken_in_ranges_is_recorded_whole_once(engine: BrowserEngine, lab: Lab):
    result = capture(engine, lab.article(4))
    sound, body = result.one("/tone.wav")
    assert (sound.response.status, body) == (200, SOUND)
    assert 206 in {line.status for line in lab.of_page(4)}


def test_pictures_and_text(engine: BrowserEngine, lab: Lab):
    result = capture(engine, lab.article(5))
    assert list(result.resources) == ["view", "fullPage", "thumbnail", "text"]
    sizes = {name: Image.open(io.BytesIO(result.resources[name])) for name in ("view", "fullPage", "thumbnail")}
    assert sizes["view"].size == (1280, 900)
    assert sizes["fullPage"].width == 1280 and sizes["fullPage"].height > 6000
    assert (sizes["thumbnail"].format, sizes["thumbnail"].width) == ("JPEG", 480)
    gold = (255, 215, 0)  # the sticky banner: at the top, and there alone
    full = sizes["fullPage"].convert("RGB")
    assert [y for y in range(0, full.height, 5) if full.getpixel((640, y)) == gold][-1] < 60


def test_the_newsroom_over_https(engine: BrowserEngine):
    with Newsroom() as site, BrowserEngine(EngineOptions(allow_private=True, ca_file=site.ca_file)) as trusting:
        with pytest.raises(FetchFailed, match="certificate is not trusted"):
            capture(engine, site.article)
        site.clear_log()
        result = capture(trusting, site.article)
        served = {(line.method, line.url, line.sha256) for line in site.log() if line.status == 200 and line.complete}
        recorded = {
            (x.request.method, x.url, hashlib.sha256(result.bodies[id(x)]).hexdigest()) for x in result.exchanges
        }
        assert served <= recorded
        assert {line.url for line in site.log()} == {x.url for x in result.exchanges}
    main = result.main()
    assert (main.url, main.protocols, main.ip) == (site.article, ("h2", "tls/1.3"), "127.0.0.1")
    assert result.info.missing == ()


def test_answers_that_the_browser_withholds_are_named_and_not_made_up(engine: BrowserEngine, lab: Lab):
    result = capture(engine, f"{lab.origin()}/opaque")
    (note,) = [note for note in result.info.requests if note.url.endswith("/api/count?opaque")]
    assert (note.recorded, note.served, note.status) == (False, False, 200)
    assert not result.of("/api/count")
    assert result.info.missing == ()


def test_four_pages_at_once_are_told_apart(engine: BrowserEngine, lab: Lab):
    numbers = (11, 12, 13, 14)
    with ThreadPoolExecutor(len(numbers)) as threads:
        results = dict(zip(numbers, threads.map(lambda n: capture(engine, lab.article(n)), numbers), strict=True))
    for n, result in results.items():
        assert_complete(lab, n, result)
        assert {x.url for x in result.exchanges} == {line.url for line in lab.of_page(n)}


def test_redirects_by_server_and_by_script_lead_to_one_main_document(engine: BrowserEngine, lab: Lab):
    result = capture(engine, f"{lab.origin()}/moved?21")
    assert result.roles() == [("redirect", "/moved"), ("redirect", "/moved-again"), ("main", "/article")]
    assert result.info.final_url == lab.article(21)
    assert result.info.url == f"{lab.origin()}/moved?21"
    hop, body = result.one("/moved")
    assert (hop.response.status, hop.response.reason, body) == (302, "Found", b"")
    assert ("Set-Cookie", "hop=302") in hop.response.headers


def test_redirects_in_a_circle_end(engine: BrowserEngine, lab: Lab):
    result = capture(engine, f"{lab.origin()}/loop")
    assert {role for role, _ in result.roles()} == {"redirect"}
    assert any("circle" in reason for reason in result.info.reasons)


def test_a_page_that_never_rests_ends_within_its_limits(engine: BrowserEngine, lab: Lab):
    began = time.monotonic()
    result = capture(engine, f"{lab.origin()}/restless", seconds=12)
    assert time.monotonic() - began < 60
    endless, body = result.one("/endless")
    assert endless.truncated == "time" and body.startswith(b"0123456789abcdef") and body
    events, told = result.one("/events")
    assert events.truncated == "time" and told.startswith(b"data: news\n\n")
    (silent,) = [note for note in result.info.requests if note.url.endswith("/silent")]
    assert (silent.recorded, silent.served, silent.status) == (False, False, None)
    assert any("endless" in reason for reason in result.info.reasons)
    assert not result.of("/popup")
    assert b"Restless" in result.resources["text"]


def test_a_download_is_recorded_though_there_is_no_page(engine: BrowserEngine, lab: Lab):
    result = capture(engine, f"{lab.origin()}/attachment")
    assert result.roles() == [("main", "/attachment")]
    assert result.one("/attachment")[1].startswith(b"%PDF-1.4 not really")
    assert result.resources == {}


def test_a_button_cannot_lead_the_visit_away(engine: BrowserEngine, lab: Lab):
    result = capture(engine, f"{lab.origin()}/wanders")
    assert result.roles() == [("main", "/wanders")]
    assert result.resources["text"].startswith(b"Wanders")
    assert result.one("/article")[0].role == "part"


def test_caps_cut_and_say_so(engine: BrowserEngine, lab: Lab):
    short = capture(engine, lab.article(31), body_bytes=100_000)
    big, body = short.one("/big.txt")
    assert (big.truncated, body) == ("length", BIG[:100_000])
    assert any("big.txt" in reason for reason in short.info.reasons)
    few = capture(engine, lab.article(32), requests=5)
    assert len(few.exchanges) == 5
    assert any("more than 5 requests" in reason for reason in few.info.reasons)
    assert few.info.missing


def test_failures_have_plain_reasons(engine: BrowserEngine, lab: Lab):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(FetchFailed, match="connection refused"):
            capture(engine, f"http://127.0.0.1:{closed.getsockname()[1]}/")
    with pytest.raises(FetchFailed, match="browsers do not use this port"):
        capture(engine, "http://127.0.0.1:9/")
    with pytest.raises(FetchFailed, match="did not answer in time"):
        capture(engine, f"{lab.origin()}/silent", seconds=3)


def test_an_unknown_host(engine: BrowserEngine, monkeypatch: pytest.MonkeyPatch):
    def unknown(host: str, port: int, **_terms: object) -> list[str]:
        raise FetchFailed(host, "the host name is not known")

    monkeypatch.setattr(guard, "resolve", unknown)
    with BrowserEngine(EngineOptions()) as lost, pytest.raises(FetchFailed, match="host name is not known"):
        capture(lost, "http://nowhere.example/")


def test_private_addresses_are_refused_also_behind_a_redirect(lab: Lab, monkeypatch: pytest.MonkeyPatch):
    real = guard.resolve

    def lab_is_public(host: str, port: int, **_terms: object) -> list[str]:
        return real(host, port, allow_private=host.endswith(".localhost"))

    with BrowserEngine(EngineOptions()) as careful, pytest.raises(AddressRefused):
        capture(careful, lab.article(41))
    assert lab.of_page(41) == []
    monkeypatch.setattr(guard, "resolve", lab_is_public)
    with BrowserEngine(EngineOptions()) as careful, pytest.raises(AddressRefused, match="metadata"):
        capture(careful, f"{lab.origin()}/private")


def test_a_private_authority_is_trusted_and_no_other(tmp_path: Path):
    ours, theirs = trustme.CA(), trustme.CA()
    ours.cert_pem.write_to_path(tmp_path / "ca.pem")
    good, bad = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.issue_cert("www.localhost").configure_cert(good)
    theirs.issue_cert("www.localhost").configure_cert(bad)
    options = EngineOptions(allow_private=True, ca_file=tmp_path / "ca.pem")
    with Lab(good) as known, Lab(bad) as unknown, BrowserEngine(options) as engine:
        assert capture(engine, f"{known.origin()}/framed").main().protocols == ("http/1.1", "tls/1.3")
        with pytest.raises(FetchFailed, match="certificate is not trusted"):
            capture(engine, f"{unknown.origin()}/framed")


def test_closing_the_iterator_ends_the_visit(engine: BrowserEngine, lab: Lab):
    items = engine.capture(f"{lab.origin()}/restless", Limits(seconds=60))
    first = next(items)
    assert isinstance(first, Exchange)
    first.response.body.close()
    began = time.monotonic()
    items.close()
    assert time.monotonic() - began < 50
    for _ in range(100):  # the page ticks five times a second while it lives
        asked = len(lab.served)
        time.sleep(0.6)
        if len(lab.served) == asked:
            break
    else:
        raise AssertionError("it goes on asking")
    assert capture(engine, f"{lab.origin()}/framed").main().response.status == 200


def test_a_body_that_cannot_be_kept_ends_the_capture(engine: BrowserEngine, lab: Lab, monkeypatch: pytest.MonkeyPatch):
    def full(_content: bytes = b"") -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(bodies, "new_body", full)
    with pytest.raises(StorageError, match="no space left"):
        capture(engine, lab.article(61))


def descendants(pid: int) -> dict[int, str]:
    """Processes below `pid`, and their command lines."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
    found, queue = {}, [pid]
    while queue:
        above = queue.pop()
        for child in [child for child, parent in parents.items() if parent == above]:
            queue.append(child)
            try:
                found[child] = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
    return found


def kill_at_fourth(engine: BrowserEngine, lab: Lab, kind: str) -> Capture:
    """A capture in whose midst the processes of this kind are killed."""
    result = Capture()
    for item in engine.capture(f"{lab.origin()}/restless", Limits(seconds=30)):
        result.add(item)
        if len(result.exchanges) == 4:
            for pid, command in descendants(os.getpid()).items():
                if kind in command and "chromium" in command:
                    os.kill(pid, signal.SIGKILL)
    return result


def test_a_page_whose_renderer_dies_is_kept_as_far_as_it_came(lab: Lab):
    with BrowserEngine(EngineOptions(allow_private=True)) as engine:
        result = kill_at_fourth(engine, lab, "--type=renderer")
        assert result.roles() == [("main", "/restless")]
        assert any("crashed" in reason for reason in result.info.reasons)


def test_a_browser_that_dies_cuts_its_visit_off_and_is_started_anew(lab: Lab):
    with BrowserEngine(EngineOptions(allow_private=True)) as engine:
        with pytest.raises(CutOff):
            kill_at_fourth(engine, lab, "--remote-debugging-pipe")
        assert capture(engine, f"{lab.origin()}/framed").main().response.status == 200


def test_no_browser_outlives_a_killed_parent():
    code = """if True:
        import time
        from archiver.engines import EngineOptions
        from archiver.engines.browser import BrowserEngine
        with BrowserEngine(EngineOptions()):
            print("ready", flush=True)
            time.sleep(60)
    """
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout.readline() == b"ready\n"
        below = descendants(parent.pid)
        assert any("chromium" in command for command in below.values())
        parent.kill()
    deadline = time.monotonic() + 300
    while (left := [pid for pid in below if Path(f"/proc/{pid}").exists()]) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []


def test_leaving_ends_every_process(lab: Lab):
    before = set(descendants(os.getpid()))
    with BrowserEngine(EngineOptions(allow_private=True)) as engine:
        unfinished = engine.capture(lab.article(51), Limits())
        read(next(unfinished).response.body)
    left = {pid: line for pid, line in descendants(os.getpid()).items() if pid not in before and "chrom" in line}
    assert left == {}
    with pytest.raises(ArchiverError, match="engine is closed"):
        for item in unfinished:
            Capture().add(item)


def test_without_a_browser_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ARCHIVER_CHROMIUM", "/nowhere/chromium")
    with pytest.raises(PartMissing, match="/nowhere/chromium") as missing, BrowserEngine(EngineOptions()):
        pass
    assert "install" in missing.value.hint
