"""Wire mode: what stands in the WARC is what went over the connection, byte for byte, and it replays."""

import hashlib
import json
import ssl
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme
from fastwarc.warc import ArchiveIterator as FastIterator
from playwright.sync_api import sync_playwright

from archiver.browser import find_chromium
from archiver.engines import EngineOptions, guard
from archiver.engines.browser import BrowserEngine
from archiver.errors import AddressRefused, FetchFailed, StorageError
from archiver.model import Limits, PageInfo, close_bodies
from archiver.replay import running_replay
from archiver.warc import Record, WarcWriter, check, read_records
from archiver.warc.decoding import Dechunked, pieces
from labsite import Lab
from newsroom import Newsroom, Served
from rawsite import ANSWERS, RawSite
from reading import told

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Stored:
    """A record as it stands in the WARC."""

    type: str
    url: str
    headers: tuple[tuple[str, str], ...]
    block: bytes

    def get(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def head(self) -> bytes:
        return self.block.partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        return self.block.partition(b"\r\n\r\n")[2]


def stored(record: Record) -> Stored:
    return Stored(record.type, record.url, record.headers, record.block().read())


def records(path: Path) -> list[Stored]:
    return [stored(record) for record in read_records(path)]


def authorities(folder: Path, *names: str) -> tuple[ssl.SSLContext, Path]:
    """What a server of these names needs, and the file of who vouches for it."""
    authority, context = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.issue_cert(*names).configure_cert(context)
    return context, folder / "ca.pem"


def wire(ca_file: Path | None = None, **options) -> BrowserEngine:
    return BrowserEngine(EngineOptions(**{"allow_private": True, **options}, ca_file=ca_file, fidelity="wire"))


def capture(engine: BrowserEngine, url: str, path: Path, **limits: float) -> PageInfo:
    """Capture into a WARC at `path`."""
    with path.open("wb") as stream:
        writer = WarcWriter(stream, filename=path.name, info={})
        for item in engine.capture(url, Limits(**limits)):
            writer.write(item)
            close_bodies(item)
    assert isinstance(item, PageInfo)
    return item


@pytest.fixture(scope="module")
def engine() -> Iterator[BrowserEngine]:
    with wire() as running:
        yield running


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as site:
        yield site


@pytest.fixture(scope="module", params=["https", "http"])
def raw(request, tmp_path_factory) -> Iterator[tuple[RawSite, list[Stored], PageInfo, Path]]:
    """The site of raw bytes and its capture."""
    folder = tmp_path_factory.mktemp("raw")
    context, ca_file = authorities(folder, "raw.localhost")
    with RawSite(context if request.param == "https" else None) as site, wire(ca_file) as engine:
        info = capture(engine, site.url(), folder / "raw.warc.gz")
    yield site, records(folder / "raw.warc.gz"), info, folder / "raw.warc.gz"


def test_answers_stand_as_they_were_sent(raw):
    _, found, info, _ = raw
    answers = {one.path: one for one in found if one.type == "response"}
    assert set(answers) == set(ANSWERS)
    for path, sent in ANSWERS.items():
        final = sent[sent.index(b"HTTP/1.1 200") :] if b" 103 " in sent else sent
        assert answers[path].block == final, path
        assert answers[path].get("WARC-IP-Address") == "127.0.0.1"
    assert answers["/slow"].get("WARC-Truncated") == "disconnect"
    assert answers["/"].get("WARC-Truncated") is None
    assert (info.fidelity, info.reasons, info.missing) == ("wire", (), ())
    assert [note.why for note in info.requests if note.url.startswith("ws")] == [
        "WARC has no form for a WebSocket's messages"
    ]


def test_requests_stand_as_they_were_asked(raw):
    site, found, _, _ = raw
    asked = Counter(request for path, request in site.asked if path != "/socket")
    assert Counter(one.block for one in found if one.type == "request") == asked
    (posted,) = [one for one in found if one.type == "request" and one.path == "/post"]
    assert posted.body == b"\x00\r\n\xff"
    assert all(b"\r\nAccept-Encoding: gzip, deflate, br\r\n" in one.block for one in found if one.type == "request")


def test_the_page_gets_all_as_well(raw):
    _, found, _, _ = raw
    (text,) = [one.block.decode() for one in found if one.url.startswith("urn:text:")]
    for part in (
        "words 1800",
        "long 1048576",
        "posted good",
        "old until the end",
        "none 204",
        "socket hello",
        "stopped",
    ):
        assert part in text


def test_the_protocols_are_told(raw):
    site, found, _, _ = raw
    spoken = {
        one.path: [value for name, value in one.headers if name == "WARC-Protocol"]
        for one in found
        if one.type == "response"
    }
    tls = ["tls/1.3"] if site.tls else []
    assert (spoken["/"], spoken["/old"]) == (["http/1.1", *tls], ["http/1.0", *tls])
    kinds = {one.path: one.get("WARC-Resource-Type") for one in found if one.type == "response"}
    assert (kinds["/"], kinds["/words"]) == ("document", "fetch")


def test_every_checker_agrees_on_every_digest(raw):
    *_, path = raw
    checked = subprocess.run([sys.executable, "-m", "warcio.cli", "check", str(path)], capture_output=True, text=True)
    assert (checked.returncode, checked.stdout) == (0, "")
    with path.open("rb") as stream:
        for record in FastIterator(stream, parse_http=True, auto_decode="none"):
            if record.headers["WARC-Type"] in ("request", "response"):
                # FastWARC knows no head whose lines end in bare line feeds, as the answer of /old has it.
                bare = record.headers["WARC-Type"] == "response" and record.headers["WARC-Target-URI"].endswith("/old")
                assert record.verify_payload_digest() != bare, record.headers
    assert {one.code for one in check(path)} <= {"warc-records", "warc-stored-digest"}


def digest(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


def test_everything_a_page_asks_for_is_recorded(engine: BrowserEngine, lab: Lab, tmp_path: Path):
    path = tmp_path / "lab.warc.gz"
    info = capture(engine, lab.article(1), path)
    served = Counter((one.method, one.url, one.status, one.sha1) for one in lab.of_page(1) if one.status != 206)
    recorded, cut = Counter(), set()
    asked = {one.get("WARC-Concurrent-To"): one for one in records(path) if one.type == "request"}
    for record in read_records(path):
        if record.type == "response":
            method = asked[record.header("WARC-Record-ID")].block.split(b" ")[0].decode()
            if record.header("WARC-Truncated"):
                cut.add((urlsplit(record.url).path, record.header("WARC-Truncated")))
            elif record.status != 206:
                recorded[method, record.url, record.status, digest(record.payload().read())] += 1
    assert recorded == served
    assert cut <= {("/tone.wav", "disconnect")}, "ranges that the player let go"
    assert ("GET", f"{lab.origin()}/tone.wav?1", 200) in {key[:3] for key in recorded}
    assert (info.reasons, info.missing) == ((), ())
    assert (info.counts["more_clicks"], info.counts["more_left"]) == (3, 0)


def test_one_main_document_after_redirects_by_server_and_by_script(engine: BrowserEngine, lab: Lab):
    roles, bodies = [], {}
    for item in engine.capture(f"{lab.origin()}/moved?21", Limits()):
        if not isinstance(item, PageInfo) and getattr(item, "role", "part") != "part":
            roles.append((item.role, urlsplit(item.url).path))
            bodies[item.role] = item.response.body.read()
        if isinstance(item, PageInfo):
            assert item.final_url == lab.article(21)
        close_bodies(item)
    assert roles == [("redirect", "/moved"), ("redirect", "/moved-again"), ("main", "/article")]


def test_a_page_that_never_rests_ends_within_its_limits(engine: BrowserEngine, lab: Lab, tmp_path: Path):
    info = capture(engine, f"{lab.origin()}/restless", tmp_path / "x.warc.gz", seconds=8)
    cut = {one.path: one.get("WARC-Truncated") for one in records(tmp_path / "x.warc.gz") if one.type == "response"}
    assert (cut["/endless"], cut["/events"]) == ("time", "time")
    (silent,) = [note for note in info.requests if note.url.endswith("/silent")]
    assert (silent.recorded, silent.served, silent.why) == (False, False, "no answer came")
    assert any("endless" in reason for reason in info.reasons)


def test_downloads_and_pages_that_wander(engine: BrowserEngine, lab: Lab, tmp_path: Path):
    capture(engine, f"{lab.origin()}/attachment", tmp_path / "a.warc.gz")
    capture(engine, f"{lab.origin()}/wanders", tmp_path / "w.warc.gz")
    (attachment,) = [one for one in records(tmp_path / "a.warc.gz") if one.type == "response"]
    assert attachment.body == b"%PDF-1.4 not really" * 1000
    (text,) = [one for one in records(tmp_path / "w.warc.gz") if one.url.startswith("urn:text:")]
    assert text.block.startswith(b"Wanders")
    assert "/article" in {one.path for one in records(tmp_path / "w.warc.gz") if one.type == "response"}


def test_caps_cut_the_record_and_not_the_page(engine: BrowserEngine, tmp_path: Path):
    with RawSite() as site:
        info = capture(engine, site.url(), tmp_path / "x.warc.gz", body_bytes=100_000)
    found = records(tmp_path / "x.warc.gz")
    (long,) = [one for one in found if one.type == "response" and one.path == "/long"]
    assert (long.get("WARC-Truncated"), len(long.body)) == ("length", 100_000)
    assert any("/long was cut (length)" in reason for reason in info.reasons)
    (text,) = [one.block.decode() for one in found if one.url.startswith("urn:text:")]
    assert "long 1048576" in text


def test_too_many_requests_end_and_are_told(engine: BrowserEngine, lab: Lab, tmp_path: Path):
    info = capture(engine, lab.article(5), tmp_path / "x.warc.gz", requests=5)
    assert len(lab.of_page(5)) == 5
    assert len([one for one in records(tmp_path / "x.warc.gz") if one.type == "response"]) == 5
    assert any("more than 5 requests" in reason for reason in info.reasons)


def test_a_site_that_cannot_be_believed_is_refused_as_by_the_browser(tmp_path: Path):
    good, ca_file = authorities(tmp_path, "www.localhost")
    elsewhere = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    stranger, another = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    stranger.issue_cert("www.localhost").configure_cert(another)
    vouched = trustme.CA()
    vouched.cert_pem.write_to_path(ca_file, append=True)
    vouched.issue_cert("elsewhere.localhost").configure_cert(elsewhere)
    plain = EngineOptions(allow_private=True, ca_file=ca_file)
    with Lab(good) as known, Lab(another) as unknown, Lab(elsewhere) as misnamed, Lab() as deaf:
        addresses = [f"{lab.origin().replace('http:', 'https:')}/framed" for lab in (unknown, misnamed, deaf)]
        said: dict[str, list[str]] = {}
        for engine in (BrowserEngine(plain), wire(ca_file)):
            with engine:
                for address in addresses:
                    with pytest.raises(FetchFailed) as failed:
                        capture(engine, address, tmp_path / "x.warc.gz")
                    said.setdefault(address, []).append(str(failed.value))
                capture(engine, f"{known.origin()}/framed", tmp_path / "x.warc.gz")
        assert not unknown.served and not misnamed.served
    assert all(first == second for first, second in said.values()), said


def test_private_addresses_are_refused_here_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    real = guard.resolve

    def lab_is_public(host: str, port: int, **options: object) -> list[str]:
        return real(host, port, **{**options, "allow_private": host.endswith(".localhost")})

    with Lab() as lab:
        with wire(allow_private=False) as careful, pytest.raises(AddressRefused):
            capture(careful, lab.article(41), tmp_path / "x.warc.gz")
        assert lab.served == []
        monkeypatch.setattr(guard, "resolve", lab_is_public)
        with wire(allow_private=False) as careful, pytest.raises(AddressRefused, match="metadata"):
            capture(careful, f"{lab.origin()}/private", tmp_path / "x.warc.gz")


def test_no_key_is_ever_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    context, ca_file = authorities(tmp_path, "www.localhost")
    with Lab(context) as lab, wire(ca_file) as engine:
        capture(engine, f"{lab.origin()}/framed", tmp_path / "x.warc.gz")
        homes = [path for path in tmp_path.iterdir() if path.name.startswith("archiver-home-")]
        assert homes
        for path in tmp_path.rglob("*"):
            if path.is_file():
                assert b"PRIVATE KEY" not in path.read_bytes(), path
    assert not any(home.exists() for home in homes)


def test_what_cannot_be_kept_ends_the_capture(
    engine: BrowserEngine, lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(_content: bytes = b"") -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("archiver.engines.browser.wire.messages.new_body", full)
    with pytest.raises(StorageError, match="no space left"):
        capture(engine, lab.article(61), tmp_path / "x.warc.gz", seconds=8)


def test_closing_the_iterator_ends_the_visit(engine: BrowserEngine, lab: Lab, tmp_path: Path):
    items = engine.capture(f"{lab.origin()}/restless", Limits(seconds=60))
    close_bodies(next(items))
    items.close()
    assert capture(engine, f"{lab.origin()}/framed", tmp_path / "x.warc.gz").reasons == ()


def test_the_http_engine_does_not_pretend(archiver):
    done = archiver("capture", "https://news.example/", "--engine", "http", "--fidelity", "wire")
    assert (done.code, "keeps no wire bytes" in done.err) == (2, True)


# The article, all the way


@dataclass(frozen=True)
class Kept:
    """A captured article and the site's own account of it."""

    root: Path
    line: dict
    served: list[Served]
    live: dict[str, str]
    done: tuple[subprocess.CompletedProcess, ...]

    @property
    def warc(self) -> Path:
        return self.root / "default" / self.line["warc"]


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def kept(tmp_path_factory, chromium) -> Kept:
    """The English article; the site is stopped afterwards."""
    root = tmp_path_factory.mktemp("wire") / "collections"
    program = [sys.executable, "-m", "archiver", "--root", str(root)]
    with Newsroom() as site:
        page = chromium.new_page(ignore_https_errors=True)
        page.goto(site.article)
        live = told(page)
        page.close()
        site.clear_log()
        options = ["--fidelity", "wire", "--allow-private", "--ca-file", str(site.ca_file), "--json"]
        done = subprocess.run([*program, "capture", site.article, *options], capture_output=True, text=True)
        served = site.log()
    assert done.returncode == 0, done.stdout + done.stderr
    checks = tuple(subprocess.run([*program, word], capture_output=True, text=True) for word in ("verify", "validate"))
    return Kept(root, json.loads(done.stdout), served, live, checks)


def entity(record: Record) -> bytes:
    """The body as sent, without chunk framing but with its coding."""
    chunked = (record.http.get("Transfer-Encoding") or "") == "chunked"
    return b"".join(Dechunked(record) if chunked else pieces(record))


def test_every_logged_answer_is_stored_as_it_was_sent(kept):
    bodies, cut, again, framed = Counter(), set(), set(), 0
    for record in read_records(kept.warc):
        if record.type == "revisit":
            again.add((record.url, record.status))
        if record.type == "response":
            framed += (record.http.get("Transfer-Encoding") or "") == "chunked"
            bodies[record.url, record.status, hashlib.sha256(entity(record)).hexdigest()] += 1
            if record.header("WARC-Truncated"):
                cut.add((record.url, record.status))
    assert len(kept.served) > 35
    assert framed >= 3
    for one in kept.served:
        what = (one.url, one.status, one.sent_sha256)
        elsewhere = (one.url, one.status) in again and any(one.sent_sha256 == body for _, _, body in bodies)
        assert bodies[what] or elsewhere or (one.url, one.status) in cut, f"{one.method} {what}"
    assert {status for _, status in cut} <= {206}, "only a player lets answers go"


def test_posted_bodies_are_stored_as_they_were_sent(kept):
    sent = {(one.url, hashlib.sha256(one.body).hexdigest()) for one in records(kept.warc) if one.type == "request"}
    posts = [one for one in kept.served if one.method == "POST"]
    assert len(posts) >= 2
    assert all((one.url, one.request_sha256) in sent for one in posts)


def test_the_collection_says_what_it_holds_and_is_sound(kept):
    for done in kept.done:
        assert done.returncode == 0, done.stdout + done.stderr
    sidecar = json.loads((kept.root / "default" / kept.line["sidecar"]).read_text())
    assert sidecar["capture"]["fidelity"] == "wire"
    assert sidecar["capture"]["protocols"] == ["http/1.1", "tls/1.3"]
    assert kept.line["verdict"] == "ok"
    info = records(kept.warc)[0].block.decode()
    for part in ("fidelity: wire", "chunk framing", "spoke HTTP/1.1", "TLS fingerprint"):
        assert part in info
    checked = subprocess.run([sys.executable, "-m", "warcio.cli", "check", str(kept.warc)], capture_output=True)
    assert checked.returncode == 0
    archive = kept.root / "default" / "archive"
    command = [Path(sys.executable).with_name("cdxj-indexer"), "-p", "--dir-root", str(archive), str(kept.warc)]
    theirs = subprocess.run(command, capture_output=True, check=True).stdout.splitlines(keepends=True)
    assert sorted(theirs) == (kept.root / "default" / "indexes" / "0.cdxj").read_bytes().splitlines(keepends=True)


def test_the_article_replays_with_the_site_gone(kept, chromium):
    stamp = kept.line["capture_id"][:8] + kept.line["capture_id"][9:15]
    outside = []
    with running_replay(kept.root) as origin:
        context = chromium.new_context()
        page = context.new_page()
        page.on("request", lambda r: None if r.url.startswith((origin, "data:", "blob:")) else outside.append(r.url))
        page.goto(f"{origin}/default/{stamp}mp_/{kept.line['final_url']}")
        assert told(page) == kept.live
        page.locator("#story-video").evaluate("video => { video.muted = true; return video.play(); }")
        page.wait_for_function("document.querySelector('#story-video').currentTime > 0.5")
        context.close()
        film = next(one.url for one in kept.served if one.status == 206)
        asked = urllib.request.Request(f"{origin}/default/{stamp}oe_/{film}", headers={"Range": "bytes=0-9"})
        with urllib.request.urlopen(asked) as answer:
            size = int(answer.headers["Content-Range"].rpartition("/")[2])
    assert size == max(one.length for one in kept.served if one.url == film and one.status == 200)
    assert outside == []
